"""What the benchmark scripts measure with: threads, fresh processes, the peak of memory."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Self

THREAD_COUNTS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
_STATUS, _CLEAR, _STAT = Path("/proc/self/status"), Path("/proc/self/clear_refs"), Path("/proc/stat")


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def fix_threads(threads: int) -> None:
    """Hold this process to so many threads and cores; call it before numpy or tensorflow is imported."""
    os.environ.update(dict.fromkeys(THREAD_COUNTS, str(threads)))
    if hasattr(os, "sched_setaffinity") and threads < cores():
        os.sched_setaffinity(0, _idlest(threads))


def _idlest(count: int) -> list[int]:
    """The allowed cores that did least in the last moments: others work on a shared machine too."""
    before = _idle_ticks()
    time.sleep(0.3)
    after = _idle_ticks()
    allowed = sorted(os.sched_getaffinity(0))
    return sorted(allowed, key=lambda core: before.get(core, 0) - after.get(core, 0))[:count]


def _idle_ticks() -> dict[int, int]:
    lines = _STAT.read_text().splitlines() if _STAT.is_file() else []
    cells = [line.split() for line in lines if line.startswith("cpu") and line[3].isdigit()]
    return {int(c[0][3:]): int(c[4]) + int(c[5]) for c in cells}


def fresh(threads: int, function: Callable[..., Any], *args: Any) -> Any:
    """What a function of a script returns in a new process of so many threads."""
    spawn = get_context("spawn")
    with ProcessPoolExecutor(1, spawn, initializer=fix_threads, initargs=(threads,)) as pool:
        return pool.submit(function, *args).result()


class Peak:
    """Resident memory before a block and at its peak, in bytes.

    Linux forgets the earlier peak on request; elsewhere it is that of the process so far, an upper bound.
    """

    before = 0
    peak = 0

    def __enter__(self) -> Self:
        with contextlib.suppress(OSError):
            _CLEAR.write_text("5")
        self.before = _status("VmRSS") or _highest()
        return self

    def __exit__(self, *error: object) -> None:
        self.peak = max(self.before, _status("VmHWM") or _highest())


def _status(name: str) -> int:
    """Bytes by a line of the process status; 0 where the system has none."""
    lines = _STATUS.read_text().splitlines() if _STATUS.is_file() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":")), 0)


def _highest() -> int:
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
