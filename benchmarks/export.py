"""Every registered model in every format, each cell proved; and how long one row takes.

    python benchmarks/export.py [--json] [--quick]

``cells`` counts the cells of the support table by outcome, ``largest_difference`` is by format over all
proofs (of probabilities; of values relative to the largest). One table with every column kind, one image and
one text dataset; the first task of each model in all formats, its other tasks in ONNX. ``onnx_over_predict``
and ``onnx_over_hist_gradient_boosting`` are the time of one row through the exported ONNX deep-mlp over that
of ``keras.Model.predict`` and of ``predict_proba`` of the gradient boosting pipeline, medians of turns.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from _common import keep, parser, table

TASKS = ("binary", "multiclass", "regression")
SMALL = {"epochs": 2}  # what a network has learned does not matter here
HEADER = ["model", "data", "task", "onnx", "saved_model", "litert", "keras", "skops"]
QUICK = {"perceptron": ("onnx",), "logistic-regression": ("onnx",)}


def every_kind(task: str, n: int = 200) -> Any:
    """Numbers, dates, categories of few and of many levels, truth values and texts; some missing."""
    import numpy as np
    import pandas as pd

    from deepworth import load_dataset

    rng = np.random.default_rng(0)
    words = ["Mr Owen Harris", "Mrs John Bradley", "Miss Laina", "Master Gosta Leonard"]
    X = pd.DataFrame(
        {
            "Age (years)": rng.normal(40, 12, n).round(1),
            "fare": rng.lognormal(2, 1, n),
            "class": rng.choice(["first", "second", "third"], n),
            "port": rng.choice([f"port {i}" for i in range(15)], n),
            "member": rng.choice([True, False], n),
            "boarded": pd.Timestamp("1912-04-10") + pd.to_timedelta(rng.integers(0, 10**7, n), unit="s"),
            "note": [f"{w} travels with {i} others on deck" for i, w in enumerate(rng.choice(words, n))],
        }
    )
    X.loc[::9, "Age (years)"] = np.nan
    X.loc[::11, "class"] = None
    saved = (X["fare"] > 7) ^ (X["class"] == "third")
    answers = {
        "binary": np.where(saved, "survived", "lost"),
        "multiclass": np.where(saved, "survived", np.where(X["port"] < "port 2", "boat", "lost")),
        "regression": X["fare"] * 3 + saved * 5 + 100,
    }
    return load_dataset(X.assign(fate=answers[task]), target="fate")


def data_of(modality: str, task: str) -> Any:
    """The dataset of a cell; digits stand for images, notes for texts, with a target of the task's kind."""
    import numpy as np

    from deepworth import load_dataset
    from deepworth.datasets import Dataset

    if modality == "tabular":
        return every_kind(task)
    found: Dataset = load_dataset("digits" if modality == "image" else "triage-notes", rows=150)
    if found.task == task:
        return found
    from dataclasses import replace

    _, codes = np.unique(found.y, return_inverse=True)
    if task == "regression":
        return replace(found, y=codes.astype(np.float64), task="regression", positive=None)
    names = np.array(["low", "high"] if task == "binary" else ["a", "b", "c"])
    codes = (codes > codes.mean()).astype(int) if task == "binary" else np.arange(len(codes)) % 3
    return replace(found, y=names[codes], task=task, positive=None)


def wanted(quick: bool) -> list[tuple[str, str, str, tuple[str, ...] | None]]:
    """Model, modality, task and formats (None: all) of every export."""
    from deepworth.zoo import registry

    found = []
    for name, entry in registry.entries().items():
        if registry.missing_requirement(name) or (quick and name not in QUICK):
            continue
        tasks = [t for t in TASKS if t in entry.constant("TASKS")]
        for modality in entry.constant("MODALITIES"):
            if quick:
                found.append((name, modality, tasks[0], QUICK[name]))
                continue
            found += [(name, modality, t, None if t == tasks[0] else ("onnx",)) for t in tasks]
    return found


def trained(name: str, modality: str, task: str, folder: Path) -> Path:
    """A model of a cell, saved."""
    from deepworth.zoo import registry
    from deepworth.zoo.artefact import save

    data = data_of(modality, task)
    params = SMALL if registry.family(name) == "deep" else {}
    model = registry.create(name, task, modality, random_state=0, **params).fit(data.X, data.y)
    return save(model, folder, dataset=data, name=name, family=registry.family(name), seed=0)


def cells(quick: bool, home: Path) -> list[dict[str, Any]]:
    """One row an export: what became of it in each format."""
    from deepworth.zoo.export import export

    def one(job: tuple[str, str, str, tuple[str, ...] | None]) -> dict[str, Any]:
        name, modality, task, formats = job
        path = home / f"{name}-{modality}-{task}"
        proof = export(path, home / f"{path.name}-x", only=formats)
        print(f"  {name} {modality} {task}", file=sys.stderr, flush=True)
        kept = ("status", "largest_difference", "reason", "rows", "batches")
        rows = {f: {k: r[k] for k in kept if k in r} for f, r in proof["formats"].items()}
        return {"model": name, "modality": modality, "task": task, "formats": rows}

    jobs = wanted(quick)
    for name, modality, task, _ in jobs:
        trained(name, modality, task, home / f"{name}-{modality}-{task}")
    with ThreadPoolExecutor(min(3, os.cpu_count() or 1)) as pool:  # the proofs run in processes of their own
        return list(pool.map(one, jobs))


def latency(home: Path, turns: int) -> dict[str, float]:
    """Milliseconds of one row through each path, medians of turns that alternate."""
    import numpy as np
    import onnxruntime
    import tensorflow as tf

    from deepworth.zoo import registry
    from deepworth.zoo.artefact._formats import load_keras
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


def figures(quick: bool) -> dict[str, Any]:
    """What the script reports."""
    with tempfile.TemporaryDirectory() as folder:
        times = latency(Path(folder), 3 if quick else 15)
        rows = cells(quick, Path(folder))
    largest: dict[str, float] = {}
    outcomes: Counter[str] = Counter()
    for one in rows:
        for name, row in one["formats"].items():
            outcomes[row["status"]] += 1
            if row.get("largest_difference") is not None:
                largest[name] = max(largest.get(name, 0.0), row["largest_difference"])
    return {
        "cells": dict(outcomes),
        "largest_difference": largest,
        "onnx_over_predict": times["onnx"] / times["predict"],
        "onnx_over_hist_gradient_boosting": times["onnx"] / times["hist_gradient_boosting"],
        "milliseconds": times,
        **predict_figures(quick),
        "support": rows,
    }


def predict_figures(quick: bool) -> dict[str, Any]:
    """What streaming prediction reaches, where its script is there."""
    try:
        from _predict_rows import figures as found
    except ImportError:
        return {}
    return found(quick)


def lines(found: dict[str, Any]) -> list[list[str]]:
    """The support table: models of a kind, a task and an outcome share a line."""
    return [
        [f"`{r['model']}`", r["modality"], r["task"], *(cell(r["formats"].get(f)) for f in HEADER[3:])]
        for r in found.get("support", ())
    ]


def cell(row: dict[str, Any] | None) -> str:
    """A cell in words."""
    if row is None:
        return ""
    if row.get("largest_difference") is not None:
        return f"{row['status']} ({row['largest_difference']:.0e})"
    return f"{row['status']}: {row.get('reason', '')}"


def main() -> None:
    chosen = parser(__doc__ or "").parse_args()
    warnings.simplefilter("ignore")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # threads that wait for one another would be what is timed
    found = figures(chosen.quick)
    if not chosen.quick:
        keep("export", found)
    shown = [[k, v] for k, v in found.items() if k != "support"]
    text = "\n\n".join([table(["figure", "value"], shown), table(HEADER, lines(found))])
    print(json.dumps(found) if chosen.json else text)


if __name__ == "__main__":
    main()
