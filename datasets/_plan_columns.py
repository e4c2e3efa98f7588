"""Columns that define the splits: the official test set, groups, and times."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ._base import Finding
from ._codes import finding
from ._errors import InputError
from ._roles import ReadingRules
from ._schema import inspect_column

_TRAIN = {"train", "training", "learn", "development", "dev", "val", "valid", "validation"}
_TEST = {"test", "testing", "holdout", "hold-out"}


def read_split(series: pd.Series, name: str, findings: list[Finding]) -> np.ndarray:
    """True for the rows of the test set."""
    words = series.astype(str).str.strip().str.lower()
    levels = set(words.unique())
    if levels <= (_TRAIN | _TEST) and levels & _TEST and levels & _TRAIN:
        others = sorted(levels & _TRAIN - {"train", "training"})
        if others:
            message = f"split column {name!r}: {', '.join(others)} used for training"
            findings.append(finding("DW027", "info", message, (name,)))
        return words.isin(_TEST).to_numpy()
    flags = {"1": True, "0": False, "true": True, "false": False, "1.0": True, "0.0": False}
    kind = next((k for k in ("test", "train") if k in name.lower()), None)
    if kind and len(levels) == 2 and levels <= set(flags):
        marked = words.map(flags).to_numpy(dtype=bool)
        return marked if kind == "test" else ~marked
    shown = ", ".join(repr(v) for v in sorted(levels)[:5])
    raise InputError(f"split column {name!r}: expected the values train and test, got {shown}")


def read_groups(series: pd.Series, name: str) -> np.ndarray:
    """The group of each row as str; the index holds the row numbers of messages, from 0."""
    missing = series.isna().to_numpy() | (series.astype(str).str.strip() == "").to_numpy()
    if missing.any():
        row = int(series.index[int(np.argmax(missing))]) + 1
        raise InputError(
            f"group column {name!r} has no value in {int(missing.sum())} of {len(missing)} rows, first row "
            f"{row}; fill them in"
        )
    groups = series.astype(str).str.strip().to_numpy(dtype=str)
    if len(np.unique(groups)) < 2:
        raise InputError(
            f"group column {name!r} has the same value in every row; choose another with --groups"
        )
    return groups


ROW_ORDER = "row-order"  # instead of the name of a time column


def in_row_order(time: str | None, columns: Iterable[str]) -> bool:
    """Whether the order of the rows is that of time; a column with this name comes first."""
    return time == ROW_ORDER and ROW_ORDER not in columns


def read_times(frame: pd.DataFrame, name: str, rules: ReadingRules | None = None) -> np.ndarray:
    """The time of each row: of a column, or its number where the rows are in order of time."""
    if in_row_order(name, frame.columns):
        return np.arange(len(frame), dtype=np.float64)
    return read_time(frame[name], name, rules)


def read_time(series: pd.Series, name: str, rules: ReadingRules | None = None) -> np.ndarray:
    """The time of each row: dates as ``datetime64``, numbers (years, seconds) as float64.

    Raises
    ------
    InputError
        There are words, missing values, or only one time.
    """
    objects = series.astype(object) if isinstance(series.dtype, pd.StringDtype) else series
    inspected = inspect_column(objects, name, rules=rules)
    if (
        inspected.role == "identifier"
        and not (numbers := inspect_column(objects, name, "numeric", rules)).strange
    ):
        inspected = numbers  # row numbers are times, too
    times = inspected.values.to_numpy() if inspected.values.dtype.kind in "fM" else None
    if times is None:
        raise InputError(
            f"time column {name!r}: expected dates (such as 2024-05-31) or numbers, got {inspected.reason}"
        )
    missing = pd.isna(times)
    if missing.any():
        row = int(series.index[int(np.argmax(missing))]) + 1
        raise InputError(
            f"time column {name!r} has no date or number in {int(missing.sum())} of {len(missing)} rows, "
            f"first row {row}; fill them in, or remove these rows"
        )
    if (times == times[0]).all():
        raise InputError(f"time column {name!r} has the same value in every row; choose another with --time")
    return times
