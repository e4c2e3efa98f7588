"""Checks of columns: empty, equal, many levels, dates, groups, and marks that may mean missing."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote
from typing import Any

import numpy as np
import pandas as pd

from ._base import Dataset, Finding
from ._codes import finding
from ._roles import is_id_name, is_time_name
from ._rows import group_sizes, row_hashes

MANY_LEVELS = 100
MANY_MISSING = 0.4
MANY_TIMES = 10  # so many different values in order, or so often as others, are not a coincidence
_SENTINELS = (-1.0, -9.0, -99.0, -999.0, -9999.0, -99999.0, 99.0, 999.0, 9999.0, 99999.0, 999999.0)
OFTEN = 0.05  # share of the rows in which the only negative number of a column is no slip
RARELY = 0.01  # the same, where all other numbers are far less frequent


def check_columns(dataset: Dataset) -> Iterator[Finding]:
    """DW002, DW003, DW012 to DW015, DW018: each column by itself."""
    X: Any = dataset.X
    for name, column in X.items():
        n_unique = int(column.nunique())
        yield from _check_values(name, n_unique, float(column.isna().mean()))
        if dataset.time is None:
            yield from _check_time(name, column, n_unique)
        if isinstance(column.dtype, pd.CategoricalDtype):
            yield from _check_levels(name, n_unique, len(column))
        elif pd.api.types.is_float_dtype(column.dtype):
            yield from _check_sentinels(name, column.dropna().to_numpy())
        yield from _check_group_name(name, n_unique, len(column))
    if dataset.task == "regression":  # nothing sold, say, is no missing value
        yield from _check_sentinels(dataset.target, dataset.y, zeros=False)


def _check_values(name: str, n_unique: int, missing: float) -> Iterator[Finding]:
    if n_unique == 0:
        yield finding("DW003", "warning", f"column {name!r} has no value in any row", (name,))
    elif n_unique == 1 and not missing:
        yield finding("DW002", "info", f"column {name!r} has the same value in every row", (name,))
    elif missing >= MANY_MISSING:
        yield finding("DW013", "info", f"column {name!r} is missing in {missing:.0%} of the rows", (name,))


def has_time(X: pd.DataFrame) -> bool:
    """Whether DW014 names a column."""
    return any(any(_check_time(name, column, int(column.nunique()))) for name, column in X.items())


def _check_time(name: str, column: pd.Series, n_unique: int) -> Iterator[Finding]:
    """Dates, or rows in the order of a number whose name says year, time and the like."""
    risk = f"if later rows are to be predicted, random folds leak the future: use --time {quote(str(name))}"
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        yield finding("DW014", "warning", f"column {name!r} holds dates: {risk}", (name,))
        return
    number = pd.api.types.is_float_dtype(column.dtype) and n_unique >= MANY_TIMES
    if number and is_time_name(str(name)) and column.is_monotonic_increasing:
        yield finding("DW014", "warning", f"rows are in the order of column {name!r}: {risk}", (name,))


def _check_levels(name: str, n_levels: int, n_rows: int) -> Iterator[Finding]:
    if n_levels > MANY_LEVELS or (n_levels > 20 and n_levels > 0.3 * n_rows):
        message = f"column {name!r} has {n_levels} levels in {n_rows} rows: rare levels cannot be learned"
        yield finding("DW012", "warning" if n_levels > 0.3 * n_rows else "info", message, (name,))


def _check_group_name(name: str, n_unique: int, n_rows: int) -> Iterator[Finding]:
    if is_id_name(str(name)) and 1 < n_unique < 0.9 * n_rows and n_unique > 10:
        message = (
            f"column {name!r} may define groups ({n_unique} values in {n_rows} rows); if so, use "
            f"--groups {quote(str(name))}"
        )
        yield finding("DW018", "warning", message, (name,))


def _check_sentinels(name: str, values: np.ndarray, zeros: bool = True) -> Iterator[Finding]:
    """A number such as -999, or a zero, that many rows share and that lies far from all others."""
    levels, counts = np.unique(values, return_counts=True)
    if len(levels) < 20:
        yield from _check_few_numbers(name, levels, counts)
        return
    for at, next_to in ((0, 1), (-1, -2)):
        value, count, neighbour = levels[at], counts[at], levels[next_to]
        rest, gap = values[values != value], abs(value - neighbour)
        spread = np.subtract(*np.percentile(rest, [75, 25])) or np.std(rest)
        lonely = value in _SENTINELS and gap > 3 * spread
        usual = np.median(np.diff(np.unique(rest)))
        zero = value == 0 == at and gap > max(3 * usual, 0.1 * np.median(rest)) and count <= len(rest)
        reason = (
            _far(neighbour)
            if lonely or (zero and zeros)
            else _odd_one(value, neighbour, np.delete(counts, at), count)
        )
        if reason and count >= max(3, 0.005 * len(values)):
            message = f"column {name!r}: {count} rows hold {value:g}, {reason}; does it mean missing?"
            yield finding("DW015", "info", message, (name,))


def _odd_one(value: float, neighbour: float, others: np.ndarray, count: int) -> str:
    """Why a mark of missing values that is not far from the others stands out; "" if it does not."""
    if value not in _SENTINELS:
        return ""
    n_rows, often = (
        count + others.sum(),
        count >= MANY_TIMES * np.median(others) and count >= 2 * others.max(),
    )
    if value < 0 <= neighbour and (count >= OFTEN * n_rows or (often and count >= RARELY * n_rows)):
        return "the only value below zero"
    if abs(value) >= 99 and often and count >= RARELY * n_rows:
        return f"more often than any other value, next to {neighbour:g}"
    return ""


def _far(neighbour: float) -> str:
    return f"far from the next value {neighbour:g}"


def _check_few_numbers(name: str, levels: np.ndarray, counts: np.ndarray) -> Iterator[Finding]:
    """Grades from 1 to 5, and 99."""
    for at, rest in ((0, levels[1:]), (-1, levels[:-1])):
        value = levels[at] if len(levels) > 2 else 0.0
        far = abs(value) >= 99 and value in _SENTINELS and np.abs(rest).max() < abs(value) / 3
        if far and counts[at] >= 3:
            message = (
                f"column {name!r}: {counts[at]} rows hold {value:g}, {_far(rest[at])}; does it mean missing?"
            )
            yield finding("DW015", "info", message, (name,))


def check_equal_columns(dataset: Dataset) -> Iterator[Finding]:
    """DW004: columns with the same values in every row, one finding for each set of equal columns."""
    X: Any = dataset.X
    hashes = [row_hashes(_comparable(column)).tobytes() for _, column in X.items()]
    for hashed, size in group_sizes(hashes).items():
        if size > 1:
            names = [name for name, h in zip(X.columns, hashes, strict=True) if h == hashed]
            message = f"columns {', '.join(map(repr, names))} have the same values in every row"
            yield finding("DW004", "info", message, names)


def _comparable(column: pd.Series) -> pd.Series:
    return column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column
