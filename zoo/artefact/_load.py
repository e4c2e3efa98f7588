"""Open a saved model and let it answer raw rows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...datasets._errors import InputError
from ...datasets._text import as_texts
from ..preprocessing.tables import raw_column
from ._confidence import Confidence, confidence_of
from ._formats import load_keras, load_skops
from ._inputs import checked_table
from ._manifest import read_manifest
from ._versions import check_libraries

_ROLES = {"number": "numeric", "date": "datetime", "category": "categorical", "text": "text"}
_CHUNK = 1024


class SavedModel:
    """A model from disk: raw rows in, names and probabilities out.

    Attributes
    ----------
    manifest : dict
    classes_ : ndarray of str, shape (n_classes,)
        Empty for regression.
    confidence : Confidence
        Threshold, prediction sets and intervals, where the model was trained with them.
    """

    def __init__(self, manifest: dict[str, Any], answer: Any, confidence: Confidence) -> None:
        self.manifest, self._answer, self.confidence = manifest, answer, confidence
        self.classes_ = np.array(manifest["classes"], dtype=str)

    def predict(self, X: Any) -> np.ndarray:
        """Class names (by the threshold where costs were stated), or values in the target's units."""
        if self.manifest["task"] == "regression":
            return self._answer(self._checked(X))
        return self.classes_[self.confidence.codes(self.predict_proba(X))]

    def predict_set(self, X: Any) -> np.ndarray:
        """Which classes are plausible at the model's confidence level: bool (n_samples, n_classes)."""
        return self.confidence.sets(self.predict_proba(X))

    def predict_interval(self, X: Any) -> np.ndarray:
        """Low and high at the model's confidence level, (n_samples, 2), in the target's units."""
        return self.confidence.interval(self.predict(X))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (n_samples, n_classes) in the order of ``classes_``."""
        if self.manifest["task"] == "regression":
            raise InputError("a regression model gives values, not probabilities")
        return self._answer(self._checked(X))

    def _checked(self, X: Any) -> Any:
        modality = self.manifest["modality"]
        if modality == "tabular":
            if not isinstance(X, pd.DataFrame):
                X = pd.DataFrame(np.asarray(X), columns=[c["name"] for c in self.manifest["inputs"]])
            return checked_table(X, self.manifest["inputs"])
        if modality == "text":
            return _texts(X, self.manifest["inputs"][0]["name"])
        return X


def load(path: str | os.PathLike[str]) -> SavedModel:
    """Open a saved model. Hashes, versions and types are checked before anything is built."""
    folder = Path(path)
    manifest = read_manifest(folder)
    check_libraries(manifest)
    confidence = confidence_of(manifest)
    if "model.keras" in manifest["files"]:  # the calibrator is inside
        answer = _keras_answer(load_keras(folder / "model.keras"), manifest)
    else:
        answer = _skops_answer(load_skops(folder / "model.skops"), manifest, confidence)
    return SavedModel(manifest, answer, confidence)


def _skops_answer(model: Any, manifest: dict[str, Any], confidence: Confidence) -> Any:
    if manifest["task"] == "regression":
        return lambda X: np.asarray(model.predict(X), dtype=np.float64)
    if [str(c) for c in model.classes_] != manifest["classes"]:
        raise InputError("the model's classes are not those of its manifest; save it again")
    return lambda X: confidence.calibrator.transform(model.predict_proba(X))


def _keras_answer(model: Any, manifest: dict[str, Any]) -> Any:
    """A compiled call in chunks; images of different sizes go one by one."""
    import tensorflow as tf

    compiled = tf.function(lambda inputs: model(inputs, training=False), reduce_retracing=True)

    def call(arrays: dict[str, np.ndarray]) -> np.ndarray:
        tensors = {k: tf.constant(v.tolist() if v.dtype == object else v) for k, v in arrays.items()}
        return compiled(tensors).numpy().astype(np.float64)

    def answer(X: Any) -> np.ndarray:
        n_rows = len(X)
        alone = manifest["modality"] == "image" and np.asarray(X, dtype=object).ndim == 1
        step = 1 if alone else _CHUNK
        parts = [call(_arrays(_rows(X, i, i + step), manifest)) for i in range(0, n_rows, step)]
        outputs = np.concatenate(parts) if parts else np.zeros((0, max(1, len(manifest["classes"]))))
        return outputs[:, 0] if manifest["task"] == "regression" else outputs

    return answer


def _rows(X: Any, start: int, stop: int) -> Any:
    return X.iloc[start:stop] if hasattr(X, "iloc") else X[start:stop]


def _arrays(X: Any, manifest: dict[str, Any]) -> dict[str, np.ndarray]:
    """Rows in the form of the Keras inputs; columns that the network left out have no input."""
    if manifest["modality"] == "image":
        from ..preprocessing.images import with_channels

        return {"image": with_channels(np.stack(list(X)), manifest["inputs"][0]["channels"])}
    if manifest["modality"] == "text":
        return {"text": X.to_numpy(dtype=object)[:, None]}
    used = [c for c in manifest["inputs"] if c["input"]]
    return {c["input"]: raw_column(X[c["name"]], _ROLES[c["kind"]])[:, None] for c in used}


def _texts(X: Any, name: str) -> pd.Series:
    if isinstance(X, pd.DataFrame):
        if name not in X.columns and X.shape[1] != 1:
            raise InputError(f"column {name!r} is missing; the model reads texts from it")
        X = X[name] if name in X.columns else X.iloc[:, 0]
    return as_texts(X if isinstance(X, pd.Series) else list(X))
