"""Our networks against boosted trees and other libraries on 14 tables with fixed splits.

    python benchmarks/tabular.py [--models NAMES] [--datasets NAMES] [--splits N] [--pytabkit PYTHON] [--json]

Needs the development tables (``--reference``, by default ../shared/reference beside the checkout; see its
README). Each fit is one row of benchmarks/results/tabular.csv, written at once; a row that stands there is
not computed again (``--redo MODEL`` does). Every model has fresh processes of its own, held to ``--threads``
cores; imports and a tiny first fit are not counted. ``--report`` only reads what is kept.

Measures: error e is 1 - AUC (binary), log loss (multiclass), RMSE over the standard deviation (regression);
``mean_rank`` the mean over tables of the rank of the mean error; ``mean_normalised_error``
exp(mean ln((e + 0.01) / (e_HGB + 0.01))), below 1 beats scikit-learn's boosted trees. A model that misses
some of the fits is compared in ``reference``: on the first split, on the tables it has, with all others.
"""

from __future__ import annotations

import argparse
import csv
import gc
import importlib.util
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from _common import RESULTS, figure, keep, parser
from memory import Peak, fix_threads

REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference"
FIELDS = [
    *("dataset", "task", "split", "model", "auc", "logloss", "accuracy", "nrmse", "r2"),
    *("fit_wall", "fit_cpu", "predict_wall", "rss_before_mb", "rss_peak_mb"),
    *("n_train", "n_test", "n_columns", "threads", "versions"),
]
NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "deep-mlp": ("deep-mlp", {}),
    "deep-mlp-ensemble": ("deep-mlp", {"ensemble": True}),
    "tabm": ("tabm", {}),
    "shallow-mlp": ("shallow-mlp", {}),
    "plain-mlp": ("plain-mlp", {}),
}
LIBRARIES = {  # name in the results file: distribution
    "HGB": "scikit-learn",
    "MLP": "scikit-learn",
    "Linear": "scikit-learn",
    "LightGBM": "lightgbm",
    "XGBoost": "xgboost",
    "CatBoost": "catboost",
}
PYTABKIT = ("RealMLP_TD", "RealMLP_TD_ce", "TabM_D", "RealMLP_TD_ce_cv5")
QUICK = {"datasets": ["titanic", "heart_cleveland"], "models": ["deep-mlp", "HGB"], "splits": 1}
BASE, EASY, MARGIN = "HGB", "mushroom", 0.01

Cell = tuple[str, int]  # a table and a split of it
Row = dict[str, Any]
Errors = dict[str, dict[Cell, float]]  # by model


class Unavailable(Exception):
    """A model that cannot run here, and why."""


# Fitting and scoring, in a process of its own (that of pytabkit too, which knows no deepworth).


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
        wall, cpu = time.perf_counter(), _cpu_seconds()
        model.fit(X, y)
        wall, cpu = time.perf_counter() - wall, _cpu_seconds() - cpu
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


def _cpu_seconds() -> float:
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


# The models of this environment.


def create(name: str, task: str, seed: int, threads: int) -> Any:
    """A new model by its name in the results: of a library at its defaults, or any of our registry."""
    if name in LIBRARIES:
        return LIBRARY_MAKERS[name](task, seed, threads)
    from deepworth.zoo import registry

    entry, params = NETWORKS.get(name, (name, {}))
    return registry.create(entry, task, "tabular", random_state=seed, **params)


def boosted_histograms(task: str, seed: int, threads: int) -> Any:
    """scikit-learn's boosted trees; columns of dtype category are native categories."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingRegressor if task == "regression" else HistGradientBoostingClassifier
    return kind(random_state=seed)


def linear(task: str, seed: int, threads: int) -> Any:
    """Ridge or logistic regression behind imputation, scaling and one-hot codes."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline

    return make_pipeline(numbers(), Ridge() if task == "regression" else LogisticRegression(max_iter=1000))


def perceptrons(task: str, seed: int, threads: int) -> Any:
    """scikit-learn's MLP behind the same steps; a regression learns a standardised target."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if task != "regression":
        return make_pipeline(numbers(), MLPClassifier(random_state=seed))
    model = make_pipeline(numbers(), MLPRegressor(random_state=seed))
    return TransformedTargetRegressor(model, transformer=StandardScaler())


def numbers() -> Any:
    """A table as numbers: medians with marks of what was missing, scaled, and one-hot categories."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    return make_column_transformer(
        (
            make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()),
            make_column_selector(dtype_include="number"),
        ),
        (
            make_pipeline(
                SimpleImputer(strategy="constant", fill_value="(missing)"),
                OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            ),
            make_column_selector(dtype_include="category"),
        ),
    )


def lightgbm(task: str, seed: int, threads: int) -> Any:
    """LightGBM at its defaults; it finds the categories by their dtype."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    kind = LGBMRegressor if task == "regression" else LGBMClassifier
    return PlainNames(kind(random_state=seed, n_jobs=threads, verbose=-1))


def xgboost(task: str, seed: int, threads: int) -> Any:
    """XGBoost at its defaults, categories native."""
    from xgboost import XGBClassifier, XGBRegressor

    kind = XGBRegressor if task == "regression" else XGBClassifier
    return PlainNames(kind(random_state=seed, n_jobs=threads, enable_categorical=True))


def catboost(task: str, seed: int, threads: int) -> Any:
    """CatBoost at its defaults, categories native."""
    from catboost import CatBoostClassifier, CatBoostRegressor

    kind = CatBoostRegressor if task == "regression" else CatBoostClassifier
    return TextCategories(
        kind(random_state=seed, thread_count=threads, verbose=False, allow_writing_files=False)
    )


class PlainNames:
    """LightGBM and XGBoost refuse brackets in the names of columns: these are called x0, x1, ..."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def fit(self, X: Any, y: Any) -> None:
        self.model.fit(self._adapted(X), y)

    def predict(self, X: Any) -> Any:
        return self.model.predict(self._adapted(X))

    def predict_proba(self, X: Any) -> Any:
        return self.model.predict_proba(self._adapted(X))

    def _adapted(self, X: Any) -> Any:
        return X.set_axis([f"x{i}" for i in range(X.shape[1])], axis=1)


class TextCategories(PlainNames):
    """CatBoost takes categories as text without gaps: a missing one is a category of its own."""

    def fit(self, X: Any, y: Any) -> None:
        self.model.fit(self._adapted(X), y, cat_features=list(X.select_dtypes("category")))

    def _adapted(self, X: Any) -> Any:
        categories = X.select_dtypes("category")
        return X.assign(**{c: X[c].astype(object).fillna("missing").astype(str) for c in categories})


LIBRARY_MAKERS: dict[str, Callable[[str, int, int], Any]] = {
    "HGB": boosted_histograms,
    "MLP": perceptrons,
    "Linear": linear,
    "LightGBM": lightgbm,
    "XGBoost": xgboost,
    "CatBoost": catboost,
}


def versions(name: str) -> str:
    """Libraries that a model's numbers depend on."""
    ours = ("deepworth", "keras", "tensorflow")
    return "; ".join(f"{d} {version(d)}" for d in ([LIBRARIES[name]] if name in LIBRARIES else ours))


# Workers: a fresh process for each model and split, so that no split finds the code of another compiled.


def ready(name: str, threads: int) -> str | None:
    """Prepare a worker for a model; why it cannot run here, or None."""
    import warnings

    fix_threads(threads)
    warnings.filterwarnings("ignore", message=".*(did not converge|hasn't converged|Maximum iterations)")
    try:
        warm_up(lambda task, seed: create(name, task, seed, threads))
    except (ImportError, TypeError, ValueError) as error:
        return str(error).splitlines()[0]
    return None


def attempt(name: str, cell: Cell, folder: str, threads: int) -> Row:
    """A fit in a worker."""

    def make(task: str, seed: int) -> Any:
        return create(name, task, seed, threads)

    return attempt_row(name, make, cell, folder, threads, versions(name))


def own_worker(name: str, cells: list[Cell], chosen: argparse.Namespace) -> Iterator[Row]:
    """Rows from a spawned process of this environment."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        reason = pool.submit(ready, name, chosen.threads).result()
        if reason is not None:
            raise Unavailable(reason)
        for cell in cells:
            try:
                yield pool.submit(attempt, name, cell, str(chosen.reference), chosen.threads).result()
            except BrokenProcessPool as error:
                yield failed(cell, error)
                return


def peer_worker(name: str, cells: list[Cell], chosen: argparse.Namespace) -> Iterator[Row]:
    """Rows from a process of pytabkit's environment."""
    if chosen.pytabkit is None:
        raise Unavailable("needs --pytabkit PYTHON, an environment with pytabkit")
    script = Path(__file__).with_name("_pytabkit.py")
    command = [chosen.pytabkit, script, name, "--reference", chosen.reference]
    command += ["--threads", str(chosen.threads), "--cells", json.dumps(cells)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield from (json.loads(line) for line in process.stdout)
    if process.returncode:
        yield failed(cells[-1], RuntimeError(f"{chosen.pytabkit} ended with {process.returncode}"))


# The file of results.


def read(path: Path) -> list[Row]:
    """Rows of a results file; none where there is no file."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return [{**row, "split": int(row["split"])} for row in csv.DictReader(stream)]


def append(path: Path, row: Row) -> None:
    """Write a row at once, in the format of the reference."""
    new = not path.is_file() or path.stat().st_size == 0
    with path.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, FIELDS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})


def forget(path: Path, models: Iterable[str], cells: list[Cell]) -> None:
    """Take out the rows of models that are to be measured again."""
    rows, models = read(path), set(models)
    left = [r for r in rows if r["model"] not in models or (r["dataset"], r["split"]) not in cells]
    if len(left) == len(rows):
        return
    draft = path.with_suffix(".part")
    draft.unlink(missing_ok=True)
    with draft.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(left)
    draft.replace(path)


def measure(chosen: argparse.Namespace) -> int:
    """Compute every row that is missing; the number of fits that failed."""
    chosen.file.parent.mkdir(parents=True, exist_ok=True)
    cells = [(d, s) for s in range(chosen.splits) for d in chosen.datasets]
    forget(chosen.file, chosen.models if chosen.force else map(canonical, chosen.redo), cells)
    done = {(r["dataset"], r["split"], r["model"]) for r in read(chosen.file)}
    n_failed, skipped = 0, set()
    for split in range(chosen.splits):
        for name in chosen.models:
            missing = [c for c in cells if c[1] == split and (*c, name) not in done]
            if not missing or name in skipped:
                continue
            worker = peer_worker if name in PYTABKIT else own_worker
            try:
                n_failed += sum(stored(chosen.file, name, row) for row in worker(name, missing, chosen))
            except Unavailable as reason:
                skipped.add(name)
                tell(f"{name} is skipped: {reason}")
    return n_failed


def stored(path: Path, name: str, row: Row) -> bool:
    """Keep and tell a row; whether it is a failure."""
    where = f"{name} {row['dataset']} {row['split']}"
    if "error" in row:
        tell(f"{where}: failed, {row['error']}")
        return True
    append(path, row)
    tell(f"{where}: error {error_of(row):.4f}, {row['fit_wall']:.2f} s, {row['fit_cpu']:.2f} s of CPU")
    return False


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


# What the rows say.


def error_of(row: Row) -> float:
    """1 - AUC, log loss, or RMSE over the standard deviation."""
    if row["task"] == "binary":
        return 1.0 - float(row["auc"])
    return float(row["logloss" if row["task"] == "multiclass" else "nrmse"])


def errors_by_model(rows: Iterable[Row]) -> Errors:
    """Errors by model and cell; a later row replaces an earlier one."""
    found: Errors = {}
    for row in rows:
        found.setdefault(row["model"], {})[row["dataset"], row["split"]] = error_of(row)
    return found


def chosen_sources(measured: Errors, published: Errors, cells: list[Cell]) -> tuple[Errors, dict[str, str]]:
    """For each model the source that has more of the cells, its own measurement at a tie."""
    errors: Errors = {}
    sources = {}
    for name in sorted({*measured, *published}):
        ours, theirs = (
            {c: e for c, e in s.get(name, {}).items() if c in cells} for s in (measured, published)
        )
        if ours or theirs:
            sources[name] = "measured" if len(ours) >= len(theirs) else "reference"
            errors[name] = ours if len(ours) >= len(theirs) else theirs
    return errors, sources


def comparison(errors: Errors, cells: list[Cell]) -> dict[str, Any]:
    """Ranks and normalised errors of models that have all of the cells."""
    if BASE not in errors or not cells:
        return {}
    means = {table: table_means(errors, table, cells) for table in dict.fromkeys(d for d, _ in cells)}
    ranks = [ranked(by_model) for by_model in means.values()]
    hard = [c for c in cells if c[0] != EASY]
    return {
        "mean_rank": {m: statistics.mean(r[m] for r in ranks) for m in errors},
        "mean_normalised_error": {m: normalised(errors, m, cells) for m in errors},
        f"mean_normalised_error_without_{EASY}": {m: normalised(errors, m, hard) for m in errors},
        "errors": means,
    }


def table_means(errors: Errors, table: str, cells: list[Cell]) -> dict[str, float]:
    """Mean error of each model over the splits of a table."""
    return {m: statistics.mean(e[c] for c in cells if c[0] == table) for m, e in errors.items()}


def ranked(values: dict[str, float]) -> dict[str, float]:
    """Rank of each value, 1 the smallest; equal ones share the mean of their ranks."""
    ordered = sorted(values.values())
    return {m: ordered.index(v) + (ordered.count(v) + 1) / 2 for m, v in values.items()}


def normalised(errors: Errors, name: str, cells: list[Cell]) -> float | None:
    """Geometric mean of a model's error over that of HGB on the same splits, each raised by 0.01."""
    ratios = [(errors[name][c] + MARGIN) / (errors[BASE][c] + MARGIN) for c in cells]
    return geometric_mean(ratios)


def geometric_mean(values: list[float]) -> float | None:
    return math.exp(statistics.mean(map(math.log, values))) if values else None


def cpu_seconds(rows: list[Row], cells: list[Cell], threads: int) -> dict[str, dict[str, Any]]:
    """CPU seconds of fits measured here at equal threads: mean, and as a ratio to HGB's."""
    by_model: Errors = {}
    for row in rows:
        cell = (row["dataset"], row["split"])
        if cell in cells and int(row["threads"]) == threads:
            by_model.setdefault(row["model"], {})[cell] = float(row["fit_cpu"])
    base = by_model.get(BASE, {})
    return {
        name: {
            "mean": statistics.mean(seconds.values()),
            f"ratio_to_{BASE}": geometric_mean([s / base[c] for c, s in seconds.items() if c in base]),
            "fits": len(seconds),
        }
        for name, seconds in by_model.items()
    }


def partial(errors: Errors, full: list[str]) -> dict[str, Any]:
    """Each model that misses fits, with all full ones, on the tables it has: the first split only."""
    found = {}
    for name in sorted(set(errors) - set(full)):
        cells = [c for c in errors[name] if c[1] == 0 and all(c in errors[m] for m in full)]
        if cells:
            group = {m: errors[m] for m in (name, *full)}
            found[name] = {"tables": sorted(d for d, _ in cells), **comparison(group, cells)}
            found[name].pop("errors", None)
    return found


def summary(chosen: argparse.Namespace) -> dict[str, Any]:
    """Everything that the rows say about the chosen tables and splits."""
    cells = [(d, s) for d in chosen.datasets for s in range(chosen.splits)]
    rows, published = read(chosen.file), read(chosen.reference / "tabular_results.csv")
    errors, sources = chosen_sources(errors_by_model(rows), errors_by_model(published), cells)
    full = [m for m, e in errors.items() if len(e) == len(cells)]
    first = [c for c in cells if c[1] == 0]
    at_first, first_sources = chosen_sources(errors_by_model(rows), errors_by_model(published), first)
    return {
        **comparison({m: errors[m] for m in full}, cells),
        "cpu_seconds": cpu_seconds(rows, cells, chosen.threads),
        "sources": {m: sources[m] for m in full},
        "reference": {
            name: {"source": first_sources[name], **group}
            for name, group in partial(at_first, [m for m in full if m in at_first]).items()
        },
        "datasets": chosen.datasets,
        "splits": chosen.splits,
        "threads": chosen.threads,
    }


# Tables.


def main_lines(found: dict[str, Any]) -> list[list[str]]:
    """One line a model that has all fits, best first."""
    ranks, cpu = found.get("mean_rank", {}), found["cpu_seconds"]
    return [
        [
            name,
            found["sources"][name],
            figure(ranks[name], 2),
            figure(found["mean_normalised_error"][name]),
            figure(found[f"mean_normalised_error_without_{EASY}"][name]),
            figure(cpu.get(name, {}).get("mean"), 2),
            figure(cpu.get(name, {}).get(f"ratio_to_{BASE}"), 2),
        ]
        for name in sorted(ranks, key=ranks.__getitem__)
    ]


MAIN_HEADER = ["model", "source", "mean rank", "error / HGB", f"without {EASY}", "CPU s", "CPU / HGB"]


def error_lines(found: dict[str, Any]) -> list[list[str]]:
    """One line a table: the mean error of each model that has all fits."""
    return [[name, *(figure(e, 4) for e in row.values())] for name, row in found.get("errors", {}).items()]


def partial_lines(found: dict[str, Any], beside: list[str]) -> list[list[str]]:
    """One line a model that misses fits: its figures on its tables, and those of others there."""
    return [
        [
            f"{name} ({group['source']})",
            str(len(group["tables"])),
            figure(group["mean_rank"][name], 2),
            *(figure(group["mean_normalised_error"][m]) for m in (name, *beside)),
        ]
        for name, group in found["reference"].items()
    ]


def show(found: dict[str, Any]) -> None:
    """The tables on the terminal, as Markdown."""
    from rich.box import MARKDOWN
    from rich.console import Console
    from rich.table import Table

    ranks = found.get("mean_rank", {})
    beside = [m for m in (*NETWORKS, "CatBoost", BASE) if m in ranks]
    wide = Console(width=None if sys.stdout.isatty() else 300)
    for title, header, rows in (
        (f"{len(found['datasets'])} tables, {found['splits']} splits", MAIN_HEADER, main_lines(found)),
        ("error by table", ["table", *ranks], error_lines(found)),
        (
            "first split, error / HGB of models that miss fits, and of others on their tables",
            ["model", "tables", "its rank", "its error", *beside],
            partial_lines(found, beside),
        ),
    ):
        grid = Table(*header, title=title, box=MARKDOWN, title_justify="left")
        for row in rows:
            grid.add_row(*row)
        if rows:
            wide.print(grid)


# The command.


def canonical(name: str) -> str:
    """The name in the results file of a name in any case."""
    known = {n.lower(): n for n in (*LIBRARIES, *PYTABKIT)}
    return known.get(name.lower(), name)


def installed(distribution: str) -> bool:
    try:
        return bool(version(distribution))
    except PackageNotFoundError:
        return False


def options() -> argparse.Namespace:
    """The command line."""
    found = parser(__doc__ or "")
    found.formatter_class = argparse.RawDescriptionHelpFormatter
    found.add_argument("--models", type=_names, help="by comma; default: all that are installed")
    found.add_argument("--datasets", type=_names, help="by comma; default: all 14")
    found.add_argument("--splits", type=int, default=3, help="splits 0 up to this (default: 3)")
    found.add_argument("--threads", type=int, default=1, help="threads and cores of each fit (default: 1)")
    found.add_argument("--redo", action="append", default=[], metavar="MODEL", help="measure it again")
    found.add_argument("--pytabkit", metavar="PYTHON", help="interpreter with pytabkit, for RealMLP and TabM")
    found.add_argument("--reference", type=Path, default=REFERENCE, help="folder of tabular_data.py")
    found.add_argument("--file", type=Path, help="results (default: benchmarks/results/tabular.csv)")
    found.add_argument("--report", action="store_true", help="measure nothing, read what is kept")
    return found.parse_args()


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def completed(chosen: argparse.Namespace) -> argparse.Namespace:
    """Options with their defaults filled in."""
    if chosen.quick:
        chosen.splits = QUICK["splits"]
        chosen.datasets, chosen.models = (
            chosen.datasets or QUICK["datasets"],
            chosen.models or QUICK["models"],
        )
    chosen.everything = chosen.datasets is None and chosen.splits == 3 and not chosen.quick
    kept = chosen.file or RESULTS / "tabular.csv"
    known = reference_module(str(chosen.reference)).DATASETS if present(chosen.reference) else None
    chosen.datasets = chosen.datasets or known or sorted({r["dataset"] for r in read(kept)})
    libraries = [name for name, distribution in LIBRARIES.items() if installed(distribution)]
    peers = PYTABKIT[:3] if chosen.pytabkit else ()
    chosen.models = [canonical(m) for m in chosen.models or (*NETWORKS, *libraries, *peers)]
    temporary = chosen.quick and not chosen.file and not chosen.report
    chosen.file = Path(tempfile.mkdtemp()) / "tabular.csv" if temporary else kept
    return chosen


def present(folder: Path) -> bool:
    """Whether the development tables are there."""
    return (folder / "tabular_data.py").is_file() and (folder.parent / "data" / "tabular").is_dir()


def main() -> None:
    chosen = options()
    if not chosen.report and not present(chosen.reference):
        tell(f"tabular.py needs the development tables in {chosen.reference}; nothing was measured")
        sys.exit(0 if chosen.quick else 2)
    chosen = completed(chosen)
    n_failed = 0 if chosen.report else measure(chosen)
    found = summary(chosen)
    if chosen.everything and chosen.file == RESULTS / "tabular.csv":
        keep("tabular", found)
    if chosen.json:
        print(json.dumps(found))
    else:
        show(found)
    sys.exit(1 if n_failed else 0)


if __name__ == "__main__":
    main()
