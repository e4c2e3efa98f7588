"""The Bayesian hierarchical test against baycomp's sampling, by hand, and against known truth."""

import numpy as np
import pytest
from scipy import integrate, stats

from deepworth.zoo.judging.hierarchical import Measured, _density, _likelihood, hierarchical, measured


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
    found = _likelihood(own, np.array([0.1]), np.array([scale]))[0, 0]
    from deepworth.zoo.judging.hierarchical import _freedoms

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
