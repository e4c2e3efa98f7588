"""Clocks and the peak of memory: what costs are measured with."""

from __future__ import annotations

import ctypes
import gc
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

BATCHES = (1, 10, 100, 1000)
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Effort:
    """How long a latency is measured: so many calls and seconds at least, but no longer than ``most``."""

    calls: int
    seconds: float
    most: float
    least: int = 5  # calls, however long they take

    def enough(self, calls: int, seconds: float) -> bool:
        """Whether these will do."""
        if seconds >= self.most:
            return calls >= self.least
        return calls >= self.calls and seconds >= self.seconds


EFFORTS = {
    "quick": Effort(12, 0.03, 0.4),
    "standard": Effort(50, 0.2, 2.0),
    "thorough": Effort(100, 0.5, 5.0),
}


@dataclass(frozen=True)
class Latency:
    """Seconds of one call with ``rows`` rows: median and 95th percentile over ``calls`` calls."""

    rows: int
    median: float
    p95: float
    calls: int


def latencies(
    call: Callable[[Any], Any], batch: Callable[[int, int], Any], effort: Effort
) -> dict[str, dict[str, float]]:
    """Latency of a call by its number of rows, after untimed calls with every number.

    Parameters
    ----------
    call : what is timed
    batch : ``batch(rows, number)`` makes the argument of a call, untimed; other rows for every number
    """
    for rows in BATCHES:  # a network is traced for each kind of shape that it meets
        call(batch(rows, 0))
    for rows in BATCHES:
        call(batch(rows, 1))
    return {str(rows): asdict(_latency(call, batch, rows, effort)) for rows in BATCHES}


def _latency(
    call: Callable[[Any], Any], batch: Callable[[int, int], Any], rows: int, effort: Effort
) -> Latency:
    times: list[float] = []
    while not effort.enough(len(times), sum(times)):
        given = batch(rows, len(times))
        started = time.perf_counter()
        call(given)
        times.append(time.perf_counter() - started)
    return Latency(rows, float(np.median(times)), float(np.quantile(times, 0.95)), len(times))


class Meter:
    """Wall time, CPU time and the peak of memory of a block.

    Attributes
    ----------
    wall, cpu : float
        Seconds; those of all threads and of ended child processes are summed up in ``cpu``.
    peak_bytes : int or None
        The most resident memory above that at the start. None where the system tells only the peak of
        the whole process, and an earlier one was higher.
    """

    wall = 0.0
    cpu = 0.0
    peak_bytes: int | None = None

    def __enter__(self) -> Self:
        self._resettable = _reset_peak()
        self._before = _status("VmRSS") if self._resettable else _highest()
        self._wall, self._cpu = time.perf_counter(), cpu_seconds()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall, self.cpu = time.perf_counter() - self._wall, cpu_seconds() - self._cpu
        peak = _status("VmHWM") if self._resettable else _highest()
        if self._resettable or peak > self._before:
            self.peak_bytes = max(0, peak - self._before)


def cpu_seconds() -> float:
    """CPU time of this process, all its threads, and the processes that it started and saw end."""
    try:
        import resource
    except ImportError:  # Windows
        return time.process_time()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def give_back_memory() -> None:
    """What nobody uses goes back to the system, as far as it takes it: the next block finds none of it."""
    gc.collect()
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # musl has no malloc_trim
            ctypes.CDLL(None).malloc_trim(0)


def _reset_peak() -> bool:
    """Whether the system forgot the earlier peak; Linux does so on request."""
    try:
        _CLEAR.write_text("5")
    except OSError:
        return False
    return _STATUS.is_file()


def _status(name: str) -> int:
    lines = _STATUS.read_text().splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":")), 0)


def _highest() -> int:
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
