"""Repeated random holdout, for data with which cross-validation would take too long."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit, StratifiedShuffleSplit

from ._draws import random_states
from ._errors import InputError

Rows = tuple[np.ndarray, np.ndarray]


def holdout_splits(
    y: np.ndarray, task: str, share: float, repeats: int, seed: int, groups: np.ndarray | None = None
) -> list[Rows]:
    """Training and test rows of each repeat, stratified by class, groups on one side.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
    task : {"binary", "multiclass", "regression"}
    share : float
        Fraction of the rows (or groups) to hold out, between 0 and 1.
    repeats : int
    seed : int
        Every repeat draws from its own stream of this seed.
    groups : ndarray of shape (n_samples,), optional

    Returns
    -------
    list of (train, test)
        Row numbers, ascending.

    Raises
    ------
    InputError
        The fraction leaves a side without rows, or a class is too rare to be on both sides.
    """
    if not 0 < share < 1:
        raise InputError(
            f"--holdout must be between 0 and 1, the fraction of rows to hold out; got {share:g}"
        )
    return [_one(y, task, share, (seed, repeat), groups) for repeat in range(repeats)]


def _one(y: np.ndarray, task: str, share: float, stream: tuple[int, int], groups: np.ndarray | None) -> Rows:
    kind = GroupShuffleSplit if groups is not None else ShuffleSplit
    if task != "regression" and groups is None:
        kind = StratifiedShuffleSplit
    n_classes = 0 if task == "regression" else len(np.unique(y))
    for random_state in random_states(stream):
        try:
            drawn = kind(1, test_size=share, random_state=random_state)
            train, test = next(drawn.split(np.zeros((len(y), 1)), y, groups))
        except ValueError as error:
            units = "groups" if groups is not None else "rows"
            raise InputError(
                f"cannot hold out {share:g} of the {units}: one side has too few; choose another --holdout"
            ) from error
        if not n_classes or all(len(np.unique(y[rows])) == n_classes for rows in (train, test)):
            return np.sort(train), np.sort(test)
    raise InputError(
        f"holding out {share:g} of the rows or groups leaves a class on one side only; use a larger --holdout"
    )
