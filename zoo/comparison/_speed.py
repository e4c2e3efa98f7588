"""How fast this machine is right now, in a few hundredths of a second."""

from __future__ import annotations

import functools
import statistics
import time

import numpy as np

_REPEATS = 15


@functools.cache
def machine_seconds() -> float:
    """Median wall seconds of a fixed piece of work in Python and NumPy, with all that goes on beside it."""
    numbers = np.random.default_rng(0).random(20_000)
    return statistics.median(_once(numbers) for _ in range(_REPEATS))


def _once(numbers: np.ndarray) -> float:
    started = time.perf_counter()
    np.exp(np.sort(numbers)).sum()
    total = 0
    for i in range(10_000):
        total += i & 7
    return time.perf_counter() - started
