"""Checks of rows: duplicates and near-duplicates, also across a split."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ._base import Dataset, Finding, Severity
from ._codes import finding
from ._near_copies import NearCopies, first_copies, near_copies
from ._rows import first_rows, row_hashes

MANY = 0.01  # share of the rows above which duplicates are worth a warning
_NAMES = {"tabular": "rows", "image": "images", "text": "texts"}
_NEARLY = {
    "tabular": "except for the last decimals",
    "image": "except for brightness, compression or a slight crop",
    "text": "except for a few words, case or punctuation",
}


def check_copies(dataset: Dataset) -> Iterator[Finding]:
    """DW005, DW006, DW007, DW028, DW029: rows with equal or nearly equal features."""
    hashes = row_hashes(dataset.X)
    near = near_copies(dataset.X, hashes)
    yield from _copies(dataset, hashes)
    yield from _contradictions(dataset, hashes)
    yield from _near_copies(dataset, near, hashes)
    if dataset.test is not None:
        yield from _shared_copies(dataset, hashes, dataset.test)
        yield from _shared_near_copies(dataset, near, hashes, dataset.test)


def _copies(dataset: Dataset, hashes: np.ndarray) -> Iterator[Finding]:
    rows = np.flatnonzero(~first_rows(hashes))
    if len(rows):
        _, firsts, numbers = np.unique(hashes, return_index=True, return_inverse=True)
        severity, where = _weight(dataset, rows, firsts[numbers][rows])
        count = f"{len(rows)} ({len(rows) / len(dataset):.1%})"
        message = f"duplicates of earlier {_NAMES[dataset.modality]}: {count}; {where}"
        yield finding("DW005", severity, message, rows=_numbers(dataset, rows))


def _near_copies(dataset: Dataset, near: NearCopies, hashes: np.ndarray) -> Iterator[Finding]:
    """Rows that a reader would call the same, but that are not equal byte by byte."""
    originals = first_copies(near)
    rows = np.flatnonzero((originals < np.arange(len(originals))) & first_rows(hashes))
    if len(rows):
        severity, where = _weight(dataset, rows, originals[rows])
        kind = f"{_NAMES[dataset.modality]} equal to earlier ones {_NEARLY[dataset.modality]}"
        count = f"{len(rows)} ({len(rows) / len(dataset):.1%}), {_example(dataset, rows, originals)}"
        yield finding("DW028", severity, f"{kind}: {count}; {where}", rows=_numbers(dataset, rows))


def _shared_copies(dataset: Dataset, hashes: np.ndarray, test: np.ndarray) -> Iterator[Finding]:
    rows = np.flatnonzero(_shared(hashes, test))
    if len(rows):
        part = f"{len(rows)} {_NAMES[dataset.modality]} of the test set ({len(rows) / test.sum():.1%})"
        yield finding(
            "DW006", "warning", f"{part} are also in the training set", rows=_numbers(dataset, rows)
        )


def _shared_near_copies(
    dataset: Dataset, near: NearCopies, hashes: np.ndarray, test: np.ndarray
) -> Iterator[Finding]:
    originals = first_copies(near, ~test)
    rows = np.flatnonzero((originals >= 0) & test & ~_shared(hashes, test))
    if len(rows):
        what = _NAMES[dataset.modality]
        kind = f"{what} of the test set equal to training {what} {_NEARLY[dataset.modality]}"
        count = f"{len(rows)} ({len(rows) / test.sum():.1%}), {_example(dataset, rows, originals)}"
        yield finding("DW029", "warning", f"{kind}: {count}", rows=_numbers(dataset, rows))


def _example(dataset: Dataset, rows: np.ndarray, originals: np.ndarray) -> str:
    first, second = _numbers(dataset, np.array([rows[0], originals[rows[0]]])) + 1
    return f"such as row {first} and row {second}"


def _numbers(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """The numbers of rows in the source."""
    return rows if dataset.row_numbers is None else dataset.row_numbers[rows]


def _shared(hashes: np.ndarray, test: np.ndarray) -> np.ndarray:
    return np.isin(hashes, hashes[~test]) & test


def _weight(dataset: Dataset, copies: np.ndarray, originals: np.ndarray) -> tuple[Severity, str]:
    """The severity of duplicates with the splits of this dataset, and why."""
    if dataset.test is not None:
        return "info", "each counts as a separate case"
    if dataset.groups is not None and (dataset.groups[copies] == dataset.groups[originals]).all():
        return "info", "their groups keep them on one side of every split"
    many = len(copies) >= MANY * len(dataset)
    return "warning" if many else "info", "they may be on both sides of a split (see --group-duplicates)"


def _contradictions(dataset: Dataset, hashes: np.ndarray) -> Iterator[Finding]:
    if dataset.task == "regression":
        return
    codes = np.unique(dataset.y, return_inverse=True)[1]
    several = pd.Series(codes).groupby(hashes).transform("nunique").to_numpy() > 1
    if several.any():
        what = _NAMES[dataset.modality]
        message = (
            f"{several.sum()} {what} have duplicates of another class; no model can predict all of them "
            f"correctly"
        )
        yield finding("DW007", "warning", message, rows=_numbers(dataset, np.flatnonzero(several)))
