"""Cores and memory that training may use; imports nothing heavy.

How much memory a training takes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np

from .architecture import Architecture

_most: list[int] = []  # the innermost limit stands last


def usable_cores() -> int:
    """Cores that this process may use, fewer inside :func:`held_to_cores`."""
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(own, _most[-1]) if _most else own


@contextmanager
def held_to_cores(most: int | None) -> Iterator[None]:
    """Train with at most so many threads: the rest of the machine belongs to others."""
    if most is None:
        yield
        return
    _most.append(most)
    try:
        yield
    finally:
        _most.pop()


def available_bytes() -> int:
    """Memory that is free, or half of what there is where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):
        return 4 * 2**30


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
