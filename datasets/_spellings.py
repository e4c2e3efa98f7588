"""Cells of any type as their distinct spellings, and what these are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ._numbers import numbers_of
from ._reader import ColumnReader, Distinct, distinct


@dataclass(frozen=True)
class Strings:
    """Cells as codes of their distinct spellings; code -1 is missing."""

    codes: np.ndarray
    levels: np.ndarray
    marks: tuple[str, ...]
    cells: Distinct
    firsts: np.ndarray  # the position in the cells of the first one of each level

    @cached_property
    def counts(self) -> np.ndarray:
        """Rows of each level."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.levels))

    @cached_property
    def numbers(self) -> np.ndarray:
        """Each level as :func:`numbers_of` reads it."""
        if self.cells.is_text.all():
            return self.cells.numbers[self.firsts]
        return numbers_of(self.levels)

    def spread(self, per_level: Any, missing: Any) -> np.ndarray:
        """The value of each row, from a value for each level."""
        per_level = np.asarray(per_level)
        return np.append(per_level, np.asarray([missing], dtype=per_level.dtype))[self.codes]


def as_strings(
    series: pd.Series,
    missing: tuple[str, ...] | None = None,
    cells: Distinct | None = None,
    booleans: bool = False,
) -> Strings:
    """Cells of any type as distinct spellings (see :func:`level_of`), with missing marks as missing."""
    cells = distinct(series) if cells is None else cells
    reader = ColumnReader("categorical", missing=missing, booleans=booleans)
    marks_of = reader.marks
    names = reader.levels(cells)
    absent = np.array([name in marks_of for name in names], dtype=bool)
    marks = sorted({name or "blank" for name in names[absent]})
    renumbered, levels = pd.factorize(names[~absent])
    translate = np.full(len(names) + 1, -1)
    translate[:-1][~absent] = renumbered
    firsts = np.empty(len(levels), dtype=np.intp)
    firsts[renumbered[::-1]] = np.flatnonzero(~absent)[::-1]  # of several positions the last one stays
    return Strings(translate[cells.codes], np.asarray(levels, dtype=object), tuple(marks), cells, firsts)


def kind_of(series: pd.Series) -> str:
    """The kind of a column by its dtype; of an object column, by its cells."""
    types, dtype = pd.api.types, series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return "category"
    if isinstance(dtype, pd.StringDtype) and dtype.na_value is pd.NA:
        return "text"
    if types.is_bool_dtype(dtype):
        return "bool"
    if types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
        return "datetime"
    if types.is_numeric_dtype(dtype) or types.is_timedelta64_dtype(dtype):
        return "number"
    inferred = types.infer_dtype(series, skipna=True)
    kinds = {"boolean": "bool", "date": "datetime", "datetime": "datetime", "datetime64": "datetime"}
    numbers = ("integer", "floating", "mixed-integer-float", "decimal")
    return "number" if inferred in numbers else kinds.get(inferred, "strings")


def to_float(series: pd.Series) -> np.ndarray:
    """Numbers of any dtype as float64 with NaN for missing; time spans in seconds."""
    if pd.api.types.is_timedelta64_dtype(series.dtype):
        return series.dt.total_seconds().to_numpy(dtype=np.float64)
    if pd.api.types.is_complex_dtype(series.dtype):
        return np.full(len(series), np.nan)
    return pd.to_numeric(series, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def is_code(series: pd.Series) -> bool:
    """Whether whole numbers are codes: with leading zeros, or too long for float64."""
    if kind_of(series) == "number":
        return is_inexact(series)
    levels = as_strings(series).levels
    return has_leading_zeros(levels) or too_long(levels)


def is_inexact(series: pd.Series) -> bool:
    """Whether there are whole numbers that float64 rounds: codes, of which different ones would be equal."""
    if series.dtype.kind in "iu" or isinstance(series.dtype, pd.Int64Dtype | pd.UInt64Dtype):
        present = series.dropna()
        return bool(len(present)) and max(present.max(), -present.min()) > 2**53 and _any_rounded(present)
    return series.dtype == object and _any_rounded(v for v in series if isinstance(v, int))


def _any_rounded(numbers: Iterable[int]) -> bool:
    return any(abs(n) > 2**53 and (abs(n) >= 2**1023 or int(float(n)) != n) for n in map(int, numbers))


def has_leading_zeros(levels: np.ndarray) -> bool:
    """Codes such as 02139 would lose their zero as numbers."""
    return any(cell.isdigit() for cell in levels if cell[:1] == "0" and len(cell) > 1)


def too_long(levels: np.ndarray) -> bool:
    """Whether there are whole numbers that float64 rounds."""
    long = [cell for cell in levels if len(cell) >= 16 and cell.lstrip("+-").isdecimal()]
    # Python reads no number of thousands of digits
    return any(len(cell) > 400 for cell in long) or _any_rounded(int(cell) for cell in long)


def are_booleans(levels: Iterable[str]) -> bool:
    """Whether the levels of a column are True and False."""
    return set(levels) == {"True", "False"}
