"""Arrays of a safetensors file: eight bytes of length, a JSON header, raw numbers.

The format was made to be read without trust; a reader is a page, and the package of that name would be one
more compiled dependency for everybody. https://github.com/huggingface/safetensors, "Format".
"""

from __future__ import annotations

import json
import math
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
