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
    measure : str
        What gains are measured by, as readers see it.
    """

    rows: np.ndarray
    gains: np.ndarray
    losses: np.ndarray | None
    signal: np.ndarray
    measure: str


def row_gains(results: Results, models: Sequence[ModelScores], metric: Metric) -> RowGains | None:
    """The gains by the metric, or by the nearest one that has a value for each row.

    Ranks have the share of the other class that stands on the right side of a row (DeLong's placement
    values, whose mean is ROC AUC), labels have hits, and squared errors stand for their root.
    None where a family has no complete model.
    """
    champions = champions_by_fold(models, metric)
    if champions is None:
        return None
    measure = _measured_by(metric, results.labels.task)
    values, rows = _of_tested_rows(results, models, champions, measure)
    squares = values if measure.name == "rmse" else None
    gains = (-1 if measure.name == "rmse" else measure.sign) * (values[:, 0] - values[:, 1])
    signal = gains
    if measure.name == "accuracy":
        brier, _ = _of_tested_rows(results, models, champions, METRICS["brier"])
        signal = _scaled(gains) + _scaled(brier[:, 1] - brier[:, 0])
    return RowGains(rows, gains, squares, signal, measure.label)


def _scaled(values: np.ndarray) -> np.ndarray:
    return values / (np.std(values) or 1.0)


def _of_tested_rows(
    results: Results, models: Sequence[ModelScores], champions: Mapping[str, np.ndarray], measure: Metric
) -> tuple[np.ndarray, np.ndarray]:
    """What both champions have on every row by the measure, (n_tested, 2), and the numbers of these rows."""
    n = len(results.labels.y)
    total, times = np.zeros((n, 2)), np.zeros(n, dtype=int)
    for place, row in enumerate(models[0].rows):
        tested = results.test_rows[row.repeat, row.fold]
        truth = truth_of(results.labels, tested)
        for column, family in enumerate(("deep", "classical")):
            prediction = models[champions[family][place]].rows[place].prediction
            assert prediction is not None, "complete models have predictions"
            total[tested, column] += _values(measure, truth, prediction)
        times[tested] += 1
    rows = np.flatnonzero(times)
    return total[rows] / times[rows, None], rows


def _measured_by(metric: Metric, task: str) -> Metric:
    if metric.row_values is not None:
        return metric
    if task == "regression":
        return METRICS["rmse"]
    if metric.needs == "labels":
        return METRICS["accuracy"]
    return METRICS["roc_auc" if task == "binary" else "log_loss"]


def _values(measure: Metric, truth: Truth, prediction: np.ndarray) -> np.ndarray:
    """The value of each row, (n_test,): of RMSE its square, of ROC AUC its placement."""
    if measure.row_values is not None:
        return measure.row_values(truth, prediction)
    if measure.name == "rmse":
        return np.asarray((truth.y - prediction) ** 2)
    return _placements(measure, truth, prediction)


def _placements(auc: Metric, truth: Truth, prediction: np.ndarray) -> np.ndarray:
    """From influence values, which are placements less the AUC over the share of the row's class."""
    is_positive = truth.is_positive
    if is_positive.all() or not is_positive.any() or auc.influence is None:
        return np.full(len(is_positive), 0.5)  # nothing to rank
    share = np.where(is_positive, is_positive.mean(), 1 - is_positive.mean())
    return np.asarray(auc(truth, prediction) + share * auc.influence(truth, prediction))
