"""Open a saved model and let it answer raw rows."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...datasets._errors import InputError
from ...datasets._text import as_texts
from ._confidence import Confidence, confidence_of
from ._formats import load_keras, load_skops
from ._inputs import checked_images, checked_table
from ._manifest import read_manifest
from ._network import Network, raw_arrays
from ._versions import check_libraries


class SavedModel:
    """A model from disk: raw rows in, names and probabilities out.

    Attributes
    ----------
    manifest : dict
    classes_ : ndarray of str, shape (n_classes,)
        Empty for regression.
    confidence : Confidence
        Threshold, prediction sets and intervals, where the model was trained with them.
    content : object
        What the file held: a Keras model from raw inputs, or a scikit-learn pipeline.
    """

    def __init__(
        self, manifest: dict[str, Any], answer: Any, confidence: Confidence, content: Any = None
    ) -> None:
        self.manifest, self._answer, self.confidence = manifest, answer, confidence
        self.content = content
        self.classes_ = np.array(manifest["classes"], dtype=str)

    @property
    def model(self) -> Any:
        """What the file holds: a Keras model, or a scikit-learn estimator."""
        return self._answer.model

    def predict(self, X: Any) -> np.ndarray:
        """Class names (by the threshold where costs were stated), or values in the target's units."""
        found = self._told(X)
        return found if self.manifest["task"] == "regression" else self.classes_[self.confidence.codes(found)]

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
        return self._told(X)

    def answer(self, X: Any, first_row: int = 0) -> np.ndarray:
        """Probabilities (n_samples, n_classes), or values (n_samples,), without a word about extra columns.

        ``first_row`` is added to the numbers of rows in errors: ``X`` may be a part of a table.
        """
        rows = self.checked(X, first_row)
        try:
            found = self._answer(rows)
        except Exception as error:  # the rows are sound, so it is the model
            first = (str(error).strip().splitlines() or [""])[0]
            raise InputError(
                f"the model fails on sound rows: {type(error).__name__}: {first[:200]}"
            ) from error
        return self._sound(found, len(rows))

    def _sound(self, found: np.ndarray, n_rows: int) -> np.ndarray:
        """Answers of the right shape, all of them numbers; a file may hold a model that gives others."""
        classes = len(self.classes_)
        if found.ndim == 2 and not classes:
            found = found[:, 0]
        if found.shape != ((n_rows, classes) if classes else (n_rows,)):
            raise InputError(f"the model gives answers of shape {found.shape} to {n_rows} rows; it is broken")
        if not np.isfinite(found).all():
            raise InputError("the model gives answers that are no numbers; it is broken")
        return found

    def _told(self, X: Any) -> np.ndarray:
        if isinstance(X, pd.DataFrame):
            known = {c["name"] for c in self.manifest["inputs"]}
            extra = [str(c) for c in X.columns if str(c) not in known]
            if extra and len(X.columns) > 1:
                warnings.warn(f"columns that the model does not read were ignored: {extra[:5]}", stacklevel=3)
        return self.answer(X)

    def checked(self, X: Any, first_row: int = 0) -> Any:
        """Rows as the model reads them: its columns, with their kinds; what does not fit is refused."""
        modality = self.manifest["modality"]
        if modality == "tabular":
            if not isinstance(X, pd.DataFrame):
                X = _named(np.asarray(X), self.manifest["inputs"])
            return checked_table(X, self.manifest["inputs"], first_row)
        if modality == "text":
            return _texts(X, self.manifest["inputs"][0]["name"])
        return checked_images(X, first_row)


class SavedNetwork(SavedModel):
    """A saved network, which can also be opened."""

    def keras_model(self) -> Any:
        """The Keras model from raw inputs to probabilities (or values), preprocessing inside."""
        return self.content

    def raw_arrays(self, X: Any) -> dict[str, np.ndarray]:
        """Raw rows as the inputs of :meth:`keras_model` by name."""
        return raw_arrays(self.checked(X, 0), self.manifest)


def load(path: str | os.PathLike[str]) -> SavedModel:
    """Open a saved model. Hashes, versions and types are checked before anything is built."""
    folder = Path(path)
    manifest = read_manifest(folder)
    check_libraries(manifest)
    confidence = confidence_of(manifest)
    if "model.keras" in manifest["files"]:  # the calibrator is inside
        network = load_keras(folder / "model.keras")
        return SavedNetwork(manifest, Network(network, manifest), confidence, network)
    pipeline = load_skops(folder / "model.skops")
    return SavedModel(manifest, _skops_answer(pipeline, manifest, confidence), confidence, pipeline)


def _skops_answer(model: Any, manifest: dict[str, Any], confidence: Confidence) -> Any:
    """Unknown categories are told by scikit-learn for every call; they are expected here."""

    def said(X: Any) -> np.ndarray:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Found unknown categories", UserWarning)
            if manifest["task"] == "regression":
                return np.asarray(model.predict(X), dtype=np.float64)
            return confidence.calibrator.transform(model.predict_proba(X))

    if manifest["task"] != "regression" and _classes_of(model) != manifest["classes"]:
        raise InputError("the model's classes are not those of its manifest; save it again")
    answer: Any = said
    answer.model = model
    return answer


def _classes_of(model: Any) -> list[str]:
    """Names of a model's classes; a changed file may hold a model that has none, or has them broken."""
    try:
        return [str(name) for name in model.classes_]
    except Exception as error:  # attributes of scikit-learn may be properties that fail in any way
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"the model has no classes: {first[:200]}; save it again") from error


def _named(values: np.ndarray, inputs: list[dict[str, Any]]) -> pd.DataFrame:
    """An array as a table, by position."""
    names = [c["name"] for c in inputs]
    if values.ndim != 2 or values.shape[1] != len(names):
        raise InputError(f"expected rows of {len(names)} columns, {names}; got an array {values.shape}")
    return pd.DataFrame(values, columns=names)


def _texts(X: Any, name: str) -> pd.Series:
    if isinstance(X, pd.DataFrame):
        if name not in X.columns and X.shape[1] != 1:
            raise InputError(f"column {name!r} is missing; the model reads texts from it")
        X = X[name] if name in X.columns else X.iloc[:, 0]
    return as_texts(X if isinstance(X, pd.Series) else list(X))
