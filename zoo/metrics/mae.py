"""Mean absolute error, in the units of the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from ._base import Truth

LABEL = "MAE"
TASKS = ("regression",)
GREATER_IS_BETTER = False
BOUNDS = (0.0, float("inf"))
RELATIVE = True  # the margin is a share of the target's standard deviation
ORDER = 100


def row_values(truth: Truth, prediction: np.ndarray) -> np.ndarray:
    """Absolute error of each row."""
    import numpy as np

    return np.asarray(np.abs(truth.y - prediction))
