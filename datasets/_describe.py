"""Descriptions of data as plain objects: what it holds, how it was read and why, what was found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from ._base import Column, Dataset, Finding, Modality, Role, Severity, Task
from ._checks import check_dataset
from ._codes import CODES
from ._errors import InputError
from ._load import DataLike, ReadOptions, as_dataset
from ._table import NoTargetError, RawTable, read_columns
from ._target import read_target, rows_with_target

if TYPE_CHECKING:
    import pandas as pd

_TARGET_ROLES: tuple[Role, ...] = ("numeric", "categorical")


class ColumnInfo(TypedDict):
    """The fields of a :class:`Column`, and how its example was read."""

    name: str
    role: Role
    reason: str
    n_missing: int
    n_unique: int
    reader: dict[str, object] | None
    spelling: str
    example: str
    read_as: str
    n_unread: int
    unread: tuple[str, ...]


class FindingInfo(TypedDict):
    """The fields of a :class:`Finding`."""

    code: str
    severity: Severity
    message: str
    columns: tuple[str, ...]
    rows: tuple[int, ...]


class FindingAdvice(FindingInfo):
    """A finding, with the title and the advice of its code."""

    title: str
    advice: str


class ProvenanceInfo(TypedDict):
    """The fields of a :class:`Provenance`."""

    source: str
    location: str
    licence: str
    citation: str


class PossibleTarget(TypedDict):
    """A column that could be the target, and the task that it would make."""

    name: str
    task: Task
    reason: str


class DatasetDescription(TypedDict):
    """What :func:`describe_dataset` returns.

    Attributes
    ----------
    name : str
        Name of the dataset.
    rows : int
        Number of rows.
    test_rows : int or None
        Rows of the official test set; None without one.
    task : {"binary", "multiclass", "regression"} or None
        What is predicted; None without a target.
    modality : {"tabular", "image", "text"}
        What it is predicted from.
    target : str or None
        Name of the target; None for a table without one.
    possible_targets : list of dict
        Columns that could be the target, with the task of each.
    positive : str or None
        The positive class of a binary task.
    classes : dict of int or None
        Rows by class; None for regression.
    target_range : dict of float or None
        Range of the target; None for classification.
    columns : list of dict
        Name, role, reason, missing and different values of each column; its ``reader`` and ``spelling``
        (order of dates, marks, unit), an ``example`` with the value ``read_as``, and cells not read.
    findings : list of dict
        Findings of reading the data.
    preview : list of dict
        The first rows.
    provenance : dict
        Where the data come from.
    fingerprint : str or None
        SHA-256 over rows and targets.

    Examples
    --------
    >>> from deepworth.datasets import DatasetDescription, describe_dataset
    >>> description: DatasetDescription = describe_dataset("wine")
    >>> description["rows"], description["target"]
    (178, 'cultivar')
    """

    name: str
    rows: int
    test_rows: int | None
    task: Task | None
    modality: Modality
    target: str | None
    possible_targets: list[PossibleTarget]
    positive: str | None
    classes: dict[str, int] | None
    target_range: dict[str, float] | None
    columns: list[ColumnInfo]
    findings: list[FindingInfo]
    preview: list[dict[str, object]]
    provenance: ProvenanceInfo
    fingerprint: str | None


class DataCheck(TypedDict):
    """What :func:`check_data` returns.

    Attributes
    ----------
    name : str
        Name of the dataset.
    task : {"binary", "multiclass", "regression"}
        What is predicted.
    modality : {"tabular", "image", "text"}
        What it is predicted from.
    target : str
        Name of the target.
    rows : int
        Number of rows.
    findings : list of dict
        ``code``, ``severity``, ``message``, ``columns``, ``rows``, ``title`` and ``advice`` of each.
    errors : int
        How many of them are errors.

    Examples
    --------
    >>> from deepworth.datasets import DataCheck, check_data
    >>> check: DataCheck = check_data("wine")
    >>> check["findings"][0]["title"]
    'rows sorted by target'
    """

    name: str
    task: Task
    modality: Modality
    target: str
    rows: int
    findings: list[FindingAdvice]
    errors: int


def describe_dataset(
    data: DataLike = "sick-healthy", *, preview: int = 5, seed: int = 0, **options: Unpack[ReadOptions]
) -> DatasetDescription:
    """Describe data: its columns, how they were read and why, findings and first rows.

    A table whose target is not known is described too, with the columns that could be the target.

    Parameters
    ----------
    data : str, path, DataFrame or Dataset, default="sick-healthy"
        Anything that :func:`load_dataset` takes.
    preview : int, default=5
        Number of first rows to show.
    seed : int, default=0
        For generated data and for `rows`.
    **options
        The reading options of :func:`load_dataset`, such as `target`.

    Returns
    -------
    dict
        ``name``, ``rows``, ``test_rows``, ``task``, ``modality``, ``target``, ``possible_targets``,
        ``positive``, ``classes`` with their counts, ``target_range``, ``columns`` with role and reason,
        ``findings``, ``preview`` (rows as dicts), ``provenance`` and ``fingerprint``. Without a target,
        what depends on it is None.

    Raises
    ------
    InputError
        The data cannot be read.

    Examples
    --------
    >>> from deepworth.datasets import describe_dataset
    >>> description = describe_dataset("iris", preview=1)
    >>> description["classes"]
    {'setosa': 50, 'versicolor': 50, 'virginica': 50}
    >>> description["preview"][0]["petal width (cm)"]
    0.2
    """
    try:
        dataset = as_dataset(data, seed=seed, **options)
    except NoTargetError as error:
        if error.table is None:
            raise
        return _describe_table(error.table, preview)
    return {
        "name": dataset.name,
        "rows": len(dataset),
        "test_rows": None if dataset.test is None else int(dataset.test.sum()),
        "task": dataset.task,
        "modality": dataset.modality,
        "target": dataset.target,
        "possible_targets": [],
        "positive": dataset.positive,
        "classes": _class_counts(dataset),
        "target_range": _range(dataset),
        "columns": [_column_info(c) for c in dataset.schema.columns],
        "findings": [_info(f) for f in check_dataset(dataset)],
        "preview": _preview(dataset, preview),
        "provenance": _info(dataset.provenance),
        "fingerprint": dataset.fingerprint(),
    }


def _describe_table(table: RawTable, preview: int) -> DatasetDescription:
    """A table without a target."""
    reading = read_columns(table.frame, table.options)
    possible = [c.name for c in reading.columns if c.role in _TARGET_ROLES]
    return {
        "name": table.name,
        "rows": len(table.frame),
        "test_rows": None if table.test is None else int(table.test.sum()),
        "task": None,
        "modality": "tabular",
        "target": None,
        "possible_targets": _possible_targets(table, possible),
        "positive": None,
        "classes": None,
        "target_range": None,
        "columns": [_column_info(c) for c in reading.columns],
        "findings": [_info(f) for f in reading.findings],
        "preview": _cells(table.frame.head(preview)),
        "provenance": _info(table.provenance),
        "fingerprint": None,
    }


def _possible_targets(table: RawTable, names: Iterable[str]) -> list[PossibleTarget]:
    """The columns that make a target, with the task."""
    possible: list[PossibleTarget] = []
    for name in names:
        try:
            cells = table.frame[name].reset_index(drop=True)
            rows, _ = rows_with_target(cells, name, table.options.rules(), strict=table.options.strict)
            target = read_target(cells[rows], name, table.options.task, table.options.rules())
        except InputError:
            continue
        possible.append({"name": name, "task": target.task, "reason": target.reason})
    return possible


def check_data(
    data: DataLike = "sick-healthy", *, seed: int = 0, **options: Unpack[ReadOptions]
) -> DataCheck:
    """Check data before any model is trained, with advice for each finding.

    Parameters
    ----------
    data : str, path, DataFrame or Dataset, default="sick-healthy"
        Anything that :func:`load_dataset` takes.
    seed : int, default=0
        For generated data and for `rows`.
    **options
        The reading options of :func:`load_dataset`, such as `target`.

    Returns
    -------
    dict
        ``name``, ``rows``, ``task``, ``modality``, ``target``, ``errors`` (number of findings that rule out
        a comparison) and ``findings``: each with ``code``, ``severity``, ``message``, ``columns``, ``rows``
        (from 0), ``title`` and ``advice``.

    Raises
    ------
    InputError
        The data cannot be read, or its target is not known.

    Examples
    --------
    >>> from deepworth.datasets import check_data
    >>> check = check_data("wine")
    >>> check["errors"], [finding["code"] for finding in check["findings"]]
    (0, ['DW011', 'DW016'])
    """
    dataset = as_dataset(data, seed=seed, **options)
    findings = check_dataset(dataset)
    return {
        "name": dataset.name,
        "task": dataset.task,
        "modality": dataset.modality,
        "target": dataset.target,
        "rows": len(dataset),
        "findings": [_with_advice(f) for f in findings],
        "errors": sum(f.severity == "error" for f in findings),
    }


def _info(part: Any) -> Any:
    """The fields of a dataclass."""
    return asdict(part)


def _column_info(column: Column) -> ColumnInfo:
    reader = column.reader
    return {
        "name": column.name,
        "role": column.role,
        "reason": column.reason,
        "n_missing": column.n_missing,
        "n_unique": column.n_unique,
        "reader": None if reader is None else reader.to_dict(),
        "spelling": "" if reader is None else reader.spelling(),
        "example": "" if reader is None else reader.example,
        "read_as": "" if reader is None else reader.example_value(),
        "n_unread": column.n_unread,
        "unread": column.unread,
    }


def _with_advice(finding: Finding) -> FindingAdvice:
    code = CODES[finding.code]
    fields: FindingInfo = _info(finding)
    return {**fields, "title": code.title, "advice": code.advice}


def _class_counts(dataset: Dataset) -> dict[str, int] | None:
    if dataset.task == "regression":
        return None
    names, counts = np.unique(dataset.y, return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))


def _range(dataset: Dataset) -> dict[str, float] | None:
    if dataset.task != "regression":
        return None
    return {k: float(f(dataset.y)) for k, f in (("min", np.min), ("mean", np.mean), ("max", np.max))}


def _preview(dataset: Dataset, n_rows: int) -> list[dict[str, object]]:
    """The first rows with their target; an image is described by its size."""
    X: Any = dataset.X
    n_rows = min(n_rows, len(dataset))
    targets = dataset.y[:n_rows].tolist()
    rows: list[dict[str, object]]
    if dataset.modality == "tabular":
        rows = _cells(X.head(n_rows))
    elif dataset.modality == "text":
        rows = [{"text": text} for text in X.head(n_rows).tolist()]
    else:
        rows = [{"image": " x ".join(map(str, X[i].shape))} for i in range(n_rows)]
    return [{**row, dataset.target: y} for row, y in zip(rows, targets, strict=True)]


def _cells(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Rows as dicts of values that JSON can hold, None where a cell is missing."""
    cells = frame.astype(object).where(frame.notna(), None)
    return [{str(k): _cell(v) for k, v in row.items()} for row in cells.to_dict("records")]


def _cell(value: Any) -> object:
    if isinstance(value, (str, int, float, type(None))):
        return value
    return value.item() if isinstance(value, np.generic) else str(value)
