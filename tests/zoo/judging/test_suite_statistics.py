"""Models and families over many datasets.

Win rates, improvability and Elo: equal to bencheval's on the same numbers, and by hand. The Bayesian
hierarchical test: against baycomp's sampling, by hand, and against known truth.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from deepworth.zoo.judging.suite_statistics import (
    Measured,
    _density,
    _likelihood_of_dataset,
    elo,
    hierarchical,
    improvability,
    measured,
    standings,
)

CASES = {
    "plain": (14, 6, None),
    "ties": (8, 5, 1),
    "more models than datasets": (3, 9, None),
    "two models": (5, 2, None),
    "a perfect model and a hopeless one": (6, 7, None),
}


def errors_of(case):
    datasets, models, decimals = CASES[case]
    errors = np.exp(0.3 * np.random.default_rng(0).normal(size=(datasets, models)))
    if case.startswith("a perfect"):
        errors[:, 0], errors[:, 1], errors[0, 0] = 0.01, 9.0, 0.0
    return errors if decimals is None else errors.round(decimals)


def standing_of(errors, **options):
    names = [f"m{i}" for i in range(errors.shape[1])]
    return standings(names, dict.fromkeys(names, "deep"), errors, 0.95, **options)


@pytest.mark.parametrize("case", CASES)
def test_equal_to_bencheval(case):
    bencheval = pytest.importorskip("bencheval.evaluator", reason="bencheval is not installed")
    errors = errors_of(case)
    own = standing_of(errors, samples=100)
    rows = [(f"m{j}", f"d{i:02d}", error) for (i, j), error in np.ndenumerate(errors)]
    frame = pd.DataFrame(rows, columns=["method", "task", "metric_error"])
    evaluator = bencheval.BenchmarkEvaluator(columns_to_agg_extra=None)
    theirs = evaluator.leaderboard(frame, elo_kwargs={"round_decimals": None})
    mine = pd.DataFrame([vars(m) for m in own.models]).set_index("model").loc[theirs.index]
    for name, other in (("rank", "rank"), ("win_rate", "winrate"), ("improvability", "improvability")):
        assert mine[name].to_numpy() == pytest.approx(theirs[other].to_numpy(), abs=1e-9)
    # where wins set no limit, theirs stops its optimiser a little early
    assert mine["elo"].to_numpy() == pytest.approx(
        theirs["elo"].to_numpy(), abs=0.01 if own.elo_bounded else 0.5
    )
    assert (mine["improvability"] - mine["improvability_low"]).to_numpy() == pytest.approx(
        theirs["improvability-"].to_numpy(), abs=1e-9
    )
    if own.elo_bounded:  # theirs stops its optimiser a few points early where wins set no limit
        width = (mine["elo_high"] - mine["elo"]).clip(lower=0)
        assert width.to_numpy() == pytest.approx(theirs["elo+"].to_numpy(), abs=2.0)


def test_by_hand():
    """Two models on four datasets, 3 to 1: Elo differs by 400 log10(3)."""
    errors = np.array([[0.1, 0.2], [0.1, 0.4], [0.3, 0.2], [0.2, 0.4]])
    found = {m.model: m for m in standing_of(errors).models}
    assert found["m0"].win_rate == 0.75
    assert found["m0"].elo - found["m1"].elo == pytest.approx(400 * np.log10(3), abs=1e-3)
    assert found["m0"].improvability == pytest.approx((1 - 2 / 3) / 4)
    assert found["m1"].improvability == pytest.approx((0.5 + 0.75 + 0 + 0.5) / 4)
    assert (found["m0"].elo + found["m1"].elo) / 2 == pytest.approx(1000)


def test_improvability_of_errors_of_zero():
    assert improvability(np.array([[0.0, 0.0, 0.5]])).tolist() == [[0.0, 0.0, 1.0]]


def test_ratings_are_at_the_maximum_of_the_likelihood():
    """Expected wins by the ratings are the wins."""
    rng = np.random.default_rng(1)
    wins = (rng.permuted(np.tile(np.arange(5.0), (30, 1)), axis=1)).sum(axis=0)
    strengths = elo(wins[None], 30)[0] * np.log(10) / 400
    chances = 1 / (1 + np.exp(strengths[None, :] - strengths[:, None]))
    np.fill_diagonal(chances, 0)
    assert 30 * chances.sum(axis=1) == pytest.approx(wins, abs=1e-4)


def test_a_model_that_always_wins_has_a_finite_rating_that_is_told():
    found = standing_of(np.array([[0.1, 0.2, 0.3], [0.1, 0.3, 0.2], [0.1, 0.25, 0.3]]))
    assert not found.elo_bounded
    assert found.models[0].model == "m0"
    assert all(np.isfinite([m.elo, m.elo_low, m.elo_high]).all() for m in found.models)
    assert standing_of(np.array([[0.1, 0.2], [0.2, 0.1]])).elo_bounded
    assert standing_of(np.ones((2, 3))).elo_bounded, "ties are half wins of either"


def test_bootstrap_intervals_cover_the_truth():
    """Mean ranks of three models over 20 datasets; the truth is the mean rank over very many."""
    rng = np.random.default_rng(2)
    shift = np.array([0.0, 0.2, 0.5])
    truth = np.argsort(np.argsort(rng.normal(size=(200_000, 3)) + shift, axis=1), axis=1).mean(axis=0) + 1
    hits = []
    for seed in range(150):
        errors = np.exp(np.random.default_rng(seed).normal(size=(20, 3)) + shift)
        rows = {m.model: m for m in standing_of(errors, samples=300).models}
        hits += [rows[f"m{i}"].rank_low <= truth[i] <= rows[f"m{i}"].rank_high for i in range(3)]
    assert 0.88 <= np.mean(hits) <= 0.99


def test_the_same_seed_gives_the_same_intervals():
    errors = errors_of("plain")
    assert standing_of(errors, seed=3) == standing_of(errors, seed=3)
    assert standing_of(errors, seed=3) != standing_of(errors, seed=4)


def folds_of(seed, datasets, folds, mean, spread, deviation, repeats=1):
    """Differences of correlated folds around true differences that are normal over datasets."""
    rng = np.random.default_rng(seed)
    true = mean + spread * rng.standard_normal(datasets)
    share = repeats / folds  # of the test rows
    common = np.sqrt(share) * rng.standard_normal((datasets, 1))
    return true[:, None] + deviation * (common + np.sqrt(1 - share) * rng.standard_normal((datasets, folds)))


def judged(differences, repeats=1, margin=0.01, level=0.95):
    share = repeats / differences.shape[1]
    seen = [measured(own, share / (1 - share), margin) for own in differences]
    return hierarchical("a", "b", seen, margin, level, "accuracy")


# HierarchicalTest of baycomp 1.0.3 with pystan 3.10 on the differences of folds_of, 80,000 samples: which
# outcome is most probable in how many samples (second, equivalent, first), the mean probability of each, and
# the 95 % interval of delta0. Stan needs a compiler, so the numbers are kept.
BAYCOMP = {
    (1, 10, 10, 0.03, 0.01, 0.02, 1): (
        (0.0, 0.0, 1.0),
        (0.00076, 0.00963, 0.98961),
        (0.02284, 0.03579),
    ),
    (2, 15, 10, 0.0, 0.003, 0.008, 1): (
        (0.0, 0.99999, 0.00001),
        (0.03286, 0.94230, 0.02484),
        (-0.00361, 0.00271),
    ),
    (3, 6, 5, 0.01, 0.03, 0.02, 1): (
        (0.33880, 0.02880, 0.63240),
        (0.33534, 0.18599, 0.47868),
        (-0.03886, 0.04741),
    ),
    (4, 8, 30, -0.015, 0.01, 0.02, 3): (
        (0.83004, 0.13645, 0.03351),
        (0.56003, 0.31263, 0.12734),
        (-0.02817, 0.00300),
    ),
}


@pytest.mark.parametrize("case", BAYCOMP, ids=["clear", "equivalent", "open", "repeats"])
def test_equal_to_baycomp(case):
    winner, following, interval = BAYCOMP[case]
    found = judged(folds_of(*case), repeats=case[-1])
    assert (found.p_second, found.p_equivalent, found.p_first) == pytest.approx(winner, abs=0.01)
    assert (found.next_second, found.next_equivalent, found.next_first) == pytest.approx(following, abs=0.006)
    assert (found.low, found.high) == pytest.approx(interval, abs=0.06 * (interval[1] - interval[0]))
    assert (
        found.outcome
        == {0: "undecided", 1: "equivalent", 2: "first"}[int(max(winner) >= 0.95) * int(np.argmax(winner))]
    )


@pytest.mark.parametrize("scale", [0.01, 0.3, 5.0])
def test_the_inner_integral_equals_adaptive_quadrature(scale):
    """Narrow and wide priors, for which the nodes are placed otherwise."""
    own = Measured(0.4, 0.3, 8.0)
    found = _likelihood_of_dataset(own, np.array([0.1]), np.array([scale]))[0, 0]
    from deepworth.zoo.judging.suite_statistics import _freedoms

    for value, freedom in zip(found, _freedoms(), strict=True):

        def density(true, freedom=freedom):
            return stats.t.pdf(own.mean, 8, true, own.scale) * stats.t.pdf(true, freedom, 0.1, scale)

        exact = integrate.quad(density, -60, 60, points=[0.1, 0.4], limit=500)[0]
        assert value == pytest.approx(exact, rel=0.01)


def test_density_is_that_of_scipy():
    z = np.linspace(-5, 5, 11)
    assert _density(z, 3.0) == pytest.approx(stats.t.pdf(z, 3))


def test_a_dataset_alone_is_what_the_integral_over_its_deviation_says():
    """A flat prior of the deviation and correlated normal folds: the posterior by brute force."""
    folds, share = np.array([0.01, 0.03, -0.01, 0.02, 0.04]), 0.2
    own = measured(folds, share / (1 - share), 0.01)
    inverse = np.linalg.inv((1 - share) * np.eye(5) + share)
    values = np.linspace(-0.2, 0.24, 801)
    deviations = np.geomspace(1e-4, 3, 4000)
    quadratic = np.array([(folds - v) @ inverse @ (folds - v) for v in values])
    log = -5 * np.log(deviations)[None] - quadratic[:, None] / (2 * deviations**2)[None]
    posterior = integrate.trapezoid(np.exp(log - log.max()), deviations, axis=1)
    posterior /= integrate.trapezoid(posterior, values)
    assert posterior == pytest.approx(
        stats.t.pdf(values, own.freedom, own.mean, own.scale), rel=0.02, abs=0.02
    )


def test_it_is_symmetric_and_has_no_unit():
    differences = folds_of(5, 7, 5, 0.02, 0.02, 0.02)
    one, other = judged(differences), judged(-differences)
    assert one.p_first == pytest.approx(other.p_second, abs=1e-6)
    assert one.mean == pytest.approx(-other.mean)
    large = judged(1e6 * differences, margin=1e4)
    assert large.p_first == pytest.approx(one.p_first, abs=1e-6)
    assert large.low == pytest.approx(1e6 * one.low, rel=1e-6)


def test_folds_without_spread_and_too_few_datasets():
    assert measured([0.1], 0.25, 0.01) is None
    assert judged(np.array([[0.1, 0.2, 0.3]])) is None
    same = judged(np.zeros((6, 5)))
    assert same.outcome == "equivalent"
    always = judged(np.full((6, 5), 0.5))
    assert always.p_first > 0.9
    two = judged(np.array([[0.1, 0.2], [0.2, 0.1], [0.1, 0.3]]))
    assert two.datasets == 3
    assert np.isfinite([two.low, two.high, two.p_first]).all()


def test_no_margin_leaves_no_room_for_equivalent():
    found = judged(folds_of(6, 6, 5, 0.02, 0.01, 0.02), margin=0.0)
    assert found.p_equivalent == 0
    assert found.p_first + found.p_second == pytest.approx(1)


def test_known_truth():
    """The interval of the mean difference holds it, and no sample of equal models says that one is better."""
    found = [judged(folds_of(seed, 5, 5, 0.0, 0.01, 0.02)) for seed in range(25)]
    assert np.mean([own.low <= 0 <= own.high for own in found]) >= 0.88
    assert sum(own.outcome in ("first", "second") for own in found) <= 2
    clear = [judged(folds_of(seed, 12, 5, 0.05, 0.01, 0.02)) for seed in range(5)]
    assert [own.outcome for own in clear] == ["first"] * 5


@pytest.mark.nightly
def test_coverage_over_many_simulations():
    found = [judged(folds_of(seed, 8, 5, 0.01, 0.02, 0.02)) for seed in range(300)]
    hits = np.mean([own.low <= 0.01 <= own.high for own in found])
    assert 0.93 <= hits <= 1.0
