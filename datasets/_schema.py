"""Columns of a table read by a reader that their training rows decide, and the task of a target."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from ._base import Role, Task
from ._numbers import decimal_evidence
from ._reader import ColumnReader, Distinct, ReadCells, distinct
from ._roles import Decision, ReadingRules, decide
from ._spellings import as_strings, kind_of

# Integer targets with at most this many levels are classes: digits have 10, wine_quality has 7.
MAX_INTEGER_CLASSES = 10
_ROWS_FOR_MARKS = 2000  # rows of each column that are searched for the decimal mark of a table


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
        decision = decide(deciding, str(name), role, rules)
        return read_column(series, decision.reader, decision)
    typed = role is None and kind_of(series) in ("number", "datetime")
    cells = None if typed else distinct(series)
    decision = decide(series, str(name), role, rules, cells)
    return read_column(series, decision.reader, decision, cells)


def read_column(
    series: pd.Series, reader: ColumnReader, decision: Decision | None = None, cells: Distinct | None = None
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
    texts = [frame[name].head(_ROWS_FOR_MARKS) for name in frame.columns if kind_of(frame[name]) == "strings"]
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
    if kind_of(values) in ("category", "text"):  # read before, so that "NA" is a value where it is one
        return ColumnReader("categorical" if kind_of(values) == "category" else "text", missing=())
    return decide(values.reset_index(drop=True), str(name), None, ReadingRules()).reader


def _strange(series: pd.Series, read: ReadCells) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The first cells that could not be read, and the rows of all."""
    rows = np.flatnonzero(read.unread)
    cells = dict.fromkeys(str(series.iloc[row]).strip() for row in rows[:1000])
    return tuple(list(cells)[:5]), tuple(rows.tolist())


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
