"""The score of "the best of a family" without the luck of having been chosen for it."""

from __future__ import annotations

import numpy as np


def left_out_champion(scores: np.ndarray, repeats: np.ndarray | None = None) -> np.ndarray:
    """For each fold the score of the model that is best on the other folds of the same repeat.

    Choosing and scoring never use the same rows, so a lucky fold cannot choose itself (the
    leave-one-fold-out form of nested selection; compare Tibshirani and Tibshirani 2009). The other
    repeats test the same rows once more, so they have no say.

    Parameters
    ----------
    scores : ndarray of shape (n_models, J), higher is better, NaN where a model has no score
    repeats : ndarray of shape (J,), optional
        The repeat of each fold; all folds are of one repeat by default.

    Returns
    -------
    ndarray of shape (J,)
    """
    n_folds = scores.shape[1]
    repeats = np.zeros(n_folds, dtype=int) if repeats is None else repeats
    chosen = [best(scores[:, _others(fold, repeats)]) for fold in range(n_folds)]
    return scores[chosen, np.arange(n_folds)]


def _others(fold: int, repeats: np.ndarray) -> np.ndarray:
    """The other folds of the repeat; all others, or the fold itself, where there are none."""
    other = np.arange(len(repeats)) != fold
    for rows in (other & (repeats == repeats[fold]), other):
        if rows.any():
            return rows
    return ~other


def best(scores: np.ndarray) -> int:
    """The model with the highest mean score over folds; one with a missing fold comes last."""
    means = scores.mean(axis=1)
    return int(np.argmax(np.where(np.isnan(means), -np.inf, means)))


def out_of_bag_champion(in_bag: np.ndarray, out_of_bag: np.ndarray) -> np.ndarray:
    """Bootstrap bias correction (Tsamardinos, Greasidou and Borboudakis 2018).

    In each bootstrap sample the best model in the bag is scored on the rows outside it.

    Parameters
    ----------
    in_bag, out_of_bag : ndarray of shape (n_models, n_samples), higher is better

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    ranked = np.where(np.isnan(in_bag), -np.inf, in_bag)
    return out_of_bag[ranked.argmax(axis=0), np.arange(in_bag.shape[1])]
