"""The parts of a trained network: raw rows to encoded inputs, and these to linear outputs.

They are found in what a saved model and a fitted estimator both have, the Keras model from raw inputs to
predictions (``keras_model()``): it contains the preprocessing as layers, then the network as one layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, cast

import keras
import numpy as np

from ...datasets import InputError
from ..preprocessing.terms import LETTERS

ENCODED = {"numeric", "categories", "image", "tokens", "weights"}
_CHUNK = 512


class KerasModelOwner(Protocol):
    """A fitted network or a saved one."""

    def keras_model(self) -> keras.Model: ...


@dataclass(frozen=True)
class Encoded:
    """An encoded number of a table: its raw column and its label."""

    column: str
    label: str


@dataclass(frozen=True)
class Network:
    """The parts of a trained network, as :func:`open_network` finds them.

    Attributes
    ----------
    inner : keras.Model
        From the arrays of :meth:`encode` to linear outputs (batch, units).
    encoder : keras.Model
        From raw inputs to these arrays.
    raw : callable
        From raw rows to raw inputs.
    task, modality : str
    classes : tuple of str
        Empty for regression.
    numeric : tuple of Encoded
        Columns of the array "numeric".
    categories : tuple
        Raw column and levels (from code 1 on) of each column of the array "categories".
    words : tuple of str
        Tokens by number; 0 is padding, and in the order of words 1 an unknown word.
    scale, offset : float
        Turn the linear output of a regression into units of the target.
    """

    inner: keras.Model
    encoder: keras.Model
    raw: Callable[[Any], dict[str, np.ndarray]]
    task: str
    modality: str
    classes: tuple[str, ...]
    numeric: tuple[Encoded, ...] = ()
    categories: tuple[tuple[str, tuple[str, ...]], ...] = ()
    words: tuple[str, ...] = ()
    scale: float = 1.0
    offset: float = 0.0

    def encode(self, X: Any) -> dict[str, np.ndarray]:
        """Raw rows as the arrays that the network takes; images of different sizes one by one."""
        one_by_one = self.modality == "image" and not (isinstance(X, np.ndarray) and X.ndim == 4)
        if one_by_one:
            X = _objects(X)
        step = 1 if one_by_one else _CHUNK
        starts = range(0, len(X), step)
        rows = [X.iloc[i : i + step] if hasattr(X, "iloc") else X[i : i + step] for i in starts]
        parts = [self._encoded(part) for part in rows]
        return {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}

    def _encoded(self, X: Any) -> dict[str, np.ndarray]:
        import tensorflow as tf

        arrays = {k: tf.constant(v.tolist() if v.dtype == object else v) for k, v in self.raw(X).items()}
        return {name: values.numpy() for name, values in self.encoder(arrays, training=False).items()}

    def outputs(self, arrays: dict[str, np.ndarray]) -> np.ndarray:
        """Linear outputs, float32 (n_samples, units)."""
        n_rows = len(next(iter(arrays.values())))
        parts = [
            self.inner({k: v[i : i + _CHUNK] for k, v in arrays.items()}, training=False).numpy()
            for i in range(0, n_rows, _CHUNK)
        ]
        return np.concatenate(parts)

    def predictions(self, outputs: np.ndarray) -> np.ndarray:
        """Linear outputs to probabilities (n_samples, n_classes) or values (n_samples,), float64."""
        scores = outputs.astype(np.float64)
        if self.task == "regression":
            return scores[:, 0] * self.scale + self.offset
        if len(self.classes) == 2:
            positive = 1.0 / (1.0 + np.exp(-np.clip(scores[:, 0], -500, 500)))
            return np.stack([1.0 - positive, positive], axis=1)
        exponential = np.exp(scores - scores.max(axis=1, keepdims=True))
        return exponential / exponential.sum(axis=1, keepdims=True)


def _objects(X: Any) -> np.ndarray:
    images = np.empty(len(X), dtype=object)
    images[:] = [np.asarray(image) for image in X]
    return images


def open_network(model: KerasModelOwner) -> Network:
    """Find the parts of a network: preprocessing, trained layers and outputs.

    Parameters
    ----------
    model : fitted network or SavedModel
        A network of deepworth.

    Returns
    -------
    Network
        ``encode`` turns raw rows into the arrays that the network takes, ``outputs`` these into linear
        outputs, ``predictions`` these into probabilities or values.

    Raises
    ------
    InputError
        The model is not a network of deepworth.

    Examples
    --------
    >>> import deepworth
    >>> from deepworth.zoo.explanation import open_network
    >>> data = deepworth.load_dataset("iris")
    >>> model = deepworth.zoo.PerceptronClassifier(epochs=1).fit(data.X, data.y)
    >>> network = open_network(model)
    >>> network.outputs(network.encode(data.X[:5])).shape
    (5, 3)
    """
    if not hasattr(model, "keras_model"):
        raise InputError("this model is not a network, and only networks have layers")
    whole = model.keras_model()
    inner, encoded = _inner_of(whole)
    numeric, categories = _table_parts(encoded, _column_names(model))
    value = next((layer for layer in whole.layers if layer.name == "value"), None)
    return Network(
        inner,
        keras.Model(whole.input, encoded),
        _raw_rows(model),
        **_facts(model),
        numeric=numeric,
        categories=categories,
        words=_vocabulary(whole),
        scale=float(getattr(value, "scale", 1.0)),
        offset=float(getattr(value, "offset", 0.0)),
    )


def _inner_of(whole: keras.Model) -> tuple[keras.Model, dict[str, Any]]:
    """The trained network inside a model, and the tensors that it takes."""
    for layer in whole.layers:
        if isinstance(layer, keras.Model) and isinstance(layer.input, dict) and set(layer.input) <= ENCODED:
            calls = (node for nodes in whole._nodes_by_depth.values() for node in nodes)
            return layer, dict(next(c for c in calls if c.operation is layer).arguments.args[0])
    raise InputError("this Keras model was not made by deepworth: it contains no encoded network")


def _facts(model: Any) -> dict[str, Any]:
    manifest = getattr(model, "manifest", None)
    if manifest is not None:
        classes = tuple(manifest["classes"])
        return {"task": manifest["task"], "modality": manifest["modality"], "classes": classes}
    estimator = _bare(model)
    classes = tuple(str(c) for c in getattr(estimator, "classes_", ()))
    task = {0: "regression", 2: "binary"}.get(len(classes), "multiclass")
    return {"task": task, "modality": estimator.modality_, "classes": classes}


def _bare(model: Any) -> Any:
    """The network inside Calibrated or ConformalRegressor."""
    return getattr(model, "estimator_", model)


def _column_names(model: Any) -> dict[str, str]:
    """Raw columns by the name of their Keras input."""
    manifest = getattr(model, "manifest", None)
    if manifest is not None:
        return {c["input"]: c["name"] for c in manifest["inputs"] if c.get("input")}
    columns = getattr(_bare(model).preprocessor_, "columns", ())
    return {c.input_name: c.name for c in columns}


def _raw_rows(model: Any) -> Callable[[Any], dict[str, np.ndarray]]:
    if hasattr(model, "manifest"):
        return cast("Callable[[Any], dict[str, np.ndarray]]", model.raw_arrays)
    estimator = _bare(model)
    return lambda X: estimator.preprocessor_.raw_arrays(estimator._check_X(X, fitting=False))


def _table_parts(
    encoded: dict[str, Any], named: dict[str, str]
) -> tuple[tuple[Encoded, ...], tuple[tuple[str, tuple[str, ...]], ...]]:
    numeric: tuple[Encoded, ...] = ()
    categories: tuple[tuple[str, tuple[str, ...]], ...] = ()
    if "numeric" in encoded:
        numeric = tuple(e for part in _joined(encoded["numeric"]) for e in _labels(part, named))
    if "categories" in encoded:
        codes = _joined(_sources(encoded["categories"])[0])
        categories = tuple((_column_of(code, named), _levels(code)) for code in codes)
    return numeric, categories


def _joined(tensor: Any) -> list[Any]:
    """The tensors that are concatenated in one."""
    operation = tensor._keras_history.operation
    return _sources(tensor) if isinstance(operation, keras.layers.Concatenate) else [tensor]


def _sources(tensor: Any) -> list[Any]:
    """The tensors that one is computed from."""
    operation, node, _ = tensor._keras_history
    return list(operation._inbound_nodes[node].input_tensors)


def _column_of(tensor: Any, named: dict[str, str]) -> str:
    """The raw column at the start of a chain of steps."""
    while not isinstance(tensor._keras_history.operation, keras.layers.InputLayer):
        tensor = _sources(tensor)[0]
    name = tensor._keras_history.operation.name
    return named.get(name, name)


def _labels(tensor: Any, named: dict[str, str]) -> Iterator[Encoded]:
    column, step = _column_of(tensor, named), tensor._keras_history.operation
    kind, width = type(step).__name__, tensor.shape[-1]
    if kind == "OneHotKnown":
        labels = [f"{column} = {level or '(missing)'}" for level in _levels(_sources(tensor)[0])]
    elif kind == "BagOfWords":
        labels = [f'"{word}" in {column}' for word in step.words]
    elif kind == "MissingIndicator":
        labels = [f"{column} missing"]
    elif kind == "Phase":
        labels = [f"{column} {wave} of {_period(step.period)}" for wave in ("sine", "cosine")]
    else:
        labels = [column] if width == 1 else [f"{column} {i}" for i in range(width)]
    return (Encoded(column, label) for label in labels)


def _period(seconds: float) -> str:
    names = {"day": 86400.0, "week": 7 * 86400.0, "year": 365.2425 * 86400.0}
    return next((name for name, length in names.items() if abs(seconds - length) < 1), f"{seconds:g} s")


def _levels(code: Any) -> tuple[str, ...]:
    """The levels of a category from code 1 on."""
    return tuple(str(level) for level in code._keras_history.operation.get_vocabulary()[1:])


def _vocabulary(whole: keras.Model) -> tuple[str, ...]:
    for layer in whole.layers:
        if isinstance(layer, keras.layers.TextVectorization):
            return tuple(str(word) for word in layer.get_vocabulary())
        if type(layer).__name__ == "TermNumbers":
            return ("", *(term.replace(LETTERS, "letters ") for term in layer.terms))
    return ()


@contextmanager
def replaced_calls(calls: dict[Any, Callable[..., Any]]) -> Iterator[None]:
    """Let layers compute something else inside the block: ``calls`` maps layers to functions."""
    try:
        for layer, call in calls.items():
            layer.call = call
        yield
    finally:
        for layer in calls:
            del layer.call


def all_layers(model: keras.Model) -> list[Any]:
    """Every layer of a network in order, also those of networks inside it."""
    layers = []
    for layer in model.layers:
        layers += all_layers(layer) if isinstance(layer, keras.Model) else [layer]
    return layers
