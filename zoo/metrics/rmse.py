"""Root mean squared error, in the units of the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from ._base import Truth

LABEL = "RMSE"
TASKS = ("regression",)
GREATER_IS_BETTER = False
BOUNDS = (0.0, float("inf"))
RELATIVE = True  # the margin is a share of the target's standard deviation
PRIMARY_FOR = ("regression",)
SECOND = "r2"
ORDER = 90


def value(truth: Truth, prediction: np.ndarray) -> float:
    """The root of the mean of squares."""
    import numpy as np

    from ._scoring import unit_of

    errors = truth.y - prediction
    unit = unit_of(errors)
    return float(unit * np.sqrt(np.mean((errors / unit) ** 2)))


def weighted(truth: Truth, prediction: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The roots of weighted means of squares."""
    import numpy as np

    from ._scoring import unit_of, weighted_mean

    errors = truth.y - prediction
    unit = unit_of(errors)
    return np.asarray(unit * np.sqrt(weighted_mean((errors / unit) ** 2, weights)))


def influence(truth: Truth, prediction: np.ndarray) -> np.ndarray:
    """By the delta method: the derivative of the root at the mean of squares; 0 without any error."""
    import numpy as np

    from ._scoring import unit_of

    errors = truth.y - prediction
    unit = unit_of(errors)
    squares = (errors / unit) ** 2
    root = np.sqrt(squares.mean())
    return np.asarray(unit * (squares - squares.mean()) / (2 * root)) if root > 0 else np.zeros(len(squares))
