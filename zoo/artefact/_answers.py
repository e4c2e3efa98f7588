"""Answers of a saved model as named columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..calibration._conformal import refer
from ._load import SavedModel

BETWEEN_CLASSES = "|"


def answer_columns(model: SavedModel, found: np.ndarray) -> dict[str, Any]:
    """Prediction, confidence and a probability a class; what a confidence level adds.

    Parameters
    ----------
    found : ndarray of shape (n, n_classes) or (n,)
        Probabilities or values, as :meth:`SavedModel.answer` gives them.
    """
    if model.manifest["task"] == "regression":
        return {"prediction": found, **confidence_columns(model, found)}
    said = model.confidence.codes(found)
    shares = {f"probability_{c}": found[:, i] for i, c in enumerate(model.classes_)}
    named = {"prediction": model.classes_[said], "confidence": found[np.arange(len(found)), said]}
    return {**named, **shares, **confidence_columns(model, found)}


def confidence_columns(model: SavedModel, prediction: np.ndarray) -> dict[str, Any]:
    """A set and whether to refer, or an interval; nothing for a model that was trained without.

    Parameters
    ----------
    prediction : ndarray of shape (n, n_classes) or (n,)
        Probabilities or values.
    """
    known = model.confidence
    if model.manifest["task"] == "regression":
        if known.half_width is None:
            return {}
        interval = known.interval(prediction)
        return {"low": interval[:, 0], "high": interval[:, 1]}
    if known.least_probabilities is None:
        return {}
    sets = known.sets(prediction)
    return {
        "prediction_set": _joined(sets, model.classes_),
        "refer": refer(sets, known.codes(prediction)),
    }


def _joined(sets: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The names of each set; there are few different sets, so each is written once."""
    if not len(sets):
        return np.zeros(0, dtype=str)
    packed = np.packbits(sets, axis=1)
    keys = pd.Series(packed[:, 0] if packed.shape[1] == 1 else [row.tobytes() for row in packed])
    places = pd.factorize(keys)[0]
    firsts = np.flatnonzero(~keys.duplicated())
    return np.array([BETWEEN_CLASSES.join(classes[row]) for row in sets[firsts]])[places]
