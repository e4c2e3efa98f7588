"""Every resampling plan: which rows train and which rows score, the same for every model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import (
    BaseCrossValidator,
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
)

from ._draws import random_states
from ._errors import InputError


@dataclass(frozen=True)
class Split:
    """Row numbers of one fold: `train` to learn from, `test` to score on."""

    repeat: int
    fold: int
    train: np.ndarray
    test: np.ndarray


def make_splits(
    y: np.ndarray,
    *,
    task: str,
    folds: int = 5,
    repeats: int = 1,
    seed: int = 0,
    groups: np.ndarray | None = None,
    test: np.ndarray | None = None,
    time: np.ndarray | None = None,
    holdout: float | None = None,
) -> list[Split]:
    """Repeated K-fold or holdout plans, later periods predicted from earlier rows, or the official split.

    Classification keeps the shares of the classes in each fold, `groups` keeps all rows of a group on
    one side, an official `test` part makes one split (repeat 0, fold 0), and `time` makes one repeat of
    splits that never look into the future (see :mod:`._time_splits`).

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Class names or values.
    task : {"binary", "multiclass", "regression"}
    folds : int
        K. Fewer folds are made when the rarest class has fewer rows, or when there are fewer groups:
        count the splits that come back.
    repeats : int
        How often the rows are shuffled anew.
    seed : int
        Repeat r shuffles with its own stream of this seed.
    groups : ndarray of shape (n_samples,), optional
    test : bool ndarray of shape (n_samples,), optional
        Rows of the official test part.
    time : ndarray of shape (n_samples,), optional
        The moment of each row: anything that sorts, without missing values.
    holdout : float, optional
        Instead of folds, hold out this share of the rows `repeats` times (fold 0 of each repeat).

    Returns
    -------
    list of Split
        ``repeats * K`` splits (K at most with `time`), by repeat and then by fold; row numbers ascend.

    Raises
    ------
    InputError
        A class with a single row (or group), a single group, or an official part without rows or with
        groups on both sides.
    """
    y = np.asarray(y)
    if folds < 2 or repeats < 1:
        raise InputError(f"expected at least 2 folds and 1 repeat, got {folds} and {repeats}")
    if test is not None:
        return [_official(y, task, np.asarray(test, dtype=bool), groups)]
    if time is not None:
        from ._time_splits import time_splits

        parts = time_splits(y, np.asarray(time), task, folds, groups)
        return [Split(0, fold, *rows) for fold, rows in enumerate(parts)]
    if holdout is not None:
        from ._holdout import holdout_splits

        drawn = holdout_splits(y, task, holdout, repeats, seed, groups)
        return [Split(repeat, 0, *rows) for repeat, rows in enumerate(drawn)]
    folds = _possible_folds(y, task, folds, groups)
    return [
        Split(repeat, fold, train, test_rows)
        for repeat in range(repeats)
        for fold, (train, test_rows) in enumerate(_one_repeat(y, task, folds, groups, (seed, repeat)))
    ]


def _one_repeat(
    y: np.ndarray, task: str, folds: int, groups: np.ndarray | None, stream: tuple[int, int]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Train and test rows of K folds; groups are shuffled again when a fold would train without a class."""
    n_classes = 0 if task == "regression" else len(np.unique(y))
    for random_state in random_states(stream):
        folder = _folder(task, folds, groups is not None, random_state)
        parts = list(folder.split(np.zeros((len(y), 1)), y, groups))
        if not n_classes or all(len(np.unique(y[train])) == n_classes for train, _ in parts):
            return parts
    raise InputError(
        f"no {folds} grouped folds keep every class in training; use fewer folds or merge groups"
    )


def _official(y: np.ndarray, task: str, test: np.ndarray, groups: np.ndarray | None) -> Split:
    train_rows, test_rows = np.flatnonzero(~test), np.flatnonzero(test)
    if not len(train_rows) or not len(test_rows):
        raise InputError(f"the official split has {len(train_rows)} training and {len(test_rows)} test rows")
    if groups is not None:
        both = np.intersect1d(groups[train_rows], groups[test_rows])
        if len(both):
            raise InputError(
                f"group {str(both[0])!r} stands in both parts ({len(both)} such groups); "
                f"leave out --groups or the official split"
            )
    unseen = np.setdiff1d(y[test_rows], y[train_rows])
    if task != "regression" and len(unseen):
        raise InputError(f"class {str(unseen[0])!r} stands in the test part only; no model can learn it")
    return Split(0, 0, train_rows, test_rows)


def _possible_folds(y: np.ndarray, task: str, folds: int, groups: np.ndarray | None) -> int:
    """K, lowered so that every fold can hold a row (or group) of every class."""
    if groups is not None:
        n_groups = len(np.unique(groups))
        if n_groups < 2:
            raise InputError(f"{n_groups} group is too few to split; expected at least 2")
        folds = min(folds, n_groups)
    if task == "regression":
        return _enough_rows(len(y), folds)
    classes, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    unit = "row"
    if groups is not None:
        counts = np.array([len(np.unique(groups[codes == c])) for c in range(len(classes))])
        unit = "group"
    rarest = int(np.argmin(counts))
    if counts[rarest] < 2:
        raise InputError(
            f"class {str(classes[rarest])!r} has {counts[rarest]} {unit}, 2 are needed to train and to "
            f"score; add rows, or remove or merge the class"
        )
    return _enough_rows(len(y), min(folds, int(counts[rarest])))


def _enough_rows(n_rows: int, folds: int) -> int:
    if n_rows < 4:
        raise InputError(f"{n_rows} rows are too few to split; expected at least 4")
    return min(folds, n_rows // 2)


def _folder(task: str, folds: int, grouped: bool, random_state: int) -> BaseCrossValidator:
    """scikit-learn's splitter for one repeat."""
    kinds = {
        (True, False): StratifiedKFold,
        (True, True): StratifiedGroupKFold,
        (False, False): KFold,
        (False, True): GroupKFold,
    }
    kind = kinds[task != "regression", grouped]
    return kind(n_splits=folds, shuffle=True, random_state=random_state)
