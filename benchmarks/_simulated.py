"""Comparisons of simulated data whose truth is known, with learners that are trained for real.

Rows have labels, columns that all models see, and columns of each model's own. Two models whose own
columns have the same law are equal in expectation, whatever the learner; more telling columns of one make
a gain, whose size is measured on fresh rows. Folds share training rows as in any cross-validation.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

SHARED, OWN = 4, 3  # columns
STRENGTH = 0.45  # shift of a shared column between the classes, in standard deviations
FRESH = 4000  # rows on which the truth of one training is measured
METRICS = ("roc_auc", "log_loss", "accuracy")

Rule = Callable[[np.ndarray], np.ndarray]
Learner = Callable[[np.ndarray, np.ndarray, int], Rule]


def discriminant(X: np.ndarray, y: np.ndarray, seed: int) -> Rule:
    """Fisher's linear discriminant with a little shrinkage: stable."""
    zero, one = X[y == 0], X[y == 1]
    means = zero.mean(axis=0), one.mean(axis=0)
    spread = np.cov(np.concatenate([zero - means[0], one - means[1]]).T) + 0.1 * np.eye(X.shape[1])
    direction = np.linalg.solve(spread, means[1] - means[0])
    offset = np.log(len(one) / len(zero)) - direction @ (means[0] + means[1]) / 2
    return lambda rows: 1 / (1 + np.exp(-np.clip(rows @ direction + offset, -30, 30)))


def of_sklearn(make: Callable[[int], Any], X: np.ndarray, y: np.ndarray, seed: int) -> Rule:
    """The probability that a scikit-learn classifier gives."""
    with warnings.catch_warnings():  # a network that is trained briefly does not converge
        warnings.simplefilter("ignore")
        fitted = make(seed).fit(X, y)
    return lambda rows: fitted.predict_proba(rows)[:, 1]


def neighbours(seed: int) -> Any:
    """The share of positives among the 15 nearest rows: local."""
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(15)


def tree(seed: int) -> Any:
    """A decision tree: unstable, another row or two and it is another tree."""
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(max_depth=4, min_samples_leaf=5, random_state=seed)


def network(seed: int) -> Any:
    """A small network that is trained briefly: its seed matters."""
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((12,), learning_rate_init=0.02, max_iter=25, random_state=seed)


LEARNERS: dict[str, Learner] = {
    "discriminant": discriminant,
    "neighbours": partial(of_sklearn, neighbours),
    "tree": partial(of_sklearn, tree),
    "network": partial(of_sklearn, network),
}


@dataclass(frozen=True)
class World:
    """Where rows come from: models by family, and how telling each model's own columns are.

    ``share`` is that of the positive class. With ``in_group`` rows a group, as of patients, rows of a group
    have a part of their columns and most labels in common.
    """

    deep: tuple[float, ...] = (STRENGTH,)
    classical: tuple[float, ...] = (STRENGTH,)
    share: float = 0.4
    in_group: int = 0

    @property
    def strengths(self) -> tuple[float, ...]:
        return (*self.deep, *self.classical)

    def draw(self, rng: np.random.Generator, n: int) -> Sample:
        """The columns of each model, labels 0 or 1, and groups."""
        groups = None if not self.in_group else rng.permutation(np.arange(n) // self.in_group)
        y = (rng.random(n) < self.share).astype(int)
        if groups is not None:
            common = (rng.random(groups.max() + 1) < self.share).astype(int)
            y = np.where(rng.random(n) < 0.8, common[groups], y)
        shared = self._columns(rng, y, groups, SHARED, STRENGTH)
        own = [self._columns(rng, y, groups, OWN, strength) for strength in self.strengths]
        return Sample([np.concatenate([shared, each], axis=1) for each in own], y, groups)

    @staticmethod
    def _columns(
        rng: np.random.Generator, y: np.ndarray, groups: np.ndarray | None, width: int, strength: float
    ) -> np.ndarray:
        noise = rng.normal(size=(len(y), width))
        if groups is not None:
            noise += 0.7 * rng.normal(size=(groups.max() + 1, width))[groups]
        return noise + strength * y[:, None]


@dataclass(frozen=True)
class Sample:
    """The columns of each model, labels and groups of some rows."""

    columns: list[np.ndarray]
    y: np.ndarray
    groups: np.ndarray | None = None

    def part(self, rows: np.ndarray) -> Sample:
        """Some of the rows."""
        groups = None if self.groups is None else self.groups[rows]
        return Sample([X[rows] for X in self.columns], self.y[rows], groups)


@dataclass(frozen=True)
class Design:
    """How a comparison is scored: by folds, or on a test set of ``test`` rows."""

    folds: int = 5
    repeats: int = 1
    test: int = 0


@dataclass(frozen=True)
class Outcome:
    """One comparison: verdicts by inference, metric and margin, and true scores (n_models, J) by metric."""

    verdicts: dict[tuple[str, str, float], Any]
    scores: dict[str, np.ndarray]
    truth: dict[str, np.ndarray]


def comparison(
    world: World,
    learner: str,
    n: int,
    seed: int,
    *,
    design: Design,
    margins: tuple[float, ...] = (0.01, 0.0),
    inferences: tuple[str, ...] = ("rows",),
    metrics: tuple[str, ...] = METRICS,
    fresh: int = FRESH,
) -> Outcome | None:
    """Score the world's models on n rows and ask deepworth; None with too few rows of a class."""
    from deepworth.zoo.metrics import METRICS as KNOWN

    rng = np.random.default_rng((seed, n, len(world.strengths), world.in_group, int(1000 * world.share)))
    sample, new = world.draw(rng, n + design.test), world.draw(rng, max(2, fresh))
    if np.bincount(sample.y[:n], minlength=2).min() < 2 * design.folds:
        return None
    splits = _splits(sample, n, design, seed)
    chosen = [KNOWN[name] for name in metrics]
    results, truth = _fitted(world, learner, sample, new, splits, chosen, seed, bool(fresh))
    scored = _scored(results, chosen)
    verdicts = {
        (inference, metric.name, margin): _verdict(results, scored, metric, inference, margin)
        for inference in inferences
        for metric in chosen
        for margin in margins
    }
    return Outcome(verdicts, {m.name: np.stack([s.folds[m.name] for s in scored]) for m in chosen}, truth)


def _splits(sample: Sample, n: int, design: Design, seed: int) -> list[Any]:
    """Those of deepworth."""
    from deepworth.datasets import make_splits

    options: dict[str, Any] = {"task": "binary", "groups": sample.groups, "seed": seed}
    if design.test:
        test = np.arange(len(sample.y)) >= n
        return make_splits(sample.y, **{**options, "groups": None}, test=test)
    return make_splits(sample.y, **options, folds=design.folds, repeats=design.repeats)


def _fitted(
    world: World,
    learner: str,
    sample: Sample,
    new: Sample,
    splits: list[Any],
    metrics: list[Any],
    seed: int,
    with_truth: bool,
) -> tuple[Any, dict[str, np.ndarray]]:
    """Predictions of every model on every split, as a run keeps them, and scores on fresh rows."""
    from deepworth.zoo.metrics import evaluate, truth_of
    from deepworth.zoo.results.rows import Labels, Result

    families = ["deep"] * len(world.deep) + ["classical"] * len(world.classical)
    truth = {metric.name: np.full((len(families), len(splits)), np.nan) for metric in metrics}
    fresh = truth_of(Labels(new.y.astype(str), "binary", ("0", "1"), "1"), np.arange(len(new.y)))
    rows = []
    for model, (family, X, Z) in enumerate(zip(families, sample.columns, new.columns, strict=True)):
        for place, split in enumerate(splits):
            own_seed = seed * 1000 + model * 100 + place
            rule = LEARNERS[learner](X[split.train], sample.y[split.train], own_seed)
            prediction = _two(rule(X[split.test]))
            rows.append(Result(f"{family}-{model}", family, split.repeat, split.fold, prediction=prediction))
            if with_truth:
                for metric in metrics:
                    truth[metric.name][model, place] = evaluate(metric, fresh, _two(rule(Z)))
    return _results(sample, splits, rows), truth


def _two(positive: np.ndarray) -> np.ndarray:
    positive = np.clip(positive, 1e-3, 1 - 1e-3)
    return np.column_stack([1 - positive, positive])


def _results(sample: Sample, splits: list[Any], rows: list[Any]) -> Any:
    from deepworth.zoo.results.facts import PlanFacts
    from deepworth.zoo.results.rows import Labels, Results

    labels = Labels(sample.y.astype(str), "binary", ("0", "1"), "1", sample.groups)
    ratio = float(np.mean([len(split.test) / len(split.train) for split in splits]))
    folds, repeats = (len({getattr(split, name) for split in splits}) for name in ("fold", "repeat"))
    plan = PlanFacts(folds, repeats, "quick", 0, len(splits) == 1, ratio, {}, (), 1)
    tested = {(split.repeat, split.fold): split.test for split in splits}
    return Results(tuple(rows), labels, tested, SimpleNamespace(plan=plan, seconds=0.0))


def _scored(results: Any, metrics: list[Any]) -> list[Any]:
    """Scores of every model by these metrics only: the others would take most of the time."""
    from deepworth.zoo.judging.scores import ModelScores
    from deepworth.zoo.metrics import evaluate, truth_of

    truths = {fold: truth_of(results.labels, rows) for fold, rows in results.test_rows.items()}
    found = []
    for name in dict.fromkeys(row.model for row in results.rows):
        own = [row for row in results.folds if row.model == name]
        folds = {
            m.name: np.array(
                [evaluate(m, truths[row.repeat, row.fold], row.prediction) for row in own], float
            )
            for m in metrics
        }
        found.append(ModelScores(name, own[0].family, folds, own, len(results.labels.y)))
    return found


def _verdict(results: Any, scored: list[Any], metric: Any, inference: str, margin: float) -> Any:
    from deepworth.zoo.judging.judge import Resolved, inference_of
    from deepworth.zoo.judging.scores import support_of
    from deepworth.zoo.judging.verdict import decide

    support = support_of(results, metric)
    resolved = Resolved(metric, margin, 0.95, inference=inference)  # type: ignore[arg-type]
    verdict = decide(inference_of(results, scored, resolved, support), margin=margin, support=support)
    return replace(verdict, sentence="", advice="")
