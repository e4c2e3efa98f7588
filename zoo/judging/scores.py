"""Finished jobs to scores: per fold, per model, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ...datasets import Dataset, Task
from ..metrics import Metric, Truth, bootstrap_weights, evaluate, of_task, weighted_scores
from ..runs.fitting import Job
from .intervals import corrected_interval


class Labelled(Protocol):
    """What statistics need of a dataset: the true answers, and what they mean."""

    y: np.ndarray
    task: Task
    classes: tuple[str, ...]
    positive: str | None


@dataclass
class ModelScores:
    """All scores of one model: ``folds[metric]`` float64 (J,), NaN where it is not defined."""

    model: str
    family: str
    folds: dict[str, np.ndarray]
    jobs: Sequence[Job] = field(repr=False, default=())

    def mean(self, metric: str) -> float | None:
        """Mean over the folds that have a score; None without any."""
        values = self.folds[metric][~np.isnan(self.folds[metric])]
        return float(values.mean()) if len(values) else None

    @property
    def rows_tested(self) -> int:
        """How many rows the folds of the first repeat test together."""
        return sum(len(job.split.test) for job in self.jobs if job.split.repeat == self.jobs[0].split.repeat)

    @property
    def complete(self) -> bool:
        """Every planned job of the model ended well."""
        return all(job.status == "ok" for job in self.jobs)


def truth_of(dataset: Labelled, rows: np.ndarray) -> Truth:
    """What is true of these rows, as metrics want it."""
    if dataset.task == "regression":
        return Truth(dataset.y[rows], dataset.task)
    codes = np.searchsorted(dataset.classes, dataset.y[rows])
    positive = dataset.classes.index(dataset.positive) if dataset.positive in dataset.classes else 1
    return Truth(codes, dataset.task, len(dataset.classes), positive)


def score_models(dataset: Labelled, jobs: Sequence[Job]) -> list[ModelScores]:
    """Every metric on every fold of every model."""
    by_model: dict[str, list[Job]] = {}
    for job in jobs:
        by_model.setdefault(job.model, []).append(job)
    return [_score(dataset, name, own) for name, own in by_model.items()]


def _score(dataset: Labelled, name: str, jobs: list[Job]) -> ModelScores:
    folds = {m.name: np.array([_value(dataset, m, job) for job in jobs]) for m in of_task(dataset.task)}
    return ModelScores(name, jobs[0].family, folds, jobs)


def _value(dataset: Labelled, metric: Metric, job: Job) -> float:
    if job.status != "ok" or job.prediction is None:
        return np.nan
    value = evaluate(metric, truth_of(dataset, job.split.test), job.prediction)
    return np.nan if value is None else value


def interval(
    scores: ModelScores, metric: Metric, test_over_train: float, level: float
) -> tuple[float, float] | tuple[None, None]:
    """Corrected interval of a model's mean over its folds, within the metric's bounds; None for one fold."""
    values = scores.folds[metric.name]
    values = values[~np.isnan(values)]
    if len(values) < 2:
        return None, None
    low, high = corrected_interval(values, test_over_train, level)
    return max(low, metric.bounds[0]), min(high, metric.bounds[1])


@dataclass(frozen=True)
class Resampled:
    """Bootstrap scores of models on the rows of an official test part, by the primary metric.

    ``in_bag`` and ``out_of_bag`` are float64 (n_models, n_samples). ``others`` holds the in-bag scores of
    the other metrics, of fewer samples: their intervals are read, not tested.
    """

    in_bag: np.ndarray
    out_of_bag: np.ndarray
    others: dict[str, np.ndarray] = field(default_factory=dict)

    def interval(self, metric: str, model: int, level: float) -> tuple[float, float] | tuple[None, None]:
        """Percentile interval of the model at this place; None where a sample has no score."""
        samples = self.others.get(metric, self.in_bag)[model]
        if np.isnan(samples).any():
            return None, None
        low, high = np.quantile(samples, [0.5 - level / 2, 0.5 + level / 2])
        return float(low), float(high)


def resample(dataset: Labelled, models: Sequence[ModelScores], metric: Metric, seed: int) -> Resampled:
    """Scores of every model on the same bootstrap samples of test rows, and on the rows left out."""
    rows = models[0].jobs[0].split.test
    n_samples = int(np.clip(10_000_000 // len(rows), 300, 1000))
    truth = truth_of(dataset, rows)
    weights = bootstrap_weights(truth.y, dataset.task != "regression", n_samples, seed)
    predictions = [m.jobs[0].prediction for m in models]
    few = weights[: int(np.clip(2_000_000 // len(rows), 100, n_samples))]
    return Resampled(
        _on_weights(metric, truth, predictions, weights),
        _on_weights(metric, truth, predictions, (weights == 0).astype(np.float32)),
        {m.name: _on_weights(m, truth, predictions, few) for m in of_task(dataset.task) if m != metric},
    )


def _on_weights(
    metric: Metric, truth: Truth, predictions: Sequence[np.ndarray | None], weights: np.ndarray
) -> np.ndarray:
    """(n_models, n_samples); NaN for a model without predictions."""
    none = np.full(len(weights), np.nan)
    return np.array([none if p is None else weighted_scores(metric, truth, p, weights) for p in predictions])


def best_reachable(dataset: Dataset, metric: Metric, jobs: Sequence[Job]) -> float | None:
    """The metric of the true probabilities on the test rows of the folds; None where unknown."""
    if dataset.true_probability is None:
        return None
    splits = {(j.split.repeat, j.split.fold): j.split.test for j in jobs}
    values = [
        evaluate(metric, truth_of(dataset, rows), dataset.true_probability[rows]) for rows in splits.values()
    ]
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if known else None


def one_class_only(dataset: Labelled, scores: ModelScores) -> bool:
    """A classifier that says the same class for every test row has learned nothing to act on."""
    if dataset.task == "regression":
        return False
    said = [job.prediction.argmax(axis=1) for job in scores.jobs if job.prediction is not None]
    return bool(said) and len(np.unique(np.concatenate(said))) == 1
