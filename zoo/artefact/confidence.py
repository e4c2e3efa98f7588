"""Calibrator, decision threshold, prediction sets and intervals of a saved model, from its manifest."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...datasets import InputError
from ..calibration.calibrators import Calibrator, Unchanged, calibrator
from ..calibration.conformal import MisclassificationCosts, Spread, prediction_sets, spread_of
from ..results.models import Manifest


@dataclass(frozen=True)
class Confidence:
    """What a saved model was calibrated with; None where it was trained without.

    Attributes
    ----------
    calibrator : Calibrator
        Of the probabilities of a scikit-learn model; a network has it inside.
    level : float or None
        Confidence level of prediction sets and intervals.
    threshold : float or None
        Probability of the class with code ``positive`` from which on it is predicted.
    least_probabilities : ndarray of shape (n_classes,) or None
        Probability from which on each class belongs to the prediction set.
    half_width : float or None
        Half the width of prediction intervals where errors have their mean size, in units of the target.
    spread : Spread
        The size of errors by the predicted value, over its mean.
    costs : MisclassificationCosts or None
        The misclassification costs behind the threshold.
    """

    calibrator: Calibrator
    level: float | None = None
    threshold: float | None = None
    positive: int = 1
    least_probabilities: np.ndarray | None = None
    half_width: float | None = None
    spread: Spread = field(default_factory=Spread)
    costs: MisclassificationCosts | None = None

    def codes(self, probabilities: np.ndarray) -> np.ndarray:
        """Codes of the predicted classes, int (n_samples,): by the threshold, else the most probable ones."""
        if self.threshold is None:
            return probabilities.argmax(axis=1)
        reached = probabilities[:, self.positive] >= self.threshold
        return np.where(reached, self.positive, 1 - self.positive)

    def sets(self, probabilities: np.ndarray) -> np.ndarray:
        """Prediction sets, bool (n_samples, n_classes)."""
        if self.least_probabilities is None:
            raise InputError("the model was trained without prediction sets; train with --confidence-level")
        return prediction_sets(probabilities, self.least_probabilities)

    def half_widths(self, values: np.ndarray) -> np.ndarray:
        """Half the widths of the prediction intervals of values, both (n_samples,)."""
        if self.half_width is None:
            raise InputError("the model was trained without intervals; train with --confidence-level")
        return self.half_width * self.spread.at(values)

    def interval(self, values: np.ndarray) -> np.ndarray:
        """Prediction intervals (n_samples, 2) of values (n_samples,)."""
        widths = self.half_widths(values)
        return np.stack([values - widths, values + widths], axis=1)


def confidence_of(manifest: Manifest) -> Confidence:
    """The confidence of a manifest from an untrusted source: every number is checked."""
    fields, classes = manifest.get("confidence"), manifest["classes"]
    if not fields:
        return Confidence(Unchanged())
    level, threshold = _probability(fields, "level"), _probability(fields, "threshold")
    width = fields.get("half_width")
    if width is not None and not (_is_number(width) and width >= 0):
        raise InputError(f"confidence: half_width must be a number of at least 0, got {width!r}")
    if manifest["task"] == "regression":
        return Confidence(Unchanged(), level, half_width=width, spread=spread_of(fields.get("spread")))
    if threshold is not None and len(classes) != 2:
        raise InputError("confidence: a threshold needs a binary task")
    positive = fields.get("positive")
    if positive is not None and positive not in classes:
        raise InputError(f"confidence: positive class {positive!r} is not one of {classes}")
    return Confidence(
        calibrator(fields.get("calibrator", {"method": "none"}), len(classes)),
        level,
        threshold,
        positive=classes.index(positive) if positive is not None else 1,
        least_probabilities=_least_probabilities(fields.get("least_probabilities"), len(classes)),
        costs=_costs(fields.get("costs")),
    )


def _least_probabilities(values: Any, n_classes: int) -> np.ndarray | None:
    if values is None:
        return None
    if not (isinstance(values, list) and len(values) == n_classes and all(map(_is_number, values))):
        raise InputError(f"confidence: least_probabilities must be {n_classes} numbers")
    return np.array(values)


def _costs(values: Any) -> MisclassificationCosts | None:
    if values is None:
        return None
    names = ("false_negative", "false_positive")
    if not (isinstance(values, dict) and set(values) == set(names) and all(map(_is_number, values.values()))):
        raise InputError(f"confidence: costs must be two numbers, {' and '.join(names)}")
    return MisclassificationCosts(**values)


def _probability(fields: dict[str, Any], name: str) -> float | None:
    value = fields.get(name)
    if value is not None and not (_is_number(value) and 0 <= value <= 1 + 1e-9):  # above 1: never reached
        raise InputError(f"confidence: {name} must be a number from 0 to 1, got {value!r}")
    return value


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)
