"""Integrated gradients: what each part of an input adds to a network's output.

Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks" (ICML 2017): the gradient of the output,
averaged along the straight line from a baseline to the input, times their difference. Categories and words
move along the line in their embeddings, images in their pixels.

The attributions of a path must sum to the difference of the outputs at its ends (proposition 1), and so must
those of every piece of the path. The difference of a piece is known, so its error is too: pieces with a large
error are halved. Kinks of ReLU networks are found in this way instead of being averaged over by many even
steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from ...datasets import Features, InputError
from ..results.explanation import AttributedRow, Attribution, GradientPart, Gradients
from .networks import KerasModelOwner, Network, all_layers, open_network, replaced_calls

if TYPE_CHECKING:
    import pandas as pd

TOLERANCE = 2e-4  # of each row's completeness
FLOOR = 1e-2  # log-odds, or standard deviations of the target: smaller differences count as this
UNKNOWN_WORD = 1
WORDS = 30
_SIZES = (16, 64, 256)  # of batches: few, so that few graphs are traced

_START = 4  # pieces per row
_POINTS, _SHARES = np.polynomial.legendre.leggauss(3)
_NODES, _WEIGHTS = (_POINTS + 1) / 2, _SHARES / 2
_FINEST = 2.0**-16
_LEAST_SHARE = 1 / 32  # of the tolerance, that even the shortest piece may use
_BATCH = 85  # pieces at a time, three evaluations each

# Outputs (m,) of rows at positions of their lines, and by name what each input adds per unit of way.
Evaluate = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, dict[str, np.ndarray]]]


@dataclass(frozen=True)
class Attributions:
    """What every part of every row adds to the output, as :func:`integrated_gradients` gives it.

    Attributes
    ----------
    parts : dict of ndarray
        "columns" (n_samples, n_columns) of tables, "pixels" (n_samples, height, width, channels) of images
        as the network sees them, "words" (n_samples, n_tokens) of texts.
    names : tuple of str
        Columns of a table in the order of ``parts["columns"]``.
    encoded : dict of ndarray
        The arrays that the network takes.
    output, baseline_output : ndarray of shape (n_samples,)
        Log-odds of two classes, log probability of one of several, or value in units of the target.
    classes : tuple of str
        The class of each row's output; empty for regression.
    error : ndarray of shape (n_samples,)
        Of completeness: |sum of the attributions - difference of the outputs|, as a share of the difference.
    """

    parts: dict[str, np.ndarray]
    names: tuple[str, ...]
    encoded: dict[str, np.ndarray]
    output: np.ndarray
    baseline_output: np.ndarray
    classes: tuple[str, ...]
    error: np.ndarray


def integrated_gradients(
    network: Network,
    X: Features,
    *,
    background: pd.DataFrame | None = None,
    classes: str | Sequence[str] | None = None,
    tolerance: float = TOLERANCE,
) -> Attributions:
    """Attribute the output of a network to the parts of its input by integrated gradients.

    The baseline of a table is the mean of the encoded ``background`` rows, or, without any, a neutral row:
    numbers at their median, unknown categories, no words. The baseline of an image is black, that of a text
    has as many unknown words.

    Parameters
    ----------
    network : Network
        As :func:`open_network` gives it.
    X : DataFrame, Series of str, or uint8 images
        n_samples raw rows.
    background : DataFrame, optional
        Usual rows of a table.
    classes : str or sequence of str, optional
        The class whose output is attributed, one for all rows or one for each; by default the second of two
        classes, and of several the predicted one.
    tolerance : float, default=0.0002
        Of completeness, as a share of the difference of outputs.

    Returns
    -------
    Attributions

    Raises
    ------
    InputError
        A class is unknown, or the classes are not as many as the rows.

    References
    ----------
    Sundararajan, Taly and Yan (2017), "Axiomatic attribution for deep networks".

    Examples
    --------
    >>> import deepworth
    >>> from deepworth.zoo.explanation import integrated_gradients, open_network
    >>> data = deepworth.load_dataset("iris")
    >>> model = deepworth.zoo.PerceptronClassifier(epochs=1).fit(data.X, data.y)
    >>> found = integrated_gradients(open_network(model), data.X[:5], background=data.X)
    >>> found.parts["columns"].shape, bool(found.error.max() < 1e-3)
    ((5, 4), True)
    """
    arrays = network.encode(X)
    targets = _targets(network, arrays, classes)
    floor = FLOOR * abs(network.scale if network.task == "regression" else 1.0)
    usual = None
    if background is not None and network.modality == "tabular":
        usual = network.encode(background)
    integral = integrate(_Line(network, arrays, targets, usual), len(targets), tolerance, floor)
    difference = np.maximum(np.abs(integral.end - integral.start), floor)
    parts, names = _by_part(network, integral.values)
    return Attributions(
        parts=parts,
        names=names,
        encoded=arrays,
        output=integral.end,
        baseline_output=integral.start,
        classes=tuple(network.classes[t] for t in targets) if network.classes else (),
        error=np.abs(integral.error) / difference,
    )


def _targets(
    network: Network, arrays: dict[str, np.ndarray], classes: str | Sequence[str] | None
) -> np.ndarray:
    """The code of the class of each row, int32 (n_samples,)."""
    n_rows = len(next(iter(arrays.values())))
    if network.task == "regression":
        return np.zeros(n_rows, dtype=np.int32)
    if classes is None:
        if len(network.classes) == 2:
            return np.ones(n_rows, dtype=np.int32)
        return network.outputs(arrays).argmax(axis=1).astype(np.int32)
    wanted = [classes] * n_rows if isinstance(classes, str) else list(classes)
    if len(wanted) != n_rows or not set(wanted) <= set(network.classes):
        raise InputError(f"expected a class of {list(network.classes)} for each of {n_rows} rows")
    return np.array([network.classes.index(c) for c in wanted], dtype=np.int32)


class _Line:
    """Outputs and attributions per unit of way, of rows at positions from baseline (0) to input (1)."""

    def __init__(
        self,
        network: Network,
        arrays: dict[str, np.ndarray],
        targets: np.ndarray,
        usual: dict[str, np.ndarray] | None,
    ) -> None:
        self.network, self.arrays, self.targets, self.usual = network, arrays, targets, usual
        self.gates = _gates(network)
        self.compiled = tf.function(self._evaluate, reduce_retracing=True)

    def __call__(self, rows: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        starts = range(0, len(rows), _SIZES[-1])
        batches = [self._batch(rows[i : i + _SIZES[-1]], positions[i : i + _SIZES[-1]]) for i in starts]
        parts = {name: np.concatenate([part[name] for _, part in batches]) for name in batches[0][1]}
        return np.concatenate([output for output, _ in batches]), parts

    def _batch(self, rows: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        n = len(rows)
        size = next(size for size in _SIZES if size >= n)
        padded = np.concatenate([rows, np.repeat(rows[:1], size - n)])
        at = np.concatenate([positions, np.ones(size - n)]).astype(np.float32)
        x = {name: tf.constant(values[padded]) for name, values in self.arrays.items()}
        output, parts = self.compiled(x, tf.constant(at), tf.constant(self.targets[padded]))
        attributions = {name: value.numpy()[:n].astype(np.float64) for name, value in parts.items()}
        return output.numpy()[:n].astype(np.float64), attributions

    def _evaluate(self, x: dict[str, Any], at: Any, targets: Any) -> tuple[Any, dict[str, Any]]:
        moved: list[tuple[str, Any, Any]] = []  # name, tensor on the line, whole way

        with tf.GradientTape() as tape:

            def between(name: str, start: Any, end: Any) -> Any:
                way = end - start
                tensor = start + tf.reshape(at, [-1, *[1] * (len(way.shape) - 1)]) * way
                tape.watch(tensor)
                moved.append((name, tensor, way))
                return tensor

            def through(name: str, layer: Any) -> Any:
                call = layer.call
                return lambda ids: between(name, self._start(name, call, ids), call(ids))

            inputs = dict(x)
            if "numeric" in x:
                inputs["numeric"] = between("numeric", self._usual_numbers(x["numeric"]), x["numeric"])
            if "weights" in x:  # of terms that are added up: the baseline has none
                inputs["weights"] = between("terms", tf.zeros_like(x["weights"]), x["weights"])
            with replaced_calls({layer: through(name, layer) for name, layer in self.gates}):
                outputs = self.network.inner(inputs, training=False)
            score = _score(self.network, outputs, targets)
        slopes = tape.gradient(score, [tensor for _, tensor, _ in moved], unconnected_gradients="zero")
        return score, _summed(moved, slopes)

    def _usual_numbers(self, numeric: Any) -> Any:
        if self.usual is None:
            return tf.zeros_like(numeric)
        return tf.zeros_like(numeric) + self.usual["numeric"].mean(axis=0, dtype=np.float64).astype(
            np.float32
        )

    def _start(self, name: str, call: Any, ids: Any) -> Any:
        """The embedding of the baseline: of usual categories the mean of their embeddings."""
        if self.usual is None or "categories" not in self.usual:
            return call(_baseline(self.network.modality, ids))
        codes = self.usual["categories"][:, int(name.rpartition(" ")[2])]
        return tf.zeros_like(call(ids)) + tf.reduce_mean(call(tf.constant(codes)), axis=0)


def _summed(moved: list[tuple[str, Any, Any]], slopes: list[Any]) -> dict[str, Any]:
    """Slope times way by name, summed over embeddings and over members with the same input."""
    parts: dict[str, Any] = {}
    for (name, _, way), slope in zip(moved, slopes, strict=True):
        product = slope * way
        part = product if name in ("numeric", "pixels", "terms") else tf.reduce_sum(product, axis=-1)
        name = "words" if name == "terms" else name
        parts[name] = parts[name] + part if name in parts else part
    return parts


def _baseline(modality: str, ids: Any) -> Any:
    """Category 0 and word 1 are unknown, padding stays, and images are black."""
    if modality == "text":
        return tf.where(ids > 0, tf.ones_like(ids) * UNKNOWN_WORD, ids)
    return tf.zeros_like(ids)


def _score(network: Network, outputs: Any, targets: Any) -> Any:
    if network.task == "regression":
        return outputs[:, 0] * network.scale + network.offset
    if len(network.classes) == 2:
        return outputs[:, 0] * tf.cast(2 * targets - 1, outputs.dtype)
    return tf.gather(tf.nn.log_softmax(outputs), targets, axis=1, batch_dims=1)


def _gates(network: Network) -> list[tuple[str, Any]]:
    """The layers that turn inputs which are not floats into floats, with the name of the input."""
    layers = all_layers(network.inner)
    if network.modality == "image":
        pixels = [("pixels", layer) for layer in layers if _reads_pixels(layer)]
        if not pixels:
            raise InputError("this network of images has no Rescaling layer at its start")
        return pixels
    embeddings = [layer for layer in layers if isinstance(layer, keras.layers.Embedding)]
    if network.modality == "text":
        return [("words", layer) for layer in embeddings]
    return [(f"category {layer.name.rpartition('_')[2]}", layer) for layer in embeddings]


def _reads_pixels(layer: Any) -> bool:
    if not isinstance(layer, keras.layers.Rescaling):
        return False
    source = layer._inbound_nodes[0].input_tensors[0]
    return isinstance(source._keras_history.operation, keras.layers.InputLayer)


def _by_part(
    network: Network, values: dict[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Encoded parts summed by raw column; pixels and words as they are."""
    if network.modality != "tabular":
        return values, ()
    numeric = [e.column for e in network.numeric]
    names = tuple(dict.fromkeys([*numeric, *(column for column, _ in network.categories)]))
    columns = np.zeros((len(values["numeric"]), len(names)))
    for i, column in enumerate(numeric):
        columns[:, names.index(column)] += values["numeric"][:, i]
    for number, (column, _) in enumerate(network.categories):
        columns[:, names.index(column)] += values[f"category {number}"]
    return {"columns": columns}, names


@dataclass(frozen=True)
class Integral:
    """Integrals along the line of each row, by name (n_rows, ...), and the outputs at both ends."""

    values: dict[str, np.ndarray]
    start: np.ndarray
    end: np.ndarray

    @property
    def error(self) -> np.ndarray:
        """Sum of the attributions minus the difference of the outputs, (n_rows,)."""
        return sum(map(_flat, self.values.values()), np.zeros(len(self.end))) - (self.end - self.start)


@dataclass(frozen=True)
class _Pieces:
    """Pieces of the lines of rows, with the outputs at their ends; all (n_pieces,)."""

    rows: np.ndarray
    low: np.ndarray
    high: np.ndarray
    low_output: np.ndarray
    high_output: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, which: np.ndarray | slice) -> _Pieces:
        return _Pieces(*(getattr(self, f.name)[which] for f in fields(self)))

    def parts(self, size: int) -> list[_Pieces]:
        return [self.take(slice(i, i + size)) for i in range(0, len(self), size)]

    @staticmethod
    def joined(parts: list[_Pieces]) -> _Pieces:
        return _Pieces(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(_Pieces)))


def integrate(evaluate: Evaluate, n_rows: int, tolerance: float, floor: float) -> Integral:
    """Integrate every row's line from 0 to 1.

    Parameters
    ----------
    tolerance : float
        Of the completeness of a row, as a share of its difference of outputs.
    floor : float
        Smaller differences count as this.
    """
    edges = np.linspace(0, 1, _START + 1)
    outputs, _ = evaluate(np.repeat(np.arange(n_rows), _START + 1), np.tile(edges, n_rows))
    grid = outputs.reshape(n_rows, _START + 1)
    allowed = tolerance * np.maximum(np.abs(grid[:, -1] - grid[:, 0]), floor)
    low, high = np.tile(edges[:-1], n_rows), np.tile(edges[1:], n_rows)
    rows = np.repeat(np.arange(n_rows), _START)
    pieces = _Pieces(rows, low, high, grid[:, :-1].ravel(), grid[:, 1:].ravel())
    values: dict[str, np.ndarray] = {}
    while len(pieces):
        coarse = [_add(evaluate, part, allowed, values, n_rows) for part in pieces.parts(_BATCH)]
        pieces = _halved(evaluate, _Pieces.joined(coarse))
    return Integral(values, grid[:, 0], grid[:, -1])


def _add(
    evaluate: Evaluate, pieces: _Pieces, allowed: np.ndarray, values: dict[str, np.ndarray], n_rows: int
) -> _Pieces:
    """Add pieces with a small error to ``values``, and return the others."""
    integrals = _quadrature(evaluate, pieces)
    sums = sum(map(_flat, integrals.values()), np.zeros(len(pieces)))
    error, width = np.abs(sums - (pieces.high_output - pieces.low_output)), pieces.high - pieces.low
    done = (error <= allowed[pieces.rows] * np.maximum(width, _LEAST_SHARE)) | (width <= _FINEST)
    for name, part in integrals.items():
        total = values.setdefault(name, np.zeros((n_rows, *part.shape[1:])))
        np.add.at(total, pieces.rows[done], part[done])
    return pieces.take(~done)


def _quadrature(evaluate: Evaluate, pieces: _Pieces) -> dict[str, np.ndarray]:
    """Gauss-Legendre sums over each piece, by name (n_pieces, ...)."""
    width = pieces.high - pieces.low
    positions = pieces.low[:, None] + _NODES * width[:, None]
    _, speeds = evaluate(np.repeat(pieces.rows, len(_NODES)), positions.ravel())
    weights = (_WEIGHTS * width[:, None]).ravel()
    sums = {}
    for name, speed in speeds.items():
        weighted = speed * weights.reshape(-1, *[1] * (speed.ndim - 1))
        sums[name] = weighted.reshape(len(pieces), len(_NODES), *speed.shape[1:]).sum(axis=1)
    return sums


def _halved(evaluate: Evaluate, pieces: _Pieces) -> _Pieces:
    if not len(pieces):
        return pieces
    middle = (pieces.low + pieces.high) / 2
    output, _ = evaluate(pieces.rows, middle)
    left = _Pieces(pieces.rows, pieces.low, middle, pieces.low_output, output)
    right = _Pieces(pieces.rows, middle, pieces.high, output, pieces.high_output)
    return _Pieces.joined([left, right])


def _flat(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), -1).sum(axis=1)


def attributed(
    model: KerasModelOwner,
    X: Features,
    rows: np.ndarray,
    *,
    shown: bool,
    background: pd.DataFrame | None = None,
) -> Gradients:
    """Attributions of raw rows as a table: parts of the input by mean absolute attribution.

    Parameters
    ----------
    model : fitted network or SavedModel
        Over raw rows.
    X : DataFrame, Series of str, or uint8 images
        n_samples raw rows.
    rows : int ndarray of shape (n_samples,)
        Their numbers in the answer.
    shown : bool
        Whether to show the attributions of each row too.
    background : DataFrame, optional
        Usual rows of a table, see :func:`integrated_gradients`.

    Returns
    -------
    Gradients
        ``parts``, largest first, are columns or words; images have none. ``rows`` are empty unless shown.

    Examples
    --------
    >>> import deepworth
    >>> import numpy as np
    >>> from deepworth.zoo.explanation import attributed
    >>> data = deepworth.load_dataset("iris")
    >>> model = deepworth.zoo.PerceptronClassifier(epochs=1).fit(data.X, data.y)
    >>> found = attributed(model, data.X[:5], np.arange(5), shown=False)
    >>> found.unit, len(found.parts)
    ('log probability', 4)
    """
    network = open_network(model)
    attributions = integrated_gradients(network, X, background=background)
    units = {"binary": "log-odds", "multiclass": "log probability", "regression": "value"}
    return Gradients(
        unit=units[network.task],
        rows_averaged=len(rows),
        completeness_error=float(attributions.error.max()),
        parts=_means(network, attributions),
        rows=tuple(_row(network, attributions, i, int(row)) for i, row in enumerate(rows)) if shown else (),
    )


def _means(network: Network, attributions: Attributions) -> tuple[GradientPart, ...]:
    if network.modality == "tabular":
        means = np.abs(attributions.parts["columns"]).mean(axis=0).tolist()
        ranked = _ranked(dict(zip(attributions.names, means, strict=True)))
    elif network.modality == "text":
        ranked = _ranked(_word_means(network, attributions))[:WORDS]
    else:
        ranked = []
    return tuple(GradientPart(name, value) for name, value in ranked)


def _word_means(network: Network, attributions: Attributions) -> dict[str, float]:
    """Sums of absolute attributions by word, per row."""
    means: dict[str, float] = {}
    for ids, values in zip(attributions.encoded["tokens"], attributions.parts["words"], strict=True):
        for word, value in zip(ids[ids > 0].tolist(), np.abs(values[ids > 0]).tolist(), strict=True):
            name = network.words[word]
            means[name] = means.get(name, 0.0) + value / len(attributions.output)
    return means


def _ranked(means: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(means.items(), key=lambda item: -item[1])


def _row(network: Network, attributions: Attributions, i: int, row: int) -> AttributedRow:
    """The attributions of one row, with its output."""
    result: AttributedRow = {
        "row": row,
        "class": attributions.classes[i] if attributions.classes else None,
        "output": float(attributions.output[i]),
        "baseline_output": float(attributions.baseline_output[i]),
    }
    if network.modality == "image":
        grey = attributions.encoded["image"][i].astype(float).mean(axis=-1) / 255.0
        pixels = attributions.parts["pixels"][i].sum(axis=-1)
        return {**result, "pixels": _nested(pixels), "picture": _nested(grey)}
    if network.modality == "text":
        ids, values = attributions.encoded["tokens"][i], attributions.parts["words"][i]
        positions = np.flatnonzero(ids > 0).tolist()
        words = tuple(Attribution(network.words[ids[p]], float(values[p]), p) for p in positions)
        return {**result, "parts": words}
    columns = zip(attributions.names, attributions.parts["columns"][i].tolist(), strict=True)
    return {**result, "parts": tuple(Attribution(name, value) for name, value in columns)}


def _nested(values: np.ndarray) -> tuple[tuple[float, ...], ...]:
    return tuple(map(tuple, values.tolist()))
