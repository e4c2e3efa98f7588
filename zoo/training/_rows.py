"""Rows of several replicas as the tensors of one program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from ..preprocessing._base import ALIGNMENT, aligned_zeros, coarse
from ._architecture import Part
from ._program import Rows

LARGE = 50_000  # rows


def stacked(parts: Sequence[Part], room: Callable[[int], int] = coarse) -> tuple[Rows, list[int]]:
    """All rows one below the other, and where each part begins.

    The number of rows is rounded up (``room``), so that folds of nearly equal size share compiled code;
    the added rows are never drawn. Large parts stay as they are: a second of compiling matters less there
    than a second copy of the rows.
    """
    lengths = [len(part) for part in parts]
    total = sum(lengths) if sum(lengths) >= LARGE else room(sum(lengths))
    offsets = [sum(lengths[:i]) for i in range(len(parts))]

    def stack(arrays: Sequence[np.ndarray]) -> Any:
        if len(arrays) == 1 and len(arrays[0]) == total:
            return as_tensor(arrays[0])
        joined = aligned_zeros((total, *arrays[0].shape[1:]), arrays[0].dtype)
        for array, start in zip(arrays, offsets, strict=True):
            joined[start : start + len(array)] = array
        return as_tensor(joined)

    return _as_rows(parts, stack), offsets


def watched(parts: Sequence[Part | None]) -> tuple[Rows, ...]:
    """Validation rows of all lanes at equal length, padded with rows of weight zero; () without any."""
    known = [part for part in parts if part is not None]
    if not known:
        return ()
    longest = max(len(part) for part in known)
    length = longest if longest >= LARGE else coarse(longest)

    def stack(arrays: Sequence[np.ndarray]) -> Any:
        if len(arrays) == 1 and len(arrays[0]) == length:
            return as_tensor(arrays[0])
        joined = aligned_zeros((len(arrays), length, *arrays[0].shape[1:]), arrays[0].dtype)
        for place, array in zip(joined, arrays, strict=True):
            place[: len(array)] = array
        return as_tensor(joined.reshape(-1, *arrays[0].shape[1:]))

    return (_as_rows(known, stack),)


def _as_rows(parts: Sequence[Part], stack: Callable[[Sequence[np.ndarray]], Any]) -> Rows:
    inputs = {name: stack([part.arrays[name] for part in parts]) for name in parts[0].arrays}
    return Rows(inputs, stack([p.target for p in parts]), stack([p.weight for p in parts]))


def as_tensor(array: np.ndarray) -> Any:
    """The array as a tensor, without a copy where it is large and its memory is aligned."""
    shared = array.nbytes >= 2**20 and array.ctypes.data % ALIGNMENT == 0 and array.flags.c_contiguous
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__()) if shared else tf.constant(array)
