"""Splits in order of time: each period is predicted from all rows before it.

The evaluation with a rolling origin and a growing window (Tashman 2000, International Journal of
Forecasting 16; scikit-learn's ``TimeSeriesSplit`` with gap 0), with borders only between different
moments: rows of one moment never stand on both sides.
"""

from __future__ import annotations

import numpy as np

from ._errors import InputError

Rows = tuple[np.ndarray, np.ndarray]


def time_splits(
    y: np.ndarray, time: np.ndarray, task: str, folds: int, groups: np.ndarray | None = None
) -> list[Rows]:
    """Training and test rows of at most `folds` periods, earliest first.

    The last K of K + 1 about equally long parts are the test periods. Fewer, longer periods are made where
    one would hold a single class, and a period is left out where not all classes stand before it. Rows of
    a group that is tested are left out of the training rows.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
    time : ndarray of shape (n_samples,)
    task : {"binary", "multiclass", "regression"}
    folds : int
        K.
    groups : ndarray of shape (n_samples,), optional

    Returns
    -------
    list of (train, test)
        Row numbers, ascending.

    Raises
    ------
    InputError
        Fewer than two periods can be scored.
    """
    n_classes = 0 if task == "regression" else len(np.unique(y))
    moments = np.unique(time, return_inverse=True)[1].reshape(-1)
    if moments.max() < 2:
        n_moments = int(moments.max()) + 1
        raise InputError(f"{n_moments} different times are too few for --time; expected at least 3")
    for k in range(folds, 1, -1):
        periods = [_without_groups(part, groups) for part in _periods(moments, k)]
        if any(_n_classes(y, test) < min(2, n_classes) for _, test in periods):
            continue
        possible = [part for part in periods if len(part[0]) >= 2 and _n_classes(y, part[0]) >= n_classes]
        if len(possible) >= 2:
            return possible
    raise InputError(_why_not(y, moments, n_classes, groups))


def _n_classes(y: np.ndarray, rows: np.ndarray) -> int:
    return len(np.unique(y[rows]))


def _periods(moments: np.ndarray, k: int) -> list[Rows]:
    """Rows before each period and in it; borders move to the nearest change of the moment."""
    n = len(moments)
    ordered = np.sort(moments)
    changes = np.flatnonzero(np.diff(ordered)) + 1
    length = n // (k + 1)
    wanted = n - length * np.arange(k, 0, -1)
    borders = np.unique(changes[np.abs(changes[:, None] - wanted).argmin(axis=0)])
    firsts = ordered[borders]
    ends = np.append(firsts[1:], ordered[-1] + 1)
    return [
        (np.flatnonzero(moments < first), np.flatnonzero((moments >= first) & (moments < end)))
        for first, end in zip(firsts, ends, strict=True)
    ]


def _without_groups(part: Rows, groups: np.ndarray | None) -> Rows:
    train, test = part
    return part if groups is None else (train[~np.isin(groups[train], groups[test])], test)


def _why_not(y: np.ndarray, moments: np.ndarray, n_classes: int, groups: np.ndarray | None) -> str:
    """What stands in the way of two periods, and what to do."""
    if groups is not None:
        return "too few rows are left before each period without its groups; leave out --groups or --time"
    if n_classes:
        classes, codes = np.unique(y, return_inverse=True)
        first = [moments[codes == c].min() for c in range(n_classes)]
        last = int(np.argmax(first))
        share = float(np.mean(moments < first[last]))
        return (
            f"no two later periods can be scored in order of time: class {str(classes[last])!r} first occurs "
            f"after {share:.0%} of the rows, and every class is needed before and two in each period; "
            f"remove or merge classes, or leave out --time"
        )
    return f"{len(y)} rows are too few to score two later periods; leave out --time"
