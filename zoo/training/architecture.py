"""What is trained: the definition of a network, the rows of each replica, and the memory that takes."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import keras
import numpy as np

from ...datasets import Task
from ..preprocessing.base import InputSpec


@dataclass(frozen=True)
class Architecture:
    """What a network is, hashable: the entry's ``build``, its parameters, inputs and outputs."""

    build: Callable[..., Any]
    params: tuple[tuple[str, Any], ...]
    spec: InputSpec
    units: int
    task: Task

    def new(self, seed: int) -> keras.Model:
        """A network with fresh weights; the caller's random state stays as it was."""
        with seeded(seed):
            return self.build(self.spec, self.units, **dict(self.params))


_SEEDING = threading.Lock()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Keras draws the seeds of its layers from Python's generator: fix it, then give it back.

    One thread at a time: the generator belongs to the process.
    """
    with _SEEDING:
        state = random.getstate()
        random.seed(seed)
        try:
            yield
        finally:
            random.setstate(state)


@dataclass
class Part:
    """Rows in network form: arrays with first axis n, target (n,), weight float32 (n,)."""

    arrays: dict[str, np.ndarray]
    target: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return len(self.target)


@dataclass
class StreamedPart:
    """Rows that are put into network form whenever they are needed: no second copy of a large table.

    ``piece`` makes the :class:`Part` of the given places among the ``n_rows`` rows.
    """

    n_rows: int
    piece: Callable[[np.ndarray], Part]

    def __len__(self) -> int:
        return self.n_rows

    def whole(self) -> Part:
        """All rows at once, for a program that holds them together."""
        return self.piece(np.arange(self.n_rows))


@dataclass
class Replica:
    """One network to train: its rows, its validation rows (or None), its seed."""

    train: Part | StreamedPart
    validation: Part | None
    seed: int


_COPIES = 8  # weights, two moments, best weights, gradient, and what a step writes anew


@lru_cache(maxsize=64)
def bytes_of_training(architecture: Architecture, batch_size: int) -> int:
    """Bytes that one replica needs beside its rows: weights, optimiser, and activations of a batch."""
    model = architecture.new(0)
    weights = sum(int(np.prod(v.shape)) for v in model.variables)
    activations = sum(_values(layer) for layer in model.layers)
    return 4 * (_COPIES * weights + 2 * batch_size * activations)


def _values(layer: object) -> int:
    """Values of a layer's output for one row."""
    shape = getattr(getattr(layer, "output", None), "shape", None) or ()
    return int(np.prod([n or 1 for n in shape[1:]]))
