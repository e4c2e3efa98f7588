"""Numbers as people and programs write them: decimal and thousands marks, units, currencies, percentages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ._marks import DECIMALS

_SPACES = " \u00a0\u2009\u202f"
_APOSTROPHES = "'\u2019"
_CURRENCY = "$€£¥₹₽₩₺₴₪฿"
_CODES = "USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|SEK|NOK|DKK|PLN|CZK|BRL|Rs\\.?|R\\$|US\\$|A\\$|C\\$|kr|zł|Kč|Ft"
# A number between what may stand before it (a currency) and behind it (a currency, a percent sign, a unit).
_PARTS = re.compile(
    rf"(?P<open>\()?(?P<sign>[+\-\u2212])?(?P<prefix>[{_CURRENCY}]|{_CODES})?[{_SPACES}]?(?P<inner>[+\-\u2212])?"
    rf"(?P<core>\d[\d.,{_SPACES}{_APOSTROPHES}]*(?<![{_SPACES}])|[.,]\d+)(?P<exponent>[eE][+-]?\d+)?"
    rf"[{_SPACES}]?(?P<suffix>[{_CURRENCY}%‰]|{_CODES}|[A-Za-zµμ°Ω][A-Za-z0-9µμ°Ω²³/·^\-]{{0,11}})?(?P<close>\))?(?P<trail>-)?"
)
_BARE = re.compile(r"[+-]?(\d[\d.,]*|[.,]\d+)")
_SIGNS = set(_CURRENCY + "%‰") | {code.replace("\\", "").rstrip("?.").lower() for code in _CODES.split("|")}
# A unit in letters makes numbers of codes such as 5A or 12B only where there are many of them.
_FEWEST_WITH_LETTERS = 5
# Texts of these characters are for Python to read: versions of pandas differ, as about 0E310.
_WRITTEN_PLAINLY = re.compile(r"[0-9.eE+\-|]*")
_STARTS = frozenset("0123456789.+-")
_EXAMINED = 5_000  # distinct cells that decide about the marks


@dataclass(frozen=True)
class NumberFormat:
    """How numbers of a column are written.

    Attributes
    ----------
    decimal : {".", ","}
        What stands before the fraction.
    thousands : {"", ",", ".", " ", "'"}
        What may stand between groups of three digits.
    units : tuple of str
        What may stand beside a number: a currency, "%", or a unit in letters. It is left out.

    Examples
    --------
    >>> from deepworth.datasets import NumberFormat, parse_number
    >>> parse_number("(1.234,50 €)", NumberFormat(decimal=",", thousands=".", units=("€",)))
    -1234.5
    """

    decimal: str = "."
    thousands: str = ""
    units: tuple[str, ...] = ()


PLAIN = NumberFormat()
_MARKS = ((".", ""), (".", ","), (",", ""), (",", "."), (".", " "), (",", " "), (".", "'"), (",", "'"))
_FORMATS = tuple(NumberFormat(decimal, thousands) for decimal, thousands in _MARKS)  # preferred first


def numbers_of(levels: np.ndarray) -> np.ndarray:
    """Each level as float64, NaN where Python would not read it as a number."""
    plain = np.array([level[:1] in _STARTS for level in levels], dtype=bool)
    if not _WRITTEN_PLAINLY.fullmatch("|".join(levels[plain])):
        plain &= np.array([_WRITTEN_PLAINLY.fullmatch(level) is not None for level in levels], dtype=bool)
    values = np.full(len(levels), np.nan)
    values[plain] = _read_by_python(levels[plain])
    values[~plain] = _read_by_pandas(levels[~plain])
    return values


def _read_by_python(texts: np.ndarray) -> np.ndarray:
    try:  # all at once, which is ten times as fast
        return texts.astype(np.float64)
    except ValueError:
        return np.array([_float_of(text) for text in texts], dtype=np.float64)


def _float_of(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def _read_by_pandas(texts: np.ndarray) -> np.ndarray:
    """Words, infinity, other digits. Python would take 1_000 and the like for numbers, pandas does not."""
    if not len(texts):
        return np.zeros(0)
    import pandas as pd  # not before it is needed: one plain number is read without it

    parsed = np.array(pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce"), dtype=np.float64)
    numbers = ~np.isnan(parsed)
    # pandas 2 rounds the last digit wrongly, Python does not; data must be the same everywhere.
    parsed[numbers] = texts[numbers].astype(np.float64)
    return parsed


def parse_number(cell: str, form: NumberFormat | None = None) -> float:
    """The number in one cell of text; NaN where it holds none.

    Parameters
    ----------
    cell : str
        Such as "1234.5", "1.234,56", "1 234", "(1,234.50)" (negative), "12,50 €", "54 kg".
    form : NumberFormat, optional
        How the column's numbers are written; by default with a decimal point and no marks. What does not fit
        it is read too where it can mean one number only, such as "8,75", but not "1,512".

    Returns
    -------
    float

    Examples
    --------
    >>> from deepworth.datasets import NumberFormat, parse_number
    >>> parse_number("1.234,56 €", NumberFormat(",", ".", ("€",)))
    1234.56
    >>> parse_number("8,75"), parse_number("1,512")
    (8.75, nan)
    """
    form = form or PLAIN
    usual = _usual(form).fullmatch(cell)
    if usual:
        sign, behind, before = usual.groups()
        value = _float(behind or before, form)
        return -value if sign == "-" else value
    parts = _split(cell)
    if parts is None or (parts.unit and parts.unit not in form.units):
        return np.nan
    own = _value(parts, form)
    if own == own:
        return own
    others = {value for other in _FORMATS if (value := _value(parts, other)) == value}
    return others.pop() if len(others) == 1 else np.nan


def decide_format(
    levels: np.ndarray,
    counts: np.ndarray,
    decimal: str | None = None,
    thousands: str | None = None,
    hint: str | None = None,
) -> NumberFormat | None:
    """How the numbers of a column are written; None where most of its cells are no numbers.

    Parameters
    ----------
    levels : object ndarray of str, shape (n_levels,)
        The distinct cells, without missing ones.
    counts : int ndarray of shape (n_levels,)
        Rows of each.
    decimal, thousands : str, optional
        Marks that are given and not to be found out.
    hint : {",", "."}, optional
        The decimal mark to prefer where the cells can be read either way, as in "1,512".

    Returns
    -------
    NumberFormat or None
    """
    picked = _sample(len(levels), 100)
    if np.mean([_split(cell) is not None for cell in levels[picked]]) < 0.5:
        return None
    picked = _sample(len(levels), _EXAMINED)
    cells, weights = [_split(cell) for cell in levels[picked]], counts[picked]
    known = [(parts, int(n)) for parts, n in zip(cells, weights, strict=True) if parts is not None]
    units = _units(known)
    if units is None:
        return None
    candidates = [f for f in _FORMATS if decimal in (None, f.decimal) and thousands in (None, f.thousands)]
    candidates.sort(key=lambda f: f.decimal != hint)  # stable: the order of preference stays
    usable = [(parts, n) for parts, n in known if not parts.unit or parts.unit in units]
    read = [sum(n for parts, n in usable if _fits(parts, f)) for f in candidates]
    if not read or not max(read):
        return None
    best = candidates[int(np.argmax(read))]
    return NumberFormat(best.decimal, best.thousands, units)


def decimal_evidence(cells: Sequence[str]) -> str:
    """The decimal mark that some cell proves: "," or "."; "?" where marks are ambiguous, "" without marks.

    Both marks proven, as in a column of words, count as none.
    """
    found = set()
    for cell in cells:
        core = _core(cell) if "," in cell or "." in cell else ""
        if "," in core or "." in core:
            decimals = [mark for mark in DECIMALS if _any_thousands(mark).fullmatch(core)]
            found.add(decimals[0] if len(decimals) == 1 else "?")
    proven = found & {",", "."}
    if len(proven) == 1:
        return proven.pop()
    return "?" if "?" in found and not proven else ""


def _core(cell: str) -> str:
    """The digits of a number with their marks; "" in other cells."""
    bare = _BARE.fullmatch(cell)  # the usual case
    if bare:
        return bare.group(1)
    parts = _split(cell)
    return "" if parts is None else parts.core


@dataclass(frozen=True)
class _Parts:
    """A cell that looks like a number: its digits with marks, and what surrounds them."""

    core: str
    negative: bool
    exponent: str
    unit: str


def _split(cell: str) -> _Parts | None:
    match = _PARTS.fullmatch(cell)
    if match is None:
        return None
    parts = match.groupdict()
    signs = [parts["sign"], parts["inner"], parts["trail"]]
    if bool(parts["open"]) != bool(parts["close"]) or sum(map(bool, signs)) + bool(parts["open"]) > 1:
        return None
    if parts["prefix"] and parts["suffix"]:
        return None
    core = re.sub(rf"[{_SPACES}]", " ", parts["core"]).replace("\u2019", "'")
    negative = bool(parts["open"]) or any(s and s != "+" for s in signs)
    return _Parts(core, negative, parts["exponent"] or "", _unit(parts["prefix"] or parts["suffix"] or ""))


def _unit(text: str) -> str:
    """One spelling of a unit: "Years" and "year" are the same, "M" and "m" are not told apart either."""
    lowered = text.lower().rstrip(".")
    return lowered[:-1] if len(lowered) > 3 and lowered.endswith("s") else lowered


def _units(known: Sequence[tuple[_Parts, int]]) -> tuple[str, ...] | None:
    """The units of a column; none where they stand beside few cells; None where they make codes of cells."""
    counts: Counter[str] = Counter()
    for parts, n in known:
        counts[parts.unit] += n
    bare = counts.pop("", 0)
    if not counts or sum(counts.values()) < bare:
        return ()
    units = tuple(sorted(counts, key=lambda unit: (-counts[unit], unit)))
    if all(unit in _SIGNS for unit in units):
        return units if units == ("%",) or "%" not in units else None
    common = units[0]
    if counts[common] < 0.95 * (sum(counts.values()) + bare):
        return None if len(units) > 1 else ()
    different = {(parts.core, parts.negative) for parts, _ in known if parts.unit == common}
    enough = common in _SIGNS or len(different) >= _FEWEST_WITH_LETTERS
    return (common,) if enough else None


def _fits(parts: _Parts, form: NumberFormat) -> bool:
    return _pattern(form.decimal, form.thousands).fullmatch(parts.core) is not None


def _value(parts: _Parts, form: NumberFormat) -> float:
    if not _fits(parts, form):
        return np.nan
    value = _float(parts.core, form, parts.exponent)
    return -value if parts.negative else value


def _float(digits: str, form: NumberFormat, exponent: str = "") -> float:
    digits = digits.replace(form.thousands, "") if form.thousands else digits
    return float(digits.replace(form.decimal, ".") + exponent)


@lru_cache
def _pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    return re.compile(_digits(decimal, thousands))


@lru_cache
def _any_thousands(decimal: str) -> re.Pattern[str]:
    """Numbers with this decimal mark and any thousands mark."""
    return re.compile("|".join(_digits(f.decimal, f.thousands) for f in _FORMATS if f.decimal == decimal))


def _digits(decimal: str, thousands: str) -> str:
    """Strict: groups have three digits (the last one; Indian ones before it two), none begins with a zero."""
    d, t = re.escape(decimal), re.escape(thousands)
    grouped = rf"[1-9]\d{{0,2}}(?:{t}\d{{3}})+|[1-9]\d?(?:{t}\d{{2}})+{t}\d{{3}}|" if thousands else ""
    return rf"(?:{grouped}\d+)(?:{d}\d*)?|{d}\d+"


@lru_cache
def _usual(form: NumberFormat) -> re.Pattern[str]:
    """The usual spellings of a format, which are read six times as fast: a sign, the number, its unit."""
    number = _digits(form.decimal, form.thousands)
    unit = "|".join(re.escape(unit) for unit in form.units) or "(?!)"
    return re.compile(rf"([+-]?)(?:(?:{unit}) ?({number})|({number})(?: ?(?:{unit}))?)")


def _sample(n: int, size: int) -> np.ndarray:
    return np.unique(np.linspace(0, n - 1, min(n, size)).astype(int))
