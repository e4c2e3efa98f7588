"""The role of each column of a table, inferred from its values, and the task of a target."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ._base import Role, Task
from ._dates import parse_dates
from ._text import mended

# The empty string covers blank cells too: cells are stripped before they are compared.
MISSING_MARKS = frozenset(
    ["", "?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NAN", "NaT", "NULL", "null", "None"]
)
# A column is numeric when at most this fraction of its cells are words.
BAD_CELLS = 0.05
# Integer targets with at most this many levels are classes: digits have 10, wine_quality has 7.
MAX_INTEGER_CLASSES = 10
# Distinct cells that are examined to distinguish sentences from codes.
SAMPLE = 1000

_ID_NAME = re.compile(
    r"^(id|uuid|guid|index)$|^(id|uuid|guid)[\W_]|[\W_](id|uuid|guid)$"
    r"|^(user|customer|client|patient|passenger|person|subject|case|order|record|row|sample)id$",
    re.IGNORECASE,
)
_ID_CAMEL = re.compile(r"[a-z0-9](Id|ID)$|^Unnamed: \d+$")
_TIME_NAME = re.compile(
    r"(year|month|week|day|hour|minute|second|time|timestamp|epoch|date)s?$", re.IGNORECASE
)
_TEXT_NAME = re.compile(r"^(text|review|comment|message|sentence|body|description|note)s?$", re.IGNORECASE)
# A Chinese, Japanese or Korean character counts as one word: these scripts use no spaces.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\s\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")


# An amount of money or a percentage; a comma must separate thousands.
_DECORATION = ",%$€£¥"
_AMOUNT = re.compile(r"[+-]?[$€£¥]? ?[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)? ?[%$€£¥]?")


@dataclass(frozen=True)
class Inspection:
    """A column with its inferred role, converted.

    Attributes
    ----------
    role : str
    reason : str
    values : Series of shape (n_samples,)
        With the dtype of the role: float64, ``category`` with str levels, ``datetime64``, nullable
        ``string``.
    n_missing : int
    n_unique : int
    strange : tuple of str
        Cells that did not fit the role and were read as missing.
    strange_rows : tuple of int
        Their row numbers from 0.
    mixed : bool
        Whether categories mix numbers and words.
    """

    role: Role
    reason: str
    values: pd.Series
    n_missing: int
    n_unique: int
    strange: tuple[str, ...] = ()
    strange_rows: tuple[int, ...] = ()
    mixed: bool = False


@dataclass(frozen=True)
class Strings:
    """Cells as codes of their distinct stripped values; code -1 is missing."""

    codes: np.ndarray
    levels: np.ndarray
    marks: tuple[str, ...]

    @property
    def counts(self) -> np.ndarray:
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.levels))

    def spread(self, per_level: Any, missing: Any) -> np.ndarray:
        """The value of each row, from a value for each level."""
        per_level = np.asarray(per_level)
        return np.append(per_level, np.asarray([missing], dtype=per_level.dtype))[self.codes]

    def rows(self, level: np.ndarray) -> np.ndarray:
        """Row numbers of the cells whose level is True."""
        return np.flatnonzero(self.spread(level, False))


def infer_role(series: pd.Series, name: str = "") -> tuple[Role, str]:
    """Infer the role of a column from its values.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        ``category`` and bool dtypes are categorical, nullable ``string`` is text, ``datetime64`` is
        datetime, numbers are numeric. For object and ``str`` cells, the values decide.
    name : str, default=""
        With a name such as ``customer_id``, unique whole numbers are an identifier.

    Returns
    -------
    role : {"numeric", "categorical", "text", "datetime", "identifier"}
    reason : str

    Examples
    --------
    >>> import pandas as pd
    >>> from deepworth.datasets import infer_role
    >>> infer_role(pd.Series(["1", "2.5", "?"]))
    ('numeric', 'numbers; missing marks: ?')
    """
    inspected = inspect_column(series, name)
    return inspected.role, inspected.reason


def inspect_column(series: pd.Series, name: str = "", role: Role | None = None) -> Inspection:
    """Infer the role of a column and convert its values.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        The column as it was read.
    name : str, default=""
        As in :func:`infer_role`.
    role : {"categorical", "text"}, optional
        Convert to this role instead of inferring one.

    Returns
    -------
    Inspection
        ``role``, ``reason``, ``values``, ``n_missing``, ``n_unique`` and the cells that did not fit.

    Examples
    --------
    >>> import pandas as pd
    >>> from deepworth.datasets import inspect_column
    >>> inspect_column(pd.Series(["yes", "no", "yes", None])).values.cat.categories.tolist()
    ['no', 'yes']
    """
    name = str(name)
    if role == "categorical":
        return _as_category(as_strings(series), "chosen by an option")
    if role == "text":
        return _as_text(as_strings(series), "chosen by an option")
    kind = _kind(series)
    if kind == "category":
        return _as_category(as_strings(series), "declared as categories")
    if kind == "bool":
        return _as_category(as_strings(series), "true or false")
    if kind == "text":
        return _as_text(as_strings(series), "declared as text")
    if kind == "datetime":
        return _as_datetime(series)
    if kind == "number":
        return _as_number(to_float(series), name)
    return _judge_strings(as_strings(series), name)


def _kind(series: pd.Series) -> str:
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


def as_strings(series: pd.Series) -> Strings:
    """Cells of any type as distinct stripped strings, with missing marks as missing."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        raw_codes, raw = series.cat.codes.to_numpy(), list(series.cat.categories)
    else:
        cells_of = pd.Series(map(_hashable, series), dtype=object) if series.dtype == object else series
        raw_codes, uniques = pd.factorize(cells_of)
        raw = list(uniques)
    cells = [_token(value) for value in raw]
    missing = np.array([cell in MISSING_MARKS for cell in cells], dtype=bool)
    marks = sorted({str(raw[i]).strip() or "blank" for i in np.flatnonzero(missing)})
    renumbered, levels = pd.factorize(np.array(cells, dtype=object)[~missing])
    translate = np.full(len(cells) + 1, -1)
    translate[:-1][~missing] = renumbered
    return Strings(translate[raw_codes], np.asarray(levels, dtype=object), tuple(marks))


def _hashable(value: Any) -> Any:
    """Strings and missing cells unchanged, others as strings: 1 and 1.0 are equal, lists can be counted."""
    missing = value is None or value is pd.NA or (isinstance(value, float) and value != value)
    return value if missing or isinstance(value, str) else _token(value)


def _token(value: Any) -> str:
    """A cell as a string; whole floats have no point, so that 1 and 1.0 are one level."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return mended(str(value)).strip()


def numbers_of(levels: np.ndarray) -> np.ndarray:
    """Each level as float64, NaN where it is not a number."""
    parsed = np.array(pd.to_numeric(pd.Series(levels, dtype=object), errors="coerce"), dtype=np.float64)
    numbers = ~np.isnan(parsed)
    # pandas 2 rounds the last digit wrongly, Python does not; data must be the same everywhere.
    parsed[numbers] = levels[numbers].astype(np.float64)
    return parsed


def to_float(series: pd.Series) -> np.ndarray:
    """Numbers of any dtype as float64 with NaN for missing; time spans in seconds."""
    if pd.api.types.is_timedelta64_dtype(series.dtype):
        return series.dt.total_seconds().to_numpy(dtype=np.float64)
    if pd.api.types.is_complex_dtype(series.dtype):
        return np.full(len(series), np.nan)
    return pd.to_numeric(series, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _as_number(values: np.ndarray, name: str, reason: str = "", strange: Any = ((), ())) -> Inspection:
    infinite = np.isinf(values)
    cells, rows = strange
    if infinite.any():
        cells = (*cells, *sorted({str(v) for v in values[infinite]}))
        rows = tuple(sorted({*rows, *np.flatnonzero(infinite).tolist()}))
        values = np.where(infinite, np.nan, values)
    present = values[~np.isnan(values)]
    n_unique = len(np.unique(present))
    identifier = _number_identifier(values, n_unique, name)
    role: Role = "identifier" if identifier else "numeric"
    reason = identifier or reason or ("numbers" if len(present) else "no value in any row")
    return Inspection(role, reason, pd.Series(values), len(values) - len(present), n_unique, cells, rows)


def _number_identifier(values: np.ndarray, n_unique: int, name: str) -> str:
    """Why these numbers are an identifier; empty if they are not."""
    if len(values) < 3 or n_unique < len(values) or not np.all(values == np.floor(values)):
        return ""
    if is_id_name(name):
        return "unique whole numbers with the name of an identifier"
    counts_rows = values[0] in (0, 1) and np.all(np.diff(values) == 1)
    if counts_rows and len(values) >= 20 and not _TIME_NAME.search(name):
        return f"row numbers from {values[0]:.0f}"
    return ""


def is_id_name(name: str) -> bool:
    """Whether a name such as ``customer_id``, ``PassengerId`` or ``uuid`` suggests an identifier."""
    return bool(_ID_NAME.search(name) or _ID_CAMEL.search(name))


def is_time_name(name: str) -> bool:
    """Whether a name such as ``year``, ``sale_date`` or ``timestamp`` suggests a time."""
    return bool(_TIME_NAME.search(name))


def _as_category(strings: Strings, reason: str, mixed: bool = False) -> Inspection:
    order = np.argsort(strings.levels.astype(str), kind="stable")
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order], rank[-1] = np.arange(len(order)), -1
    dtype = pd.CategoricalDtype(pd.Index(strings.levels[order], dtype=object))
    values = pd.Series(pd.Categorical.from_codes(rank[strings.codes], dtype=dtype))
    return _inspection("categorical", f"{reason}, {len(order)} levels", values, strings, mixed=mixed)


def _as_text(strings: Strings, reason: str) -> Inspection:
    values = pd.Series(pd.array(strings.spread(strings.levels, None), dtype="string"))
    return _inspection("text", reason, values, strings)


def _as_datetime(series: pd.Series) -> Inspection:
    if isinstance(series.dtype, pd.PeriodDtype):
        series = series.dt.to_timestamp()
    values = pd.Series(pd.to_datetime(series.to_numpy(), errors="coerce", utc=True)).dt.tz_localize(None)
    return Inspection("datetime", "dates", values, int(values.isna().sum()), int(values.nunique()))


def _inspection(role: Role, reason: str, values: pd.Series, strings: Strings, **more: Any) -> Inspection:
    marks = ", ".join(strings.marks)
    reason += f"; missing marks: {marks}" if marks else ""
    return Inspection(role, reason, values, int((strings.codes < 0).sum()), len(strings.levels), **more)


def _judge_strings(strings: Strings, name: str) -> Inspection:
    """Dates, numbers, identifier, text or category, in this order, by the distinct cells."""
    n_present = int(strings.counts.sum())
    if not n_present:
        return _as_category(strings, "no value in any row")
    dates = _dates(strings)
    if dates is not None:
        return dates
    numbers = numbers_of(undecorated(strings.levels))
    share = strings.counts[~np.isnan(numbers)].sum() / n_present
    if share >= 1 - BAD_CELLS and not _has_leading_zeros(strings.levels):
        return _numbers(strings, numbers, name)
    role, reason = _word_role(strings, name, n_present)
    if role == "text":
        return _as_text(strings, reason)
    category = _as_category(strings, reason, mixed=0.5 <= share < 1)
    if role == "identifier":
        return Inspection(role, reason, category.values, category.n_missing, category.n_unique)
    return category


def _numbers(strings: Strings, numbers: np.ndarray, name: str) -> Inspection:
    words = np.isnan(numbers)
    cells = tuple(strings.levels[words][:5])
    rows = tuple(strings.rows(words).tolist()) if words.any() else ()
    marks = f"numbers; missing marks: {', '.join(strings.marks)}" if strings.marks else "numbers"
    return _as_number(strings.spread(numbers, np.nan), name, marks, (cells, rows))


def undecorated(levels: np.ndarray) -> np.ndarray:
    """Remove currency signs, percent signs and thousands separators, if most cells are amounts.

    Parameters
    ----------
    levels : object ndarray of str
        Distinct cells, such as "$1,200", "1,200.50" and "12 %".

    Returns
    -------
    object ndarray of str
        Numbers that Python can read; `levels` itself if most cells are not amounts.

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.datasets import undecorated
    >>> undecorated(np.array(["$1,200", "$85"], dtype=object)).tolist()
    ['1200', '85']
    """
    amounts = np.array([bool(_AMOUNT.fullmatch(cell)) for cell in levels])
    decorated = any(mark in cell for cell in levels[:SAMPLE] for mark in _DECORATION)
    if not decorated or amounts.mean() < 1 - BAD_CELLS:
        return levels
    strip = str.maketrans("", "", _DECORATION + " ")
    bare = [cell.translate(strip) if ok else cell for cell, ok in zip(levels, amounts, strict=True)]
    return np.array(bare, dtype=object)


def _has_leading_zeros(levels: np.ndarray) -> bool:
    """Codes such as 02139 would lose their zero as numbers."""
    return any(len(cell) > 1 and cell[0] == "0" and cell.isdigit() for cell in levels)


def _dates(strings: Strings) -> Inspection | None:
    dates = parse_dates(strings.levels)
    if dates is None:
        return None
    parsed, form = dates
    values = pd.Series(strings.spread(parsed, np.datetime64("NaT", "ns")))
    return _inspection("datetime", f"dates in the format {form}", values, strings)


def _word_role(strings: Strings, name: str, n_present: int) -> tuple[Role, str]:
    """Text, identifier or category, by the number of words and how often cells repeat."""
    unique = len(strings.levels) / n_present
    picked = np.unique(np.linspace(0, len(strings.levels) - 1, SAMPLE).astype(int))
    words = [_WORD.findall(str(cell).lower()) for cell in strings.levels[picked]]
    mean = float(np.mean([len(w) for w in words]))
    reason = f"{mean:.1f} words per cell, {unique:.0%} of the cells are different"
    if _is_text(unique, mean, len(strings.levels), words, name):
        return "text", reason
    if n_present >= 3 and unique == 1 and is_id_name(name):
        return "identifier", "unique values with the name of an identifier"
    if n_present >= 20 and unique >= 0.95:
        return "identifier", f"codes: {unique:.0%} of the cells are different and words do not repeat"
    return "categorical", "words or codes"


def _is_text(unique: float, mean: float, n_levels: int, words: list[list[str]], name: str) -> bool:
    flat = [word for cell in words for word in cell]
    if n_levels < 5 or np.mean([not any(c.isdigit() for c in word) for word in flat]) < 0.5:
        return False
    if _TEXT_NAME.match(name) and mean >= 1.5 and unique >= 0.5:
        return True
    if mean >= 3:
        return unique >= 0.5 or (mean >= 5 and n_levels > 100)
    # Short phrases share words; pairs of rare words are codes or proper names.
    return mean >= 2 and unique >= 0.9 and len(set(flat)) <= 0.8 * len(flat)


def infer_task(y: Any) -> tuple[Task, str]:
    """The task of a target, and the reason.

    Strings, booleans and whole numbers with few levels are classes; other numbers are values. Whole numbers
    are classes up to 10 levels with at least three rows per level on average: digits and wine_quality (7
    grades) are classes, abalone's Rings (28 levels) is a regression. ``--task`` overrides this.
    """
    values = pd.Series(y).dropna()
    n_unique = int(values.nunique())
    if n_unique <= 2:
        return "binary", f"{n_unique} different values"
    if not pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        return "multiclass", f"{n_unique} different names"
    whole = bool(np.all(np.mod(values.to_numpy(dtype=np.float64), 1) == 0))
    if whole and n_unique <= MAX_INTEGER_CLASSES and n_unique * 3 <= len(values):
        return "multiclass", f"whole numbers with {n_unique} levels"
    return "regression", f"numbers with {n_unique} different values"
