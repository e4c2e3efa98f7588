"""A loaded Keras model as one compiled call over raw columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..preprocessing.images import with_channels
from ..preprocessing.tables import MISSING, raw_column

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
