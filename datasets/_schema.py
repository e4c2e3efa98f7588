"""The role of each column of a table, inferred from its values, and the task of a target."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from ._base import Role, Task
from ._dates import all_dates, order_matters, parse_date
from ._marks import ORDERS, Order
from ._numbers import NumberFormat, decide_format, decimal_evidence, numbers_of
from ._reader import ColumnReader, Distinct, ReadCells, as_objects, distinct, read_numbers
from ._words import split_cell

# A column is numeric when at most this fraction of its cells are words.
BAD_CELLS = 0.05
# Integer targets with at most this many levels are classes: digits have 10, wine_quality has 7.
MAX_INTEGER_CLASSES = 10
# Distinct cells that are examined to distinguish sentences from codes.
SAMPLE = 1000
_ROWS_FOR_MARKS = 2000  # rows of each column that are searched for the decimal mark of a table

_ID_NAME = re.compile(
    r"^(id|uuid|guid|index)$|^(id|uuid|guid)[\W_]|[\W_](id|uuid|guid)$"
    r"|^(user|customer|client|patient|passenger|person|subject|case|order|record|row|sample)id$",
    re.IGNORECASE,
)
_ID_CAMEL = re.compile(r"[a-z0-9](Id|ID)$")
# The index of pandas, as it writes it into a file and reads it back.
_INDEX_NAME = re.compile(r"^Unnamed: \d+(\.\d+)*$|^level_\d+(\.\d+)*$|^index(\.\d+)?$|^__index_level_\d+__$")
_TIME_NAME = re.compile(
    r"(year|month|week|day|hour|minute|second|time|timestamp|epoch|date)s?$", re.IGNORECASE
)
_TEXT_NAME = re.compile(r"^(text|review|comment|message|sentence|body|description|note)s?$", re.IGNORECASE)


# "0000-00-00", which databases write for an unknown date, does not keep a column from being one of dates.
_ZERO_DATE = re.compile(r"0000[-/]00[-/]00.*|00[-/.]00[-/.]0000.*")


@dataclass(frozen=True)
class ReadingRules:
    """What is given about the spelling of cells, and need not be found out.

    Attributes
    ----------
    order : {"day", "month"} or None
        What stands first in dates such as 03/04/24.
    decimal, thousands : str or None
        Marks of numbers.
    missing : tuple of str or None
        Cells that mean a missing value; None is the usual ones.
    hint : {",", "."} or None
        Decimal mark of the table's other columns.
    """

    order: Order | None = None
    decimal: str | None = None
    thousands: str | None = None
    missing: tuple[str, ...] | None = None
    hint: str | None = None


@dataclass(frozen=True)
class Inspection:
    """A column with its inferred role, converted.

    Attributes
    ----------
    role : str
    reason : str
    values : Series of shape (n_samples,)
        With the dtype of the role: float64, ``category`` with str levels, ``datetime64[us]``, nullable
        ``string``.
    n_missing : int
    n_unique : int
    strange : tuple of str
        Cells that did not fit the role and were read as missing, the first five.
    strange_rows : tuple of int
        The row numbers from 0 of all of them.
    mixed : bool
        Whether categories mix numbers and words.
    reader : ColumnReader
        How cells become values, for further rows of this column.
    ambiguous : str
        A date that day first and month first read differently, if no cell tells which is right; or "".
    given : bool
        Whether the reader was given, and not decided from these cells.
    """

    role: Role
    reason: str
    values: pd.Series
    n_missing: int
    n_unique: int
    strange: tuple[str, ...] = ()
    strange_rows: tuple[int, ...] = ()
    mixed: bool = False
    reader: ColumnReader = field(default_factory=lambda: ColumnReader("categorical"))
    ambiguous: str = ""
    given: bool = False


@dataclass(frozen=True)
class Strings:
    """Cells as codes of their distinct spellings; code -1 is missing."""

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


@dataclass(frozen=True)
class _Decision:
    """What was found out about a column: its reader, and why."""

    reader: ColumnReader
    reason: str
    mixed: bool = False
    ambiguous: str = ""


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


def inspect_column(
    series: pd.Series,
    name: str = "",
    role: Role | None = None,
    rules: ReadingRules | None = None,
    train: np.ndarray | None = None,
) -> Inspection:
    """Infer the role of a column, decide how its cells are read, and read them.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        The column as it was read.
    name : str, default=""
        As in :func:`infer_role`.
    role : {"categorical", "text", "numeric", "datetime"}, optional
        Convert to this role instead of inferring one.
    rules : ReadingRules, optional
        What is given about the spelling of cells.
    train : bool ndarray of shape (n_samples,), optional
        The rows that decide; all by default.

    Returns
    -------
    Inspection
        ``role``, ``reason``, ``values``, ``reader``, ``n_missing``, ``n_unique`` and the cells that did not
        fit.

    Examples
    --------
    >>> import pandas as pd
    >>> from deepworth.datasets import inspect_column
    >>> inspect_column(pd.Series(["yes", "no", "yes", None])).values.cat.categories.tolist()
    ['no', 'yes']
    """
    rules = rules or ReadingRules()
    series = series.reset_index(drop=True)
    if train is not None:
        deciding = series[np.asarray(train, dtype=bool)].reset_index(drop=True)
        decision = _decide(deciding, str(name), role, rules)
        return read_column(series, decision.reader, decision)
    typed = role is None and _kind(series) in ("number", "datetime")
    cells = None if typed else distinct(series)
    decision = _decide(series, str(name), role, rules, cells)
    return read_column(series, decision.reader, decision, cells)


def read_column(
    series: pd.Series, reader: ColumnReader, decision: _Decision | None = None, cells: Distinct | None = None
) -> Inspection:
    """Read a column with a reader that is decided already; `cells` are those of the series, if known."""
    read = reader.read(series) if cells is None else reader.read_distinct(cells)
    values = read.values
    strange, rows = _strange(series, read)
    if reader.role == "numeric":
        infinite = np.isinf(values.to_numpy())
        rows = tuple(sorted({*rows, *np.flatnonzero(infinite).tolist()}))
        strange = (*strange, *sorted({str(v) for v in values[infinite]}))
        values = values.where(~infinite)
    return Inspection(
        reader.role,
        decision.reason if decision else "as in training",
        values,
        int(values.isna().sum()),
        int(values.nunique()),
        strange,
        rows,
        decision.mixed if decision else False,
        reader,
        decision.ambiguous if decision else "",
        decision is None,
    )


def table_rules(frame: pd.DataFrame, rules: ReadingRules) -> ReadingRules:
    """The rules with the decimal mark that some column of the table proves, as "8,75" does.

    In files delimited by semicolons a comma is the decimal mark unless a column proves the point.

    Parameters
    ----------
    frame : DataFrame of shape (n_samples, n_columns)
        Raw cells; ``attrs["delimiter"]`` is that of the file.
    rules : ReadingRules

    Returns
    -------
    ReadingRules
    """
    texts = [frame[name].head(_ROWS_FOR_MARKS) for name in frame.columns if _kind(frame[name]) == "strings"]
    proofs = {decimal_evidence(as_strings(cells).levels.tolist()) for cells in texts}
    semicolons = frame.attrs.get("delimiter") == ";" and "?" in proofs
    comma = "." not in proofs and ("," in proofs or semicolons)
    return replace(rules, hint="," if comma else None)


def reader_of(values: pd.Series, name: str = "") -> ColumnReader:
    """The reader of a feature column for an estimator: that of its dtype, or decided by its cells.

    Float columns are numbers, whatever their values and name: datasets decided about them before.

    Parameters
    ----------
    values : Series of shape (n_samples,)
        Raw cells, or typed ones as in :class:`Dataset`.
    name : str, default=""
        As in :func:`infer_role`.

    Returns
    -------
    ColumnReader

    Examples
    --------
    >>> import pandas as pd
    >>> from deepworth.datasets import reader_of
    >>> reader_of(pd.Series(["31.01.2024", "01.12.2023"])).order
    'day'
    """
    if values.dtype.kind == "f":
        return ColumnReader("numeric")
    if _kind(values) in ("category", "text"):  # read before, so that "NA" is a value where it is one
        return ColumnReader("categorical" if _kind(values) == "category" else "text", missing=())
    return _decide(values.reset_index(drop=True), str(name), None, ReadingRules()).reader


def _strange(series: pd.Series, read: ReadCells) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The first cells that could not be read, and the rows of all."""
    rows = np.flatnonzero(read.unread)
    cells = dict.fromkeys(str(series.iloc[row]).strip() for row in rows[:1000])
    return tuple(list(cells)[:5]), tuple(rows.tolist())


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


def _decide(
    series: pd.Series, name: str, role: Role | None, rules: ReadingRules, cells: Distinct | None = None
) -> _Decision:
    kind = _kind(series)
    if role is None and kind == "number" and not _inexact(series):
        return _decide_number(series, name, rules)
    if role is None and kind == "datetime":
        return _Decision(ColumnReader("datetime", missing=rules.missing), "dates")
    strings = as_strings(series, rules.missing, cells)
    if role is not None:
        return _given(strings, role, rules)
    declared = {"category": "declared as categories", "bool": "true or false"}
    if kind in declared:
        return _words("categorical", declared[kind], strings, rules)
    if kind == "text":
        return _words("text", "declared as text", strings, rules)
    return _decide_strings(strings, name, rules)


def _given(strings: Strings, role: Role, rules: ReadingRules) -> _Decision:
    """A role that is chosen by an option; only the spelling of its values is found out."""
    if role == "numeric":
        form = number_format(strings, rules) or ColumnReader("numeric").numbers
        reader = ColumnReader("numeric", numbers=form, missing=rules.missing, example=_example(strings))
        return _Decision(reader, "chosen by an option")
    if role == "datetime":
        order, _, ambiguous = _order(strings, rules)
        reader = ColumnReader("datetime", order, missing=rules.missing, example=_example(strings))
        return _Decision(reader, "chosen by an option", ambiguous=ambiguous)
    return _words(role, "chosen by an option", strings, rules)


def _decide_number(series: pd.Series, name: str, rules: ReadingRules) -> _Decision:
    values = to_float(series)
    present = values[np.isfinite(values)]
    if series.dtype.kind != "f" and _are_dates(present):
        example = str(int(present[0]))
        return _Decision(ColumnReader("datetime", missing=rules.missing, example=example), "dates as numbers")
    return _number_decision(values, name, ColumnReader("numeric", missing=rules.missing), "numbers")


def _are_dates(numbers: np.ndarray) -> bool:
    """Whether numbers are dates such as 20240131."""
    return bool(np.all(numbers == np.floor(numbers))) and all_dates(
        np.unique(np.clip(numbers, 0, 1e9)).astype(int)
    )


def _number_decision(values: np.ndarray, name: str, reader: ColumnReader, reason: str) -> _Decision:
    present = values[np.isfinite(values)]
    identifier = _number_identifier(values, len(np.unique(present)), name)
    if identifier:
        return _Decision(ColumnReader("identifier", missing=reader.missing), identifier)
    return _Decision(reader, reason if len(present) else "no value in any row")


def _inexact(series: pd.Series) -> bool:
    """Whether there are whole numbers that float64 rounds: codes, of which different ones would be equal."""
    if series.dtype.kind in "iu" or isinstance(series.dtype, pd.Int64Dtype | pd.UInt64Dtype):
        present = series.dropna()
        return bool(len(present)) and max(present.max(), -present.min()) > 2**53 and _any_rounded(present)
    return series.dtype == object and _any_rounded(v for v in series if isinstance(v, int))


def _any_rounded(numbers: Iterable[int]) -> bool:
    return any(abs(n) > 2**53 and int(float(n)) != n for n in map(int, numbers))


def is_code(series: pd.Series) -> bool:
    """Whether whole numbers are codes: with leading zeros, or too long for float64."""
    if _kind(series) == "number":
        return _inexact(series)
    levels = as_strings(series).levels
    return _has_leading_zeros(levels) or _too_long(levels)


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
    names = as_objects([reader.level(value) for value in cells.values])
    absent = np.array([name in marks_of for name in names], dtype=bool)
    marks = sorted({name or "blank" for name in names[absent]})
    renumbered, levels = pd.factorize(names[~absent])
    translate = np.full(len(names) + 1, -1)
    translate[:-1][~absent] = renumbered
    return Strings(translate[cells.codes], np.asarray(levels, dtype=object), tuple(marks))


def to_float(series: pd.Series) -> np.ndarray:
    """Numbers of any dtype as float64 with NaN for missing; time spans in seconds."""
    if pd.api.types.is_timedelta64_dtype(series.dtype):
        return series.dt.total_seconds().to_numpy(dtype=np.float64)
    if pd.api.types.is_complex_dtype(series.dtype):
        return np.full(len(series), np.nan)
    return pd.to_numeric(series, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _number_identifier(values: np.ndarray, n_unique: int, name: str) -> str:
    """Why these numbers are an identifier; empty if they are not."""
    if len(values) < 3 or not np.all(values == np.floor(values)):
        return ""
    restarts = values[0] == 0 and np.all((np.diff(values) == 1) | (values[1:] == 0))
    if _INDEX_NAME.search(name) and restarts and n_unique >= 20:
        return "row numbers of one or more tables"
    if n_unique < len(values):
        return ""
    if is_id_name(name):
        return "unique whole numbers with the name of an identifier"
    counts_rows = values[0] in (0, 1) and np.all(np.diff(values) == 1)
    if counts_rows and len(values) >= 20 and not _TIME_NAME.search(name):
        return f"row numbers from {values[0]:.0f}"
    return ""


def is_id_name(name: str) -> bool:
    """Whether a name such as ``customer_id``, ``PassengerId`` or ``uuid`` suggests an identifier."""
    return any(pattern.search(name) for pattern in (_ID_NAME, _ID_CAMEL, _INDEX_NAME))


def is_time_name(name: str) -> bool:
    """Whether a name such as ``year``, ``sale_date`` or ``timestamp`` suggests a time."""
    return bool(_TIME_NAME.search(name))


def _words(role: Role, reason: str, strings: Strings, rules: ReadingRules, mixed: bool = False) -> _Decision:
    reason = f"{reason}, {len(strings.levels)} levels" if role == "categorical" else reason
    reader = ColumnReader(
        role,
        missing=rules.missing,
        booleans=role == "categorical" and are_booleans(strings.levels),
        example=_example(strings),
    )
    return _Decision(reader, reason + _marks(strings), mixed)


def are_booleans(levels: Iterable[str]) -> bool:
    """Whether the levels of a column are True and False."""
    return set(levels) == {"True", "False"}


def _marks(strings: Strings) -> str:
    return f"; missing marks: {', '.join(strings.marks)}" if strings.marks else ""


def _example(strings: Strings) -> str:
    return str(strings.levels[0])[:100] if len(strings.levels) else ""


def _decide_strings(strings: Strings, name: str, rules: ReadingRules) -> _Decision:
    """Dates, numbers, identifier, text or category, in this order, by the distinct cells."""
    n_present = int(strings.counts.sum())
    if not n_present:
        return _words("categorical", "no value in any row", strings, rules)
    dates = _dates(strings, rules)
    if dates is not None:
        return dates
    numbers = _numbers(strings, name, rules)
    if isinstance(numbers, _Decision):
        return numbers
    role, reason = _word_role(strings, name, n_present)
    return _words(role, reason, strings, rules, mixed=role == "categorical" and 0.5 <= numbers < 1)


def _numbers(strings: Strings, name: str, rules: ReadingRules) -> _Decision | float:
    """The decision that cells are numbers, or the share of those that are."""
    form = number_format(strings, rules)
    if form is None:
        return 0.0
    numbers = read_numbers(strings.levels, form)
    share = strings.counts[~np.isnan(numbers)].sum() / strings.counts.sum()
    codes = _has_leading_zeros(strings.levels) or (_too_long(strings.levels) and not is_time_name(name))
    if share < 1 - BAD_CELLS or codes:
        return float(share)
    reader = ColumnReader("numeric", numbers=form, missing=rules.missing, example=_example(strings))
    values = strings.spread(numbers, np.nan)
    return _number_decision(values, name, reader, "numbers" + _marks(strings))


def number_format(strings: Strings, rules: ReadingRules) -> NumberFormat | None:
    """How numbers are written; the plain format at once where Python reads them all."""
    levels = strings.levels
    given = rules.decimal is not None or rules.thousands is not None
    plain = not given and (rules.hint != "," or not any("." in level for level in levels))
    if plain and rules.hint != "," and len(levels) and not np.isnan(numbers_of(levels)).any():
        return ColumnReader("numeric").numbers
    if not len(levels):
        return None
    return decide_format(levels, strings.counts, rules.decimal, rules.thousands, rules.hint)


def _has_leading_zeros(levels: np.ndarray) -> bool:
    """Codes such as 02139 would lose their zero as numbers."""
    return any(len(cell) > 1 and cell[0] == "0" and cell.isdigit() for cell in levels)


def _too_long(levels: np.ndarray) -> bool:
    """Whether there are whole numbers that float64 rounds."""
    long = (cell for cell in levels if len(cell) >= 16 and cell.lstrip("+-").isdecimal())
    return _any_rounded(int(cell) for cell in long)


def _dates(strings: Strings, rules: ReadingRules) -> _Decision | None:
    order, share, ambiguous = _order(strings, rules)
    if share < 1 - BAD_CELLS:
        return None
    first = next(c for c in strings.levels if parse_date(c, order) is not None)
    reader = ColumnReader("datetime", order, missing=rules.missing, example=first)
    return _Decision(reader, "dates" + _marks(strings), ambiguous=ambiguous)


def _order(strings: Strings, rules: ReadingRules) -> tuple[Order | None, float, str]:
    """What stands first in dates, the share of cells that are dates so, and a cell that is ambiguous."""
    levels, counts = strings.levels, strings.counts
    picked = levels[np.unique(np.linspace(0, len(levels) - 1, min(len(levels), 100)).astype(int))]
    if not len(picked) or np.mean([_resembles_date(cell) for cell in picked]) < 0.8:
        return None, 0.0, ""
    zeros = np.array([_ZERO_DATE.fullmatch(cell) is not None for cell in levels], dtype=bool)
    n_cells = max(1, int(counts[~zeros].sum()))
    unordered = np.array([order_matters(cell) for cell in levels], dtype=bool)
    certain = int(counts[[not u and _is_date(c, None) for c, u in zip(levels, unordered, strict=True)]].sum())
    if not unordered.any():
        return None, certain / n_cells, ""
    cells = list(zip(levels[unordered], counts[unordered].tolist(), strict=True))
    orders = [o for o in _preferred(cells[0][0]) if rules.order in (None, o)]
    read = {o: sum(n for cell, n in cells if parse_date(cell, o) is not None) for o in orders}
    best = max(orders, key=lambda o: read[o])
    share = (certain + read[best]) / n_cells
    return best, share, "" if rules.order else _ambiguous(cells, read)


def _preferred(cell: str) -> tuple[Order, ...]:
    """Where both fit, dates with slashes are month first, those with points or dashes day first."""
    return ("month", "day", "year") if "/" in cell else ORDERS


def _ambiguous(cells: list[tuple[str, int]], read: dict[Order, int]) -> str:
    """A cell that day first and month first read differently, where both read equally many."""
    if read.get("day") != read.get("month") or read.get("day", 0) < max(read.values()):
        return ""
    differ = (cell for cell, _ in cells if parse_date(cell, "day") != parse_date(cell, "month"))
    return next(differ, "")


def _resembles_date(cell: str) -> bool:
    return any(_is_date(cell, order) for order in ORDERS) or _ZERO_DATE.fullmatch(cell) is not None


def _is_date(cell: str, order: Order | None) -> bool:
    """Whether a cell is a date; numbers of eight digits only in the years that data are from."""
    if cell.isdigit():
        return len(cell) == 8 and all_dates(np.array([int(cell)]))
    return parse_date(cell, order) is not None


def _word_role(strings: Strings, name: str, n_present: int) -> tuple[Role, str]:
    """Text, identifier or category, by the number of words and how often cells repeat."""
    unique = len(strings.levels) / n_present
    picked = np.unique(np.linspace(0, len(strings.levels) - 1, SAMPLE).astype(int))
    words = [split_cell(str(cell)) for cell in strings.levels[picked]]
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
