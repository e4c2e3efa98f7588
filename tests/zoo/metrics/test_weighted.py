"""Metrics of weighted rows against the same metrics of repeated rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepworth.zoo.metrics import METRICS, Truth, bootstrap_weights, evaluate, of_task, weighted_scores


def repeated(metric, truth, prediction, weights):
    """The metric of rows that stand as often as their weight says."""
    rows = np.repeat(np.arange(len(truth.y)), weights)
    value = evaluate(metric, truth.part(rows), prediction[rows])
    return np.nan if value is None else value


def drawn(task, n, n_classes, seed, ties):
    rng = np.random.default_rng(seed)
    if task == "regression":
        y = rng.normal(size=n)
        return Truth(y, task), y + rng.normal(size=n)
    y = rng.integers(0, n_classes, n)
    p = rng.dirichlet(np.ones(n_classes), n)
    if ties:
        p = np.round(p * 4) + 0.5
        p /= p.sum(axis=1, keepdims=True)
    return Truth(y, task, n_classes, positive=int(rng.integers(0, 2))), p


@pytest.mark.parametrize(
    ("task", "n_classes"), [("binary", 2), ("multiclass", 3), ("multiclass", 5), ("regression", 0)]
)
@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 40), ties=st.booleans())
def test_weights_count_rows(task, n_classes, seed, n, ties):
    truth, prediction = drawn(task, n, n_classes, seed, ties)
    weights = np.random.default_rng(seed + 1).integers(0, 3, (4, n)).astype(np.float32)
    weights[:, 0] = 1  # a sample without rows is never asked for
    for metric in of_task(task):
        found = weighted_scores(metric, truth, prediction, weights)
        expected = [repeated(metric, truth, prediction, w.astype(int)) for w in weights]
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9, err_msg=metric.name)


def test_every_metric_has_a_weighted_form():
    for metric in METRICS.values():
        task = metric.tasks[0]
        truth, prediction = drawn(task, 30, 2, 3, False)
        whole = weighted_scores(metric, truth, prediction, np.ones((1, 30), np.float32))
        assert whole[0] == pytest.approx(metric(truth, prediction)), metric.name


def test_chunks_change_nothing(monkeypatch):
    from deepworth.zoo.metrics import _weighted

    truth, p = drawn("binary", 50, 2, 1, True)
    weights = bootstrap_weights(truth.y, True, 40, 0)
    whole = weighted_scores(METRICS["roc_auc"], truth, p, weights)
    monkeypatch.setattr(_weighted, "_CHUNK", 120)
    np.testing.assert_array_equal(weighted_scores(METRICS["roc_auc"], truth, p, weights), whole)


def test_bootstrap_keeps_every_class_and_is_repeatable():
    y = np.array([0] * 50 + [1] * 2)
    weights = bootstrap_weights(y, True, 200, seed=3)
    assert (weights[:, 50:].sum(axis=1) == 2).all()
    assert (weights.sum(axis=1) == 52).all()
    np.testing.assert_array_equal(weights, bootstrap_weights(y, True, 200, seed=3))
    free = bootstrap_weights(y, False, 200, seed=3)
    assert len(set(free[:, 50:].sum(axis=1))) > 2
    assert free.mean() == pytest.approx(1.0)
