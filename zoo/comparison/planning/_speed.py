"""How fast this machine is, in a few hundredths of a second, and how busy."""

from __future__ import annotations

import functools
import os
import statistics
import time

import numpy as np

from ...training._machine import usable_cores

_REPEATS = 16


@functools.cache
def machine_seconds() -> float:
    """Wall seconds of a fixed piece of work in Python and NumPy, undisturbed: the lower quartile of some."""
    numbers = np.random.default_rng(0).random(20_000)
    return statistics.quantiles((_once(numbers) for _ in range(_REPEATS)), n=4)[0]


def load_factor() -> float:
    """How many processes want each core, as the system's average of the last minute says; at least 1."""
    try:
        return max(1.0, os.getloadavg()[0] / usable_cores())
    except (OSError, AttributeError):  # Windows does not say
        return 1.0


def _once(numbers: np.ndarray) -> float:
    started = time.perf_counter()
    np.exp(np.sort(numbers)).sum()
    total = 0
    for i in range(10_000):
        total += i & 7
    return time.perf_counter() - started
