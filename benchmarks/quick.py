"""How long people wait: the default comparison, real tables, one row, many rows, and each network's price.

    python benchmarks/quick.py [--only PART ...] [--threads N] [--json]

Every part is measured in fresh processes held to the same cores; a part that is kept is measured again with
``--force`` or ``--only``. The tables of 20,000 rows and more need the development data (``--reference``).

``default_compare``  wall and CPU seconds of ``deepworth compare``, and without costs
``parts``            CPU seconds of the default comparison: each model alone, without costs
``tables``           minutes of ``compare`` on real tables
``one_row``          seconds and memory of ``deepworth predict MODEL NAME=VALUE ...``, and without the graph
``rows``             rows a second of ``predict`` on a CSV file, its start not counted
``networks``         CPU seconds of a fit: ``tabm`` over ``deep-mlp``
``gflops``           of a training step of deep-mlp, and of bare matrix products of the same shapes
``growth``           CPU seconds a row of a fit by the number of rows
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _common import figure, keep, kept, parser, table
from _process import cores, fresh

REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "data" / "tabular"
TABLES = {
    "adult": ("income", 48_842),
    "california_housing": ("median_house_value", 20_640),
    "diamonds": ("price", 53_940),
}
ONE_ROW = ("logistic-regression", "hist-gradient-boosting", "deep-mlp")
FITS = ("deep-mlp", "tabm")
ROWS_OF_FITS = (1_000, 10_000)
GROWTH = {"deep-mlp": 100_000, "shallow-mlp": 1_000_000, "hist-gradient-boosting": 1_000_000}
MANY = 1_000_000  # rows of a file to predict
TURNS = 3


def command(words: list[str], threads: int) -> dict[str, float]:
    """Wall and CPU seconds and the peak of memory of a command of deepworth."""
    return dict(fresh(threads, _run, words))


def _run(words: list[str]) -> dict[str, float]:
    started, before = time.perf_counter(), _children()
    environment = {**os.environ, "DEEPWORTH_OFFLINE": "1"}
    for name in list(environment):
        if name.endswith("_NUM_THREADS"):  # as a user has it: the cores decide
            del environment[name]
    arguments = [sys.executable, "-m", "deepworth.cli", *words]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {done.returncode}: {done.stderr[-500:]}")
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = time.perf_counter() - started
    return {"seconds": wall, "cpu_seconds": _children() - before, "mb": usage.ru_maxrss / 1024}


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def default_compare(chosen: argparse.Namespace) -> dict[str, Any]:
    """The command without arguments, as a newcomer runs it first."""
    small = ["iris", "-m", "constant,naive-bayes"] if chosen.quick else []
    words = ["compare", *small, "-q", "--no-store"]
    found = {}
    for name, more in (("with_costs", []), ("without_costs", ["--no-costs"])):
        runs = [command([*words, *more], chosen.threads) for _ in range(1 if chosen.quick else TURNS)]
        found[name] = min(runs, key=lambda run: run["seconds"])
    return found


def parts(chosen: argparse.Namespace) -> dict[str, Any]:
    """CPU seconds by model, above those of a comparison of the constant model with itself."""
    from deepworth.zoo import registry

    known = [n for n in registry.suited("binary", "tabular") if registry.missing_requirement(n) is None]
    names = ["naive-bayes"] if chosen.quick else [n for n in known if not registry.is_reference(n)]
    words = ["compare", "-q", "--no-store", "--no-costs", "-m"]
    base = command([*words, "constant"], chosen.threads)["cpu_seconds"]
    own = {name: command([*words, f"constant,{name}"], chosen.threads)["cpu_seconds"] for name in names}
    return {"start": base, **{name: seconds - base for name, seconds in own.items()}}


def tables(chosen: argparse.Namespace) -> dict[str, Any] | None:
    """Minutes until the answer on tables of tens of thousands of rows."""
    if not chosen.reference.is_dir() or chosen.quick:
        return None
    found = {}
    for name, (target, rows) in TABLES.items():
        path = str(chosen.reference / f"{name}.csv.gz")
        taken = command(["compare", path, "-t", target, "-q", "--no-store"], chosen.threads)
        found[name] = {
            "rows": rows,
            "minutes": taken["seconds"] / 60,
            "cpu_minutes": taken["cpu_seconds"] / 60,
        }
        print(f"{name}: {found[name]['minutes']:.1f} min", file=sys.stderr, flush=True)
    return found


def _trained(name: str, folder: Path) -> Path:
    path = folder / name
    if not path.exists():
        subprocess.run(
            [sys.executable, "-m", "deepworth.cli", "train", "sick-healthy", "-m", name, "-o", str(path)],
            check=True,
            capture_output=True,
        )
    return path


def one_row(chosen: argparse.Namespace) -> dict[str, Any]:
    """One row on the command line, by the graph beside the model and by the model itself."""
    row = ["age_years=40", "sex=male", "height_cm=180", "weight_kg=80"]
    row += ["body_temperature_c=39.5", "heart_rate_bpm=90"]
    found = {}
    with tempfile.TemporaryDirectory() as name:
        for model in ONE_ROW[:1] if chosen.quick else ONE_ROW:
            path = _trained(model, Path(name))
            turns = range(1 if chosen.quick else TURNS)
            fast = [command(["predict", str(path), *row], chosen.threads) for _ in turns]
            (path / "onnx").rename(path / "hidden")
            slow = [command(["predict", str(path), *row], chosen.threads) for _ in turns]
            found[model] = {
                "seconds": statistics.median(run["seconds"] for run in fast),
                "mb": statistics.median(run["mb"] for run in fast),
                "seconds_of_the_model": statistics.median(run["seconds"] for run in slow),
                "mb_of_the_model": statistics.median(run["mb"] for run in slow),
            }
    return found


def rows(chosen: argparse.Namespace) -> dict[str, Any]:
    """Rows a second on a CSV file: the time of many rows less that of few."""
    import deepworth

    many = 20_000 if chosen.quick else MANY
    found = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        frame = deepworth.load_dataset("sick-healthy").X
        for n_rows in (1_000, many):
            sample = frame.sample(n_rows, replace=True, random_state=0)
            sample.to_csv(folder / f"{n_rows}.csv", index=False)
        for model in ONE_ROW[:1] if chosen.quick else ONE_ROW:
            path = str(_trained(model, folder))
            taken = [
                min(_predicted(path, folder, n_rows, chosen) for _ in range(1 if chosen.quick else TURNS))
                for n_rows in (1_000, many)
            ]
            found[model] = (many - 1_000) / (taken[1] - taken[0])
    return found


def _predicted(model: str, folder: Path, n_rows: int, chosen: argparse.Namespace) -> float:
    words = ["predict", model, str(folder / f"{n_rows}.csv"), "-q", "-o", str(folder / "out.csv")]
    return command(words, chosen.threads)["seconds"]


def networks(chosen: argparse.Namespace) -> dict[str, Any]:
    """CPU seconds of a fit by network and rows, and their ratio."""
    sizes = ROWS_OF_FITS[:1] if chosen.quick else ROWS_OF_FITS
    fits = {n: {name: fresh(chosen.threads, fit_cpu, name, n) for name in FITS} for n in sizes}
    return {str(n): {**row, "ratio": row["tabm"] / row["deep-mlp"]} for n, row in fits.items()}


def fit_cpu(name: str, n_rows: int) -> float:
    """CPU seconds of a fit on a made-up table of twelve columns, what it compiles included."""
    import numpy as np
    import pandas as pd

    from deepworth.zoo import registry

    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(n_rows, 12)), columns=[f"x{i}" for i in range(12)])
    y = np.where(X["x0"] * X["x1"] + X["x2"] + rng.normal(size=n_rows) > 0, "yes", "no")
    if hasattr(registry.create(name, "binary", "tabular", random_state=0), "warm_up"):
        from deepworth.zoo.training.fleet import start_runtime

        start_runtime()
    model = registry.create(name, "binary", "tabular", random_state=0)
    before = time.process_time()
    model.fit(X, y)
    return time.process_time() - before


def gflops(chosen: argparse.Namespace) -> dict[str, Any]:
    """How far a training step of deep-mlp is from bare matrix products of its shapes."""
    step, bare = fresh(chosen.threads, step_gflops, chosen.quick)
    return {"step": step, "bare_products": bare, "share": step / bare}


MEMBERS, BATCH, WIDTH, COLUMNS = 8, 256, 128, 12


def step_gflops(quick: bool) -> tuple[float, float]:
    """GFLOP/s of the products in epochs of deep-mlp, the first not counted, and of the products alone."""
    import numpy as np

    from deepworth.zoo import registry
    from deepworth.zoo.preprocessing.base import InputSpec
    from deepworth.zoo.training import Architecture, Part, Replica, Settings, train

    n_rows, epochs = 32_768, 2 if quick else 4  # so many steps that a call does one epoch
    rng = np.random.default_rng(0)
    spec = InputSpec("tabular", (("numeric", (COLUMNS,), "float32"),), numbers=COLUMNS)
    architecture = Architecture(registry.entry("deep-mlp").call, (), spec, 1, "binary")
    x = rng.normal(size=(n_rows, COLUMNS)).astype(np.float32)
    part = Part({"numeric": x}, (x[:, 0] > 0).astype(np.float32), np.ones(n_rows, np.float32))
    ends: list[float] = []
    settings = Settings(epochs=epochs, batch_size=BATCH, patience=None)
    train(
        architecture, [Replica(part, None, 0)], settings, progress=lambda *_: ends.append(time.perf_counter())
    )
    shapes = _products(architecture.new(0))
    each_row = sum(2 * a * b for a, b in shapes) * 3 * MEMBERS  # forward, and two gradients
    speed = each_row * n_rows * (len(ends) - 1) / (ends[-1] - ends[0])
    return speed / 1e9, _bare_products(shapes, 5 if quick else 200) / 1e9


def _products(model: Any) -> list[tuple[int, int]]:
    """Sizes of the matrices that rows are multiplied by."""
    shapes = [tuple(v.shape) for v in model.trainable_variables if v.name.endswith("kernel")]
    return [(int(s[-2]), int(s[-1])) for s in shapes if len(s) >= 2 and s[-2] > COLUMNS]


def _bare_products(shapes: list[tuple[int, int]], turns: int) -> float:
    """Operations a second of the same products, forward and both gradients, as one compiled program."""
    import tensorflow as tf

    x = {n: tf.random.normal((BATCH * MEMBERS, n)) for n in {size for shape in shapes for size in shape}}
    w = [tf.random.normal(shape) for shape in shapes]

    @tf.function(jit_compile=True)
    def products() -> Any:
        total = tf.constant(0.0)
        for (a, b), weights in zip(shapes, w, strict=True):
            forward = tf.matmul(x[a] + total * 1e-30, weights)
            into = tf.matmul(x[a], x[b] + total * 1e-30, transpose_a=True)
            back = tf.matmul(x[b], weights, transpose_b=True)
            total = total + forward[0, 0] + into[0, 0] + back[0, 0]
        return total

    products()
    started = time.perf_counter()
    for _ in range(turns):
        products()
    seconds = (time.perf_counter() - started) / turns
    return sum(2 * BATCH * MEMBERS * a * b for a, b in shapes) * 3 / seconds


def growth(chosen: argparse.Namespace) -> dict[str, Any]:
    """CPU seconds a row, from a thousand rows on; each tenfold until the most for that model."""
    found: dict[str, Any] = {}
    for name, most in GROWTH.items():
        sizes = [n for n in (1_000, 10_000, 100_000, 1_000_000) if n <= (1_000 if chosen.quick else most)]
        found[name] = {str(n): fresh(chosen.threads, fit_cpu, name, n) / n for n in sizes}
        print(f"{name}: {found[name]}", file=sys.stderr, flush=True)
    return found


PARTS: dict[str, Callable[[argparse.Namespace], Any]] = {
    "default_compare": default_compare,
    "parts": parts,
    "tables": tables,
    "one_row": one_row,
    "rows": rows,
    "networks": networks,
    "gflops": gflops,
    "growth": growth,
}


def flat(found: Any, name: str = "") -> list[list[str]]:
    """Every number with its path."""
    if isinstance(found, dict):
        return [line for key, own in found.items() for line in flat(own, f"{name} {key}".strip())]
    return [[name, figure(found, 3) if isinstance(found, float) else str(found)]]


def main() -> None:
    options = parser(__doc__ or "")
    options.add_argument("--only", nargs="+", choices=PARTS, default=[], help="these parts alone")
    options.add_argument("--threads", type=int, default=min(2, cores()))
    options.add_argument("--reference", type=Path, default=REFERENCE, help="folder of the development tables")
    chosen = options.parse_args()
    known = {} if chosen.quick or chosen.force else kept("quick") or {}
    for name, measured in PARTS.items():
        if chosen.only and name not in chosen.only:
            continue
        if name in known and not chosen.only:
            continue
        print(name, file=sys.stderr, flush=True)
        known[name] = measured(chosen)
        if not chosen.quick:
            keep("quick", {**known, "threads": chosen.threads})
    print(json.dumps(known) if chosen.json else table(["figure", "value"], flat(known)))


if __name__ == "__main__":
    main()
