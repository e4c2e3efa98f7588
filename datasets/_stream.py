"""Tables of any length, read in parts: delimited text, Parquet or JSON lines."""

from __future__ import annotations

import bz2
import gzip
import io
import itertools
import lzma
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from ._budget import LONGEST_LINE, most_bytes, read_at_most, refuse_long_lines
from ._delimited import (
    SNIFFED_CHARACTERS,
    _one_line,
    _ragged,
    _unbalanced,
    column_names,
    decode,
    header_of,
    nul_byte,
    opening,
    read_delimited,
    refuse_headers,
)
from ._errors import InputError
from ._files import _record, checked, read_bytes, read_table, table_of_records
from ._layout import is_blank
from ._reader import MISSING_MARKS
from ._suffixes import suffix_of

ROWS = 16_384  # per part
BLOCK = 4 * 2**20  # bytes parsed at once; no row may be longer
_HEAD = 4 * SNIFFED_CHARACTERS  # bytes to infer delimiter and names from
_MARKS = pa.array(sorted(MISSING_MARKS))
_STDIN = "standard input"


@dataclass(frozen=True)
class Rows:
    """Parts of a table in order, each with the number of its first row from 0.

    ``names`` are all columns of the source; parts have only the requested ones. Columns of numbers are
    float64 if all cells are numbers or missing; other strings have the ``category`` dtype.
    """

    name: str
    names: tuple[str, ...]
    parts: Iterator[tuple[int, pd.DataFrame]]


def open_rows(source: str, numbers: Collection[str] = (), others: Collection[str] | None = None) -> Rows:
    """Open a table as parts of a few thousand rows, in constant memory.

    Parameters
    ----------
    source : str
        Path of a file, or ``-`` for standard input.
    numbers : collection of str, default=()
        Columns that become float64 at once in parts where all cells are plain numbers or missing.
    others : collection of str, optional
        Further columns to read; all by default.

    Returns
    -------
    Rows
        ``name``, ``names`` of all columns, and ``parts``, an iterator of (first row, DataFrame).

    Raises
    ------
    InputError
        The source cannot be read; also raised by the iterator.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from deepworth.datasets import open_rows
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "rows.csv"
    ...     _ = path.write_text("age,sex\\n40,male\\n52,female\\n")
    ...     rows = open_rows(str(path), numbers=["age"])
    ...     [(start, len(part)) for start, part in rows.parts]
    [(0, 2)]
    """
    wanted = None if others is None else {*numbers, *others}
    if source == "-":
        return _from_stream(sys.stdin.buffer, _STDIN, set(numbers), wanted)
    path = Path(source)
    if not path.exists():
        raise InputError(f"no file or folder {source!r}; check the path")
    suffix = suffix_of(path)
    if path.is_dir() or suffix in (".feather", ".arrow", ".arff", ".xlsx", ".xls", ".ods", ".json"):
        return _whole(read_table(path), path.name)
    if path.suffix.lower() == ".zip":
        return _whole(read_table(path), path.name)
    if suffix in (".parquet", ".pq"):
        return _parquet(path, path.name, set(numbers), wanted)
    return _from_stream(_opened(path), path.name, set(numbers), wanted, path)


def _opened(path: Path) -> Any:
    """The bytes of a file, decompressed while reading; its first bytes tell the compression."""
    with path.open("rb") as file:
        start = file.read(6)
    if not start:
        raise InputError(f"{path.name} is empty; expected a header line and rows")
    if start[:2] == b"\x1f\x8b":
        return gzip.open(path, "rb")
    if start[:3] == b"BZh":
        return bz2.open(path, "rb")
    return lzma.open(path, "rb") if start == b"\xfd7zXZ\x00" else path.open("rb")


def _from_stream(
    file: BinaryIO, name: str, numbers: set[str], wanted: set[str] | None, path: Path | None = None
) -> Rows:
    """Parquet, which needs a temporary file as it is read from its end, JSON lines, or delimited text."""
    try:
        head = _read(file, _HEAD)
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise InputError(f"{name} cannot be decompressed ({error}); is the file complete?") from None
    whole = _Joined(head, file)
    if head[:4] == b"PAR1":
        spool = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as its reader)
        shutil.copyfileobj(whole, spool)
        return _parquet(spool, name, numbers, wanted)
    if head.lstrip()[:1] == b"{":
        return _records(whole, name)
    return _delimited(whole, head, name, numbers, wanted, path)


def _all(file: _Joined, name: str) -> bytes:
    """The whole of what cannot be read in parts."""
    data = read_at_most(file, most_bytes(), name)
    refuse_long_lines(data, name)
    return data


def _read(file: BinaryIO, size: int) -> bytes:
    """Read `size` bytes, or all there are: a pipe returns fewer at a time."""
    parts = []
    while size > 0 and (part := file.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


class _Joined(io.RawIOBase):
    """A stream of what was already read of a file, and the rest."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = memoryview(head), rest
        self._name, self._line = "", 0

    def readable(self) -> bool:
        return True

    def begin_text(self, head: bytes, name: str, line: int) -> None:
        """Begin with another head, at this line of a text of this name, which must not hold NUL bytes."""
        self._head, self._name, self._line = memoryview(head), name, line
        self._check(head)

    def _check(self, data: bytes) -> None:
        if self._name:
            if b"\0" in data:
                raise nul_byte(self._name, self._line + data.count(b"\n", 0, data.index(b"\0")))
            self._line += data.count(b"\n")

    def readinto(self, buffer: Any) -> int:
        if not self._head:
            data = self._rest.read(len(buffer))
            self._check(data)
            buffer[: len(data)] = data
            return len(data)
        count = min(len(buffer), len(self._head))
        buffer[:count] = self._head[:count]
        self._head = self._head[count:]
        return count


def _whole(frame: pd.DataFrame, name: str) -> Rows:
    """A table of a format that cannot be read in parts."""
    parts = ((start, frame.iloc[start : start + ROWS]) for start in range(0, len(frame), ROWS))
    return Rows(name, tuple(map(str, frame.columns)), parts)


def _delimited(
    file: _Joined, head: bytes, name: str, numbers: set[str], wanted: set[str] | None, path: Path | None
) -> Rows:
    complete = len(head) < _HEAD
    lines = head if complete else head[: 1 + max(head.rfind(b"\n"), head.rfind(b"\r"))]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or not lines:  # UTF-16, or no text at all
        return _whole(read_delimited(_all(file, name), name), name)
    decoded = decode(lines, name)
    text, delimiter = opening(decoded)
    if not text.strip():
        raise InputError(f"{name} is empty; expected a header line and rows")
    if complete or delimiter == " ":
        return _whole(read_delimited(head if complete else _all(file, name), name), name)
    file.begin_text(text.encode() + head[len(lines) :], name, decoded.count("\n") - text.count("\n") + 1)
    header = header_of(text, delimiter)
    names = column_names(header, name)
    quotes = not _unbalanced(text, delimiter)
    parts = _delimited_parts(file, header, names, delimiter, quotes, name, numbers, wanted, path)
    return Rows(name, tuple(names), parts)


def _delimited_parts(
    file: _Joined,
    header: list[str],
    names: list[str],
    delimiter: str,
    quotes: bool,
    name: str,
    numbers: set[str],
    wanted: set[str] | None,
    path: Path | None,
) -> Iterator[tuple[int, pd.DataFrame]]:
    bad: list[pyarrow.csv.InvalidRow] = []

    def collect(row: pyarrow.csv.InvalidRow) -> str:
        if not is_blank(row.text):
            bad.append(row)
        return "skip"

    kept = {f"f{i}": n for i, n in enumerate(names) if wanted is None or n in wanted}
    kept_header = [header[int(column[1:])] for column in kept]
    try:
        reader = _text_reader(file, list(kept), delimiter, quotes, collect)
        start = -1  # the header is a row
        for batch in reader:
            if bad:
                raise _ragged(bad, name, header)
            table = pa.Table.from_batches([batch])
            table = table.rename_columns([kept.get(c, c) for c in table.column_names])
            if start < 0:
                table = table.slice(1)
            start = max(start, 0)
            _refuse_headers(table, kept_header, name, start)
            yield from _frames(table, start, numbers)
            start += table.num_rows
        if bad:
            raise _ragged(bad, name, header)
    except (pa.ArrowException, OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        if "UTF8" in str(error) and path is not None:
            decode(read_bytes(path), name)  # raises an error that names the line
        raise InputError(f"{name} cannot be read as a table: {_one_line(error)}") from None


def _refuse_headers(table: pa.Table, header: list[str], name: str, start: int) -> None:
    """As :func:`refuse_headers`; a fast search in one column comes before the rows are looked at."""
    if len(header) > 1 and pc.any(pc.equal(table.column(table.num_columns - 1), header[-1])).as_py():
        refuse_headers(table.to_pandas(), header, name, start)


def _text_reader(
    file: _Joined, kept: list[str], delimiter: str, quotes: bool, on_bad_row: Callable[[Any], str]
) -> pyarrow.csv.CSVStreamingReader:
    """All cells as strings, in blocks; columns are named f0, f1, ... and the header is a row."""
    return pyarrow.csv.open_csv(
        io.BufferedReader(file, BLOCK),
        read_options=pyarrow.csv.ReadOptions(
            use_threads=False, autogenerate_column_names=True, block_size=BLOCK
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=delimiter,
            quote_char='"' if quotes else False,
            newlines_in_values=quotes,
            invalid_row_handler=on_bad_row,
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(kept, pa.string()),
            include_columns=kept or ["f0"],
            strings_can_be_null=False,
        ),
    )


def _frames(table: pa.Table, start: int, numbers: set[str]) -> Iterator[tuple[int, pd.DataFrame]]:
    for offset in range(0, table.num_rows, ROWS):
        part = table.slice(offset, ROWS)
        columns = {n: _column(part[n], n in numbers) for n in part.column_names}
        yield start + offset, pd.DataFrame(columns, index=pd.RangeIndex(part.num_rows), copy=False)


def _column(values: pa.ChunkedArray, number: bool) -> Any:
    kind = values.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        return values.to_pandas()
    numbers = _as_numbers(values) if number else None
    if numbers is not None:
        return numbers
    encoded = values.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):  # there was no chunk
        encoded = encoded.combine_chunks()
    levels = pd.Index(encoded.dictionary.to_numpy(zero_copy_only=False), dtype=object)
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    return pd.Series(pd.Categorical.from_codes(codes, categories=levels))


def _as_numbers(values: pa.ChunkedArray) -> np.ndarray | None:
    """Float64 with NaN for missing marks; None if a cell is no plain number.

    Both libraries round to the nearest float64, so a cell's value is that which its reader gives.
    """
    for attempt in (lambda v: v, pc.utf8_trim_whitespace):
        cells = attempt(values)
        known = pc.if_else(pc.is_in(cells, _MARKS), None, cells)
        try:
            return pc.cast(known, pa.float64()).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            continue
    return None


def _parquet(file: Any, name: str, numbers: set[str], wanted: set[str] | None) -> Rows:
    try:
        source = pyarrow.parquet.ParquetFile(file)
        names = column_names([str(n) for n in source.schema_arrow.names], name)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(
            f"{name} cannot be read as parquet ({_one_line(error)}); is the file complete?"
        ) from None
    if not source.metadata.num_rows:
        raise InputError(f"{name} has columns ({', '.join(names[:5])}) but no rows; add some")
    return Rows(name, tuple(names), _parquet_parts(source, names, name, numbers, wanted))


def _parquet_parts(
    source: Any, names: list[str], name: str, numbers: set[str], wanted: set[str] | None
) -> Iterator[tuple[int, pd.DataFrame]]:
    plain = dict(zip(source.schema_arrow.names, names, strict=True))
    kept = [raw for raw, n in plain.items() if wanted is None or n in wanted]
    start = 0
    try:
        for batch in source.iter_batches(batch_size=ROWS, columns=kept):
            table = pa.Table.from_batches([batch])
            yield from _frames(table.rename_columns([plain[c] for c in table.column_names]), start, numbers)
            start += table.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(
            f"{name} cannot be read as parquet ({_one_line(error)}); is the file complete?"
        ) from None


def _records(file: _Joined, name: str) -> Rows:
    lines = io.BufferedReader(file, BLOCK)
    first = _record_part(_lines(lines, name), 0, name)
    names = tuple(map(str, first.columns))

    def parts() -> Iterator[tuple[int, pd.DataFrame]]:
        start, number, frame = 0, ROWS, first
        while len(frame):
            yield start, frame
            start += len(frame)
            read = _lines(lines, name)
            frame = _record_part(read, number, name, names) if read else frame[:0]
            number += ROWS

    return Rows(name, names, parts())


def _lines(file: Any, name: str) -> list[bytes]:
    """The next lines, none of them longer than a row may be."""
    try:
        lines = list(itertools.islice(iter(lambda: file.readline(LONGEST_LINE + 1), b""), ROWS))
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise InputError(f"{name} cannot be decompressed ({error}); is the file complete?") from None
    if any(len(line) > LONGEST_LINE for line in lines):
        raise InputError(
            f"{name}: a line has more than {LONGEST_LINE // 2**20} MiB; expected one object per line"
        )
    return lines


def _record_part(lines: list[bytes], before: int, name: str, names: tuple[str, ...] = ()) -> pd.DataFrame:
    """JSON lines as a frame; columns of earlier parts that these lines lack are missing."""
    numbered = ((i, decode(line, name)) for i, line in enumerate(lines, before + 1))
    records = [(i, _record(line, i, name)) for i, line in numbered if line.strip()]
    wrong = next((i for i, record in records if not isinstance(record, dict)), None)
    if wrong is not None:
        raise InputError(
            f"{name}: line {wrong} is not an object with named values; expected one {{...}} per line"
        )
    frame = table_of_records([record for _, record in records], name)
    for absent in [n for n in names if n not in frame.columns]:
        frame[absent] = None
    return checked(frame, name) if len(frame) or not names else frame
