"""Every registered model in every format, each cell proved; and how long one row takes.

    python benchmarks/export.py [--json] [--quick] [--part cells|latency|predict] [--work DIR]

``cells`` counts the cells of the support table by outcome, ``largest_difference`` is by format over all
proofs (of probabilities; of values relative to the largest). One table with every column kind, one image and
one text dataset; every task of each model in every format. ``onnx_over_predict`` and
``onnx_over_hist_gradient_boosting`` are the time of one row through the exported ONNX deep-mlp over that of
``keras.Model.predict`` and of ``predict_proba`` of the gradient boosting pipeline, medians of turns.
``predict_rows_per_second`` and ``predict_memory_growth`` are of ``deepworth predict`` over 5,000,000 rows.

Each part can be measured apart; what is kept of the others stays. Models of the table are exported in
processes of their own with a limit of time, and cells that an interrupted call left in ``--work`` are not
exported again.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from _common import keep, kept, parser, table
from _export_cell import every_kind, trained

from deepworth.zoo.export import formats

TASKS = ("binary", "multiclass", "regression")
PARTS = ("cells", "latency", "predict")
FORMATS = tuple(formats())
HEADER = ["model", "data", "task", *FORMATS]
QUICK = {"perceptron": "onnx", "logistic-regression": "onnx"}
PATIENCE = 900  # seconds for one model in all formats
CELL = Path(__file__).with_name("_export_cell.py")


def wanted(quick: bool) -> list[tuple[str, str, str, str]]:
    """Model, modality, task and formats of every export."""
    from deepworth.zoo import registry

    found = []
    for name, entry in registry.entries().items():
        if registry.missing_requirement(name) or (quick and name not in QUICK):
            continue
        tasks = [t for t in TASKS if t in entry.constant("TASKS")]
        for modality in entry.constant("MODALITIES"):
            found += [
                (name, modality, t, QUICK[name] if quick else "all") for t in tasks[: 1 if quick else 3]
            ]
    return found


def cells(quick: bool, work: Path) -> list[dict[str, Any]]:
    """One row an export: what became of it in each format."""
    jobs = wanted(quick)
    done = 0

    def one(job: tuple[str, str, str, str]) -> dict[str, Any]:
        nonlocal done
        found = answered(job, work)
        done += 1
        said = ", ".join(f"{f}: {r['status']}" for f, r in found["formats"].items())
        print(f"{done}/{len(jobs)} {' '.join(job[:3])}: {said}", file=sys.stderr, flush=True)
        return found

    with ThreadPoolExecutor(2) as pool:  # each has processes of its own
        return list(pool.map(one, jobs))


def answered(job: tuple[str, str, str, str], work: Path) -> dict[str, Any]:
    """The row of one job, from an earlier call or from a process with a limit of time."""
    name, modality, task, chosen = job
    answer = work / f"{name} {modality} {task}.json"
    if answer.is_file():
        found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        return found
    command = [sys.executable, str(CELL), *job, str(answer)]
    # LightGBM and XGBoost start a thread per core whatever they are told, and would wait for one another
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1", "OMP_NUM_THREADS": "1"}
    try:
        ended = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PATIENCE, env=environment
        )
        if ended.returncode == 0:
            return json.loads(answer.read_text(encoding="utf-8"))  # type: ignore[no-any-return]
        why = (ended.stderr.strip().splitlines() or [f"exit code {ended.returncode}"])[-1][:300]
    except subprocess.TimeoutExpired:
        why = f"no answer within {PATIENCE} s"
    lost = {"status": "failed", "reason": why}
    names = FORMATS if chosen == "all" else chosen.split(",")
    return {"model": name, "modality": modality, "task": task, "formats": dict.fromkeys(names, lost)}


def latency(home: Path, turns: int) -> dict[str, float]:
    """Milliseconds of one row through each path, medians of turns that alternate."""
    import numpy as np
    import onnxruntime
    import tensorflow as tf

    from deepworth.zoo import registry
    from deepworth.zoo.artefact import load_keras
    from deepworth.zoo.export import export

    data = every_kind("binary")
    path = trained("deep-mlp", "tabular", "binary", home / "timed")
    export(path, home / "timed-x", only=("onnx",))
    boosted = registry.create("hist-gradient-boosting", "binary", "tabular", random_state=0)
    boosted.fit(data.X, data.y)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # one row is no work for two
    session = onnxruntime.InferenceSession(str(home / "timed-x" / "onnx" / "model.onnx"), options)
    batch = json.loads((home / "timed-x" / "proof.json").read_text())["batches"][0]
    row = {k: np.array(v, object if isinstance(v[0], str) else float) for k, v in batch.items()}
    model = load_keras(path / "model.keras")
    given = {k: tf.constant(v.tolist() if v.dtype == object else v)[:, None] for k, v in row.items()}
    paths = {
        "onnx": lambda: session.run(["probabilities"], row),
        "predict": lambda: model.predict(given, verbose=0),
        "hist_gradient_boosting": lambda: boosted.predict_proba(data.X[:1]),
    }
    repeats = {"onnx": 50, "predict": 3, "hist_gradient_boosting": 10}
    seconds: dict[str, list[float]] = {name: [] for name in paths}
    for turn in range(turns + 1):  # the first is a warm-up
        for name, call in paths.items():
            for _ in range(repeats[name]):
                started = time.perf_counter()
                call()
                if turn:
                    seconds[name].append(time.perf_counter() - started)
    return {name: 1e3 * statistics.median(values) for name, values in seconds.items()}


def cell_figures(quick: bool, work: Path) -> dict[str, Any]:
    """The support table and what is said of it."""
    rows = cells(quick, work)
    largest: dict[str, float] = {}
    outcomes: Counter[str] = Counter()
    for one in rows:
        for name, row in one["formats"].items():
            outcomes[row["status"]] += 1
            if row.get("largest_difference") is not None:
                largest[name] = max(largest.get(name, 0.0), row["largest_difference"])
    return {"cells": dict(outcomes), "largest_difference": largest, "support": [summary(row) for row in rows]}


def summary(row: dict[str, Any]) -> dict[str, Any]:
    """An export with what the table shows of each cell."""
    shown = ("status", "largest_difference", "reason")
    cells = {f: {n: c[n] for n in shown if c.get(n) is not None} for f, c in row["formats"].items()}
    return {**row, "formats": cells}


def latency_figures(quick: bool, work: Path) -> dict[str, Any]:
    """One row through ONNX, beside two other ways."""
    times = latency(work, 3 if quick else 15)
    return {
        "onnx_over_predict": times["onnx"] / times["predict"],
        "onnx_over_hist_gradient_boosting": times["onnx"] / times["hist_gradient_boosting"],
        "milliseconds": times,
    }


def predict_figures(quick: bool, work: Path) -> dict[str, Any]:
    """What streaming prediction reaches."""
    from _predict_rows import figures

    return figures(trained("logistic-regression", "tabular", "binary", work / "streamed"), quick)


def lines(found: dict[str, Any]) -> list[list[str]]:
    """The support table: tasks of a model with the same outcome in every format share a line."""
    groups: dict[Any, list[dict[str, Any]]] = {}
    for row in found.get("support", ()):
        outcome = tuple((f, r["status"], r.get("reason")) for f, r in row["formats"].items())
        groups.setdefault((row["model"], row["modality"], outcome), []).append(row)
    numbers = {why: i for i, why in enumerate(reasons(found), 1)}
    return [
        [
            f"`{model}`",
            modality,
            ", ".join(r["task"] for r in rows),
            *(cell(rows, f, numbers) for f in FORMATS),
        ]
        for (model, modality, _), rows in groups.items()
    ]


def reasons(found: dict[str, Any]) -> list[str]:
    """Why cells are what they are, each reason once; the table has their numbers."""
    rows = [r for row in found.get("support", ()) for r in row["formats"].values()]
    return list(dict.fromkeys(r["reason"] for r in rows if r.get("reason")))


def cell(rows: list[dict[str, Any]], name: str, numbers: dict[str, int]) -> str:
    """A cell in words; of several tasks the largest difference."""
    found = [row["formats"][name] for row in rows if name in row["formats"]]
    if not found:
        return ""
    known = [r["largest_difference"] for r in found if r.get("largest_difference") is not None]
    if known and found[0]["status"].startswith("works"):
        largest = f"{max(known):.0e}" if max(known) else "0"
        return f"{found[0]['status']} ({largest})"
    return f"{found[0]['status']} [{numbers[found[0]['reason']]}]"


def support(found: dict[str, Any]) -> str:
    """The table and below it the reasons."""
    below = [f"[{i}] {why}" for i, why in enumerate(reasons(found), 1)]
    return "\n\n".join([table(HEADER, lines(found)), "\n".join(f"- {line}" for line in below)])


def problems(found: dict[str, Any]) -> Iterator[str]:
    """Cells that are neither proved nor known to be impossible."""
    for row in found.get("support", ()):
        for name, one in row["formats"].items():
            if not (one["status"].startswith("works") or one["status"] == "cannot"):
                place = f"{row['model']} {row['modality']} {row['task']} {name}"
                yield f"{place}: {one['status']}: {one.get('reason', '')}"


def main() -> None:
    """Measure what was asked for, keep, print; 1 where a cell is not known."""
    options = parser(__doc__ or "")
    options.add_argument("--part", choices=PARTS, action="append", help="only this part; may be repeated")
    options.add_argument("--work", type=Path, help="folder where finished cells are kept, to go on from")
    chosen = options.parse_args()
    warnings.simplefilter("ignore")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # threads that wait for one another would be what is timed
    measured: dict[str, Any] = {}
    measures = {"latency": latency_figures, "predict": predict_figures, "cells": cell_figures}
    with tempfile.TemporaryDirectory() as folder:
        work = chosen.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        for name, measure in measures.items():
            if name in (chosen.part or PARTS):
                measured |= measure(chosen.quick, work if name == "cells" else Path(folder))
    found = measured if chosen.quick else {**(kept("export") or {}), **measured}
    if not chosen.quick:
        keep("export", found)
    shown = [[k, v] for k, v in found.items() if k != "support"]
    text = "\n\n".join([table(["figure", "value"], shown), support(found)])
    print(json.dumps(found) if chosen.json else text)
    faults = list(problems(measured))
    print(*faults, sep="\n", end="\n" if faults else "", file=sys.stderr)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
