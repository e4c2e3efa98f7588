"""Checks of the target and the splits: rows, classes, order, and whether splits are possible."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ._base import Dataset, Finding, Severity
from ._checks_columns import has_time
from ._codes import finding
from ._errors import InputError
from ._splits import make_splits

FEW_CASES = 10
FEW_ROWS = 200
VERY_FEW_ROWS = 50
RARE_CLASS = 0.1
SORTED = 0.95  # share of the steps that go one way
ALIKE = 0.8  # correlation of neighbours
MOST_BLOCKS = 5  # of each class


def check_n_rows(dataset: Dataset) -> Iterator[Finding]:
    """DW016: few rows."""
    n = len(dataset)
    if n < FEW_ROWS:
        severity: Severity = "warning" if n < VERY_FEW_ROWS else "info"
        yield finding("DW016", severity, f"only {n} rows: expect wide intervals and an undecided verdict")


def check_order(dataset: Dataset) -> Iterator[Finding]:
    """DW011: rows sorted by the target. DW040: a series. DW031: splits in order of time, as chosen."""
    if dataset.time is not None:
        ends = f"{_shown(dataset.time.min())} to {_shown(dataset.time.max())}"
        order = "of the rows" if _is_order_of_rows(dataset) else f"of time, {ends}"
        message = f"splits are in the order {order}: each period is predicted from the rows before it"
        yield finding("DW031", "info", message)
    elif len(dataset) >= VERY_FEW_ROWS and _is_sorted(dataset.y, dataset.task):
        message = "rows are sorted by the target; if the order means time, use --time, else ignore this"
        yield finding("DW011", "info", message)
    elif len(dataset) >= FEW_ROWS and _is_series(dataset.y, dataset.task) and not _has_time(dataset):
        message = (
            "neighbouring rows have similar targets, as in a series over time or places: random folds leak "
            "from one to the next; if the order of the rows means time, use --time row-order"
        )
        yield finding("DW040", "warning", message)


def _shown(moment: np.generic) -> str:
    return str(moment)[:10] if isinstance(moment, np.datetime64) else f"{float(moment):g}"


def _has_time(dataset: Dataset) -> bool:
    """Whether a column is a better time than the order of the rows."""
    return isinstance(dataset.X, pd.DataFrame) and has_time(dataset.X)


def _is_order_of_rows(dataset: Dataset) -> bool:
    """Whether the time was chosen as --time row-order; the rows may be a sample."""
    known = dataset.schema.columns and not dataset.schema.names("time")
    return bool(known) or np.array_equal(np.asarray(dataset.time), np.arange(len(dataset)))


def _is_sorted(y: np.ndarray, task: str) -> bool:
    """Few blocks of equal classes, as of files put together, or values that nearly always go one way."""
    if task == "regression":
        steps = np.diff(y)
        ways = np.mean(steps >= 0), np.mean(steps <= 0)
        return bool(np.ptp(y) > 0 and max(ways) > SORTED and _neighbours(y) > ALIKE)
    runs, expected = _runs(y)
    return runs <= max(MOST_BLOCKS * len(np.unique(y)), 0.01 * expected) and runs < 0.5 * expected


def _is_series(y: np.ndarray, task: str) -> bool:
    """Far fewer runs of equal classes than by chance, or values close to their neighbours."""
    if task == "regression":
        return _neighbours(y) > ALIKE
    runs, expected = _runs(y)
    return runs < 0.5 * expected


def _neighbours(y: np.ndarray) -> float:
    """Correlation of the ranks of neighbours."""
    ranks = pd.Series(y).rank().to_numpy()
    return float(np.corrcoef(ranks[:-1], ranks[1:])[0, 1]) if np.ptp(ranks) > 0 else 0.0


def _runs(y: np.ndarray) -> tuple[int, float]:
    """Runs of equal classes, and how many a random order has."""
    shares = np.unique(y, return_counts=True)[1] / len(y)
    return int(1 + np.sum(y[1:] != y[:-1])), float(1 + (len(y) - 1) * (1 - np.sum(shares**2)))


def check_classes(dataset: Dataset) -> Iterator[Finding]:
    """DW009: rare classes. DW010: imbalance."""
    classes, counts = np.unique(dataset.y, return_counts=True)
    few = np.flatnonzero(counts < FEW_CASES)
    if len(few):
        severity: Severity = "error" if counts.min() < 2 else "warning"
        shown = ", ".join(f"{classes[i]} ({counts[i]})" for i in few[:5])
        yield finding("DW009", severity, f"classes with fewer than {FEW_CASES} cases: {shown}")
    share = counts.min() / len(dataset) * len(classes) / 2
    if share < RARE_CLASS:
        rarest = int(np.argmin(counts))
        message = (
            f"class {classes[rarest]} has {counts[rarest]} of {len(dataset)} rows: accuracy is uninformative"
        )
        yield finding("DW010", "info" if share >= 0.01 else "warning", message)


def check_splits(dataset: Dataset) -> Iterator[Finding]:
    """DW030: why no split is possible."""
    if dataset.task != "regression" and np.unique(dataset.y, return_counts=True)[1].min() < 2:
        return  # DW009 reports it
    try:
        make_splits(
            dataset.y,
            task=dataset.task,
            folds=2,
            groups=dataset.groups,
            test=dataset.test,
            time=dataset.time,
        )
    except InputError as error:
        yield finding("DW030", "error", str(error))
