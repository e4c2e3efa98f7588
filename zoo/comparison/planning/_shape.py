"""What the time of a fit depends on, as far as it is known before: rows, their size, outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ....datasets._base import Dataset

_LOOKED_AT = 200  # rows


@dataclass(frozen=True)
class Shape:
    """A training part. ``width`` is columns, pixels or characters of a row; ``outputs`` a network's."""

    modality: str
    rows: float
    width: float
    outputs: int


def width_of(dataset: Dataset) -> float:
    """Columns of a table, values of a picture or characters of a text, of the latter the mean of some."""
    if dataset.modality == "tabular":
        return float(dataset.X.shape[1])
    some = np.unique(np.linspace(0, len(dataset) - 1, _LOOKED_AT).astype(int))
    rows = dataset.X.iloc[some] if hasattr(dataset.X, "iloc") else dataset.X[some]
    sizes = [part.size if dataset.modality == "image" else len(str(part)) for part in rows]
    return float(max(1.0, np.mean(sizes)))


def shape_of(facts: dict[str, Any], test_over_train: float) -> Shape | None:
    """The training part of a fold, from what a run says of its data and plan; None where it lacks that."""
    if not facts.get("width") or not facts.get("rows"):
        return None
    outputs = len(facts["classes"]) if facts["task"] == "multiclass" else 1
    return Shape(facts["modality"], facts["rows"] / (1 + test_over_train), facts["width"], outputs)
