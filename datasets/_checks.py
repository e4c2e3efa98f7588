"""What a reader should know about the data before any score: findings with stable codes.

``CODES`` is the table of all codes. Some come up while data is read (they tell what was left out or
taken for missing), the others are checks of the rows that are left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from ._base import Dataset, Finding, Severity
from ._leakage import single_column_scores
from ._rows import first_rows, group_sizes, row_hashes
from ._schema import is_id_name

CODES = {
    "DW001": "identifier column left out",
    "DW002": "constant column",
    "DW003": "column without any value",
    "DW004": "duplicate columns",
    "DW005": "duplicate rows",
    "DW006": "rows that stand in the training and in the test part",
    "DW007": "equal rows with different targets",
    "DW008": "column that gives the answer away",
    "DW009": "too few cases of a class",
    "DW010": "imbalanced classes",
    "DW011": "rows sorted by target",
    "DW012": "category with very many levels",
    "DW013": "many missing values",
    "DW014": "dates: the rows may have a time order",
    "DW015": "numbers that may stand for missing",
    "DW016": "few rows",
    "DW017": "target or task inferred",
    "DW018": "column that may name groups",
    "DW020": "nested values left out",
    "DW021": "numbers mixed with words",
    "DW022": "infinite numbers taken for missing",
    "DW023": "empty texts",
    "DW024": "columns left out by --text",
    "DW025": "broken files left out",
    "DW026": "files left out or images reduced",
    "DW027": "validation part counted as training rows",
}

FEW_CASES = 10
FEW_ROWS = 200
MANY_LEVELS = 100
MANY_MISSING = 0.4
RARE_CLASS = 0.1
GIVES_AWAY = {"ROC AUC": 0.995, "balanced accuracy": 0.995, "R2": 0.99}
_SENTINELS = (-1.0, -9.0, -99.0, -999.0, -9999.0, 99.0, 999.0, 9999.0)


def check_dataset(dataset: Dataset) -> list[Finding]:
    """The findings of reading the data, then those of checking its rows.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    list of Finding
        Most severe first, then by code.
    """
    checks: list[Callable[[Dataset], Iterator[Finding]]] = [_check_duplicates, _check_rows]
    if dataset.task != "regression":
        checks.append(_check_classes)
    if dataset.modality == "tabular":
        checks += [_check_columns, _check_equal_columns, _check_answers]
    found = [*dataset.findings, *(finding for check in checks for finding in check(dataset))]
    order = {"error": 0, "warning": 1, "info": 2}
    return sorted(found, key=lambda finding: (order[finding.severity], finding.code))


def _finding(code: str, severity: Severity, message: str, columns=(), rows=()) -> Finding:
    return Finding(code, severity, message, tuple(columns), tuple(int(row) for row in rows[:20]))


def _check_duplicates(dataset: Dataset) -> Iterator[Finding]:
    hashes = row_hashes(dataset.X)
    what = {"tabular": "rows", "image": "images", "text": "texts"}[dataset.modality]
    repeats = ~first_rows(hashes)
    if repeats.any():
        share = repeats.mean()
        severity: Severity = "warning" if share >= 0.01 else "info"
        count = f"{repeats.sum()} ({share:.1%})"
        message = f"copies of earlier {what}: {count}; they may stand on both sides of a split"
        yield _finding("DW005", severity, message, rows=np.flatnonzero(repeats))
    if dataset.test is not None:
        shared = np.isin(hashes, hashes[~dataset.test]) & dataset.test
        if shared.any():
            count = f"{shared.sum()} {what} of the test part ({shared.sum() / dataset.test.sum():.1%})"
            message = f"{count} stand in the training part too"
            yield _finding("DW006", "warning", message, rows=np.flatnonzero(shared))
    yield from _contradictions(dataset, hashes, what)


def _contradictions(dataset: Dataset, hashes: np.ndarray, what: str) -> Iterator[Finding]:
    if dataset.task == "regression":
        return
    codes = np.unique(dataset.y, return_inverse=True)[1]
    labels = pd.Series(codes).groupby(hashes).transform("nunique").to_numpy()
    if (labels > 1).any():
        message = f"{(labels > 1).sum()} {what} have equals of another class; no model gets all of them right"
        yield _finding("DW007", "warning", message, rows=np.flatnonzero(labels > 1))


def _check_rows(dataset: Dataset) -> Iterator[Finding]:
    n = len(dataset)
    if n < FEW_ROWS:
        severity: Severity = "warning" if n < 50 else "info"
        yield _finding("DW016", severity, f"{n} rows only: expect wide intervals and an undecided verdict")
    if n >= 50 and _is_sorted(dataset.y, dataset.task):
        message = (
            "rows are sorted by the target; splits shuffle them, check that the order does not stand for time"
        )
        yield _finding("DW011", "info", message)


def _is_sorted(y: np.ndarray, task: str) -> bool:
    """Far fewer runs of one class than chance makes, or values like their neighbours."""
    if task == "regression":
        ranks = pd.Series(y).rank().to_numpy()
        return bool(np.ptp(ranks) > 0 and np.corrcoef(ranks[:-1], ranks[1:])[0, 1] > 0.9)
    shares = np.unique(y, return_counts=True)[1] / len(y)
    expected = 1 + (len(y) - 1) * (1 - np.sum(shares**2))
    return bool(1 + np.sum(y[1:] != y[:-1]) < 0.5 * expected)


def _check_classes(dataset: Dataset) -> Iterator[Finding]:
    classes, counts = np.unique(dataset.y, return_counts=True)
    few = np.flatnonzero(counts < FEW_CASES)
    if len(few):
        severity: Severity = "error" if counts.min() < 2 else "warning"
        shown = ", ".join(f"{classes[i]} ({counts[i]})" for i in few[:5])
        yield _finding("DW009", severity, f"classes with fewer than {FEW_CASES} cases: {shown}")
    share = counts.min() / len(dataset) * len(classes) / 2
    if share < RARE_CLASS:
        rarest = int(np.argmin(counts))
        message = (
            f"class {classes[rarest]} has {counts[rarest]} of {len(dataset)} rows: accuracy says little here"
        )
        yield _finding("DW010", "info" if share >= 0.01 else "warning", message)


def _check_columns(dataset: Dataset) -> Iterator[Finding]:
    for name, column in dataset.X.items():
        missing = float(column.isna().mean())
        n_unique = int(column.nunique())
        if n_unique == 0:
            yield _finding("DW003", "warning", f"column {name!r} has no value in any row", (name,))
        elif n_unique == 1 and not missing:
            yield _finding("DW002", "info", f"column {name!r} has one value in every row", (name,))
        elif missing >= MANY_MISSING:
            yield _finding(
                "DW013", "info", f"column {name!r} is missing in {missing:.0%} of the rows", (name,)
            )
        if pd.api.types.is_datetime64_any_dtype(column.dtype):
            message = (
                f"column {name!r} holds dates: if rows follow in time, random folds look into the future"
            )
            yield _finding("DW014", "warning", message, (name,))
        elif isinstance(column.dtype, pd.CategoricalDtype):
            yield from _check_levels(name, n_unique, len(column))
        elif pd.api.types.is_float_dtype(column.dtype):
            yield from _check_sentinels(name, column.dropna().to_numpy())
        yield from _check_group_name(name, n_unique, len(column))


def _check_levels(name: str, n_levels: int, n_rows: int) -> Iterator[Finding]:
    if n_levels > MANY_LEVELS or (n_levels > 20 and n_levels > 0.3 * n_rows):
        message = f"column {name!r} has {n_levels} levels in {n_rows} rows: rare levels cannot be learned"
        yield _finding("DW012", "warning" if n_levels > 0.3 * n_rows else "info", message, (name,))


def _check_group_name(name: str, n_unique: int, n_rows: int) -> Iterator[Finding]:
    if is_id_name(str(name)) and 1 < n_unique < 0.9 * n_rows and n_unique > 10:
        message = f"column {name!r} may name groups ({n_unique} in {n_rows} rows); if so, say --groups {name}"
        yield _finding("DW018", "warning", message, (name,))


def _check_sentinels(name: str, values: np.ndarray) -> Iterator[Finding]:
    """A zero or a number such as -999 that many rows share and that lies far from all others."""
    levels, counts = np.unique(values, return_counts=True)
    if len(levels) < 20:
        return
    for at, next_to in ((0, 1), (-1, -2)):
        value, count, neighbour = levels[at], counts[at], levels[next_to]
        rest, gap = values[values != value], abs(value - neighbour)
        spread = np.subtract(*np.percentile(rest, [75, 25])) or np.std(rest)
        lonely = value in _SENTINELS and gap > 3 * spread
        usual = np.median(np.diff(np.unique(rest)))
        zero = value == 0 == at and gap > max(3 * usual, 0.1 * np.median(rest)) and count <= len(rest)
        if (lonely or zero) and count >= max(3, 0.005 * len(values)):
            held = f"{count} rows hold {value:g}, far from the next value {neighbour:g}"
            message = f"column {name!r}: {held}; does it stand for missing?"
            yield _finding("DW015", "info", message, (name,))


def _check_equal_columns(dataset: Dataset) -> Iterator[Finding]:
    """Columns with the same values in every row; named once for each set of equals."""
    hashes = [row_hashes(_comparable(column)).tobytes() for _, column in dataset.X.items()]
    for hashed, size in group_sizes(hashes).items():
        if size > 1:
            names = [name for name, h in zip(dataset.X.columns, hashes, strict=True) if h == hashed]
            message = f"columns {', '.join(map(repr, names))} hold the same values in every row"
            yield _finding("DW004", "info", message, names)


def _comparable(column: pd.Series) -> pd.Series:
    return column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column


def _check_answers(dataset: Dataset) -> Iterator[Finding]:
    for name, score, metric in single_column_scores(dataset.X, dataset.y, dataset.task):
        if score >= GIVES_AWAY[metric]:
            told = f"column {name!r} alone predicts the target ({metric} {score:.3f})"
            message = f"{told}: is it known before the target is?"
            yield _finding("DW008", "warning", message, (name,))
