"""The champions of both families beside each other: chosen on other rows than they are compared on.

In every fold the champions are those of the other folds, and what is found on one half of the tested rows is
tested on the other half: then no difference is flattered by having been chosen. Two things are asked of them.

By how much is one better on each single row? :mod:`.slices` sums these gains over slices of rows.

Need I choose? The mean of both champions' predictions costs nothing once both are trained. It is compared
with the champion that is better on the other folds, as a model like any other: their difference has the
interval of any paired difference (:mod:`.row_level`). A single test part is halved for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..metrics import METRICS, Metric, Truth, truth_of
from ..results.rows import Result, Results, Together
from .intervals import left_out_choices
from .row_level import RowLevel
from .scores import ModelScores, Support, score_models, support_of
from .verdict import defined_folds, families_of


def champions_by_fold(models: Sequence[ModelScores], metric: Metric) -> dict[str, np.ndarray] | None:
    """For each fold the model of each family that is best on the other folds of the repeat.

    A fold on which the metric is not defined has the model that is best on all others. With a single fold
    there are no others: the best model on that one is taken.

    Returns
    -------
    dict of int ndarray of shape (J,), or None
        Positions in ``models``, by family, and of both families together under "any"; None where a family
        has no complete model.
    """
    families: Mapping[str, np.ndarray] = families_of(models, metric)
    if any(not len(own) for own in families.values()):
        return None
    everyone = {**families, "any": np.concatenate(list(families.values()))}
    defined = defined_folds(models, metric)
    return {name: _choices(models, own, metric, defined) for name, own in everyone.items()}


def _choices(
    models: Sequence[ModelScores], own: np.ndarray, metric: Metric, defined: np.ndarray
) -> np.ndarray:
    scores = metric.sign * np.array([models[i].folds[metric.name][defined] for i in own])
    chosen = np.full(len(models[0].rows), own[scores.mean(axis=1).argmax()])
    chosen[defined] = own[left_out_choices(scores, models[0].repeats[defined])]
    return chosen


def half_by_fold(results: Results) -> np.ndarray:
    """Which rows are in the first half: those of every other fold of the first repeat, bool (n_rows,).

    Rows of a single test part are divided at random.
    """
    first = min(repeat for repeat, _ in results.test_rows)
    parts = [rows for (repeat, _), rows in sorted(results.test_rows.items()) if repeat == first]
    if len(parts) == 1:
        return random_half(results)
    chosen = np.zeros(len(results.labels.y), dtype=bool)
    for rows in parts[::2]:
        chosen[rows] = True
    return chosen


def random_half(results: Results) -> np.ndarray:
    """The same by chance: whole groups, the earlier ones where time is known, and half of each class."""
    labels = results.labels
    n = len(labels.y)
    tested = np.unique(np.concatenate(list(results.test_rows.values())))
    chosen = np.zeros(n, dtype=bool)
    if results.facts.plan.in_time_order and labels.times is not None:
        chosen[tested] = labels.times[tested] <= np.median(labels.times[tested])
        return chosen
    rng = np.random.default_rng(results.facts.plan.seed)
    if labels.groups is not None:
        units = np.unique(labels.groups[tested])
        chosen[tested] = np.isin(labels.groups[tested], rng.permutation(units)[: len(units) // 2])
        return chosen
    strata = (
        [tested] if labels.task == "regression" else [tested[labels.y[tested] == c] for c in labels.classes]
    )
    for rows in strata:
        chosen[rng.permutation(rows)[: len(rows) // 2]] = True
    return chosen


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


BOTH, ALONE = "both", "better one"


def together(
    results: Results, models: Sequence[ModelScores], metric: Metric, level: float
) -> Together | None:
    """The mean of both champions against the better one alone.

    Parameters
    ----------
    results : Results
    models : sequence of ModelScores
        The scores of ``results``.
    metric : Metric
        The primary one.
    level : float
        Of the intervals.

    Returns
    -------
    Together or None
        None where a family has no complete model, or too few rows decide.
    """
    support = support_of(results, metric)
    champions = champions_by_fold(models, metric)
    if champions is None or (support is not None and not support.enough):
        return None
    if len(results.test_rows) == 1:
        results = _halved(results)
        models = score_models(results)
        champions = champions_by_fold(models, metric)
        support = support_of(results, metric)
    if champions is None:
        return None
    own = [*_of_fold(models, metric, champions, mean=True), *_of_fold(models, metric, champions, mean=False)]
    return _compared(replace(results, rows=tuple(own)), metric, level, support)


def _of_fold(
    models: Sequence[ModelScores], metric: Metric, champions: dict[str, np.ndarray], *, mean: bool
) -> list[Result]:
    """A row for each fold: the mean of both champions, or the better one alone."""
    families = ("deep", "classical") if mean else ("any",)
    found = []
    for place, row in enumerate(models[0].rows):
        given = [models[champions[family][place]].rows[place].prediction for family in families]
        prediction = np.mean([own for own in given if own is not None], axis=0)
        name = BOTH if mean else ALONE
        found.append(Result(name, "unknown", row.repeat, row.fold, prediction=prediction))
    return found


def _compared(results: Results, metric: Metric, level: float, support: Support | None) -> Together | None:
    inference = RowLevel(results, score_models(results), metric, level, support)
    low, high = inference.interval(0, metric)
    pair = inference.paired(0, 1, margin=0.0)
    scores = [own.mean(metric.name) for own in inference.models]
    if pair is None or low is None or high is None or scores[0] is None or scores[1] is None:
        return None
    p = pair.posterior
    return Together(scores[0], low, high, scores[1], p.mean, p.low, p.high, p.p_above)


def _halved(results: Results) -> Results:
    """The same predictions of one test part as two folds."""
    ((fold, rows),) = results.test_rows.items()
    first = random_half(results)[rows]
    parts = {(fold[0], 0): first, (fold[0], 1): ~first}
    halves = [
        replace(
            row,
            fold=half,
            prediction=None if row.prediction is None else row.prediction[own],
        )
        for row in results.folds
        for (_, half), own in parts.items()
    ]
    test_rows = {key: rows[own] for key, own in parts.items()}
    return replace(results, rows=tuple(halves), test_rows=test_rows)
