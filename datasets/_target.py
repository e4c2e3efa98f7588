"""The target of a table: which column it is, whether it can be used, and its task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ._base import TASKS, Finding, Role, Task
from ._codes import finding
from ._errors import InputError, unknown_name
from ._numbers import numbers_of
from ._reader import ColumnReader, read_numbers
from ._roles import BAD_CELLS, ReadingRules, number_format
from ._schema import infer_task
from ._spellings import are_booleans, as_strings, is_code, to_float

GUESSED_NAMES = ("target", "class", "label", "y")
MIN_ROWS = 10
# Rows without a target teach nothing and are left out. Where more than this share of the rows has none, it is
# the wrong column, a failed join, or a mark such as None that is the name of a class: to go on would answer
# another question than the one asked.
MOST_WITHOUT_TARGET = 0.2


@dataclass(frozen=True)
class Target:
    """A converted target: class names as str or values as float64, with its task and the reason.

    ``numeric`` says that the cells are numbers, which could be classes or values; ``reader`` reads the
    targets of further rows.
    """

    y: np.ndarray
    task: Task
    reason: str
    n_unique: int
    numeric: bool = False
    reader: ColumnReader | None = None


def choose_target(columns: Iterable[str], target: str | None) -> tuple[str, bool] | None:
    """The target's name and whether it was guessed: a single column named target, class, label or y.

    None where the target is not known.
    """
    if target is not None:
        if target not in columns:
            raise unknown_name("column", target, columns)
        return target, False
    guesses = _guesses(columns)
    return (guesses[0], True) if len(guesses) == 1 else None


def _guesses(columns: Iterable[str]) -> list[str]:
    return [c for c in columns if c.strip().lower() in GUESSED_NAMES]


def no_target(columns: Iterable[str], source: str) -> str:
    """The message for a table whose target is not known."""
    columns, guesses = list(columns), _guesses(columns)
    shown = ", ".join(columns[:30]) + (", ..." if len(columns) > 30 else "")
    problem = f"several columns could be the target ({', '.join(guesses)})" if guesses else "no target given"
    return f"{source}: {problem}; choose one with --target COLUMN: {shown}"


def check_header(columns: Iterable[str], source: str) -> None:
    """Refuse a table whose column names are all numbers: its first line holds values, not names."""
    names = list(columns)
    numbered = names == [str(i) for i in range(len(names))]
    if not numbered and not np.isnan(numbers_of(np.array(names, dtype=object))).any():
        raise InputError(
            f"{source}: the first line ({', '.join(names[:5])}) has only numbers; add a line of column names"
        )


def rows_with_target(
    series: pd.Series,
    name: str,
    rules: ReadingRules | None = None,
    reader: ColumnReader | None = None,
    *,
    strict: bool = False,
    test: np.ndarray | None = None,
) -> tuple[np.ndarray, list[Finding]]:
    """Which rows have a target; the others are to be left out, and a finding says so.

    Parameters
    ----------
    series : Series of shape (n_samples,)
    name : str
        Name of the column, for messages.
    rules : ReadingRules, optional
        What is given about the spelling of cells.
    reader : ColumnReader, optional
        That of a saved model, where it is decided already.
    strict : bool, default=False
        Whether a single row without a target is refused.
    test : bool ndarray of shape (n_samples,), optional
        Rows of the test set, which must not lose too many rows either.

    Returns
    -------
    rows : bool ndarray of shape (n_samples,)
    findings : list of Finding

    Raises
    ------
    InputError
        No row, or fewer than 80 % of the rows of a side, have a target.
    """
    marks_as_missing = reader.missing if reader else rules.missing if rules else None
    missing, marks = _missing(series, marks_as_missing)
    if not missing.any():
        return ~missing, []
    if missing.all():
        raise InputError(f"target {name!r} has no value in any row; choose another with --target")
    hint = _if_a_class(marks)
    everything = np.ones(len(missing), dtype=bool)
    sides = {"": everything} if test is None else {"training ": ~test, "test ": test}
    for side, belongs in sides.items():
        n, rows = int(belongs.sum()), np.flatnonzero(missing & belongs)
        if strict and len(rows):
            raise InputError(
                f"target {name!r}: {_without_value(rows, n, side)}; remove these rows, or fill in the "
                f"values, or leave out --strict{hint}"
            )
        if len(rows) > MOST_WITHOUT_TARGET * n:
            raise InputError(
                f"target {name!r}: {_without_value(rows, n, side)}, more than {MOST_WITHOUT_TARGET:.0%}; "
                f"choose another with --target, remove these rows, or fill in the values{hint}"
            )
    rows = np.flatnonzero(missing)
    message = f"target {name!r}: {_without_value(rows, len(missing))}, left out{hint}"
    return ~missing, [finding("DW037", "warning", message, (name,), rows)]


def _without_value(rows: np.ndarray, n: int, side: str = "") -> str:
    """Say how many rows have no target, such as "2 of 40 rows, first row 5, have no value"."""
    if len(rows) == 1:
        return f"1 of {n:,} {side}rows, row {rows[0] + 1}, has no value"
    return f"{len(rows):,} of {n:,} {side}rows, first row {rows[0] + 1}, have no value"


def _missing(series: pd.Series, marks: tuple[str, ...] | None) -> tuple[np.ndarray, tuple[str, ...]]:
    """Which cells are missing, and the marks that say so; numbers are none of the usual marks."""
    if _is_numeric(series) and not marks:
        return series.isna().to_numpy(dtype=bool), ()
    strings = as_strings(series, marks)
    return strings.codes < 0, strings.marks


def read_target(
    series: pd.Series,
    name: str,
    task: str | None = None,
    rules: ReadingRules | None = None,
    reader: ColumnReader | None = None,
) -> Target:
    """Check a target column and convert it to class names or numbers.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Of rows that have a target; its index holds their numbers from 0, for messages.
    name : str
        Name of the column, for messages.
    task : {"binary", "multiclass", "classification", "regression"}, optional
        Inferred by :func:`infer_task` by default.
    rules : ReadingRules, optional
        What is given about the spelling of cells.
    reader : ColumnReader, optional
        That of a saved model, where it is decided already.

    Raises
    ------
    InputError
        There are infinite values, words among numbers, only one value, or too many classes.
    """
    if task is not None and task not in (*TASKS, "classification"):
        raise unknown_name("task", task, (*TASKS, "classification"))
    if len(series) < MIN_ROWS:
        raise InputError(
            f"{len(series)} rows with a target are too few to compare models on; expected at least {MIN_ROWS}"
        )
    rules = rules or ReadingRules()
    reader = reader or _target_reader(series, rules)
    labels, values = _labels_and_values(series, reader)
    numeric = not np.isnan(values).any()
    if not numeric:
        _refuse_words(labels, values, name, task, series.index)
    if numeric and np.isinf(values).any():
        raise InputError(
            f"target {name!r}: {_where(np.isinf(values), series.index)} infinite; remove or correct these "
            f"rows"
        )
    if task in (None, "regression") and numeric:
        target = _number_target(labels, values, name, task)
    else:
        target = _class_target(labels, name, task, f"{len(np.unique(labels.astype(str)))} different names")
    role: Role = "numeric" if target.task == "regression" else "categorical"
    return replace(target, reader=replace(reader, role=role))


def _target_reader(series: pd.Series, rules: ReadingRules) -> ColumnReader:
    """How targets are read; numbers that are codes, such as 007 and 19-digit ids, are names of classes."""
    if _is_numeric(series):
        return ColumnReader("categorical" if is_code(series) else "numeric", missing=rules.missing)
    strings = as_strings(series, rules.missing)
    form = number_format(strings, rules)
    if form is None or is_code(series):
        return ColumnReader("categorical", missing=rules.missing, booleans=are_booleans(strings.levels))
    return ColumnReader("numeric", numbers=form, missing=rules.missing)


def _is_numeric(series: pd.Series) -> bool:
    types = pd.api.types
    return types.is_numeric_dtype(series.dtype) and not types.is_bool_dtype(series.dtype)


def _labels_and_values(series: pd.Series, reader: ColumnReader) -> tuple[np.ndarray, np.ndarray]:
    """Each cell as a class name (None where missing) and as a number (NaN where it is not one)."""
    strings = as_strings(series, reader.missing, booleans=reader.booleans)
    labels = strings.spread(np.asarray(strings.levels, dtype=object), None)
    if reader.role == "categorical":
        return labels, np.full(len(labels), np.nan)
    if _is_numeric(series):
        return labels, to_float(series)
    return labels, strings.spread(read_numbers(strings.levels, reader.numbers), np.nan)


def _where(marked: np.ndarray, numbers: pd.Index) -> str:
    count, first = int(marked.sum()), int(numbers[int(np.argmax(marked))]) + 1
    return f"row {first} is" if count == 1 else f"{count} of {len(marked)} rows, first row {first}, are"


def _if_a_class(marks: Sequence[str]) -> str:
    """What to do where a mark such as None, read as missing, is the name of a class."""
    words = [mark for mark in marks if mark.isalpha() and mark != "blank"]
    return f"; if {' or '.join(map(repr, words))} is a class, use --keep-na" if words else ""


def _refuse_words(
    labels: np.ndarray, values: np.ndarray, name: str, task: str | None, numbers: pd.Index
) -> None:
    """Refuse words in a numeric target, unless it is to be classified."""
    words = np.isnan(values)
    few = words.mean() <= BAD_CELLS and len(np.unique(values[~words])) > 2
    if task == "regression" or (task is None and few):
        row = int(np.argmax(words))
        raise InputError(
            f"target {name!r}: {_where(words, numbers)} not a number (such as {labels[row][:60]!r}); correct "
            f"them, or use --task classification"
        )


def _number_target(labels: np.ndarray, values: np.ndarray, name: str, task: str | None) -> Target:
    n_unique = len(np.unique(values))
    if n_unique == 1:
        raise InputError(
            f"target {name!r} has the same value {labels[0]} in every row; choose another with --target"
        )
    inferred, reason = (task, "chosen by --task") if task else infer_task(values)
    if inferred != "regression":
        return replace(_class_target(labels, name, task, reason), numeric=n_unique > 2)
    return Target(values, "regression", reason, n_unique, numeric=True)


def _class_target(labels: np.ndarray, name: str, task: str | None, reason: str) -> Target:
    y, classes = labels.astype(str), sorted(set(labels))
    if len(classes) == 1:
        raise InputError(
            f"target {name!r} has only one class ({labels[0][:60]!r}); choose another with --target"
        )
    if task == "binary" and len(classes) > 2:
        shown = ", ".join(classes[:5])
        raise InputError(
            f"target {name!r} has {len(classes)} classes ({shown} ...), but --task binary needs two; use "
            f"--task multiclass"
        )
    if len(classes) > 20 and len(classes) > len(y) / 3:
        raise InputError(
            f"target {name!r} has {len(classes)} values in {len(y)} rows, first {labels[0][:60]!r}; "
            f"too many to be classes; choose another with --target"
        )
    return Target(y, "binary" if len(classes) == 2 else "multiclass", reason, len(classes))
