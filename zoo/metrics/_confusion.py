"""Confusion matrices of weighted rows, many weightings at once."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from ._base import Truth


def confusion_matrices(truth: Truth, prediction: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weights by true class (rows) and predicted class (columns), float64 (n_samples, K, K)."""
    k, n = truth.n_classes, len(truth.y)
    cells = truth.y * k + prediction.argmax(axis=1)
    one_hot = sparse.csr_matrix((np.ones(n), (np.arange(n), cells)), shape=(n, k * k))
    return np.asarray((one_hot.T @ weights.T.astype(np.float64)).T).reshape(-1, k, k)


def confusion_matrix(truth: Truth, prediction: np.ndarray) -> np.ndarray:
    """Rows by true class (rows) and predicted class (columns), float64 (K, K)."""
    k = truth.n_classes
    cells = truth.y * k + prediction.argmax(axis=1)
    return np.bincount(cells, minlength=k * k).reshape(k, k).astype(np.float64)


def mean_of_defined(values: np.ndarray) -> np.ndarray:
    """Mean over the last axis without NaN."""
    defined = ~np.isnan(values)
    mean: np.ndarray = np.where(defined, values, 0.0).sum(axis=-1) / defined.sum(axis=-1)
    return mean
