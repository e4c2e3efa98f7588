"""Dates in common formats."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

# Shape of the cell -> formats to try in this order. Where both fit, dates with slashes are read month first,
# those with points or dashes day first, as is most common.
_SHAPES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\d{4}-\d{1,2}-\d{1,2}", ("%Y-%m-%d",)),
    (r"\d{4}-\d{1,2}-\d{1,2}[T ]\d{1,2}:\d{2}.*", ("ISO8601",)),
    (r"\d{4}/\d{1,2}/\d{1,2}", ("%Y/%m/%d",)),
    (r"\d{4}/\d{1,2}/\d{1,2} \d{1,2}:\d{2}", ("%Y/%m/%d %H:%M",)),
    (r"\d{4}/\d{1,2}/\d{1,2} \d{1,2}:\d{2}:\d{2}", ("%Y/%m/%d %H:%M:%S",)),
    (r"\d{1,2}/\d{1,2}/\d{4}", ("%m/%d/%Y", "%d/%m/%Y")),
    (r"\d{1,2}/\d{1,2}/\d{2}", ("%m/%d/%y", "%d/%m/%y")),
    (r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}", ("%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M")),
    (r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}:\d{2}", ("%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S")),
    (r"\d{1,2}\.\d{1,2}\.\d{4}", ("%d.%m.%Y", "%m.%d.%Y")),
    (r"\d{1,2}\.\d{1,2}\.\d{4} \d{1,2}:\d{2}", ("%d.%m.%Y %H:%M",)),
    (r"\d{1,2}-\d{1,2}-\d{4}", ("%d-%m-%Y", "%m-%d-%Y")),
    (r"\d{1,2}[ -][A-Za-z]{3}[ -]\d{4}", ("%d %b %Y", "%d-%b-%Y")),
    (r"\d{1,2} [A-Za-z]{4,9} \d{4}", ("%d %B %Y",)),
    (r"[A-Za-z]{3} \d{1,2}, \d{4}", ("%b %d, %Y",)),
    (r"[A-Za-z]{4,9} \d{1,2}, \d{4}", ("%B %d, %Y",)),
)


def parse_dates(levels: np.ndarray) -> tuple[np.ndarray, str] | None:
    """Each level as ``datetime64[ns]``, and the format; None when one of them is not a date.

    Times with a zone become UTC. The first cell decides which formats are tried, so that a column of words
    costs nothing.
    """
    for shape, formats in _SHAPES:
        if re.fullmatch(shape, levels[0]):
            for form in formats:
                parsed = pd.to_datetime(
                    pd.Series(levels, dtype=object), format=form, errors="coerce", utc=True
                )
                if parsed.notna().all():
                    naive = parsed.dt.tz_localize(None).astype("datetime64[ns]")
                    return naive.to_numpy(), _readable(form)
    return None


def _readable(form: str) -> str:
    names = {"%Y": "year", "%y": "year", "%m": "month", "%d": "day", "%b": "month", "%B": "month"}
    return (
        re.sub(r"%[YymdbB]", lambda m: names[m.group()], form)
        .replace("%H:%M:%S", "time")
        .replace("%H:%M", "time")
    )
