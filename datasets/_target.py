"""The target of a table: which column it is, whether it is usable, and which task it asks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ._base import TASKS, Task
from ._errors import InputError, unknown_name
from ._schema import BAD_CELLS, as_strings, infer_task, numbers_of, to_float

GUESSED_NAMES = ("target", "class", "label", "y")
MIN_ROWS = 10


@dataclass(frozen=True)
class Target:
    """A target ready for a Dataset: str class names or float64, its task, and why.

    ``numeric`` marks numbers that could have been read as either classes or values.
    """

    y: np.ndarray
    task: Task
    reason: str
    n_unique: int
    numeric: bool = False


def choose_target(columns: Iterable[str], target: str | None, source: str) -> tuple[str, bool]:
    """The target's name and whether it was guessed: a column named target, class, label or y."""
    columns = list(columns)
    if target is not None:
        if target not in columns:
            raise unknown_name("column", target, columns)
        return target, False
    guesses = [c for c in columns if c.strip().lower() in GUESSED_NAMES]
    if len(guesses) == 1:
        return guesses[0], True
    counted = columns == [str(i) for i in range(len(columns))]
    if not counted and not np.isnan(numbers_of(np.array(columns, dtype=object))).any():
        raise InputError(
            f"{source}: the first line ({', '.join(columns[:5])}) is all numbers; add a line of names"
        )
    shown = ", ".join(columns[:30]) + (", ..." if len(columns) > 30 else "")
    found = f"several columns could be the target ({', '.join(guesses)})" if guesses else "no target given"
    raise InputError(f"{source}: {found}; say which with --target COLUMN, one of: {shown}")


def read_target(series: pd.Series, name: str, task: str | None = None) -> Target:
    """Check a target column and make it class names or numbers.

    Parameters
    ----------
    task : {"binary", "multiclass", "classification", "regression"}, optional
        What the user asks for; inferred by :func:`infer_task` otherwise.

    Raises
    ------
    InputError
        Missing or infinite values, words among numbers, one value only, more classes than make sense.
    """
    if task is not None and task not in (*TASKS, "classification"):
        raise unknown_name("task", task, (*TASKS, "classification"))
    if len(series) < MIN_ROWS:
        raise InputError(f"{len(series)} rows are too few to compare models on; expected at least {MIN_ROWS}")
    labels, values = _labels_and_values(series)
    _refuse_missing(pd.isna(labels), name)
    numeric = not np.isnan(values).any()
    if not numeric:
        _refuse_words(labels, values, name, task)
    if numeric and np.isinf(values).any():
        raise InputError(
            f"target {name!r}: {_where(np.isinf(values))} infinite; remove those rows or mend them"
        )
    if task in (None, "regression") and numeric:
        return _number_target(labels, values, name, task)
    return _class_target(labels, name, task, f"{len(np.unique(labels.astype(str)))} different names")


def _labels_and_values(series: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Each cell as a class name (None where missing) and as a number (NaN where none)."""
    strings = as_strings(series)
    labels = strings.spread(np.asarray(strings.levels, dtype=object), None)
    types = pd.api.types
    if types.is_numeric_dtype(series.dtype) and not types.is_bool_dtype(series.dtype):
        return labels, to_float(series)
    return labels, strings.spread(numbers_of(strings.levels), np.nan)


def _where(marked: np.ndarray) -> str:
    count, first = int(marked.sum()), int(np.argmax(marked)) + 1
    return f"row {first} is" if count == 1 else f"{count} of {len(marked)} rows, first row {first}, are"


def _refuse_missing(missing: np.ndarray, name: str) -> None:
    if missing.all():
        raise InputError(f"target {name!r} has no value in any row; choose another with --target")
    if missing.any():
        raise InputError(
            f"target {name!r}: {_where(missing)} missing; remove those rows, or fill in the values"
        )


def _refuse_words(labels: np.ndarray, values: np.ndarray, name: str, task: str | None) -> None:
    """Words in a target of numbers are mistakes, unless classes were asked for."""
    words = np.isnan(values)
    few = words.mean() <= BAD_CELLS and len(np.unique(values[~words])) > 2
    if task == "regression" or (task is None and few):
        row = int(np.argmax(words))
        raise InputError(
            f"target {name!r}: {int(words.sum())} cells are no numbers, first {labels[row][:60]!r} "
            f"in row {row + 1}; mend them, or say --task classification"
        )


def _number_target(labels: np.ndarray, values: np.ndarray, name: str, task: str | None) -> Target:
    n_unique = len(np.unique(values))
    if n_unique == 1:
        raise InputError(
            f"target {name!r} has the same value {labels[0]} in every row; nothing can be learned"
        )
    inferred, reason = (task, "as asked for") if task else infer_task(values)
    if inferred != "regression":
        return replace(_class_target(labels, name, task, reason), numeric=n_unique > 2)
    return Target(values, "regression", reason, n_unique, numeric=True)


def _class_target(labels: np.ndarray, name: str, task: str | None, reason: str) -> Target:
    y, classes = labels.astype(str), sorted(set(labels))
    if len(classes) == 1:
        raise InputError(f"target {name!r} has one class only ({labels[0][:60]!r}); expected at least two")
    if task == "binary" and len(classes) > 2:
        shown = ", ".join(classes[:5])
        raise InputError(
            f"target {name!r} has {len(classes)} classes ({shown} ...), not the two of --task binary"
        )
    if len(classes) > 20 and len(classes) > len(y) / 3:
        raise InputError(
            f"target {name!r} has {len(classes)} values in {len(y)} rows, first {labels[0][:60]!r}; "
            f"too many to be classes; choose another with --target"
        )
    return Target(y, "binary" if len(classes) == 2 else "multiclass", reason, len(classes))
