"""Predictions for training rows by models that did not see them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold, check_cv
from sklearn.utils import _safe_indexing

Split = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class OutOfFold:
    """Predictions of rows that were left out, their row numbers, and the fold of each.

    ``prediction`` is float64 (n, n_classes) or (n,).
    """

    rows: np.ndarray
    parts: np.ndarray
    prediction: np.ndarray


def inner_splits(y: np.ndarray, cv: Any, classes: bool) -> list[Split]:
    """Row numbers to train on and to predict; none at all where the rows are too few.

    Folds of a number are shuffled with a fixed seed, as rows often come sorted. A class with a single row
    is always trained on: left out, nobody could have learned it.
    """
    if not isinstance(cv, (int, np.integer)):
        return [(np.asarray(a), np.asarray(b)) for a, b in check_cv(cv, y, classifier=classes).split(y, y)]
    if not classes:
        folds = min(int(cv), len(y) // 2)
        plan = KFold(folds, shuffle=True, random_state=0).split(y) if folds > 1 else []
        return list(plan)
    codes, counts = np.unique(y, return_inverse=True, return_counts=True)[1:]
    single = np.flatnonzero(counts[codes] == 1)
    others = np.flatnonzero(counts[codes] > 1)
    folds = min(int(cv), int(counts.max(initial=0)))
    if folds < 2 or np.sum(counts > 1) < 2:
        return []
    with warnings.catch_warnings():  # a class rarer than the folds is left out in some of them only
        warnings.simplefilter("ignore", UserWarning)
        found = list(StratifiedKFold(folds, shuffle=True, random_state=0).split(others, codes[others]))
    return [(np.sort(np.concatenate([others[a], single])), others[b]) for a, b in found]


def out_of_fold(
    members: Sequence[Any], X: Any, splits: Sequence[Split], answer: Callable[[Any, Any], np.ndarray]
) -> OutOfFold:
    """What each fitted member says of the rows that its split left out."""
    found = [
        answer(member, _safe_indexing(X, test)) for member, (_, test) in zip(members, splits, strict=True)
    ]
    parts = [np.full(len(test), number) for number, (_, test) in enumerate(splits)]
    rows = np.concatenate([test for _, test in splits])
    return OutOfFold(rows, np.concatenate(parts), np.concatenate(found))


def fit_members(members: Sequence[Any], X: Any, y: Any, rows: Sequence[np.ndarray]) -> None:
    """Fit every member on its rows: as one fleet where they offer that, else one after the other."""
    if hasattr(members[0], "fit_many"):
        members[0].fit_many(members, X, y, rows)
        return
    for member, own in zip(members, rows, strict=True):
        member.fit(_safe_indexing(X, own), y[own])
