"""Open a saved model and let it answer raw rows.

A loaded Keras model as one compiled call over raw columns.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...datasets import InputError, as_texts
from ..preprocessing.images import with_channels
from ..preprocessing.tables import MISSING, raw_column
from .confidence import Confidence, confidence_of
from .formats import load_keras, load_skops
from .inputs import checked_images, checked_table
from .manifest import read_manifest
from .versions import check_libraries


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


ROLES = {"number": "numeric", "date": "datetime", "category": "categorical", "text": "text"}
# Numbers that the widest layer may hold at once. More rows a call make a table no faster.
_NUMBERS_AT_ONCE = 2**23
_ROWS = (16, 8192)


def raw_arrays(X: Any, manifest: dict[str, Any]) -> dict[str, np.ndarray]:
    """Checked rows as inputs of the whole Keras model by name, each (n_samples, 1), or pictures of one size.

    Columns that the network left out have no input.
    """
    if manifest["modality"] == "image":
        return {"image": with_channels(np.stack(list(X)), manifest["inputs"][0]["channels"])}
    if manifest["modality"] == "text":
        return {"text": X.to_numpy(dtype=object)[:, None]}
    used = [c for c in manifest["inputs"] if c["input"]]
    return {c["input"]: raw_column(X[c["name"]], ROLES[c["kind"]])[:, None] for c in used}


class Network:
    """Answers of a Keras model, (n, n_classes) or (n, 1) float64.

    Strings of a table are looked up once for each different one: handing every cell to TensorFlow as a string
    took nine tenths of the time. So the graph is cut behind the layers that read strings, and each part is a
    compiled call of its own. The layers, and so the answers, are those of the whole model.
    """

    def __init__(self, model: Any, manifest: dict[str, Any]) -> None:
        import tensorflow as tf

        self._manifest, self.model = manifest, model
        self._rows = _rows_at_once(model)
        self._readers: dict[str, Any] = {}
        cut = _cut(model) if manifest["modality"] == "tabular" else None
        if cut is None:
            self._call = _compiled(tf, model)
            return
        readers, rest, names = cut
        self._readers = {name: _compiled(tf, reader) for name, reader in readers.items()}
        self._call = _compiled(
            tf, lambda inputs, training: rest([inputs[n] for n in names], training=training)
        )

    def __call__(self, X: Any) -> np.ndarray:
        if self._manifest["modality"] == "image":
            return self._images(X)
        parts = [self._answer(X.iloc[i : i + self._rows]) for i in range(0, len(X), self._rows)]
        return np.concatenate(parts) if parts else np.zeros((0, max(1, len(self._manifest["classes"]))))

    def graph(self, X: Any) -> Any:
        """The graph that answers one row of X, behind what reads strings."""
        if self._manifest["modality"] == "image":
            one = {"image": with_channels(np.stack([X[0]]), self._manifest["inputs"][0]["channels"])}
        else:
            one = self._arrays(X.iloc[:1])
        return self._call.get_concrete_function({k: _tensor(v) for k, v in one.items()}).graph

    def _answer(self, X: Any) -> np.ndarray:
        return self._run(self._call, self._arrays(X))

    def _arrays(self, X: Any) -> dict[str, Any]:
        if self._manifest["modality"] == "text":
            return {"text": X.to_numpy(dtype=object)[:, None]}
        arrays: dict[str, Any] = {}
        for column in self._manifest["inputs"]:
            name = column["input"]  # None where the network leaves the column out
            if name in self._readers:
                arrays |= self._read_once(name, X[column["name"]], column["kind"])
            elif name:
                arrays[name] = raw_column(X[column["name"]], ROLES[column["kind"]])[:, None]
        return arrays

    def _read_once(self, name: str, values: pd.Series, kind: str) -> dict[str, np.ndarray]:
        """What the graph behind the cut reads of a column of strings."""
        if isinstance(values.dtype, pd.CategoricalDtype):
            used, codes = pd.factorize(values.cat.codes.to_numpy())
            levels = raw_column(pd.Series(values.cat.categories), ROLES[kind])
            cells = np.append(levels, np.array([MISSING], dtype=object))[codes]
        else:
            used, cells = pd.factorize(raw_column(values, ROLES[kind]))
        found = self._readers[name](_tensor(cells[:, None]))
        found = found if isinstance(found, (list, tuple)) else [found]
        return {f"{name}/{i}": value.numpy()[used] for i, value in enumerate(found)}

    def _images(self, X: Any) -> np.ndarray:
        """Images of one size together, in calls of a few."""
        channels = self._manifest["inputs"][0]["channels"]
        answers = np.zeros((len(X), max(1, len(self._manifest["classes"]))))
        places: dict[tuple[int, ...], list[int]] = {}
        for i, image in enumerate(X):
            places.setdefault(image.shape, []).append(i)
        for same in places.values():
            for start in range(0, len(same), self._rows):
                some = same[start : start + self._rows]
                images = with_channels(np.stack([X[i] for i in some]), channels)
                answers[some] = self._run(self._call, {"image": images})
        return answers

    def _run(self, call: Any, arrays: dict[str, np.ndarray]) -> np.ndarray:
        return call({k: _tensor(v) for k, v in arrays.items()}).numpy().astype(np.float64)


def _tensor(values: np.ndarray) -> Any:
    import tensorflow as tf

    return tf.constant(values.tolist() if values.dtype == object else values)


def _compiled(tf: Any, model: Any) -> Any:
    return tf.function(lambda inputs: model(inputs, training=False), reduce_retracing=True)


def _cut(model: Any) -> tuple[dict[str, Any], Any, list[str]] | None:
    """A model for each string input, up to numbers, one for the rest, and the names of its inputs in order.

    None where the graph cannot be cut: a layer between makes strings of strings, or there are no strings.
    """
    import keras

    inputs = {x.name: x for x in model.inputs}
    strings = {name: x for name, x in inputs.items() if x.dtype == "string"}
    behind: dict[str, list[Any]] = {name: [] for name in strings}
    names = {id(x): name for name, x in strings.items()}
    for operation in model.operations:
        for node in operation._inbound_nodes:
            for x in node.input_tensors:
                if id(x) in names:
                    behind[names[id(x)]] += node.output_tensors
    if not strings or any(x.dtype == "string" for found in behind.values() for x in found):
        return None
    readers = {name: keras.Model(strings[name], found) for name, found in behind.items() if found}
    rest = {name: x for name, x in inputs.items() if name not in strings}
    rest |= {f"{name}/{i}": x for name, found in behind.items() for i, x in enumerate(found)}
    return readers, keras.Model(list(rest.values()), model.outputs[0]), list(rest)


def _rows_at_once(model: Any) -> int:
    """Rows a call, by the widest output of any layer."""
    widest = 1
    for layer in model._flatten_layers():
        for node in getattr(layer, "_inbound_nodes", ()):
            for x in node.output_tensors:
                known = [n for n in x.shape[1:] if n is not None]
                widest = max(widest, int(np.prod(known, dtype=np.int64)) if known else 1)
    return int(np.clip(_NUMBERS_AT_ONCE // widest, *_ROWS))
