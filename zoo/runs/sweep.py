"""Sweeps: which models or networks are fitted on which rows, and their fits, cell by cell.

A learning curve has training sizes, nested stratified subsets, and rows that score them. A grid of networks
has depths, widths, and a cross-validation that scores them. Failures become rows; an interruption keeps what
is finished.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from ...datasets import Dataset, InputError, Split, Task, make_splits
from .. import registry
from ..metrics import Metric, evaluate, influence_values, truth_of
from ..results.curves import (
    FEWEST_SIZES,
    CapacityPlanFacts,
    CurvePlanFacts,
    ScoredFit,
    ScoringRows,
)
from ..results.rows import Labels, Result
from ..results.runs import Event, Pace, Progress
from ..setup import Parameters
from .fitting import can_fit_many, run_fleet, run_job
from .jobs import PlannedJob, fold_of, plan_job
from .limits import threads_for
from .plan import at_least, chosen_models, known_params, with_weights

if TYPE_CHECKING:
    pass


BLOCKS = 5  # parts of the rows that score in turn
_FEWEST_ROWS = 32
_ROWS_OF_A_CLASS = 8


@dataclass(frozen=True)
class CurvePlan:
    """All fits of a learning curve. ``split.fold`` of a job is the position of its size."""

    facts: CurvePlanFacts
    jobs: tuple[PlannedJob, ...]

    def cells(self) -> list[Cell]:
        """A cell for each model and size; classical models first."""
        return [
            Cell(f"{size:,} rows", self._jobs_at(name, position), self.facts.params.get(name, {}))
            for name in self.facts.models
            for position, size in enumerate(self.facts.sizes)
        ]

    def _jobs_at(self, name: str, position: int) -> tuple[PlannedJob, ...]:
        return tuple(job for job in self.jobs if job.model == name and job.split.fold == position)


class _SplitOptions(TypedDict):
    task: Task
    seed: int
    folds: int


def make_curve_plan(
    dataset: Dataset,
    *,
    models: Sequence[str] | None,
    sizes: int,
    smallest: int | None,
    repeats: int,
    seed: int,
    params: Parameters | None,
    pretrained: bool = True,
    weights: str | None = None,
) -> CurvePlan:
    """Every model on every size of every repeat; classical models first.

    Where no models are named, those on pretrained weights take part if there are weights.

    Raises
    ------
    InputError
        An option cannot be used with these data.
    """
    if sizes < FEWEST_SIZES:
        raise InputError(f"sizes must be at least {FEWEST_SIZES} to fit a curve, got {sizes}")
    if repeats < 2:
        raise InputError(f"repeats must be at least 2 to estimate uncertainty, got {repeats}")
    parts, blocks = scoring_parts(dataset, repeats, seed)
    largest = min(len(part.train) for part in parts)
    rows = geometric_sizes(largest, sizes, smallest, len(dataset.classes))
    splits = [
        Split(part.repeat, k, np.sort(order[:size]), part.test)
        for part in parts
        for order in [_order(dataset, part, seed)]
        for k, size in enumerate(rows)
    ]
    names = _models(dataset, models, pretrained, weights)
    known = with_weights(known_params(params or {}, names), names, weights)
    ordered = sorted(splits, key=lambda s: s.fold)
    jobs = tuple(plan_job(name, split, params=known) for name in names for split in ordered)
    facts = CurvePlanFacts(
        sizes=tuple(rows),
        repeats=repeats,
        blocks=blocks,
        test_rows=round(float(np.mean([len(part.test) for part in parts]))),
        test_over_train=float(np.mean([len(part.test) / largest for part in parts])),
        seed=seed,
        params=known,
        models=tuple(names),
        threads=threads_for(largest),
        official_test=int(dataset.test is not None),
        ordered=int(dataset.test is None and dataset.time is not None),
        fits=len(jobs),
    )
    return CurvePlan(facts, jobs)


def _models(
    dataset: Dataset, models: Sequence[str] | None, pretrained: bool, weights: str | None
) -> list[str]:
    """The chosen models; by default strong and quick ones that suit the data."""
    if models is None:
        found = registry.models_of_weights(weights) if weights else []
        models = [
            name
            for name in registry.for_learning_curves(dataset.task, dataset.modality)
            if registry.family(name) != "pretrained"
            or (pretrained and (name in found or registry.missing_requirement(name) is None))
        ]
    return chosen_models(dataset, models)


def scoring_parts(dataset: Dataset, repeats: int, seed: int, blocks: int = BLOCKS) -> tuple[list[Split], int]:
    """For each repeat the rows that may train and the rows that score, and how many parts are disjoint.

    Usually they are the folds of a cross-validation. An official test part, or the last period of rows in
    order of time, is itself cut into folds, so that the spread of the repeats always includes the variance
    that comes from the scoring rows.
    """
    options: _SplitOptions = {"task": dataset.task, "seed": seed, "folds": blocks}
    held_out = _held_out(dataset, options)
    rows = np.arange(len(dataset)) if held_out is None else held_out.test
    groups = None if dataset.groups is None else dataset.groups[rows]
    folds = _folds(dataset.y[rows], groups, repeats, options, fixed=held_out is not None)
    return [
        Split(repeat, 0, s.train if held_out is None else held_out.train, rows[s.test])
        for repeat, s in enumerate(folds[:repeats])
    ], len({s.fold for s in folds})


def _held_out(dataset: Dataset, options: _SplitOptions) -> Split | None:
    """The split that the data prescribe: an official test part, or the last period of time."""
    if dataset.test is None and dataset.time is None:
        return None
    return make_splits(dataset.y, **options, groups=dataset.groups, test=dataset.test, time=dataset.time)[-1]


def _folds(
    y: np.ndarray, groups: np.ndarray | None, repeats: int, options: _SplitOptions, fixed: bool
) -> list[Split]:
    """At least ``repeats`` splits; a test part with rare classes or groups is split at random."""
    try:
        splits = make_splits(y, **options, groups=groups)
    except InputError:
        if not fixed:
            raise
        options, groups = {**options, "task": "regression"}, None
        splits = make_splits(y, **options)
    rounds = -(-repeats // len(splits))
    return make_splits(y, **options, groups=groups, repeats=rounds) if rounds > 1 else splits


def geometric_sizes(largest: int, n_sizes: int, smallest: int | None, n_classes: int) -> list[int]:
    """Ascending sizes with a constant ratio, which is at most two by default.

    Sizes that would be equal after rounding are returned once.
    """
    least = max(_FEWEST_ROWS, _ROWS_OF_A_CLASS * n_classes)
    lowest = smallest if smallest is not None else max(least, -(-largest // 2 ** (n_sizes - 1)))
    if lowest < max(2, 2 * n_classes):
        raise InputError(
            f"smallest must be at least {max(2, 2 * n_classes)} rows for these data, got {lowest}"
        )
    if lowest * 2 > largest:
        raise InputError(
            f"a learning curve from {lowest:,} rows needs at least {2 * lowest:,} training rows, "
            f"there are {largest:,}; add rows"
        )
    return [int(n) for n in np.unique(np.round(np.geomspace(lowest, largest, n_sizes)).astype(int))]


def _order(dataset: Dataset, part: Split, seed: int) -> np.ndarray:
    """Training rows of a repeat in the order in which they join the subsets."""
    rng = np.random.default_rng([seed, part.repeat, 0x5B])
    groups = None if dataset.groups is None else dataset.groups[part.train]
    y = None if dataset.task == "regression" else dataset.y[part.train]
    return np.asarray(part.train[nested_order(len(part.train), y, groups, rng)])


def nested_order(
    n_rows: int, y: np.ndarray | None, groups: np.ndarray | None, rng: np.random.Generator
) -> np.ndarray:
    """A permutation whose first n rows are a stratified sample for every n.

    Parameters
    ----------
    y : ndarray of shape (n_rows,), optional
        Classes: the first n rows hold n times the share of a class, up to a row or two. Two rows of each
        class come first, so that no subset lacks a class.
    groups : ndarray of shape (n_rows,), optional
        Rows join group by group, as they would if more groups were sampled; classes are then not stratified.
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
    """All fits of a grid of networks: each network on every split."""

    facts: CapacityPlanFacts
    jobs: tuple[PlannedJob, ...]  # of one network; those of the others differ in their parameters only

    def cells(self) -> list[Cell]:
        """A cell for each network, in the order of ``facts.networks``."""
        layers = registry.hidden_layers_parameter(self.facts.model) or ""
        return [
            Cell(
                f"{len(shape)} x {shape[0]} units" if shape else "no hidden layer",
                self.jobs,
                {**self.facts.params, layers: shape},
            )
            for shape in self.facts.networks
        ]


def make_capacity_plan(
    dataset: Dataset,
    *,
    layers: Sequence[int],
    units: Sequence[int],
    model: str,
    folds: int,
    repeats: int,
    seed: int,
    params: Parameters | None,
) -> CapacityPlan:
    """Every network of the grid on every split of a repeated cross-validation.

    Raises
    ------
    InputError
        An option cannot be used with these data.
    """
    name = _network(dataset, model)
    rounds = at_least("folds", folds, 2) * at_least("repeats", repeats, 1)
    splits, blocks = scoring_parts(dataset, rounds, seed, folds)
    facts = CapacityPlanFacts(
        model=name,
        layers=_numbers("layers", layers, 0),
        units=_numbers("units", units, 1),
        folds=blocks,
        repeats=-(-len(splits) // blocks),
        official_test=int(dataset.test is not None),
        test_over_train=float(np.mean([len(s.test) / len(s.train) for s in splits])),
        seed=seed,
        params=known_params(params or {}, [name]).get(name, {}),
        threads=threads_for(max(len(s.train) for s in splits)),
    )
    return CapacityPlan(facts, tuple(plan_job(name, split) for split in splits))


def _network(dataset: Dataset, model: str) -> str:
    """The full name of a network that has a list of hidden layers."""
    suited = registry.suited(dataset.task, dataset.modality)
    networks = [name for name in suited if registry.hidden_layers_parameter(name)]
    if not networks:
        raise InputError(
            f"capacity compares hidden layers of networks for tables, this is {dataset.modality} data; "
            f"use deepworth learning-curve"
        )
    name = registry.entry(model).name
    if name not in networks:
        raise InputError(f"{name} has no list of hidden layers; use {', '.join(networks)}")
    return chosen_models(dataset, [name])[0]


def _numbers(name: str, values: Sequence[int], least: int) -> tuple[int, ...]:
    """Ascending, without duplicates."""
    numbers = tuple(sorted(set(values)))
    if not numbers or numbers[0] < least:
        raise InputError(f"{name} must be whole numbers of at least {least}, got {list(values)}")
    return numbers


@dataclass(frozen=True)
class Cell:
    """Jobs that differ in their rows only, so that they can be trained as one fleet.

    ``label`` says what they have in common ("800 rows", "2 x 32 units").
    """

    label: str
    jobs: Sequence[PlannedJob]
    params: Mapping[str, object]

    @property
    def name(self) -> str:
        """As progress shows it."""
        return f"{self.jobs[0].model}, {self.label}"


class _Reporter:
    """Reports how many jobs are done."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self.done = progress, total, 0

    def __call__(self, kind: str, model: str = "", message: str = "", pace: Pace | None = None) -> None:
        if self._progress is not None:
            self._progress(Event(kind, model, self.done, self._total, message, pace=pace))


def run_cells(
    cells: Sequence[Cell],
    dataset: Dataset,
    metric: Metric,
    seed: int,
    threads: int,
    progress: Progress | None,
) -> tuple[list[list[ScoredFit]], bool]:
    """The scored fits of each cell by repeat, and whether Ctrl-C ended it early (the rest are "interrupted").

    Predictions are scored and dropped at once: hundreds of them on large data would not fit into memory. A
    single number for each row is kept of them.
    """
    report = _Reporter(progress, sum(len(cell.jobs) for cell in cells))
    scored: list[list[ScoredFit]] = [[] for _ in cells]
    interrupted = False
    try:
        report("started")
        for cell, fits in zip(cells, scored, strict=True):
            report("model", cell.name)
            for result in _run_cell(cell, dataset, seed, threads, report):
                fits.append(_score(result, cell, dataset, metric))
                report.done += 1
                report("fold", cell.name, result.reason)
        report("finished")
    except KeyboardInterrupt:
        interrupted = True
    return [_complete(cell, fits) for cell, fits in zip(cells, scored, strict=True)], interrupted


def _run_cell(cell: Cell, dataset: Dataset, seed: int, threads: int, report: _Reporter) -> Iterator[Result]:
    """A fleet where the estimators offer that, else one job after the other.

    Each cell is a fleet of its own: its first network is trained alone, which measures the training time of
    the cell, and each training size needs its own compiled program anyway.
    """
    yield from (job.ended(job.status, job.reason) for job in cell.jobs if not job.is_planned)
    planned, params = [job for job in cell.jobs if job.is_planned], dict(cell.params)
    if planned and can_fit_many(planned[0].model, dataset):

        def report_epoch(pace: Pace) -> None:
            report("epoch", cell.name, f"epoch {pace.epoch}", pace)

        yield from run_fleet(planned, dataset, seed, params, threads, report_epoch)
        return
    for job in planned:
        yield run_job(job, dataset, seed, params, threads)


def _score(result: Result, cell: Cell, dataset: Dataset, metric: Metric) -> ScoredFit:
    if result.prediction is None:
        return ScoredFit(result, None)
    rows = next(job.split.test for job in cell.jobs if fold_of(job) == (result.repeat, result.fold))
    truth = truth_of(Labels.of(dataset), rows)
    score = evaluate(metric, truth, result.prediction)
    influence = influence_values(metric, truth, result.prediction)
    bare = replace(result, prediction=None)
    return ScoredFit(bare, score, None if influence is None else influence.astype(np.float32))


def scoring_rows(cells: Sequence[Cell], dataset: Dataset) -> ScoringRows:
    """The rows that score the fits of each repeat, which are the same in all cells."""
    by_repeat = {job.split.repeat: job.split.test for cell in cells for job in cell.jobs}
    rows, labels = [by_repeat[repeat] for repeat in sorted(by_repeat)], Labels.of(dataset)
    units = labels.times if labels.times is not None else labels.groups
    if units is not None:
        return ScoringRows(tuple(units[own] for own in rows), None, labels.times is not None)
    if labels.task == "regression":
        return ScoringRows(tuple(rows))
    codes = np.searchsorted(labels.classes, labels.y)
    return ScoringRows(tuple(rows), tuple(codes[own] for own in rows))


def _complete(cell: Cell, fits: Sequence[ScoredFit]) -> list[ScoredFit]:
    """The fits of all jobs by repeat, with those that an interruption prevented."""
    ended = {(fit.result.repeat, fit.result.fold): fit for fit in fits}
    jobs = sorted(cell.jobs, key=fold_of)
    return [ended.get(fold_of(job)) or ScoredFit(_interrupted(job), None) for job in jobs]


def _interrupted(job: PlannedJob) -> Result:
    if not job.is_planned:
        return job.ended(job.status, job.reason)
    return job.ended("interrupted", "the run was interrupted")
