"""From a raw table to a Dataset: target, column roles, dtypes, and which columns are left out and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ._base import FEATURE_ROLES, Column, Dataset, Finding, Provenance, Role, Schema, Severity
from ._codes import finding
from ._errors import InputError, unknown_name
from ._plan_columns import in_row_order, read_groups, read_split, read_times
from ._reader import ColumnReader, unread_cells
from ._roles import ReadingRules
from ._schema import Inspection, inspect_column, read_column, table_rules
from ._target import Target, check_header, choose_target, no_target, read_target, rows_with_target
from ._totals import note_total

# So many cells of a column may hold a level that training never saw before it is told.
MOST_UNSEEN, FEW_UNSEEN = 0.05, 3


@dataclass
class TableOptions:
    """The reading options of a table."""

    target: str | None = None
    drop: Sequence[str] = ()
    categorical: Sequence[str] = ()
    text: str | None = None
    task: str | None = None
    split_column: str | None = None
    groups: str | None = None
    positive: str | None = None
    time: str | None = None
    numeric: Sequence[str] = ()
    dayfirst: bool | None = None
    decimal: str | None = None
    thousands: str | None = None
    missing: Sequence[str] | None = None
    strict: bool = False
    readers: Mapping[str, ColumnReader] = field(default_factory=dict)
    """Readers that are decided already, by column: those of a saved model."""

    def rules(self) -> ReadingRules:
        """What is given about the spelling of cells."""
        return ReadingRules(
            None if self.dayfirst is None else "day" if self.dayfirst else "month",
            self.decimal,
            self.thousands,
            None if self.missing is None else tuple(self.missing),
        )


@dataclass(frozen=True)
class RawTable:
    """A table as it was read from its source, before its columns are."""

    frame: pd.DataFrame
    options: TableOptions
    name: str
    provenance: Provenance
    test: np.ndarray | None = None


class NoTargetError(InputError):
    """The target of a table was not given and cannot be guessed; `table` is the table."""

    def __init__(self, message: str, table: RawTable | None = None) -> None:
        super().__init__(message)
        self.table = table


@dataclass
class Reading:
    """The columns of a table, its features and the findings, as they are read.

    ``train`` marks the rows that decide how columns are read; None means all. ``row_numbers`` are those of
    the source, from 0, where rows were left out.
    """

    rules: ReadingRules
    train: np.ndarray | None = None
    row_numbers: np.ndarray | None = None
    columns: list[Column] = field(default_factory=list)
    features: dict[str, pd.Series] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def note(
        self, code: str, severity: Severity, message: str, columns: Sequence[str] = (), rows: Any = ()
    ) -> None:
        """Add a finding."""
        self.findings.append(finding(code, severity, message, columns, rows))

    def numbered(self, rows: Any) -> Any:
        """The row numbers of the source for positions in what is read."""
        return rows if self.row_numbers is None else self.row_numbers[np.asarray(rows, dtype=int)]


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
        Features and target with raw cells: the role of a column of strings is inferred from its values.
    options : TableOptions, optional
    name : str
    provenance : Provenance, optional
    test : bool ndarray of shape (n_samples,), optional
        Rows of the official test set.

    Raises
    ------
    InputError
        The target is not known or cannot be used, a named column does not exist, or no feature is left.
    """
    if not frame.index.equals(pd.RangeIndex(len(frame))):  # messages number the rows from it
        frame = frame.reset_index(drop=True)
    table = RawTable(frame, options or TableOptions(), name, provenance or Provenance("memory"), test)
    choice = choose_target(frame.columns, table.options.target)
    if choice is None:
        check_header(frame.columns, name)
        raise NoTargetError(no_target(frame.columns, name), table)
    return _dataset(table, *choice)


def _dataset(table: RawTable, target: str, guessed: bool) -> Dataset:
    options = table.options
    _check_names(table.frame, options, target)
    reading = Reading(rules=table_rules(table.frame, options.rules()))
    frame, test = _labelled(table, target, reading)
    reading.findings += note_total(frame)
    if options.split_column is not None:
        test = read_split(frame[options.split_column], options.split_column, reading.findings)
    reading.train = None if test is None else ~test
    values = read_target(frame[target], target, options.task, reading.rules, options.readers.get(target))
    _note_guesses(target, guessed, values, options, reading)
    _read_columns(frame, options, reading, target, values)
    X = _features(frame, options, reading)
    return Dataset(
        table.name,
        X,
        values.y,
        values.task,
        "text" if isinstance(X, pd.Series) else "tabular",
        schema=Schema(tuple(reading.columns)),
        positive=check_positive(options.positive, values.y, values.task),
        groups=None if options.groups is None else read_groups(frame[options.groups], options.groups),
        time=None if options.time is None else read_times(frame, options.time, reading.rules),
        test=test,
        provenance=table.provenance,
        findings=reading.findings,
        target=target,
        row_numbers=reading.row_numbers,
    )


def _labelled(table: RawTable, target: str, reading: Reading) -> tuple[pd.DataFrame, np.ndarray | None]:
    """The rows with a target, whose index holds their numbers in the source, and the test rows of them."""
    frame, options, test = table.frame, table.options, table.test
    rows, findings = rows_with_target(
        frame[target].reset_index(drop=True),
        target,
        reading.rules,
        options.readers.get(target),
        strict=options.strict,
        test=test,
    )
    if rows.all():
        return frame, test
    reading.findings += findings
    reading.row_numbers = np.flatnonzero(rows)
    return frame.set_axis(range(len(frame)))[rows], None if test is None else test[rows]


def _note_guesses(
    target: str, guessed: bool, values: Target, options: TableOptions, reading: Reading
) -> None:
    if guessed:
        reading.note("DW017", "info", f"{target!r} was taken as the target because of its name", (target,))
    if options.task is None and values.numeric:
        message = f"the task was inferred to be {values.task}: target {target!r} has {values.reason}"
        reading.note("DW017", "info", message, (target,))


def read_columns(frame: pd.DataFrame, options: TableOptions) -> Reading:
    """The columns of a table whose target is not known."""
    _check_names(frame, options, None)
    reading = Reading(rules=table_rules(frame, options.rules()))
    _read_columns(frame, options, reading)
    return reading


def _read_columns(
    frame: pd.DataFrame,
    options: TableOptions,
    reading: Reading,
    target: str | None = None,
    values: Target | None = None,
) -> None:
    for name in frame.columns:
        if values is not None and name == target:
            reason = f"{values.task}: {values.reason}"
            column = Column(name, "target", reason, 0, values.n_unique, values.reader)
            reading.columns.append(column)
        else:
            _read_column(frame[name], name, _given_role(name, options), options, reading)


def check_positive(positive: str | None, y: np.ndarray, task: str) -> str | None:
    """The positive class, if it is one of the classes of a binary task."""
    if positive is None:
        return None
    if task != "binary":
        raise InputError(f"--positive names a class of a binary task, this one is {task}; remove --positive")
    classes = np.unique(y).tolist()
    if str(positive) not in classes:
        raise unknown_name("class", str(positive), classes)
    return str(positive)


def _check_names(frame: pd.DataFrame, options: TableOptions, target: str | None) -> None:
    time = None if in_row_order(options.time, frame.columns) else options.time
    named = (options.text, options.split_column, options.groups, time)
    singles = [name for name in named if name is not None]
    for column in (*options.drop, *options.categorical, *options.numeric, *singles):
        if column not in frame.columns:
            raise unknown_name("column", column, frame.columns)
    for option, columns in (("--numeric", options.numeric), ("--categorical", options.categorical)):
        if target in columns:
            raise InputError(
                f"column {target!r} is the target, which {option} does not read; to say whether it holds "
                f"numbers or classes, use --task"
            )
    if target in (*options.drop, *singles):
        raise InputError(
            f"column {target!r} is the target and cannot be dropped or used in another role; choose another "
            f"with --target"
        )


def _given_role(column: str, options: TableOptions) -> Role | None:
    """The role that an option gives to a column, in order of precedence."""
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
    if column in options.numeric:
        return "numeric"
    return "categorical" if column in options.categorical else None


def _read_column(
    series: pd.Series, name: str, role: Role | None, options: TableOptions, reading: Reading
) -> None:
    if role in ("split", "group", "time"):
        n_missing, n_unique = int(series.isna().sum()), int(series.nunique())
        reading.columns.append(Column(name, role, "chosen by an option", n_missing, n_unique))
    elif _holds_objects(series):
        n_missing = int(series.isna().sum())
        reading.columns.append(Column(name, "dropped", "lists or objects, not values", n_missing))
        reading.note("DW020", "warning", f"column {name!r} holds lists or objects and was left out", (name,))
    else:
        _keep_or_drop(name, _inspected(_as_objects(series), name, role, options, reading), role, reading)


def _inspected(
    series: pd.Series, name: str, role: Role | None, options: TableOptions, reading: Reading
) -> Inspection:
    """The column read as a saved model reads it, as an option says, or as its training rows suggest."""
    if name in options.readers:
        return read_column(series, options.readers[name])
    forced = role if role in ("text", "categorical", "numeric") else None
    return inspect_column(series, name, forced, reading.rules, reading.train)


def _as_objects(series: pd.Series) -> pd.Series:
    """Strings as objects: libraries use the nullable string dtype for any strings, so it means nothing."""
    return series.astype(object) if isinstance(series.dtype, pd.StringDtype) else series


def _holds_objects(series: pd.Series) -> bool:
    if series.dtype != object:
        return False
    nested = (list, tuple, dict, set, np.ndarray, bytes)
    return any(isinstance(cell, nested) for cell in series)


def _keep_or_drop(name: str, inspected: Inspection, role: Role | None, reading: Reading) -> None:
    kept, reason = inspected.role, inspected.reason
    n_rows = len(inspected.values)
    if role == "dropped":
        kept, reason = "dropped", "chosen by an option"
    elif inspected.given:
        pass
    elif inspected.n_missing == n_rows and role != "text":
        kept, reason = "dropped", "no value in any row"
        reading.note("DW003", "warning", f"column {name!r} has no value in any row and was left out", (name,))
    elif inspected.n_unique == 1 and inspected.n_missing == 0 and role != "text":
        kept, reason = "constant", "the same value in every row"
        message = f"column {name!r} has the same value in every row and was left out"
        reading.note("DW002", "info", message, (name,))
    elif inspected.role == "identifier":
        reading.note("DW001", "info", f"column {name!r} was left out as an identifier: {reason}", (name,))
    if kept in FEATURE_ROLES:
        reading.features[name] = inspected.values
        _note_cells(name, inspected, reading)
    reading.columns.append(
        Column(
            name,
            kept,
            reason,
            inspected.n_missing,
            inspected.n_unique,
            inspected.reader,
            inspected.strange,
            len(inspected.strange_rows),
        )
    )


def _note_cells(name: str, inspected: Inspection, reading: Reading) -> None:
    """Findings about cells that could not be read, or could be read in two ways."""
    if inspected.strange_rows:
        rows = reading.numbered(inspected.strange_rows)
        message = unread_cells(name, inspected.role, inspected.strange, rows, len(inspected.values))
        infinite = all(cell.lstrip("+-").lower() in ("inf", "infinity") for cell in inspected.strange)
        if infinite:
            message = message.replace("could not be read as numbers", "are infinite")
        elif inspected.role == "numeric":
            message += "; to read categories, use --categorical"
        code = "DW022" if infinite else "DW021"
        reading.note(code, "warning", message, (name,), rows)
    _note_unseen_levels(name, inspected.values, reading)
    if inspected.mixed:
        message = f"column {name!r} mixes numbers and words and was read as categories"
        reading.note("DW021", "warning", message, (name,))
    if inspected.ambiguous:
        taken, other = ("day", "month") if inspected.reader.order == "day" else ("month", "day")
        message = (
            f"column {name!r}: the order of dates such as {inspected.ambiguous} is ambiguous; they were read "
            f"{taken} first; if that is wrong, use --{other}first"
        )
        reading.note("DW035", "warning", message, (name,))


def _note_unseen_levels(name: str, values: pd.Series, reading: Reading) -> None:
    """A finding where many cells of the test set hold levels that no training row has."""
    if reading.train is None or not isinstance(values.dtype, pd.CategoricalDtype):
        return
    known = values[reading.train].cat.remove_unused_categories().cat.categories
    unseen = (values.notna() & ~values.isin(known)).to_numpy()
    n, n_test = int(unseen.sum()), int((~reading.train).sum())
    if n > MOST_UNSEEN * n_test and n > FEW_UNSEEN:
        row = int(np.argmax(unseen))
        message = (
            f"column {name!r}: {n:,} of {n_test:,} cells of the test set hold levels that no training row "
            f"has, first row {reading.numbered(row) + 1}: {str(values.iloc[row])[:60]!r}"
        )
        reading.note("DW036", "warning", message, (name,), reading.numbered(np.flatnonzero(unseen)))


def _features(frame: pd.DataFrame, options: TableOptions, reading: Reading) -> pd.DataFrame | pd.Series:
    """A DataFrame of features, or the only text column as a Series of str."""
    if not reading.features:
        dropped = ", ".join(f"{c.name} ({c.role})" for c in reading.columns if c.role != "target")
        raise InputError(
            f"no feature column is left besides the target; left out: {dropped or 'none'}; add columns, or "
            f"force one with --categorical or --numeric"
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


def _texts(series: pd.Series, name: str, reading: Reading) -> pd.Series:
    empty = series.isna().to_numpy()
    if empty.all():
        raise InputError(f"text column {name!r} is empty in every row; choose another with --text")
    if empty.any():
        rows = reading.numbered(np.flatnonzero(empty))
        message = (
            f"text column {name!r} is empty in {len(rows)} of {len(series)} rows, first row {rows[0] + 1}"
        )
        reading.note("DW023", "warning", message, (name,), rows)
    return pd.Series(series.fillna("").astype(object), name=name)
