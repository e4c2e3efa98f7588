"""Peak memory of training on a large table, as a multiple of the table itself, and on many photographs.

    python benchmarks/memory.py [--json] [--quick] [--threads N] [--photographs N]

One epoch of ``deep-mlp`` on 1,000,000 x 30 float32 numbers in a fresh process. ``peak_over_matrix`` is the
peak of resident memory above what was resident once the data existed and tensorflow was imported, over the
bytes of the float32 matrix, in a process that has trained a small network before. The first training of a
process also loads and runs tensorflow's compiler, whatever the size of the table: ``cold_start_mb`` is what
that takes, ``cold_growth_over_matrix`` what a larger table adds to it over the bytes that it has more (both
from two table sizes, each in a process of its own), and ``cold_peak_over_matrix`` all of it together.

``photographs`` is a folder of so many JPEG files of 320 x 240 pixels (a few hundred pictures under many
names) that is loaded, and that ``cnn`` trains on for one epoch, in a fresh process: ``photographs_peak_mb``
is the peak of all resident memory of that process, tensorflow included, ``photographs_pixels_mb`` what the
pixels take, which are kept on disk where they are many, and ``photographs_load_seconds`` and
``photographs_again_seconds`` the time to decode them, and to load them once more.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
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


PICTURES = 200  # different ones
WIDTH, HEIGHT = 320, 240


def make_photographs(folder: Path, n_images: int) -> None:
    """Two classes of smooth random pictures, one of them with more red; many names for few files."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    for label in ("blue", "red"):
        (folder / label).mkdir(parents=True)
    for i in range(min(PICTURES, n_images)):
        label = ("blue", "red")[i % 2]
        coarse = rng.integers(0, 200, (12, 16, 3))
        coarse[..., 0 if label == "red" else 2] += 55
        picture = Image.fromarray(coarse.astype(np.uint8)).resize((WIDTH, HEIGHT))
        first = folder / label / f"{i}.jpg"
        picture.save(first, quality=80)
        for copy in range(i + PICTURES, n_images, PICTURES):
            os.link(first, folder / label / f"{copy}.jpg")


def photographs(folder: str, cache: str) -> dict[str, Any]:
    """Load the folder twice and train one epoch on it, in this process."""
    import numpy as np

    os.environ["DEEPWORTH_CACHE"] = cache
    from deepworth.datasets import load_dataset
    from deepworth.zoo import registry

    with Peak() as memory:
        started = time.perf_counter()
        load_dataset(folder)
        loaded = time.perf_counter()
        dataset = load_dataset(folder)
        again = time.perf_counter()
        model = registry.create("cnn", "binary", "image", random_state=0, epochs=1, width=8)
        model.fit(dataset.X, dataset.y)
        trained = time.perf_counter()
    some = np.arange(0, len(dataset), max(1, len(dataset) // 200))
    right = float(np.mean(model.predict(dataset.X[some]) == dataset.y[some]))
    return {
        "photographs": len(dataset),
        "photographs_pixels_mb": sum(image.nbytes for image in dataset.X) / 1e6,
        "photographs_peak_mb": memory.peak / 1e6,
        "photographs_load_seconds": loaded - started,
        "photographs_again_seconds": again - loaded,
        "photographs_train_seconds": trained - again,
        "photographs_accuracy": right,
    }


def figures_of_photographs(n_images: int, threads: int) -> dict[str, Any]:
    """What a folder of so many photographs takes."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "photographs"
        make_photographs(folder, n_images)
        return fresh(threads, photographs, str(folder), str(Path(place) / "cache"))


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
    options.add_argument("--photographs", type=int, default=100_000, help="how many (default 100,000)")
    chosen = options.parse_args()
    found = figures(100_000 if chosen.quick else 1_000_000, chosen.threads)
    found |= figures_of_photographs(2000 if chosen.quick else chosen.photographs, chosen.threads)
    if not chosen.quick:
        keep("memory", found)
    shown = [[name, figure(value, 2) if isinstance(value, float) else value] for name, value in found.items()]
    print(json.dumps(found) if chosen.json else table(["figure", "value"], shown))


if __name__ == "__main__":
    main()
