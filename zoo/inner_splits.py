"""Inner splits: the training rows of a model divided once more, to stop its training or to calibrate it.

Every inner split is made here. All are shuffled, stratified by class and seeded by the model's
``random_state``: rows often come sorted, by time or by class, and what a model learns from its training rows
must not depend on their order.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.utils import check_random_state

Split = tuple[np.ndarray, np.ndarray]  # row numbers to train on, and row numbers left out

_LARGEST_SEED = 2**31


def all_rows(n_rows: int, n_members: int = 1) -> list[Split]:
    """Every member trains on every row and none validates: too few rows for anything else."""
    rows = np.arange(n_rows)
    return [(rows, rows[:0])] * n_members


def validation_split(n_rows: int, n_validation: int, strata: Any, seed: int) -> Split:
    """Training and validation rows, stratified where ``strata`` is given."""
    train, validation = train_test_split(
        np.arange(n_rows), test_size=n_validation, stratify=strata, random_state=seed
    )
    return train, validation


def member_splits(n_rows: int, n_members: int, strata: Any, seed: int) -> list[Split]:
    """The folds of a cross-validation; with fewer rows than two a fold, all rows for every member."""
    if n_rows < 2 * n_members:
        return all_rows(n_rows, n_members)
    return _folds(n_rows, n_members, strata, seed)


def value_folds(n_rows: int, folds: int, seed: int) -> list[Split]:
    """At most ``folds`` folds of rows with a value each; none where the rows are too few."""
    folds = min(folds, n_rows // 2)
    return _folds(n_rows, folds, None, seed) if folds > 1 else []


def class_folds(y: np.ndarray, folds: int, seed: int) -> list[Split]:
    """At most ``folds`` folds, stratified by class; none where the rows of a class are too few.

    A class with a single row is always trained on: a fold without it could not predict it.
    """
    codes, counts = np.unique(y, return_inverse=True, return_counts=True)[1:]
    single = np.flatnonzero(counts[codes] == 1)
    others = np.flatnonzero(counts[codes] > 1)
    folds = min(folds, int(counts.max(initial=0)))
    if folds < 2 or np.sum(counts > 1) < 2:
        return []
    splits = _folds(len(others), folds, codes[others], seed)
    return [(np.sort(np.concatenate([others[a], single])), others[b]) for a, b in splits]


def seed_of(estimator: Any) -> int:
    """The seed of an estimator's inner splits: its ``random_state``, or that of the model inside it."""
    states = {
        name: value
        for name, value in estimator.get_params().items()
        if name.split("__")[-1] == "random_state" and value is not None
    }
    if not states:
        return 0
    state = states[min(states, key=lambda name: (name.count("__"), name))]
    if isinstance(state, (int, np.integer)):
        return int(state) % _LARGEST_SEED
    return int(check_random_state(state).randint(_LARGEST_SEED))


def _folds(n_rows: int, folds: int, strata: Any, seed: int) -> list[Split]:
    kind = KFold if strata is None else StratifiedKFold
    with warnings.catch_warnings():  # a class rarer than the folds is in some of them only
        warnings.simplefilter("ignore", UserWarning)
        return list(kind(folds, shuffle=True, random_state=seed).split(np.arange(n_rows), strata))
