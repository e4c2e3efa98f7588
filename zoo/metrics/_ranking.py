"""Many weightings at once: rows in the order of their scores with ties joined, confusion matrices."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ._base import Truth

Weighted = Callable[[Truth, np.ndarray, np.ndarray], np.ndarray]

CHUNK = 4_000_000  # numbers held at once


def weights_by_score(
    is_positive: np.ndarray, scores: np.ndarray, weights: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Weights of positive and of negative rows by ascending score, equal scores joined; in chunks of samples.

    Parameters
    ----------
    is_positive : bool (n_rows,)
    scores : float (n_rows,)
    weights : float (n_samples, n_rows)

    Yields
    ------
    pair of float64 (n_samples of the chunk, n_different_scores)
    """
    order = np.argsort(scores, kind="stable")
    kinds, starts = is_positive[order], np.unique(scores[order], return_index=True)[1]
    step = max(1, CHUNK // max(1, len(scores)))
    for first in range(0, len(weights), step):
        sorted_weights = weights[first : first + step][:, order].astype(np.float64)
        yield (
            np.add.reduceat(sorted_weights * kinds, starts, axis=1),
            np.add.reduceat(sorted_weights * ~kinds, starts, axis=1),
        )


def placement_values(is_positive: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Share of the other class that stands on the right side of each row, ties half.

    Negative rows below a positive one, positive rows above a negative one; the mean of either is the AUC.

    Parameters
    ----------
    is_positive : bool (n_rows,)
    scores : float (n_rows,), higher for positive
    """
    ranks = midranks(scores)
    placements = np.empty(len(scores))
    for rows in (is_positive, ~is_positive):
        others = len(scores) - np.count_nonzero(rows)
        below = (ranks[rows] - midranks(scores[rows])) / others
        placements[rows] = below if rows is is_positive else 1.0 - below
    return placements


def midranks(scores: np.ndarray) -> np.ndarray:
    """The place of each score from 1, equal ones share the middle of theirs; as ``scipy.stats.rankdata``."""
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], np.diff(scores[order]) != 0]))
    ends = np.append(starts[1:], len(scores))
    ranks = np.empty(len(scores))
    ranks[order] = np.repeat((starts + 1 + ends) / 2, ends - starts)
    return ranks


def unweighted(weighted: Weighted, truth: Truth, prediction: np.ndarray) -> float:
    """The score of rows that count alike, by the weighted form; NaN where it or a prediction is not defined.

    scikit-learn's functions give the same numbers, but take a second to import, which is longer than it
    takes to score 100,000 rows.
    """
    if not np.isfinite(prediction).all():
        return float("nan")
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(weighted(truth, prediction, np.ones((1, len(truth.y))))[0])


def confusion_matrices(truth: Truth, prediction: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weights by true class (rows) and predicted class (columns), float64 (n_samples, K, K)."""
    k, n = truth.n_classes, len(truth.y)
    cells = truth.y * k + prediction.argmax(axis=1)
    if len(weights) == 1:
        return np.bincount(cells, weights[0], minlength=k * k).reshape(1, k, k)
    from scipy import sparse

    one_hot = sparse.csr_matrix((np.ones(n), (np.arange(n), cells)), shape=(n, k * k))
    return np.asarray((one_hot.T @ weights.T.astype(np.float64)).T).reshape(-1, k, k)


def confusion_matrix(truth: Truth, prediction: np.ndarray) -> np.ndarray:
    """Rows by true class (rows) and predicted class (columns), float64 (K, K)."""
    k = truth.n_classes
    cells = truth.y * k + prediction.argmax(axis=1)
    return np.bincount(cells, minlength=k * k).reshape(k, k).astype(np.float64)


def mean_of_defined(values: np.ndarray) -> np.ndarray:
    """Mean over the last axis without NaN."""
    defined = ~np.isnan(values)
    mean: np.ndarray = np.where(defined, values, 0.0).sum(axis=-1) / defined.sum(axis=-1)
    return mean
