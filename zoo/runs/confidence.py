"""Confidence asked for by options: estimators wrapped for it, answers and scores that show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...datasets import Dataset, InputError, make_splits, unknown_name
from ..artefact.loading import SavedModel
from ..calibration.calibrators import METHODS
from ..calibration.conformal import check_level
from ..calibration.decisions import Costs, costs_of, expected_cost
from ..calibration.estimators import Calibrated, ConformalRegressor
from ..calibration.reliability import (
    bin_numbers,
    error_by_chance,
    estimated_error,
    of_sets,
    statements,
    summarise,
    wilson,
)
from ..metrics import Truth

FOLDS = 5


@dataclass(frozen=True)
class Wanted:
    """What was asked for. Without any of it a model is trained and saved as it was compared."""

    calibrate: str | None = None
    confidence_level: float | None = None
    cost_false_negative: float | None = None
    cost_false_positive: float | None = None

    @property
    def costs(self) -> Costs | None:
        """Both costs, or none."""
        return costs_of(self.cost_false_negative, self.cost_false_positive)

    @property
    def method(self) -> str:
        """A level or costs need honest probabilities; else those of the model stay as they were measured."""
        needed = self.confidence_level is not None or self.costs is not None
        return self.calibrate or ("auto" if needed else "none")

    def check(self, dataset: Dataset) -> None:
        """Refuse what does not suit the task."""
        if self.calibrate is not None and self.calibrate not in METHODS:
            raise unknown_name("calibration method", self.calibrate, METHODS)
        if self.confidence_level is not None:
            check_level(self.confidence_level)
        if dataset.task == "regression" and self.calibrate not in (None, "auto", "none"):
            raise InputError(
                f"--calibrate {self.calibrate} is for classes, the target is a number; leave it away"
            )
        if self.costs is not None and dataset.task != "binary":
            raise InputError(f"costs of wrong answers are for two classes, this is a {dataset.task} task")


def confident(estimator: Any, dataset: Dataset, rows: np.ndarray, wanted: Wanted, seed: int) -> Any:
    """The estimator, wrapped where confidence is wanted; ``rows`` are those it will be fitted to."""
    wanted.check(dataset)
    level, method = wanted.confidence_level, wanted.method
    if dataset.task == "regression":
        if level is None:
            return estimator
        enough = int(np.ceil(level / (1 - level) - 1e-9))
        if len(rows) < enough:
            raise InputError(f"intervals at {level:g} need at least {enough} rows, got {len(rows)}")
        return ConformalRegressor(estimator, confidence_level=level, cv=_inner_folds(dataset, rows, seed))
    if method == "none" and level is None and wanted.costs is None:
        return estimator
    return Calibrated(
        estimator,
        method,
        confidence_level=level,
        cost_false_negative=wanted.cost_false_negative,
        cost_false_positive=wanted.cost_false_positive,
        positive=dataset.positive,
        cv=_inner_folds(dataset, rows, seed),
    )


def _inner_folds(dataset: Dataset, rows: np.ndarray, seed: int) -> Any:
    """A number of folds; or folds that keep groups together and time in order, where there are any."""
    if dataset.groups is None and dataset.time is None:
        return FOLDS
    splits = make_splits(
        dataset.y[rows],
        task=dataset.task,
        folds=FOLDS,
        seed=seed,
        groups=None if dataset.groups is None else dataset.groups[rows],
        time=None if dataset.time is None else dataset.time[rows],
    )
    return [(split.train, split.test) for split in splits]


def measured(model: SavedModel, truth: Truth, prediction: np.ndarray, level: float) -> dict[str, Any]:
    """How far a saved model's confidence held on labelled rows.

    Parameters
    ----------
    level : float
        Of the intervals; the level of sets and intervals is the model's own.
    """
    known, n_rows = model.confidence, len(truth.y)
    found: dict[str, Any] = {"level": known.level}
    if truth.task == "regression":
        if known.half_width is not None:
            inside = np.abs(truth.y - prediction) <= known.half_width
            found |= {"half_width": known.half_width, "coverage": share_with_interval(inside, level)}
        return found
    found["calibrator"] = known.calibrator.method
    found["calibration_error"] = calibration_error(truth, prediction, level)
    if known.least_probabilities is not None:
        sets = known.sets(prediction)
        hits = sets[np.arange(n_rows), truth.y]
        found |= of_sets(sets, truth.y) | {"coverage": share_with_interval(hits, level)}
    if known.threshold is not None and known.costs is not None:
        costs = known.costs
        stated, happened = prediction[:, known.positive], truth.y == known.positive
        found |= {"threshold": known.threshold, "positive": str(model.classes_[known.positive])}
        found["expected_cost"] = expected_cost(stated, happened, known.threshold, costs)
        found["expected_cost_at_half"] = expected_cost(stated, happened, 0.5, costs)
    return found


def calibration_error(truth: Truth, prediction: np.ndarray, level: float) -> dict[str, float]:
    """The calibration error with its interval, and what perfect probabilities would show."""
    stated, hits = statements(prediction, truth.y, truth.positive)
    numbers = bin_numbers(stated)
    found = estimated_error(summarise(stated, hits, numbers), level)
    return {**vars(found), "by_chance": error_by_chance(stated, numbers)}


def share_with_interval(hits: np.ndarray, level: float) -> dict[str, float]:
    """A share of rows with Wilson's interval."""
    share = float(hits.mean())
    low, high = wilson(np.array(share), np.array(len(hits)), level)
    return {"value": share, "low": float(low), "high": float(high)}
