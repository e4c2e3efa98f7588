"""One fit on one split of a table; used in the environment of pytabkit too, which knows no deepworth."""

from __future__ import annotations

import gc
import importlib.util
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _process import Peak

Cell = tuple[str, int]  # a table and a split of it
Row = dict[str, Any]


def reference_module(folder: str) -> Any:
    """``tabular_data.py`` of the reference folder: the tables and their splits."""
    if "tabular_data" not in sys.modules:
        found = importlib.util.spec_from_file_location("tabular_data", Path(folder) / "tabular_data.py")
        assert found is not None
        assert found.loader is not None
        sys.modules["tabular_data"] = module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
    return sys.modules["tabular_data"]


def fit_row(make: Callable[[str, int], Any], cell: Cell, folder: str) -> Row:
    """Fit on the train part and score on the test part of a split: one row of the results."""
    tables = reference_module(folder)
    dataset = tables.load(cell[0])
    train, test = tables.split(dataset, cell[1])
    X, y, X_test = dataset.X.iloc[train], dataset.y[train], dataset.X.iloc[test]
    model = make(dataset.task, cell[1])
    gc.collect()
    with Peak() as memory:
        wall, cpu = time.perf_counter(), cpu_seconds()
        model.fit(X, y)
        wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
    started = time.perf_counter()
    answer = model.predict(X_test) if dataset.task == "regression" else model.predict_proba(X_test)
    predicted = time.perf_counter() - started
    return {
        "dataset": cell[0],
        "task": dataset.task,
        "split": cell[1],
        **scores(dataset.task, dataset.y[test], answer),
        "fit_wall": wall,
        "fit_cpu": cpu,
        "predict_wall": predicted,
        "rss_before_mb": round(memory.before / 2**20, 1),
        "rss_peak_mb": round(memory.peak / 2**20, 1),
        "n_train": len(train),
        "n_test": len(test),
        "n_columns": X.shape[1],
    }


def cpu_seconds() -> float:
    """Of this process, all its threads, and the processes it started and saw end."""
    try:
        import resource
    except ImportError:  # Windows
        return time.process_time()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def scores(task: str, y: Any, answer: Any) -> dict[str, float]:
    """The measures of a task from probabilities (or values)."""
    import numpy as np
    from sklearn.metrics import accuracy_score, log_loss, r2_score, roc_auc_score, root_mean_squared_error

    answer = np.asarray(answer)
    if task == "regression":
        return {"nrmse": root_mean_squared_error(y, answer) / np.std(y), "r2": r2_score(y, answer)}
    found = {
        "logloss": log_loss(y, answer, labels=range(answer.shape[1])),
        "accuracy": accuracy_score(y, answer.argmax(axis=1)),
    }
    return found if task == "multiclass" else {"auc": roc_auc_score(y, answer[:, 1]), **found}


def attempt_row(name: str, make: Any, cell: Cell, folder: str, threads: int, about: str) -> Row:
    """A row of the results, or what went wrong."""
    try:
        row = fit_row(make, cell, folder)
    except Exception as error:  # whatever a model does, the next one runs
        return failed(cell, error)
    return {**row, "model": name, "threads": threads, "versions": about}


def failed(cell: Cell, error: BaseException) -> Row:
    """What a worker answers instead of a row."""
    return {"dataset": cell[0], "split": cell[1], "error": f"{type(error).__name__}: {error}".split("\n")[0]}


def warm_up(make: Callable[[str, int], Any]) -> None:
    """Imports of a model, uncounted, and for libraries one tiny fit: ours pay for their first in full."""
    model = make("binary", 0)
    if hasattr(model, "warm_up"):
        model.warm_up()
        return
    import numpy as np
    import pandas as pd

    kinds = pd.Categorical(["a", "b", "c"] * 40)
    frame = pd.DataFrame({"number": np.arange(120.0), "kind": kinds})
    model.fit(frame, np.arange(120) % 2)
    make("regression", 0).fit(frame, np.arange(120.0))
