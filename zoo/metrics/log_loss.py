"""Log loss: the mean negative logarithm of the probability of the true class."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from ._base import Truth

TASKS = ("binary", "multiclass")
GREATER_IS_BETTER = False
BOUNDS = (0.0, float("inf"))
PRIMARY_FOR = ("multiclass",)
SECOND = "accuracy"
ORDER = 20


def row_values(truth: Truth, prediction: np.ndarray) -> np.ndarray:
    """-log p of each row; a probability of 0 counts as 1e-15."""
    import numpy as np

    clipped = np.clip(prediction, 1e-15, 1.0)
    losses: np.ndarray = -np.log(clipped[np.arange(len(clipped)), truth.y] / clipped.sum(axis=1))
    return losses
