"""Matthews correlation of true and predicted classes, for any number of classes (Gorodkin 2004)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from ._base import Truth

LABEL = "Matthews correlation"
TASKS = ("binary", "multiclass")
NEEDS = "labels"
BOUNDS = (-1.0, 1.0)
MARGIN = 0.02  # the range is twice that of a share
CHANCE = 0.0
ORDER = 80


def value(truth: Truth, prediction: np.ndarray) -> float:
    """As scikit-learn's: 0 where only one class is true or predicted."""
    from ._scoring import unweighted

    return unweighted(weighted, truth, prediction)


def weighted(truth: Truth, prediction: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """From the confusion matrix of each weighting."""
    import numpy as np

    from ._scoring import confusion_matrices

    counts = confusion_matrices(truth, prediction, weights)
    true, predicted = counts.sum(axis=2), counts.sum(axis=1)
    total, right = counts.sum(axis=(1, 2)), np.trace(counts, axis1=1, axis2=2)
    covariance = right * total - np.sum(true * predicted, axis=1)
    spread = (total**2 - np.sum(predicted**2, axis=1)) * (total**2 - np.sum(true**2, axis=1))
    return np.where(spread > 0, covariance / np.sqrt(np.maximum(spread, 1e-300)), 0.0)


def influence(truth: Truth, prediction: np.ndarray) -> np.ndarray:
    """By the derivatives of the covariance and of both variances of the class indicators."""
    import numpy as np

    y, predicted, n = truth.y, prediction.argmax(axis=1), len(truth.y)
    of_true = np.bincount(y, minlength=truth.n_classes) / n
    of_predicted = np.bincount(predicted, minlength=truth.n_classes) / n
    is_right = predicted == y
    covariance = is_right.mean() - of_true @ of_predicted
    variances = 1 - of_true @ of_true, 1 - of_predicted @ of_predicted
    if min(variances) <= 0:
        return np.zeros(n)
    covariances = is_right - of_predicted[y] - of_true[predicted]
    relative_spread = of_true[y] / variances[0] + of_predicted[predicted] / variances[1]
    changes = (covariances + covariance * relative_spread) / np.sqrt(variances[0] * variances[1])
    return np.asarray(changes)
