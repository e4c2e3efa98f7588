"""What is exported: a saved model, opened once.

What a format cannot hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ...datasets import Entry, as_texts, catalogue, find_entry
from ..artefact.confidence import Confidence, confidence_of
from ..artefact.formats import load_keras, load_skops
from ..artefact.loading import load
from ..artefact.manifest import read_manifest
from ..calibration.conformal import ROUNDING
from ..preprocessing.tables import input_names, raw_column
from ..results.models import Manifest

ROLES = {"number": "numeric", "date": "datetime", "category": "categorical", "text": "text"}
SLACK = ROUNDING  # exports compute in single precision, as networks do
DTYPES = {"number": "float64", "date": "float64", "category": "string", "text": "string", "image": "uint8"}

CELLS = (
    "as they are: a number or date that is missing is NaN, a category or text that is missing is an empty "
    "string. Spaces around a category are not taken away, and words such as NA, nan, ? or NULL are not read "
    "as missing, as deepworth does when it reads raw rows: clean strings before they are sent"
)


@dataclass(frozen=True)
class Field:
    """An input of an export: the column it takes, its name there, its kind and dtype.

    Dates are seconds since 1970-01-01 UTC; a missing number or date is NaN, a missing category or text "".
    """

    column: str
    input: str
    kind: str

    @property
    def dtype(self) -> str:
        return DTYPES[self.kind]


@dataclass(frozen=True)
class Source:
    """A saved model with its parts: the Keras model or the scikit-learn model, and its confidence."""

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
        """Of the images that it takes."""
        return int(self.manifest["inputs"][0]["channels"])

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width that the model sees after resizing."""
        for layer in self.keras.operations if self.keras is not None else ():
            if type(layer).__name__ == "ResizeImage":
                return layer.height, layer.width
        steps = dict(getattr(self.sklearn, "steps", ()))
        return getattr(steps.get("samesize"), "size_", (8, 8))

    @property
    def beyond_probabilities(self) -> list[str]:
        """What a format that answers with probabilities or values alone leaves out, with its numbers."""
        known = self.confidence
        if self.task == "regression":
            width = known.half_width
            return [] if width is None else [f"interval: the value less and plus {width!r}"]
        label = "label: the most probable of the classes"
        if known.threshold is not None:
            yes = self.classes[known.positive]
            label = f"label: {yes!r} where its probability is at least {known.threshold!r}, else the other"
        if known.least_probabilities is None:
            return [label]
        least = dict(zip(self.classes, np.asarray(known.least_probabilities).tolist(), strict=True))
        return [
            label,
            f"prediction set: classes with at least these probabilities {least}, else the likeliest",
        ]

    def network(self) -> Any:
        """The Keras model, or a refusal."""
        if self.keras is None:
            raise CannotHold("a scikit-learn model has no TensorFlow graph")
        return self.keras

    def raw(self, X: Any) -> dict[str, np.ndarray]:
        """Raw rows as the arrays that exports take, first axis n_samples."""
        if self.modality == "tabular":
            return {f.input: raw_column(X[f.column], ROLES[f.kind]) for f in self.fields}
        if self.modality == "text":
            return {"text": as_texts(X).to_numpy(dtype=object)}
        return {"image": X}

    def answers(self, X: Any) -> dict[str, Any]:
        """What the saved model says: the measured answers that every export is held against."""
        return self.answers_of(load(self.path), X)

    def answers_of(self, model: Any, X: Any) -> dict[str, Any]:
        """What ``model`` says, the saved one or the estimator that it was saved from: a row each."""
        if self.task == "regression":
            return {"value": np.asarray(model.predict(X), np.float64)}
        probabilities = np.asarray(model.predict_proba(X), np.float64)
        names = np.array(self.classes, dtype=str)
        return {"probabilities": probabilities, "label": names[self.confidence.codes(probabilities)]}


def open_source(path: str | Path) -> Source:
    """A saved model; hashes and types are checked before anything is built."""
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
        return (Field(inputs[0]["name"], manifest["modality"], inputs[0]["kind"]),)
    if keras is not None:
        return tuple(Field(c["name"], c["input"], c["kind"]) for c in inputs if c["input"])
    encoder = sklearn.steps[0][1] if hasattr(sklearn, "steps") else None
    roles = getattr(encoder, "roles_", None)
    kinds = {role: kind for kind, role in ROLES.items()}
    names = input_names([c["name"] for c in inputs])
    return tuple(
        Field(c["name"], name, kinds[roles[c["name"]]] if roles is not None else c["kind"])
        for c, name in zip(inputs, names, strict=True)
        if roles is None or c["name"] in roles
    )


class CannotHold(Exception):
    """The format has no form for this model; the message says why, as a row of the proof."""


def formats() -> dict[str, Entry]:
    """Every format by name: ``saved_model.py`` is ``saved_model``."""
    return {e.name.replace("-", "_"): e for e in catalogue(__package__, "write").values()}


def chosen(names: tuple[str, ...] | None) -> list[str]:
    """These formats, or all of them."""
    known = {name.replace("_", "-"): entry for name, entry in formats().items()}
    wanted = [find_entry(known, name, "format").name for name in names or known]
    return [name.replace("-", "_") for name in dict.fromkeys(wanted)]


def missing_requirement(name: str) -> str | None:
    """The line that says what to install, or None where all is there."""
    entry = formats()[name]
    for needed in entry.constant("REQUIRES", ()):
        if find_spec(needed) is None:
            return f"needs {needed}: pip install 'deepworth[{entry.constant('EXTRA')}]'"
    return None
