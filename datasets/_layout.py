"""What stands around the rows of delimited text: blank lines, titles, headers of two lines, names of rows."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

import pandas as pd

from ._errors import InputError

_BLANK = " \t\x1a"  # the last is how DOS ends a file
_ROWS_TO_JUDGE = 200


def is_blank(line: str) -> bool:
    """Whether a line has no cells: editors leave spaces in empty lines."""
    return not line.strip(_BLANK)


def without_blank_start(text: str) -> str:
    """The text from its first line that is not blank."""
    return re.sub(r"\A(?:[ \t]*(?:\r\n|\r|\n))+", "", text)


def with_full_header(text: str, rows: Sequence[Sequence[str]], delimiter: str) -> str:
    """The text with one more name in its header, where every row has one more cell than the header.

    Rows may end with a delimiter that the header lacks. Or they start with a name in quotes that the header
    lacks, as ``write.table`` of R leaves them.
    """
    if len(rows) < 3 or any(len(row) != len(rows[0]) + 1 for row in rows[1:]):
        return text
    source = io.StringIO(text, newline="")
    header = next(csv.reader(source, delimiter=delimiter))
    rest = source.read()
    if all(row[-1].strip() == "" for row in rows[1:]):
        header = [*header, ""]
    elif rest.startswith('"') and len({row[0] for row in rows[1:]}) == len(rows) - 1:
        header = ["", *header]
    else:
        return text
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="\n").writerow(header)
    return line.getvalue() + rest


def refuse_layout(frame: pd.DataFrame, name: str) -> None:
    """Refuse training rows below a title or a second line of the header: the cells would be misread.

    Rows to predict are not refused: what is said of one of them must not depend on the others.
    """
    if len(frame.columns) == 1:
        _refuse_title(frame, name)
    words = _words_above_numbers(frame.head(_ROWS_TO_JUDGE))
    if len(words) > 1:
        shown = ", ".join(repr(word[:40]) for word in words[:3])
        raise InputError(
            f"{name}: row 1 has words ({shown}) in {len(words)} columns of numbers; if it is a second line "
            f"of the header, remove it or join it with the first"
        )


def _refuse_title(frame: pd.DataFrame, name: str) -> None:
    """Refuse one column whose cells are rows of a table, which a first line without delimiters hides."""
    cells = frame.iloc[:_ROWS_TO_JUDGE, 0]
    for delimiter in (";", "\t", "|"):
        counts = set(cells.str.count(re.escape(delimiter)))
        if len(cells) > 1 and len(counts) == 1 and counts != {0}:
            raise InputError(
                f"{name}: line 1 ({frame.columns[0][:40]!r}) has 1 cell, the rows below have "
                f"{max(counts) + 1}; if it is a title or a comment, remove it, so that the file starts with "
                f"the names of its columns"
            )


def _words_above_numbers(frame: pd.DataFrame) -> list[str]:
    """Cells of the first row that are words in columns in which all others are numbers."""
    from ._reader import MISSING_MARKS

    words = []
    for column in frame.columns:
        first, others = frame[column].iloc[0].strip(), frame[column].iloc[1:].str.strip()
        others = others[~others.isin([*MISSING_MARKS, ""])]
        if first and first not in MISSING_MARKS and len(others) > 1 and _is_word(first):
            numbers = pd.to_numeric(others, errors="coerce")
            if numbers.notna().all():
                words.append(first)
    return words


def _is_word(cell: str) -> bool:
    return bool(cell) and (cell[0].isalpha() or not any(character.isdigit() for character in cell))
