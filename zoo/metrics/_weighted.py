"""Metrics of weighted rows, many weightings at once: what a bootstrap needs.

A bootstrap sample is a count for each row, the rows it leaves out are a weight of one for each. A metric
that costs a sort or a confusion matrix is computed for all samples together; each equals what
:mod:`deepworth.zoo.metrics._metrics` says about the repeated rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy import sparse

from ._metrics import Metric, Truth

_CHUNK = 4_000_000  # numbers held at once for the metrics that sort

Scores = Callable[[Truth, np.ndarray, np.ndarray], np.ndarray]


def weighted_scores(metric: Metric, truth: Truth, prediction: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The metric under each weighting; NaN where it is not defined.

    Parameters
    ----------
    prediction : float64 (n_rows, n_classes) probabilities or (n_rows,) values
    weights : float (n_samples, n_rows), counts of rows

    Returns
    -------
    float64 (n_samples,)
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        if metric.name in _ROW_VALUES:
            return _mean(_ROW_VALUES[metric.name](truth, prediction), weights)
        return _SCORES[metric.name](truth, prediction, weights)


def bootstrap_weights(y: np.ndarray, stratify: bool, n_samples: int, seed: int) -> np.ndarray:
    """How often each row is drawn in each sample, float32 (n_samples, n_rows).

    Drawn with replacement, within classes where asked, so that a rare class never vanishes.
    """
    rng = np.random.default_rng(seed)
    groups = [np.flatnonzero(y == c) for c in np.unique(y)] if stratify else [np.arange(len(y))]
    weights = np.zeros((n_samples, len(y)), np.float32)
    for rows in groups:
        drawn = rng.integers(0, len(rows), (n_samples, len(rows)))
        for sample, own in zip(weights, drawn, strict=True):
            sample[rows] = np.bincount(own, minlength=len(rows))
    return weights


def _mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return (weights @ values) / weights.sum(axis=1, dtype=np.float64)


def _log_loss(truth: Truth, p: np.ndarray) -> np.ndarray:
    clipped = np.clip(p, 1e-15, 1.0)
    return -np.log(clipped[np.arange(len(p)), truth.y] / clipped.sum(axis=1))


def _brier(truth: Truth, p: np.ndarray) -> np.ndarray:
    squares = np.sum((p - np.eye(truth.n_classes)[truth.y]) ** 2, axis=1)
    return squares / 2 if truth.task == "binary" else squares


def _right(truth: Truth, p: np.ndarray) -> np.ndarray:
    return (p.argmax(axis=1) == truth.y).astype(np.float64)


def _squares(truth: Truth, v: np.ndarray) -> np.ndarray:
    return (truth.y - v) ** 2


_ROW_VALUES: dict[str, Callable[[Truth, np.ndarray], np.ndarray]] = {
    "log_loss": _log_loss,
    "brier": _brier,
    "accuracy": _right,
    "mae": lambda truth, v: np.abs(truth.y - v),
}


def _rmse(truth: Truth, v: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.sqrt(_mean(_squares(truth, v), weights))


def _r2(truth: Truth, v: np.ndarray, weights: np.ndarray) -> np.ndarray:
    centred = truth.y - truth.y.mean()  # a variance by its moments needs numbers near zero
    spread = _mean(centred**2, weights) - _mean(centred, weights) ** 2
    spread = np.where(spread > 1e-12 * np.var(truth.y), spread, 0.0)
    return _finite(1.0 - _mean(_squares(truth, v), weights) / spread)


def _finite(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, np.nan)


def _confusion(truth: Truth, p: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(n_samples, K, K) weights of true class (rows) and predicted class (columns)."""
    k, n = truth.n_classes, len(truth.y)
    cells = truth.y * k + p.argmax(axis=1)
    one_hot = sparse.csr_matrix((np.ones(n), (np.arange(n), cells)), shape=(n, k * k))
    return np.asarray((one_hot.T @ weights.T.astype(np.float64)).T).reshape(-1, k, k)


def _balanced_accuracy(truth: Truth, p: np.ndarray, weights: np.ndarray) -> np.ndarray:
    counts = _confusion(truth, p, weights)
    recall = np.diagonal(counts, axis1=1, axis2=2) / counts.sum(axis=2)
    return _mean_of_known(recall)


def _mean_of_known(values: np.ndarray) -> np.ndarray:
    known = ~np.isnan(values)
    return np.where(known, values, 0.0).sum(axis=1) / known.sum(axis=1)


def _f1(truth: Truth, p: np.ndarray, weights: np.ndarray) -> np.ndarray:
    counts = _confusion(truth, p, weights)
    both = counts.sum(axis=2) + counts.sum(axis=1)
    f1 = 2 * np.diagonal(counts, axis1=1, axis2=2) / both
    return f1[:, truth.positive] if truth.task == "binary" else _mean_of_known(f1)


def _matthews(truth: Truth, p: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Gorodkin's (2004) R_K, which is Matthews's coefficient for two classes; 0 without any spread."""
    counts = _confusion(truth, p, weights)
    true, said = counts.sum(axis=2), counts.sum(axis=1)
    total, right = counts.sum(axis=(1, 2)), np.trace(counts, axis1=1, axis2=2)
    covariance = right * total - np.sum(true * said, axis=1)
    spread = (total**2 - np.sum(said**2, axis=1)) * (total**2 - np.sum(true**2, axis=1))
    return np.where(spread > 0, covariance / np.sqrt(np.maximum(spread, 1e-300)), 0.0)


def _roc_auc(truth: Truth, p: np.ndarray, weights: np.ndarray) -> np.ndarray:
    if truth.task == "binary":
        return _auc(truth.y == truth.positive, p[:, truth.positive], weights)
    each = [_auc(truth.y == c, p[:, c], weights) for c in range(truth.n_classes)]
    return np.mean(each, axis=0)


def _auc(is_positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The share of pairs in order, ties half."""
    found = []
    for positive, negative in _runs(is_positive, scores, weights):
        pairs = positive.sum(axis=1) * negative.sum(axis=1)
        below = np.cumsum(negative, axis=1) - negative / 2
        found.append(np.sum(positive * below, axis=1) / pairs)
    return np.concatenate(found)


def _average_precision(truth: Truth, p: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The sum over thresholds of the gain in recall times precision."""
    is_positive, found = truth.y == truth.positive, []
    for positive, negative in _runs(is_positive, -p[:, truth.positive], weights):
        hits, alarms = np.cumsum(positive, axis=1), np.cumsum(negative, axis=1)
        precision = np.where(hits > 0, hits / np.maximum(hits + alarms, 1e-300), 0.0)
        found.append(np.sum(positive * precision, axis=1) / hits[:, -1])
    return np.concatenate(found)


def _runs(
    is_positive: np.ndarray, scores: np.ndarray, weights: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Weights of positive and negative rows by ascending score, equal scores joined; in chunks of samples."""
    order = np.argsort(scores, kind="stable")
    kinds, starts = is_positive[order], np.unique(scores[order], return_index=True)[1]
    step = max(1, _CHUNK // max(1, len(scores)))
    for first in range(0, len(weights), step):
        sorted_weights = weights[first : first + step][:, order].astype(np.float64)
        yield (
            np.add.reduceat(sorted_weights * kinds, starts, axis=1),
            np.add.reduceat(sorted_weights * ~kinds, starts, axis=1),
        )


_SCORES: dict[str, Scores] = {
    "roc_auc": _roc_auc,
    "average_precision": _average_precision,
    "balanced_accuracy": _balanced_accuracy,
    "f1": _f1,
    "matthews": _matthews,
    "rmse": _rmse,
    "r2": _r2,
}
