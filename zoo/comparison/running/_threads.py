"""How many threads a job gets: a fixed number, so that times can be compared."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import Any

from joblib import cpu_count
from threadpoolctl import threadpool_limits

from ._limits import Limits

# Measured with histogram gradient boosting on 4 cores: below this one thread is as fast as four, and on
# a busy machine four that wait for each other made a fit of 0.1 s take 50 s.
_FEW_ROWS = 20_000


def threads_for(n_rows: int, limits: Limits | None = None) -> int:
    """Threads for a fit on so many rows: as asked for, by OMP_NUM_THREADS, or a share of the cores."""
    limits = limits or Limits()
    if limits.threads is not None:
        return limits.threads
    given = os.environ.get("OMP_NUM_THREADS", "")
    if given.isdigit() and int(given) > 0:
        return int(given)
    if n_rows < _FEW_ROWS:
        return 1
    return max(1, min(cpu_count() // 2, cpu_count() // max(1, limits.workers)))


def limited(threads: int) -> AbstractContextManager[object]:
    """Hold OpenMP and BLAS, as far as they are loaded by now, to this many threads."""
    return threadpool_limits(threads)


def own_threads(model: Any, threads: int) -> dict[str, int]:
    """Parameters that stop an estimator (or a part of it) from choosing a number of threads by itself."""
    names = [name for name in model.get_params() if name.rpartition("__")[2] in ("n_jobs", "thread_count")]
    return dict.fromkeys(names, threads)
