"""Win rates, improvability and Elo: equal to bencheval's on the same numbers, and by hand."""

import numpy as np
import pandas as pd
import pytest

from deepworth.zoo.judging.standings import elo, improvability, standings

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
