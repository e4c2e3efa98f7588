"""Arrays of files of weights, read without running anything in them: of safetensors, and of ``torch.save``.

A safetensors file is eight bytes of length, a JSON header and raw numbers. The format was made to be read
without trust; a reader is a page, and the package of that name would be one more compiled dependency for
everybody. https://github.com/huggingface/safetensors, "Format".

A file that ``torch.save`` wrote holds a pickle, and to unpickle is to run it. The reader here walks over its
opcodes instead: it knows those that build dictionaries, tuples and numbers, and four names that rebuild a
tensor; anything else is refused. Both layouts are read: the zip archive (since PyTorch 1.6) and the older
stream of pickles.
"""

from __future__ import annotations

import io
import json
import math
import pickletools
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...datasets import InputError

_LARGEST_HEADER = 100_000_000  # bytes, as in the reference reader
_KINDS = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U8": "u1",
    "BOOL": "?",
}


def read_safetensors(path: Path) -> dict[str, np.ndarray]:
    """Arrays by name, mapped into memory; those of half precision are float32.

    Raises
    ------
    InputError
        The file is damaged: bytes of an array lie outside, overlap others, or are too many or too few.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= min(size - 8, _LARGEST_HEADER):
                raise ValueError("its header is longer than the file")
            header = json.loads(file.read(length))
        data = np.memmap(path, np.uint8, "r", offset=8 + length) if size > 8 + length else np.zeros(0, "u1")
        return _arrays(header, data)
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(f"{path} is not a sound safetensors file: {error}") from error


def _arrays(header: dict[str, Any], data: np.ndarray) -> dict[str, np.ndarray]:
    named = {name: value for name, value in header.items() if name != "__metadata__"}
    arrays: dict[str, np.ndarray] = {}
    end = 0
    for name, facts in sorted(named.items(), key=lambda item: item[1]["data_offsets"]):
        start, stop = facts["data_offsets"]
        shape = tuple(facts["shape"])
        kind = np.dtype(_KINDS[facts["dtype"]])
        if start != end or not all(type(n) is int and n >= 0 for n in (start, stop, *shape)):
            raise ValueError(f"the bytes of {name!r} overlap or leave a gap")
        if stop - start != math.prod(shape) * kind.itemsize or stop > len(data):
            raise ValueError(f"the bytes of {name!r} are not those of its shape")
        values = np.frombuffer(data, kind, math.prod(shape), start).reshape(shape)
        arrays[name] = _single(values, facts["dtype"])
        end = stop
    if end != len(data):
        raise ValueError("there are bytes that belong to no array")
    return arrays


def _single(values: np.ndarray, kind: str) -> np.ndarray:
    """Half precision as float32: bfloat16 is its upper half."""
    if kind == "BF16":
        return (values.astype(np.uint32) << 16).view(np.float32)
    return values.astype(np.float32) if kind == "F16" else values


_MAGIC = 0x1950A86A20F9469CFC6C  # first pickle of the older layout
_STORED = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}
_STORAGES = {("torch", name) for name in _STORED}
_DICT = ("collections", "OrderedDict")
_TENSOR = ("torch._utils", "_rebuild_tensor_v2")
_PARAMETER = ("torch._utils", "_rebuild_parameter")
_KNOWN = {*_STORAGES, _DICT, _TENSOR, _PARAMETER}
_MOST_OPCODES = 2_000_000
_DAMAGE = (
    *(OSError, ValueError, TypeError, KeyError, IndexError, AttributeError),
    *(zipfile.BadZipFile, RuntimeError, NotImplementedError),
)


@dataclass(frozen=True)
class _Storage:
    """A run of numbers, by its key; they are read later."""

    key: str
    kind: str
    size: int


@dataclass(frozen=True)
class _Tensor:
    """A view of a storage."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True)
class _Name:
    """A global that the pickle names; nothing is imported."""

    module: str
    name: str


class _Mark:
    """Where a collection starts on the stack."""


def read_torch(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a state dictionary by name.

    Raises
    ------
    InputError
        The file is damaged, or its pickle does anything but rebuild tensors.
    """
    try:
        if zipfile.is_zipfile(path):
            return _from_archive(path)
        return _from_stream(path.read_bytes())
    except (
        OSError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        zipfile.BadZipFile,
    ) as error:
        raise InputError(f"{path} cannot be read as weights of PyTorch: {error}") from error


def _from_archive(path: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(names) != 1:
            raise ValueError("there is no data.pkl in it")
        folder = names[0].removesuffix("data.pkl")
        state = _Walk().run(io.BytesIO(archive.read(names[0])))
        stored: dict[str, bytes] = {}

        def numbers(storage: _Storage) -> np.ndarray:
            if storage.key not in stored:
                stored[storage.key] = archive.read(f"{folder}data/{storage.key}")
            return np.frombuffer(stored[storage.key], _STORED[storage.kind])

        return {name: _array(tensor, numbers) for name, tensor in _tensors(state).items()}


def _from_stream(data: bytes) -> dict[str, np.ndarray]:
    """Pickles of magic number, version, machine, state and keys; then every storage with its size."""
    file = io.BytesIO(data)
    if _Walk().run(file) != _MAGIC:
        raise ValueError("it does not start as such a file does")
    _Walk().run(file), _Walk().run(file)
    walk = _Walk()
    state, keys = walk.run(file), _Walk().run(file)
    stored: dict[str, np.ndarray] = {}
    for key in keys:
        storage, kind = walk.storages[key], np.dtype(_STORED[walk.storages[key].kind])
        size = int.from_bytes(file.read(8), "little")
        raw = file.read(size * kind.itemsize) if size == storage.size else b""
        if len(raw) != storage.size * kind.itemsize:
            raise ValueError(f"storage {key} is truncated")
        stored[key] = np.frombuffer(raw, kind)
    return {name: _array(tensor, lambda s: stored[s.key]) for name, tensor in _tensors(state).items()}


def _tensors(state: Any) -> dict[str, _Tensor]:
    state = state.get("state_dict", state) if isinstance(state, dict) else state
    if not isinstance(state, dict):
        raise ValueError("it holds no dictionary of weights")
    return {str(name): value for name, value in state.items() if isinstance(value, _Tensor)}


def _array(tensor: _Tensor, numbers: Any) -> np.ndarray:
    """The view of a storage, checked to lie inside, as an array of its own."""
    values = numbers(tensor.storage)
    sides = list(zip(tensor.shape, tensor.strides, strict=True))
    sound = all(type(n) is int and n >= 0 for n in (tensor.offset, *tensor.shape, *tensor.strides))
    last = tensor.offset + sum((n - 1) * step for n, step in sides)
    if not sound or len(values) != tensor.storage.size:
        raise ValueError("a tensor has no sound shape")
    if math.prod(tensor.shape) == 0:
        return np.zeros(tensor.shape, values.dtype)
    if last >= len(values) or math.prod(tensor.shape) > len(values):
        raise ValueError("a tensor reaches beyond its storage")
    steps = [step * values.itemsize for step in tensor.strides]
    return np.lib.stride_tricks.as_strided(values[tensor.offset :], tensor.shape, steps).copy()


class _Walk:
    """What a pickle would build, of tensors and plain values only."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.storages: dict[str, _Storage] = {}

    def run(self, file: io.BytesIO) -> Any:
        """The object of the next pickle in the file."""
        for number, (opcode, argument, _) in enumerate(pickletools.genops(file)):
            if number > _MOST_OPCODES:
                raise ValueError("its pickle is too long")
            if opcode.name == "STOP":
                break
            self._step(opcode.name, argument)
        return self.stack.pop()

    def _step(self, name: str, argument: Any) -> None:
        step = getattr(self, f"_{name.lower()}", None)
        if name in _PUSHED:
            self.stack.append(_PUSHED[name] if name in _CONSTANTS else argument)
        elif step is None or name in ("STEP", "POP_MARK"):
            raise ValueError(f"its pickle has the opcode {name}, which weights do not need")
        else:
            step(argument)

    def _pop_mark(self) -> list[Any]:
        items: list[Any] = []
        while not isinstance(item := self.stack.pop(), _Mark):
            items.append(item)
        return items[::-1]

    def _proto(self, version: int) -> None:
        if version > 5:
            raise ValueError(f"its pickle is of version {version}")

    def _frame(self, _: int) -> None: ...

    def _mark(self, _: None) -> None:
        self.stack.append(_Mark())

    def _global(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        if (module, name) not in _KNOWN:
            raise ValueError(f"its pickle names {module}.{name}, which is not needed to rebuild tensors")
        self.stack.append(_Name(module, name))

    def _stack_global(self, _: None) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self._global(f"{module} {name}")

    def _binput(self, place: int) -> None:
        self.memo[place] = self.stack[-1]

    _long_binput = _put = _binput

    def _memoize(self, _: None) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def _binget(self, place: int) -> None:
        self.stack.append(self.memo[place])

    _long_binget = _get = _binget

    def _empty_tuple(self, _: None) -> None:
        self.stack.append(())

    def _empty_list(self, _: None) -> None:
        self.stack.append([])

    def _empty_dict(self, _: None) -> None:
        self.stack.append({})

    def _tuple(self, _: None) -> None:
        self.stack.append(tuple(self._pop_mark()))

    def _tuple1(self, _: None) -> None:
        self.stack[-1:] = [tuple(self.stack[-1:])]

    def _tuple2(self, _: None) -> None:
        self.stack[-2:] = [tuple(self.stack[-2:])]

    def _tuple3(self, _: None) -> None:
        self.stack[-3:] = [tuple(self.stack[-3:])]

    def _append(self, _: None) -> None:
        item = self.stack.pop()
        self._top(list).append(item)

    def _appends(self, _: None) -> None:
        items = self._pop_mark()
        self._top(list).extend(items)

    def _setitem(self, _: None) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._top(dict)[key] = value

    def _setitems(self, _: None) -> None:
        items = self._pop_mark()
        self._top(dict).update(zip(items[::2], items[1::2], strict=True))

    def _build(self, _: None) -> None:
        """Attributes of the dictionary (``_metadata``): not needed, and not set."""
        self.stack.pop()
        self._top(dict)

    def _top(self, kind: type) -> Any:
        if type(self.stack[-1]) is not kind:
            raise ValueError("its pickle fills something that is no collection")
        return self.stack[-1]

    def _binpersid(self, _: None) -> None:
        """A storage: ("storage", kind, key, device, size), with a view behind them in the older layout."""
        what, kind, key, _, size, *_ = self.stack.pop()
        if what != "storage" or (kind.module, kind.name) not in _STORAGES or type(size) is not int:
            raise ValueError("its pickle refers to something that is no storage")
        storage = _Storage(str(key), kind.name, size)
        self.storages[storage.key] = storage
        self.stack.append(storage)

    def _reduce(self, _: None) -> None:
        arguments, called = self.stack.pop(), self.stack.pop()
        known = (called.module, called.name)
        if known == _DICT and arguments == ():
            self.stack.append({})
        elif known == _TENSOR and isinstance(arguments[0], _Storage):
            storage, offset, shape, strides, *_ = arguments
            self.stack.append(_Tensor(storage, offset, tuple(shape), tuple(strides)))
        elif known == _PARAMETER and isinstance(arguments[0], _Tensor):
            self.stack.append(arguments[0])
        else:
            raise ValueError("its pickle calls something that does not rebuild a tensor")


_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_VALUES = (
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "BINFLOAT", "FLOAT"),
    *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "SHORT_BINSTRING", "BINSTRING"),
)
_PUSHED: dict[str, Any] = {**_CONSTANTS, **dict.fromkeys(_VALUES)}
