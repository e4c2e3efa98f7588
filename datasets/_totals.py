"""Rows that sum up the others, as spreadsheets and reports have them at the end."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from ._base import Finding
from ._codes import finding

_TOTAL = re.compile(
    r"((grand|sub)?[ -]?totals?( general)?|sums?|summe|gesamt(summe)?|insgesamt|suma( total)?|somme):?",
    re.IGNORECASE,
)


def note_total(frame: pd.DataFrame) -> Iterator[Finding]:
    """DW038: the last row has a cell such as "Total", which no other row of that column has.

    The index of the table holds its row numbers, from 0.
    """
    last = frame.iloc[-1]
    for name, cell in last.items():
        if not isinstance(cell, str) or not _TOTAL.fullmatch(cell.strip()):
            continue
        if (frame[name] == cell).sum() == 1:
            row = int(frame.index[-1])
            message = (
                f"the last row, {row + 1}, says {cell.strip()!r} in column {name!r}: if it sums up the "
                f"others, it is no case"
            )
            yield finding("DW038", "warning", message, (str(name),), (row,))
            return
