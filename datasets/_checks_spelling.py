"""Checks of how cells are spelled: what may mean missing, marks that may be levels, names nearly alike."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from ._base import Dataset, Finding
from ._codes import finding

FREQUENT = 0.05  # share of the rows from which a missing mark may be a level
MIN_ROWS = 3
_UNKNOWN = re.compile(
    r"unknown|unkn?|unspecified|undefined|undetermined|missing|no ?data|no ?info(?:rmation)?"
    r"|not (?:available|known|recorded|reported|specified|stated|given|provided|measured)"
    r"|n\.a\.?|n\.d\.?|-+|\.+|\*+|\?+|tbd|x{3,}|0{4}[-/.]0{2}[-/.]0{2}.*|0{2}[-/.]0{2}[-/.]0{4}.*",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\W\d_]")
# Blanks and marks between two letters, or between a letter and a digit.
_JOINTS = re.compile(r"(?<=[^\W\d_])[\s_./,;:'’-]+(?=[^\W_])|(?<=[^\W_])[\s_./,;:'’-]+(?=[^\W\d_])")
_WORDS = {"None", "NA", "N/A", "n/a", "NULL", "null"}  # marks that may be names, as of "no basement"
# Placeholders of databases and spreadsheets, far from every real date of a column.
_FIRST_DAYS = ("0001-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1970-01-01")
_LAST_DAYS = ("2999-12-31", "9999-01-01", "9999-12-31")
_PLACEHOLDERS = {np.datetime64(day, "D") for day in _FIRST_DAYS + _LAST_DAYS}


def check_spelling(dataset: Dataset) -> Iterator[Finding]:
    """DW015 for words and dates, DW041 and DW043: the columns of a table."""
    X: Any = dataset.X
    for name, column in X.items():
        if isinstance(column.dtype, pd.CategoricalDtype):
            yield from _check_unknown(str(name), column)
            yield from _check_case(f"column {name!r} has levels", column.cat.categories, str(name))
        elif pd.api.types.is_datetime64_any_dtype(column.dtype):
            yield from _check_placeholders(str(name), column)
        elif isinstance(column.dtype, pd.StringDtype):
            yield from _check_unknown(str(name), column)
    yield from _check_marks(dataset)


def check_class_spelling(dataset: Dataset) -> Iterator[Finding]:
    """DW015 and DW041: classes of any modality."""
    yield from _check_case("there are classes", dataset.classes, dataset.target)
    words = pd.Series(dataset.y, dtype=object)
    if any(_LETTERS.search(name) and _UNKNOWN.fullmatch(name) for name in dataset.classes):
        yield from _check_unknown(dataset.target, words)


def _check_unknown(name: str, column: pd.Series) -> Iterator[Finding]:
    counts = column.value_counts()
    marks = {
        str(level): int(n) for level, n in counts.items() if n and _UNKNOWN.fullmatch(str(level).strip())
    }
    if marks and sum(marks.values()) >= MIN_ROWS and len(counts[counts > 0]) > len(marks) + 1:
        shown = ", ".join(f"{mark!r} in {n} rows" for mark, n in list(marks.items())[:5])
        yield finding("DW015", "info", f"column {name!r} holds {shown}; does it mean missing?", (name,))


def _check_placeholders(name: str, column: pd.Series) -> Iterator[Finding]:
    days = column.dropna().to_numpy().astype("datetime64[D]")
    levels, counts = np.unique(days, return_counts=True)
    for at, next_to in ((0, 1), (-1, -2)):
        if len(levels) < 3 or levels[at] not in _PLACEHOLDERS or counts[at] < MIN_ROWS:
            continue
        rest = days[days != levels[at]]
        if abs(levels[at] - levels[next_to]) > max(rest.max() - rest.min(), np.timedelta64(365, "D")):
            message = (
                f"column {name!r}: {counts[at]} rows hold {levels[at]}, far from all other dates; does it "
                f"mean missing?"
            )
            yield finding("DW015", "info", message, (name,))


def _check_case(subject: str, levels: Iterable[object], name: str) -> Iterator[Finding]:
    """Names that a reader would call the same."""
    alike: dict[str, list[str]] = {}
    for level in levels:
        alike.setdefault(_bare(str(level)), []).append(str(level))
    several = [spellings for spellings in alike.values() if len(spellings) > 1]
    if several:
        shown = "; ".join(", ".join(map(repr, spellings)) for spellings in several[:3])
        more = f" and {len(several) - 3} more" if len(several) > 3 else ""
        message = (
            f"{subject} that differ only in case, blanks or punctuation: {shown}{more}; they are not merged"
        )
        yield finding("DW041", "warning", message, (name,))


def _bare(name: str) -> str:
    """A name without case, blanks and the punctuation of words; "A-", "<0", "1-2" and "C++" keep theirs."""
    plain = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    return _JOINTS.sub("", plain).strip(" .,;:!'\"") or plain


def _check_marks(dataset: Dataset) -> Iterator[Finding]:
    """DW043: words read as missing in many rows of a column of categories, or of the target."""
    for column in dataset.schema.columns:
        _, _, marks = column.reason.partition("; missing marks: ")
        words = [mark for mark in marks.split(", ") if mark in _WORDS]
        share = column.n_missing / max(1, len(dataset))
        if words and column.role in ("categorical", "target") and share >= FREQUENT:
            message = (
                f"column {column.name!r}: {', '.join(words)} was read as missing, as {share:.0%} of the rows "
                f"are; is it a level?"
            )
            yield finding("DW043", "info", message, (column.name,))
