"""What a program is given in an epoch: all rows at once, or a piece of them after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from ._architecture import Part, StreamedPart
from ._program import Rows, Steps
from ._rows import stacked

PIECE = 16_384  # rows, at most


class Whole:
    """Rows of all lanes that stay where the program finds them."""

    def __init__(self, parts: Sequence[Part | StreamedPart], room: Callable[[int], int]) -> None:
        self._rows, self._offsets = stacked([_whole(part) for part in parts], room)

    def usable_steps(self, n_steps: int) -> int:
        """Of so many steps in an epoch, how many are done."""
        return n_steps

    def calls(self, steps: Steps) -> Iterator[tuple[Rows, Steps]]:
        """What each call of an epoch (or of several at once) is given: here there is one call."""
        offsets = np.asarray(self._offsets + [0] * (steps.rows.shape[-2] - len(self._offsets)), np.int32)
        yield self._rows, _tensors(steps._replace(rows=steps.rows + offsets[:, None]))


class Pieces:
    """Rows of one lane, put into network form again in every epoch, a shuffled piece at a time.

    All pieces have the same number of steps, as XLA would compile again for another; the steps that are
    left out (fewer than there are pieces) come first in another epoch.
    """

    def __init__(self, part: StreamedPart, batch_size: int) -> None:
        self._part = part
        self._n_pieces = -(-len(part) // max(PIECE, batch_size))

    def usable_steps(self, n_steps: int) -> int:
        """Of so many steps in an epoch, how many are done."""
        return self._n_pieces * (n_steps // self._n_pieces)

    def calls(self, steps: Steps) -> Iterator[tuple[Rows, Steps]]:
        """What each call of an epoch is given."""
        for piece in zip(*(np.split(x, self._n_pieces) for x in steps), strict=True):
            own = Steps(*piece)
            rows, _ = stacked([self._part.piece(own.rows.ravel())])
            places = np.arange(own.rows.size, dtype=np.int32).reshape(own.rows.shape)
            yield rows, _tensors(own._replace(rows=places))


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
