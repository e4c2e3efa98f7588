"""F1: the harmonic mean of precision and recall, of the positive class or averaged over all classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from ._base import Truth

LABEL = "F1"
TASKS = ("binary", "multiclass")
NEEDS = "labels"
ORDER = 70


def value(truth: Truth, prediction: np.ndarray) -> float:
    """As scikit-learn's; undefined where the class is neither true nor predicted anywhere."""
    from ._scoring import unweighted

    return unweighted(weighted, truth, prediction)


def weighted(truth: Truth, prediction: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """From the confusion matrix of each weighting."""
    import numpy as np

    from ._scoring import confusion_matrices, mean_of_defined

    counts = confusion_matrices(truth, prediction, weights)
    both = counts.sum(axis=2) + counts.sum(axis=1)
    f1: np.ndarray = 2 * np.diagonal(counts, axis1=1, axis2=2) / both
    return f1[:, truth.positive] if truth.task == "binary" else mean_of_defined(f1)


def influence(truth: Truth, prediction: np.ndarray) -> np.ndarray:
    """Of a class: (2 hit - F1 (true + predicted)) over the mean of true + predicted."""
    import numpy as np

    from ._scoring import mean_of_defined

    codes, predicted = np.arange(truth.n_classes), prediction.argmax(axis=1)
    is_true, is_predicted = truth.y[:, None] == codes, predicted[:, None] == codes
    hits, both = 2.0 * (is_true & is_predicted), is_true.astype(float) + is_predicted
    changes: np.ndarray = (hits - hits.sum(axis=0) / both.sum(axis=0) * both) / both.mean(axis=0)
    return changes[:, truth.positive] if truth.task == "binary" else mean_of_defined(changes)
