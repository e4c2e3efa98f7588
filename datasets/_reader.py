"""The reader of a column: how its cells become values, decided once and the same for every row.

:func:`~deepworth.datasets.inspect_column` decides it from the training rows. It is kept in the schema, in
every fitted model and in every saved one. A cell's value depends on the cell and the reader only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

from ._dates import date_of_value, microseconds
from ._marks import Order, Role, check_reader
from ._numbers import NumberFormat, numbers_of, parse_number
from ._text import mended

if TYPE_CHECKING:  # reading a single cell takes no pandas
    import pandas as pd

# The empty string covers blank cells too: cells are stripped before they are compared.
MISSING_MARKS = frozenset(
    ["", "?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NAN", "NaT", "NULL", "null", "None"]
)
_BOOLEANS = dict.fromkeys(("1", "yes", "y", "t"), "True") | dict.fromkeys(("0", "no", "n", "f"), "False")
_CHANGED_ENDS = frozenset(("0", ".", "e", "E"))  # only levels with these ends may have another spelling
_MARK_NAMES = {",": "comma", ".": "point", " ": "space", "'": "apostrophe"}
_WHOLE = re.compile(r"([+-]?\d+)\.0*")
_NESTED = (list, tuple, dict, set, bytes, np.ndarray)


@dataclass(frozen=True)
class ColumnReader:
    """How the cells of a column become values.

    Attributes
    ----------
    role : {"numeric", "categorical", "text", "datetime", "identifier"}
        Numbers become float64, dates ``datetime64[us]`` in UTC, categories and texts str. Identifiers are
        read as categories.
    order : {"day", "month", "year"} or None
        What stands first in dates such as 03/04/24; None where no date was written so.
    numbers : NumberFormat
        Decimal mark, thousands mark and units.
    missing : tuple of str or None
        Cells that mean a missing value, besides blank ones; None is the usual ones, such as "NA" and "?".
    booleans : bool
        Whether the levels are True and False, which 1 and 0, yes and no, t and f mean too then.
    example : str
        A cell of the training rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from deepworth.datasets import ColumnReader
    >>> reader = ColumnReader("datetime", order="day")
    >>> reader.read(pd.Series(["03.04.2023", "soon"])).values.tolist()
    [Timestamp('2023-04-03 00:00:00'), NaT]
    """

    role: Role
    order: Order | None = None
    numbers: NumberFormat = field(default_factory=NumberFormat)
    missing: tuple[str, ...] | None = None
    booleans: bool = False
    example: str = ""

    def read(self, cells: pd.Series) -> ReadCells:
        """Read cells of any type.

        Parameters
        ----------
        cells : Series of shape (n_samples,)
            Text, numbers, dates, booleans or missing values.

        Returns
        -------
        ReadCells
            With the index of `cells`.
        """
        typed = _typed(self, cells)
        read = self.read_distinct(distinct(cells)) if typed is None else typed
        read.values.index = cells.index
        return read

    def read_distinct(self, cells: Distinct) -> ReadCells:
        """As :meth:`read`, for cells whose distinct values are known."""
        values, unread = _CONVERSIONS[self.role](self, cells)
        series = _category_series if self.role in ("categorical", "identifier") else _series
        return ReadCells(series(cells, values), cells.spread(unread, False))

    def read_text(self, cell: str) -> tuple[float | str, bool]:
        """Read one cell of text without pandas, into the raw form that networks and exports take.

        Parameters
        ----------
        cell : str

        Returns
        -------
        value : float or str
            A number, seconds since 1970-01-01 UTC, or text; NaN or "" where the value is missing.
        unread : bool
            The cell is there and could not be read.

        Examples
        --------
        >>> from deepworth.datasets import ColumnReader
        >>> ColumnReader("numeric").read_text("1.5"), ColumnReader("categorical").read_text(" TRUE")
        ((1.5, False), ('True', False))
        """
        [value], [unread] = _CONVERSIONS[self.role](self, Distinct(np.zeros(1, dtype=int), [cell]))
        if self.role == "datetime":
            value = np.nan if np.isnat(value) else value.astype(np.int64) / 1e6
        elif self.role != "numeric":
            return ("" if value is None else str(value)), bool(unread)
        return float(value), bool(unread)

    def spelling(self) -> str:
        """What is not plain about the cells, such as "day first" or "decimal comma, unit €"."""
        form = self.numbers
        facts = [f"{self.order} first" if self.order else ""]
        if self.role == "numeric":
            facts.append("decimal comma" if form.decimal == "," else "")
            facts.append(f"thousands mark {_MARK_NAMES[form.thousands]}" if form.thousands else "")
            facts.append(f"unit {', '.join(form.units)}" if form.units else "")
        if self.missing is not None:
            facts.append(f"missing: {', '.join(self.missing) or 'blank only'}")
        return ", ".join(filter(None, facts))

    def example_value(self) -> str:
        """The example as it was read, such as "2023-04-03" for "03.04.2023"; "" without one."""
        if not self.example:
            return ""
        import pandas as pd

        value = self.read(pd.Series([self.example], dtype=object)).values[0]
        if self.role == "numeric":
            return f"{value:.15g}"
        return str(value).removesuffix(" 00:00:00")

    @property
    def reads_plain_numbers(self) -> bool:
        """Whether numbers as Python writes them, and the usual marks, are read as any parser would."""
        return self.role == "numeric" and self.numbers.thousands != "." and self.missing is None

    def level(self, value: object) -> str:
        """The one spelling of a category or class in this column; see :func:`level_of`."""
        level = level_of(value)
        return _BOOLEANS.get(level.lower(), level) if self.booleans else level

    def levels(self, cells: Distinct) -> np.ndarray:
        """:meth:`level` of each distinct value."""
        names = cells.as_texts(_level_of_text(t) if t[-1:] in _CHANGED_ENDS else t for t in cells.texts)
        if self.booleans:
            return as_objects([_BOOLEANS.get(name.lower(), name) for name in names])
        return names

    @property
    def marks(self) -> frozenset[str]:
        """Texts of cells that mean a missing value."""
        return MISSING_MARKS if self.missing is None else frozenset(("", *self.missing))

    def to_dict(self) -> dict[str, object]:
        """The reader as JSON holds it, without what is at its default."""
        form = self.numbers
        facts: dict[str, object] = {
            "order": self.order,
            "decimal": None if form.decimal == "." else form.decimal,
            "thousands": form.thousands or None,
            "units": list(form.units) or None,
            "missing": None if self.missing is None else list(self.missing),
            "booleans": self.booleans or None,
            "example": self.example or None,
        }
        return {"role": self.role, **{name: value for name, value in facts.items() if value is not None}}

    @staticmethod
    def from_dict(facts: Mapping[str, object]) -> ColumnReader:
        """The reader that :meth:`to_dict` wrote.

        Raises
        ------
        ValueError
            A field is unknown or has a wrong value; the text may come from an untrusted source.
        """
        check_reader(facts)
        known = cast("dict[str, Any]", facts)
        numbers = (known.get("decimal", "."), known.get("thousands", ""), tuple(known.get("units", ())))
        return ColumnReader(
            known["role"],
            known.get("order"),
            NumberFormat(*numbers),
            tuple(known["missing"]) if "missing" in known else None,
            known.get("booleans", False),
            known.get("example", ""),
        )


@dataclass(frozen=True)
class ReadCells:
    """What a reader made of cells.

    Attributes
    ----------
    values : Series of shape (n_samples,)
        float64, ``category`` with str levels, ``datetime64[us]`` or nullable ``string``.
    unread : bool ndarray of shape (n_samples,)
        Cells that are there and could not be read; their values are missing.

    Examples
    --------
    >>> import pandas as pd
    >>> from deepworth.datasets import ColumnReader, ReadCells
    >>> read: ReadCells = ColumnReader("numeric").read(pd.Series(["1.5", "", "many"]))
    >>> read.unread.tolist()
    [False, False, True]
    """

    values: pd.Series
    unread: np.ndarray


@dataclass(frozen=True)
class Distinct:
    """The cells of a column as positions in its distinct values; -1 is missing."""

    codes: np.ndarray
    values: list[Any]

    @cached_property
    def is_text(self) -> np.ndarray:
        """Which values are text."""
        return np.array([isinstance(value, str) for value in self.values], dtype=bool)

    @cached_property
    def texts(self) -> np.ndarray:
        """The values that are text, stripped and valid Unicode."""
        texts = (value for value in self.values if isinstance(value, str))
        return as_objects([t.strip() if t.isascii() else mended(t).strip() for t in texts])

    @cached_property
    def numbers(self) -> np.ndarray:
        """Each of the texts as :func:`numbers_of` reads it."""
        return numbers_of(self.texts)

    def as_texts(self, texts: Iterable[str]) -> np.ndarray:
        """Every value as text: these for those that are text, and the levels of others."""
        names = np.empty(len(self.values), dtype=object)
        names[self.is_text] = as_objects(list(texts))
        names[~self.is_text] = as_objects([level_of(v) for v in self.values if not isinstance(v, str)])
        return names

    def spread(self, per_value: np.ndarray, missing: Any) -> np.ndarray:
        """The value of each row, from one for each distinct value."""
        return np.append(per_value, np.asarray([missing], dtype=per_value.dtype))[self.codes]


def distinct(cells: pd.Series) -> Distinct:
    """Distinct values of any type; those that are equal but of different type stay apart (1, True, "1")."""
    import pandas as pd

    if isinstance(cells.dtype, pd.CategoricalDtype):
        return Distinct(cells.cat.codes.to_numpy(), list(cells.cat.categories))
    if cells.dtype == object and pd.api.types.infer_dtype(cells, skipna=True) not in ("string", "empty"):
        absent = {id(None), id(pd.NA), id(pd.NaT)}
        keys = pd.Series([None if id(value) in absent else _key(value) for value in cells], dtype=object)
        codes, uniques = pd.factorize(keys)
        return Distinct(codes, [key[1] if isinstance(key, tuple) else key for key in uniques])
    codes, unique_values = pd.factorize(cells)
    return Distinct(codes, list(unique_values))


def _key(value: Any) -> Any:
    """Strings as they are; others with their type, since Python holds 1, 1.0 and True to be equal."""
    if isinstance(value, str):
        return value
    if isinstance(value, (float, np.floating, Decimal)) and value != value:
        return None
    if isinstance(value, _NESTED):
        return (type(value).__name__, str(value))
    return (type(value).__name__, value)


def level_of(value: object) -> str:
    """The one spelling of a category or class: 1, 1.0 and "1.00" are "1"; True, "TRUE" and "true" are "True".

    Parameters
    ----------
    value : object
        A cell that is not missing.

    Returns
    -------
    str
        Stripped, and valid Unicode.

    Examples
    --------
    >>> from deepworth.datasets import level_of
    >>> level_of(1.0), level_of(" 1.00"), level_of("TRUE"), level_of("007"), level_of("1.10")
    ('1', '1', 'True', '007', '1.10')
    """
    if isinstance(value, str):
        return _level_of_text(mended(value).strip())
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (float, np.floating, Decimal)):
        number = float(value)
        if number.is_integer() and abs(number) < 1e16:
            return str(int(number))
    return mended(str(value)).strip()


def _level_of_text(text: str) -> str:
    """As :func:`level_of`, of a stripped text; one with other ends than ``_CHANGED_ENDS`` stays as it is."""
    if text[-1:] in ("0", ".") and (whole := _WHOLE.fullmatch(text)):
        text = whole.group(1)
    if len(text) in (4, 5) and text.lower() in ("true", "false"):
        return text.title()
    return "0" if text == "-0" else text


def _typed(reader: ColumnReader, cells: pd.Series) -> ReadCells | None:
    """Cells whose dtype is that of the role already, as they are; None for others."""
    import pandas as pd

    types, dtype = pd.api.types, cells.dtype
    if reader.role == "numeric" and types.is_numeric_dtype(dtype) and not types.is_complex_dtype(dtype):
        values = pd.Series(cells.to_numpy(dtype=np.float64, na_value=np.nan))
        return _all_read(
            values if types.is_bool_dtype(dtype) else values.mask(values.isin(_number_marks(reader)))
        )
    if reader.role == "numeric" and types.is_timedelta64_dtype(dtype):
        return _all_read(pd.Series(cells.dt.total_seconds().to_numpy(dtype=np.float64)))
    if reader.role == "datetime" and types.is_datetime64_any_dtype(dtype):
        utc = cells if cells.dt.tz is None else cells.dt.tz_convert("UTC").dt.tz_localize(None)
        return _all_read(pd.Series(utc.to_numpy(dtype="datetime64[us]")))
    return None


def _all_read(values: pd.Series) -> ReadCells:
    return ReadCells(values, np.zeros(len(values), dtype=bool))


Converted: TypeAlias = tuple[np.ndarray, np.ndarray]
"""One value for each distinct cell, missing ones as NaN, NaT or None; and which of them could not be read."""


def _names(reader: ColumnReader, cells: Distinct) -> Converted:
    return _without_marks(reader, reader.levels(cells))


def _texts(reader: ColumnReader, cells: Distinct) -> Converted:
    return _without_marks(reader, cells.as_texts(cells.texts))


def _without_marks(reader: ColumnReader, texts: np.ndarray) -> Converted:
    marks = reader.marks
    known = as_objects([None if text in marks else text for text in texts])
    return known, np.zeros(len(texts), dtype=bool)


def _numbers(reader: ColumnReader, cells: Distinct) -> Converted:
    is_text, texts, marks = cells.is_text, cells.texts, reader.marks
    missing = np.zeros(len(cells.values), dtype=bool)
    missing[is_text] = [text in marks or (len(text) == 3 and text.lower() == "nan") for text in texts]
    values = np.full(len(cells.values), np.nan)
    values[is_text] = read_numbers(texts, reader.numbers, cells.numbers)
    values[~is_text] = [_number_of(value) for value in cells.values if not isinstance(value, str)]
    missing |= np.isin(values, _number_marks(reader))
    values[missing] = np.nan
    return values, np.isnan(values) & ~missing


def _number_marks(reader: ColumnReader) -> list[float]:
    """Numbers that mean a missing value, however they are written: -1, -1.0 and "-1.00" are one."""
    numbers = [parse_number(mark, reader.numbers) for mark in reader.missing or ()]
    return [number for number in numbers if not np.isnan(number)]


def read_numbers(texts: np.ndarray, form: NumberFormat, plain: np.ndarray | None = None) -> np.ndarray:
    """Each text as float64, NaN where it is no number in this format; `plain` is :func:`numbers_of` them."""
    values = numbers_of(texts) if plain is None else plain.copy()
    unclear = np.isnan(values)
    if form.thousands == ".":  # "1.234" is a number for Python too, but another one
        unclear |= np.array(["." in text for text in texts], dtype=bool)
    values[unclear] = [parse_number(text, form) for text in texts[unclear]]
    return values


def _number_of(value: Any) -> float:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (bool, int, float, np.number, np.bool_, Decimal)):
        return np.nan if isinstance(value, np.complexfloating) else float(value)
    return np.nan


def _dates(reader: ColumnReader, cells: Distinct) -> Converted:
    marks = reader.marks
    missing = np.zeros(len(cells.values), dtype=bool)
    missing[cells.is_text] = [text in marks for text in cells.texts]
    dates = [
        None if absent else date_of_value(value, reader.order)
        for value, absent in zip(cells.values, missing, strict=True)
    ]
    values = microseconds(dates)
    return values, np.isnat(values) & ~missing


def _series(cells: Distinct, values: np.ndarray) -> pd.Series:
    """One value for each row; texts as nullable strings."""
    import pandas as pd

    if values.dtype == object:
        return pd.Series(pd.array(cells.spread(values, None), dtype="string"))
    missing: Any = np.nan if values.dtype.kind == "f" else np.datetime64("NaT", "us")
    return pd.Series(cells.spread(values, missing))


def _category_series(cells: Distinct, names: np.ndarray) -> pd.Series:
    """One category for each row, the levels sorted."""
    import pandas as pd

    known = np.array([name is not None for name in names], dtype=bool)
    codes, levels = pd.factorize(names[known], sort=True)
    translated = np.full(len(names), -1)
    translated[known] = codes
    dtype = pd.CategoricalDtype(pd.Index(levels, dtype=object))
    return pd.Series(pd.Categorical.from_codes(cells.spread(translated, -1), dtype=dtype))


def as_objects(values: list[Any]) -> np.ndarray:
    """A list as a 1-d object array, whatever its values are."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


_CONVERSIONS: dict[str, Callable[[ColumnReader, Distinct], Converted]] = {
    "numeric": _numbers,
    "datetime": _dates,
    "categorical": _names,
    "identifier": _names,
    "text": _texts,
}


_READ_AS = {"numeric": "number", "datetime": "date"}


def unread_cells(name: str, role: str, cells: Sequence[str], rows: Sequence[int], n_rows: int) -> str:
    """Say in one line which cells could not be read.

    Parameters
    ----------
    name, role : str
        Of the column.
    cells : sequence of str
        The first such cells.
    rows : sequence of int
        Their row numbers from 0.
    n_rows : int
        Rows that were read.

    Returns
    -------
    str

    Examples
    --------
    >>> from deepworth.datasets import unread_cells
    >>> unread_cells("when", "datetime", ["soon"], [16], 300)
    "column 'when': 1 of 300 cells could not be read as dates, first row 17: 'soon'; read as missing"
    """
    n, kind = len(rows), _READ_AS.get(role, "value")
    kind = f"{kind}s" if n_rows > 1 else f"a {kind}"
    cells_of = f"{n:,} of {n_rows:,} cells" if n_rows > 1 else "the cell"
    first = f", first row {rows[0] + 1}" if n_rows > 1 else ""
    return (
        f"column {name!r}: {cells_of} could not be read as {kind}{first}: {cells[0][:60]!r}; read as missing"
    )
