"""Deciding what a column is and how its cells are read: dates, numbers, identifier, text or category."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ._base import Role
from ._dates import all_dates, order_matters, parse_date
from ._marks import ORDERS, Order
from ._numbers import NumberFormat, decide_format
from ._reader import ColumnReader, Distinct, read_numbers
from ._spellings import (
    Strings,
    are_booleans,
    as_strings,
    has_leading_zeros,
    is_inexact,
    kind_of,
    to_float,
    too_long,
)
from ._words import split_cell

# A column is numeric when at most this fraction of its cells are words.
BAD_CELLS = 0.05
# Distinct cells that are examined to distinguish sentences from codes.
SAMPLE = 1000

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
class Decision:
    """What was found out about a column: its reader, and why."""

    reader: ColumnReader
    reason: str
    mixed: bool = False
    ambiguous: str = ""


def decide(
    series: pd.Series, name: str, role: Role | None, rules: ReadingRules, cells: Distinct | None = None
) -> Decision:
    kind = kind_of(series)
    if role is None and kind == "number" and not is_inexact(series):
        return _decide_number(series, name, rules)
    if role is None and kind == "datetime":
        return Decision(ColumnReader("datetime", missing=rules.missing), "dates")
    strings = as_strings(series, rules.missing, cells)
    if role is not None:
        return _given(strings, role, rules)
    declared = {"category": "declared as categories", "bool": "true or false"}
    if kind in declared:
        return _words("categorical", declared[kind], strings, rules)
    if kind == "text":
        return _words("text", "declared as text", strings, rules)
    return _decide_strings(strings, name, rules)


def _given(strings: Strings, role: Role, rules: ReadingRules) -> Decision:
    """A role that is chosen by an option; only the spelling of its values is found out."""
    if role == "numeric":
        form = number_format(strings, rules) or ColumnReader("numeric").numbers
        reader = ColumnReader("numeric", numbers=form, missing=rules.missing, example=_example(strings))
        return Decision(reader, "chosen by an option")
    if role == "datetime":
        order, _, ambiguous = _order(strings, rules)
        reader = ColumnReader("datetime", order, missing=rules.missing, example=_example(strings))
        return Decision(reader, "chosen by an option", ambiguous=ambiguous)
    return _words(role, "chosen by an option", strings, rules)


def _decide_number(series: pd.Series, name: str, rules: ReadingRules) -> Decision:
    values = to_float(series)
    present = values[np.isfinite(values)]
    if series.dtype.kind != "f" and _are_dates(present):
        example = str(int(present[0]))
        return Decision(ColumnReader("datetime", missing=rules.missing, example=example), "dates as numbers")
    return _number_decision(values, name, ColumnReader("numeric", missing=rules.missing), "numbers")


def _are_dates(numbers: np.ndarray) -> bool:
    """Whether numbers are dates such as 20240131."""
    return bool(np.all(numbers == np.floor(numbers))) and all_dates(
        np.unique(np.clip(numbers, 0, 1e9)).astype(int)
    )


def _number_decision(values: np.ndarray, name: str, reader: ColumnReader, reason: str) -> Decision:
    identifier = _number_identifier(values, name)
    if identifier:
        return Decision(ColumnReader("identifier", missing=reader.missing), identifier)
    return Decision(reader, reason if np.isfinite(values).any() else "no value in any row")


def _words(role: Role, reason: str, strings: Strings, rules: ReadingRules, mixed: bool = False) -> Decision:
    reason = f"{reason}, {len(strings.levels)} levels" if role == "categorical" else reason
    reader = ColumnReader(
        role,
        missing=rules.missing,
        booleans=role == "categorical" and are_booleans(strings.levels),
        example=_example(strings),
    )
    return Decision(reader, reason + _marks(strings), mixed)


def _marks(strings: Strings) -> str:
    return f"; missing marks: {', '.join(strings.marks)}" if strings.marks else ""


def _example(strings: Strings) -> str:
    return str(strings.levels[0])[:100] if len(strings.levels) else ""


def _decide_strings(strings: Strings, name: str, rules: ReadingRules) -> Decision:
    """Dates, numbers, identifier, text or category, in this order, by the distinct cells."""
    n_present = int(strings.counts.sum())
    if not n_present:
        return _words("categorical", "no value in any row", strings, rules)
    dates = _dates(strings, rules)
    if dates is not None:
        return dates
    numbers = _numbers(strings, name, rules)
    if isinstance(numbers, Decision):
        return numbers
    role, reason = _word_role(strings, name, n_present)
    return _words(role, reason, strings, rules, mixed=role == "categorical" and 0.5 <= numbers < 1)


def _numbers(strings: Strings, name: str, rules: ReadingRules) -> Decision | float:
    """The decision that cells are numbers, or the share of those that are."""
    form = number_format(strings, rules)
    if form is None:
        return 0.0
    numbers = read_numbers(strings.levels, form, strings.numbers)
    share = strings.counts[~np.isnan(numbers)].sum() / strings.counts.sum()
    codes = has_leading_zeros(strings.levels) or (too_long(strings.levels) and not is_time_name(name))
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
    if plain and rules.hint != "," and len(levels) and not np.isnan(strings.numbers).any():
        return ColumnReader("numeric").numbers
    if not len(levels):
        return None
    return decide_format(levels, strings.counts, rules.decimal, rules.thousands, rules.hint)


def _dates(strings: Strings, rules: ReadingRules) -> Decision | None:
    order, share, ambiguous = _order(strings, rules)
    if share < 1 - BAD_CELLS:
        return None
    first = next(c for c in strings.levels if parse_date(c, order) is not None)
    reader = ColumnReader("datetime", order, missing=rules.missing, example=first)
    return Decision(reader, "dates" + _marks(strings), ambiguous=ambiguous)


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


def _number_identifier(values: np.ndarray, name: str) -> str:
    """Why these numbers are an identifier; empty if they are not."""
    if len(values) < 3 or not np.all(values == np.floor(values)):
        return ""
    n_unique = len(np.unique(values[np.isfinite(values)]))
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
