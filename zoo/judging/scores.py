"""Result rows to scores: per fold, per model, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..metrics import Metric, Truth, bootstrap_weights, evaluate, of_task, truth_of, weighted_scores
from ..results.rows import Fold, Labels, Result, Results


@dataclass(frozen=True)
class ModelScores:
    """All scores of one model: ``folds[metric]`` float64 (J,), NaN where it is not defined."""

    model: str
    family: str
    folds: dict[str, np.ndarray]
    rows: Sequence[Result] = field(repr=False, default=())
    rows_tested: int = 0  # by the folds of the first repeat together
    reference: bool = False  # ignores the features: never a champion

    def mean(self, metric: str) -> float | None:
        """Mean over the folds that have a score; None without any."""
        values = self.folds[metric][~np.isnan(self.folds[metric])]
        return float(values.mean()) if len(values) else None

    @property
    def complete(self) -> bool:
        """Every planned job of the model ended well."""
        return all(row.ok for row in self.rows)

    @property
    def repeats(self) -> np.ndarray:
        """The repeat of each fold, int (J,)."""
        return np.array([row.repeat for row in self.rows])


def score_models(results: Results) -> list[ModelScores]:
    """Every metric on every fold of every model."""
    by_model: dict[str, list[Result]] = {}
    for row in results.folds:
        by_model.setdefault(row.model, []).append(row)
    truths = {fold: truth_of(results.labels, rows) for fold, rows in results.test_rows.items()}
    return [_score(results, truths, name, own) for name, own in by_model.items()]


def _score(results: Results, truths: Mapping[Fold, Truth], name: str, rows: list[Result]) -> ModelScores:
    metrics = of_task(results.labels.task)
    folds = {m.name: np.array([_value(m, truths, row) for row in rows]) for m in metrics}
    tested = {fold: len(test) for fold, test in results.test_rows.items() if fold[0] == rows[0].repeat}
    is_reference = name in results.facts.plan.references
    return ModelScores(name, rows[0].family, folds, rows, sum(tested.values()), is_reference)


def _value(metric: Metric, truths: Mapping[Fold, Truth], row: Result) -> float:
    if not row.ok or row.prediction is None:
        return np.nan
    value = evaluate(metric, truths[row.repeat, row.fold], row.prediction)
    return np.nan if value is None else value


@dataclass(frozen=True)
class Resampled:
    """Bootstrap scores of models on the rows of an official test part, by the primary metric.

    ``in_bag`` and ``out_of_bag`` are float64 (n_models, n_samples). ``others`` holds the in-bag scores of
    the other metrics, of fewer samples: their intervals are read, not tested.
    """

    in_bag: np.ndarray
    out_of_bag: np.ndarray
    truth: Truth
    others: dict[str, np.ndarray] = field(default_factory=dict)

    def interval(self, metric: str, model: int, level: float) -> tuple[float, float] | tuple[None, None]:
        """Percentile interval of the model at this position; None where a sample has no score."""
        samples = self.others.get(metric, self.in_bag)[model]
        if np.isnan(samples).any():
            return None, None
        low, high = np.quantile(samples, [0.5 - level / 2, 0.5 + level / 2])
        return float(low), float(high)


def resample(
    labels: Labels, rows: np.ndarray, models: Sequence[ModelScores], metric: Metric, seed: int
) -> Resampled:
    """Scores of every model on the same bootstrap samples of test rows, and on the rows left out.

    Parameters
    ----------
    rows : int ndarray
        Of the official test part.
    """
    n_samples = int(np.clip(10_000_000 // len(rows), 300, 1000))
    truth = truth_of(labels, rows)
    weights = bootstrap_weights(truth.y, labels.task != "regression", n_samples, seed)
    predictions = [m.rows[0].prediction for m in models]
    few = weights[: int(np.clip(2_000_000 // len(rows), 100, n_samples))]
    return Resampled(
        _on_weights(metric, truth, predictions, weights),
        _on_weights(metric, truth, predictions, (weights == 0).astype(np.float32)),
        truth,
        {m.name: _on_weights(m, truth, predictions, few) for m in of_task(labels.task) if m != metric},
    )


def _on_weights(
    metric: Metric, truth: Truth, predictions: Sequence[np.ndarray | None], weights: np.ndarray
) -> np.ndarray:
    """(n_models, n_samples); NaN for a model without predictions."""
    none = np.full(len(weights), np.nan)
    return np.array([none if p is None else weighted_scores(metric, truth, p, weights) for p in predictions])


def one_class_only(scores: ModelScores, regression: bool) -> bool:
    """A classifier that predicts the same class for every test row has learned nothing to act on."""
    if regression:
        return False
    predicted = [row.prediction.argmax(axis=1) for row in scores.rows if row.prediction is not None]
    return bool(predicted) and len(np.unique(np.concatenate(predicted))) == 1
