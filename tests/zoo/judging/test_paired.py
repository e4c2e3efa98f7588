"""Two models on the same rows: other implementations, definitions, closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from deepworth.zoo.judging.intervals import correlated_t
from deepworth.zoo.judging.pairs import delong, mcnemar, paired_by_folds, paired_on_test_part
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
