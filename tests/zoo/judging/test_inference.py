"""Two models on the same rows: other implementations, definitions, closed forms.

Who is tied with the best: moderated variances by their paper, and false alarms by simulation.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from deepworth.zoo.judging.fold_level import FoldLevel
from deepworth.zoo.judging.inference import (
    delong,
    mcnemar,
    moderated,
    paired_by_folds,
    paired_on_test_part,
    tied_with_best,
)
from deepworth.zoo.judging.intervals import correlated_t
from deepworth.zoo.judging.scores import ModelScores
from deepworth.zoo.metrics import METRICS, Truth
from deepworth.zoo.results.rows import Result

AUC, LOSS = METRICS["roc_auc"], METRICS["log_loss"]


def by_folds(name, values, metric=AUC):
    rows = [Result(name, "classical", 0, i) for i in range(len(values))]
    return ModelScores(name, "classical", {metric.name: np.array(values, float)}, rows)


def on_test_part(name, prediction):
    row = Result(name, "classical", 0, 0, prediction=prediction)
    return ModelScores(name, "classical", {}, [row])


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), folds=st.integers(2, 10), runs=st.integers(1, 4))
def test_equal_to_baycomp(seed, folds, runs):
    baycomp = pytest.importorskip("baycomp", reason="baycomp is not installed")
    x, y = np.random.default_rng(seed).normal(0.8, 0.03, (2, folds * runs))
    ours = correlated_t(y - x, 1 / (folds - 1), 0.01, 0.95)
    theirs = baycomp.two_on_single(x, y, rope=0.01, runs=runs)
    assert (ours.p_below, ours.p_inside, ours.p_above) == pytest.approx(
        (theirs[2], theirs[1], theirs[0]), abs=1e-9
    ) or (ours.p_below, ours.p_inside, ours.p_above) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("repeats", [1, 3])
def test_equal_to_julearn(repeats):
    julearn = pytest.importorskip("julearn.stats", reason="julearn is not installed")
    import pandas as pd

    values = np.random.default_rng(1).normal(0.8, 0.03, (2, 5 * repeats))
    frames = [
        pd.DataFrame(
            {
                "fold": np.tile(np.arange(5), repeats),
                "repeat": np.repeat(np.arange(repeats), 5),
                "n_train": 80,
                "n_test": 20,
                "cv_mdsum": "same",
                "model": f"m{i}",
                "test_score": v,
            }
        )
        for i, v in enumerate(values)
    ]
    theirs = julearn.corrected_ttest(*frames)
    ours = paired_by_folds(by_folds("a", values[0]), by_folds("b", values[1]), AUC, 0.25, 0.0, 0.95)
    assert ours.posterior.mean / ours.error == pytest.approx(theirs["t-stat"][0], abs=1e-9)
    assert ours.p_value == pytest.approx(theirs["p-val"][0], abs=1e-9)


def test_the_first_is_better_where_smaller_is_better():
    pair = paired_by_folds(
        by_folds("a", [0.1, 0.2, 0.15], LOSS), by_folds("b", [0.4, 0.5, 0.6], LOSS), LOSS, 0.5, 0.0, 0.9
    )
    assert pair.posterior.mean == pytest.approx(0.35)
    assert (pair.test, pair.freedom) == ("corrected t", 2)


def test_folds_without_both_scores_have_no_say():
    a, b = by_folds("a", [0.9, np.nan, 0.7, 0.8]), by_folds("b", [0.8, 0.8, np.nan, 0.6])
    assert paired_by_folds(a, b, AUC, 0.25, 0.0, 0.95).posterior.mean == pytest.approx(0.15)
    assert paired_by_folds(a, by_folds("b", [0.8, np.nan, np.nan, np.nan]), AUC, 0.25, 0.0, 0.95) is None


def components(positive, scores):
    """The structural components of DeLong et al. (1988), by their definition over pairs."""
    x, y = scores[positive], scores[~positive]
    psi = (x[:, None] > y[None, :]) + 0.5 * (x[:, None] == y[None, :])
    return psi.mean(axis=1), psi.mean(axis=0)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(4, 60), levels=st.integers(2, 50))
def test_delong_by_its_definition(seed, n, levels):
    rng = np.random.default_rng(seed)
    positive = np.arange(n) < rng.integers(2, n - 1)
    one, other = rng.integers(0, levels, (2, n)).astype(float)
    gain, variance = delong(positive, one, other)
    (v10, v01), (w10, w01) = components(positive, one), components(positive, other)
    contrast = np.array([1.0, -1.0])
    s10, s01 = np.cov(np.stack([v10, w10])), np.cov(np.stack([v01, w01]))
    expected = contrast @ (s10 / positive.sum() + s01 / (~positive).sum()) @ contrast
    assert gain == pytest.approx(roc_auc_score(positive, one) - roc_auc_score(positive, other))
    assert variance == pytest.approx(expected, abs=1e-12)


def test_delong_tells_what_the_bootstrap_tells():
    rng = np.random.default_rng(0)
    positive = rng.random(400) < 0.4
    one = positive + rng.normal(size=400)
    other = 0.6 * positive + 0.5 * one + rng.normal(size=400)
    _, variance = delong(positive, one, other)
    gains = []
    for _ in range(600):
        rows = rng.integers(0, 400, 400)
        gains.append(roc_auc_score(positive[rows], one[rows]) - roc_auc_score(positive[rows], other[rows]))
    assert np.sqrt(variance) == pytest.approx(np.std(gains), rel=0.12)


def test_mcnemar_is_a_sign_test_of_the_rows_that_differ():
    """Ten rows for one model only, two for the other: 2 P(X <= 2), X binomial (12, 1/2) = 158 / 4096."""
    first = np.array([True] * 10 + [False] * 2 + [True] * 30 + [False] * 5)
    second = np.array([False] * 10 + [True] * 2 + [True] * 30 + [False] * 5)
    assert mcnemar(first, second) == pytest.approx(158 / 4096)
    assert mcnemar(second, first) == pytest.approx(158 / 4096)
    assert mcnemar(first, first) == 1.0


@pytest.mark.parametrize(
    ("metric", "test"), [("roc_auc", "DeLong"), ("accuracy", "McNemar"), ("brier", "paired bootstrap")]
)
def test_the_test_part_gets_the_exact_test_where_there_is_one(metric, test):
    rng = np.random.default_rng(4)
    y = rng.integers(0, 2, 300)
    p = np.clip(0.5 + 0.3 * (y - 0.5) + rng.normal(0, 0.2, (2, 300)), 0.01, 0.99)
    one, other = (on_test_part(n, np.stack([1 - q, q], axis=1)) for n, q in zip("ab", p, strict=True))
    samples = tuple(rng.normal(m, 0.02, 500) for m in (0.8, 0.7))
    found = paired_on_test_part(one, other, METRICS[metric], Truth(y, "binary", 2), samples, 0.01, 0.95)
    assert found.test == test
    assert 0 <= found.p_value <= 1
    p = found.posterior
    assert p.low < p.mean < p.high
    assert p.p_below + p.p_inside + p.p_above == pytest.approx(1)
    if test == "DeLong":
        gain, variance = delong(y == 1, one.rows[0].prediction[:, 1], other.rows[0].prediction[:, 1])
        assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(gain) / np.sqrt(variance)))
        assert p.p_above == pytest.approx(stats.norm.sf((0.01 - gain) / np.sqrt(variance)))


def test_equal_predictions_are_no_difference_at_all():
    y = np.array([0, 1] * 20)
    p = np.random.default_rng(0).dirichlet([1, 1], 40)
    one, other = on_test_part("a", p), on_test_part("b", p)
    samples = (np.full(100, 0.7), np.full(100, 0.7))
    for metric in ("roc_auc", "accuracy", "log_loss"):
        found = paired_on_test_part(one, other, METRICS[metric], Truth(y, "binary", 2), samples, 0.01, 0.95)
        assert (found.p_value, found.posterior.p_inside) == (1.0, 1.0)


def scores(name, values, status="ok"):
    rows = [Result(name, "classical", 0, i, status=status) for i in range(len(values))]
    return ModelScores(name, "classical", {"roc_auc": np.array(values, float)}, rows)


def ties(matrix, ratio=0.0):
    return tied_with_best(FoldLevel([scores(f"m{i}", v) for i, v in enumerate(matrix)], AUC, 0.95, ratio))


def test_moderation_finds_the_prior_of_its_own_model():
    """s^2 ~ s0^2 F(d, d0) with d = 4, d0 = 10, s0^2 = 0.3, as Smyth (2004) draws them."""
    drawn = 0.3 * stats.f(4, 10).rvs(40_000, random_state=0)
    variances, freedom = moderated(drawn, 4)
    assert freedom == pytest.approx(14, rel=0.1)
    np.testing.assert_allclose(variances, (10 * 0.3 + 4 * drawn) / 14, rtol=0.08)


def test_variances_of_one_size_are_joined():
    variances, freedom = moderated(np.array([0.1, 0.11, 0.09, 0.1]), 4)
    assert freedom == np.inf
    assert np.ptp(variances) == 0


def test_few_or_no_variances_stay_as_they_are():
    for before in ([], [0.2], [0.2, 0.3], [0.0, 0.0, 0.1]):
        variances, freedom = moderated(np.array(before), 4)
        assert (variances.tolist(), freedom) == (before, 4)


def test_the_best_is_tied_with_itself_and_a_clear_loser_is_not():
    rng = np.random.default_rng(0)
    fold = rng.normal(0, 0.02, 5)
    matrix = [0.9 + fold + rng.normal(0, 0.004, 5) for _ in range(4)] + [0.7 + fold]
    found = ties(matrix, 0.25)
    assert [found[f"m{i}"] for i in range(4)] == [True] * 4
    assert found["m4"] is False


def test_models_without_a_score_are_left_out():
    models = [scores("good", [0.9, 0.8]), scores("broken", [np.nan, 0.7], "failed")]
    assert tied_with_best(FoldLevel(models, AUC, 0.95, 1.0)) == {"good": True}
    assert tied_with_best(FoldLevel([scores("broken", [np.nan] * 2, "failed")], AUC, 0.95, 1.0)) == {}


@pytest.mark.parametrize("n_models", [2, 6, 15])
@pytest.mark.parametrize(("ratio", "most"), [(0.25, 0.05), (0.0, 0.10)])
def test_equal_models_are_rarely_told_apart(n_models, ratio, most):
    """Five folds of independent noise. With the correction that every run has, and without: there the
    moderated errors, which share the best model's noise, cost a few points of the 5 %."""
    rng = np.random.default_rng(n_models)
    runs = 300
    alarms = 0
    for _ in range(runs):
        fold = rng.normal(0, 0.05, 5)
        found = ties(0.8 + fold + rng.normal(0, 0.02, (n_models, 5)), ratio)
        alarms += not all(found.values())
    assert alarms / runs <= most
