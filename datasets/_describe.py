"""A dataset in words: what it holds, what was inferred and why, its first rows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Unpack

import numpy as np

from ._base import Dataset
from ._checks import check_dataset
from ._codes import CODES
from ._load import DataLike, ReadOptions, as_dataset


def describe_dataset(
    data: DataLike = "sick-healthy", *, preview: int = 5, seed: int = 0, **options: Unpack[ReadOptions]
) -> dict[str, Any]:
    """Facts about whatever :func:`load_dataset` takes, as one plain object.

    Returns
    -------
    dict
        ``name``, ``rows``, ``task``, ``modality``, ``target``, ``classes`` with counts, ``columns``
        with role and reason, ``findings``, ``preview`` (rows as objects), ``provenance``.
    """
    dataset = as_dataset(data, seed=seed, **options)
    names, counts = np.unique(dataset.y, return_counts=True)
    classes = None
    if dataset.task != "regression":
        classes = dict(zip(names.tolist(), counts.tolist(), strict=True))
    return {
        "name": dataset.name,
        "rows": len(dataset),
        "test_rows": None if dataset.test is None else int(dataset.test.sum()),
        "task": dataset.task,
        "modality": dataset.modality,
        "target": dataset.target,
        "positive": dataset.positive,
        "classes": classes,
        "target_range": _range(dataset),
        "columns": [asdict(c) for c in dataset.schema.columns],
        "findings": [asdict(f) for f in check_dataset(dataset)],
        "preview": _preview(dataset, preview),
        "provenance": asdict(dataset.provenance),
        "fingerprint": dataset.fingerprint(),
    }


def check_data(
    data: DataLike = "sick-healthy", *, seed: int = 0, **options: Unpack[ReadOptions]
) -> dict[str, Any]:
    """The findings about whatever :func:`load_dataset` takes, as one plain object.

    Returns
    -------
    dict
        ``name``, ``rows``, ``task``, ``modality``, ``target``, ``errors`` (how many findings forbid a
        comparison) and ``findings``: each with ``code``, ``severity``, ``message``, ``columns``, ``rows``
        (from 0), ``title`` and ``advice``.
    """
    dataset = as_dataset(data, seed=seed, **options)
    found = check_dataset(dataset)
    facts = ("name", "task", "modality", "target")
    return {
        **{fact: getattr(dataset, fact) for fact in facts},
        "rows": len(dataset),
        "findings": [{**asdict(f), **asdict(CODES[f.code])} for f in found],
        "errors": sum(f.severity == "error" for f in found),
    }


def _range(dataset: Dataset) -> dict[str, float] | None:
    if dataset.task != "regression":
        return None
    return {k: float(f(dataset.y)) for k, f in (("min", np.min), ("mean", np.mean), ("max", np.max))}


def _preview(dataset: Dataset, n_rows: int) -> list[dict[str, Any]]:
    """The first rows; an image is told by its size."""
    n_rows = min(n_rows, len(dataset))
    targets = dataset.y[:n_rows].tolist()
    if dataset.modality == "tabular":
        cells = dataset.X.head(n_rows).astype(object).where(dataset.X.head(n_rows).notna(), None)
        rows = [{str(k): _cell(v) for k, v in row.items()} for row in cells.to_dict("records")]
    elif dataset.modality == "text":
        rows = [{"text": text} for text in dataset.X.head(n_rows).tolist()]
    else:
        rows = [{"image": " x ".join(map(str, dataset.X[i].shape))} for i in range(n_rows)]
    return [{**row, dataset.target: y} for row, y in zip(rows, targets, strict=True)]


def _cell(value: Any) -> Any:
    if isinstance(value, (str, int, float, type(None))):
        return value
    return value.item() if isinstance(value, np.generic) else str(value)
