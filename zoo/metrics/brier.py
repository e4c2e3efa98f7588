"""Brier score: the mean squared distance of the probabilities from what happened.

Of two classes it is the usual half, the squared error of one probability (Brier 1950).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from ._base import Truth

LABEL = "Brier score"
TASKS = ("binary", "multiclass")
GREATER_IS_BETTER = False
BOUNDS = (0.0, 2.0)
MARGIN = 0.005  # squared probabilities move half as much
ORDER = 30


def row_values(truth: Truth, prediction: np.ndarray) -> np.ndarray:
    """Squared distance of each row's probabilities from its true class."""
    import numpy as np

    squares: np.ndarray = np.sum((prediction - np.eye(truth.n_classes)[truth.y]) ** 2, axis=1)
    return squares / 2 if truth.task == "binary" else squares
