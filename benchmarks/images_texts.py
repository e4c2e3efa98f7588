"""Networks against classical models on images and texts, and what pretraining gains.

    python benchmarks/images_texts.py [--data NAMES] [--models NAMES] [--rows N,N,all] [--repeats N] [--json]

Needs the development data in ../shared/data. Every fit is one row of benchmarks/results/images_texts.csv,
written at once, and a row that stands there is not computed again (``--redo MODEL`` does); ``--report``
only reads what is kept. Each fit has a fresh process, held to ``--threads`` cores; imports are not counted,
compiling is. Official test sets score where there are some, else a fixed fifth of the rows, by class. With
``--rows`` below all, each repeat draws other training rows, and all models of a repeat get the same.

Pretrained weights are found as everywhere (``deepworth weights``); without them their models are left out.

Figures: ``accuracy`` and ``cpu_seconds`` (of fits on all training rows) by data and model;
``pretraining_gain`` by data and training rows: accuracy of the best pretrained model over the best other one.
"""

from __future__ import annotations

import argparse
import csv
import gc
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean
from typing import Any

from _common import RESULTS, figure, keep, parser, table
from _fits import cpu_seconds, scores
from _process import Peak, fix_threads
from published import DATA, location

KEPT = RESULTS / "images_texts.csv"
FIELDS = [
    *("data", "modality", "rows", "repeat", "model", "family", "accuracy", "log_loss"),
    *("fit_wall", "fit_cpu", "predict_wall", "rss_before_mb", "rss_peak_mb"),
    *("n_train", "n_test", "threads", "versions"),
]
HEADER = ["data", "rows", "model", "family", "accuracy", "log loss", "CPU s", "wall s", "predict s"]
HELD_OUT = 5  # a fifth scores where there is no official test set

Row = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """Where a dataset lies, or its name in the catalogue, and how it is read."""

    file: str | None
    options: dict[str, str] = field(default_factory=dict)


_TEXT = {"target": "label", "text": "text"}
SOURCES = {
    "fashion_mnist": Source("images/fashion_mnist.npz"),
    "clothing": Source("images/clothing_folder.zip"),
    "flowers": Source("images/flowers128_folder.zip"),
    "digits": Source(None),
    "reuters_r8": Source("text/reuters_r8_train.csv.gz", {**_TEXT, "test": "text/reuters_r8_test.csv.gz"}),
    "ag_news": Source("text/ag_news_train_subset.csv.gz", {**_TEXT, "test": "text/ag_news_test.csv.gz"}),
    "imdb": Source("text/imdb_train.csv.gz", {**_TEXT, "test": "text/imdb_test.csv.gz"}),
    "movie_reviews": Source("text/movie_reviews_mr.csv.gz", _TEXT),
    "sms_spam": Source("text/sms_spam.csv.gz", _TEXT),
    "docstrings": Source(None),
    "triage-notes": Source(None),
}


@cache
def loaded(name: str) -> Any:
    """The dataset; by name, or from its file."""
    from deepworth.datasets import load_dataset

    source = SOURCES[name]
    if source.file is None:
        return load_dataset(name)
    options = {**source.options}
    if "test" in options:
        options["test"] = str(DATA / options["test"])
    with location(source.file) as path:
        return load_dataset(str(path), **options)


def parts(name: str, n_rows: int | None, repeat: int) -> tuple[Any, Any]:
    """Numbers of the training rows (so many, by class) and of the rows that score."""
    import numpy as np
    from sklearn.model_selection import StratifiedKFold, train_test_split

    dataset = loaded(name)
    everything = np.arange(len(dataset.y))
    if dataset.test is not None:
        train, test = everything[~dataset.test], everything[dataset.test]
    else:
        folds = StratifiedKFold(HELD_OUT, shuffle=True, random_state=0)
        train, test = next(folds.split(everything, dataset.y))
    if n_rows is not None and n_rows < len(train):
        train, _ = train_test_split(train, train_size=n_rows, stratify=dataset.y[train], random_state=repeat)
    return train, test


def fit(name: str, model: str, n_rows: int | None, repeat: int, threads: int) -> Row:
    """Train a model and score it, in a process of its own: one row of the results."""
    fix_threads(threads)
    import numpy as np

    from deepworth.datasets import take
    from deepworth.zoo import registry

    dataset = loaded(name)
    train, test = parts(name, n_rows, repeat)
    codes = np.searchsorted(dataset.classes, dataset.y)
    X, X_test = take(dataset.X, train), take(dataset.X, test)
    estimator = registry.create(model, dataset.task, dataset.modality, random_state=repeat)
    if hasattr(estimator, "warm_up"):
        estimator.warm_up()
    gc.collect()
    with Peak() as memory:
        wall, cpu = time.perf_counter(), cpu_seconds()
        estimator.fit(X, dataset.y[train])
        wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
    started = time.perf_counter()
    found = scores("multiclass", codes[test], estimator.predict_proba(X_test))
    return {
        "data": name,
        "modality": dataset.modality,
        "rows": n_rows or "all",
        "repeat": repeat,
        "model": model,
        "family": registry.family(model),
        "accuracy": found["accuracy"],
        "log_loss": found["logloss"],
        "fit_wall": wall,
        "fit_cpu": cpu,
        "predict_wall": time.perf_counter() - started,
        "rss_before_mb": round(memory.before / 2**20, 1),
        "rss_peak_mb": round(memory.peak / 2**20, 1),
        "n_train": len(train),
        "n_test": len(test),
        "threads": threads,
        "versions": versions(),
    }


def versions() -> str:
    """Of the libraries that decide a score."""
    from importlib.metadata import version

    return " ".join(
        f"{name} {version(name)}" for name in ("deepworth", "keras", "tensorflow", "scikit-learn")
    )


def measure(chosen: argparse.Namespace) -> int:
    """Compute every row that is missing; the number of fits that failed."""
    kept = [] if chosen.force else read(chosen.file)
    if len(kept) < len(read(chosen.file)) or chosen.redo:
        kept = [row for row in kept if row["model"] not in chosen.redo]
        write(chosen.file, kept)
    done = {(r["data"], r["model"], r["rows"], int(r["repeat"])) for r in kept}
    n_failed = 0
    for cell in cells(chosen):
        name, model, n_rows, repeat = cell
        if (name, model, str(n_rows or "all"), repeat) not in done:
            n_failed += not measured(chosen, *cell)
    return n_failed


def cells(chosen: argparse.Namespace) -> Iterator[tuple[str, str, int | None, int]]:
    """Data, model, training rows and repeat of every fit that was asked for; on all rows there is one."""
    from deepworth.zoo import registry

    for name in chosen.data:
        dataset = loaded(name)
        suited = registry.suited(dataset.task, dataset.modality)
        for model in chosen.models or suited:
            if model in suited and registry.missing_requirement(model) is None:
                for n_rows in chosen.rows:
                    for repeat in range(1 if n_rows is None else chosen.repeats):
                        yield name, model, n_rows, repeat


def measured(chosen: argparse.Namespace, name: str, model: str, n_rows: int | None, repeat: int) -> bool:
    """Fit in a fresh process, keep and tell the row; whether that went well."""
    where = f"{name} {n_rows or 'all'} {repeat} {model}"
    try:
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            row = pool.submit(fit, name, model, n_rows, repeat, chosen.threads).result()
    except (Exception, BrokenProcessPool) as error:  # whatever a model does, the next one runs
        print(f"{where}: failed, {type(error).__name__}: {error}".split("\n")[0], file=sys.stderr, flush=True)
        return False
    append(chosen.file, row)
    words = f"accuracy {row['accuracy']:.4f}, {row['fit_cpu']:.1f} s of CPU, {row['fit_wall']:.1f} s"
    print(f"{where}: {words}", file=sys.stderr, flush=True)
    return True


def read(path: Path) -> list[Row]:
    """Rows of a results file; none where there is no file."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def append(path: Path, row: Row) -> None:
    """Write a row at once."""
    write(path, [*read(path), {k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()}])


def write(path: Path, rows: list[Row]) -> None:
    """The whole file, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    with draft.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    draft.replace(path)


def summary(rows: list[Row]) -> dict[str, Any]:
    """The figures of the kept rows."""
    accuracy, cpu = by_model(rows, "accuracy"), by_model(rows, "fit_cpu")
    return {
        "accuracy": {name: own["all"] for name, own in accuracy.items() if "all" in own},
        "cpu_seconds": {name: own["all"] for name, own in cpu.items() if "all" in own},
        "accuracy_by_rows": {
            name: few
            for name, own in accuracy.items()
            if (few := {n: v for n, v in own.items() if n != "all"})
        },
        "pretraining_gain": pretraining_gain(rows, accuracy),
        "fits": len(rows),
    }


def by_model(rows: list[Row], figure: str) -> dict[str, dict[str, dict[str, float]]]:
    """Mean of a figure over repeats by data, training rows and model."""
    found: dict[str, Any] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for row in rows:
        found[row["data"]][row["rows"]][row["model"]].append(float(row[figure]))
    return {
        name: {n: {m: fmean(values) for m, values in own.items()} for n, own in sizes.items()}
        for name, sizes in found.items()
    }


def pretraining_gain(rows: list[Row], accuracy: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Accuracy of the best pretrained model over the best other one, by data and training rows."""
    family = {row["model"]: row["family"] for row in rows}
    gains: dict[str, dict[str, float]] = defaultdict(dict)
    for name, sizes in accuracy.items():
        for n_rows, models in sizes.items():
            pretrained = [v for m, v in models.items() if family[m] == "pretrained"]
            others = [v for m, v in models.items() if family[m] != "pretrained"]
            if pretrained and others:
                gains[name][n_rows] = max(pretrained) - max(others)
    return dict(gains)


def lines(rows: list[Row]) -> list[list[str]]:
    """Lines of the table: means over repeats, the best model of each dataset and number of rows first."""
    names = ("accuracy", "log_loss", "fit_cpu", "fit_wall", "predict_wall")
    groups: dict[tuple[str, str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["data"], row["rows"], row["model"], row["family"]].append(row)
    found = [(key, [fmean(float(r[n]) for r in own) for n in names]) for key, own in groups.items()]
    order = {name: i for i, name in enumerate(SOURCES)}
    found.sort(key=lambda x: (order[x[0][0]], x[0][1] != "all", x[0][1], -x[1][0]))
    return [[*key, figure(v[0]), figure(v[1]), *(figure(s, 1) for s in v[2:])] for key, v in found]


def training_rows(text: str) -> list[int | None]:
    """``200,1000,all`` as numbers, None for all."""
    return [None if part == "all" else int(part) for part in text.split(",")]


def main() -> None:
    options = parser(__doc__ or "")
    options.add_argument("--data", type=lambda t: t.split(","), default=list(SOURCES))
    options.add_argument("--models", type=lambda t: t.split(","), default=[])
    options.add_argument("--rows", type=training_rows, default=[None])
    options.add_argument("--repeats", type=int, default=5, help="draws of fewer training rows (default 5)")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--redo", action="append", default=[], metavar="MODEL", help="measure it again")
    options.add_argument("--report", action="store_true", help="only read what is kept")
    options.add_argument("--file", type=Path, default=KEPT)
    chosen = options.parse_args()
    if chosen.quick:
        chosen.file = Path(chosen.file).with_name(".images_texts_quick.csv")
        chosen.file.unlink(missing_ok=True)
        chosen.data, chosen.rows, chosen.repeats = ["digits", "triage-notes"], [200], 1
        chosen.models = chosen.models or ["cnn", "hog-svm", "rnn", "nb-svm"]
    elif not DATA.is_dir() and not chosen.report:
        print("images_texts.py needs the development data in ../shared/data", file=sys.stderr)
        sys.exit(1)
    n_failed = 0 if chosen.report else measure(chosen)
    rows = read(chosen.file)
    found = summary(rows)
    if chosen.quick:
        chosen.file.unlink(missing_ok=True)
    else:
        keep("images_texts", found)
    print(json.dumps(found) if chosen.json else table(HEADER, lines(rows)))
    sys.exit(n_failed > 0)


if __name__ == "__main__":
    main()
