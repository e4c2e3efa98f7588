"""Plan of a learning curve: sizes, nested stratified subsets, and the rows that score them.

Plan of a grid of networks: how deep, how wide, and the cross-validation that scores them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...datasets import Dataset, InputError, Split, make_splits
from .. import registry
from .fitting import Job
from .limits import threads_for
from .plan import _at_least, chosen_models, known_params

REACH = 10  # a curve is never drawn further than this many times the rows it was measured on
FEWEST_SIZES = 4  # three parameters of a power law, and one size to contradict them
BLOCKS = 5  # parts of the rows that score in turn
_FEWEST_ROWS = 32
_ROWS_OF_A_CLASS = 8

# Strong and quick models of both families: a curve asks for dozens of fits of each.
STRONG = {
    "tabular": (
        "logistic-regression",
        "linear-regression",
        "random-forest",
        "hist-gradient-boosting",
        "shallow-mlp",
        "deep-mlp",
    ),
    "image": ("pca-svm", "hog-svm", "random-forest", "cnn"),
    "text": ("tfidf-logistic-regression", "nb-svm", "tfidf-ridge", "rnn"),
}


@dataclass(frozen=True)
class CurvePlan:
    """All fits of a learning curve. ``split.fold`` of a job is the position of its size.

    Attributes
    ----------
    sizes : tuple of int
        Training rows, ascending.
    blocks : int
        Disjoint parts of the scoring rows; repeat r scores on part r modulo this number.
    test_over_train : float
        Scoring rows of a part over training rows of the largest size.
    """

    jobs: tuple[Job, ...]
    sizes: tuple[int, ...]
    repeats: int
    blocks: int
    test_rows: int
    test_over_train: float
    official_test: bool
    ordered: bool
    seed: int
    params: dict[str, dict[str, Any]]
    threads: int

    @property
    def models(self) -> list[str]:
        """Names in the order in which they run."""
        return list(dict.fromkeys(job.model for job in self.jobs))

    def overlap(self) -> np.ndarray:
        """What the shared rows of the repeats add to the variance of a mean, by size: float64 (S,).

        At the largest size it is n_test/n_train (Nadeau and Bengio 2003); the share of rows that two random
        subsets have in common falls with their size. Repeats beyond the parts score the same rows again
        and get no credit for it.
        """
        shared = np.array(self.sizes) / self.sizes[-1]
        again = 1.0 / min(self.repeats, self.blocks) - 1.0 / self.repeats
        return self.test_over_train * shared + again


def make_curve_plan(
    dataset: Dataset,
    *,
    models: Sequence[str] | None,
    sizes: int,
    smallest: int | None,
    repeats: int,
    seed: int,
    params: dict[str, dict[str, Any]] | None,
) -> CurvePlan:
    """Every model on every size of every repeat; classical models first."""
    if sizes < FEWEST_SIZES:
        raise InputError(f"sizes must be at least {FEWEST_SIZES} to fit a curve, got {sizes}")
    if repeats < 2:
        raise InputError(f"repeats must be at least 2 to know any doubt, got {repeats}")
    parts, blocks = scoring_parts(dataset, repeats, seed)
    largest = min(len(part.train) for part in parts)
    rows = geometric_sizes(largest, sizes, smallest, len(dataset.classes))
    splits = [
        Split(part.repeat, k, np.sort(order[:size]), part.test)
        for part in parts
        for order in [_order(dataset, part, seed)]
        for k, size in enumerate(rows)
    ]
    names = _models(dataset, models)
    return CurvePlan(
        jobs=tuple(_job(name, s) for name in names for s in sorted(splits, key=lambda s: s.fold)),
        sizes=tuple(rows),
        repeats=repeats,
        blocks=blocks,
        test_rows=round(float(np.mean([len(part.test) for part in parts]))),
        test_over_train=float(np.mean([len(part.test) / largest for part in parts])),
        official_test=dataset.test is not None,
        ordered=dataset.test is None and dataset.time is not None,
        seed=seed,
        params=known_params(params or {}, names),
        threads=threads_for(largest),
    )


def _models(dataset: Dataset, models: Sequence[str] | None) -> list[str]:
    """The chosen models; by default the strong ones that suit the data and are installed."""
    if models is not None:
        return chosen_models(dataset, models)
    suited = registry.suited(dataset.task, dataset.modality)
    return chosen_models(dataset, [name for name in STRONG[dataset.modality] if name in suited])


def _job(name: str, split: Split) -> Job:
    lacking = registry.missing_requirement(name)
    status = "planned" if lacking is None else "failed"
    return Job(name, registry.family(name), split, status, lacking or "")


def scoring_parts(dataset: Dataset, repeats: int, seed: int, blocks: int = BLOCKS) -> tuple[list[Split], int]:
    """For each repeat the rows that may train and the rows that score, and how many parts are disjoint.

    Usually they are the folds of a cross-validation. An official test part, or the last period of rows in
    order of time, is itself cut into folds, so that the spread of the repeats always holds the luck of
    the scoring rows.
    """
    options: dict[str, Any] = {"task": dataset.task, "seed": seed, "folds": blocks}
    held_out = _held_out(dataset, options)
    rows = np.arange(len(dataset)) if held_out is None else held_out.test
    groups = None if dataset.groups is None else dataset.groups[rows]
    folds = _folds(dataset.y[rows], groups, repeats, options, fixed=held_out is not None)
    return [
        Split(repeat, 0, s.train if held_out is None else held_out.train, rows[s.test])
        for repeat, s in enumerate(folds[:repeats])
    ], len({s.fold for s in folds})


def _held_out(dataset: Dataset, options: dict[str, Any]) -> Split | None:
    """Where the data say themselves which rows score: their test part, or the end of their time."""
    if dataset.test is None and dataset.time is None:
        return None
    return make_splits(dataset.y, **options, groups=dataset.groups, test=dataset.test, time=dataset.time)[-1]


def _folds(
    y: np.ndarray, groups: np.ndarray | None, repeats: int, options: dict[str, Any], fixed: bool
) -> list[Split]:
    """At least so many splits; a test part with lonely classes or groups is cut without regard to them."""
    try:
        found = make_splits(y, **options, groups=groups)
    except InputError:
        if not fixed:
            raise
        options, groups = {**options, "task": "regression"}, None
        found = make_splits(y, **options)
    rounds = -(-repeats // len(found))
    return make_splits(y, **options, groups=groups, repeats=rounds) if rounds > 1 else found


def geometric_sizes(largest: int, n_sizes: int, smallest: int | None, n_classes: int) -> list[int]:
    """Ascending sizes with a constant ratio, of at most two where nothing else is asked for.

    Fewer come back where neighbours would be the same size.
    """
    least = max(_FEWEST_ROWS, _ROWS_OF_A_CLASS * n_classes)
    lowest = smallest if smallest is not None else max(least, -(-largest // 2 ** (n_sizes - 1)))
    if lowest < max(2, 2 * n_classes):
        raise InputError(f"smallest must be at least {max(2, 2 * n_classes)} rows here, got {lowest}")
    if lowest * 2 > largest:
        raise InputError(
            f"a learning curve needs sizes from {lowest:,} to at least {2 * lowest:,} training rows, "
            f"there are {largest:,}; add rows"
        )
    return [int(n) for n in np.unique(np.round(np.geomspace(lowest, largest, n_sizes)).astype(int))]


def _order(dataset: Dataset, part: Split, seed: int) -> np.ndarray:
    """Training rows of a repeat in the order in which they join the subsets."""
    rng = np.random.default_rng([seed, part.repeat, 0x5B])
    groups = None if dataset.groups is None else dataset.groups[part.train]
    y = None if dataset.task == "regression" else dataset.y[part.train]
    return part.train[nested_order(len(part.train), y, groups, rng)]


def nested_order(
    n_rows: int, y: np.ndarray | None, groups: np.ndarray | None, rng: np.random.Generator
) -> np.ndarray:
    """A permutation of which every beginning is a stratified sample.

    Parameters
    ----------
    y : ndarray of shape (n_rows,), optional
        Classes: each beginning of n rows holds n times the share of a class, up to a row or two. Two rows
        of each class come first, so that no subset lacks a class.
    groups : ndarray of shape (n_rows,), optional
        Rows join group by group, as they would when more groups are asked; classes then as they come.
    """
    if groups is not None:
        numbers = np.unique(groups, return_inverse=True)[1]
        position = rng.permutation(numbers.max() + 1)[numbers] + rng.random(n_rows)
    elif y is None:
        return rng.permutation(n_rows)
    else:
        position = np.empty(n_rows)
        for c in np.unique(y):
            own = rng.permutation(np.flatnonzero(y == c))
            position[own] = (np.arange(len(own)) + rng.random()) / len(own)
    if y is not None:
        for c in np.unique(y):
            own = np.flatnonzero(y == c)
            first = own[np.argsort(position[own], kind="stable")[:2]]
            position[first] -= n_rows + 1
    return np.argsort(position, kind="stable")


@dataclass(frozen=True)
class CapacityPlan:
    """The grid and its cross-validation: ``folds`` disjoint scoring parts, gone through ``repeats`` times."""

    model: str
    layers: tuple[int, ...]
    units: tuple[int, ...]
    folds: int
    repeats: int
    official_test: bool
    test_over_train: float
    seed: int
    params: dict[str, Any]
    threads: int

    def networks(self) -> list[tuple[int, ...]]:
        """Hidden layers of every network, small ones first; width says nothing without a layer."""
        none: list[tuple[int, ...]] = [()] if 0 in self.layers else []
        return none + [(width,) * depth for depth in self.layers if depth for width in self.units]


def make_capacity_plan(
    dataset: Dataset,
    *,
    layers: Sequence[int],
    units: Sequence[int],
    model: str,
    folds: int,
    repeats: int,
    seed: int,
    params: dict[str, dict[str, Any]] | None,
) -> tuple[CapacityPlan, list[Split]]:
    """The grid, and the splits on which each of its networks is fitted."""
    name = _network(dataset, model)
    rounds = _at_least("folds", folds, 2) * _at_least("repeats", repeats, 1)
    splits, blocks = scoring_parts(dataset, rounds, seed, folds)
    plan = CapacityPlan(
        model=name,
        layers=_numbers("layers", layers, 0),
        units=_numbers("units", units, 1),
        folds=blocks,
        repeats=-(-len(splits) // blocks),
        official_test=dataset.test is not None,
        test_over_train=float(np.mean([len(s.test) / len(s.train) for s in splits])),
        seed=seed,
        params=known_params(params or {}, [name]).get(name, {}),
        threads=threads_for(max(len(s.train) for s in splits)),
    )
    return plan, splits


def _network(dataset: Dataset, model: str) -> str:
    """The full name of a network that has a list of hidden layers."""
    known = [n for n in registry.suited(dataset.task, dataset.modality) if _has_layers(n)]
    if not known:
        raise InputError(
            f"capacity is about the hidden layers of networks for tables, this is {dataset.modality} data; "
            f"deepworth learning-curve takes any"
        )
    name = registry.entry(model).name
    if name not in known:
        raise InputError(f"{name} has no list of hidden layers; use {', '.join(known)}")
    return chosen_models(dataset, [name])[0]


def _has_layers(name: str) -> bool:
    return isinstance(registry.entry(name).parameters.get("hidden_units"), tuple)


def _numbers(name: str, values: Sequence[int], least: int) -> tuple[int, ...]:
    """Ascending, each once."""
    found = tuple(sorted(set(values)))
    if not found or found[0] < least:
        raise InputError(f"{name} must be whole numbers of at least {least}, got {list(values)}")
    return found
