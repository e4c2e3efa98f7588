"""Peak memory of training on a large table, as a multiple of the table itself.

    python benchmarks/memory.py [--json] [--quick] [--threads N]

One epoch of ``deep-mlp`` on 1,000,000 x 30 float32 numbers in a fresh process. ``peak_over_matrix`` is the
peak of resident memory above what was resident once the data existed and tensorflow was imported, over the
bytes of the float32 matrix. ``fixed_mb`` is the same peak for a table of 10,000 rows, which is mostly the
compiler's; ``growth_over_matrix`` leaves it out. What the other scripts measure with (threads, fresh
processes, the peak) is here too.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Self

from _common import figure, keep, parser, table

COLUMNS = 30
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


def train(n_rows: int) -> dict[str, Any]:
    """One epoch on so many rows, in this process: seconds and megabytes."""
    import numpy as np
    import pandas as pd

    from deepworth.zoo import registry

    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((n_rows, COLUMNS), dtype=np.float32)
    y = (matrix[:, :3].sum(axis=1) > 0).astype(np.int64)
    X = pd.DataFrame(matrix, columns=[f"x{i}" for i in range(COLUMNS)], copy=False)
    model = registry.create("deep-mlp", "binary", "tabular", random_state=0, epochs=1)
    model.warm_up()
    with Peak() as memory:
        started = time.perf_counter()
        model.fit(X, y)
        seconds = time.perf_counter() - started
    return {
        "seconds": seconds,
        "excess_mb": (memory.peak - memory.before) / 1e6,
        "rows": n_rows,
        "columns": COLUMNS,
        "matrix_mb": matrix.nbytes / 1e6,
        "before_mb": memory.before / 1e6,
        "peak_mb": memory.peak / 1e6,
    }


def figures(n_rows: int, threads: int) -> dict[str, Any]:
    """What the script reports."""
    fixed = fresh(threads, train, 10_000)["excess_mb"]
    found = fresh(threads, train, n_rows)
    return {
        "peak_over_matrix": found["excess_mb"] / found["matrix_mb"],
        "growth_over_matrix": (found["excess_mb"] - fixed) / found["matrix_mb"],
        **found,
        "fixed_mb": fixed,
        "threads": threads,
    }


def main() -> None:
    options = parser(__doc__ or "")
    options.add_argument("--threads", type=int, default=cores(), help="threads and cores; all by default")
    chosen = options.parse_args()
    found = figures(100_000 if chosen.quick else 1_000_000, chosen.threads)
    if not chosen.quick:
        keep("memory", found)
    shown = [[name, figure(value, 2) if isinstance(value, float) else value] for name, value in found.items()]
    print(json.dumps(found) if chosen.json else table(["figure", "value"], shown))


if __name__ == "__main__":
    main()
