"""CSV, TSV and other delimited text as a table of strings."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from typing import Any

import pandas as pd

from ._errors import InputError

DELIMITERS = (",", ";", "\t", "|")
SNIFFED_ROWS = 50
# Below the csv module's limit for one cell.
SNIFFED_CHARACTERS = 100_000
# The unit separator occurs in no text file: with it as quote character, nothing is quoted.
NO_QUOTE = "\x1f"
# A cell of a tab-separated file that starts with a quote, and one that also ends with one.
_CELL_START = re.compile(r'(?:^|[\t\r\n])"')
_QUOTED = re.compile(r'(^|[\t\r\n])"[^"]*(?:""[^"]*)*"(?=[\t\r\n]|$)')


def decode(data: bytes, name: str) -> str:
    """The text of a file: UTF-8, or UTF-16 with a byte order mark."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    if encoding != "utf-16" and b"\0" in data[:100_000]:
        raise InputError(f"{name}: expected a text table, found binary data; is it another kind of file?")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{name}: byte 0x{data[error.start]:02x} in line {line} is not UTF-8; save the file as UTF-8 "
            f"(for instance: iconv -f WINDOWS-1252 -t UTF-8 old.csv > new.csv)"
        ) from None


def read_delimited(data: bytes, name: str) -> pd.DataFrame:
    """A table of strings with checked names and row lengths.

    Raises
    ------
    InputError
        The file is empty, has only a header, is not UTF-8, repeats a column name, or has a row whose number
        of cells differs from the header's.
    """
    text = decode(data, name)
    if not text.strip():
        raise InputError(f"{name} is empty; expected a header line and rows")
    delimiter = sniff_delimiter(text)
    if delimiter == " ":
        text, delimiter = _spaces_to_tabs(text), "\t"
    header, rows = _parse(text, delimiter, name)
    names = column_names(header, name)
    if not len(rows):
        raise InputError(f"{name} has a header ({', '.join(names[:5])}) but no rows; add some")
    rows.columns = pd.Index(names, dtype=object)
    rows.attrs["delimiter"] = delimiter  # says which decimal marks are likely
    return rows


def sniff_delimiter(text: str) -> str:
    """The delimiter that splits the first rows into equal numbers of cells; "," when none does."""
    start = text.lstrip("\n\r")[:SNIFFED_CHARACTERS]
    sample = "".join(start.splitlines(keepends=True)[:SNIFFED_ROWS])
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        widths = [len(row) for row in _sample_rows(sample, delimiter)]
        if not widths or widths[0] < 2:
            continue
        score = (sum(w == widths[0] for w in widths) / len(widths), widths[0])
        if score > best_score:
            best, best_score = delimiter, score
    if best_score[1]:
        return best
    widths = [len(row) for row in _sample_rows(_spaces_to_tabs(sample), "\t")]
    return " " if min(widths) == max(widths) >= 2 else ","


def _sample_rows(sample: str, delimiter: str) -> list[list[str]]:
    """Rows of the sample without the last one, which may be cut off inside quotes."""
    mark = NO_QUOTE if _unbalanced(sample, delimiter) else '"'
    rows = [
        row for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, quotechar=mark) if row
    ]
    return rows[:-1] if len(rows) > 2 else rows


def _unbalanced(text: str, delimiter: str) -> bool:
    """Whether cells start with a quote that does not end: tab-separated files often have such cells."""
    if delimiter != "\t" or '"' not in text:
        return False
    return _CELL_START.search(_QUOTED.sub(r"\1", text)) is not None


def _spaces_to_tabs(text: str) -> str:
    lines = io.StringIO("\n".join(re.sub(r"[ \t]+", " ", line.strip()) for line in text.split("\n")))
    out = io.StringIO()
    csv.writer(out, delimiter="\t", lineterminator="\n").writerows(csv.reader(lines, delimiter=" "))
    return out.getvalue()


def _parse(text: str, delimiter: str, name: str) -> tuple[list[str], pd.DataFrame]:
    """Header and rows; pyarrow is strict and fast, and gives the number of a bad row."""
    import pyarrow

    width = len(_sample_rows(text.lstrip("\r\n")[:SNIFFED_CHARACTERS], delimiter)[0])
    try:
        table, bad = _read_strictly(text.encode(), delimiter, width, quotes=not _unbalanced(text, delimiter))
    except pyarrow.ArrowInvalid as error:
        raise InputError(f"{name} cannot be read as a table: {_one_line(error)}") from None
    if bad:
        raise _ragged(bad, name, width)
    frame = table.to_pandas()
    return [str(cell) for cell in frame.iloc[0]], frame.iloc[1:].reset_index(drop=True)


def _read_strictly(data: bytes, delimiter: str, width: int, quotes: bool) -> tuple[Any, list[Any]]:
    """All cells as strings, the header as a row, and the rows of another width than the header."""
    import pyarrow.csv

    bad: list[pyarrow.csv.InvalidRow] = []

    def collect(row: pyarrow.csv.InvalidRow) -> str:
        bad.append(row)
        return "skip"

    table = pyarrow.csv.read_csv(
        io.BytesIO(data),
        read_options=pyarrow.csv.ReadOptions(
            use_threads=False,
            autogenerate_column_names=True,
            block_size=max(1 << 20, min(len(data) + 1, 1 << 30)),
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=delimiter,
            quote_char='"' if quotes else False,
            newlines_in_values=True,
            invalid_row_handler=collect,
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types={f"f{i}": pyarrow.string() for i in range(width)}, strings_can_be_null=False
        ),
    )
    return table, bad


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _ragged(bad: list, name: str, width: int) -> InputError:
    first = bad[0]
    return InputError(
        f"{name}: row {first.number - 1} has {first.actual_columns} cells, the header has {width} "
        f"({len(bad)} such rows); quote cells that contain the delimiter, or correct these rows"
    )


def column_names(header: list[str], name: str) -> list[str]:
    """Stripped names; an empty name is replaced by the position; repeated names are an error."""
    names = [cell.strip() or f"Unnamed: {i}" for i, cell in enumerate(header)]
    repeated = [column for column, count in Counter(names).items() if count > 1]
    if repeated:
        places = [str(i + 1) for i, column in enumerate(names) if column == repeated[0]]
        more = f" (and {len(repeated) - 1} more)" if len(repeated) > 1 else ""
        raise InputError(
            f"{name}: column name {repeated[0]!r} occurs {len(places)} times, at positions "
            f"{', '.join(places)}{more}; give each column its own name"
        )
    return names
