"""The true answers of some rows of a dataset, as metrics want them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from ..results.rows import Labels
    from ._base import Truth


def truth_of(labels: Labels, rows: np.ndarray) -> Truth:
    """What is true of these rows: class codes in the order of the classes, or values."""
    import numpy as np

    from ._base import Truth

    if labels.task == "regression":
        return Truth(labels.y[rows], labels.task)
    codes = np.searchsorted(labels.classes, labels.y[rows])
    positive = labels.classes.index(labels.positive) if labels.positive in labels.classes else 1
    return Truth(codes, labels.task, len(labels.classes), positive)
