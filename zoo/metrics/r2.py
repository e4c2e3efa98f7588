"""R²: the share of the target's variance that the predictions explain."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from ._base import Truth

LABEL = "R²"
TASKS = ("regression",)
BOUNDS = (float("-inf"), 1.0)
CHANCE = 0.0
ORDER = 110


def value(truth: Truth, prediction: np.ndarray) -> float:
    """As scikit-learn's; undefined, not 0 or 1, for a constant target."""
    import numpy as np

    from ._scoring import unit_of

    unit = unit_of(truth.y)
    y, prediction = truth.y / unit, prediction / unit
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(1.0 - np.sum((y - prediction) ** 2) / np.sum((y - np.average(y)) ** 2))


def weighted(truth: Truth, prediction: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """One less weighted means of squared errors over weighted variances."""
    import numpy as np

    from ._scoring import unit_of, weighted_mean

    unit = unit_of(truth.y)
    y, prediction = truth.y / unit, prediction / unit
    centred = y - y.mean()  # a variance by its moments needs numbers near zero
    variance = weighted_mean(centred**2, weights) - weighted_mean(centred, weights) ** 2
    variance = np.where(variance > 1e-12 * np.var(y), variance, 0.0)
    return np.asarray(1.0 - weighted_mean((y - prediction) ** 2, weights) / variance)


def influence(truth: Truth, prediction: np.ndarray) -> np.ndarray:
    """By the derivatives of the mean squared error and of the target's variance."""
    import numpy as np

    from ._scoring import unit_of

    unit = unit_of(truth.y)
    y, prediction = truth.y / unit, prediction / unit
    squares, spread = (y - prediction) ** 2, (y - y.mean()) ** 2
    unexplained = squares.mean() / spread.mean()
    return np.asarray((unexplained * spread - squares) / spread.mean())
