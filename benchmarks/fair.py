"""Whether something else than the models favours one family: threads, held-out rows, encoders, calibration.

python benchmarks/fair.py [--json] [--quick] [--force] [--parts NAMES]

Uses three datasets of the package, and four tables of ../shared/data where that folder stands beside the
checkout; without it their rows are left out. Predictions are out of fold (3 folds). ``change`` is the score
of the second way less that of the first, ``half_width`` that of its 95 % interval over rows; less log loss is
better, more ROC AUC is better.

- ``threads``: scores of models held to one thread, and to as many as there are cores, in processes of their
  own. The table has wall and CPU time from the kept result of costs.py.
- ``stopping``: a network that stops by held-out training rows, against one trained on all of them for as many
  epochs; histogram gradient boosting above 10,000 rows likewise, with as many trees.
- ``preprocessing``: classical models on their own encoder, against that of the networks.
- ``calibration``: the probabilities of each model as they are, against calibrated inside the training rows.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from _common import figure, keep, kept, parser, table
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.pipeline import make_pipeline

NAME = "fair"
FOLDS = 3
TABLES = Path(__file__).resolve().parents[2] / "shared" / "data" / "tabular"
EMBEDDED = ("breast-cancer", "sick-healthy", "wine")
SHARED = {"credit_g": "class", "pima_diabetes": "class", "spambase": "class"}  # a table and its target
MANY_ROWS = ("adult", "income", 18_000)  # so that boosting trains on more than 10,000
METRICS = ("log_loss", "roc_auc")
# Without gradient boosting: on a busy machine its threads wait for each other for minutes.
THREADED = ("logistic-regression", "random-forest", "shallow-mlp")
STOPPING = ("shallow-mlp", "deep-mlp")
ENCODED = ("logistic-regression", "linear-svm", "rbf-svm")
CALIBRATED = (
    *("logistic-regression", "naive-bayes", "random-forest", "hist-gradient-boosting", "rbf-svm"),
    "shallow-mlp",
)
CHAMPIONS = ("naive_champion_bias_se", "champion_bias_se", "champion_gain_bias_se")  # of verdict.py

Row = dict[str, Any]
Make = Callable[[], Any]  # an unfitted estimator


@dataclass(frozen=True)
class Scale:
    """How much is measured: everything, or enough to show that the script works."""

    quick: bool

    def names(self) -> list[str]:
        """Datasets that are there."""
        if self.quick:
            return ["wine"]
        return [*EMBEDDED, *(name for name in SHARED if _file(name).is_file())]

    def models(self, full: Sequence[str]) -> list[str]:
        """Models of a part."""
        return [name for name in full if name == "logistic-regression"] if self.quick else list(full)

    def params(self, model: str) -> dict[str, Any]:
        """Parameters of a model."""
        return {"epochs": 5} if self.quick and model in STOPPING else {}


def _file(name: str) -> Path:
    return TABLES / f"{name}.csv.gz"


@cache
def dataset(name: str) -> Any:
    """A dataset of the package, or a shared table."""
    from deepworth import load_dataset

    if name == MANY_ROWS[0]:
        return load_dataset(_file(name), target=MANY_ROWS[1], rows=MANY_ROWS[2])
    return load_dataset(_file(name), target=SHARED[name]) if name in SHARED else load_dataset(name)


def create(model: str, data: Any, **params: Any) -> Any:
    """An unfitted model of the package."""
    from deepworth.zoo import registry

    return registry.create(model, data.task, data.modality, random_state=0, **params)


# Predictions, and the change from one way to another


def fitted(model: Any, data: Any, train: np.ndarray) -> Any:
    """The model, on training rows."""
    from deepworth.datasets import take
    from deepworth.zoo.runs.limits import limited

    if hasattr(model, "warm_up"):
        model.warm_up()
    with limited(1):
        return model.fit(take(data.X, train), data.y[train])


def out_of_fold(data: Any, ways: Callable[[np.ndarray], Iterable[Any]]) -> list[np.ndarray]:
    """Probabilities (n_rows, n_classes) of each way; ``ways`` fits them to the training rows of a fold."""
    from deepworth.datasets import make_splits, take
    from deepworth.zoo.runs.limits import limited

    found: list[np.ndarray] = []
    for split in make_splits(data.y, task=data.task, folds=FOLDS):
        for number, model in enumerate(ways(split.train)):
            if number == len(found):
                found.append(np.zeros((len(data.y), len(data.classes))))
            with limited(1):
                found[number][split.test] = model.predict_proba(take(data.X, split.test))
    return found


def change(data: Any, before: np.ndarray, after: np.ndarray) -> Row:
    """Score of the first way, change by the second, and half of the 95 % interval over rows, by metric."""
    from deepworth.zoo.metrics import METRICS as KNOWN
    from deepworth.zoo.metrics import Truth, influence_values

    codes = np.searchsorted(data.classes, data.y)
    positive = int(np.searchsorted(data.classes, data.positive)) if data.task == "binary" else 1
    truth = Truth(codes, data.task, len(data.classes), positive)
    found: Row = {}
    for name in METRICS:
        metric = KNOWN[name]
        first, second = metric(truth, before), metric(truth, after)
        rows = influence_values(metric, truth, after) - influence_values(metric, truth, before)
        half = 1.96 * float(np.std(rows)) / np.sqrt(len(rows))
        found[name] = {"before": first, "change": second - first, "half_width": half}
    return found


# The parts: each gives its rows one at a time


def threads(scale: Scale) -> Iterator[tuple[str, Callable[[], Row]]]:
    """Models of both families, held to one thread and given all cores."""
    yield "1", partial(_threaded, scale, 1)
    yield "all", partial(_threaded, scale, os.cpu_count() or 1)


def _threaded(scale: Scale, asked: int) -> Row:
    import deepworth

    models = scale.models(THREADED)
    data = "wine" if scale.quick else "sick-healthy"
    jobs = 0 if scale.quick else 1  # a process whose libraries start with so many threads
    answer = deepworth.compare(
        data, models=models, folds=FOLDS, jobs=jobs, threads=asked, costs=False, store=False
    ).answer
    return {"data": data, "threads": asked, "scores": {row.model: row.score for row in answer.leaderboard}}


def stopping(scale: Scale) -> Iterator[tuple[str, Callable[[], Row]]]:
    """Stopped by held-out rows, against refitted on all rows for as long."""
    for model in STOPPING[:1] if scale.quick else STOPPING:
        for name in [name for name in scale.names() if name in EMBEDDED]:
            yield f"{model} {name}", partial(_stopped, scale, model, name)
    if not scale.quick and _file(MANY_ROWS[0]).is_file():
        yield f"hist-gradient-boosting {MANY_ROWS[0]}", _boosted


def _stopped(scale: Scale, model: str, name: str) -> Row:
    data, epochs = dataset(name), []

    def both(train: np.ndarray) -> Iterator[Any]:
        first = fitted(create(model, data, **scale.params(model)), data, train)
        yield first
        epochs.append(first.best_epoch_ + 1)  # it counts from 0
        again = {"validation_fraction": 0.0, "epochs": epochs[-1]}
        yield fitted(create(model, data, **again), data, train)

    return {
        "model": model,
        "data": name,
        **change(data, *out_of_fold(data, both)),
        "stopped_at": float(np.mean(epochs)),
    }


def _boosted() -> Row:
    data, trees = dataset(MANY_ROWS[0]), []
    model = "hist-gradient-boosting"

    def both(train: np.ndarray) -> Iterator[Any]:
        first = fitted(create(model, data), data, train)
        yield first
        trees.append(first.steps[-1][1].model_.n_iter_)
        again = create(model, data, max_iter=trees[-1])
        again.steps[-1][1].set_params(limit=len(data.y))  # above it, rows are held out
        yield fitted(again, data, train)

    found = change(data, *out_of_fold(data, both))
    return {"model": model, "data": MANY_ROWS[0], **found, "stopped_at": float(np.mean(trees))}


class NetworkEncoder(TransformerMixin, BaseEstimator):
    """The matrix that a network is given, with one-hot instead of embedded categories."""

    def __init__(self, numbers: str) -> None:
        self.numbers = numbers

    def fit(self, X: Any, y: Any = None) -> NetworkEncoder:
        """Learn scales and levels."""
        from deepworth.zoo.preprocessing.runtime import import_tensorflow
        from deepworth.zoo.preprocessing.tables import TablePreprocessor

        import_tensorflow()
        self.encoder_ = TablePreprocessor(self.numbers).fit(X)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """float64 (n_rows, n_outputs)."""
        arrays = self.encoder_.transform(X)
        codes = arrays.get("categories", np.zeros((len(X), 0), int)).T
        levels = self.encoder_.spec.cardinalities
        one_hot = [np.eye(n)[column] for column, n in zip(codes, levels, strict=True)]
        return np.hstack([arrays["numeric"], *one_hot]).astype(np.float64)


def preprocessing(scale: Scale) -> Iterator[tuple[str, Callable[[], Row]]]:
    """Classical models on both encoders of the networks."""
    for model in scale.models(ENCODED):
        for name in scale.names():
            for numbers in ("robust", "quantile"):
                yield f"{model} {name} {numbers}", partial(_encoded, model, name, numbers)


def _encoded(model: str, name: str, numbers: str) -> Row:
    data = dataset(name)

    def both(train: np.ndarray) -> Iterator[Any]:
        own = create(model, data)
        yield fitted(clone(own), data, train)
        yield fitted(make_pipeline(NetworkEncoder(numbers), *own[1:]), data, train)

    return {"model": model, "data": name, "numbers": numbers, **change(data, *out_of_fold(data, both))}


def calibration(scale: Scale) -> Iterator[tuple[str, Callable[[], Row]]]:
    """Probabilities as they are, against calibrated."""
    for model in scale.models(CALIBRATED):
        for name in [name for name in scale.names() if name in EMBEDDED]:
            yield f"{model} {name}", partial(_calibrated, scale, model, name)


def _calibrated(scale: Scale, model: str, name: str) -> Row:
    from deepworth.zoo import Calibrated

    data = dataset(name)

    def both(train: np.ndarray) -> Iterator[Any]:
        plain = create(model, data, **scale.params(model))
        yield fitted(clone(plain), data, train)
        yield fitted(Calibrated(plain, "auto", confidence_level=None), data, train)

    return {"model": model, "data": name, **change(data, *out_of_fold(data, both))}


PARTS: dict[str, Callable[[Scale], Iterator[tuple[str, Callable[[], Row]]]]] = {
    "threads": threads,
    "preprocessing": preprocessing,
    "stopping": stopping,
    "calibration": calibration,
}


def measure(chosen: argparse.Namespace) -> dict[str, Any]:
    """All rows, from the kept result or anew; each is kept as soon as it is measured."""
    found: dict[str, Any] = {} if chosen.quick or chosen.force else (kept(NAME) or {})
    scale = Scale(chosen.quick)
    for part in chosen.parts or PARTS:
        rows = found.setdefault(part, {})
        for key, row in PARTS[part](scale):
            if key not in rows:
                print(f"{part}: {key} ...", file=sys.stderr, flush=True)
                rows[key] = row()
                if not chosen.quick:
                    keep(NAME, found)
    return found


# Tables


def thread_lines(found: dict[str, Any], costs: dict[str, Any] | None) -> list[str]:
    """Scores by number of threads, and what a kept cost sheet says about time."""
    one, several = found["threads"]["1"], found["threads"]["all"]
    sheets = {sheet["model"]: sheet["costs"] for sheet in (costs or {}).get("sheets", ())}
    header = [
        *("model", "score, one thread", f"score, {several['threads']} threads"),
        *("threads of the cost sheet", "wall", "CPU", "cores at work"),
    ]
    rows = [
        [
            f"`{name}`",
            *(figure(each["scores"][name], 5) for each in (one, several)),
            *_cores_at_work(sheets.get(name, {})),
        ]
        for name in several["scores"]
    ]
    return [table(header, rows)]


def _cores_at_work(costs: Row) -> list[str]:
    wall, cpu = costs.get("fit_seconds"), costs.get("fit_cpu_seconds")
    if not wall or cpu is None:
        return ["-"] * 4
    return [str(costs["threads"]), f"{wall:.2f} s", f"{cpu:.2f} s", f"{cpu / wall:.1f}"]


def stopping_lines(found: dict[str, Any]) -> list[str]:
    """What held-out rows cost a model that stops by them."""
    header = ["model", "data", "stops after", "log loss", "refitted on all rows", "ROC AUC", "refitted"]
    rows = [
        [
            f"`{row['model']}`",
            row["data"],
            f"{row['stopped_at']:.0f} {'trees' if 'boosting' in row['model'] else 'epochs'}",
            *_before_and_change(row),
        ]
        for row in found["stopping"].values()
    ]
    return [table(header, rows)]


def preprocessing_lines(found: dict[str, Any]) -> list[str]:
    """Log loss on the models' own encoder, and its change by those of the networks."""
    by_key = found["preprocessing"]
    header = ["model", "data", "log loss, own encoder", "networks' robust scale", "networks' quantiles"]
    rows = []
    for row in by_key.values():
        if row["numbers"] == "robust":
            other = by_key[f"{row['model']} {row['data']} quantile"]
            cells = [changed(each["log_loss"]) for each in (row, other)]
            rows.append([f"`{row['model']}`", row["data"], figure(row["log_loss"]["before"]), *cells])
    return [table(header, rows), surely(by_key.values())]


def model_lines(verdict: dict[str, Any] | None) -> list[str]:
    """What benchmarks/verdict.py found about the best of several equal models."""
    found = {name: (verdict or {}).get(name) for name in CHAMPIONS}
    known = [[f"`{name}`", figure(value, 2)] for name, value in found.items() if value is not None]
    absent = (
        "The kept result is of ten models a family, and the gain is not in the kept result yet; "
        "`python benchmarks/verdict.py --force` measures the others."
    )
    return [table(["figure", "value"], known), *([absent] if found["champion_gain_bias_se"] is None else [])]


def calibration_lines(found: dict[str, Any]) -> list[str]:
    """Log loss as it is, its change by calibration, and the changes of ROC AUC in a sentence."""
    by_key = found["calibration"]
    names = list(dict.fromkeys(row["data"] for row in by_key.values()))
    models = dict.fromkeys(row["model"] for row in by_key.values())
    rows = []
    for model in models:
        own = [by_key.get(f"{model} {name}") for name in names]
        cells = [
            f"{figure(one['log_loss']['before'])}: {changed(one['log_loss'])}" if one else "-" for one in own
        ]
        rows.append([f"`{model}`", *cells])
    largest = max(by_key.values(), key=lambda row: abs(row["roc_auc"]["change"]))
    words = (
        f"The largest change of the ROC AUC is {changed(largest['roc_auc'])} "
        f"(`{largest['model']}`, {largest['data']})."
    )
    return [table(["model", *names], rows), words]


def _before_and_change(row: Row) -> list[str]:
    return [cell for m in METRICS for cell in (figure(row[m]["before"]), changed(row[m]))]


def changed(one: Row) -> str:
    """A change with half of its interval, in bold where the interval leaves zero out."""
    text = f"{round(one['change'], 3) + 0.0:+.3f} ± {one['half_width']:.3f}"  # no -0.000
    return f"**{text}**" if abs(one["change"]) > one["half_width"] else text


def surely(rows: Iterable[Row]) -> str:
    """How many log losses are surely lower, surely higher, or neither."""
    all_rows = [row["log_loss"] for row in rows]
    lower = sum(one["change"] < -one["half_width"] for one in all_rows)
    higher = sum(one["change"] > one["half_width"] for one in all_rows)
    return f"Of {len(all_rows)} changes {lower} are lower and {higher} higher beyond noise."


def lines(found: dict[str, Any]) -> dict[str, list[str]]:
    """The tables of all measured parts."""
    of_part: dict[str, Callable[[dict[str, Any]], list[str]]] = {
        "threads": partial(thread_lines, costs=kept("costs")),
        "stopping": stopping_lines,
        "preprocessing": preprocessing_lines,
        "calibration": calibration_lines,
    }
    known = {part: make(found) for part, make in of_part.items() if found.get(part)}
    return {**known, "models": model_lines(kept("verdict"))}


def main() -> None:
    """Print what was found."""
    options = parser(__doc__ or "")
    options.add_argument("--parts", type=lambda text: text.split(","), help="parts, by default all")
    chosen = options.parse_args()
    found = measure(chosen)
    if chosen.json:
        print(json.dumps(found, indent=1))
        return
    print("\n\n".join(text for texts in lines(found).values() for text in texts))


if __name__ == "__main__":
    main()
