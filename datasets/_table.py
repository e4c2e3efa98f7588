"""From a raw table to a Dataset: target, roles, dtypes, what was dropped and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ._base import FEATURE_ROLES, Column, Dataset, Finding, Provenance, Role, Schema
from ._codes import finding
from ._errors import InputError, unknown_name
from ._plan_columns import read_groups, read_split, read_time
from ._schema import Inspection, inspect_column
from ._target import Target, choose_target, read_target


@dataclass
class TableOptions:
    """What the user says about a table."""

    target: str | None = None
    drop: Sequence[str] = ()
    categorical: Sequence[str] = ()
    text: str | None = None
    task: str | None = None
    split_column: str | None = None
    groups: str | None = None
    positive: str | None = None
    time: str | None = None


@dataclass
class _Reading:
    """Columns and findings as they come up."""

    columns: list[Column] = field(default_factory=list)
    features: dict[str, pd.Series] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def note(self, code: str, severity, message: str, columns: Sequence[str] = (), rows: Any = ()) -> None:
        self.findings.append(finding(code, severity, message, columns, rows))


def dataset_from_frame(
    frame: pd.DataFrame,
    options: TableOptions | None = None,
    *,
    name: str = "table",
    provenance: Provenance | None = None,
    test: np.ndarray | None = None,
) -> Dataset:
    """A Dataset from a raw table.

    Parameters
    ----------
    frame : DataFrame of shape (n_samples, n_columns)
        Features and target, cells as they came: strings are judged by their values.
    options : TableOptions
        The user's words about it.
    test : bool ndarray of shape (n_samples,), optional
        Rows of the official test part.

    Raises
    ------
    InputError
        The target cannot be used, a named column does not exist, or no feature is left.
    """
    options = options or TableOptions()
    reading = _Reading()
    target, guessed = choose_target(frame.columns, options.target, name)
    _check_names(frame, options, target)
    if options.split_column is not None:
        test = read_split(frame[options.split_column], options.split_column, reading.findings)
    found = read_target(frame[target], target, options.task)
    if guessed:
        reading.note("DW017", "info", f"target taken to be {target!r}, by its name", (target,))
    if options.task is None and found.numeric:
        reading.note(
            "DW017", "info", f"task read as {found.task}: target {target!r} has {found.reason}", (target,)
        )
    for column in frame.columns:
        _read_column(frame[column], column, _given_role(column, target, options), found, options, reading)
    X = _features(frame, options, reading)
    return Dataset(
        name,
        X,
        found.y,
        found.task,
        "text" if isinstance(X, pd.Series) else "tabular",
        schema=Schema(tuple(reading.columns)),
        positive=check_positive(options.positive, found.y, found.task),
        groups=None if options.groups is None else read_groups(frame[options.groups], options.groups),
        time=None if options.time is None else read_time(frame[options.time], options.time),
        test=test,
        provenance=provenance or Provenance("memory"),
        findings=reading.findings,
        target=target,
    )


def check_positive(positive: str | None, y: np.ndarray, task: str) -> str | None:
    """The positive class, if it is one of the classes of a binary task."""
    if positive is None:
        return None
    if task != "binary":
        raise InputError(f"--positive names a class of a binary task, this one is {task}; leave it out")
    classes = np.unique(y).tolist()
    if str(positive) not in classes:
        raise unknown_name("class", str(positive), classes)
    return str(positive)


def _check_names(frame: pd.DataFrame, options: TableOptions, target: str) -> None:
    named = (options.text, options.split_column, options.groups, options.time)
    singles = [name for name in named if name is not None]
    for column in (*options.drop, *options.categorical, *singles):
        if column not in frame.columns:
            raise unknown_name("column", column, frame.columns)
    if target in (*options.drop, *singles):
        raise InputError(
            f"column {target!r} is the target and cannot be dropped or used otherwise; see --target"
        )


def _given_role(column: str, target: str, options: TableOptions) -> Role | None:
    """What the user decided about a column, in order of precedence."""
    if column == target:
        return "target"
    if column == options.split_column:
        return "split"
    if column == options.groups:
        return "group"
    if column == options.time:
        return "time"
    if column in options.drop or (options.text is not None and column != options.text):
        return "dropped"
    if column == options.text:
        return "text"
    return "categorical" if column in options.categorical else None


def _read_column(
    series: pd.Series, name: str, role: Role | None, target: Target, options: TableOptions, reading: _Reading
) -> None:
    if role == "target":
        reading.columns.append(Column(name, role, f"{target.task}: {target.reason}", 0, target.n_unique))
    elif role in ("split", "group", "time"):
        reading.columns.append(
            Column(name, role, "as asked for", int(series.isna().sum()), int(series.nunique()))
        )
    elif _holds_objects(series):
        reading.columns.append(
            Column(name, "dropped", "lists or objects, not values", int(series.isna().sum()))
        )
        reading.note("DW020", "warning", f"column {name!r} holds lists or objects and was left out", (name,))
    else:
        found = inspect_column(
            _judged_by_values(series), name, role if role in ("text", "categorical") else None
        )
        _keep_or_drop(name, found, role, options, reading)


def _judged_by_values(series: pd.Series) -> pd.Series:
    """Table libraries hand out nullable strings for words of any kind, so their dtype says nothing."""
    return series.astype(object) if isinstance(series.dtype, pd.StringDtype) else series


def _holds_objects(series: pd.Series) -> bool:
    if series.dtype != object:
        return False
    nested = (list, tuple, dict, set, np.ndarray, bytes)
    return any(isinstance(cell, nested) for cell in series)


def _keep_or_drop(
    name: str, found: Inspection, role: Role | None, options: TableOptions, reading: _Reading
) -> None:
    kept, reason = found.role, found.reason
    n_rows = len(found.values)
    if role == "dropped":
        kept = "dropped"
        reason = "as asked for" if name in options.drop else "only the text column was asked for"
    elif found.n_missing == n_rows and role != "text":
        kept, reason = "dropped", "no value in any row"
        reading.note("DW003", "warning", f"column {name!r} has no value in any row and was left out", (name,))
    elif found.n_unique == 1 and found.n_missing == 0 and role != "text":
        kept, reason = "constant", "one value in every row"
        reading.note("DW002", "info", f"column {name!r} has one value in every row and was left out", (name,))
    elif found.role == "identifier":
        reading.note("DW001", "info", f"column {name!r} was left out as an identifier: {reason}", (name,))
    if kept in FEATURE_ROLES:
        reading.features[name] = found.values
        _note_strange_cells(name, found, reading)
    reading.columns.append(Column(name, kept, reason, found.n_missing, found.n_unique))


def _note_strange_cells(name: str, found: Inspection, reading: _Reading) -> None:
    if found.strange:
        first = ", ".join(repr(cell) for cell in found.strange[:3])
        message = (
            f"column {name!r}: {len(found.strange_rows)} cells are no finite numbers ({first}; first in row "
            f"{found.strange_rows[0] + 1}) and count as missing; see --categorical"
        )
        infinite = all(cell.lstrip("+-").lower() in ("inf", "infinity") for cell in found.strange)
        reading.note("DW022" if infinite else "DW021", "warning", message, (name,), found.strange_rows)
    if found.mixed:
        message = f"column {name!r} mixes numbers with words and was read as categories"
        reading.note("DW021", "warning", message, (name,))


def _features(frame: pd.DataFrame, options: TableOptions, reading: _Reading) -> pd.DataFrame | pd.Series:
    """A frame of features, or the one text column as a series of str."""
    if not reading.features:
        dropped = ", ".join(f"{c.name} ({c.role})" for c in reading.columns if c.role != "target")
        raise InputError(
            f"no feature column is left besides the target; left out: {dropped or 'there are none'}"
        )
    roles = {c.name: c.role for c in reading.columns}
    names = list(reading.features)
    if len(names) > 1 or roles[names[0]] != "text":
        return pd.DataFrame(reading.features)
    if options.text is not None:
        others = [c for c in frame.columns if roles[c] == "dropped" and c not in options.drop]
        if others:
            reading.note("DW024", "info", f"--text {names[0]}: left out {', '.join(others)}", others)
    return _texts(reading.features[names[0]], names[0], reading)


def _texts(series: pd.Series, name: str, reading: _Reading) -> pd.Series:
    empty = series.isna().to_numpy()
    if empty.all():
        raise InputError(f"text column {name!r} is empty in every row; choose another with --text")
    if empty.any():
        rows = np.flatnonzero(empty)
        message = (
            f"text column {name!r} is empty in {len(rows)} of {len(series)} rows, first row {rows[0] + 1}"
        )
        reading.note("DW023", "warning", message, (name,), rows)
    return pd.Series(series.fillna("").astype(object), name=name)
