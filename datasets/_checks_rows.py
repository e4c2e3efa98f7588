"""Rows that stand twice: equal, nearly equal, and on both sides of a split."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ._base import Dataset, Finding, Severity
from ._codes import finding
from ._near_copies import NearCopies, earlier_near_copy, near_copies, with_near_copy
from ._rows import first_rows, row_hashes

MANY = 0.01  # share of the rows from which on copies are worth a warning
_NAMES = {"tabular": "rows", "image": "images", "text": "texts"}
_NEARLY = {
    "tabular": "but for far decimals",
    "image": "but for brightness, compression or a slight crop",
    "text": "but for a few words, case or punctuation",
}


def check_duplicates(dataset: Dataset) -> Iterator[Finding]:
    """DW005, DW006, DW007: rows with equal features."""
    hashes, what = row_hashes(dataset.X), _NAMES[dataset.modality]
    repeats = np.flatnonzero(~first_rows(hashes))
    if len(repeats):
        _, firsts, numbers = np.unique(hashes, return_index=True, return_inverse=True)
        severity, where = _weight(dataset, repeats, firsts[numbers][repeats])
        count = f"{len(repeats)} ({len(repeats) / len(dataset):.1%})"
        yield finding("DW005", severity, f"copies of earlier {what}: {count}; {where}", rows=repeats)
    if dataset.test is not None:
        shared = _shared(hashes, dataset.test)
        if shared.any():
            message = f"{_of_test(shared, dataset, what)} stand in the training part too"
            yield finding("DW006", "warning", message, rows=np.flatnonzero(shared))
    yield from _contradictions(dataset, hashes, what)


def _shared(hashes: np.ndarray, test: np.ndarray) -> np.ndarray:
    return np.isin(hashes, hashes[~test]) & test


def _of_test(rows: np.ndarray, dataset: Dataset, what: str) -> str:
    assert dataset.test is not None
    return f"{rows.sum()} {what} of the test part ({rows.sum() / dataset.test.sum():.1%})"


def _weight(dataset: Dataset, copies: np.ndarray, originals: np.ndarray) -> tuple[Severity, str]:
    """How much copies matter under the plan of this dataset, in a word and in words."""
    if dataset.test is not None:
        return "info", "each counts as a case of its own"
    if dataset.groups is not None and (dataset.groups[copies] == dataset.groups[originals]).all():
        return "info", "their groups keep them on one side of every split"
    many = len(copies) >= MANY * len(dataset)
    return "warning" if many else "info", "they may stand on both sides of a split (see --group-duplicates)"


def _contradictions(dataset: Dataset, hashes: np.ndarray, what: str) -> Iterator[Finding]:
    if dataset.task == "regression":
        return
    codes = np.unique(dataset.y, return_inverse=True)[1]
    several = pd.Series(codes).groupby(hashes).transform("nunique").to_numpy() > 1
    if several.any():
        message = f"{several.sum()} {what} have equals of another class; no model gets all of them right"
        yield finding("DW007", "warning", message, rows=np.flatnonzero(several))


def check_near_copies(dataset: Dataset) -> Iterator[Finding]:
    """DW028, DW029: rows that are the same case for a reader, but not byte by byte."""
    found, hashes = near_copies(dataset.X), row_hashes(dataset.X)
    yield from _near_within(dataset, found, first_rows(hashes))
    if dataset.test is not None:
        near = with_near_copy(found, ~dataset.test) & dataset.test & ~_shared(hashes, dataset.test)
        if near.any():
            what = _NAMES[dataset.modality]
            message = f"{_of_test(near, dataset, what)} equal {what} of the training part"
            message += f" {_NEARLY[dataset.modality]}, first row {np.argmax(near) + 1}"
            yield finding("DW029", "warning", message, rows=np.flatnonzero(near))


def _near_within(dataset: Dataset, found: NearCopies, first: np.ndarray) -> Iterator[Finding]:
    """Near copies anywhere; exact ones have a finding of their own."""
    originals = earlier_near_copy(found)
    rows = np.flatnonzero((originals >= 0) & first)
    if not len(rows):
        return
    severity, where = _weight(dataset, rows, originals[rows])
    example = f"row {rows[0] + 1} and row {originals[rows[0]] + 1}"
    equal = f"{len(rows)} {_NAMES[dataset.modality]} equal earlier ones {_NEARLY[dataset.modality]}"
    message = f"{equal} ({len(rows) / len(dataset):.1%}; such as {example}); {where}"
    yield finding("DW028", severity, message, rows=rows)
