"""Random parts held out again and again: for data whose folds would take too long, or by custom."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit, StratifiedShuffleSplit

from ._draws import random_states
from ._errors import InputError

Rows = tuple[np.ndarray, np.ndarray]


def holdout_splits(
    y: np.ndarray, task: str, share: float, repeats: int, seed: int, groups: np.ndarray | None = None
) -> list[Rows]:
    """Training and test rows of each repeat, classes in their shares, groups on one side.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
    task : {"binary", "multiclass", "regression"}
    share : float
        Of the rows (or groups) to be held out, between 0 and 1.
    repeats : int
    seed : int
        Repeat r draws with its own stream of this seed.
    groups : ndarray of shape (n_samples,), optional

    Returns
    -------
    list of (train, test)
        Row numbers, ascending.

    Raises
    ------
    InputError
        The share leaves a side without rows, or a class is too rare to stand on both sides.
    """
    if not 0 < share < 1:
        raise InputError(f"--holdout is the share of rows to hold out, between 0 and 1; got {share:g}")
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
            raise InputError(f"{share:g} of the rows cannot be held out: {error}") from error
        if not n_classes or all(len(np.unique(y[rows])) == n_classes for rows in (train, test)):
            return np.sort(train), np.sort(test)
    raise InputError(f"{share:g} of the groups held out left a class on one side only; hold out more")
