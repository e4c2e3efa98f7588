"""How many threads a job gets: a fixed number, so that times can be compared."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any

from joblib import cpu_count
from threadpoolctl import ThreadpoolController

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
    return _libraries(len(sys.modules)).limit(limits=threads)


@lru_cache(maxsize=1)
def _libraries(imported: int) -> ThreadpoolController:
    """The libraries that are loaded. To look for them takes milliseconds; only an import brings new ones."""
    return ThreadpoolController()


def own_threads(model: Any, threads: int) -> dict[str, int]:
    """Parameters that stop an estimator (or a part of it) from choosing a number of threads by itself."""
    params = model.get_params()
    found = {}
    for name in params:
        prefix, _, last = name.rpartition("__")
        owner = params[prefix] if prefix else model
        # its n_jobs has had no effect with our solvers for long; since scikit-learn 1.8 to set it warns
        if last in ("n_jobs", "thread_count") and type(owner).__name__ != "LogisticRegression":
            found[name] = threads
    return found
