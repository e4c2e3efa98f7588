"""What a run may use: worker processes, threads, time and memory of a job.

How many threads a job gets: a fixed number, so that times can be compared.

What makes a run repeat itself bit for bit, and which level a run reached by its settings.

Every job has a seed of its own and every fit a fixed number of threads, always ("seeded"). What remains is
the order of floating-point sums among threads, kernels that add atomically, and code chosen by the library:
``--deterministic`` sets one thread for each fit, TensorFlow's deterministic kernels (TF_DETERMINISTIC_OPS is
the variable behind ``tf.config.experimental.enable_op_determinism``; keras.utils.set_random_seed is not
needed where all random numbers are stateless or seeded), no oneDNN (whose kernels depend on the shape of the
machine), a fixed workspace for cuBLAS, MKL's compatible code path and a fixed hash seed. They must be in the
environment before the libraries are loaded, so they belong to worker processes.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from joblib import cpu_count
from threadpoolctl import ThreadpoolController

from ...datasets import InputError
from ..preprocessing.runtime import usable_cores
from ..results.facts import Determinism
from ..setup import Resources

_UNITS = {"": 1, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_TIMES = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600}
_SMALLEST = 64 * 2**20  # less than Python with its numerical libraries takes


@dataclass(frozen=True)
class Limits:
    """What was asked for.

    ``workers`` processes run jobs at a time, 0 runs them in this process; ``threads`` holds every fit to
    so many; ``seconds`` ends a job; ``bytes`` is the resident memory of a worker process and those below it;
    ``deterministic`` workers repeat themselves bit for bit, see above.
    """

    workers: int = 0
    threads: int | None = None
    seconds: float | None = None
    bytes: int | None = None
    deterministic: bool = False

    @property
    def cores(self) -> int | None:
        """Threads for the networks of a fleet: what was asked for, or a worker's share of the cores."""
        if self.threads is not None or self.workers <= 1:
            return self.threads
        return max(1, usable_cores() // self.workers)


def make_limits(resources: Resources) -> Limits:
    """Checked limits; without ``jobs`` a limit or a cluster asks for one worker process.

    Raises
    ------
    InputError
        A value cannot be used, or two do not go together.
    """
    seconds, size = parse_time(resources.time_limit), parse_size(resources.memory_limit)
    limited, remote = seconds is not None or size is not None, resources.cluster is not None
    jobs, threads = resources.jobs, resources.threads
    if remote and jobs is not None:
        raise InputError(
            "jobs is for one machine; a cluster runs as many at a time as its workers have threads"
        )
    if jobs is None:
        jobs = int(limited or resources.deterministic or remote)
    if jobs < 0:
        raise InputError(f"jobs must be at least 0, got {jobs}")
    if threads is not None and threads < 1:
        raise InputError(f"threads must be at least 1, got {threads}")
    if jobs and os.name != "posix":
        raise InputError("worker processes need Linux or macOS; use jobs 0")
    if jobs == 0 and limited:
        raise InputError("limits of time and memory need worker processes: use jobs of 1 or more")
    if resources.deterministic:
        if remote or jobs == 0:
            raise InputError(
                "deterministic runs need worker processes of this machine: use jobs of 1 or more"
            )
        threads = threads or 1
    return Limits(jobs, threads, seconds, size, resources.deterministic)


def parse_time(value: float | str | None, name: str = "time limit") -> float | None:
    """Seconds: 90, "90", "90s", "5m", "2h"; ``name`` is what an error calls it."""
    if value is None:
        return None
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", str(value).lower())
    if not match or match[2] not in _TIMES or float(match[1]) <= 0:
        raise InputError(f"{name} must be like 90, 90s, 5m or 2h, got {value!r}")
    return float(match[1]) * _TIMES[match[2]]


def parse_size(value: int | str | None) -> int | None:
    """Bytes: 2000000000, "2GB", "1.5 GiB", "800M"."""
    if value is None:
        return None
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?\s*", str(value).lower())
    if not match or match[2] not in _UNITS:
        raise InputError(f"memory limit must be like 2GB, 800MB or 1.5GiB, got {value!r}")
    size = int(float(match[1]) * _UNITS[match[2]])
    if size < _SMALLEST:
        raise InputError(f"memory limit must be at least 64MiB, which Python alone takes; got {value!r}")
    return size


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
    names = ("n_jobs", "thread_count")
    return {name: threads for name in model.get_params() if name.rpartition("__")[2] in names}


VARIABLES = {
    "PYTHONHASHSEED": "0",
    "TF_DETERMINISTIC_OPS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    "MKL_CBWR": "COMPATIBLE",
    "OMP_DYNAMIC": "FALSE",
}


def determinism_of(limits: Limits, threads: int) -> Determinism:
    """The level that a run reached by its settings, in the words of its record.

    ``level`` is "bit-equal by setting" (deterministic kernels, one thread), "deterministic kernels" (the user
    asked for more threads, whose sums may round otherwise) or "seeded".
    """
    if not limits.deterministic:
        level = "seeded"
    else:
        level = "bit-equal by setting" if threads == 1 else "deterministic kernels"
    return Determinism(level, threads, VARIABLES if limits.deterministic else {})
