"""Tables and columns of other libraries, such as polars and pyarrow, as those of pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

T = TypeVar("T")


@runtime_checkable
class ArrowTable(Protocol):
    """A table that gives its columns in Arrow's layout: of polars, pyarrow, DuckDB and others.

    Examples
    --------
    >>> import pandas as pd
    >>> from deepworth.datasets import ArrowTable
    >>> isinstance(pd.DataFrame(), ArrowTable), isinstance("rows.csv", ArrowTable)
    (True, False)
    """

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The stream of Arrow's PyCapsule interface."""


def as_pandas(data: T) -> T | pd.DataFrame | pd.Series:
    """Convert tables and columns in Arrow's layout to pandas; return anything else unchanged.

    No library is imported to find out: what offers Arrow's PyCapsule interface is converted. Whole numbers
    with missing values become the nullable ``Int64``, since float64 would round long ones.

    Parameters
    ----------
    data : object
        Such as a polars DataFrame, LazyFrame or Series, or a pyarrow Table, RecordBatch or ChunkedArray.

    Returns
    -------
    DataFrame, Series, or `data` itself

    Examples
    --------
    >>> import pyarrow as pa
    >>> from deepworth.datasets import as_pandas
    >>> as_pandas(pa.table({"age": [40, 52]})).shape
    (2, 1)
    >>> as_pandas("rows.csv")
    'rows.csv'
    """
    if type(data).__name__ == "LazyFrame" and hasattr(data, "collect"):
        data = data.collect()
    is_stream = hasattr(data, "__arrow_c_stream__")
    if hasattr(data, "iloc") or not (is_stream or hasattr(data, "__arrow_c_array__")):
        return data
    import pyarrow as pa

    if hasattr(data, "columns") or hasattr(data, "schema"):
        return _frame(pa.table(data))
    values = pa.chunked_array(data) if is_stream else pa.chunked_array([pa.array(data)])
    return _series(values).rename(getattr(data, "name", None))


def _frame(table: pa.Table) -> pd.DataFrame:
    frame = table.to_pandas()
    for name in table.column_names:
        if name in frame and table.column_names.count(name) == 1 and _has_gaps(table[name]):
            frame[name] = _series(table[name]).array
    return frame


def _series(values: pa.ChunkedArray) -> pd.Series:
    import pandas as pd
    import pyarrow as pa

    if not _has_gaps(values):
        return values.to_pandas()
    nullable = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype()}
    return values.to_pandas(types_mapper=nullable.get)


def _has_gaps(values: pa.ChunkedArray) -> bool:
    """Whether these are long whole numbers some of which are missing."""
    import pyarrow as pa

    return values.type in (pa.int64(), pa.uint64()) and values.null_count > 0
