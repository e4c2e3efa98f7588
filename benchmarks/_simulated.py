"""Comparisons of simulated data whose truth is known, with learners that are trained for real.

Rows have labels, columns that all models see, and columns of each model's own. Two models whose own
columns have the same law are equal in expectation, whatever the learner; more telling columns of one make
a gain, whose size is measured on fresh rows. Folds share training rows as in any cross-validation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

SHARED, OWN = 4, 3  # columns
STRENGTH = 0.45  # shift of a shared column between the classes, in standard deviations
FRESH = 4000  # rows on which the truth of one training is measured

Learner = Callable[[np.ndarray, np.ndarray], Callable[[np.ndarray], np.ndarray]]


def discriminant(X: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Fisher's linear discriminant with a little shrinkage: stable."""
    zero, one = X[y == 0], X[y == 1]
    means = zero.mean(axis=0), one.mean(axis=0)
    spread = np.cov(np.concatenate([zero - means[0], one - means[1]]).T) + 0.1 * np.eye(X.shape[1])
    direction = np.linalg.solve(spread, means[1] - means[0])
    return lambda rows: rows @ direction


def neighbours(X: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """The share of positives among the 15 nearest rows: local."""
    from sklearn.neighbors import KNeighborsClassifier

    fitted = KNeighborsClassifier(min(15, len(y))).fit(X, y)
    return lambda rows: fitted.predict_proba(rows)[:, 1]


def tree(X: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """A decision tree: unstable, another row or two and it is another tree."""
    from sklearn.tree import DecisionTreeClassifier

    fitted = DecisionTreeClassifier(max_depth=4, min_samples_leaf=5, random_state=0).fit(X, y)
    return lambda rows: fitted.predict_proba(rows)[:, 1]


LEARNERS: dict[str, Learner] = {"discriminant": discriminant, "neighbours": neighbours, "tree": tree}


@dataclass(frozen=True)
class World:
    """Where rows come from: models by family, and how telling each model's own columns are."""

    deep: tuple[float, ...] = (STRENGTH,)
    classical: tuple[float, ...] = (STRENGTH,)

    @property
    def strengths(self) -> tuple[float, ...]:
        return (*self.deep, *self.classical)

    def draw(self, rng: np.random.Generator, n: int) -> tuple[list[np.ndarray], np.ndarray]:
        """The columns of each model, and labels 0 or 1 (40 % ones)."""
        y = (rng.random(n) < 0.4).astype(int)
        shared = rng.normal(size=(n, SHARED)) + STRENGTH * y[:, None]
        own = [rng.normal(size=(n, OWN)) + s * y[:, None] for s in self.strengths]
        return [np.concatenate([shared, each], axis=1) for each in own], y


@dataclass(frozen=True)
class Outcome:
    """One comparison: its verdict, and the true scores (ROC AUC) of its trained models (n_models, J)."""

    verdict: Any
    scores: np.ndarray
    truth: np.ndarray


def comparison(
    world: World,
    learner: str,
    n: int,
    seed: int,
    *,
    folds: int = 5,
    repeats: int = 1,
    margin: float = 0.01,
    fresh: int = FRESH,
) -> Outcome:
    """Cross-validate the world's models on n rows and ask deepworth for the verdict."""
    from deepworth.datasets import make_splits
    from deepworth.zoo.judging.scores import ModelScores
    from deepworth.zoo.judging.verdict import decide
    from deepworth.zoo.metrics import METRICS
    from deepworth.zoo.results.rows import Result

    rng = np.random.default_rng((seed, n, len(world.strengths)))
    columns, y = world.draw(rng, n)
    new, truth_y = world.draw(rng, fresh)
    splits = make_splits(y, task="binary", folds=folds, repeats=repeats, seed=seed)
    scores, truth = np.zeros((2, len(columns), len(splits)))
    for place, split in enumerate(splits):
        for model, X in enumerate(columns):
            answer = LEARNERS[learner](X[split.train], y[split.train])
            scores[model, place] = _auc(y[split.test], answer(X[split.test]))
            truth[model, place] = _auc(truth_y, answer(new[model])) if fresh else np.nan
    family = ["deep"] * len(world.deep) + ["classical"] * len(world.classical)
    names = [f"{f}-{i}" for i, f in enumerate(family)]
    models = [
        ModelScores(name, f, {"roc_auc": s}, [Result(name, f, x.repeat, x.fold) for x in splits], n)
        for name, f, s in zip(names, family, scores, strict=True)
    ]
    ratio = float(np.mean([len(s.test) / len(s.train) for s in splits]))
    verdict = decide(models, METRICS["roc_auc"], margin=margin, level=0.95, test_over_train=ratio, missing=())
    return Outcome(verdict, scores, truth)


def _auc(y: np.ndarray, scores: np.ndarray) -> float:
    """ROC AUC by ranks (Mann and Whitney)."""
    from scipy.stats import rankdata

    positive = y == 1
    n_one, n_zero = positive.sum(), (~positive).sum()
    return float((rankdata(scores)[positive].sum() - n_one * (n_one + 1) / 2) / (n_one * n_zero))
