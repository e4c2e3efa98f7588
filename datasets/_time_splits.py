"""Splits in order of time: each period is predicted from all rows before it.

Evaluation with a rolling origin and a growing window (Tashman 2000, International Journal of Forecasting 16;
scikit-learn's ``TimeSeriesSplit`` with gap 0), with boundaries only between different times: rows of equal
time are on one side.
"""

from __future__ import annotations

import numpy as np

from ._errors import InputError

Rows = tuple[np.ndarray, np.ndarray]


def time_splits(
    y: np.ndarray, time: np.ndarray, task: str, folds: int, groups: np.ndarray | None = None
) -> list[Rows]:
    """Training and test rows of at most `folds` periods, earliest first.

    Rows are divided into K + 1 about equally long parts; the last K are the test periods. There are fewer,
    longer periods if one would have a single class, and periods before which a class is missing are left
    out. Rows of a group in the test period are left out of training.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
    time : ndarray of shape (n_samples,)
    task : {"binary", "multiclass", "regression"}
    folds : int
        Number of periods K.
    groups : ndarray of shape (n_samples,), optional

    Returns
    -------
    list of (train, test)
        Row numbers, ascending.

    Raises
    ------
    InputError
        Fewer than two periods are possible.
    """
    n_classes = 0 if task == "regression" else len(np.unique(y))
    moments = np.unique(time, return_inverse=True)[1].reshape(-1)
    if moments.max() < 2:
        n_moments = int(moments.max()) + 1
        raise InputError(f"{n_moments} different times are too few; --time needs at least 3")
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
    """Rows before each period and in it; periods start where the time changes."""
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
    """Why two periods are not possible, and what to do."""
    if groups is not None:
        return "too few rows are left before each period without its groups; remove --groups or --time"
    if n_classes:
        classes, codes = np.unique(y, return_inverse=True)
        first = [moments[codes == c].min() for c in range(n_classes)]
        last = int(np.argmax(first))
        share = float(np.mean(moments < first[last]))
        return (
            f"two test periods are not possible: class {str(classes[last])!r} first occurs after {share:.0%} "
            f"of the rows, but training needs every class and each period two of them; remove or merge "
            f"classes, or remove --time"
        )
    return f"{len(y)} rows are too few for two test periods; remove --time"
