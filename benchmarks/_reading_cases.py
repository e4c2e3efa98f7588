"""Columns as people write them, and what each must be read as: the neighbours of the cases in shared/cases.

A case is a name, the cells of a column, its role, and for some cells the value that must be read: a number, a
date in ISO format, the spelling of a level, or None for a cell that is not read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ColumnCase:
    """Cells of one column, and how they must be read."""

    name: str
    cells: tuple[Any, ...]
    role: str
    values: dict[Any, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


def _days(pattern: str, n: int = 40, **parts: Any) -> tuple[str, ...]:
    """Days that no other order reads, in this pattern."""
    return tuple(
        pattern.format(d=i % 28 + 1, m=i % 12 + 1, y=2000 + i % 20, yy=i % 20, mon=_MONTHS[i % 12], **parts)
        for i in range(n)
    )


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBERS = tuple(f"{i * 7 % 53}.{i % 10}" for i in range(40))

DATES = (
    ColumnCase("day first, points", _days("{d:02}.{m:02}.{y}"), "datetime", {"03.04.2023": "2023-04-03"}),
    ColumnCase("day first, slashes", _days("{d:02}/{m:02}/{y}"), "datetime", {"03/04/2023": "2023-04-03"}),
    ColumnCase("day first, dashes", _days("{d:02}-{m:02}-{y}"), "datetime", {"03-04-2023": "2023-04-03"}),
    ColumnCase("month first", _days("{m:02}/{d:02}/{y}"), "datetime", {"03/04/2023": "2023-03-04"}),
    ColumnCase("no leading zeros", _days("{d}.{m}.{y}"), "datetime", {"3.4.2023": "2023-04-03"}),
    ColumnCase("spaces after points", _days("{d}. {m}. {y}"), "datetime", {"3. 4. 2023": "2023-04-03"}),
    ColumnCase("two-digit years", _days("{d:02}.{m:02}.{yy:02}"), "datetime", {"03.04.69": "1969-04-03"}),
    ColumnCase("month names", _days("{d}-{mon}-{y}"), "datetime", {"31-Dec-2023": "2023-12-31"}),
    ColumnCase(
        "month names, short years", _days("{d:02}-{mon}-{yy:02}"), "datetime", {"01-Nov-14": "2014-11-01"}
    ),
    ColumnCase(
        "month names in words", _days("{mon} {d}, {y}"), "datetime", {"January 5, 2020": "2020-01-05"}
    ),
    ColumnCase("ordinals", _days("{d}th {mon} {y}"), "datetime", {"1st May 2020": "2020-05-01"}),
    ColumnCase("weekdays", _days("Mon, {d:02} {mon} {y}"), "datetime", {"Tue, 02 May 2020": "2020-05-02"}),
    ColumnCase(
        "a web server's log",
        _days("{d:02}/{mon}/{y}:00:00:00 +0200"),
        "datetime",
        {"17/May/2015:10:05:03 +0200": "2015-05-17 08:05:03"},
    ),
    ColumnCase(
        "a time of day",
        _days("{d:02}-{m:02}-{y} 15:45"),
        "datetime",
        {"03-04-2023 07:05": "2023-04-03 07:05:00"},
    ),
    ColumnCase(
        "morning and afternoon",
        _days("{m:02}/{d:02}/{y} 03:45:00 PM"),
        "datetime",
        {"12/31/2023 12:00:00 AM": "2023-12-31", "12/31/2023 12:30 pm": "2023-12-31 12:30:00"},
    ),
    ColumnCase("months", _days("{y}-{m:02}"), "datetime", {"2023-01": "2023-01-01"}),
    ColumnCase("months by name", _days("{mon}-{yy:02}"), "datetime", {"Jan-23": "2023-01-01"}),
    ColumnCase(
        "quarters", tuple(f"{2000 + i}Q{i % 4 + 1}" for i in range(20)), "datetime", {"2020Q3": "2020-07-01"}
    ),
    ColumnCase("eight digits", _days("{y}{m:02}{d:02}"), "datetime", {"20230131": "2023-01-31"}),
    ColumnCase(
        "eight digits as numbers",
        tuple(int(day) for day in _days("{y}{m:02}{d:02}")),
        "datetime",
        {20230131: "2023-01-31"},
    ),
    ColumnCase(
        "compact times",
        _days("{y}{m:02}{d:02}T000000"),
        "datetime",
        {"20141013T123000": "2014-10-13 12:30:00"},
    ),
    ColumnCase(
        "offsets of many zones",
        (*_days("{y}-{m:02}-{d:02}T10:00:00+02:00"), "2023-01-01T00:00:00Z"),
        "datetime",
        {"2023-07-01T10:00:00-05:00": "2023-07-01 15:00:00"},
    ),
    ColumnCase(
        "dates with and without times",
        (*_days("{y}-{m:02}-{d:02}"), *_days("{y}-{m:02}-{d:02} 10:00")),
        "datetime",
        {"2023-01-31 10:00:00.25": "2023-01-31 10:00:00.250000"},
    ),
    ColumnCase(
        "before and after the years of nanoseconds",
        (*_days("{y}-{m:02}-{d:02}"), "9999-12-31", "0001-01-01", "1066-10-14"),
        "datetime",
        {"9999-12-31": "9999-12-31", "0001-01-01": "0001-01-01"},
    ),
    ColumnCase(
        "a bad cell",
        (*_days("{d:02}.{m:02}.{y}"), "soon"),
        "datetime",
        {"soon": None, "31.12.2020": "2020-12-31"},
    ),
    ColumnCase(
        "dates that no calendar has",
        (*_days("{y}-{m:02}-{d:02}"), "2023-02-30"),
        "datetime",
        {"2023-02-30": None},
    ),
    ColumnCase(
        "zeros for unknown dates",
        (*_days("{y}-{m:02}-{d:02}", 20), *["0000-00-00"] * 10),
        "datetime",
        {"0000-00-00": None},
    ),
    ColumnCase(
        "ambiguous, day first by option",
        ("01/02/2023", "03/04/2023", "05/06/2023") * 5,
        "datetime",
        {"03/04/2023": "2023-04-03"},
        {"dayfirst": True},
    ),
    ColumnCase(
        "ambiguous, month first by option",
        ("01.02.2023", "03.04.2023", "05.06.2023") * 5,
        "datetime",
        {"03.04.2023": "2023-03-04"},
        {"dayfirst": False},
    ),
    ColumnCase("half dates, half words", ("2023-01-01", "soon") * 10, "categorical"),
    ColumnCase(
        "eight digits that are no dates", tuple(str(10000001 + 7919 * i) for i in range(40)), "numeric"
    ),
    ColumnCase("versions", ("1.0.2", "1.10.0", "2.0.1", "2.3.0") * 5, "categorical", {"1.10.0": "1.10.0"}),
)

NUMBERS = (
    ColumnCase(
        "decimal commas",
        tuple(n.replace(".", ",") for n in _NUMBERS),
        "numeric",
        {"8,75": 8.75, "1,512": 1.512},
    ),
    ColumnCase("thousands commas", ("1,512", "12,345", "999", "1,234,567") * 5, "numeric", {"1,512": 1512.0}),
    ColumnCase(
        "thousands and decimals", ("1,512.50", "12.5", "1,234,567.25") * 5, "numeric", {"1,512.50": 1512.5}
    ),
    ColumnCase("European thousands", ("1.512,50", "12,5", "1.234.567,25") * 5, "numeric", {"1.512": 1512.0}),
    ColumnCase(
        "spaces between thousands", ("1 234", "20\u00a0004", "5") * 5, "numeric", {"20\u202f004": 20004.0}
    ),
    ColumnCase("apostrophes", ("1'234.5", "20\u2019004", "5") * 5, "numeric", {"1'234.5": 1234.5}),
    ColumnCase("Indian grouping", ("1,00,000", "12,34,567", "5,000") * 5, "numeric", {"1,00,000": 100000.0}),
    ColumnCase("dollars", ("$1,950", "$85.50", "-$3") * 5, "numeric", {"$1,950": 1950.0, "-$3": -3.0}),
    ColumnCase("euros behind", ("12,50 €", "3,10 €", "1.000,00 €") * 5, "numeric", {"12,50 €": 12.5}),
    ColumnCase("currency codes", ("EUR 12.50", "EUR 3.10", "USD 7") * 5, "numeric", {"EUR 12.50": 12.5}),
    ColumnCase("percent", ("45%", "3.5 %", "-1%") * 5, "numeric", {"45%": 45.0}),
    ColumnCase(
        "kilograms", tuple(f"{n} kg" for n in _NUMBERS), "numeric", {"54 kg": 54.0, "54": 54.0, "54 lb": None}
    ),
    ColumnCase("a unit without a space", tuple(f"{n}bhp" for n in _NUMBERS), "numeric", {"101.3bhp": 101.3}),
    ColumnCase("singular and plural", tuple(f"{i} years" for i in range(2, 40)), "numeric", {"1 year": 1.0}),
    ColumnCase(
        "brackets for negative", ("(1,234.50)", "500.40", "12.00") * 5, "numeric", {"(1,234.50)": -1234.5}
    ),
    ColumnCase("minus signs", ("\u22125.5", "3", "7-") * 5, "numeric", {"\u22125.5": -5.5, "7-": -7.0}),
    ColumnCase("exponents", ("1e-9", "2.5E44", "3") * 5, "numeric", {"2.5E44": 2.5e44}),
    ColumnCase("a bad cell", (*_NUMBERS, "about 5"), "numeric", {"about 5": None}),
    ColumnCase("usual missing marks", (*_NUMBERS, "NA", "?", "null", "n/a"), "numeric", {"NA": "missing"}),
    ColumnCase("own missing marks", (*_NUMBERS, "-"), "numeric", {"-": "missing"}, {"missing": ["-"]}),
    ColumnCase(
        "codes with leading zeros", ("02139", "10001", "94105") * 5, "categorical", {"02139": "02139"}
    ),
    ColumnCase("long ids", tuple(str(9007199254740993 + 2 * i) for i in range(30)), "identifier"),
    ColumnCase("seats", ("5A", "7B", "12C", "5B") * 5, "categorical", {"5A": "5A"}),
    ColumnCase("ranges", ("1-2", "3-4", "5-6") * 5, "categorical", {"1-2": "1-2"}),
    ColumnCase(
        "words read as numbers by option",
        ("1", "two", "3", "4") * 5,
        "numeric",
        {"two": None},
        {"numeric": ["x"]},
    ),
    ColumnCase(
        "a decimal mark by option", ("1,512", "2,300") * 8, "numeric", {"1,512": 1.512}, {"decimal": ","}
    ),
    ColumnCase(
        "a thousands mark by option", ("1.512", "2.300") * 8, "numeric", {"1.512": 1512.0}, {"thousands": "."}
    ),
)

LEVELS = (
    ColumnCase(
        "truth values",
        ("TRUE", "True", "false", "FALSE") * 5,
        "categorical",
        {"true": "True", "1": "True", "f": "False"},
    ),
    ColumnCase("truth values of Python", (True, False) * 10, "categorical", {"TRUE": "True", 0: "False"}),
    ColumnCase(
        "whole numbers beside floats",
        (1, 2.0, "3.00", "1") * 5,
        "categorical",
        {1.0: "1", "2": "2"},
        {"categorical": ["x"]},
    ),
    ColumnCase("blanks around", (" red", "red ", "blue") * 5, "categorical", {"red": "red"}),
    ColumnCase(
        "versions that look like numbers",
        ("3.1", "3.10", "3.9") * 5,
        "categorical",
        {"3.10": "3.10"},
        {"categorical": ["x"]},
    ),
    ColumnCase("none in small letters", ("none", "some") * 10, "categorical", {"none": "none"}),
    ColumnCase("NA is a country", ("NA", "DE", "FR") * 5, "categorical", {"NA": "NA"}, {"keep_na": True}),
    ColumnCase("other scripts", ("müde", "wach", "疲れた") * 5, "categorical", {"疲れた": "疲れた"}),
)

COLUMN_CASES = (*DATES, *NUMBERS, *LEVELS)
