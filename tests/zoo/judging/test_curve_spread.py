"""How learning curves vary: covariances by rows, variance components, and what breaks neither."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepworth.zoo.judging.curve_spread import ScoredUnits, estimate_spread
from deepworth.zoo.results.curves import ScoredFit, ScoringRows
from deepworth.zoo.results.rows import Result

SIZES = np.array([100, 200, 400, 800, 1600, 3200])


def fits(values):
    """One fit for each row of influence values."""
    return [ScoredFit(Result("m", "deep", repeat, 0), 0.5, own) for repeat, own in enumerate(values)]


def centred(rng, shape):
    values = rng.normal(size=shape)
    return values - values.mean(axis=1, keepdims=True)


def test_rows_give_the_variance_of_a_mean():
    """As the standard error of the mean over all rows, with one degree of freedom less."""
    values = centred(np.random.default_rng(0), (5, 40))
    units = ScoredUnits(ScoringRows(tuple(np.arange(40) + 40 * repeat for repeat in range(5))))
    found = units.covariance(units.contributions(fits(values))[:, None])
    assert found.of_mean[0, 0] == pytest.approx(np.sum(values**2) / 200**2 * 200 / 199)
    assert found.of_fit[0, 0] == pytest.approx(np.mean(np.sum(values**2, axis=1)) / 40**2 * 40 / 39)


def test_rows_scored_twice_count_once():
    """Two repeats over the same rows with the same values know no more than one."""
    own = centred(np.random.default_rng(0), (1, 50))
    once, twice = (ScoredUnits(ScoringRows((np.arange(50),) * n)) for n in (1, 2))
    single, double = (
        units.covariance(units.contributions(fits(np.repeat(own, n, axis=0)))[:, None]).of_mean
        for units, n in ((once, 1), (twice, 2))
    )
    assert double == pytest.approx(single)


def test_rows_of_a_group_are_one_unit():
    """Ten copies of each row, as a group, know no more than the rows themselves."""
    own = centred(np.random.default_rng(0), (2, 30))
    rows = ScoredUnits(ScoringRows(tuple(np.arange(30) + 30 * repeat for repeat in range(2))))
    groups = ScoredUnits(ScoringRows(tuple(np.repeat(np.arange(30) + 30 * r, 10) for r in range(2))))
    alone = rows.covariance(rows.contributions(fits(own))[:, None]).of_mean
    copied = groups.covariance(groups.contributions(fits(np.repeat(own, 10, axis=1)))[:, None]).of_mean
    assert copied == pytest.approx(alone)


def test_neighbours_in_time_that_agree_widen_the_interval():
    rng = np.random.default_rng(0)
    walk = np.convolve(rng.normal(size=420), np.ones(20), "valid")[None, :400]
    walk = walk - walk.mean()
    plain, ordered = (
        ScoredUnits(ScoringRows((np.arange(400),), None, in_order)) for in_order in (False, True)
    )
    narrow, wide = (
        units.covariance(units.contributions(fits(walk))[:, None]).of_mean for units in (plain, ordered)
    )
    assert wide > 5 * narrow


def simulated(rng, luck, rows, repeats=5):
    """Errors whose deviations by rows are common to all, and those by luck independent of each other."""
    common = rng.normal(0, rows, (repeats, 1))
    return 0.2 + common + rng.normal(0, luck, (repeats, 2 * len(SIZES)))


@pytest.mark.parametrize("luck", [0.002, 0.02])
def test_luck_is_told_from_rows(luck):
    """The paired difference of both curves at a size: the common deviation is not in it."""
    rng, rows = np.random.default_rng(0), 0.01
    of_fit = np.full((12, 12), rows**2)
    unit = np.eye(12)
    errors = [
        estimate_spread([SIZES, SIZES], simulated(rng, luck, rows), of_fit / 5, of_fit, 0.0)
        .evidence(0.0, unit[2] - unit[8])
        .error
        for _ in range(20)
    ]
    true = luck * np.sqrt(2 / 5)
    assert 0.85 * true < np.mean(errors) < 1.5 * true


@settings(deadline=None, max_examples=40)
@given(
    st.integers(2, 6),
    st.integers(0, 1000),
    st.sampled_from([0.0, 1e-9, 1e-3, 1.0, 1e9]),
    st.sampled_from([0.0, 1e-9, 1.0, 1e9]),
    st.sampled_from([1, 2, 6]),
)
def test_any_scale_gives_finite_draws(repeats, seed, luck, rows, n_sizes):
    """No variance at all, no variance by rows, one repeat more than none, a single size."""
    rng = np.random.default_rng(seed)
    errors = rng.normal(0, luck, (repeats, 2 * n_sizes)) + rng.normal(0, rows, (repeats, 1))
    of_fit = np.full((2 * n_sizes, 2 * n_sizes), rows**2)
    spread = estimate_spread([SIZES[:n_sizes]] * 2, errors, of_fit / repeats, of_fit, 0.25)
    assert np.isfinite(spread.draws(20, 0)).all()
    assert spread.freedom >= 1
    evidence = spread.evidence(1.0, np.eye(2 * n_sizes)[0])
    assert evidence.error >= 0.99 * rows / np.sqrt(repeats)
    assert (luck == rows == 0) == (evidence.error == 0)
