"""Keras archives from untrusted sources: what they may contain, and how a model is built from them.

An archive is a zip of three files; ``config.json`` names the objects that are built. Keras imports and calls
what is named there, guarded by rules that differ between its versions, so every name is looked up here first:
it must be a layer of deepworth, or a part of Keras that only computes. Then the sizes of all layers are
worked out before any memory is used for them.

The arrays of the weights file are read without the HDF5 library. That is written in C and follows what a file
says: hostile files have crashed it, made it open other files, and made it decompress gigabytes. Keras writes
a small part of the format only: groups in symbol tables, and contiguous uncompressed arrays. The reader here
knows that part and refuses everything else. Layout: HDF5 File Format Specification 3.0, superblock 0, object
headers 1.
"""

from __future__ import annotations

import inspect
import json
import os
import struct
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...datasets import InputError
from .manifest import quoted

NEEDED = ("config.json", "model.weights.h5")
MEMBERS = (*NEEDED, "metadata.json")
LARGEST_CONFIG = 64 * 2**20  # bytes; a vocabulary of 20,000 words takes less than one MiB

WIDEST = 2**26  # numbers that a layer may output for one row

_REGISTERED = "deepworth>"  # how the names of our layers start
_UNSAVED = 2**20  # bytes of variables that are in no file: states of random numbers
_DAMAGE = (  # what zipfile and json raise for damaged archives
    *(zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError),
    *(NotImplementedError, struct.error),  # unknown compression, broken headers
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
# Operations of functional models (a subtraction, a cast) and Functional itself have no public name.
PRIVATE_MODULES = ("keras.src.ops.", "keras.src.models.")
FUNCTIONS = {  # module that a file may name: module in which the function is looked up
    "builtins": "keras.activations",
    "keras.activations": "keras.activations",
    "keras.ops": "keras.ops",
}
DENIED_LAYERS = {
    "FlaxLayer": "calls a function that the file names",
    "JaxLayer": "calls a function that the file names",
    "Lambda": "runs code from the file",
    "TFSMLayer": "runs a graph from another file",
    "TorchModuleWrapper": "unpickles data from the file",
}


def check_archive(path: Path) -> None:
    """Refuse an archive that ``save`` would not write, or that names an object that is not trusted.

    Raises
    ------
    InputError
        The first fault. Nothing was unpacked, imported or built.
    """
    fault = next(_faults(path), None)
    if fault is not None:
        raise InputError(f"{path} {fault}; it was not loaded")


def _faults(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            yield from _member_faults(archive.infolist(), os.fstat(file.fileno()).st_size)
            config = json.loads(archive.read("config.json"))
    except _DAMAGE as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        yield f"is damaged or not a Keras archive: {first}"
        return
    if not isinstance(config, dict):
        yield f"is not a Keras archive: its config.json is a {type(config).__name__}, not an object"
        return
    for part in _objects(config):
        yield from _object_faults(part)


def _member_faults(members: list[zipfile.ZipInfo], size: int) -> Iterator[str]:
    """Faults of the list of files."""
    yield from member_faults(members, size, MEMBERS.__contains__, "Keras")
    for member in members:
        if member.filename == "config.json" and member.file_size > LARGEST_CONFIG:
            yield f"has a config.json of {member.file_size:,} bytes; at most {LARGEST_CONFIG:,} are read"
    for name in NEEDED:
        if name not in [member.filename for member in members]:
            yield f"lacks {name}"


def _objects(config: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object in a configuration, at any depth."""
    waiting = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _object_faults(config: dict[str, Any]) -> Iterator[str]:
    if isinstance(config.get("vocabulary"), str):
        yield f"reads a vocabulary from another file, {quoted(config['vocabulary'])}"
    class_name = config.get("class_name")
    if not isinstance(class_name, str) or class_name in VALUES:
        return
    is_function = class_name == "function"
    name = config.get("config") if is_function else class_name
    module, registered = config.get("module"), config.get("registered_name")
    if _is_ours(name if is_function else registered):
        return
    symbol = _function(module, name) if is_function else _class(module, name)
    denied = _denied_layer(symbol)
    if denied:
        yield f"contains the layer {denied}, which {DENIED_LAYERS[denied]}"
    elif symbol is None or registered not in (None, name, class_name):
        yield f"names {quoted(f'{module}.{name}' if module else name)}, which is not trusted"


def _is_ours(name: Any) -> bool:
    """Whether one of our files registered the name with Keras."""
    import keras

    ours = isinstance(name, str) and name.startswith(_REGISTERED)
    return ours and bool(keras.saving.get_registered_object(name))


def _class(module: Any, name: Any) -> type | None:
    """A class of Keras that only computes: a layer, an operation, or a part of a layer."""
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
    """The public name of a layer that may run code, or None."""
    import keras

    denied = {name: getattr(keras.layers, name, None) for name in DENIED_LAYERS}
    return next((name for name, layer in denied.items() if symbol is layer is not None), None)


def build_model(path: Path) -> Any:
    """The model of a checked archive.

    Its shapes are worked out before memory is allocated, so that a layer of 10**12 units is refused. Its
    weights are read by our own reader and passed to Keras in a new file, so that the HDF5 library never sees
    untrusted bytes.

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
    """Keras would initialise all variables of the scope at its end, however large they are."""
    from keras.src.backend.common import global_state

    global_state.get_global_attribute("uninitialized_variables", [], set_to_default=True).clear()


def _check_sizes(planned: Any, n_bytes: int) -> None:
    import keras

    if not isinstance(planned, keras.Model):
        raise ValueError(f"it contains a {type(planned).__name__}, not a model")
    needed = sum(_count(v.shape) * np.dtype(v.dtype).itemsize for v in planned.variables)
    if needed > n_bytes + _UNSAVED:
        raise ValueError(f"its layers need {needed:,} bytes of weights, the file has {n_bytes:,}")
    for name, shape in _outputs(planned):
        if _count(n for n in shape[1:] if n is not None) > WIDEST:
            raise ValueError(f"layer {name[:60]!r} would output {shape[1:]} numbers for one row")


def _count(shape: Any) -> int:
    count = 1
    for n in shape:
        if n < 0:
            raise ValueError("a shape is negative")
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
    """Faults in the files of a zip archive of ``size`` bytes that ``writer`` should have written."""
    seen: set[str] = set()
    used = 0
    for member in members:
        name = member.filename
        if not is_expected(name):
            yield f"contains an unexpected file {quoted(name)}"
        if name in seen:
            yield f"contains {name} more than once"
        seen.add(name)
        if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
            yield f"contains {name} compressed, which {writer} never does"
        used += member.file_size
        if member.header_offset + member.compress_size > size or used > size:
            yield f"declares more bytes for {name} than it has"


MAGIC = b"\x89HDF\r\n\x1a\n"
MOST_OBJECTS = 200_000
_SPARE = 2**20  # bytes that names and paths may take beyond those of the file
_UNDEFINED = 2**64 - 1
_DATASPACE, _DATATYPE, _LAYOUT, _FILTERS, _LINKS, _CONTINUATION, _SYMBOLS = 1, 3, 8, 11, 7, 16, 17
_KINDS = {(0, True): "i", (0, False): "u", (1, True): "f", (1, False): "f"}


def read_arrays(data: bytes) -> dict[str, np.ndarray]:
    """Arrays of a weights file by their path, such as ``layers/dense/vars/0``.

    Raises
    ------
    ValueError
        The file is damaged, or contains what Keras never writes: links, compressed or chunked arrays, arrays
        of other things than numbers, or a group that contains itself.
    """
    try:
        return dict(_File(data).arrays())
    except (struct.error, IndexError, OverflowError, UnicodeDecodeError, TypeError, RecursionError) as error:
        raise ValueError(f"its weights are damaged ({error})") from None


class _File:
    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._seen: set[int] = set()
        self._left = len(data) + _SPARE

    def arrays(self) -> Iterator[tuple[str, np.ndarray]]:
        """Every array, with its path."""
        version, sizes = self._data[8], bytes(self._data[13:15])
        if bytes(self._data[:8]) != MAGIC or version != 0 or sizes != b"\x08\x08":
            raise ValueError("its weights are not laid out as Keras writes them")
        root = self._number(64)
        waiting = [("", root)]
        while waiting:
            path, address = waiting.pop()
            messages = self._messages(address)
            if _SYMBOLS in messages:
                tree, heap = struct.unpack_from("<QQ", messages[_SYMBOLS])
                for name, member in self._members(tree, heap):
                    self._spend(len(path) + len(name))
                    waiting.append((f"{path}/{name}".lstrip("/"), member))
            elif _LAYOUT in messages:
                yield path, self._array(messages)

    def _spend(self, size: int) -> None:
        """One budget for everything that is decoded: parts that share bytes would grow in memory."""
        self._left -= size
        if self._left < 0:
            raise ValueError("its weights overlap")

    def _once(self, address: int) -> None:
        """Read no part twice, so that no chain of parts is endless."""
        if address in self._seen or len(self._seen) > MOST_OBJECTS:
            raise ValueError("its weights contain a circular group")
        self._seen.add(address)

    def _number(self, address: int) -> int:
        return struct.unpack_from("<Q", self._data, address)[0]

    def _part(self, start: int, size: int) -> memoryview:
        if start + size > len(self._data):
            raise ValueError("its weights are truncated")
        return self._data[start : start + size]

    def _messages(self, address: int) -> dict[int, memoryview]:
        """The messages of an object header by their type."""
        self._once(address)
        version, _, _, _, size = struct.unpack_from("<BBHII", self._data, address)
        if version != 1:
            raise ValueError("its weights are not laid out as Keras writes them")
        messages: dict[int, memoryview] = {}
        blocks = [(address + 16, size)]
        while blocks:
            start, size = blocks.pop()
            block = self._part(start, size)
            offset = 0
            while offset + 8 <= len(block):
                kind, length, flags = struct.unpack_from("<HHB", block, offset)
                content = block[offset + 8 : offset + 8 + length]
                if len(content) < length or flags & 2:
                    raise ValueError("its weights contain a broken or shared message")
                if kind == _CONTINUATION:
                    next_start, more = struct.unpack_from("<QQ", content)
                    self._once(next_start)
                    blocks.append((next_start, more))
                elif kind in (_FILTERS, _LINKS, 6, 2, 10):  # compressed arrays, other files, new-style groups
                    raise ValueError("its weights contain links or compressed arrays")
                messages.setdefault(kind, content)
                offset += 8 + length
        return messages

    def _members(self, tree: int, heap: int) -> Iterator[tuple[str, int]]:
        """Names and addresses of a group's members."""
        self._once(heap)
        signature, _, size, _, start = struct.unpack_from("<4sIQQQ", self._data, heap)
        if signature != b"HEAP":
            raise ValueError("its weights have a group without names")
        self._spend(size)
        names = bytes(self._part(start, size))
        nodes = [tree]
        while nodes:
            node = nodes.pop()
            self._once(node)
            signature, kind, _, count = struct.unpack_from("<4sBBH", self._data, node)
            if signature == b"TREE" and kind == 0:
                nodes += [self._number(node + 24 + 8 + 16 * i) for i in range(count)]
            elif signature == b"SNOD":
                (count,) = struct.unpack_from("<H", self._data, node + 6)
                yield from self._symbols(node + 8, count, names)
            else:
                raise ValueError("its weights have a broken group")

    def _symbols(self, start: int, count: int, names: bytes) -> Iterator[tuple[str, int]]:
        for i in range(count):
            offset, address, cache = struct.unpack_from("<QQI", self._data, start + 40 * i)
            if cache not in (0, 1):
                raise ValueError("its weights contain a link")
            end = names.index(b"\0", offset)
            self._spend(end - offset)
            yield names[offset:end].decode(), address

    def _array(self, messages: dict[int, memoryview]) -> np.ndarray:
        shape = self._shape(messages[_DATASPACE])
        dtype = self._dtype(messages[_DATATYPE])
        version, layout = messages[_LAYOUT][0], messages[_LAYOUT][1]
        if version != 3 or layout != 1:
            raise ValueError("its weights contain an array that is not contiguous")
        address, size = struct.unpack_from("<QQ", messages[_LAYOUT], 2)
        count = 1
        for n in shape:
            count *= n
        if size != count * dtype.itemsize or (size and address == _UNDEFINED):
            raise ValueError("its weights contain an array whose size does not match its shape")
        self._spend(size)
        data = self._part(address, size) if size else b""
        return np.frombuffer(data, dtype).reshape(shape).copy()

    @staticmethod
    def _shape(message: memoryview) -> tuple[int, ...]:
        version, rank = message[0], message[1]
        if version != 1 or rank > 16:
            raise ValueError("its weights contain an array of unknown shape")
        return struct.unpack_from(f"<{rank}Q", message, 8)

    @staticmethod
    def _dtype(message: memoryview) -> np.dtype:
        """Little-endian whole numbers and IEEE floats."""
        kind, bits, size = message[0], message[1], struct.unpack_from("<I", message, 4)[0]
        name = _KINDS.get((kind & 15, bool(bits & 8)))
        if kind >> 4 not in (1, 3) or name is None or bits & 1 or size not in (1, 2, 4, 8):
            raise ValueError("its weights contain an array that is not numeric")
        if name == "f" and (size == 1 or (size == 2 and bytes(message[14:15]) != b"\x05")):
            raise ValueError("its weights contain numbers of an unknown type")
        return np.dtype(f"<{name}{size}")
