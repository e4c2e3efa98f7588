"""Targets that are computed from several columns: sums, differences, products, ratios, linear combinations.

Formulas are sought in a sample of the rows and confirmed on all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

MIN_ROWS = 50
MIN_CASES = 10  # of the rarer of two values: few can be met by chance
MOST_COLUMNS = 200
SAMPLE = 128
CANDIDATES = 20  # formulas of the sample that are tried on all rows
MATCHED = 0.98  # share of the rows in which a formula holds
ALONE = 0.99  # R2 of one column from which on no second one is needed
FIT = 0.9999  # R2
SEPARATED = 0.9995  # ROC AUC
NOT_SEPARATED = 0.98  # of one column


@dataclass(frozen=True)
class Formula:
    """Columns that together give the target, how, and in what share of the rows."""

    columns: tuple[str, ...]
    words: str
    share: float


def find_formula(X: pd.DataFrame, y: np.ndarray, task: str) -> Formula | None:
    """The formula of a target in the numeric columns; None if there is none.

    Class names that are numbers are tried as numbers, and two classes also as the side of a threshold.
    """
    values = y if task == "regression" else pd.to_numeric(pd.Series(y), errors="coerce").to_numpy(float)
    columns = _numeric(X)
    with np.errstate(all="ignore"):
        if len(columns) < 2 or len(y) < MIN_ROWS:
            return None
        found = None
        if np.isfinite(values).all() and _varies(values):
            found = _computed(columns, values)
        if found is None and task == "binary":
            found = _separated(columns, y == np.unique(y)[0])
    return found


def _numeric(X: pd.DataFrame) -> dict[str, np.ndarray]:
    """Numeric columns that vary, mostly present, each once."""
    chosen: dict[str, np.ndarray] = {}
    for name, column in X.items():
        if pd.api.types.is_float_dtype(column.dtype):
            values = column.to_numpy(float)
            known = np.isfinite(values)
            if known.mean() >= 0.5 and np.ptp(values[known]) > 0:
                chosen[str(name)] = values
    return dict(list(chosen.items())[:MOST_COLUMNS])


def _varies(values: np.ndarray) -> bool:
    """Enough rows differ from the most frequent value."""
    return len(values) - np.unique(values, return_counts=True)[1].max() >= MIN_CASES


def _computed(columns: dict[str, np.ndarray], y: np.ndarray) -> Formula | None:
    unit = np.abs(y).max()
    y, tolerance = y / unit, _tolerance(y) / unit
    others = {n: v for n, v in columns.items() if _r2_alone(v, y) < ALONE}
    if len(others) < 2:
        return None
    return (
        _pair(others, y, tolerance, unit)
        or _linear(others, y, tolerance)
        or _linear({n: v for n, v in others.items() if (v > 0).mean() > 0.95}, y, tolerance, logs=True)
    )


def _tolerance(y: np.ndarray) -> float:
    """Half of the last decimal of a target that was rounded, else hardly more than rounding of floats."""
    spread = float(np.std(y))
    for decimals in range(5):
        half = 0.51 * 10.0**-decimals
        if half <= 0.01 * spread and np.abs(y - np.round(y, decimals)).max() <= 1e-9 * np.abs(y).max():
            return half
    return 1e-6 * spread


def _r2_alone(column: np.ndarray, y: np.ndarray) -> float:
    known = np.isfinite(column)
    r = np.corrcoef(column[known] / np.abs(column[known]).max(), y[known])[0, 1]
    return float(r**2) if np.isfinite(r) else 0.0


# How two columns are joined, with the names of a formula. Products and ratios may have a factor.
_JOINED: tuple[tuple[str, bool, Callable[[Any, Any], Any]], ...] = (
    ("{} + {}", False, lambda a, b: a + b),
    ("{} - {}", False, lambda a, b: a - b),
    ("{} * {}", True, lambda a, b: a * b),
    ("{} / {}", True, lambda a, b: a / b),
)


def _pair(columns: dict[str, np.ndarray], y: np.ndarray, tolerance: float, unit: float) -> Formula | None:
    names, rows = list(columns), _sample(len(y))
    table = np.column_stack([columns[name][rows] for name in names])
    tried = 0
    for words, has_factor, joined in _JOINED:
        for i, first in enumerate(names):
            values = joined(table[:, i : i + 1], table)
            factor = _factor(values, y[rows]) if has_factor else np.full(len(names), 1 / unit)
            close = np.abs(values * factor - y[rows][:, None]) <= tolerance
            wanted = close.sum(axis=0) >= 0.97 * np.maximum(np.isfinite(values).sum(axis=0), len(rows) / 2)
            for j in np.flatnonzero(wanted & (np.arange(len(names)) != i)):
                if tried == CANDIDATES:
                    return None
                tried += 1
                share = _confirmed(joined(columns[first], columns[names[j]]) * factor[j], y, tolerance)
                if share:
                    pair = (first, names[j])
                    return Formula(pair, words.format(*map(repr, pair)), share)
    return None


def _sample(n_rows: int, size: int = SAMPLE) -> np.ndarray:
    if n_rows <= size:
        return np.arange(n_rows)
    return np.sort(np.random.default_rng(0).choice(n_rows, size, replace=False))


def _factor(values: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The factor of each column, from the row in which it is largest."""
    sizes = np.where(np.isfinite(values), np.abs(values), -1.0)
    rows = sizes.argmax(axis=0)
    factor: np.ndarray = y[rows] / values[rows, np.arange(values.shape[1])]
    return factor


def _confirmed(values: np.ndarray, y: np.ndarray, tolerance: float) -> float:
    """The share of all rows in which a formula holds; 0 where it is none."""
    known = np.isfinite(values)
    if known.mean() < 0.5:
        return 0.0
    rest = np.abs(values[known] - y[known])
    share = float(np.mean(rest <= tolerance))
    held = rest <= tolerance
    spread = float(np.sum((y[known][held] - y[known][held].mean()) ** 2)) if held.any() else 0.0
    fits = spread > 0 and float(np.sum(rest[held] ** 2)) <= (1 - FIT) * spread
    return (
        share if share >= MATCHED and fits and _varies(y[known][held]) and _explains(rest, y[known]) else 0.0
    )


def _explains(rest: np.ndarray, y: np.ndarray) -> bool:
    """Not only the rows with the most frequent value, such as 0."""
    values, counts = np.unique(y, return_counts=True)
    others = y != values[counts.argmax()]
    return bool(np.median(rest[others]) <= 0.02 * np.std(y))


def _linear(
    columns: dict[str, np.ndarray], y: np.ndarray, tolerance: float, *, logs: bool = False
) -> Formula | None:
    """A linear combination, of the logarithms a product of powers; of as few columns as possible."""
    columns = {n: v for n, v in columns.items() if np.isfinite(v).mean() > 0.95}
    known = np.isfinite(y) & np.all(
        [np.isfinite(v) & ((v > 0) | (not logs)) for v in columns.values()], axis=0
    )
    known &= (y > 0) | (not logs)
    if len(columns) < 2 or known.mean() < 0.8 or known.sum() < 3 * len(columns) + 20:
        return None
    target, slack = (np.log(y[known]), tolerance / y[known]) if logs else (y[known], tolerance)
    table = np.column_stack([np.log(v[known]) if logs else v[known] for v in columns.values()])
    table = table - table.mean(axis=0)
    table = table / np.maximum(np.abs(table).max(axis=0), np.finfo(float).tiny)
    return _fewest(list(columns), table, target, np.broadcast_to(slack, target.shape), logs)


def _fewest(
    names: list[str], table: np.ndarray, y: np.ndarray, slack: np.ndarray, logs: bool
) -> Formula | None:
    rows = _sample(len(y), max(3 * SAMPLE, 5 * len(names)))
    kept = list(range(len(names)))
    weights = _weights(table[rows], y[rows], slack[rows])
    if weights is None:
        return None
    for column in np.argsort(np.abs(weights[:-1]) * np.std(table[rows], axis=0)):
        fewer = [k for k in kept if k != column]
        if fewer and _weights(table[rows][:, fewer], y[rows], slack[rows]) is not None:
            kept = fewer
    final = _weights(table[rows][:, kept], y[rows], slack[rows])
    if final is None or len(kept) < 2:
        return None
    rest = np.abs(table[:, kept] @ final[:-1] + final[-1] - y)
    share = float(np.mean(rest <= slack))
    if share < MATCHED or np.sum(np.minimum(rest, np.std(y)) ** 2) > 0.02 * np.sum((y - y.mean()) ** 2):
        return None
    chosen = tuple(names[k] for k in kept)
    kind = "a product of powers of" if logs else "a linear combination of"
    return Formula(chosen, f"{kind} {', '.join(map(repr, chosen))}", share)


def _weights(table: np.ndarray, y: np.ndarray, slack: np.ndarray) -> np.ndarray | None:
    """Least squares with an intercept, last; None unless nearly every row is met."""
    design = np.column_stack([table, np.ones(len(table))])
    weights: np.ndarray = np.linalg.lstsq(design, y, rcond=None)[0]
    rest = np.abs(design @ weights - y)
    met = np.mean(rest <= slack) >= MATCHED and np.sum(rest**2) <= (1 - FIT) * np.sum((y - y.mean()) ** 2)
    return weights if met else None


def _separated(columns: dict[str, np.ndarray], first: np.ndarray) -> Formula | None:
    """Two classes on the sides of a threshold of two joined columns, neither of which tells them alone."""
    from sklearn.metrics import roc_auc_score

    def area(values: np.ndarray) -> float:
        known = np.isfinite(values)
        if known.mean() < 0.9 or len(np.unique(first[known])) < 2:
            return 0.5
        score = float(roc_auc_score(first[known], values[known]))
        return max(score, 1 - score)

    sides = [np.flatnonzero(first == side) for side in (True, False)]
    if min(map(len, sides)) < 3 * MIN_CASES:
        return None
    names = [name for name, values in columns.items() if area(values) < NOT_SEPARATED]
    drawn = [side[_sample(len(side))] for side in sides]
    for i, one, two, words, joined in _joined_pairs(names, columns, drawn):
        for j in np.flatnonzero(_apart(one, two) & (np.arange(len(names)) != i)):
            score = area(joined(columns[names[i]], columns[names[j]]))
            if score >= SEPARATED:
                pair = (names[i], names[j])
                return Formula(pair, f"a threshold of {words.format(*map(repr, pair))}", score)
    return None


def _joined_pairs(names: list[str], columns: dict[str, np.ndarray], drawn: list[np.ndarray]) -> Iterator[Any]:
    """Each column joined with all others, in the sampled rows of either class."""
    if not names:
        return
    tables = [np.column_stack([columns[name][rows] for name in names]) for rows in drawn]
    for words, _, joined in _JOINED:
        for i in range(len(names)):
            yield i, *(joined(table[:, i : i + 1], table) for table in tables), words, joined


def _apart(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Columns of which all known values of one class lie below all of the other."""
    one, two = (np.where(np.isfinite(part), part, np.nan) for part in (one, two))
    known = (np.isfinite(one).mean(axis=0) > 0.9) & (np.isfinite(two).mean(axis=0) > 0.9)
    below, above = np.fmax.reduce(one) < np.fmin.reduce(two), np.fmax.reduce(two) < np.fmin.reduce(one)
    apart: np.ndarray = known & (below | above)
    return apart
