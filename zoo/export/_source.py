"""What is exported: a saved model, loaded once, with its inputs by name; it is a format too, to be proved."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ...datasets import ColumnReader, as_texts
from ..artefact import load, load_keras, load_skops, read_manifest
from ..artefact.signature import ROLES, Confidence, column_reader, confidence_of
from ..calibration.conformal import ROUNDING
from ..preprocessing.tables import input_names, raw_column
from ..results.models import InputKind, Manifest
from ._formats import Arrays, CannotHold, Predict, Request

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from ..artefact import RawRows, SavedModel

# Facts of the saved model as a format, see _formats.py.
TOLERANCE = 1e-5
LIBRARIES = ("tensorflow", "keras", "sklearn", "skops")
NEEDS_DEEPWORTH = True

SLACK = ROUNDING  # exports compute in single precision, as networks do
DTYPES: dict[InputKind, str] = {
    "number": "float64",
    "date": "float64",
    "category": "string",
    "text": "string",
    "image": "uint8",
}

CELLS = (
    "A missing number or date is NaN, a missing category or text is an empty string. Unlike deepworth when "
    "it reads raw rows, exports do not strip spaces around a category and do not read NA, nan, ? or NULL as "
    "missing: clean strings before they are sent. Levels are spelled as deepworth keeps them: a whole number "
    "without a point (1, not 1.0), a truth value as True or False. Numbers and dates are sent as numbers, so "
    "that units, thousands marks and spellings of dates are the sender's to read."
)


@dataclass(frozen=True)
class Field:
    """An input of an export: the column it takes, its name there, its kind and dtype.

    Dates are seconds since 1970-01-01 UTC; a missing number or date is NaN, a missing category or text "".
    """

    column: str
    input: str
    kind: InputKind
    reader: ColumnReader

    @property
    def dtype(self) -> str:
        return DTYPES[self.kind]


@dataclass(frozen=True)
class Source:
    """A saved model with its parts.

    Attributes
    ----------
    path : Path
    manifest : Manifest
    confidence : Confidence
    keras : keras.Model or None
        From raw inputs to probabilities or values.
    sklearn : BaseEstimator or None
        From raw rows, where the model is no network.
    fields : tuple of Field
        The inputs of an export.
    """

    path: Path
    manifest: Manifest
    confidence: Confidence
    keras: Any
    sklearn: Any
    fields: tuple[Field, ...]

    @property
    def task(self) -> str:
        return str(self.manifest["task"])

    @property
    def modality(self) -> str:
        return str(self.manifest["modality"])

    @property
    def classes(self) -> list[str]:
        return [str(c) for c in self.manifest["classes"]]

    @property
    def channels(self) -> int:
        """Channels of the images."""
        return int(self.manifest["inputs"][0]["channels"])

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of images after resizing."""
        for layer in self.keras.operations if self.keras is not None else ():
            if type(layer).__name__ == "ResizeImage":
                return layer.height, layer.width
        steps = dict(getattr(self.sklearn, "steps", ()))
        return getattr(steps.get("samesize"), "size_", (8, 8))

    @property
    def beyond_probabilities(self) -> tuple[str, ...]:
        """What a format leaves out that only has probabilities or values, with the numbers for it."""
        confidence = self.confidence
        if self.task == "regression":
            width = confidence.half_width
            return () if width is None else (f"interval: the value minus and plus {_width(confidence)}",)
        label = "label: the most probable class"
        if confidence.threshold is not None:
            positive, threshold = self.classes[confidence.positive], confidence.threshold
            label = (
                f"label: {positive!r} where its probability is at least {threshold!r}, else the other class"
            )
        if confidence.least_probabilities is None:
            return (label,)
        least = dict(zip(self.classes, np.asarray(confidence.least_probabilities).tolist(), strict=True))
        classes = f"classes with at least these probabilities {least}, else the most probable class"
        return label, f"prediction set: {classes}"

    def network(self) -> Any:
        """The Keras model; CannotHold for a model of scikit-learn."""
        if self.keras is None:
            raise CannotHold("a scikit-learn model has no TensorFlow graph")
        return self.keras

    def raw(self, X: Any) -> dict[str, np.ndarray]:
        """Raw rows as the arrays that exports take, first axis n_samples."""
        if self.modality == "tabular":
            return {f.input: raw_column(X[f.column], f.reader) for f in self.fields}
        if self.modality == "text":
            return {"text": as_texts(X).to_numpy(dtype=object)}
        return {"image": X}

    def predictions(self, X: RawRows) -> dict[str, np.ndarray]:
        """Predictions of the saved model, with which those of every export are compared."""
        return self.predictions_of(load(self.path), X)

    def predictions_of(self, model: SavedModel | BaseEstimator, X: RawRows) -> dict[str, np.ndarray]:
        """Predictions of the saved model, or of the estimator that it was saved from, by output."""
        predict = getattr(model, "predict_rows", None)  # without warnings: proofs hold unseen levels
        if self.task == "regression":
            return {"value": np.asarray((predict or model.predict)(X), np.float64)}
        probabilities = np.asarray((predict or model.predict_proba)(X), np.float64)
        names = np.array(self.classes, dtype=str)
        return {"probabilities": probabilities, "label": names[self.confidence.codes(probabilities)]}


def raw_rows(rows: Arrays, columns: Mapping[str, tuple[str, str]]) -> RawRows:
    """A batch of an export as raw rows: a table with its dates and missing cells, or images.

    ``columns`` has the raw column and its kind by input name. The opposite of :meth:`Source.raw`.
    """
    if any(kind == "image" for _, kind in columns.values()):
        return next(iter(rows.values()))
    table = {}
    for name, values in rows.items():
        column, kind = columns[name]
        cells = pd.Series(_dates(values) if kind == "date" else values)
        table[column] = cells.mask(values == "", None) if kind == "category" else cells
    return pd.DataFrame(table)


def _dates(seconds: np.ndarray) -> np.ndarray:
    """Seconds since 1970 as dates, NaT for NaN."""
    microseconds = np.where(np.isnan(seconds), 0.0, seconds) * 1e6
    dates = np.rint(microseconds).astype(np.int64).astype("datetime64[us]")
    return np.where(np.isnan(seconds), np.datetime64("NaT"), dates)


def read(folder: Path, request: Request) -> Predict:
    """deepworth, which loads the saved model."""
    model = load(folder)

    def predict(rows: Arrays) -> Arrays:
        X = raw_rows(rows, request["columns"])
        if request["output"] == "value":
            return {"value": model.predict(X)}
        return {"probabilities": model.predict_proba(X)}

    return predict


def _width(confidence: Confidence) -> str:
    """Half the width of an interval in words."""
    spread, width = confidence.spread, confidence.half_width
    if spread.constant:
        return repr(width)
    lines = ", ".join(f"{knot!r}: {size!r}" for knot, size in zip(spread.knots, spread.sizes, strict=True))
    return f"{width!r} times the size at the value, in straight lines between {{{lines}}}, level outside"


def open_source(path: str | os.PathLike[str]) -> Source:
    """Load a saved model; hashes and types are checked before anything is built."""
    folder = Path(path)
    manifest = read_manifest(folder)
    keras = sklearn = None
    if "model.keras" in manifest["files"]:
        keras = load_keras(folder / "model.keras")
    else:
        sklearn = load_skops(folder / "model.skops")
    return Source(
        folder, manifest, confidence_of(manifest), keras, sklearn, _fields(manifest, keras, sklearn)
    )


def _fields(manifest: Manifest, keras: Any, sklearn: Any) -> tuple[Field, ...]:
    inputs = manifest["inputs"]
    if manifest["modality"] != "tabular":
        kind = inputs[0]["kind"]
        return (Field(inputs[0]["name"], manifest["modality"], kind, ColumnReader(ROLES.get(kind, "text"))),)
    if keras is not None:
        return tuple(
            Field(c["name"], str(c["input"]), c["kind"], column_reader(c)) for c in inputs if c.get("input")
        )
    encoder = sklearn.steps[0][1] if hasattr(sklearn, "steps") else None
    roles = getattr(encoder, "roles_", None)
    kinds = {role: kind for kind, role in ROLES.items()}
    names = input_names([c["name"] for c in inputs])
    return tuple(
        Field(c["name"], name, kinds[roles[c["name"]]] if roles is not None else c["kind"], column_reader(c))
        for c, name in zip(inputs, names, strict=True)
        if roles is None or c["name"] in roles
    )
