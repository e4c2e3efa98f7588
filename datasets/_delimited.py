"""CSV, TSV and other delimited text as a table of strings."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from ._errors import InputError
from ._layout import is_blank, with_full_header, without_blank_start
from ._numbers import numbers_of

DELIMITERS = (",", ";", "\t", "|")
SNIFFED_ROWS = 50
# Below the csv module's limit for one cell.
SNIFFED_CHARACTERS = 100_000
# The unit separator occurs in no text file: with it as quote character, nothing is quoted.
NO_QUOTE = "\x1f"
# A cell of a tab-separated file that starts with a quote, and one that also ends with one.
_CELL_START = re.compile(r'(?:^|[\t\r\n])"')
_QUOTED = re.compile(r'(^|[\t\r\n])"[^"]*(?:""[^"]*)*"(?=[\t\r\n]|$)')
# Excel's first line that names the delimiter, which other programs than Excel take for the header.
_DECLARED = re.compile(r'\s*"?sep=(?P<mark>[^\w\s"]|\t|)"?[^\S\r\n]*(?:\r\n|\r|\n)', re.IGNORECASE)
_COMMENT = "#"


def decode(data: bytes, name: str) -> str:
    """The text of a file: UTF-8, or UTF-16 with a byte order mark."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    if encoding != "utf-16" and b"\0" in data:
        raise _not_text(data, name)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding == "utf-16":
            raise InputError(
                f"{name} is not complete UTF-16 ({error.reason}); save the file as UTF-8"
            ) from None
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{name}: byte 0x{data[error.start]:02x} in line {line} is not UTF-8; save the file as UTF-8 "
            f"(for instance: iconv -f WINDOWS-1252 -t UTF-8 old.csv > new.csv)"
        ) from None


def _not_text(data: bytes, name: str) -> InputError:
    """The error for NUL bytes: text in UTF-16, text with a damaged place, or no text at all."""
    start = data[:10_000]
    for first, encoding in ((1, "UTF-16LE"), (0, "UTF-16BE")):
        if start[first::2].count(0) > 0.8 * len(start[first::2]) and not start[1 - first :: 2].count(0):
            return InputError(
                f"{name} looks like {encoding} without a byte order mark; save the file as UTF-8 "
                f"(for instance: iconv -f {encoding} -t UTF-8 old.csv > new.csv)"
            )
    if start.count(0) > len(start) / 100:
        return InputError(f"{name}: expected a text table, found binary data; is it another kind of file?")
    return nul_byte(name, data.count(b"\n", 0, data.index(b"\0")) + 1)


def nul_byte(name: str, line: int) -> InputError:
    """The error for a NUL byte in a text."""
    return InputError(
        f"{name}: line {line} holds a NUL byte, which no text has; is the file damaged? export it again, or "
        f"remove the byte (for instance: tr -d '\\000' < old.csv > new.csv)"
    )


def read_delimited(data: bytes, name: str) -> pd.DataFrame:
    """A table of strings with checked names and row lengths.

    Raises
    ------
    InputError
        The file is empty, has only a header, is not UTF-8, repeats a column name or the header, or has a row
        whose number of cells differs from the header's.
    """
    text, delimiter = opening(decode(data, name))
    if not text.strip():
        raise InputError(f"{name} is empty; expected a header line and rows")
    if delimiter == " ":
        text, delimiter = _spaces_to_tabs(text), "\t"
    _refuse_long_header(text, name)
    header, rows = _parse(text, delimiter, name)
    names = column_names(header, name)
    if not len(rows):
        raise InputError(f"{name} has a header ({', '.join(names[:5])}) but no rows; add some")
    refuse_headers(rows, header, name)
    rows.columns = pd.Index(names, dtype=object)
    rows.attrs["delimiter"] = delimiter  # says which decimal marks are likely
    return rows


def _refuse_long_header(text: str, name: str) -> None:
    """Names beyond the part of the text that is looked at first would be cut."""
    length = len(text[: 10**8].split("\n", 1)[0])
    if length > SNIFFED_CHARACTERS:
        raise InputError(
            f"{name}: the first line has {length:,} characters, more than the {SNIFFED_CHARACTERS:,} that "
            f"names of columns may take; use fewer columns, or save the table as Parquet"
        )


def opening(text: str) -> tuple[str, str]:
    """The text from its header on, and its delimiter.

    Excel's line ``sep=;`` is taken away. Where every row has one more cell than the header, the header gets
    one, too, as :func:`with_full_header` says.
    """
    declared = _DECLARED.match(text)
    if declared is not None:
        text = text[declared.end() :]
    text = without_blank_start(text)
    if not text.strip():
        return "", ","
    delimiter = (declared["mark"] if declared else "") or sniff_delimiter(text)
    if delimiter != " ":
        text = with_full_header(text, _sample_rows(_sample(text), delimiter), delimiter)
    return text, delimiter


def _sample(text: str) -> str:
    start = text.lstrip("\n\r")[:SNIFFED_CHARACTERS]
    return "".join(start.splitlines(keepends=True)[:SNIFFED_ROWS])


def sniff_delimiter(text: str) -> str:
    """The delimiter that splits the first rows into equal numbers of cells; "," when none does."""
    sample = _sample(text)
    if sample.startswith(_COMMENT) and "\n" in sample:  # so that the error names the comment
        return sniff_delimiter(sample.split("\n", 1)[1])
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
    return " " if widths and min(widths) == max(widths) >= 2 else ","


def _sample_rows(sample: str, delimiter: str) -> list[list[str]]:
    """Rows of the sample without the last one, which may be cut off inside quotes."""
    mark = NO_QUOTE if _unbalanced(sample, delimiter) else '"'
    read = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, quotechar=mark)
    rows = [row for row in read if len(row) > 1 or (row and not is_blank(row[0]))]
    return rows[:-1] if len(rows) > 2 else rows


def _unbalanced(text: str, delimiter: str) -> bool:
    """Whether cells start with a quote that does not end: tab-separated files often have such cells."""
    if delimiter != "\t" or '"' not in text:
        return False
    return _CELL_START.search(_QUOTED.sub(r"\1", text)) is not None


def _spaces_to_tabs(text: str) -> str:
    lines = (re.sub(r"[ \t]+", " ", line.strip()) for line in re.split(r"\r\n|\r|\n", text))
    rows = csv.reader(io.StringIO("\n".join(lines)), delimiter=" ")
    out = io.StringIO()
    csv.writer(out, delimiter="\t", lineterminator="\n").writerows(rows)
    return out.getvalue()


def _parse(text: str, delimiter: str, name: str) -> tuple[list[str], pd.DataFrame]:
    """Header and rows; pyarrow is strict and fast, and gives the number of a bad row."""
    import pyarrow

    width = len(header_of(text, delimiter))
    try:
        table, bad = _read_strictly(text.encode(), delimiter, width, quotes=not _unbalanced(text, delimiter))
    except pyarrow.ArrowInvalid as error:
        raise InputError(f"{name} cannot be read as a table: {_one_line(error)}") from None
    if bad:
        raise _ragged(bad, name, header_of(text, delimiter))
    frame = table.to_pandas()
    if text.count('"') % 2 and re.search(r"[\r\n]", frame.iloc[-1, -1]):
        raise InputError(
            f"{name}: the last cell of row {len(frame) - 1} starts with a quote that does not end; add the "
            f"missing quote"
        )
    return [str(cell) for cell in frame.iloc[0]], frame.iloc[1:].reset_index(drop=True)


def _read_strictly(data: bytes, delimiter: str, width: int, quotes: bool) -> tuple[Any, list[Any]]:
    """All cells as strings, the header as a row, and the rows of another width than the header."""
    import pyarrow.csv

    bad: list[pyarrow.csv.InvalidRow] = []

    def collect(row: pyarrow.csv.InvalidRow) -> str:
        if not is_blank(row.text):
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


def header_of(text: str, delimiter: str) -> list[str]:
    """The cells of the first row."""
    rows = _sample_rows(text[:SNIFFED_CHARACTERS], delimiter)
    return rows[0] if rows else [""]


def _ragged(bad: list, name: str, header: list[str]) -> InputError:
    first = bad[0]
    return InputError(
        f"{name}: row {first.number - 1} has {first.actual_columns} cells, the header has {len(header)} "
        f"({len(bad)} such rows); {_advice(first, header)}"
    )


def _advice(row: Any, header: list[str]) -> str:
    """What to do about a row of another length than the header."""
    text = str(row.text or "").strip()
    if header[0].lstrip().startswith(_COMMENT) or (len(header) == 1 < row.actual_columns):
        line = f"{','.join(header).strip()[:60]!r}"
        return f"if the first line, {line}, is a comment or a title, remove it: column names come first"
    if text.startswith(_COMMENT):
        return f"if {text[:60]!r} is a comment, remove such lines"
    return "quote cells that contain the delimiter, or correct these rows"


def refuse_headers(rows: pd.DataFrame, header: list[str], name: str, first_row: int = 0) -> None:
    """Refuse a row that is the header again, as in files that were put together.

    Parameters
    ----------
    rows : DataFrame of str, shape (n_rows, n_columns)
    header : list of str
        The names of these columns as the file has them. A single one may well be a value, too, and numbers
        are values of a file without a header.
    name : str
        Of the file.
    first_row : int, default=0
        Number of the first row, from 0.
    """
    if len(header) < 2 or not np.isnan(numbers_of(np.array(header, dtype=object))).all():
        return
    names = [cell.strip() for cell in header]
    same = rows.iloc[:, -1].isin([header[-1], names[-1]])
    for row in same.to_numpy().nonzero()[0]:
        cells = [str(cell).strip("\ufeff \t") for cell in rows.iloc[row]]
        if cells == names:
            raise InputError(
                f"{name}: row {first_row + row + 1} repeats the header; were files put together? remove such "
                f"lines"
            )


def column_names(header: list[str], name: str) -> list[str]:
    """Stripped names; an empty name is replaced by the position; repeated names are an error."""
    stripped = [cell.strip() for cell in header]
    names = [cell or _nameless(i, stripped) for i, cell in enumerate(stripped)]
    repeated = [column for column, count in Counter(names).items() if count > 1]
    if repeated:
        places = [str(i + 1) for i, column in enumerate(names) if column == repeated[0]]
        more = f" (and {len(repeated) - 1} more)" if len(repeated) > 1 else ""
        raise InputError(
            f"{name}: column name {repeated[0]!r} occurs {len(places)} times, at positions "
            f"{', '.join(places)}{more}; give each column its own name"
        )
    return names


def _nameless(position: int, names: list[str]) -> str:
    """A name by position that no column has, in the manner of pandas: "Unnamed: 0", or "Unnamed: 0.1"."""
    name = f"Unnamed: {position}"
    free = itertools.chain([name], (f"{name}.{i}" for i in itertools.count(1)))
    return next(candidate for candidate in free if candidate not in names)
