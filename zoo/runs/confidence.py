"""Estimators wrapped for the confidence that options ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...datasets import Dataset, InputError, make_splits, unknown_name
from ..calibration.calibrators import METHODS
from ..calibration.conformal import check_level
from ..calibration.decisions import MisclassificationCosts, misclassification_costs
from ..calibration.estimators import Calibrated, ConformalRegressor

FOLDS = 5


@dataclass(frozen=True)
class ConfidenceOptions:
    """Calibration, a confidence level, misclassification costs; without any the estimator stays as it is."""

    calibrate: str | None = None
    confidence_level: float | None = None
    cost_false_negative: float | None = None
    cost_false_positive: float | None = None

    @property
    def costs(self) -> MisclassificationCosts | None:
        """Both costs, or none."""
        return misclassification_costs(self.cost_false_negative, self.cost_false_positive)

    @property
    def method(self) -> str:
        """A level or costs need calibrated probabilities; else those of the model stay as they are."""
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
                f"--calibrate {self.calibrate} is for classes, but the target is a number: remove --calibrate"
            )
        if self.costs is not None and dataset.task != "binary":
            raise InputError(f"misclassification costs need two classes, this is a {dataset.task} task")


def with_confidence(
    estimator: Any, dataset: Dataset, rows: np.ndarray, options: ConfidenceOptions, seed: int
) -> Any:
    """The estimator, wrapped where confidence is wanted; ``rows`` are those it will be fitted to."""
    options.check(dataset)
    level, method = options.confidence_level, options.method
    if dataset.task == "regression":
        if level is None:
            return estimator
        enough = int(np.ceil(level / (1 - level) - 1e-9))
        if len(rows) < enough:
            raise InputError(f"intervals at {level:g} need at least {enough} rows, got {len(rows)}")
        return ConformalRegressor(estimator, confidence_level=level, cv=_inner_folds(dataset, rows, seed))
    if method == "none" and level is None and options.costs is None:
        return estimator
    return Calibrated(
        estimator,
        method,
        confidence_level=level,
        cost_false_negative=options.cost_false_negative,
        cost_false_positive=options.cost_false_positive,
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
