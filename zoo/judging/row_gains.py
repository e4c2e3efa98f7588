"""By how much one family's champion is better on each single row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..metrics import METRICS, Metric, Truth, truth_of
from ..results.rows import Results
from .champions import champions_by_fold
from .scores import ModelScores


@dataclass(frozen=True)
class RankedPart:
    """Rows of a fold that both champions rank among each other.

    Attributes
    ----------
    rows : int ndarray of shape (n,)
        Row numbers.
    is_positive : bool ndarray of shape (n,)
    scores : pair of ndarray of shape (n,)
        Of deep and of classical learning, higher for positive.
    """

    rows: np.ndarray
    is_positive: np.ndarray
    scores: tuple[np.ndarray, np.ndarray]

    def gains(self) -> np.ndarray:
        """By how much deep learning has more of the other class on the right side of each row, (n,)."""
        gains: np.ndarray = self._sides(np.ones(len(self.rows))) / self._counts(~self.is_positive)
        return gains

    def of_others(self, weights: np.ndarray) -> np.ndarray:
        """What each row adds to a weighted sum of gains as one that others are ranked against, (n,).

        Another row of the class in its place would change the gains of all rows of the other class.
        """
        own: np.ndarray = self._sides(weights) / self._counts(self.is_positive)
        for rows in (self.is_positive, ~self.is_positive):
            own[rows] -= own[rows].mean() if rows.any() else 0.0
        return own

    def _sides(self, weights: np.ndarray) -> np.ndarray:
        """Weight of the other class on the right side of each row, deep less classical."""
        deep, classical = (_right_side(self.is_positive, scores, weights) for scores in self.scores)
        return np.asarray(deep - classical)

    def _counts(self, of: np.ndarray) -> np.ndarray:
        """How many rows are of the class that is positive where ``of`` is, for each row; at least 1."""
        n_positive = int(self.is_positive.sum())
        return np.asarray(np.maximum(1, np.where(of, n_positive, len(of) - n_positive)))


def _right_side(is_positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weight of negative rows below each positive one, of positive rows above each negative; ties half."""
    places = np.unique(scores, return_inverse=True)[1].reshape(-1)
    size = int(places.max(initial=-1)) + 1
    positive, negative = (np.bincount(places, weights * of, size) for of in (is_positive, ~is_positive))
    below = np.cumsum(negative) - negative / 2
    above = positive.sum() - np.cumsum(positive) + positive / 2
    return np.asarray(np.where(is_positive, below[places], above[places]))


@dataclass(frozen=True)
class RowGains:
    """What deep learning gains on every tested row, the mean over repeats.

    Attributes
    ----------
    rows : int ndarray of shape (n_tested,)
        Row numbers, ascending.
    gains : float64 ndarray of shape (n_tested,)
        Positive where deep learning is better.
    losses : float64 ndarray of shape (n_tested, 2) or None
        Squared errors of deep and classical learning, whose roots have the unit of the measure.
    signal : float64 ndarray of shape (n_tested,)
        Where to look for slices: gains, or what tells more of them. A hit or a miss tells less than a
        probability does.
    times : int ndarray of shape (n_tested,)
        How often each row was tested.
    parts : tuple of RankedPart
        The rows that were ranked; empty unless gains are by ranks.
    measure : str
        What gains are measured by, as readers see it.
    widest : float
        The largest gain that there can be.
    """

    rows: np.ndarray
    gains: np.ndarray
    losses: np.ndarray | None
    signal: np.ndarray
    times: np.ndarray
    parts: tuple[RankedPart, ...]
    measure: str
    widest: float = np.inf

    def of_others(self, weights: np.ndarray) -> np.ndarray:
        """What each row adds to a weighted sum of gains beyond its own gain, float64 (n_tested,)."""
        added = np.zeros(len(self.rows))
        for part in self.parts:
            places = np.searchsorted(self.rows, part.rows)
            if weights[places].any():
                added[places] += part.of_others((weights / self.times)[places])
        return added


def row_gains(
    results: Results, models: Sequence[ModelScores], metric: Metric, half: np.ndarray
) -> RowGains | None:
    """The gains by the metric, or by the nearest one that has a value for each row.

    By ranks, a row's gain is that in the share of the other class that stands on the right side of it
    (DeLong's placement values, whose mean is ROC AUC); only rows of the same half are ranked against each
    other. Labels have hits, and squared errors stand for their root.

    Parameters
    ----------
    results : Results
    models : sequence of ModelScores
        The scores of ``results``.
    metric : Metric
    half : bool ndarray of shape (n_rows,)
        Which rows are in the first half.

    Returns
    -------
    RowGains or None
        None where a family has no complete model.
    """
    champions = champions_by_fold(models, metric)
    if champions is None:
        return None
    tested = [_Tested(results, models, champions, place) for place in range(len(models[0].rows))]
    measure = _measured_by(metric, results.labels.task)
    times = np.zeros(len(results.labels.y), dtype=int)
    for own in tested:
        times[own.rows] += 1
    rows = np.flatnonzero(times)
    if measure.name == "roc_auc":
        return _by_ranks(tested, half, rows, times[rows])
    values = _mean_values(tested, measure, times)
    rmse, labels = measure.name == "rmse", measure.name == "accuracy"
    gains = signal = (-1 if rmse else measure.sign) * (values[:, 0] - values[:, 1])
    if labels:
        brier = _mean_values(tested, METRICS["brier"], times)
        signal = _scaled(gains) + _scaled(brier[:, 1] - brier[:, 0])
    widest = measure.bounds[1] - measure.bounds[0]
    return RowGains(rows, gains, values if rmse else None, signal, times[rows], (), measure.label, widest)


class _Tested:
    """The rows of a fold, what is true of them, and what both champions predict."""

    def __init__(
        self, results: Results, models: Sequence[ModelScores], champions: Mapping[str, np.ndarray], place: int
    ) -> None:
        row = models[0].rows[place]
        self.rows = results.test_rows[row.repeat, row.fold]
        self.truth = truth_of(results.labels, self.rows)
        own = [models[champions[family][place]].rows[place].prediction for family in ("deep", "classical")]
        self.predictions = [prediction for prediction in own if prediction is not None]
        assert len(self.predictions) == 2, "complete models have predictions"


def _by_ranks(tested: Sequence[_Tested], half: np.ndarray, rows: np.ndarray, times: np.ndarray) -> RowGains:
    parts = [
        RankedPart(
            fold.rows[own],
            fold.truth.is_positive[own],
            (fold.predictions[0][own, fold.truth.positive], fold.predictions[1][own, fold.truth.positive]),
        )
        for fold in tested
        for own in (half[fold.rows], ~half[fold.rows])
    ]
    total = np.zeros(len(half))
    for part in parts:
        total[part.rows] += part.gains()
    gains = total[rows] / times
    return RowGains(rows, gains, None, gains, times, tuple(parts), METRICS["roc_auc"].label, 1.0)


def _mean_values(tested: Sequence[_Tested], measure: Metric, times: np.ndarray) -> np.ndarray:
    """What both champions have on every tested row by a measure, float64 (n_tested, 2)."""
    total = np.zeros((len(times), 2))
    for fold in tested:
        for column, prediction in enumerate(fold.predictions):
            total[fold.rows, column] += _values(measure, fold.truth, prediction)
    rows = np.flatnonzero(times)
    means: np.ndarray = total[rows] / times[rows, None]
    return means


def _scaled(values: np.ndarray) -> np.ndarray:
    scaled: np.ndarray = values / (np.std(values) or 1.0)
    return scaled


def _measured_by(metric: Metric, task: str) -> Metric:
    if metric.row_values is not None:
        return metric
    if task == "regression":
        return METRICS["rmse"]
    if metric.needs == "labels":
        return METRICS["accuracy"]
    return METRICS["roc_auc" if task == "binary" else "log_loss"]


def _values(measure: Metric, truth: Truth, prediction: np.ndarray) -> np.ndarray:
    """The value of each row, (n_test,): of RMSE its square."""
    if measure.row_values is not None:
        return measure.row_values(truth, prediction)
    return np.asarray((truth.y - prediction) ** 2)
