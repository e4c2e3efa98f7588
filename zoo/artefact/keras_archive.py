"""What a Keras archive may hold, checked before Keras reads a byte of it.

An archive is a zip of three files; ``config.json`` names the objects that are built. Keras imports and calls
what is named there, guarded by rules that differ between its versions, so every name is looked up here first:
a layer of deepworth, or a part of Keras that only computes.

A Keras archive to a model, after a look at how large everything would become.

Zip archives of plain files, each once, stored as they are: none is larger than the archive.
"""

from __future__ import annotations

import inspect
import json
import os
import struct
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...datasets import InputError
from .hdf5 import read_arrays

NEEDED = ("config.json", "model.weights.h5")
MEMBERS = (*NEEDED, "metadata.json")
LARGEST_CONFIG = 64 * 2**20  # bytes; a vocabulary of 20,000 words takes less than one MiB

OWN = "deepworth>"
_DAMAGE = (
    *(zipfile.BadZipFile, OSError, EOFError, ValueError, OverflowError),
    *(RuntimeError, NotImplementedError, struct.error),  # of zipfile: encrypted, unknown method
)
VALUES = {"__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__"}
MODULES = {
    "keras",
    "keras.constraints",
    "keras.dtype_policies",
    "keras.initializers",
    "keras.layers",
    "keras.models",
    "keras.random",
    "keras.regularizers",
}
# Operations of a functional model (a subtraction, a cast) and Functional itself have no public name.
PRIVATE_MODULES = ("keras.src.ops.", "keras.src.models.")
FUNCTIONS = {  # where a function may be from: where it is looked for
    "builtins": "keras.activations",
    "keras.activations": "keras.activations",
    "keras.ops": "keras.ops",
}
DENIED_LAYERS = {
    "FlaxLayer": "calls a function that the file names",
    "JaxLayer": "calls a function that the file names",
    "Lambda": "runs code that the file brings along",
    "TFSMLayer": "runs a graph from another file",
    "TorchModuleWrapper": "unpickles what the file brings along",
}


def check_archive(path: Path) -> None:
    """Refuse an archive that is not what ``save`` writes, or names an object that is not trusted.

    Raises
    ------
    InputError
        The first thing wrong. Nothing was unpacked, imported or built.
    """
    fault = next(_faults(path), None)
    if fault is not None:
        raise InputError(f"{path} {fault}; it was not loaded")


def _faults(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            yield from _member_faults(archive.infolist(), os.fstat(file.fileno()).st_size)
            config = json.loads(archive.read("config.json"))
    except (
        zipfile.BadZipFile,
        OSError,
        EOFError,
        ValueError,
        RuntimeError,
        NotImplementedError,  # zipfile's for a compression that it does not know
        struct.error,
    ) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        yield f"is damaged or not a Keras archive: {first}"
        return
    if not isinstance(config, dict):
        yield f"is not a Keras archive: its config.json is no object but a {type(config).__name__}"
        return
    for found in _objects(config):
        yield from _object_faults(found)


def _member_faults(members: list[zipfile.ZipInfo], size: int) -> Iterator[str]:
    """Three plain files at most."""
    yield from member_faults(members, size, MEMBERS.__contains__, "Keras")
    for member in members:
        if member.filename == "config.json" and member.file_size > LARGEST_CONFIG:
            yield f"has a config.json of {member.file_size} bytes; at most {LARGEST_CONFIG} are read"
    for name in NEEDED:
        if name not in [member.filename for member in members]:
            yield f"lacks {name}"


def _objects(config: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object in it, however deep."""
    waiting = [config]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            yield found
        if isinstance(found, (dict, list)):
            waiting.extend(_inner(found))


def _inner(found: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return found.values() if isinstance(found, dict) else found


def _object_faults(found: dict[str, Any]) -> Iterator[str]:
    if isinstance(found.get("vocabulary"), str):
        yield f"reads a vocabulary from another file, {quoted(found['vocabulary'])}"
    if not isinstance(found.get("class_name"), str) or found["class_name"] in VALUES:
        return
    is_function = found["class_name"] == "function"
    name = found.get("config") if is_function else found["class_name"]
    if _is_own(name if is_function else found.get("registered_name")):
        return
    module, registered = found.get("module"), found.get("registered_name")
    shown = f"{module}.{name}" if module else name
    symbol = _function(module, name) if is_function else _class(module, name)
    denied = _denied_layer(symbol)
    if denied:
        yield f"holds the layer {denied}, which {DENIED_LAYERS[denied]}"
    elif symbol is None or registered not in (None, name, found["class_name"]):
        yield f"names {quoted(shown)}, which is not trusted"


def _is_own(name: Any) -> bool:
    """Registered by one of our own files."""
    import keras

    return isinstance(name, str) and name.startswith(OWN) and bool(keras.saving.get_registered_object(name))


def _class(module: Any, name: Any) -> type | None:
    """A class of Keras that computes: a layer, an operation, or what layers are made of."""
    import keras

    if not isinstance(module, str) or not (module in MODULES or module.startswith(PRIVATE_MODULES)):
        return None
    symbol = vars(sys.modules.get(module, object)).get(name)
    kinds = (
        keras.Operation,  # layers and models too
        keras.DTypePolicy,
        keras.Initializer,
        keras.Regularizer,
        keras.constraints.Constraint,
        keras.random.SeedGenerator,
    )
    return symbol if inspect.isclass(symbol) and issubclass(symbol, kinds) else None


def _function(module: Any, name: Any) -> Any | None:
    """A public activation or operation of Keras."""
    home = sys.modules.get(FUNCTIONS.get(module, "") if isinstance(module, str) else "")
    symbol = vars(home).get(name) if home and isinstance(name, str) else None
    builds_objects = name in ("deserialize", "get", "serialize")
    return symbol if inspect.isfunction(symbol) and not builds_objects else None


def _denied_layer(symbol: Any) -> str | None:
    """Its public name if it is a layer that may run code."""
    import keras

    denied = {name: getattr(keras.layers, name, None) for name in DENIED_LAYERS}
    return next((name for name, layer in denied.items() if symbol is layer is not None), None)


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


def member_faults(
    members: list[zipfile.ZipInfo], size: int, is_expected: Callable[[str], bool], writer: str
) -> Iterator[str]:
    """What is wrong with the members of an archive of ``size`` bytes that ``writer`` should have written."""
    seen: set[str] = set()
    used = 0
    for member in members:
        name = member.filename
        if not is_expected(name):
            yield f"holds an unexpected file {quoted(name)}"
        if name in seen:
            yield f"holds {name} more than once"
        seen.add(name)
        if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
            yield f"holds {name} compressed, which {writer} never writes"
        used += member.file_size
        if member.header_offset + member.compress_size > size or used > size:
            yield f"declares more bytes for {name} than it has"


def quoted(text: Any) -> str:
    """In quotes, on one line, not too long."""
    text = str(text)
    return repr(text if len(text) <= 80 else text[:77] + "...")
