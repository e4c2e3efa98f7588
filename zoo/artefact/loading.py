"""Load a saved model and let it predict raw rows."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from ...datasets import InputError, as_pandas, as_texts
from ..preprocessing.images import with_channels
from ..preprocessing.tables import MISSING, raw_column
from ..results.models import InputColumn, Manifest
from .formats import load_keras, load_skops
from .inspecting import check_libraries
from .manifest import read_manifest
from .signature import (
    CellTally,
    Confidence,
    RawRows,
    checked_images,
    column_reader,
    confidence_of,
    read_table,
    unused_columns,
)

if TYPE_CHECKING:
    import keras
    import tensorflow as tf
    from sklearn.base import BaseEstimator

Predictor: TypeAlias = Callable[[Any], np.ndarray]
"""From checked rows to probabilities (n_samples, n_classes) or values, float64."""

# Numbers that the widest layer may hold at once. More rows per call make a table no faster.
_NUMBERS_AT_ONCE = 2**23
_ROWS = (16, 8192)


class SavedModel:
    """A saved model: raw rows in, classes, probabilities or values out. :func:`load` makes one.

    Attributes
    ----------
    manifest : Manifest
        What ``manifest.json`` says: inputs, classes, scores, versions.
    classes_ : ndarray of str, shape (n_classes,)
        Empty for regression.
    confidence : Confidence
        Threshold, prediction sets and intervals, if the model was trained with them.
    content : keras.Model or BaseEstimator
        What the file contains: a Keras model from raw inputs, or a scikit-learn pipeline.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from deepworth.zoo.artefact import load, save
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = load(save(GaussianNB().fit(X, y), tempfile.mkdtemp() + "/iris", X=X, y=y))
    >>> model.predict(X[:2]).tolist()
    ['0', '0']
    >>> model.predict_proba(X[:2]).shape
    (2, 3)
    """

    def __init__(
        self,
        manifest: Manifest,
        predictor: Predictor,
        confidence: Confidence,
        content: keras.Model | BaseEstimator,
    ) -> None:
        self.manifest, self.predictor, self.confidence = manifest, predictor, confidence
        self.content = content
        self.classes_ = np.array(manifest["classes"], dtype=str)

    def predict(self, X: RawRows) -> np.ndarray:
        """Predict classes or values.

        Parameters
        ----------
        X : DataFrame, Series of str, or uint8 images
            n_samples raw rows, with the columns that the model was trained on.

        Returns
        -------
        ndarray of shape (n_samples,)
            Classes as str (by the decision threshold if the model has one), or values in units of the target.

        Raises
        ------
        InputError
            A column is missing, or a cell cannot be read; the message names column and row.
        """
        predicted = self._predict(X)
        if self.manifest["task"] == "regression":
            return predicted
        return self.classes_[self.confidence.codes(predicted)]

    def predict_proba(self, X: RawRows) -> np.ndarray:
        """Predict probabilities, (n_samples, n_classes) in the order of ``classes_``.

        Parameters are those of :meth:`predict`.

        Raises
        ------
        InputError
            The model is a regression model, or the rows do not fit.
        """
        if self.manifest["task"] == "regression":
            raise InputError("a regression model has no probabilities; use predict")
        return self._predict(X)

    def predict_set(self, X: RawRows) -> np.ndarray:
        """Predict sets of classes at the model's confidence level, bool (n_samples, n_classes).

        Parameters are those of :meth:`predict`.

        Raises
        ------
        InputError
            The model was trained without a confidence level, or the rows do not fit.
        """
        return self.confidence.sets(self.predict_proba(X))

    def predict_interval(self, X: RawRows) -> np.ndarray:
        """Predict intervals at the model's confidence level, (n_samples, 2) in units of the target.

        Parameters are those of :meth:`predict`.

        Raises
        ------
        InputError
            The model was trained without a confidence level, or the rows do not fit.
        """
        return self.confidence.interval(self.predict(X))

    def predict_rows(self, X: RawRows, first_row: int = 0, tally: CellTally | None = None) -> np.ndarray:
        """Probabilities (n_samples, n_classes) or values (n_samples,), without warnings.

        ``first_row`` is added to row numbers, where ``X`` is a part of a table; ``tally`` counts cells that
        could not be read.
        """
        rows = self.checked(X, first_row, tally)
        try:
            predicted = self.predictor(rows)
        except Exception as error:  # the rows are valid, so it is the model
            first = (str(error).strip().splitlines() or [""])[0]
            raise InputError(
                f"the model fails on valid rows: {type(error).__name__}: {first[:200]}"
            ) from error
        return self._checked_prediction(predicted, len(rows))

    def _checked_prediction(self, predicted: np.ndarray, n_rows: int) -> np.ndarray:
        """A prediction of the right shape without NaN; the file of a model may contain another one."""
        n_classes = len(self.classes_)
        if not isinstance(predicted, np.ndarray) or predicted.dtype.kind not in "fiu":
            raise InputError("the model is broken: it predicts something else than numbers")
        if not n_classes and predicted.shape == (n_rows, 1):
            predicted = predicted[:, 0]
        if predicted.shape != ((n_rows, n_classes) if n_classes else (n_rows,)):
            raise InputError(f"the model is broken: shape {predicted.shape} for {n_rows} rows")
        if not np.isfinite(predicted).all():
            raise InputError("the model is broken: it predicts NaN or infinity")
        return predicted

    def _predict(self, X: RawRows) -> np.ndarray:
        X = as_pandas(X)
        columns = list(X.columns) if isinstance(X, pd.DataFrame) else []
        if len(columns) > 1 and (note := unused_columns(self.manifest, columns)):
            warnings.warn(note, stacklevel=3)
        tally = CellTally()
        predicted = self.predict_rows(X, tally=tally)
        for message in tally.messages():
            warnings.warn(message, stacklevel=3)
        return predicted

    def checked(self, X: RawRows, first_row: int = 0, tally: CellTally | None = None) -> Any:
        """Rows as the model reads them: its columns with their kinds; InputError for what does not fit."""
        modality, X = self.manifest["modality"], as_pandas(X)
        if modality == "tabular":
            if not isinstance(X, pd.DataFrame):
                X = _as_table(np.asarray(X), self.manifest["inputs"])
            return read_table(X, self.manifest["inputs"], first_row, tally)
        if modality == "text":
            return _texts(X, self.manifest["inputs"][0])
        return checked_images(X, first_row)


class SavedNetwork(SavedModel):
    """A saved network, whose Keras model can be used too."""

    def keras_model(self) -> keras.Model:
        """The Keras model from raw inputs to probabilities (or values), preprocessing inside."""
        return self.content

    def raw_arrays(self, X: RawRows) -> dict[str, np.ndarray]:
        """Raw rows as inputs of :meth:`keras_model` by name, each (n_samples, 1), or images of one size."""
        rows, manifest = self.checked(X), self.manifest
        if manifest["modality"] == "image":
            return {"image": with_channels(np.stack(list(rows)), manifest["inputs"][0]["channels"])}
        if manifest["modality"] == "text":
            return {"text": rows.to_numpy(dtype=object)[:, None]}
        used = [c for c in manifest["inputs"] if c.get("input")]
        return {str(c["input"]): raw_column(rows[c["name"]], column_reader(c))[:, None] for c in used}


def load(path: str | os.PathLike[str]) -> SavedModel:
    """Load a saved model.

    Hashes, versions and types are checked before anything is built, and no code from the folder is executed:
    it may come from an untrusted source.

    Parameters
    ----------
    path : path
        Folder that :func:`save` or ``deepworth train`` wrote.

    Returns
    -------
    SavedModel
        With ``predict`` and, for classification, ``predict_proba`` over raw rows.

    Raises
    ------
    InputError
        The folder is not a saved model, was changed, names types that are not trusted, or was saved with a
        newer major version of Keras or scikit-learn.

    Warns
    -----
    UserWarning
        The installed Keras or scikit-learn may read the model differently.

    Examples
    --------
    >>> import tempfile
    >>> import deepworth
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> folder = deepworth.save(GaussianNB().fit(X, y), tempfile.mkdtemp() + "/iris", X=X, y=y)
    >>> deepworth.load(folder).predict(X[:2]).tolist()
    ['0', '0']
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    check_libraries(manifest)
    confidence = confidence_of(manifest)
    if "model.keras" in manifest["files"]:  # the calibrator is inside
        network = load_keras(folder / "model.keras")
        return SavedNetwork(manifest, NetworkPredictor(network, manifest), confidence, network)
    pipeline = load_skops(folder / "model.skops")
    if manifest["task"] != "regression" and _classes_of(pipeline) != manifest["classes"]:
        raise InputError("the model's classes are not those of its manifest; save it again")
    return SavedModel(manifest, _pipeline_predictor(pipeline, manifest, confidence), confidence, pipeline)


def _pipeline_predictor(model: Any, manifest: Manifest, confidence: Confidence) -> Predictor:
    """Probabilities or values of a scikit-learn model, without its warnings of unknown categories."""

    def predict(X: Any) -> np.ndarray:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Found unknown categories", UserWarning)
            if manifest["task"] == "regression":
                return np.asarray(model.predict(X), dtype=np.float64)
            return confidence.calibrator.transform(model.predict_proba(X))

    return predict


def _classes_of(model: Any) -> list[str]:
    """Names of a model's classes; a changed file may contain a model without any."""
    try:
        return [str(name) for name in model.classes_]
    except Exception as error:  # attributes of scikit-learn may be properties that fail in any way
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"the model has no classes: {first[:200]}; save it again") from error


def _as_table(values: np.ndarray, inputs: Sequence[InputColumn]) -> pd.DataFrame:
    """An array as a table, columns by position."""
    names = [c["name"] for c in inputs]
    if values.ndim != 2 or values.shape[1] != len(names):
        raise InputError(f"expected {len(names)} columns, {names}; got an array of shape {values.shape}")
    return pd.DataFrame(values, columns=names)


def _texts(X: Any, column: InputColumn) -> pd.Series:
    name = column["name"]
    if isinstance(X, pd.DataFrame):
        if name not in X.columns and X.shape[1] != 1:
            raise InputError(f"column {name!r} is missing; the model needs its texts")
        X = X[name] if name in X.columns else X.iloc[:, 0]
    read = column_reader(column).read(as_texts(X if isinstance(X, pd.Series) else list(X)))
    return as_texts(read.values)


class NetworkPredictor:
    """Predictions of a Keras model, (n, n_classes) or (n, 1) float64.

    Each distinct string of a column is looked up once: passing every cell to TensorFlow as a string took nine
    tenths of the time. So the graph is split behind the layers that read strings, and each part is compiled
    on its own. Layers and predictions are those of the whole model.
    """

    def __init__(self, model: keras.Model, manifest: Manifest) -> None:
        import tensorflow as tf

        self._manifest = manifest
        self._rows = _rows_at_once(model)
        self._lookups: dict[str, Any] = {}
        parts = _split(model) if manifest["modality"] == "tabular" else None
        if parts is None:
            self._call = _compiled(tf, model)
            return
        lookups, rest, names = parts
        self._lookups = {name: _compiled(tf, lookup) for name, lookup in lookups.items()}
        self._call = _compiled(
            tf, lambda inputs, training: rest([inputs[n] for n in names], training=training)
        )

    def __call__(self, X: Any) -> np.ndarray:
        if self._manifest["modality"] == "image":
            return self._images(X)
        starts = range(0, len(X), self._rows)
        parts = [self._run(self._arrays(X.iloc[i : i + self._rows])) for i in starts]
        return np.concatenate(parts) if parts else np.zeros((0, max(1, len(self._manifest["classes"]))))

    def graph(self, X: Any) -> tf.Graph:
        """The TensorFlow graph for one row of X, without the lookups of strings."""
        if self._manifest["modality"] == "image":
            one = {"image": with_channels(np.stack([X[0]]), self._manifest["inputs"][0]["channels"])}
        else:
            one = self._arrays(X.iloc[:1])
        return self._call.get_concrete_function({k: _tensor(v) for k, v in one.items()}).graph

    def _arrays(self, X: Any) -> dict[str, Any]:
        if self._manifest["modality"] == "text":
            return {"text": X.to_numpy(dtype=object)[:, None]}
        arrays: dict[str, Any] = {}
        for column in self._manifest["inputs"]:
            name = column.get("input")  # None where the network does not use the column
            if name in self._lookups:
                arrays |= self._look_up(str(name), X[column["name"]])
            elif name:
                arrays[name] = raw_column(X[column["name"]], column_reader(column))[:, None]
        return arrays

    def _look_up(self, name: str, values: pd.Series) -> dict[str, np.ndarray]:
        """A column of strings as numbers, each distinct string looked up once; `values` are read already."""
        if isinstance(values.dtype, pd.CategoricalDtype):
            used, codes = pd.factorize(values.cat.codes.to_numpy())
            cells = np.array([*values.cat.categories, MISSING], dtype=object)[codes]
        else:
            used, cells = pd.factorize(values.to_numpy(dtype=object, na_value=MISSING))
        codes = self._lookups[name](_tensor(cells[:, None]))
        codes = codes if isinstance(codes, (list, tuple)) else [codes]
        return {f"{name}/{i}": value.numpy()[used] for i, value in enumerate(codes)}

    def _images(self, X: Any) -> np.ndarray:
        """Images of one size together, in calls of a few."""
        channels = self._manifest["inputs"][0]["channels"]
        predicted = np.zeros((len(X), max(1, len(self._manifest["classes"]))))
        by_shape: dict[tuple[int, ...], list[int]] = {}
        for i, image in enumerate(X):
            by_shape.setdefault(image.shape, []).append(i)
        for rows in by_shape.values():
            for start in range(0, len(rows), self._rows):
                batch = rows[start : start + self._rows]
                images = with_channels(np.stack([X[i] for i in batch]), channels)
                predicted[batch] = self._run({"image": images})
        return predicted

    def _run(self, arrays: dict[str, np.ndarray]) -> np.ndarray:
        return self._call({k: _tensor(v) for k, v in arrays.items()}).numpy().astype(np.float64)


def _tensor(values: np.ndarray) -> Any:
    import tensorflow as tf

    return tf.constant(values.tolist() if values.dtype == object else values)


def _compiled(tf: Any, model: Any) -> Any:
    return tf.function(lambda inputs: model(inputs, training=False), reduce_retracing=True)


def _split(model: Any) -> tuple[dict[str, Any], Any, list[str]] | None:
    """A model from each string input to numbers, one for the rest, and the names of its inputs in order.

    None where there are no strings, or a layer makes strings of strings.
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
    if not strings or any(x.dtype == "string" for tensors in behind.values() for x in tensors):
        return None
    lookups = {name: keras.Model(strings[name], tensors) for name, tensors in behind.items() if tensors}
    rest = {name: x for name, x in inputs.items() if name not in strings}
    rest |= {f"{name}/{i}": x for name, tensors in behind.items() for i, x in enumerate(tensors)}
    return lookups, keras.Model(list(rest.values()), model.outputs[0]), list(rest)


def _rows_at_once(model: Any) -> int:
    """Rows per call, by the widest output of any layer."""
    widest = 1
    for layer in model._flatten_layers():
        widest = max(widest, int(getattr(layer, "numbers_a_row", 1)))  # where shapes leave the length open
        for node in getattr(layer, "_inbound_nodes", ()):
            for x in node.output_tensors:
                known = [n for n in x.shape[1:] if n is not None]
                widest = max(widest, int(np.prod(known, dtype=np.int64)) if known else 1)
    return int(np.clip(_NUMBERS_AT_ONCE // widest, *_ROWS))
