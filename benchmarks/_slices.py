"""Are slices found where families differ, and nowhere else? Simulated comparisons with planted slices.

Rows have columns to slice by, columns that all models see, and columns of each model's own, of the same law
for both families. Models are linear discriminants, trained for real in every fold. Where a slice is planted,
deep learning sees one more column, which tells something on the rows of the slice only: one condition on a
number or on a category, or two conditions. Its strength makes a gain of about 10 points there.

A found slice is a hit if it shares at least half of its rows with the planted one (over the rows of either).
It is false if the true gain on its rows is not greater than on all others: no slice was planted, or it holds
no more than its share of the planted one's rows, or it names the other family.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from types import SimpleNamespace
from typing import Any

import numpy as np

from deepworth.datasets import make_splits
from deepworth.zoo.judging.champions import half_by_fold, row_gains
from deepworth.zoo.judging.scores import score_models
from deepworth.zoo.judging.slices import Feature, conditions, find_slices
from deepworth.zoo.metrics import METRICS
from deepworth.zoo.results.facts import PlanFacts
from deepworth.zoo.results.rows import Labels, Result, Results

SHARED, OWN = 4, 3  # columns
SIGNAL = 0.45  # shift of a column between the classes, in standard deviations
SHARE = 0.1  # of the rows, that are planted
# Shifts of the column that only deep learning sees, which give a gain of about 10 points on the slice.
STRENGTH = {"accuracy": 1.58, "roc_auc": 2.15}
AHEAD = 0.75  # shift of deep learning's own columns where it is ahead everywhere
KINDS = ("number", "category", "pair")
ROWS = (2000, 5000, 10_000)
NULLS = ("equal", "ahead everywhere", "groups of 5")


@dataclass(frozen=True)
class Cell:
    """A kind of comparison: what is planted, or why nothing is, by which metric, and on how many rows."""

    kind: str
    metric: str
    rows: int

    @property
    def planted(self) -> bool:
        return self.kind in KINDS


@dataclass(frozen=True)
class Drawn:
    """Rows of a simulated comparison; ``groups`` are those of rows that belong together."""

    columns: tuple[np.ndarray, np.ndarray]  # of deep and of classical learning
    y: np.ndarray
    features: list[Any]
    inside: np.ndarray
    groups: np.ndarray | None


def draw(cell: Cell, rng: np.random.Generator) -> Drawn:
    """New rows of a cell."""
    n = cell.rows
    groups = np.arange(n) // 5 if cell.kind == "groups of 5" else None
    y = (rng.random(n) < 0.4).astype(int)
    if groups is not None:
        y = y[groups * 5]
    features = _features(rng, n, groups)
    inside = _planted(cell.kind, features, rng)
    shared = _shifted(rng, y, SHARED, SIGNAL, groups)
    ahead = AHEAD if cell.kind == "ahead everywhere" else SIGNAL
    own = [_shifted(rng, y, OWN, shift, groups) for shift in (ahead, SIGNAL)]
    deep, classical = (np.concatenate([shared, each], axis=1) for each in own)
    if cell.planted:
        clue = inside * (rng.normal(size=n) + STRENGTH[cell.metric] * (y - y.mean()))
        deep = np.column_stack([deep, clue])
    return Drawn((deep, classical), y, features, inside, groups)


def _shifted(
    rng: np.random.Generator, y: np.ndarray, n_columns: int, shift: float, groups: np.ndarray | None
) -> np.ndarray:
    """Normal columns with a shift between the classes; rows of a group are almost the same."""
    noise = rng.normal(size=(len(y), n_columns))
    if groups is not None:
        noise = 0.95 * noise[groups * 5] + 0.3 * noise
    return noise + shift * y[:, None]


def _features(rng: np.random.Generator, n: int, groups: np.ndarray | None) -> list[Any]:
    """Six numbers of different distributions, and three categories."""
    common = rng.normal(size=n)
    numbers = {
        "normal": rng.normal(size=n),
        "uniform": rng.random(n),
        "skewed": rng.lognormal(size=n),
        "whole": rng.integers(0, 30, n).astype(float),
        "one": common + 0.5 * rng.normal(size=n),
        "other": common + 0.5 * rng.normal(size=n),
    }
    categories = {"colour": (0.5, 0.25, 0.15, 0.1), "place": (0.35, 0.33, 0.32), "switch": (0.7, 0.3)}
    same = np.arange(n) if groups is None else groups * 5
    return [Feature(name, values[same]) for name, values in numbers.items()] + [
        Feature(name, rng.choice(len(shares), n, p=shares)[same], tuple("abcd"[: len(shares)]))
        for name, shares in categories.items()
    ]


def _planted(kind: str, features: list[Any], rng: np.random.Generator) -> np.ndarray:
    """The rows of the planted slice: about a tenth, and none where nothing is planted."""
    n = len(features[0].values)
    number = features[rng.integers(3)].values
    if kind == "number":
        return number > np.quantile(number, 1 - SHARE * rng.uniform(0.85, 1.15))
    if kind == "category":
        return features[6].values == 3
    if kind == "pair":
        return (number > np.quantile(number, 1 - SHARE / 0.33)) & (features[7].values == 1)
    return np.zeros(n, dtype=bool)


def discriminant(X: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Probabilities of both classes by Fisher's linear discriminant, float64 (n_new, 2)."""
    zero, one = X[y == 0], X[y == 1]
    means = zero.mean(axis=0), one.mean(axis=0)
    spread = np.cov(np.concatenate([zero - means[0], one - means[1]]).T) + 1e-3 * np.eye(X.shape[1])
    direction = np.linalg.solve(spread, means[1] - means[0])
    logits = (new - (means[0] + means[1]) / 2) @ direction + np.log(len(one) / len(zero))
    p = 1 / (1 + np.exp(-logits))
    return np.column_stack([1 - p, p])


def comparison(cell: Cell, seed: int, level: float = 0.95) -> dict[str, Any]:
    """What is found in one comparison: slices, and how they relate to what was planted."""
    rng = np.random.default_rng((seed, cell.rows, NULLS.index(cell.kind) if not cell.planted else 9))
    drawn = draw(cell, rng)
    results = _results(drawn, seed)
    models, metric = score_models(results), METRICS[cell.metric]
    slices = find_slices(results, models, metric, level, drawn.features)
    assert slices is not None
    judged = [_judged(own, drawn) for own in slices.found]
    return {
        "found": bool(judged) and max(own["shared"] for own in judged) >= 0.5,
        "told": len(judged),
        "false": sum(own["false"] for own in judged),
        "gains": [(own.gain, own.low, own.high) for own in slices.found],
        "true_gain": _gain_inside(results, models, metric, drawn.inside) if cell.planted else 0.0,
    }


def _results(drawn: Drawn, seed: int) -> Any:
    """Predictions of 5-fold cross-validation as rows of a run."""
    names = np.array(["no", "yes"])[drawn.y]
    splits = make_splits(names, task="binary", folds=5, seed=seed, groups=drawn.groups)
    rows = [
        Result(
            family, family, s.repeat, s.fold, prediction=discriminant(X[s.train], drawn.y[s.train], X[s.test])
        )
        for family, X in zip(("deep", "classical"), drawn.columns, strict=True)
        for s in splits
    ]
    labels = Labels(names, "binary", ("no", "yes"), "yes", groups=drawn.groups)
    test_rows = {(s.repeat, s.fold): s.test for s in splits}
    plan = PlanFacts(5, 1, "quick", seed, False, 0.25, {}, (), 1)
    return Results(tuple(rows), labels, test_rows, SimpleNamespace(plan=plan))  # all that judging reads


def _judged(own: Any, drawn: Drawn) -> dict[str, Any]:
    """How a slice that was told relates to the planted one."""
    rows = _rows_of(own.words, drawn.features)
    both, either = np.count_nonzero(rows & drawn.inside), np.count_nonzero(rows | drawn.inside)
    more_than_its_share = both / rows.sum() > drawn.inside.mean()
    return {"shared": both / either, "false": own.better != "deep" or not more_than_its_share}


def _rows_of(words: str, features: list[Any]) -> np.ndarray:
    """The rows that a slice's words speak of."""
    known = {own.words: own.holds for own in conditions(features)}
    return np.logical_and.reduce([known[part] for part in words.split(" and ")])


def _gain_inside(results: Any, models: Any, metric: Any, inside: np.ndarray) -> float:
    """The mean gain of deep learning on the planted rows."""
    gains = row_gains(results, models, metric, half_by_fold(results))
    assert gains is not None
    return float(gains.gains[inside[gains.rows]].mean())


def cells(quick: bool) -> list[Cell]:
    """Every kind by both metrics, on several numbers of rows."""
    rows = ROWS[:1] if quick else ROWS
    return [Cell(kind, metric, n) for kind in (*KINDS, *NULLS) for metric in STRENGTH for n in rows]


def slice_figures(quick: bool, jobs: int, each: int | None = None) -> dict[str, Any]:
    """Shares of planted slices that are found, and of comparisons without one in which any is told.

    Parameters
    ----------
    quick : bool
        Very few comparisons of 2,000 rows, to see that it works.
    jobs : int
        Processes.
    each : int, optional
        Comparisons of a cell.
    """
    own, each = cells(quick), each or (3 if quick else 150)
    tasks = [(cell, seed) for cell in own for seed in range(each)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        outcomes = list(pool.map(_one, tasks, chunksize=max(1, len(tasks) // (8 * jobs))))
    by_cell = {cell: outcomes[i * each : (i + 1) * each] for i, cell in enumerate(own)}
    planted = {cell: found for cell, found in by_cell.items() if cell.planted}
    nothing = {cell: found for cell, found in by_cell.items() if not cell.planted}
    return {
        "slices_found": _mean("found", planted),
        "slices_found_by_rows": {str(n): _mean("found", planted, rows=n) for n in _rows(planted)},
        "slices_found_by_kind": {kind: _mean("found", planted, kind=kind) for kind in KINDS},
        "false_slices": float(np.mean([o["told"] > 0 for found in nothing.values() for o in found])),
        "false_slices_by": {
            f"{cell.kind}, {cell.metric}, {cell.rows:,} rows": float(np.mean([o["told"] > 0 for o in found]))
            for cell, found in nothing.items()
        },
        "false_slices_beside_planted": float(
            np.mean([o["false"] / max(1, o["told"]) for found in planted.values() for o in found])
        ),
        "slice_gain": _mean("true_gain", planted),
        "slice_comparisons": each * len(own),
    }


def _one(task: tuple[Cell, int]) -> dict[str, Any]:
    return comparison(*task)


def _rows(found: dict[Cell, Any]) -> list[int]:
    return sorted({cell.rows for cell in found})


def _mean(name: str, found: dict[Cell, list[dict[str, Any]]], **only: Any) -> float:
    """The mean of a figure over comparisons of the cells with these properties."""
    own = [o[name] for cell, each in found.items() for o in each if only.items() <= vars(cell).items()]
    return float(np.mean(own))
