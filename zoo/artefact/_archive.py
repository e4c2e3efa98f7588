"""What a Keras archive may hold, checked before Keras reads a byte of it.

An archive is a zip of three files; ``config.json`` names the objects that are built. Keras imports and calls
what is named there, guarded by rules that differ between its versions, so every name is looked up here first:
a layer of deepworth, or a part of Keras that only computes.
"""

from __future__ import annotations

import inspect
import json
import os
import struct
import sys
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ...datasets._errors import InputError
from ._zip import member_faults, quoted

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
