"""Bootstrap weights, the ways around a formula that a metric's file lacks, and what importing costs."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from deepworth.zoo.metrics import (
    METRICS,
    Truth,
    bootstrap_weights,
    chance_level,
    evaluate,
    influence_values,
    of_task,
    weighted_scores,
)
from deepworth.zoo.metrics._scoring import midranks


def drawn(n=50, seed=1):
    """Three classes, none of them absent."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    p = rng.dirichlet(np.ones(3), n) + 0.3 * np.eye(3)[y]
    return Truth(y, "multiclass", 3), p / p.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
def test_chunks_change_nothing(monkeypatch, name):
    from deepworth.zoo.metrics import _scoring

    rng = np.random.default_rng(1)
    p = np.round(rng.random(50), 1)
    truth, prediction = Truth(rng.integers(0, 2, 50), "binary", 2), np.stack([1 - p, p], axis=1)
    weights = bootstrap_weights(truth.y, True, 40, 0)
    whole = weighted_scores(METRICS[name], truth, prediction, weights)
    monkeypatch.setattr(_scoring, "CHUNK", 120)
    np.testing.assert_array_equal(weighted_scores(METRICS[name], truth, prediction, weights), whole)


def test_bootstrap_keeps_every_class_and_is_repeatable():
    y = np.array([0] * 50 + [1] * 2)
    weights = bootstrap_weights(y, True, 200, seed=3)
    assert (weights[:, 50:].sum(axis=1) == 2).all()
    assert (weights.sum(axis=1) == 52).all()
    np.testing.assert_array_equal(weights, bootstrap_weights(y, True, 200, seed=3))
    free = bootstrap_weights(y, False, 200, seed=3)
    assert len(set(free[:, 50:].sum(axis=1))) > 2
    assert free.mean() == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["roc_auc", "f1", "matthews"])
def test_a_metric_without_formulas_gives_the_same_numbers(name):
    metric = METRICS[name]
    bare = replace(metric, weighted=None, influence=None)
    only_weighted = replace(metric, influence=None)
    truth, p = drawn(200)
    weights = bootstrap_weights(truth.y, True, 5, 0)
    np.testing.assert_allclose(
        weighted_scores(bare, truth, p, weights), weighted_scores(metric, truth, p, weights), rtol=1e-9
    )
    exact = influence_values(metric, truth, p)
    np.testing.assert_allclose(influence_values(only_weighted, truth, p), exact, atol=1e-5 * exact.std())
    np.testing.assert_allclose(influence_values(bare, truth, p), exact, atol=1e-4 * exact.std())


def test_derivatives_in_blocks_are_the_same(monkeypatch):
    from deepworth.zoo.metrics import _scoring

    truth, p = drawn()
    metric = replace(METRICS["f1"], influence=None)
    whole = influence_values(metric, truth, p)
    monkeypatch.setattr(_scoring, "CHUNK", 120)
    np.testing.assert_array_equal(influence_values(metric, truth, p), whole)


def test_the_only_row_of_a_class_has_an_influence_without_formulas():
    """Left out, it would leave ROC AUC undefined."""
    p = np.linspace(0.1, 0.9, 300)
    truth = Truth((np.arange(300) == 200).astype(int), "binary", 2)
    prediction = np.stack([1 - p, p], axis=1)
    bare = replace(METRICS["roc_auc"], weighted=None, influence=None)
    exact = influence_values(METRICS["roc_auc"], truth, prediction)
    np.testing.assert_allclose(influence_values(bare, truth, prediction), exact, atol=1e-3 * exact.std())


def test_fractional_weights_need_a_formula():
    truth, p = drawn()
    with pytest.raises(ValueError, match="metric f1 takes whole weights only"):
        weighted_scores(replace(METRICS["f1"], weighted=None), truth, p, np.full((1, 50), 0.5))


def test_a_sample_without_rows_has_no_score():
    truth, p = drawn()
    for metric in (METRICS["f1"], METRICS["accuracy"], replace(METRICS["f1"], weighted=None)):
        assert np.isnan(weighted_scores(metric, truth, p, np.zeros((1, 50)))).all()


@pytest.mark.parametrize(
    ("name", "task", "expected"),
    [
        ("log_loss", "binary", -0.75 * np.log(0.75) - 0.25 * np.log(0.25)),
        ("brier", "binary", 0.75 * 0.25),
        ("average_precision", "binary", 0.25),
        ("accuracy", "binary", 0.75),
        ("balanced_accuracy", "binary", 0.5),
        ("f1", "binary", 0.0),
        ("rmse", "regression", np.sqrt(3) / 4),
        ("mae", "regression", 0.375),
        ("r2", "regression", 0.0),
    ],
)
def test_chance_by_hand(name, task, expected):
    """Three rows of 0 and one of 1, as classes and as values."""
    y = np.array([0, 0, 0, 1])
    truth = Truth(y, task, 2) if task == "binary" else Truth(y.astype(float), task)
    assert chance_level(METRICS[name], truth) == pytest.approx(expected)


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_chance_of_a_ranking_is_a_half_whatever_the_constant(p):
    truth = Truth(np.array([0, 1, 1]), "binary", 2)
    assert METRICS["roc_auc"](truth, np.tile([1 - p, p], (3, 1))) == METRICS["roc_auc"].chance == 0.5


def test_influence_of_the_auc_by_hand():
    """Positives at 0.4 and 0.8, negatives at 0.1 and 0.6: the one at 0.4 is above one of two negatives."""
    p = np.array([0.1, 0.6, 0.4, 0.8])
    truth = Truth(np.array([0, 0, 1, 1]), "binary", 2)
    found = influence_values(METRICS["roc_auc"], truth, np.stack([1 - p, p], axis=1))
    # placements 1, 1/2, 1/2, 1 less the AUC of 3/4, over the share of the class
    np.testing.assert_allclose(found, [0.5, -0.5, -0.5, 0.5])


def test_importing_and_listing_is_light():
    code = (
        "import sys; from deepworth.zoo.metrics import METRICS, Metric, Truth, of_task, primary, second;"
        "assert len(METRICS) >= 11 and second(primary('binary'), 'binary');"
        "print([m for m in ('numpy', 'scipy', 'sklearn', 'pandas', 'tensorflow') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_prediction_that_is_no_number_has_no_score(task):
    """Ranks and labels can be made of it all the same."""
    y = np.arange(12) % (3 if task == "multiclass" else 2)
    truth = Truth(y.astype(float), task) if task == "regression" else Truth(y, task, y.max() + 1)
    prediction = np.full((12, truth.n_classes), 0.5) if truth.n_classes else np.arange(12.0)
    prediction[3] = np.nan
    found = {m.name: evaluate(m, truth, prediction) for m in of_task(task) if m.name != "accuracy"}
    assert found == dict.fromkeys(found)


@given(st.lists(st.integers(-3, 3) | st.floats(-1e9, 1e9), min_size=1, max_size=40))
def test_midranks_are_those_of_scipy(scores):
    found = midranks(np.array(scores, dtype=float))
    assert found.tolist() == rankdata(scores).tolist()
