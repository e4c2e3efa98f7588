"""Rows to train on and rows that watch for the best epoch, inside the training rows of a fit."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

Split = tuple[np.ndarray, np.ndarray]


def all_rows(n_rows: int, n_members: int = 1) -> list[Split]:
    """Every member trains on every row and none watches: too few rows for anything else."""
    rows = np.arange(n_rows)
    return [(rows, rows[:0])] * n_members


def watched_split(n_rows: int, n_watching: int, strata: Any, seed: int) -> Split:
    """One part that watches, stratified where ``strata`` is given."""
    train, watching = train_test_split(
        np.arange(n_rows), test_size=n_watching, stratify=strata, random_state=seed
    )
    return train, watching


def member_splits(n_rows: int, n_members: int, strata: Any, seed: int) -> list[Split]:
    """The folds of a cross-validation; with fewer rows than two a fold, all rows for every member."""
    if n_rows < 2 * n_members:
        return all_rows(n_rows, n_members)
    kind = KFold if strata is None else StratifiedKFold
    with warnings.catch_warnings():  # a class rarer than the folds is in some of them only
        warnings.simplefilter("ignore", UserWarning)
        return list(kind(n_members, shuffle=True, random_state=seed).split(np.arange(n_rows), strata))
