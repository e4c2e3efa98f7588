"""Area under the ROC curve: how often a positive row scores above a negative one, ties half.

Of several classes each is set against all others, and the mean is taken (one-vs-rest, macro).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from ._base import Truth

LABEL = "ROC AUC"
TASKS = ("binary", "multiclass")
NEEDS = "ranks"
CHANCE = 0.5
PRIMARY_FOR = ("binary",)
SECOND = "log_loss"
ORDER = 10


def value(truth: Truth, prediction: np.ndarray) -> float:
    """As scikit-learn's; undefined where a class is absent."""
    from ._scoring import unweighted

    return unweighted(weighted, truth, prediction)


def weighted(truth: Truth, prediction: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Shares of pairs in order, for all weightings from one sort."""
    import numpy as np

    if truth.task == "binary":
        return _weighted_auc(truth.is_positive, prediction[:, truth.positive], weights)
    each = [_weighted_auc(truth.y == c, prediction[:, c], weights) for c in range(truth.n_classes)]
    return np.asarray(np.mean(each, axis=0))


def influence(truth: Truth, prediction: np.ndarray) -> np.ndarray:
    """From DeLong's placement values."""
    import numpy as np

    if truth.task == "binary":
        return _auc_influence(truth.is_positive, prediction[:, truth.positive])
    each = [_auc_influence(truth.y == c, prediction[:, c]) for c in range(truth.n_classes)]
    return np.asarray(np.mean(each, axis=0))


def _weighted_auc(is_positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    import numpy as np

    from ._scoring import weights_by_score

    found = []
    for positive, negative in weights_by_score(is_positive, scores, weights):
        pairs = positive.sum(axis=1) * negative.sum(axis=1)
        below = np.cumsum(negative, axis=1) - negative / 2
        found.append(np.sum(positive * below, axis=1) / pairs)
    return np.concatenate(found)


def _auc_influence(is_positive: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Placement values less the AUC, scaled by the share of the row's class.

    DeLong, DeLong and Clarke-Pearson (1988), by the midranks of Sun and Xu (2014).
    """
    import numpy as np

    from ._scoring import placement_values

    placements = placement_values(is_positive, scores)
    share = np.where(is_positive, is_positive.mean(), (~is_positive).mean())
    centred: np.ndarray = (placements - placements[is_positive].mean()) / share
    return centred
