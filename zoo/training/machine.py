"""Cores and memory that training may use.

Kept light: processes of classical models import it, and TensorFlow would cost them seconds.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_limits: list[int] = []  # of nested blocks, the innermost last


def usable_cores() -> int:
    """Cores that this process may use, fewer inside :func:`held_to_cores`."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _limits[-1]) if _limits else cores


@contextmanager
def held_to_cores(most: int | None) -> Iterator[None]:
    """Train with at most so many threads; None sets no limit."""
    if most is None:
        yield
        return
    _limits.append(most)
    try:
        yield
    finally:
        _limits.pop()


def available_bytes() -> int:
    """Free memory, or half of all memory where the system does not report it."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):
        return 4 * 2**30
