"""Calibration error, thresholds by costs and conformal sets: by hand, in closed form, by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from deepworth import InputError
from deepworth.zoo.calibration.calibrators import Isotonic, Platt, Unchanged
from deepworth.zoo.calibration.conformal import (
    MisclassificationCosts,
    Spread,
    half_width,
    learn_widths,
    least_probabilities,
    misclassification_costs,
    prediction_sets,
    rank,
    refer,
    sets_out_of_fold,
    spread_of,
    widths_out_of_fold,
)
from deepworth.zoo.calibration.reliability import (
    bin_numbers,
    error_by_chance,
    estimated_error,
    expected_error,
    root_mean_square_error,
    statements,
    summarise,
    wilson,
)


def drawn(n, shift=0.0, seed=0):
    """Stated probabilities between 0.2 and 0.8, and hits of probability stated - shift."""
    rng = np.random.default_rng(seed)
    stated = 0.2 + 0.6 * rng.random(n)
    return stated, rng.random(n) < stated - shift


def test_calibration_error_by_hand():
    stated = np.r_[np.full(10, 0.2), np.full(30, 0.6)]
    hits = np.r_[np.repeat([1, 0], [4, 6]), np.repeat([1, 0], [15, 15])].astype(bool)
    bins = summarise(stated, hits, bin_numbers(stated, n_bins=2))
    np.testing.assert_allclose([bins.rows, bins.stated, bins.happened], [[10, 30], [0.2, 0.6], [0.4, 0.5]])
    assert expected_error(bins) == pytest.approx((10 * 0.2 + 30 * 0.1) / 40)
    squared = (10 * (0.04 - 0.24 / 9) + 30 * (0.01 - 0.25 / 29)) / 40
    assert root_mean_square_error(bins) == pytest.approx(np.sqrt(squared))


@settings(max_examples=100, deadline=None)
@given(hnp.arrays(float, st.integers(1, 200), elements=st.floats(0, 1)))
def test_bins_are_in_order_and_equal_statements_stay_together(stated):
    numbers = bin_numbers(stated)
    order = np.argsort(stated, kind="stable")
    assert (np.diff(numbers[order]) >= 0).all()
    assert sorted(set(numbers)) == list(range(numbers.max() + 1))
    assert all(len(set(numbers[stated == value])) == 1 for value in np.unique(stated))


def test_of_two_classes_the_positive_one_is_judged_and_of_more_the_first_choice():
    p = np.array([[0.7, 0.3], [0.2, 0.8]])
    stated, hits = statements(p, np.array([0, 1]), positive=0)
    assert (stated.tolist(), hits.tolist()) == ([0.7, 0.2], [True, False])
    stated, hits = statements(np.array([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]]), np.array([2, 0]))
    assert (stated.tolist(), hits.tolist()) == ([0.5, 0.6], [False, True])


def error_of(measure, n, shift, seed):
    stated, hits = drawn(n, shift, seed)
    return measure(summarise(stated, hits, bin_numbers(stated)))


def test_chance_alone_is_what_perfect_probabilities_show():
    found = [error_of(expected_error, 600, 0.0, seed) for seed in range(200)]
    stated, _ = drawn(600)
    assert error_by_chance(stated, bin_numbers(stated)) == pytest.approx(np.mean(found), rel=0.05)


def estimate(n, shift, seed):
    stated, hits = drawn(n, shift, seed)
    return estimated_error(summarise(stated, hits, bin_numbers(stated)))


def test_the_estimated_error_is_near_the_truth():
    """Truly off by 0.1: chance hardly matters. Truly perfect: two thirds of what chance adds are gone."""
    off = [estimate(1500, 0.1, seed).value for seed in range(60)]
    assert np.mean(off) == pytest.approx(0.1, abs=0.005)
    perfect = np.mean([estimate(1500, 0.0, seed).value for seed in range(60)])
    plain = np.mean([error_of(expected_error, 1500, 0.0, seed) for seed in range(60)])
    assert perfect < 0.4 * plain


def test_the_squared_error_is_unbiased():
    def squared(seed):
        stated, hits = drawn(600, 0.1, seed)
        bins = summarise(stated, hits, bin_numbers(stated))
        chance = bins.happened * (1 - bins.happened) / (bins.rows - 1)
        return np.sum(bins.rows * ((bins.stated - bins.happened) ** 2 - chance)) / 600

    found = np.array([squared(seed) for seed in range(400)])
    assert found.mean() == pytest.approx(0.01, abs=3 * found.std() / 20)


@pytest.mark.parametrize("shift", [0.0, 0.02, 0.08])
def test_the_interval_holds_the_true_error(shift):
    found = [estimate(800, shift, seed) for seed in range(150)]
    held = sum(each.low <= shift <= each.high for each in found)
    assert held >= 0.88 * 150, "95 % are stated; the direction of the gaps is itself seen through chance"
    assert all(each.low <= each.value <= each.high for each in found)


def test_wilson_by_published_numbers():
    """0 and 8 of 10 at 95 %: Brown, Cai and DasGupta's (2001) formula worked by hand."""
    low, high = wilson(np.array([0.0, 0.8]), np.array([10, 10]), 0.95)
    np.testing.assert_allclose(low, [0.0, 0.4902], atol=1e-4)
    np.testing.assert_allclose(high, [0.2775, 0.9433], atol=1e-4)


def test_threshold_by_costs():
    assert MisclassificationCosts(10, 1).threshold == pytest.approx(1 / 11)
    assert MisclassificationCosts(1, 1).threshold == 0.5
    stated, hits = np.array([0.1, 0.3, 0.8]), np.array([True, False, True])
    assert MisclassificationCosts(5, 2).mean(stated, hits, 0.2) == pytest.approx((5 + 2 + 0) / 3)


def test_with_true_probabilities_no_threshold_costs_less():
    rng = np.random.default_rng(0)
    stated = rng.random(200_000)
    hits = rng.random(200_000) < stated
    costs = MisclassificationCosts(4, 1)
    best = costs.mean(stated, hits, costs.threshold)
    others = [costs.mean(stated, hits, t) for t in np.linspace(0.02, 0.98, 25)]
    assert best <= min(others) + 1e-3
    assert costs.best_threshold(stated, hits) == pytest.approx(0.2, abs=0.02)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_best_threshold_is_never_beaten(data):
    n = data.draw(st.integers(2, 40))
    stated = data.draw(hnp.arrays(float, n, elements=st.floats(0, 1).map(lambda v: round(v, 2))))
    hits = data.draw(hnp.arrays(bool, n))
    costs = MisclassificationCosts(data.draw(st.floats(0.1, 20)), data.draw(st.floats(0.1, 20)))
    found = costs.mean(stated, hits, costs.best_threshold(stated, hits))
    tried = [costs.mean(stated, hits, t) for t in [-1, *np.unique(stated), 2]]
    assert found <= min(tried) + 1e-9


@pytest.mark.parametrize(
    ("given_costs", "words"),
    [
        ((10.0, None), "add --cost-false-positive"),
        ((None, 1.0), "add --cost-false-negative"),
        ((0.0, 1.0), "--cost-false-negative must be a number above 0"),
        ((1.0, float("nan")), "--cost-false-positive must be a number above 0"),
    ],
)
def test_unusable_costs_are_refused(given_costs, words):
    with pytest.raises(InputError, match=words):
        misclassification_costs(*given_costs)


def test_ranks_by_hand():
    """Nine scores give 90 %, eight cannot; with 19 it is the 18th."""
    assert [rank(n, 0.9) for n in (8, 9, 19, 99)] == [9, 9, 18, 90]
    assert half_width(np.arange(1.0, 10.0), 0.9) == 9
    assert half_width(np.arange(1.0, 9.0), 0.9) == np.inf


def test_sets_by_hand():
    p = np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3], [0.2, 0.8], [0.5, 0.5], [0.45, 0.55]])
    codes = np.array([0, 0, 0, 1, 1, 1])
    least = least_probabilities(p, codes, 0.5)  # rank 2 of 3 in each class
    np.testing.assert_allclose(least, [0.7, 0.55])
    sets = prediction_sets(np.array([[0.75, 0.25], [0.4, 0.6], [0.6, 0.4]]), least)
    assert sets.tolist() == [[True, False], [False, True], [True, False]], (
        "an empty set gets the first choice"
    )
    assert refer(np.array([[True, True], [True, False]])).tolist() == [True, False]
    assert refer(np.array([[True, False]]), np.array([1])).tolist() == [True], "another class was said"


def test_a_class_with_few_rows_takes_the_bound_of_all_and_few_rows_exclude_nothing():
    rng = np.random.default_rng(0)
    p = rng.dirichlet([1, 1, 1], 60)
    codes = np.r_[np.zeros(29, int), np.ones(29, int), 2, 2]
    least = least_probabilities(p, codes, 0.9)
    own = np.sort(p[np.arange(60), codes])[::-1]
    assert least[2] == own[rank(60, 0.9) - 1]
    assert least_probabilities(p[:5], codes[:5], 0.9).tolist() == [0, 0, 0]


def test_sets_hold_each_class_as_often_as_theory_says():
    """Exchangeable scores without ties: the expected coverage is exactly rank / (n + 1), class by class."""
    rng = np.random.default_rng(0)
    expected = [rank(n, 0.9) / (n + 1) for n in (120, 30)]
    found = []
    for _ in range(400):
        codes = np.repeat([0, 1], [120, 30])
        risk = rng.beta(2, 2, 150 + 2000)
        truth = np.r_[codes, np.repeat([0, 1], 1000)]
        risk = np.where(truth == 1, risk**0.5, risk)  # the second class has higher risks
        p = np.column_stack([1 - risk, risk])
        sets = prediction_sets(p[150:], least_probabilities(p[:150], codes, 0.9))
        found.append([sets[:1000, 0].mean(), sets[1000:, 1].mean()])
    found = np.array(found)
    np.testing.assert_array_less(np.abs(found.mean(axis=0) - expected), 4 * found.std(axis=0) / 20 + 1e-3)


def test_intervals_hold_as_often_as_theory_says():
    rng = np.random.default_rng(0)
    held = []
    for _ in range(500):
        width = half_width(rng.standard_t(3, 40), 0.8)
        held.append(np.mean(np.abs(rng.standard_t(3, 500)) <= width))
    assert np.mean(held) == pytest.approx(rank(40, 0.8) / 41, abs=4 * np.std(held) / np.sqrt(500))


@pytest.mark.parametrize("kind", [Unchanged, Platt, Isotonic])
def test_sets_out_of_fold_keep_their_level(kind):
    rng = np.random.default_rng(1)
    held = []
    for _ in range(20):
        risk = rng.beta(1, 3, 1000)
        codes = (rng.random(1000) < risk).astype(int)
        sets = sets_out_of_fold(kind, np.column_stack([1 - risk, risk]), codes, np.arange(1000) % 5, 0.9)
        held.append([sets[codes == k, k].mean() for k in (0, 1)])
    np.testing.assert_allclose(np.mean(held, axis=0), 0.9, atol=0.015)


def test_sets_do_not_depend_on_a_rising_map_of_two_classes():
    """Bounds by class move with the probabilities, so a calibrator changes no set."""
    rng = np.random.default_rng(2)
    risk = rng.beta(1, 3, 800)
    codes = (rng.random(800) < risk**2).astype(int)
    p, parts = np.column_stack([1 - risk, risk]), np.arange(800) % 4
    plain = sets_out_of_fold(Unchanged, p, codes, parts, 0.9)
    assert np.mean(sets_out_of_fold(Platt, p, codes, parts, 0.9) != plain) < 0.002


def test_widths_out_of_fold_come_from_the_other_folds():
    residuals, parts = np.r_[np.full(20, 1.0), np.full(20, 5.0)], np.repeat([0, 1], 20)
    widths = widths_out_of_fold(np.arange(40.0), residuals, parts, 0.9)
    assert np.unique(widths[:20]).tolist() == [5.0]
    assert np.unique(widths[20:]).tolist() == [1.0]


def noisy(seed, n=600, growing=True):
    """Values of which the noise grows with them, or does not; predictions without error but the noise."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(0, 10, n)
    spread = 0.2 + 0.4 * values if growing else np.ones(n)
    return values, spread * rng.normal(size=n), spread


def test_widths_follow_the_row_where_the_noise_does():
    coverage, top, correlation = [], [], []
    for seed in range(20):
        values, residuals, _ = noisy(seed)
        learned = learn_widths(values, residuals, np.arange(600) % 5, 0.9)
        new, errors, spread = noisy(1000 + seed, 4000)
        widths = learned.at(new)
        inside = np.abs(errors) <= widths
        coverage.append(inside.mean())
        top.append(inside[new > 9].mean())
        correlation.append(np.corrcoef(widths, spread)[0, 1])
    assert np.mean(coverage) == pytest.approx(0.9, abs=0.01)
    assert np.mean(top) == pytest.approx(0.9, abs=0.03), "of one width it would be about 0.75"
    assert np.mean(correlation) > 0.9


def test_one_width_stays_where_the_noise_is_equal():
    kept = []
    for seed in range(20):
        values, residuals, _ = noisy(seed, growing=False)
        learned = learn_widths(values, residuals, np.arange(600) % 5, 0.9)
        kept.append(learned.spread.constant and learned.half_width == half_width(residuals, 0.9))
    assert np.mean(kept) >= 0.95


@pytest.mark.parametrize("unit", [1e-300, 1.0, 1e300])
def test_widths_have_the_unit_of_the_target(unit):
    values, residuals, _ = noisy(0)
    one = learn_widths(values, residuals, np.arange(600) % 5, 0.9)
    with np.errstate(over="raise", invalid="raise"):
        scaled = learn_widths(values * unit, residuals * unit, np.arange(600) % 5, 0.9)
    assert not scaled.spread.constant
    np.testing.assert_allclose(scaled.at(values * unit) / unit, one.at(values), rtol=1e-9)


@pytest.mark.parametrize(
    ("values", "residuals"),
    [
        (np.zeros(300), np.random.default_rng(0).normal(size=300)),
        (np.arange(300.0), np.zeros(300)),
        (np.arange(12.0), np.arange(12.0)),
        (np.repeat([1.0, 2.0], 150), np.random.default_rng(0).normal(size=300)),
    ],
    ids=["one value", "no errors", "few rows", "two values"],
)
def test_widths_of_odd_rows(values, residuals):
    learned = learn_widths(values, residuals, np.arange(len(values)) % 3, 0.8)
    widths = learned.at(values)
    assert (widths >= 0).all()
    assert np.mean(np.abs(residuals) <= widths) >= 0.75


def test_a_spread_is_the_same_from_a_file():
    import json

    values, residuals, _ = noisy(3)
    spread = Spread.fit(values, residuals)
    again = spread_of(json.loads(json.dumps(spread.to_dict())))
    assert again == spread
    assert spread_of(None).constant
