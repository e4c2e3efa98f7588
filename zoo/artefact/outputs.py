"""The columns of predictions: class and probabilities, or value, with what the model's confidence adds."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..calibration.conformal import refer
from ..results.models import Manifest
from .signature import Confidence

BETWEEN_CLASSES = "|"

Columns = dict[str, Any]


class Outputs(Protocol):
    """What the columns need to know of a saved model."""

    manifest: Manifest
    confidence: Confidence
    classes_: np.ndarray


def prediction_columns(model: Outputs, predicted: np.ndarray) -> Columns:
    """Prediction, confidence and the probability of each class; then set or interval, if the model has them.

    ``predicted`` are probabilities (n, n_classes) or values (n,), as of :meth:`SavedModel.predict_rows`.
    """
    if model.manifest["task"] == "regression":
        return {"prediction": predicted, **_interval_columns(model.confidence, predicted)}
    codes = model.confidence.codes(predicted)
    columns = {"prediction": model.classes_[codes], "confidence": predicted[np.arange(len(predicted)), codes]}
    columns |= {f"probability_{name}": predicted[:, i] for i, name in enumerate(model.classes_)}
    return {**columns, **_set_columns(model, predicted)}


def _interval_columns(confidence: Confidence, predicted: np.ndarray) -> Columns:
    """The prediction interval, if the model was trained with a confidence level."""
    if confidence.half_width is None:
        return {}
    interval = confidence.interval(predicted)
    return {"low": interval[:, 0], "high": interval[:, 1]}


def _set_columns(model: Outputs, predicted: np.ndarray) -> Columns:
    """The prediction set and whether to refer, if the model was trained with a confidence level."""
    confidence = model.confidence
    if confidence.least_probabilities is None:
        return {}
    sets = confidence.sets(predicted)
    return {
        "prediction_set": _joined(sets, model.classes_),
        "refer": refer(sets, confidence.codes(predicted)),
    }


def _joined(sets: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Each set as text; there are few distinct sets, so each is written once."""
    if not len(sets):
        return np.zeros(0, dtype=str)
    packed = np.packbits(sets, axis=1)
    keys = packed.view(f"S{packed.shape[1]}").ravel()  # rows of one length: NUL bytes at the end tell nothing
    _, first, codes = np.unique(keys, return_index=True, return_inverse=True)
    return np.array([BETWEEN_CLASSES.join(classes[row]) for row in sets[first]])[codes.ravel()]


def six_digits(values: npt.ArrayLike) -> np.ndarray:
    """Rounded to six significant digits, for people."""
    values = np.asarray(values)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        places = 5 - np.floor(np.log10(np.abs(values)))
        usual = np.isfinite(places) & (np.abs(places) <= 22)
        scale = 10.0 ** np.where(usual, np.abs(places), 0)
        rounded = np.where(places >= 0, np.rint(values * scale) / scale, np.rint(values / scale) * scale)
    return np.where(usual, rounded, values)
