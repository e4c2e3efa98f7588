"""Datasets from the tables bundled with scikit-learn."""

from __future__ import annotations

from typing import Any

from ._base import Dataset, Provenance
from ._table import TableOptions, dataset_from_frame


def bundled_table(
    name: str, bunch: Any, *, target: str, task: str, licence: str, citation: str, **options: Any
) -> Dataset:
    """A Dataset from a Bunch with ``frame``; class numbers become class names."""
    frame = bunch.frame.rename(columns={"target": target})
    if task != "regression":
        names = [str(n) for n in bunch.target_names]
        frame[target] = [names[code] for code in frame[target]]
    return dataset_from_frame(
        frame,
        TableOptions(target=target, task=task, **options),
        name=name,
        provenance=Provenance(
            "scikit-learn", f"sklearn.datasets.load_{name.replace('-', '_')}", licence, citation
        ),
    )
