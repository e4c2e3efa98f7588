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
    """scikit-learn's; undefined, not 0 or 1, for a constant target."""
    from sklearn.metrics import r2_score

    return float(r2_score(truth.y, prediction, force_finite=False))


def weighted(truth: Truth, prediction: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """One less weighted means of squared errors over weighted variances."""
    import numpy as np

    from ._scoring import weighted_mean

    centred = truth.y - truth.y.mean()  # a variance by its moments needs numbers near zero
    variance = weighted_mean(centred**2, weights) - weighted_mean(centred, weights) ** 2
    variance = np.where(variance > 1e-12 * np.var(truth.y), variance, 0.0)
    return np.asarray(1.0 - weighted_mean((truth.y - prediction) ** 2, weights) / variance)


def influence(truth: Truth, prediction: np.ndarray) -> np.ndarray:
    """By the derivatives of the mean squared error and of the target's variance."""
    import numpy as np

    squares, spread = (truth.y - prediction) ** 2, (truth.y - truth.y.mean()) ** 2
    unexplained = squares.mean() / spread.mean()
    return np.asarray((unexplained * spread - squares) / spread.mean())
