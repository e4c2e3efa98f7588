"""A Keras archive to a model, after a look at how large everything would become."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ._hdf5 import read_arrays

WIDEST = 2**26  # numbers that a layer may give for one row
_UNSAVED = 2**20  # bytes of variables that stand in no file: states of random numbers


def built(path: Path) -> Any:
    """The model of a checked archive.

    Its shapes are worked out first without any memory behind them: a layer of 10**12 units is refused and not
    tried. Its weights are read by our own reader and handed to Keras in a new file: so the HDF5 library never
    sees bytes of anybody else.

    Raises
    ------
    ValueError, or whatever a layer raises that cannot be built
    """
    import keras

    with zipfile.ZipFile(path) as archive:
        config = archive.read("config.json")
        weights = read_arrays(archive.read("model.weights.h5"))
    with keras.StatelessScope():  # variables have shapes but no values
        try:
            planned = keras.saving.deserialize_keras_object(json.loads(config), safe_mode=True)
            _check_sizes(planned, sum(array.nbytes for array in weights.values()))
        finally:
            _forget_variables()
    with tempfile.TemporaryDirectory() as folder:
        clean = Path(folder) / "model.keras"
        with zipfile.ZipFile(clean, "w") as archive:
            archive.writestr("config.json", config)
            archive.writestr("metadata.json", "{}")
            archive.writestr("model.weights.h5", _as_hdf5(weights))
        return keras.saving.load_model(clean, safe_mode=True, compile=False)


def _forget_variables() -> None:
    """Keras would give values to all variables of the scope at its end, however large."""
    from keras.src.backend.common import global_state

    global_state.get_global_attribute("uninitialized_variables", [], set_to_default=True).clear()


def _check_sizes(planned: Any, n_bytes: int) -> None:
    import keras

    if not isinstance(planned, keras.Model):
        raise ValueError(f"it holds no model but a {type(planned).__name__}")
    needed = sum(_count(v.shape) * np.dtype(v.dtype).itemsize for v in planned.variables)
    if needed > n_bytes + _UNSAVED:
        raise ValueError(f"its layers need {needed:,} bytes of weights, the file has {n_bytes:,}")
    for name, shape in _outputs(planned):
        if _count(n for n in shape[1:] if n is not None) > WIDEST:
            raise ValueError(f"layer {name[:60]!r} would give {shape[1:]} numbers for one row")


def _count(shape: Any) -> int:
    count = 1
    for n in shape:
        if n < 0:
            raise ValueError("a shape below zero")
        count *= int(n)
    return count


def _outputs(model: Any) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for layer in model._flatten_layers():
        for node in layer._inbound_nodes:
            for x in node.output_tensors:
                yield layer.name, tuple(x.shape)


def _as_hdf5(arrays: dict[str, np.ndarray]) -> bytes:
    import io

    import h5py

    file = io.BytesIO()
    with h5py.File(file, "w") as target:
        for name, array in arrays.items():
            target[name] = array
    return file.getvalue()
