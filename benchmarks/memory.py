"""Peak memory of training on a large table, as a multiple of the table itself.

    python benchmarks/memory.py [--json] [--quick] [--threads N]

One epoch of ``deep-mlp`` on 1,000,000 x 30 float32 numbers in a fresh process. ``peak_over_matrix`` is the
peak of resident memory above what was resident once the data existed and tensorflow was imported, over the
bytes of the float32 matrix, in a process that has trained a small network before. The first training of a
process also loads and runs tensorflow's compiler, whatever the size of the table: ``cold_start_mb`` is what
that takes, ``cold_growth_over_matrix`` what a larger table adds to it over the bytes that it has more (both
from two table sizes, each in a process of its own), and ``cold_peak_over_matrix`` all of it together.
"""

from __future__ import annotations

import json
import time
from typing import Any

from _common import figure, keep, parser, table
from _process import Peak, cores, fresh

COLUMNS = 30
SMALLER = 10  # the second table of the cold start has so many times fewer rows


def train(n_rows: int, warm: bool) -> dict[str, Any]:
    """One epoch on so many rows, in this process: seconds and megabytes.

    ``warm``: another network was compiled and trained here before, so that the compiler itself is loaded.
    """
    import numpy as np
    import pandas as pd

    from deepworth.zoo import registry

    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((n_rows, COLUMNS), dtype=np.float32)
    y = (matrix[:, :3].sum(axis=1) > 0).astype(np.int64)
    X = pd.DataFrame(matrix, columns=[f"x{i}" for i in range(COLUMNS)], copy=False)
    model = registry.create("deep-mlp", "binary", "tabular", random_state=0, epochs=1)
    model.warm_up()
    if warm:
        epochs = 200 if n_rows >= 1_000_000 else 20
        other = registry.create("deep-mlp", "binary", "tabular", random_state=0, epochs=epochs)
        other.fit(X[:2000], y[:2000])
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
    warm, cold, small = (
        fresh(threads, train, rows, state)
        for rows, state in ((n_rows, True), (n_rows, False), (n_rows // SMALLER, False))
    )
    growth = (cold["excess_mb"] - small["excess_mb"]) / (cold["matrix_mb"] - small["matrix_mb"])
    return {
        "peak_over_matrix": warm["excess_mb"] / warm["matrix_mb"],
        "cold_peak_over_matrix": cold["excess_mb"] / cold["matrix_mb"],
        "cold_growth_over_matrix": growth,
        "cold_start_mb": small["excess_mb"] - growth * small["matrix_mb"],
        **warm,
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
