"""Training and test rows of every split, the same for every model."""

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
    """Row numbers of one fold.

    Attributes
    ----------
    repeat, fold : int
        Numbers from 0.
    train : int ndarray of shape (n_train,)
        Rows to train on.
    test : int ndarray of shape (n_test,)
        Rows to score on.

    Examples
    --------
    >>> from deepworth.datasets import load_dataset, make_splits
    >>> wine = load_dataset("wine")
    >>> split = make_splits(wine.y, task=wine.task)[0]
    >>> len(split.train), len(split.test)
    (142, 36)
    """

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
    """Split rows by repeated cross-validation, holdout, order of time, or an official test set.

    Classification is stratified by class. `groups` keeps all rows of a group on one side. `test` makes one
    split, and a further one for each repeat that trains on a random half of the training rows. `time` makes
    one repeat of splits that predict later rows from earlier ones.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Class names or values.
    task : {"binary", "multiclass", "regression"}
    folds : int, default=5
        Number of folds K. There are fewer if the rarest class has fewer rows, or if there are fewer groups.
    repeats : int, default=1
        Number of repeats, each with new random splits.
    seed : int, default=0
        Every repeat shuffles with its own stream of this seed.
    groups : ndarray of shape (n_samples,), optional
        Rows with equal values stay on one side of every split.
    test : bool ndarray of shape (n_samples,), optional
        Rows of the official test set.
    time : ndarray of shape (n_samples,), optional
        Time of each row: any sortable values, without missing ones.
    holdout : float, optional
        Instead of folds, hold out this fraction of the rows `repeats` times (fold 0 of each repeat).

    Returns
    -------
    list of Split
        ``repeats * K`` splits (with `time` at most K, with `test` one for each repeat), sorted by repeat and
        fold; row numbers ascend.

    Raises
    ------
    InputError
        A class has a single row (or group), there is a single group, or the official split has no rows on
        one side or a group on both sides.

    Examples
    --------
    >>> from deepworth.datasets import load_dataset, make_splits
    >>> wine = load_dataset("wine")
    >>> [(s.repeat, s.fold) for s in make_splits(wine.y, task=wine.task, folds=2, repeats=2)]
    [(0, 0), (0, 1), (1, 0), (1, 1)]
    """
    y = np.asarray(y)
    if folds < 2 or repeats < 1:
        raise InputError(f"expected at least 2 folds and 1 repeat, got {folds} and {repeats}")
    if test is not None:
        official = _official(y, task, np.asarray(test, dtype=bool), groups)
        halves = (_half(y, task, official.train, groups, (seed, r)) for r in range(1, repeats))
        return [official, *(Split(r, 0, half, official.test) for r, half in enumerate(halves, 1))]
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
        f"with {folds} grouped folds, some class is missing from training; use fewer folds or merge groups"
    )


def _official(y: np.ndarray, task: str, test: np.ndarray, groups: np.ndarray | None) -> Split:
    train_rows, test_rows = np.flatnonzero(~test), np.flatnonzero(test)
    if not len(train_rows) or not len(test_rows):
        raise InputError(
            f"the split has {len(train_rows)} training and {len(test_rows)} test rows; expected some of both"
        )
    if groups is not None:
        both = np.intersect1d(groups[train_rows], groups[test_rows])
        if len(both):
            raise InputError(
                f"group {str(both[0])!r} is in the training and in the test set ({len(both)} such groups); "
                f"remove --groups, or the official test set"
            )
    unseen = np.setdiff1d(y[test_rows], y[train_rows])
    if task != "regression" and len(unseen):
        raise InputError(
            f"class {str(unseen[0])!r} is in the test set only; add training rows of it, or remove it"
        )
    return Split(0, 0, train_rows, test_rows)


def _half(
    y: np.ndarray, task: str, train: np.ndarray, groups: np.ndarray | None, stream: tuple[int, int]
) -> np.ndarray:
    """A random half of the training rows, of each class, or of the groups as long as no class is lost."""
    n_classes = 0 if task == "regression" else len(np.unique(y[train]))
    for random_state in random_states(stream):
        rng = np.random.default_rng(random_state)
        if groups is not None:
            units = rng.permutation(np.unique(groups[train]))
            half = train[np.isin(groups[train], units[: -(-len(units) // 2)])]
        else:
            strata = [train[y[train] == c] for c in np.unique(y[train])] if n_classes else [train]
            drawn = [rng.permutation(rows)[: -(-len(rows) // 2)] for rows in strata]
            half = np.sort(np.concatenate(drawn))
        if not n_classes or len(np.unique(y[half])) == n_classes:
            return half
    raise InputError("half of the groups of the training set lack a class; remove --repeats, or merge groups")


def _possible_folds(y: np.ndarray, task: str, folds: int, groups: np.ndarray | None) -> int:
    """K, lowered so that every fold can have a row (or group) of every class."""
    if groups is not None:
        n_groups = len(np.unique(groups))
        if n_groups < 2:
            raise InputError(f"{n_groups} group is too few to split; --groups needs at least 2")
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
            f"class {str(classes[rarest])!r} has {counts[rarest]} {unit}, but training and scoring need 2; "
            f"add rows, or remove or merge the class"
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
