"""Confidence of a saved model: the manifest's numbers, checked, and what they do with answers.

Answers of a saved model as named columns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...datasets import InputError
from ..calibration.calibrators import Calibrator, Unchanged, calibrator
from ..calibration.conformal import prediction_sets
from ..calibration.decisions import Costs


@dataclass(frozen=True)
class Confidence:
    """What a saved model knows of its own doubt; all None where it was trained without.

    ``positive`` is the code of the class whose probability ``threshold`` is meant for.
    """

    calibrator: Calibrator
    level: float | None = None
    threshold: float | None = None
    positive: int = 1
    least_probabilities: np.ndarray | None = None
    half_width: float | None = None
    costs: Costs | None = None

    def codes(self, probabilities: np.ndarray) -> np.ndarray:
        """The class that each row is said to have: the cheapest where costs were stated."""
        if self.threshold is None:
            return probabilities.argmax(axis=1)
        yes = probabilities[:, self.positive] >= self.threshold
        return np.where(yes, self.positive, 1 - self.positive)

    def sets(self, probabilities: np.ndarray) -> np.ndarray:
        """Plausible classes of each row: bool (n_samples, n_classes)."""
        if self.least_probabilities is None:
            raise InputError("the model was trained without prediction sets; train with --confidence-level")
        return prediction_sets(probabilities, self.least_probabilities)

    def interval(self, values: np.ndarray) -> np.ndarray:
        """Low and high, (n_samples, 2)."""
        if self.half_width is None:
            raise InputError("the model was trained without intervals; train with --confidence-level")
        return np.stack([values - self.half_width, values + self.half_width], axis=1)


def confidence_of(manifest: dict[str, Any]) -> Confidence:
    """The confidence of a manifest, every number checked: a manifest may say anything."""
    found, classes = manifest.get("confidence"), manifest["classes"]
    if not found:
        return Confidence(Unchanged())
    level, threshold = _share(found, "level"), _share(found, "threshold")
    width = found.get("half_width")
    if width is not None and not (_is_number(width) and width >= 0):
        raise InputError(f"confidence: half_width must be a number of at least 0, got {width!r}")
    if manifest["task"] == "regression":
        return Confidence(Unchanged(), level, half_width=width)
    if threshold is not None and len(classes) != 2:
        raise InputError("confidence: a threshold is for two classes")
    positive = found.get("positive")
    if positive is not None and positive not in classes:
        raise InputError(f"confidence: positive class {positive!r} is none of {classes}")
    code = classes.index(positive) if positive is not None else 1
    made = calibrator(found.get("calibrator", {"method": "none"}), len(classes))
    least = _least(found.get("least_probabilities"), len(classes))
    return Confidence(made, level, threshold, code, least, costs=_costs(found.get("costs")))


def _least(found: Any, n_classes: int) -> np.ndarray | None:
    if found is None:
        return None
    if not (isinstance(found, list) and len(found) == n_classes and all(map(_is_number, found))):
        raise InputError(f"confidence: least_probabilities must be {n_classes} numbers")
    return np.array(found)


def _costs(found: Any) -> Costs | None:
    if found is None:
        return None
    names = ("false_negative", "false_positive")
    if not (isinstance(found, dict) and set(found) == set(names) and all(map(_is_number, found.values()))):
        raise InputError(f"confidence: costs must be two numbers, {' and '.join(names)}")
    return Costs(**found)


def _share(found: dict[str, Any], name: str) -> float | None:
    value = found.get(name)
    if value is not None and not (_is_number(value) and 0 <= value <= 1 + 1e-9):  # above 1: never
        raise InputError(f"confidence: {name} must be a number from 0 to 1, got {value!r}")
    return value


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def confidence_card(found: dict[str, Any] | None) -> str:
    """The part of a model card that says how far the model may be trusted."""
    if not found:
        return ""
    measured, lines = found.get("out_of_fold", {}), []
    if "calibrator" in found:
        lines.append(f"- Probabilities: calibrator `{found['calibrator']['method']}`{_errors(measured)}.")
    if found.get("threshold") is not None:
        costs = found["costs"]
        lines.append(
            f"- Says `{found['positive']}` from a probability of {found['threshold']:.3g} on: a missed case "
            f"costs {costs['false_negative']:g}, a false alarm {costs['false_positive']:g}."
        )
    if found.get("level") is not None and "coverage" in measured:
        kind = "Prediction sets" if "calibrator" in found else "Intervals"
        lines.append(
            f"- {kind} at {found['level']:.0%} held the truth for {measured['coverage']:.1%} of "
            f"{measured['rows']:,} rows out of fold{_referred(measured)}."
        )
    return "\n## Confidence\n\n" + "\n".join(lines) + "\n" if lines else ""


def _errors(measured: dict[str, Any]) -> str:
    if "after" not in measured:
        return ""
    before, after = (measured[name]["calibration_error"] for name in ("before", "after"))
    return f"; calibration error out of fold {after:.3f} (uncalibrated {before:.3f})"


def _referred(measured: dict[str, Any]) -> str:
    return f"; {measured['referred']:.1%} of them are for a human" if "referred" in measured else ""
