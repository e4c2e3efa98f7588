"""Dates as people and programs write them, one cell at a time."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np

from ._marks import Order

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january",
            "feb february",
            "mar march",
            "apr april",
            "may",
            "jun june",
            "jul july",
            "aug august",
            "sep sept september",
            "oct october",
            "nov november",
            "dec december",
        ),
        1,
    )
    for name in names.split()
}
_NAME = r"(?P<name>[A-Za-z]{3,9})\.?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? +)?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_DATES = (
    r"(?P<year>\d{4})(?P<mark>[-/.])(?:(?P<month>\d{1,2})|[A-Za-z]{3,9})(?P=mark)(?P<day>\d{1,2})",
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
    r"(?P<a>\d{1,2})(?P<mark>[-/]|\. ?)(?P<b>\d{1,2})(?P=mark)(?P<c>\d{4}|\d{2})",
    _WEEKDAY + _DAY + r"(?:[-/ ]|\. )" + _NAME + r"(?:[-/ ]|, )(?P<year>\d{4}|\d{2})",
    _WEEKDAY + _NAME + r" +" + _DAY + r"(?:, ?| )(?P<year>\d{4})",
    _NAME + r"(?:[-/](?P<year>\d{4}|\d{2})|[ ,]+(?P<long>\d{4}))",
    r"(?P<year>\d{4})[-/](?P<month>\d{1,2})",
    r"(?P<month>\d{1,2})/(?P<year>\d{4})",
    r"(?P<year>\d{4})[- ]?Q(?P<quarter>[1-4])",
    r"Q(?P<quarter>[1-4])[-/ ](?P<year>\d{4})",
)
_TIME = (
    r"(?:(?:[T:,]| )[ ]*(?P<hour>\d{1,2}):?(?P<minute>\d{2})"
    r"(?::?(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
    r"(?: ?(?P<half>[ap])\.?m\.?)?)?(?: ?(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?"
)
_SHAPES = tuple(re.compile(shape + _TIME, re.IGNORECASE) for shape in _DATES)
_EPOCH = datetime(1970, 1, 1)
_PLAUSIBLE = range(1900, 2101)  # years of dates that are written as numbers of eight digits


def parse_date(cell: str, order: Order | None = None) -> datetime | None:
    """The date in one cell; None where it holds none.

    Parameters
    ----------
    cell : str
        Such as "2024-01-31", "31.01.2024 15:45", "01/31/24 3:45 PM", "31-Jan-24", "20240131T154500Z".
    order : {"day", "month", "year"}, optional
        What stands first in dates such as 03/04/24. Without it they are not read, because the cell alone
        does not tell.

    Returns
    -------
    datetime or None
        Without a time zone; times with an offset become UTC. Months and quarters begin on their first day.

    Examples
    --------
    >>> from deepworth.datasets import parse_date
    >>> parse_date("03.04.2023", "day").isoformat()
    '2023-04-03T00:00:00'
    >>> parse_date("03.04.2023") is None
    True
    """
    if cell[4:5] == "-" and cell[7:8] == "-":  # the usual case, ten times faster
        try:
            return _utc(datetime.fromisoformat(cell))
        except (ValueError, OverflowError):
            pass
    for shape in _SHAPES:
        match = shape.fullmatch(cell)
        if match:
            return _date_of(cell, match.groupdict(), order)
    return None


def order_matters(cell: str) -> bool:
    """Whether a cell is a date of three numbers, which order is not in the cell itself."""
    return _SHAPES[2].fullmatch(cell) is not None


def _date_of(cell: str, parts: dict[str, str | None], order: Order | None) -> datetime | None:
    if parts.get("a"):
        if order is None:
            return None
        parts |= _ordered(parts, order)
    year = parts["long"] if parts.get("long") else parts["year"]
    month = _month(cell, parts)
    if year is None or month is None or (parts["minute"] and not _valid_half(parts)):
        return None
    try:
        return _utc(
            datetime(
                _full_year(year),
                month,
                int(parts.get("day") or 1),
                _hour(parts),
                int(parts["minute"] or 0),
                int(parts["second"] or 0),
                int((parts["part"] or "0").ljust(6, "0")[:6]),
                _zone(parts["zone"]),
            )
        )
    except (ValueError, OverflowError):
        return None


def _ordered(parts: dict[str, str | None], order: Order) -> dict[str, str | None]:
    a, b, c = parts["a"], parts["b"], parts["c"]
    if order == "year":
        return {"year": a, "month": b, "day": c if len(c or "") == 2 else None}
    return {"year": c, "month": b if order == "day" else a, "day": a if order == "day" else b}


def _month(cell: str, parts: dict[str, str | None]) -> int | None:
    if parts.get("quarter"):
        return 3 * int(parts["quarter"] or 1) - 2
    if parts.get("month"):
        return int(parts["month"] or 0)
    name = parts.get("name") or next(iter(re.findall(r"[A-Za-z]{3,9}", cell)), "")
    return _MONTHS.get(name.lower())


def _full_year(year: str) -> int:
    """Years of two digits as POSIX has them: 69 to 99 are of the 20th century."""
    number = int(year)
    return number if len(year) == 4 else number + (1900 if number >= 69 else 2000)


def _valid_half(parts: dict[str, str | None]) -> bool:
    return not parts["half"] or 1 <= int(parts["hour"] or 0) <= 12


def _hour(parts: dict[str, str | None]) -> int:
    hour = int(parts["hour"] or 0)
    if parts["half"]:
        return hour % 12 + (12 if parts["half"].lower() == "p" else 0)
    return hour


def _zone(zone: str | None) -> timezone | None:
    if not zone:
        return None
    if zone[0] not in "+-":
        return UTC
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:].lstrip(":") or 0))
    return timezone(-offset if zone[0] == "-" else offset)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        return moment
    return (moment - (moment.utcoffset() or timedelta(0))).replace(tzinfo=None)


def date_of_value(value: Any, order: Order | None) -> datetime | None:
    """The date in a cell of any type: text, a date of Python, NumPy or pandas, or a number as 20240131."""
    if isinstance(value, str):
        return parse_date(value.strip(), order)
    if isinstance(value, datetime):  # of Python or pandas
        whole = value.to_pydatetime(warn=False) if hasattr(value, "to_pydatetime") else value
        return _utc(whole)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if hasattr(value, "to_timestamp"):  # a Period
        return date_of_value(value.to_timestamp(), order)
    if isinstance(value, np.datetime64):
        moment = value.astype("datetime64[us]").item()
        return moment if isinstance(moment, datetime) else None
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return parse_date(str(int(value)))
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return parse_date(str(int(value)))
    return None


def microseconds(dates: list[datetime | None]) -> np.ndarray:
    """Dates as ``datetime64[us]``, which reaches over all years that business data has; NaT for None."""
    return np.array(dates, dtype="datetime64[us]")


def all_dates(numbers: np.ndarray) -> bool:
    """Whether whole numbers are dates such as 20240131: all of them valid, between 1900 and 2100."""
    if not len(numbers) or numbers.min() < 19000101 or numbers.max() > 21001231:
        return False
    years, months, days = numbers // 10000, numbers // 100 % 100, numbers % 100
    if not (np.all((months >= 1) & (months <= 12)) and np.all((days >= 1) & (days <= 31))):
        return False
    firsts = ((years - 1970) * 12 + months - 1).astype("datetime64[M]")
    return bool(np.all((firsts.astype("datetime64[D]") + (days - 1)).astype("datetime64[M]") == firsts))
