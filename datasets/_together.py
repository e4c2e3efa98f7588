"""Targets that are computed from several columns: sums, differences, products, ratios, linear combinations.

Formulas are sought in a sample of the rows and confirmed on all of them. Each may have a factor and an
offset, so that units do not matter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

MIN_ROWS = 50
MIN_CASES = 10  # of the rarer of two values: few can be met by chance
MOST_COLUMNS = 200
MOST_CLASSES = 10
SAMPLE = 128
CANDIDATES = 20  # formulas of the sample that are tried on all rows
MATCHED = 0.98  # share of the rows in which a formula holds
FIT = 0.9999  # R2; a column that has it alone needs no second one
SEPARATED = 0.9995  # ROC AUC
NOT_SEPARATED = 0.98  # of one column


@dataclass(frozen=True)
class Formula:
    """Columns that together give the target, how, and in what share of the rows."""

    columns: tuple[str, ...]
    words: str
    share: float


def find_formula(X: pd.DataFrame, y: np.ndarray, task: str) -> Formula | None:
    """The formula of a target in columns of numbers, dates and two levels; None if there is none.

    Class names that are numbers are tried as numbers, all classes also as the sides of thresholds.
    """
    values = y if task == "regression" else pd.to_numeric(pd.Series(y), errors="coerce").to_numpy(float)
    columns = _numeric(X)
    with np.errstate(all="ignore"):
        if len(columns) < 2 or len(y) < MIN_ROWS:
            return None
        found = None
        if np.isfinite(values).all() and _varies(values):
            found = _computed(columns, values)
        if found is None and task != "regression":
            found = _separated(columns, np.unique(y, return_inverse=True)[1].reshape(-1))
    return found


def _numeric(X: pd.DataFrame) -> dict[str, np.ndarray]:
    """Columns that vary and are mostly present as numbers; dates in seconds, two levels as 0 and 1."""
    chosen: dict[str, np.ndarray] = {}
    dates = [column.min() for _, column in X.items() if pd.api.types.is_datetime64_any_dtype(column.dtype)]
    first_day = min((day for day in dates if not pd.isna(day)), default=None)
    for name, column in X.items():
        values = _as_numbers(column, first_day)
        if values is None:
            continue
        known = np.isfinite(values)
        if known.mean() >= 0.5 and np.ptp(values[known]) > 0:
            chosen[str(name)] = values
    return dict(list(chosen.items())[:MOST_COLUMNS])


def _as_numbers(column: pd.Series, first_day: Any) -> np.ndarray | None:
    if pd.api.types.is_float_dtype(column.dtype):
        return column.to_numpy(float)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        seconds: np.ndarray = (column - first_day).dt.total_seconds().to_numpy(float)
        return seconds
    if isinstance(column.dtype, pd.CategoricalDtype) and column.nunique() == 2:
        codes = column.cat.remove_unused_categories().cat.codes.to_numpy()
        return np.where(codes < 0, np.nan, codes.astype(float))
    return None


def _varies(values: np.ndarray) -> bool:
    """Enough rows differ from the most frequent value."""
    return len(values) - np.unique(values, return_counts=True)[1].max() >= MIN_CASES


def _computed(columns: dict[str, np.ndarray], y: np.ndarray) -> Formula | None:
    unit = np.abs(y).max()
    # The factor and the offset of a formula are not known better than the rounding of the target.
    y, tolerance = y / unit, 2 * _tolerance(y / unit, unit)
    others = {n: v for n, v in columns.items() if _r2_alone(v, y) < FIT}
    if len(others) < 2:
        return None
    return (
        _pair(others, y, tolerance, unit)
        or _linear(others, y, tolerance)
        or _linear(
            {n: v for n, v in others.items() if (v > 0).sum() > 0.95 * np.isfinite(v).sum()},
            y,
            tolerance,
            logs=True,
        )
    )


def _tolerance(y: np.ndarray, unit: float) -> float:
    """Half of the last decimal of a target that was rounded, else hardly more than rounding of floats."""
    spread = float(np.std(np.clip(y, *np.quantile(y, [0.02, 0.98])))) or float(np.std(y))
    for decimals in range(5):
        half = 0.51 * 10.0**-decimals / unit
        rounded = np.abs(y * unit - np.round(y * unit, decimals)) <= 1e-9 * unit
        if half <= 0.015 * spread and rounded.mean() >= MATCHED:
            return max(half, 1e-9 * spread)
    return 1e-6 * spread


def _r2_alone(column: np.ndarray, y: np.ndarray) -> float:
    known = np.isfinite(column)
    r = np.corrcoef(column[known] / np.abs(column[known]).max(), y[known])[0, 1]
    return float(r**2) if np.isfinite(r) else 0.0


# How two columns are joined, with the words for it.
_JOINED: tuple[tuple[str, Callable[[Any, Any], Any]], ...] = (
    ("{0} + {1}", lambda a, b: a + b),
    ("{0} - {1}", lambda a, b: a - b),
    ("{0} * {1}", lambda a, b: a * b),
    ("{0} / {1}", lambda a, b: a / b),
    ("{0} / ({0} + {1})", lambda a, b: a / (a + b)),
)


def _pair(columns: dict[str, np.ndarray], y: np.ndarray, tolerance: float, unit: float) -> Formula | None:
    names, rows = list(columns), _sample(len(y))
    table = np.column_stack([columns[name][rows] for name in names])
    tried = 0
    for words, joined in _JOINED:
        for i, first in enumerate(names):
            values = joined(table[:, i : i + 1], table)
            factor, offset = _line(values, y[rows])
            close = np.abs(values * factor + offset - y[rows][:, None]) <= tolerance
            wanted = close.sum(axis=0) >= 0.97 * np.maximum(np.isfinite(values).sum(axis=0), len(rows) / 2)
            for j in np.flatnonzero(wanted & (np.arange(len(names)) != i)):
                if tried == CANDIDATES:
                    return None
                tried += 1
                computed = joined(columns[first], columns[names[j]]) * factor[j] + offset[j]
                share = _confirmed(computed, y, tolerance)
                if share:
                    pair = (first, names[j])
                    return Formula(pair, _words(words, pair, factor[j] * unit, offset[j] / tolerance), share)
    return None


def _words(words: str, pair: tuple[str, str], factor: float, offset: float) -> str:
    """A formula in words; ``offset`` in units of the rounding error."""
    if words == "{0} - {1}" and factor < 0:
        pair, factor = (pair[1], pair[0]), -factor
    shown = words.format(*map(repr, pair))
    if abs(offset) <= 2 and abs(factor - 1) < 1e-3:
        return shown
    return f"({shown}) times {factor:.4g}" + (", plus an offset" if abs(offset) > 2 else "")


def _sample(n_rows: int, size: int = SAMPLE) -> np.ndarray:
    if n_rows <= size:
        return np.arange(n_rows)
    return np.sort(np.random.default_rng(0).choice(n_rows, size, replace=False))


def _line(values: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Factor and offset of each column, from the rows in which it is least and largest."""
    known, places = np.isfinite(values), np.arange(values.shape[1])
    low = np.where(known, values, np.inf).argmin(axis=0)
    high = np.where(known, values, -np.inf).argmax(axis=0)
    factor = (y[high] - y[low]) / (values[high, places] - values[low, places])
    return factor, y[low] - factor * values[low, places]


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
    columns, known = _most_complete(columns, (y > 0) | (not logs), logs)
    if len(columns) < 2:
        return None
    target, slack = (np.log(y[known]), tolerance / y[known]) if logs else (y[known], tolerance)
    table = np.column_stack([np.log(v[known]) if logs else v[known] for v in columns.values()])
    table = table - table.mean(axis=0)
    table = table / np.maximum(np.abs(table).max(axis=0), np.finfo(float).tiny)
    return _fewest(list(columns), table, target, np.broadcast_to(slack, target.shape), logs)


def _most_complete(
    columns: dict[str, np.ndarray], known: np.ndarray, logs: bool
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Columns, those with the most values first, as long as enough rows have all of them; and these rows."""
    present = {name: np.isfinite(v) & ((v > 0) | (not logs)) for name, v in columns.items()}
    chosen: list[str] = []
    for name in sorted(columns, key=lambda name: -int(present[name].sum())):
        both = known & present[name]
        if both.sum() < max(3 * len(chosen) + 23, 0.3 * len(known)):
            break
        chosen, known = [*chosen, name], both
    return {name: columns[name] for name in columns if name in chosen}, known


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
    """Least squares with an intercept, last, without the rows that are worst met; None without a fit."""
    design = np.column_stack([table, np.ones(len(table))])
    rest, weights = np.zeros(len(y)), np.zeros(design.shape[1])
    for _ in range(3):
        used = rest <= np.quantile(rest, 0.95)
        weights = np.linalg.lstsq(design[used], y[used], rcond=None)[0]
        rest = np.abs(design @ weights - y)
        held = rest <= slack
        if held.mean() >= MATCHED:
            spread = np.sum((y[held] - y[held].mean()) ** 2)
            return weights if np.sum(rest[held] ** 2) <= (1 - FIT) * spread else None
    return None


def _separated(columns: dict[str, np.ndarray], classes: np.ndarray) -> Formula | None:
    """Classes between thresholds of two joined columns, of which none tells them alone.

    ``classes`` has the class of each row as a number from 0.
    """
    counts = np.bincount(classes)
    if len(counts) > MOST_CLASSES or counts.min() < 3 * MIN_CASES:
        return None
    names = [name for name, values in columns.items() if _parted(values, classes) < NOT_SEPARATED]
    if len(names) < 2:
        return None
    drawn = [own[_sample(len(own))] for own in (np.flatnonzero(classes == c) for c in range(len(counts)))]
    tables = [np.column_stack([columns[name][rows] for name in names]) for rows in drawn]
    for words, joined in _JOINED:
        for i, first in enumerate(names):
            parts = [joined(table[:, i : i + 1], table) for table in tables]
            for j in np.flatnonzero(_apart(parts) & (np.arange(len(names)) != i)):
                score = _parted(joined(columns[first], columns[names[j]]), classes)
                if score >= SEPARATED:
                    pair = (first, names[j])
                    return Formula(pair, f"a threshold of {words.format(*map(repr, pair))}", score)
    return None


def _parted(values: np.ndarray, classes: np.ndarray) -> float:
    """How well thresholds part classes: of each two neighbours by their medians the least ROC AUC."""
    from scipy.stats import rankdata

    known = np.isfinite(values)
    if known.mean() < 0.9 or len(np.unique(classes[known])) <= classes.max():
        return 0.5
    parts = [values[known & (classes == c)] for c in range(classes.max() + 1)]
    parts.sort(key=np.median)
    areas = []
    for low, high in pairwise(parts):
        ranks = rankdata(np.concatenate([low, high]))[len(low) :]  # Mann and Whitney's U over all pairs
        areas.append((ranks.sum() - len(high) * (len(high) + 1) / 2) / (len(low) * len(high)))
    return float(min(areas))


def _apart(parts: list[np.ndarray]) -> np.ndarray:
    """Columns in which the known values of no two classes overlap."""
    parts = [np.where(np.isfinite(part), part, np.nan) for part in parts]
    known = np.all([np.isfinite(part).mean(axis=0) > 0.9 for part in parts], axis=0)
    lows, highs = (np.array([f.reduce(part) for part in parts]) for f in (np.fmin, np.fmax))
    order = lows.argsort(axis=0)
    lows, highs = np.take_along_axis(lows, order, 0), np.take_along_axis(highs, order, 0)
    apart: np.ndarray = known & (highs[:-1] < lows[1:]).all(axis=0)
    return apart
