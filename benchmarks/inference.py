"""Which interval should a verdict have? Candidates on simulated truth, from stable to unstable learners.

    python benchmarks/inference.py [--quick] [--json] [--force] [--jobs N] [--each N]

Pairs of learners are cross-validated on samples of tables with known laws: two to ten classes, balanced to
1:50, numbers with normal and heavy tails, rows in groups, 60 to 4,000 rows, all metrics. The truth of a cell
is the expected difference of their scores after training on as many rows, from fresh rows. A candidate's
figures are over cells (a learner, a world, a number of rows, a metric):

- ``coverage``: mean over cells of how often its 95 % interval holds the truth; ``worst`` of any cell;
  ``least_94``: share of cells with at least 94 %;
- ``width_over_oracle``: width of the interval over that of the true sampling distribution, mean over cells.

Candidates: ``corrected t`` (Nadeau and Bengio 2003); ``rows, normal`` and ``rows``: influence values within
folds (Bayle et al. 2020) with the normal distribution and with Satterthwaite's degrees of freedom;
``+ quarter``, ``+ half``, ``+ all`` of the term of Nadeau and Bengio for shared training rows; ``+ luck``:
the excess of fold scores over their rows. ``rows + half + luck`` is what deepworth uses. ``nested`` (Bates,
Hastie and Tibshirani 2023, algorithm 1, ten random splits), for means over rows where its fits are cheap.

The samples are none of those of ``verdict.py``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from types import SimpleNamespace
from typing import Any

import numpy as np
from _common import figure, keep, kept, parser, table
from scipy import stats

NAME = "inference"
EACH, QUICK_EACH = 150, 4
FRESH = 3000
NESTED_SPLITS = 10
METRICS = {
    "binary": ("roc_auc", "log_loss", "accuracy", "f1", "average_precision", "balanced_accuracy"),
    "multiclass": ("log_loss", "accuracy", "balanced_accuracy", "roc_auc"),
    "regression": ("rmse", "mae", "r2"),
}
Z = float(stats.norm.ppf(0.975))


@dataclass(frozen=True)
class Cell:
    """Samples that differ in their seed only; two learners, each with columns of its own."""

    learners: tuple[str, str]
    rows: int
    classes: int = 2  # 0 for numbers
    share: float = 0.4  # of the positive of two classes
    heavy: bool = False  # noise with Student's t of 3 degrees of freedom
    in_group: int = 0
    folds: int = 5
    repeats: int = 1
    nested: bool = False

    @property
    def task(self) -> str:
        return {0: "regression", 2: "binary"}.get(self.classes, "multiclass")

    @property
    def name(self) -> str:
        """What the cell is, in words."""
        kind = {0: "numbers" + ", heavy tails" * self.heavy, 2: f"{self.share:.0%} positive"}
        parts = [" and ".join(dict.fromkeys(self.learners)), f"{self.rows} rows"]
        parts.append(kind.get(self.classes, f"{self.classes} classes"))
        parts += [f"groups of {self.in_group}"] * bool(self.in_group)
        plan = f"{self.folds} folds" + f", {self.repeats} times" * (self.repeats > 1)
        return ", ".join([*parts, plan])


def learner(name: str, regression: bool, seed: int) -> Any:
    """A scikit-learn estimator by the name of its kind."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    pairs: dict[str, tuple[Callable[..., Any], Callable[..., Any], dict[str, Any]]] = {
        "linear": (LogisticRegression, Ridge, {}),
        "neighbours": (KNeighborsClassifier, KNeighborsRegressor, {"n_neighbors": 10}),
        "tree": (DecisionTreeClassifier, DecisionTreeRegressor, {"random_state": seed}),
        "small tree": (
            DecisionTreeClassifier,
            DecisionTreeRegressor,
            {"max_depth": 4, "min_samples_leaf": 5, "random_state": seed},
        ),
        "forest": (RandomForestClassifier, RandomForestRegressor, {"n_estimators": 20, "random_state": seed}),
        "network": (
            MLPClassifier,
            MLPRegressor,
            {
                "hidden_layer_sizes": (12,),
                "learning_rate_init": 0.02,
                "max_iter": 25,
                "random_state": seed,
            },
        ),
    }
    classifier, regressor, options = pairs[name]
    return (regressor if regression else classifier)(**options)


def fitted(
    cell: Cell, which: int, X: np.ndarray, y: np.ndarray, seed: int
) -> Callable[[np.ndarray], np.ndarray]:
    """A trained learner: rows to values, or to probabilities of all classes."""
    model = learner(cell.learners[which], cell.task == "regression", seed)
    with warnings.catch_warnings():  # a network that is trained briefly does not converge
        warnings.simplefilter("ignore")
        model.fit(X, y)
    if cell.task == "regression":
        return lambda rows: model.predict(rows)

    def predict(rows: np.ndarray) -> np.ndarray:
        shares = np.full((len(rows), cell.classes), 1e-6)
        shares[:, model.classes_.astype(int)] = np.clip(model.predict_proba(rows), 1e-6, 1)
        return shares / shares.sum(axis=1, keepdims=True)

    return predict


def draw(
    cell: Cell, rng: np.random.Generator, n: int
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray | None]:
    """Columns of both learners, the target, and groups."""
    groups = rng.permutation(np.arange(n) // cell.in_group) if cell.in_group else None
    if cell.task == "regression":
        shared, *own = (rng.normal(size=(n, 3)) for _ in range(3))
        noise = rng.standard_t(3, size=n) if cell.heavy else rng.normal(size=n)
        y = 0.5 * shared.sum(axis=1) + 0.4 * (own[0] + own[1]).sum(axis=1) + noise
        return [np.column_stack([shared, each]) for each in own], y, groups
    shares = [1 - cell.share, cell.share] if cell.classes == 2 else [1 / cell.classes] * cell.classes
    y = rng.choice(cell.classes, size=n, p=shares)
    noise = rng.normal(size=(n, 10))
    if groups is not None:
        size = groups.max() + 1
        y = np.where(rng.random(n) < 0.8, rng.choice(cell.classes, size=size, p=shares)[groups], y)
        noise += 0.7 * rng.normal(size=(size, 10))[groups]
    centres = np.random.default_rng(5).normal(size=(cell.classes, 10))
    if cell.classes == 2:
        centres = np.array([np.zeros(10), np.ones(10)])
    X = noise + 0.45 * centres[y]
    return [np.column_stack([X[:, :4], X[:, 4 + 3 * i : 7 + 3 * i]]) for i in range(2)], y, groups


def simulated(task: tuple[Cell, int]) -> dict[str, dict[str, Any]] | None:
    """By metric the estimated difference, its truth for these trainings, and each candidate's half width."""
    from deepworth.datasets import make_splits
    from deepworth.zoo.metrics import METRICS as KNOWN

    cell, seed = task
    rng = np.random.default_rng((seed, cell.rows, cell.classes, int(1000 * cell.share)))
    X, y, groups = draw(cell, rng, cell.rows)
    fresh_X, fresh_y, _ = draw(cell, rng, FRESH)
    if cell.classes and np.bincount(y, minlength=cell.classes).min() < 2 * cell.folds:
        return None
    splits = make_splits(y, task=cell.task, folds=cell.folds, repeats=cell.repeats, seed=seed, groups=groups)
    metrics = [KNOWN[name] for name in METRICS[cell.task]]
    results, truth = cross_validated(cell, X, y, groups, fresh_X, fresh_y, splits, metrics, seed)
    ratio = results.facts.plan.test_over_train
    found = {m.name: candidates(results, m, ratio) | {"truth": truth[m.name]} for m in metrics}
    if cell.nested:
        for metric in metrics:
            if metric.row_values is not None:
                found[metric.name]["nested"] = nested(cell, X, y, metric, rng)
    return found


def cross_validated(
    cell: Cell,
    X: list[np.ndarray],
    y: np.ndarray,
    groups: np.ndarray | None,
    fresh_X: list[np.ndarray],
    fresh_y: np.ndarray,
    splits: list[Any],
    metrics: list[Any],
    seed: int,
) -> tuple[Any, dict[str, float]]:
    """What a run keeps of both learners, and the mean of their true differences."""
    from deepworth.zoo.metrics import evaluate, truth_of
    from deepworth.zoo.results.facts import PlanFacts
    from deepworth.zoo.results.rows import Result, Results

    fresh = truth_of(labels_of(cell, fresh_y, None), np.arange(len(fresh_y)))
    rows, true = [], {metric.name: 0.0 for metric in metrics}
    for which, family in enumerate(("deep", "classical")):
        for place, split in enumerate(splits):
            rule = fitted(
                cell, which, X[which][split.train], y[split.train], 1000 * seed + 100 * which + place
            )
            prediction = rule(X[which][split.test])
            rows.append(Result(family, family, split.repeat, split.fold, prediction=prediction))  # type: ignore[arg-type]
            for metric in metrics:
                value = evaluate(metric, fresh, rule(fresh_X[which])) or 0.0
                true[metric.name] += (1 - 2 * which) * metric.sign * value / len(splits)
    ratio = float(np.mean([len(split.test) / len(split.train) for split in splits]))
    plan = PlanFacts(cell.folds, cell.repeats, "quick", 0, False, ratio, {}, (), 1)
    tested = {(split.repeat, split.fold): split.test for split in splits}
    facts: Any = SimpleNamespace(plan=plan, seconds=0.0)
    return Results(tuple(rows), labels_of(cell, y, groups), tested, facts), true


def labels_of(cell: Cell, y: np.ndarray, groups: np.ndarray | None) -> Any:
    from deepworth.zoo.results.rows import Labels

    if cell.task == "regression":
        return Labels(y, "regression", (), None, groups)
    classes = tuple(map(str, range(cell.classes)))
    return Labels(y.astype(str), cell.task, classes, "1" if cell.classes == 2 else None, groups)


def candidates(results: Any, metric: Any, ratio: float) -> dict[str, float]:
    """The estimate, and half the width of each candidate's interval."""
    from deepworth.zoo.judging.intervals import corrected_interval
    from deepworth.zoo.judging.row_level import RowLevel
    from deepworth.zoo.judging.scores import score_models

    scores = score_models(results)
    evidence = RowLevel(results, scores, metric, 0.95).evidence({0: 1.0, 1: -1.0}, metric)
    folds = metric.sign * (scores[0].folds[metric.name] - scores[1].folds[metric.name])
    low, high = corrected_interval(folds[~np.isnan(folds)], ratio, 0.95)
    t = float(stats.t.ppf(0.975, evidence.freedom))
    rows, training, luck = evidence.rows, evidence.training, evidence.luck
    variances = {
        "rows": rows,
        "rows + quarter": rows + training / 2,
        "rows + half": rows + training,
        "rows + all": rows + 2 * training,
        "rows + luck": rows + luck,
        "rows + half + luck": rows + training + luck,
    }
    halves = {name: t * float(np.sqrt(variance)) for name, variance in variances.items()}
    return {
        "estimate": evidence.value,
        "corrected t": (high - low) / 2,
        "rows, normal": Z * float(np.sqrt(rows)),
        **halves,
    }


def nested(cell: Cell, X: list[np.ndarray], y: np.ndarray, metric: Any, rng: np.random.Generator) -> float:
    """Half the width of the interval of nested cross-validation; the estimate's bias is not corrected."""
    from sklearn.model_selection import KFold, StratifiedKFold

    kind = KFold if cell.task == "regression" else StratifiedKFold
    inner_errors, outer_errors, outer_variances = [], [], []
    all_rows = []
    for _ in range(NESTED_SPLITS):
        seed = int(rng.integers(2**31))
        parts = [test for _, test in kind(cell.folds, shuffle=True, random_state=seed).split(X[0], y)]
        for outer in range(cell.folds):
            rest = [part for i, part in enumerate(parts) if i != outer]
            inner = [
                row_differences(cell, X, y, metric, np.concatenate([p for p in rest if p is not test]), test)
                for test in rest
            ]
            outside = row_differences(cell, X, y, metric, np.concatenate(rest), parts[outer])
            inner_errors.append(np.mean(np.concatenate(inner)))
            outer_errors.append(np.mean(outside))
            outer_variances.append(np.var(outside, ddof=1) / len(outside))
            all_rows.append(np.concatenate(inner))
    a = np.mean((np.array(inner_errors) - np.array(outer_errors)) ** 2)
    mse = float(a - np.mean(outer_variances))
    plain = float(np.mean([np.std(values, ddof=1) for values in all_rows])) / np.sqrt(len(y))
    error = np.sqrt(max(0.0, mse) * (cell.folds - 1) / cell.folds)
    return Z * float(np.clip(error, plain, plain * np.sqrt(cell.folds)))


def row_differences(
    cell: Cell, X: list[np.ndarray], y: np.ndarray, metric: Any, train: np.ndarray, test: np.ndarray
) -> np.ndarray:
    from deepworth.zoo.metrics import truth_of

    truth = truth_of(labels_of(cell, y, None), test)
    first, second = (
        metric.row_values(truth, fitted(cell, i, X[i][train], y[train], 0)(X[i][test])) for i in range(2)
    )
    return metric.sign * (first - second)


def cells(quick: bool) -> list[Cell]:
    """The wide bench; with ``quick`` a few of it."""

    def alike(name: str, *rows: int, **options: Any) -> list[Cell]:
        return [Cell((name, name), n, **options) for n in rows]

    few = [*alike("linear", 60, nested=True), *alike("tree", 60, classes=0, heavy=True)]
    if quick:
        return few
    stable, unstable = ("linear", "neighbours"), ("tree", "small tree", "network")
    return [
        *alike("linear", 60, 250, nested=True),
        *alike("linear", 1000, 4000),
        *alike("neighbours", 60, 250, 1000),
        *alike("tree", 60, 250, nested=True),
        *alike("tree", 1000),
        *(cell for name in ("small tree", "network") for cell in alike(name, 60, 250, 1000)),
        *alike("forest", 100, 400),
        *(cell for name in ("linear", "tree", "network") for cell in alike(name, 150, 600, repeats=3)),
        *(cell for name in ("linear", "tree") for cell in alike(name, 300, folds=10)),
        *(c for n in ("linear", "small tree", "network") for c in alike(n, 300, 1200, share=0.1)),
        *(c for n in ("linear", "small tree") for c in alike(n, 1500, 5000, share=0.02)),
        *(Cell(pair, n) for pair in (("linear", "tree"), ("linear", "network")) for n in (150, 800)),
        *(c for name in ("linear", "tree", "network") for c in alike(name, 150, 800, classes=3)),
        *(c for name in ("linear", "tree") for c in alike(name, 600, classes=10)),
        *(
            cell
            for name in (*stable, *unstable)
            for heavy in (False, True)
            for cell in alike(name, 60, 600, classes=0, heavy=heavy)
        ),
        *(c for name in ("linear", "tree", "neighbours") for c in alike(name, 200, 1000, in_group=10)),
    ]


def measure(chosen: argparse.Namespace) -> dict[str, Any]:
    """Figures of every candidate, from the kept result or anew."""
    found = None if chosen.quick or chosen.force else kept(NAME)
    if found is not None:
        return found
    each = chosen.each or (QUICK_EACH if chosen.quick else EACH)
    bench = cells(chosen.quick)
    with ProcessPoolExecutor(chosen.jobs, mp_context=get_context("spawn")) as pool:
        by_cell: dict[str, dict[str, dict[str, float]]] = {}
        for cell in bench:
            print(cell.name, file=sys.stderr, flush=True)
            samples = [s for s in pool.map(simulated, [(cell, i) for i in range(each)], chunksize=5) if s]
            for metric in METRICS[cell.task]:
                own = figures([sample[metric] for sample in samples])
                if own:
                    by_cell[f"{cell.name}, {metric}"] = own
    names = dict.fromkeys(name for own in by_cell.values() for name in own)
    result = {
        "samples_by_cell": each,
        "cells": len(by_cell),
        "candidates": {n: over(n, by_cell) for n in names},
    }
    result["coverage_by"] = {cell: own["rows + half + luck"]["coverage"] for cell, own in by_cell.items()}
    if not chosen.quick:
        keep(NAME, result)
    return result


def figures(samples: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Coverage and width of each candidate in a cell; nothing where the learners nearly always agree."""
    estimates = np.array([sample["estimate"] for sample in samples])
    spread = float(estimates.std())
    if np.mean(estimates == 0.0) > 0.05 or spread == 0.0:
        return {}
    true = float(np.mean([sample["truth"] for sample in samples]))
    names = [name for name in samples[0] if name not in ("estimate", "truth")]
    halves = {name: np.array([sample[name] for sample in samples]) for name in names}
    return {
        name: {
            "coverage": float(np.mean(np.abs(estimates - true) <= half)),
            "width": float(half.mean() / (Z * spread)),
        }
        for name, half in halves.items()
    }


def over(name: str, by_cell: dict[str, dict[str, dict[str, float]]]) -> dict[str, float]:
    """A candidate's figures over the cells that have it."""
    own = [cell[name] for cell in by_cell.values() if name in cell]
    coverage = np.array([figures["coverage"] for figures in own])
    return {
        "coverage": float(coverage.mean()),
        "worst": float(coverage.min()),
        "least_94": float(np.mean(coverage >= 0.94)),
        "width_over_oracle": float(np.mean([figures["width"] for figures in own])),
        "cells": len(own),
    }


def lines(found: dict[str, Any]) -> list[str]:
    """The table of candidates, for people."""
    header = ["interval", "coverage", "worst cell", "cells with 94 %", "width / oracle", "cells"]
    rows = [
        [
            name,
            *(figure(own[key]) for key in ("coverage", "worst", "least_94", "width_over_oracle")),
            own["cells"],
        ]
        for name, own in found["candidates"].items()
    ]
    return [table(header, rows)]


def main() -> None:
    options = parser(__doc__ or "")
    options.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: cores)")
    options.add_argument("--each", type=int, help="samples by cell")
    chosen = options.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    found = measure(chosen)
    print(json.dumps(found) if chosen.json else "\n\n".join(lines(found)))


if __name__ == "__main__":
    main()
