"""Scores of rows: plain, weighted many times at once, by row, and by chance.

A metric's file may say how its weighted form and its influence values are computed. Where it does not,
they are computed from its values, which is slower.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import numpy as np

from ...datasets import InputError
from ._base import Metric, Truth

CHUNK = 4_000_000  # numbers held at once
_STEP = 1e-3  # of a weight, for its derivative
_FEWEST_COPIES, _FEWEST_ROWS = 3, 1000  # of a table of repeated rows, for a jackknife


def evaluate(metric: Metric, truth: Truth, prediction: np.ndarray) -> float | None:
    """The score, or None where it is not defined, as ROC AUC of rows of one class.

    Parameters
    ----------
    metric : Metric
        One of :data:`METRICS`.
    truth : Truth
        The true classes or values.
    prediction : ndarray of shape (n_rows, n_classes) or (n_rows,)
        Probabilities for classification, values for regression.

    Returns
    -------
    float or None

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo.metrics import METRICS, Truth, evaluate
    >>> probabilities = np.array([[0.8, 0.2], [0.3, 0.7]])
    >>> evaluate(METRICS["roc_auc"], Truth(np.array([0, 1]), "binary", 2), probabilities)
    1.0
    >>> evaluate(METRICS["roc_auc"], Truth(np.array([1, 1]), "binary", 2), probabilities) is None
    True
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = metric(truth, prediction)
    except ValueError:  # scikit-learn's way to say "undefined on these rows"
        return None
    return value if np.isfinite(value) else None


def weighted_scores(metric: Metric, truth: Truth, prediction: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The score under each of many weightings of the rows.

    A whole weight stands for that many copies of the row: the counts of a bootstrap sample, or 0 and 1
    for a part of the rows.

    Parameters
    ----------
    metric : Metric
        One of :data:`METRICS`.
    truth : Truth
        The true classes or values.
    prediction : ndarray of shape (n_rows, n_classes) or (n_rows,)
        Probabilities for classification, values for regression.
    weights : ndarray of shape (n_samples, n_rows)
        At least 0. Whole numbers if the metric has neither ``weighted`` nor ``row_values``.

    Returns
    -------
    ndarray of shape (n_samples,)
        NaN where the score is not defined.

    Raises
    ------
    ValueError
        Fractional weights of a metric that can only count rows.

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo.metrics import METRICS, Truth, weighted_scores
    >>> truth = Truth(np.array([0.0, 1.0]), "regression")
    >>> weights = np.array([[1, 1], [3, 1]])
    >>> weighted_scores(METRICS["mae"], truth, np.array([0.0, 3.0]), weights).tolist()
    [1.0, 0.5]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        if metric.weighted is not None:
            scores = metric.weighted(truth, prediction, weights)
        elif metric.row_values is not None:
            scores = weighted_mean(metric.row_values(truth, prediction), weights)
        else:
            scores = _scores_of_copies(metric, truth, prediction, weights)
    return np.where(np.isfinite(scores), scores, np.nan)


def weighted_mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Means of row values (n_rows,) under each weighting (n_samples, n_rows)."""
    means: np.ndarray = (weights @ values) / weights.sum(axis=1, dtype=np.float64)
    return means


def unit_of(values: np.ndarray) -> float:
    """A power of two of the size of numbers: in this unit their squares neither overflow nor vanish."""
    size = float(np.max(np.abs(values), initial=0.0))
    return float(2.0 ** np.clip(np.frexp(size)[1], -1000, 1000)) if 0 < size < np.inf else 1.0


def _scores_of_copies(
    metric: Metric, truth: Truth, prediction: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """The score of rows that stand as often as their weight says."""
    counts = np.rint(weights).astype(int)
    if not np.array_equal(counts, weights):
        raise ValueError(
            f"metric {metric.name} takes whole weights only; add a function weighted to its file"
        )
    rows = np.arange(len(truth.y))
    return np.array([_score_of(metric, truth, prediction, np.repeat(rows, each)) for each in counts])


def _score_of(metric: Metric, truth: Truth, prediction: np.ndarray, rows: np.ndarray) -> float:
    value = evaluate(metric, truth.part(rows), prediction[rows]) if len(rows) else None
    return np.nan if value is None else value


def bootstrap_weights(y: np.ndarray, stratify: bool, n_samples: int, seed: int) -> np.ndarray:
    """How often each row is drawn in each bootstrap sample.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        Classes or values.
    stratify : bool
        Draw within classes, so that a rare class never vanishes.
    n_samples : int
        Number of bootstrap samples.
    seed : int
        Seed of the samples.

    Returns
    -------
    float32 ndarray of shape (n_samples, n_rows)

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo.metrics import bootstrap_weights
    >>> weights = bootstrap_weights(np.array([0, 0, 0, 1]), stratify=True, n_samples=100, seed=0)
    >>> weights.shape, bool((weights[:, 3] == 1).all())
    ((100, 4), True)
    """
    rng = np.random.default_rng(seed)
    groups = [np.flatnonzero(y == c) for c in np.unique(y)] if stratify else [np.arange(len(y))]
    weights = np.zeros((n_samples, len(y)), np.float32)
    for rows in groups:
        drawn = rng.integers(0, len(rows), (n_samples, len(rows)))
        for sample, own in zip(weights, drawn, strict=True):
            sample[rows] = np.bincount(own, minlength=len(rows))
    return weights


def influence_values(metric: Metric, truth: Truth, prediction: np.ndarray) -> np.ndarray | None:
    """How much each row moves the score: the influence function of the metric at every row.

    To first order, the score of other rows from the same population differs from its expectation by
    the mean of their influence values; so their variance, divided by the number of rows, is the
    variance of the score. For a mean over rows they are the row values less their mean. Metrics that
    are smooth functions of sums over rows have exact formulas. Without one, the score is differentiated
    by the weight of each row, or each row is left out and added once more: both take time proportional
    to the square of the number of rows, and need a metric that is a smooth function of the weights.

    Parameters
    ----------
    metric : Metric
        One of :data:`METRICS`.
    truth : Truth
        The true classes or values.
    prediction : ndarray of shape (n_rows, n_classes) or (n_rows,)
        Probabilities for classification, values for regression.

    Returns
    -------
    float64 ndarray of shape (n_rows,), or None
        With mean 0, in the natural direction of the metric; None where the score is not defined.

    References
    ----------
    Hampel (1974), The influence curve and its role in robust estimation. Efron (1982), The jackknife,
    the bootstrap and other resampling plans, chapter 6.

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo.metrics import METRICS, Truth, influence_values
    >>> truth = Truth(np.array([0.0, 1.0, 2.0]), "regression")
    >>> influence_values(METRICS["mae"], truth, np.array([0.0, 1.0, 5.0])).tolist()
    [-1.0, -1.0, 2.0]
    """
    if evaluate(metric, truth, prediction) is None:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        values = _effects(metric, truth, prediction)
    centred: np.ndarray = values - values.mean()
    return centred


def _effects(metric: Metric, truth: Truth, prediction: np.ndarray) -> np.ndarray:
    """Influence values up to a constant, by the best way that the metric's file offers."""
    if metric.influence is not None:
        return metric.influence(truth, prediction)
    if metric.row_values is not None:
        return metric.row_values(truth, prediction)
    if metric.weighted is not None:
        return _derivatives(metric, truth, prediction)
    return _jackknife(metric, truth, prediction)


def _derivatives(metric: Metric, truth: Truth, prediction: np.ndarray) -> np.ndarray:
    """Infinitesimal jackknife: the derivative of the score by each row's weight, times the number of rows."""
    n = len(truth.y)
    found = []
    for rows in _blocks(n):
        weights = np.ones((len(rows), n))
        places = np.arange(len(rows)), rows
        weights[places] = 1 + _STEP
        above = weighted_scores(metric, truth, prediction, weights)
        weights[places] = 1 - _STEP
        found.append(above - weighted_scores(metric, truth, prediction, weights))
    return np.concatenate(found) * n / (2 * _STEP)


def _blocks(n: int) -> Iterator[np.ndarray]:
    step = max(1, CHUNK // n)
    return (np.arange(first, min(n, first + step)) for first in range(0, n, step))


def _jackknife(metric: Metric, truth: Truth, prediction: np.ndarray) -> np.ndarray:
    """Mean of the changes when a copy of a row is left out and when one is added, which cancels their bias.

    Every row is repeated first: the changes become small, and no class vanishes with its only row.
    """
    n, score = len(truth.y), metric(truth, prediction)
    copies = max(_FEWEST_COPIES, -(-_FEWEST_ROWS // n))
    repeated, total = np.repeat(np.arange(n), copies), n * copies
    changes = np.empty((2, n))
    for i in range(n):
        without, twice = np.delete(repeated, i * copies), np.append(repeated, i)
        changes[0, i] = (total - 1) * (score - _score_of(metric, truth, prediction, without))
        changes[1, i] = (total + 1) * (_score_of(metric, truth, prediction, twice) - score)
    return np.asarray(changes.mean(axis=0))


def chance_level(metric: Metric, truth: Truth) -> float | None:
    """The score of a prediction that is the same for every row: the class shares, or the mean.

    Parameters
    ----------
    metric : Metric
        One of :data:`METRICS`.
    truth : Truth
        The true classes or values.

    Returns
    -------
    float or None
        The metric's ``chance`` where it has one, whatever the constant; None where the score is not
        defined.

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo.metrics import METRICS, Truth, chance_level
    >>> truth = Truth(np.array([0, 0, 0, 1]), "binary", 2)
    >>> chance_level(METRICS["accuracy"], truth), chance_level(METRICS["roc_auc"], truth)
    (0.75, 0.5)
    """
    return metric.chance if metric.chance is not None else evaluate(metric, truth, _constant(truth))


def _constant(truth: Truth) -> np.ndarray:
    n = len(truth.y)
    if truth.task == "regression":
        return np.full(n, truth.y.mean())
    return np.tile(np.bincount(truth.y, minlength=truth.n_classes) / n, (n, 1))


def default_margin(metric: Metric, y: np.ndarray, given: float | None) -> float:
    """Half the width of the region of practical equivalence, in the metric's units.

    Parameters
    ----------
    metric : Metric
        One of :data:`METRICS`.
    y : ndarray of shape (n_rows,)
        The target, whose standard deviation scales the default margin of errors in its units.
    given : float or None
        The user's margin; the metric's default if None.

    Returns
    -------
    float

    Raises
    ------
    InputError
        The given margin is negative or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo.metrics import METRICS, default_margin
    >>> y = np.array([0.0, 10.0])
    >>> default_margin(METRICS["rmse"], y, None), default_margin(METRICS["rmse"], y, 0.3)
    (0.05, 0.3)
    """
    if given is not None:
        if not np.isfinite(given) or given < 0:
            raise InputError(f"margin must be a number of at least 0, got {given!r}")
        return float(given)
    if not metric.relative:
        return metric.margin
    unit = unit_of(y)
    return metric.margin * unit * float(np.std(y / unit))


Weighted = Callable[[Truth, np.ndarray, np.ndarray], np.ndarray]


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
