"""Average precision: precision averaged over the recall that each threshold gains."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from ._base import Truth

TASKS = ("binary",)
NEEDS = "ranks"
ORDER = 40


def value(truth: Truth, prediction: np.ndarray) -> float:
    """As scikit-learn's; undefined without positive rows, where scikit-learn says 0."""
    from ._scoring import unweighted

    return unweighted(weighted, truth, prediction)


def weighted(truth: Truth, prediction: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The sum over thresholds of the gain in recall times precision, for all weightings from one sort."""
    import numpy as np

    from ._scoring import weights_by_score

    found = []
    for positive, negative in weights_by_score(truth.is_positive, -prediction[:, truth.positive], weights):
        hits, alarms = np.cumsum(positive, axis=1), np.cumsum(negative, axis=1)
        precision = np.where(hits > 0, hits / np.maximum(hits + alarms, 1e-300), 0.0)
        found.append(np.sum(positive * precision, axis=1) / hits[:, -1])
    return np.concatenate(found)


def influence(truth: Truth, prediction: np.ndarray) -> np.ndarray:
    """A row changes precision at its threshold and below; a positive one has a share in the recall, too."""
    import numpy as np

    is_positive = truth.is_positive
    scores, threshold = np.unique(-prediction[:, truth.positive], return_inverse=True)
    positive = np.bincount(threshold[is_positive], minlength=len(scores))
    hits = np.cumsum(positive)
    flagged = np.cumsum(np.bincount(threshold, minlength=len(scores)))
    precision = hits / flagged
    gain = precision + _sum_of_rest(positive * (flagged - hits) / flagged**2)
    loss = _sum_of_rest(positive * hits / flagged**2)
    score = precision @ positive / hits[-1]
    changes = np.where(is_positive, gain[threshold] - score, -loss[threshold])
    return np.asarray(changes * len(is_positive) / hits[-1])


def _sum_of_rest(terms: np.ndarray) -> np.ndarray:
    """At each place the sum from there to the end."""
    import numpy as np

    return np.cumsum(terms[::-1])[::-1]
