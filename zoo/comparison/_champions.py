"""The score of "the best of a family" without the luck of having been chosen for it."""

from __future__ import annotations

import numpy as np


def left_out_champion(scores: np.ndarray) -> np.ndarray:
    """For each fold the score of the model that is best on the other folds.

    Choosing and scoring never use the same fold, so a lucky fold cannot choose itself (the
    leave-one-fold-out form of nested selection; compare Tibshirani and Tibshirani 2009).

    Parameters
    ----------
    scores : ndarray of shape (n_models, J), higher is better, NaN where a model has no score

    Returns
    -------
    ndarray of shape (J,)
    """
    n_folds = scores.shape[1]
    if n_folds < 2:
        return scores[best(scores)]
    chosen = [best(np.delete(scores, fold, axis=1)) for fold in range(n_folds)]
    return scores[chosen, np.arange(n_folds)]


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
