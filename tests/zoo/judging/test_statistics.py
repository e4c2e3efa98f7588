"""Intervals, posteriors and fair champions: a published example, closed forms, and simulated truth."""

import numpy as np
import pytest
from scipy import integrate, stats
from sklearn.datasets import make_moons
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.svm import SVC

from deepworth.zoo.judging.intervals import (
    agreeing_rows_needed,
    best,
    corrected_interval,
    corrected_variance,
    correlated_t,
    folds_needed,
    left_out_champion,
    of_samples,
    out_of_bag_champion,
    rows_factor_needed,
)


@pytest.fixture(scope="module")
def moons():
    """Differences of scikit-learn's example "Statistical comparison of models using grid search"."""
    X, y = make_moons(noise=0.352, random_state=1, n_samples=100)
    cv = RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=0)
    rbf, linear = (
        cross_val_score(SVC(kernel=k, random_state=0), X, y, cv=cv, scoring="roc_auc")
        for k in ("rbf", "linear")
    )
    return rbf - linear


def test_published_corrected_t(moons):
    """That example prints t = 0.750 and one-sided p = 0.227 for the corrected test."""
    t = moons.mean() / np.sqrt(corrected_variance(moons, 10 / 90))
    assert t == pytest.approx(0.750, abs=5e-4)
    assert correlated_t(moons, 10 / 90, 0.0, 0.95).p_below == pytest.approx(0.227, abs=5e-4)


def test_published_bayesian_comparison(moons):
    """The same example prints 0.773 for rbf being better, and 0.068, 0.432 and 0.500 with +-0.01."""
    assert correlated_t(moons, 10 / 90, 0.0, 0.95).p_above == pytest.approx(0.773, abs=5e-4)
    p = correlated_t(moons, 10 / 90, 0.01, 0.95)
    assert (p.p_below, p.p_inside, p.p_above) == pytest.approx((0.068, 0.432, 0.500), abs=5e-4)


def test_variance_by_hand():
    """Five folds, s^2 = 2.5: (1/5 + 1/4) 2.5."""
    assert corrected_variance(np.array([1.0, 2, 3, 4, 5]), 0.25) == pytest.approx(1.125)


def test_posterior_is_the_integral_of_its_density():
    d = np.array([0.02, -0.01, 0.03, 0.015, 0.0])
    p = correlated_t(d, 0.25, 0.01, 0.9)
    scale = np.sqrt((1 / 5 + 0.25) * d.var(ddof=1))

    def density(x):
        return stats.t.pdf((x - d.mean()) / scale, 4) / scale

    assert p.p_above == pytest.approx(integrate.quad(density, 0.01, np.inf)[0], abs=1e-8)
    assert p.p_inside == pytest.approx(integrate.quad(density, -0.01, 0.01)[0], abs=1e-8)
    assert p.p_below + p.p_inside + p.p_above == pytest.approx(1)
    assert integrate.quad(density, p.low, p.high)[0] == pytest.approx(0.9, abs=1e-8)


def test_no_difference_on_any_fold_leaves_no_doubt():
    p = correlated_t(np.zeros(5), 0.25, 0.01, 0.95)
    assert (p.p_below, p.p_inside, p.p_above) == (0, 1, 0)
    assert (p.low, p.mean, p.high) == (0, 0, 0)


def test_agreement_on_few_rows_is_the_rule_of_succession():
    """A worked example: 10 rows without a difference, margin 0.01: 1 - 0.99**11; and by simulation."""
    p = correlated_t(np.zeros(5), 0.25, 0.01, 0.95, rows=10, width=1.0)
    assert p.p_inside == pytest.approx(0.1047, abs=1e-4)
    assert p.high == pytest.approx(1 - 0.05 ** (1 / 11))
    assert p.p_below == p.p_above
    shares = np.random.default_rng(0).random(400_000)  # the prior; those under which ten rows all agree
    kept = shares[np.random.default_rng(1).random(400_000) < (1 - shares) ** 10]
    assert np.mean(kept < 0.01) == pytest.approx(p.p_inside, abs=0.006)
    assert np.quantile(kept, 0.95) == pytest.approx(p.high, abs=0.01)


@pytest.mark.parametrize("margin", [0.005, 0.01, 0.1])
def test_so_many_agreeing_rows_are_just_enough(margin):
    n = agreeing_rows_needed(2.0, margin, 0.95)
    inside = [correlated_t(np.zeros(5), 0.25, margin, 0.95, rows, 2.0).p_inside for rows in (n - 1, n)]
    assert inside[0] < 0.95 <= inside[1]


@pytest.mark.parametrize("constant", [0.5, -0.5, 0.02, 0.1 + 0.2])
def test_the_same_difference_on_every_fold_tells_no_spread_and_leaves_doubt(constant):
    """As if the spread were as large as the difference: t is 1 / sqrt(1/5 + 1/4), whatever the difference."""
    p = correlated_t(np.full(5, constant), 0.25, 0.0, 0.95)
    chance = stats.t.cdf(1 / np.sqrt(1 / 5 + 1 / 4), 4)
    assert max(p.p_above, p.p_below) == pytest.approx(chance)
    assert chance < 0.95
    assert p.low < 0 < p.high
    assert np.sign(p.mean) == np.sign(constant)


def test_swapping_the_families_mirrors_the_posterior():
    d = np.random.default_rng(0).normal(0.01, 0.02, 10)
    one, other = correlated_t(d, 1 / 9, 0.01, 0.95), correlated_t(-d, 1 / 9, 0.01, 0.95)
    assert (one.p_above, one.low) == pytest.approx((other.p_below, -other.high))


def test_samples_are_counted():
    p = of_samples(np.array([-0.5, -0.05, 0.0, 0.05, 0.5, 0.6, 0.7, 0.8]), 0.1, 0.5)
    assert (p.p_below, p.p_inside, p.p_above) == pytest.approx((1 / 8, 3 / 8, 4 / 8))
    assert (p.low, p.high) == pytest.approx(
        np.quantile([-0.5, -0.05, 0, 0.05, 0.5, 0.6, 0.7, 0.8], [0.25, 0.75])
    )


def test_folds_needed_is_the_first_that_decides():
    rng = np.random.default_rng(5)
    d = 0.02 + 0.03 * stats.zscore(rng.normal(size=5), ddof=1)
    needed = folds_needed(d, 1 / 99, 0.0, 0.95)

    def p_above(n):
        scale = np.sqrt((1 / n + 1 / 99) * d.var(ddof=1))
        return stats.t.sf(0, n - 1, loc=d.mean(), scale=scale)

    assert p_above(needed) >= 0.95 > p_above(needed - 1)


def test_more_folds_cannot_beat_the_overlap_of_training_sets_but_rows_can():
    d = 0.01 + 0.03 * stats.zscore(np.arange(10.0), ddof=1)
    assert folds_needed(d, 1 / 4, 0.0, 0.95) is None
    factor = rows_factor_needed(d, 1 / 4, 0.0, 0.95)
    shrunk = d.mean() + (d - d.mean()) / np.sqrt(factor)
    assert correlated_t(shrunk, 1 / 4, 0.0, 0.95).p_above >= 0.95
    on_the_edge = d - d.mean() + 0.01
    assert rows_factor_needed(on_the_edge, 1 / 4, 0.01, 0.95) is None


# Simulations. Rows are drawn, linear models are trained on the folds for real, so that scores are
# correlated through shared training rows as in any cross-validation.


def cross_validate(X, y, columns, folds):
    """Accuracy of least squares on some columns, per fold."""
    order = np.array_split(np.arange(len(y)), folds)
    scores = []
    for test in order:
        train = np.setdiff1d(np.arange(len(y)), test)
        w = np.linalg.lstsq(X[np.ix_(train, columns)], y[train], rcond=None)[0]
        scores.append(np.mean((X[np.ix_(test, columns)] @ w > 0) == (y[test] > 0)))
    return np.array(scores)


def draw(rng, n, twin_strength=0.5):
    """Labels +-1 and two blocks of three features; the second block is as good as it is strong."""
    y = rng.choice([-1.0, 1.0], n)
    X = rng.normal(size=(n, 6))
    X[:, :3] += 0.5 * y[:, None]
    X[:, 3:] += twin_strength * y[:, None]
    return X, y


def true_accuracy(rng, columns, n_train, twin_strength=0.5, draws=300):
    """Expected accuracy of a model trained on n_train rows, from the closed form of its error."""
    values = []
    means = np.array([0.5] * 3 + [twin_strength] * 3)[columns]
    for _ in range(draws):
        X, y = draw(rng, n_train, twin_strength)
        w = np.linalg.lstsq(X[:, columns], y, rcond=None)[0]
        values.append(stats.norm.cdf(w @ means / np.linalg.norm(w)))
    return float(np.mean(values))


def test_intervals_cover_the_true_score():
    """At least 95 % of the intervals hold the true accuracy (Monte Carlo error 1.1 points)."""
    rng = np.random.default_rng(0)
    truth = true_accuracy(rng, [0, 1, 2], 180)
    runs = [cross_validate(*draw(rng, 200), [0, 1, 2], 10) for _ in range(400)]
    covered = [low <= truth <= high for low, high in (corrected_interval(r, 1 / 9, 0.95) for r in runs)]
    assert 0.93 <= np.mean(covered) <= 0.995


@pytest.mark.parametrize("folds", [5, 10])
def test_equal_models_seldom_get_a_verdict(folds):
    """Two models that are equally good: false alarms of either kind stay under 5 % at the usual margin."""
    rng = np.random.default_rng(folds)
    alarms = 0
    for _ in range(300):
        X, y = draw(rng, 200)
        d = cross_validate(X, y, [3, 4, 5], folds) - cross_validate(X, y, [0, 1, 2], folds)
        p = correlated_t(d, 1 / (folds - 1), 0.01, 0.95)
        alarms += max(p.p_above, p.p_below) >= 0.95
    assert alarms / 300 <= 0.05


def test_a_difference_at_the_margin_is_seldom_called_better():
    """The hardest case: truly at the edge of equivalence, "better" is wrong in at most 5 % (error 1.3)."""
    rng = np.random.default_rng(2)
    strength = 0.53
    edge = true_accuracy(rng, [3, 4, 5], 160, strength, 2000) - true_accuracy(rng, [0, 1, 2], 160, 0.5, 2000)
    alarms = 0
    for _ in range(300):
        X, y = draw(rng, 200, strength)
        d = cross_validate(X, y, [3, 4, 5], 5) - cross_validate(X, y, [0, 1, 2], 5)
        alarms += correlated_t(d, 0.25, edge, 0.95).p_above >= 0.95
    assert edge > 0.005
    assert alarms / 300 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 300)


def test_a_real_difference_is_found():
    rng = np.random.default_rng(4)
    found = 0
    for _ in range(50):
        X, y = draw(rng, 400, 1.0)
        d = cross_validate(X, y, [3, 4, 5], 10) - cross_validate(X, y, [0, 1, 2], 10)
        found += correlated_t(d, 1 / 9, 0.01, 0.95).p_above >= 0.95
    assert found >= 45


# Champions.


def test_champion_of_a_fold_is_chosen_on_the_others():
    scores = np.array([[0.9, 0.5, 0.5], [0.6, 0.6, 0.6]])
    # Fold 0: the steady model is better on folds 1 and 2, so the lucky 0.9 does not count.
    assert left_out_champion(scores).tolist() == [0.6, 0.5, 0.5]
    assert best(scores) == 0


def test_champion_ignores_other_repeats_of_the_same_rows():
    scores = np.array([[0.9, 0.5, 0.9, 0.9], [0.6, 0.6, 0.1, 0.1]])
    repeats = np.array([0, 0, 1, 1])
    assert left_out_champion(scores, repeats).tolist() == [0.6, 0.5, 0.9, 0.9]


def test_a_model_without_a_score_is_never_champion():
    assert best(np.array([[np.nan, 0.99], [0.1, 0.1]])) == 1
    chosen = out_of_bag_champion(np.array([[np.nan, 0.5], [0.2, 0.4]]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert chosen.tolist() == [3.0, 2.0]


def biases(estimate, seed, n_models=10, true=0.8, runs=400):
    """Mean error of an estimate of the best of equal models, in standard errors."""
    rng = np.random.default_rng(seed)
    errors = [estimate(rng.random((n_models, 200)) < true, rng) - true for _ in range(runs)]
    return np.mean(errors) / (np.std(errors, ddof=1) / np.sqrt(runs))


def by_fold(right, folds=5):
    return np.stack([part.mean(axis=1) for part in np.array_split(right, folds, axis=1)], axis=1)


def by_bootstrap(right, rng):
    samples = [rng.integers(0, right.shape[1], right.shape[1]) for _ in range(60)]
    outside = [np.setdiff1d(np.arange(right.shape[1]), s) for s in samples]
    inside = np.stack([right[:, s].mean(axis=1) for s in samples], axis=1)
    return out_of_bag_champion(inside, np.stack([right[:, s].mean(axis=1) for s in outside], axis=1)).mean()


def test_best_of_ten_equal_models_is_not_flattered_over_folds():
    assert abs(biases(lambda right, rng: left_out_champion(by_fold(right)).mean(), 1)) < 3
    assert biases(lambda right, rng: by_fold(right).mean(axis=1).max(), 1) > 20  # what the naive answer does


def test_best_of_ten_equal_models_is_not_flattered_on_a_test_part():
    """The bootstrap correction may be somewhat pessimistic, never optimistic (Tsamardinos et al. 2018)."""
    assert abs(biases(by_bootstrap, 2, runs=200)) < 3
