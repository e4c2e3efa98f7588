"""Balanced accuracy: the mean recall of the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from ._base import Truth

TASKS = ("binary", "multiclass")
NEEDS = "labels"
ORDER = 60


def value(truth: Truth, prediction: np.ndarray) -> float:
    """As scikit-learn's: classes that are absent do not count."""
    from ._scoring import unweighted

    return unweighted(weighted, truth, prediction)


def weighted(truth: Truth, prediction: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """From the confusion matrix of each weighting."""
    import numpy as np

    from ._scoring import confusion_matrices, mean_of_defined

    counts = confusion_matrices(truth, prediction, weights)
    return mean_of_defined(np.diagonal(counts, axis1=1, axis2=2) / counts.sum(axis=2))


def influence(truth: Truth, prediction: np.ndarray) -> np.ndarray:
    """A row moves the recall of its class by its distance from that recall."""
    import numpy as np

    is_right = prediction.argmax(axis=1) == truth.y
    rows = np.bincount(truth.y, minlength=truth.n_classes)
    recall = np.bincount(truth.y[is_right], minlength=truth.n_classes) / np.maximum(rows, 1)
    scale = len(is_right) / (np.count_nonzero(rows) * rows[truth.y])
    return np.asarray(scale * (is_right - recall[truth.y]))
