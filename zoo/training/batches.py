"""Rows and batches as the tensors of a program: all rows at once, or one piece of them after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from ..preprocessing.base import ALIGNMENT, aligned_zeros, coarse
from .architecture import Part, StreamedPart
from .program import Rows, Steps

PIECE = 16_384  # rows, at most


class Whole:
    """Rows of all lanes that stay where the program finds them."""

    def __init__(self, parts: Sequence[Part | StreamedPart], room: Callable[[int], int]) -> None:
        self._rows, self._offsets = stacked([_whole(part) for part in parts], room)

    def usable_steps(self, n_steps: int) -> int:
        """Of so many steps in an epoch, how many are done."""
        return n_steps

    def calls(self, steps: Steps) -> Iterator[tuple[Rows, Steps]]:
        """Rows and steps of each call of an epoch, or of several at once: a single call."""
        offsets = np.asarray(self._offsets + [0] * (steps.rows.shape[-2] - len(self._offsets)), np.int32)
        yield self._rows, _tensors(steps._replace(rows=steps.rows + offsets[:, None]))


class Pieces:
    """Rows of one lane, put into network form again in every epoch, a shuffled piece at a time.

    All pieces have the same number of steps, as XLA would compile again for another; the steps that remain
    (fewer than there are pieces) come first in another epoch.
    """

    def __init__(self, part: StreamedPart, batch_size: int) -> None:
        self._part = part
        self._n_pieces = -(-len(part) // max(PIECE, batch_size))

    def usable_steps(self, n_steps: int) -> int:
        """Of so many steps in an epoch, how many are done."""
        return self._n_pieces * (n_steps // self._n_pieces)

    def calls(self, steps: Steps) -> Iterator[tuple[Rows, Steps]]:
        """Rows and steps of each call of an epoch."""
        for arrays in zip(*(np.split(x, self._n_pieces) for x in steps), strict=True):
            piece = Steps(*arrays)
            rows, _ = stacked([self._part.piece(piece.rows.ravel())])
            numbers = np.arange(piece.rows.size, dtype=np.int32).reshape(piece.rows.shape)
            yield rows, _tensors(piece._replace(rows=numbers))


def feed(
    parts: Sequence[Part | StreamedPart], batch_size: int, room: Callable[[int], int], streamed: bool
) -> Whole | Pieces:
    """Rows for a program; ``streamed`` as :func:`streams` says."""
    if streamed and isinstance(parts[0], StreamedPart):
        return Pieces(parts[0], batch_size)
    return Whole(parts, room)


def streams(parts: Sequence[Part | StreamedPart], lanes: int) -> bool:
    """Whether a program is fed piece by piece: one lane, whose rows come so."""
    return lanes == 1 and isinstance(parts[0], StreamedPart)


def _whole(part: Part | StreamedPart) -> Part:
    return part.whole() if isinstance(part, StreamedPart) else part


def _tensors(steps: Steps) -> Any:
    return Steps(*(tf.constant(x) for x in steps))


LARGE = 50_000  # rows


def stacked(parts: Sequence[Part], room: Callable[[int], int] = coarse) -> tuple[Rows, list[int]]:
    """All rows concatenated, and where each part begins.

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
        for block, array in zip(joined, arrays, strict=True):
            block[: len(array)] = array
        return as_tensor(joined.reshape(-1, *arrays[0].shape[1:]))

    return (_as_rows(known, stack),)


def _as_rows(parts: Sequence[Part], stack: Callable[[Sequence[np.ndarray]], Any]) -> Rows:
    inputs = {name: stack([part.arrays[name] for part in parts]) for name in parts[0].arrays}
    return Rows(inputs, stack([p.target for p in parts]), stack([p.weight for p in parts]))


def as_tensor(array: np.ndarray) -> Any:
    """The array as a tensor, without a copy where it is large and its memory is aligned."""
    shared = array.nbytes >= 2**20 and array.ctypes.data % ALIGNMENT == 0 and array.flags.c_contiguous
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__()) if shared else tf.constant(array)
