"""One cell of the support table, in a process of its own: train, save, export with proofs.

    python benchmarks/_export_cell.py MODEL MODALITY TASK FORMATS ANSWER

``FORMATS`` is a list with commas, or ``all``; what became of each is written to the file ANSWER as JSON.
"""

from __future__ import annotations

import json
import sys
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

SMALL = {"epochs": 2}  # what a network has learned does not matter here
KEPT = ("status", "largest_difference", "reason", "rows", "batches", "tolerance", "labels_that_differ")


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

    if modality == "tabular":
        return every_kind(task)
    found = load_dataset("digits" if modality == "image" else "triage-notes", rows=150)
    if found.task == task:
        return found
    _, codes = np.unique(found.y, return_inverse=True)
    if task == "regression":
        return replace(found, y=codes.astype(np.float64), task="regression", positive=None)
    names = np.array(["low", "high"] if task == "binary" else ["a", "b", "c"])
    codes = (codes > codes.mean()).astype(int) if task == "binary" else np.arange(len(codes)) % 3
    return replace(found, y=names[codes], task=task, positive=None)


def trained(name: str, modality: str, task: str, folder: Path) -> Path:
    """A model of a cell, saved."""
    from deepworth.zoo import registry
    from deepworth.zoo.artefact import save

    data = data_of(modality, task)
    params = SMALL if registry.family(name) == "deep" else {}
    model = registry.create(name, task, modality, random_state=0, **params).fit(data.X, data.y)
    return save(model, folder, dataset=data, name=name, family=registry.family(name), seed=0)


def cell(name: str, modality: str, task: str, formats: tuple[str, ...] | None) -> dict[str, Any]:
    """What became of one model in each format."""
    from deepworth.zoo.export import export

    with tempfile.TemporaryDirectory() as home:
        path = trained(name, modality, task, Path(home) / "model")
        report = export(path, Path(home) / "exports", only=formats)
    rows = {name: _row(result) for name, result in report.formats.items()}
    return {"model": name, "modality": modality, "task": task, "formats": rows}


def _row(result: Any) -> dict[str, Any]:
    """What is known of a format, without empty fields."""
    fields = {name: getattr(result, name) for name in KEPT}
    return {name: value for name, value in fields.items() if value not in (None, ())}


def main() -> None:
    """Answer into the file of the last argument, completely or not at all."""
    warnings.simplefilter("ignore")
    name, modality, task, formats, answer = sys.argv[1:]
    found = cell(name, modality, task, None if formats == "all" else tuple(formats.split(",")))
    draft = Path(answer + ".part")
    draft.write_text(json.dumps(found), encoding="utf-8")
    draft.replace(answer)


if __name__ == "__main__":
    main()
