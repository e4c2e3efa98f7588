"""Integrated gradients: what each part of an input adds to a network's answer.

Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks" (ICML 2017): the gradient of the output,
averaged along the straight line from a baseline to the input, times their difference. What cannot be a little
of something (a category, a word) is moved along the line in its embedding, a picture in its pixels.

Integrals along the straight line from a baseline to an input, as fine as completeness asks for.

The attributions of a path integral must sum to the difference of the outputs at its ends (Sundararajan, Taly
and Yan 2017, proposition 1), and so must those of every piece of the path. The difference of a piece is
known, so its error is too: pieces that are not yet good are halved, others are done. Kinks of ReLU networks
are found in this way instead of being averaged over by many even steps.

Integrated gradients as a table: parts of the input by what they add, for many rows and for single ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...datasets import InputError
from .networks import Network, all_layers, called_instead, open_network

TOLERANCE = 2e-4  # of each row's completeness, a fifth of what is promised
FLOOR = 1e-2  # log-odds, or standard deviations of the target: smaller differences count as this
_SIZES = (16, 64, 256)  # of batches: few, so that few graphs are traced
UNKNOWN_WORD = 1


@dataclass(frozen=True)
class Attributions:
    """What every part of every row adds to the output.

    Attributes
    ----------
    parts : dict of ndarray
        ``columns`` (n_samples, n_columns) of a table, ``pixels`` (n_samples, height, width, channels) of a
        picture as the network sees it, ``words`` (n_samples, n_tokens) of a text.
    names : tuple of str
        Columns of a table in the order of ``parts["columns"]``.
    encoded : dict of ndarray
        The arrays that the network saw.
    output, baseline_output : ndarray of shape (n_samples,)
        Log-odds of two classes, log probability of one of several, or value in the target's units.
    classes : tuple of str
        The class that each row's output speaks of; empty for regression.
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
    X: Any,
    *,
    background: Any = None,
    classes: Sequence[str] | None = None,
    tolerance: float = TOLERANCE,
) -> Attributions:
    """Attributions of raw rows.

    The baseline of a table is the mean of the encoded ``background`` rows, or, without any, a row without
    anything special: numbers at their median, no known category, no word. That of a picture is black, that of
    a text as many words that are not known.

    Parameters
    ----------
    network : Network
        As :func:`~deepworth.zoo.explanation.open_network` gives it.
    background : DataFrame, optional
        Rows of a table that say what is usual.
    classes : sequence of str, optional
        The class to speak of, one a row or one for all; by default the second of two classes, and of several
        the one that the network says.
    """
    arrays = network.encode(X)
    targets = _targets(network, arrays, classes)
    floor = FLOOR * abs(network.scale if network.task == "regression" else 1.0)
    usual = None
    if background is not None and network.modality == "tabular":
        usual = network.encode(background)
    found = integrate(_Line(network, arrays, targets, usual), len(targets), tolerance, floor)
    difference = np.maximum(np.abs(found.end - found.start), floor)
    parts, names = _by_part(network, found.values)
    said = tuple(network.classes[t] for t in targets) if network.classes else ()
    return Attributions(parts, names, arrays, found.end, found.start, said, np.abs(found.error) / difference)


def _targets(network: Network, arrays: dict[str, np.ndarray], classes: Sequence[str] | None) -> np.ndarray:
    n_rows = len(next(iter(arrays.values())))
    if network.task == "regression":
        return np.zeros(n_rows, dtype=np.int32)
    if classes is None:
        if len(network.classes) == 2:
            return np.ones(n_rows, dtype=np.int32)
        return network.outputs(arrays).argmax(axis=1).astype(np.int32)
    wanted = [classes] * n_rows if isinstance(classes, str) else list(classes)
    if len(wanted) != n_rows or not set(wanted) <= set(network.classes):
        raise InputError(f"expected a class for each of {n_rows} rows out of {list(network.classes)}")
    return np.array([network.classes.index(c) for c in wanted], dtype=np.int32)


class _Line:
    """Outputs and attributions a unit of way, of rows at places between baseline (0) and input (1)."""

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

    def __call__(self, rows: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        starts = range(0, len(rows), _SIZES[-1])
        found = [self._batch(rows[i : i + _SIZES[-1]], places[i : i + _SIZES[-1]]) for i in starts]
        parts = {name: np.concatenate([part[name] for _, part in found]) for name in found[0][1]}
        return np.concatenate([output for output, _ in found]), parts

    def _batch(self, rows: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        n = len(rows)
        size = next(size for size in _SIZES if size >= n)
        padded = np.concatenate([rows, np.repeat(rows[:1], size - n)])
        at = np.concatenate([places, np.ones(size - n)]).astype(np.float32)
        x = {name: tf.constant(values[padded]) for name, values in self.arrays.items()}
        output, parts = self.compiled(x, tf.constant(at), tf.constant(self.targets[padded]))
        found = {name: value.numpy()[:n].astype(np.float64) for name, value in parts.items()}
        return output.numpy()[:n].astype(np.float64), found

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
            with called_instead({layer: through(name, layer) for name, layer in self.gates}):
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
        """What a layer says of the baseline: of usual categories the mean of their embeddings."""
        if self.usual is None or "categories" not in self.usual:
            return call(_baseline(self.network.modality, ids))
        codes = self.usual["categories"][:, int(name.rpartition(" ")[2])]
        return tf.zeros_like(call(ids)) + tf.reduce_mean(call(tf.constant(codes)), axis=0)


def _summed(moved: list[tuple[str, Any, Any]], slopes: list[Any]) -> dict[str, Any]:
    """Slope times way by name; embeddings, and members that read the same thing, summed."""
    parts: dict[str, Any] = {}
    for (name, _, way), slope in zip(moved, slopes, strict=True):
        own = slope * way
        own = own if name in ("numeric", "pixels") else tf.reduce_sum(own, axis=-1)
        parts[name] = parts[name] + own if name in parts else own
    return parts


def _baseline(modality: str, ids: Any) -> Any:
    """Category 0 is "not known", word 1 too, padding stays; a picture is black."""
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
    """The layers through which what is not a float comes in, with the name of what they turn into floats."""
    layers = all_layers(network.inner)
    if network.modality == "image":
        pixels = [("pixels", layer) for layer in layers if _reads_pixels(layer)]
        if not pixels:
            raise InputError("no Rescaling layer at the start of this network turns pixels into floats")
        return pixels
    found = [layer for layer in layers if isinstance(layer, keras.layers.Embedding)]
    if network.modality == "text":
        return [("words", layer) for layer in found]
    return [(f"category {layer.name.rpartition('_')[2]}", layer) for layer in found]


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
    owners = [e.column for e in network.numeric]
    names = tuple(dict.fromkeys([*owners, *(column for column, _ in network.categories)]))
    columns = np.zeros((len(values["numeric"]), len(names)))
    for place, owner in enumerate(owners):
        columns[:, names.index(owner)] += values["numeric"][:, place]
    for number, (column, _) in enumerate(network.categories):
        columns[:, names.index(column)] += values[f"category {number}"]
    return {"columns": columns}, names


# Evaluate rows at these places of their lines: outputs (m,), and by name what each input adds a unit of way.
Evaluate = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, dict[str, np.ndarray]]]

_START = 4  # pieces a row
_POINTS, _SHARES = np.polynomial.legendre.leggauss(3)
_NODES, _WEIGHTS = (_POINTS + 1) / 2, _SHARES / 2
_FINEST = 2.0**-16
_LEAST_SHARE = 1 / 32  # of the tolerance, that even the shortest piece may use
_BATCH = 85  # pieces at a time, three evaluations each


@dataclass(frozen=True)
class Integral:
    """Sums along the path of each row.

    ``values`` by name (n_rows, ...), ``start`` and ``end`` the outputs at both ends (n_rows,).
    """

    values: dict[str, np.ndarray]
    start: np.ndarray
    end: np.ndarray

    @property
    def error(self) -> np.ndarray:
        """Sum of the attributions less the difference of the outputs, (n_rows,)."""
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
    tolerance : of the completeness of a row, as a share of its difference of outputs
    floor : differences smaller than this count as this
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
        again = [_add(evaluate, part, allowed, values, n_rows) for part in pieces.parts(_BATCH)]
        pieces = _halved(evaluate, _Pieces.joined(again))
    return Integral(values, grid[:, 0], grid[:, -1])


def _add(
    evaluate: Evaluate, pieces: _Pieces, allowed: np.ndarray, values: dict[str, np.ndarray], n_rows: int
) -> _Pieces:
    """Add what is good enough to ``values``; the pieces that are not."""
    found = _over(evaluate, pieces)
    sums = sum(map(_flat, found.values()), np.zeros(len(pieces)))
    error, width = np.abs(sums - (pieces.high_output - pieces.low_output)), pieces.high - pieces.low
    done = (error <= allowed[pieces.rows] * np.maximum(width, _LEAST_SHARE)) | (width <= _FINEST)
    for name, own in found.items():
        total = values.setdefault(name, np.zeros((n_rows, *own.shape[1:])))
        np.add.at(total, pieces.rows[done], own[done])
    return pieces.take(~done)


def _over(evaluate: Evaluate, pieces: _Pieces) -> dict[str, np.ndarray]:
    """Gauss-Legendre sums over each piece, by name (n_pieces, ...)."""
    width = pieces.high - pieces.low
    places = pieces.low[:, None] + _NODES * width[:, None]
    _, speeds = evaluate(np.repeat(pieces.rows, len(_NODES)), places.ravel())
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


WORDS = 30


def attributed(
    model: Any, X: Any, rows: np.ndarray, *, shown: bool, background: Any = None
) -> dict[str, Any]:
    """Attributions of raw rows as plain numbers.

    Parameters
    ----------
    model : fitted network or a saved one
    rows : int array
        The numbers by which the rows are called.
    background : DataFrame, optional
        Rows of a table whose mean is the baseline; without any, a row without anything special.
    shown : bool
        Whether the attributions of each row are wanted, or their means alone.

    Returns
    -------
    dict
        ``unit`` of the output, ``completeness_error`` (the largest), ``parts`` (``part`` and
        ``mean_absolute``, largest first; of pictures none) and, if shown, ``rows``: ``row``, ``class``,
        ``output``, ``baseline_output`` and ``parts`` with ``part`` and ``attribution`` in the order of the
        input (words with a ``place``), or ``pixels``, a map (height, width) summed over the colours, with
        ``picture``, the grey values (0 to 1) that the network saw.
    """
    network = open_network(model)
    found = integrated_gradients(network, X, background=background)
    units = {"binary": "log-odds", "multiclass": "log probability", "regression": "value"}
    result: dict[str, Any] = {
        "unit": units[network.task],
        "rows_averaged": len(rows),
        "completeness_error": float(found.error.max()),
        "parts": _means(network, found),
    }
    if shown:
        result["rows"] = [_row(network, found, i, int(row)) for i, row in enumerate(rows)]
    return result


def _means(network: Network, found: Attributions) -> list[dict[str, Any]]:
    if network.modality == "tabular":
        sizes = dict(zip(found.names, np.abs(found.parts["columns"]).mean(axis=0).tolist(), strict=True))
    elif network.modality == "text":
        sizes = {}
        for ids, values in zip(found.encoded["tokens"], found.parts["words"], strict=True):
            for word, value in zip(ids[ids > 0].tolist(), np.abs(values[ids > 0]).tolist(), strict=True):
                name = network.words[word]
                sizes[name] = sizes.get(name, 0.0) + value / len(found.output)
    else:
        return []
    ranked = sorted(sizes.items(), key=lambda item: -item[1])
    ranked = ranked if network.modality == "tabular" else ranked[:WORDS]
    return [{"part": name, "mean_absolute": value} for name, value in ranked]


def _row(network: Network, found: Attributions, i: int, row: int) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "row": row,
        "class": found.classes[i] if found.classes else None,
        "output": float(found.output[i]),
        "baseline_output": float(found.baseline_output[i]),
    }
    if network.modality == "image":
        grey = found.encoded["image"][i].astype(float).mean(axis=-1) / 255.0
        return {**facts, "pixels": found.parts["pixels"][i].sum(axis=-1).tolist(), "picture": grey.tolist()}
    if network.modality == "text":
        ids = found.encoded["tokens"][i]
        places = np.flatnonzero(ids > 0).tolist()
        words = [
            {"place": p, "part": network.words[ids[p]], "attribution": float(found.parts["words"][i, p])}
            for p in places
        ]
        return {**facts, "parts": words}
    own = zip(found.names, found.parts["columns"][i].tolist(), strict=True)
    return {**facts, "parts": [{"part": name, "attribution": value} for name, value in own]}
