"""How long a plan takes: said before it starts, held against the clock afterwards, and kept within a time.

Each model has a power law of rows, width and outputs, measured once (`benchmarks/estimate.py --measure`)
and scaled by the speed of this machine, which is measured in a few hundredths of a second. What fits of
earlier runs on this machine took is read from their journals and corrects it: what all models had in common
first, then each model by its own, near shapes counting more than far ones. The correction is a shrunken mean
of log ratios: a single run moves it by two thirds of what it shows.

A preset promises a time (:data:`PROMISES`) on :data:`CORES` cores of the machine of the table of times, so
that the same data give the same plan everywhere; ``total_time`` is held by the estimate for this machine.
Steps, until the estimate fits:

1. fewer folds where rows are many: inference from every row needs no ten folds of 45,000 of them
2. without the dearest models, one after the other; strong and quick ones of each family stay
3. costs are taken from the scored fits instead of one fit more of every model
4. models train on a part of the rows of each fold, and are scored on all its test rows

What the user chose (folds, models) is not changed, and every step is a sentence of the plan and the answer.
"""

from __future__ import annotations

import functools
import heapq
import math
import os
import platform
import sqlite3
import statistics
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from ...datasets import Dataset, InputError
from .. import registry
from ..preprocessing.runtime import usable_cores
from ..results.answer import Answer
from ..results.facts import DatasetFacts, PlanFacts, dataset_facts
from ..results.runs import ModelEstimate, StartEstimate
from ..setup import Design, Setup
from ..tuning import TRIALS, fits_over_one
from . import times as _times
from .jobs import PlannedJob
from .limits import Limits, parse_time
from .plan import Plan, make_plan
from .store import JobRow, job_rows, read_run, run_files
from .tasks import Task, cost_tasks, longest_first, make_tasks

_MEASURING = 0.7  # seconds of saving, opening and asking a model
_PRIOR_WEIGHT = 0.5  # of "no correction", in runs
_CALIBRATED_FITS = 6  # folds inside the training rows, and the last one
_SAME_DATA = 4.0  # runs on these very rows count as so many of the same shape


@dataclass(frozen=True)
class Estimate:
    """Seconds of a plan, and a factor of 3 (2 where runs of the models are known) to either side.

    Those factors are set by hand: too few runs were held against the clock yet to promise a share of them.
    ``models`` has a row for each: jobs, seconds, and from what they are known.
    """

    seconds: float
    low: float
    high: float
    start_seconds: float
    models: list[ModelEstimate]
    jobs: list[float | None]  # of each job of the plan, by its position; None where it does not run


def law(numbers: Sequence[float], shape: Shape) -> float:
    """t0 + k rows^b width^c outputs^e."""
    start, scale, by_rows, by_width, by_outputs = numbers
    return start + scale * shape.rows**by_rows * shape.width**by_width * shape.outputs**by_outputs


def table_seconds(model: str, shape: Shape) -> float:
    """A fit and its predictions on the machine of the table; of an unknown model as its family's median."""
    known, model = _times.LAWS.get(shape.modality, {}), registry.untuned(model)
    if model in known:
        return law(known[model], shape)
    family = registry.family(model)
    akin = sorted(law(own, shape) for name, own in known.items() if registry.family(name) == family)
    return akin[len(akin) // 2] if akin else 1.0


def search_factor(model: str, params: Mapping[str, Any], rows: float) -> float:
    """How many times one fit a search takes that is given a number of trials; 1 for other models."""
    if not registry.is_tuned(model) or params.get("seconds") is not None:
        return 1.0
    return fits_over_one(int(params.get("trials", TRIALS)), int(rows))


def work_factor(model: str, params: dict[str, Any], calibrate: str | None) -> float:
    """How many times the usual work the parameters ask for, as far as that is a matter of counting."""
    factor = 1.0 if calibrate in (None, "none") else float(_CALIBRATED_FITS)
    if "epochs" in params or "ensemble" in params:
        usual = registry.parameters(model).get("epochs")
        epochs = params.get("epochs", usual)
        if isinstance(usual, int) and isinstance(epochs, int) and usual > 0:
            factor *= max(1, epochs) / usual
        members = int(params.get("ensemble_size", 5)) if params.get("ensemble") else 1
        factor *= fleet_factor(members, usable_cores())
    return factor


class Corrections:
    """What earlier runs on this machine say about the table."""

    def __init__(self, past: Sequence[Past], speed: float, fingerprint: str = "") -> None:
        self._past = [
            (own, math.log(own.seconds / self._expected(own, speed))) for own in past if own.seconds > 0
        ]
        self._fingerprint, self._speed = fingerprint, speed

    @staticmethod
    def _expected(own: Past, speed: float) -> float:
        return speed * table_seconds(own.model, own.shape) * work_factor(own.model, own.params, own.calibrate)

    def factor(self, model: str, shape: Shape) -> tuple[float, int]:
        """By how much to multiply, and how many earlier runs of the model that rests on."""
        near = [(self._nearness(own, shape), own.model == model, ratio) for own, ratio in self._past]
        common = _shrunken([(weight, ratio) for weight, _, ratio in near], 0.0)
        mine = [(weight, ratio) for weight, same, ratio in near if same]
        return math.exp(_shrunken(mine, common)), sum(weight > 0.1 for weight, _ in mine)

    def start_factor(self) -> float:
        """The same for what is no job: imports, reading, judging."""
        rests = {own.run: own.rest for own, _ in self._past if own.rest is not None}
        usual = self._speed * _times.START
        return math.exp(_shrunken([(1.0, math.log(rest / usual)) for rest in rests.values()], 0.0))

    def _nearness(self, own: Past, shape: Shape) -> float:
        if own.shape.modality != shape.modality:
            return 0.0
        if self._fingerprint and own.fingerprint == self._fingerprint:
            return _SAME_DATA
        far = math.log(own.shape.rows / shape.rows) ** 2 + math.log(own.shape.width / shape.width) ** 2
        return math.exp(-far / 8)


def _shrunken(weighted: Sequence[tuple[float, float]], prior: float) -> float:
    total = sum(weight for weight, _ in weighted)
    return (sum(weight * ratio for weight, ratio in weighted) + _PRIOR_WEIGHT * prior) / (
        total + _PRIOR_WEIGHT
    )


def estimate(dataset: Dataset, plan: Plan, folder: Path | None, done: Container[int] = ()) -> Estimate:
    """Seconds of the jobs that are still to run, with what the runs in a folder teach about this machine.

    ``done`` are positions of jobs in the plan that have ended.
    """
    speed = load_factor() * machine_seconds() / _times.MACHINE_SECONDS
    fingerprint = dataset_facts(dataset).fingerprint
    corrections = Corrections(past_fits(folder) if folder else [], speed, fingerprint)
    return _estimated(dataset, plan, corrections, speed, plan.limits.cores or usable_cores(), done)


def usual_estimate(dataset: Dataset, plan: Plan, cores: int) -> Estimate:
    """Seconds on so many cores of the machine of the table of times, whatever this one is and does."""
    return _estimated(dataset, plan, Corrections([], 1.0), 1.0, cores, ())


def _estimated(
    dataset: Dataset,
    plan: Plan,
    corrections: Corrections,
    speed: float,
    cores: int,
    done: Container[int],
) -> Estimate:
    jobs = plan.all_jobs
    facts = dataset_facts(dataset)
    shape = shape_of(facts, plan)
    each: dict[str, tuple[float, int]] = {}
    for model in plan.models:
        factor, runs = corrections.factor(model, shape)
        params = plan.params.get(model, {})
        usual = speed * table_seconds(model, shape) * factor * search_factor(model, params, shape.rows)
        seconds = usual * work_factor(model, params, plan.calibrate) + (params.get("seconds") or 0.0)
        each[model] = (seconds, runs)
    by_position: list[float | None] = [None] * len(jobs)
    spans: dict[Task, float] = {}
    for task in make_tasks(jobs, dataset.task, done):
        one = each[jobs[task.positions[0]].model][0]
        spans[task] = one * fleet_factor(len(task.positions), cores)
        for position in task.positions:
            by_position[position] = spans[task] / len(task.positions)
    measured = 0.0  # one after the other, when all folds have ended
    for task in cost_tasks(jobs, done):
        (position,) = task.positions
        by_position[position] = each[jobs[position].model][0] * facts.rows / shape.rows + speed * _MEASURING
        measured += by_position[position] or 0.0
    start = speed * _times.START * corrections.start_factor()
    order = longest_first([*spans], [*spans.values()])
    seconds = start + _makespan([spans[task] for task in order], max(1, plan.limits.workers)) + measured
    wide = _times.SPREAD_KNOWN if any(runs for _, runs in each.values()) else _times.SPREAD
    return Estimate(
        seconds, seconds / wide, seconds * wide, start, _by_model(plan, jobs, by_position, each), by_position
    )


@dataclass(frozen=True)
class Fits:
    """Fits of one model on equally many rows, which follow each other or make a fleet."""

    model: str
    rows: int
    number: int = 1
    params: Mapping[str, Any] = field(default_factory=dict)
    calibrate: str | None = None


def estimate_fits(
    dataset: Dataset, fits: Sequence[Fits], folder: Path | None = None
) -> tuple[StartEstimate, list[float]]:
    """Seconds of fits that run one group after the other in this process, and of each group.

    ``folder`` holds earlier runs, which say how fast this machine is.
    """
    speed, cores = load_factor() * machine_seconds() / _times.MACHINE_SECONDS, usable_cores()
    facts = dataset_facts(dataset)
    corrections = Corrections(past_fits(folder) if folder else [], speed, facts.fingerprint)
    outputs = len(facts.classes) if facts.task == "multiclass" else 1
    each, runs = [], 0
    for own in fits:
        shape = Shape(facts.modality, own.rows, facts.width, outputs)
        factor, known = corrections.factor(own.model, shape)
        usual = speed * table_seconds(own.model, shape)
        together = registry.offers_fleets(own.model, facts.task)
        number = fleet_factor(own.number, cores) if together else own.number
        each.append(usual * factor * number * work_factor(own.model, dict(own.params), own.calibrate))
        runs += known
    start = speed * _times.START * corrections.start_factor()
    seconds, wide = start + math.fsum(each), _times.SPREAD_KNOWN if runs else _times.SPREAD
    return StartEstimate(seconds, seconds / wide, seconds * wide, start), each


def _makespan(spans: Sequence[float], workers: int) -> float:
    """The end of the last task, when each goes to the worker that is free first."""
    free = [0.0] * workers
    for span in spans:
        heapq.heapreplace(free, free[0] + span)
    return max(free)


def _by_model(
    plan: Plan,
    jobs: Sequence[PlannedJob],
    by_position: Sequence[float | None],
    each: dict[str, tuple[float, int]],
) -> list[ModelEstimate]:
    rows = []
    for model in plan.models:
        own = [(job, span) for job, span in zip(jobs, by_position, strict=True) if job.model == model]
        known = [span for _, span in own if span is not None]
        reason = own[0][0].reason if not known else ""
        rows.append(
            ModelEstimate(model, own[0][0].family, len(known), math.fsum(known), each[model][1], reason)
        )
    return rows


_MOST = 60  # runs that are looked at, newest first


@dataclass(frozen=True)
class Past:
    """Seconds of one fit of a model (see :func:`fleet_factor`), with what they belong to."""

    model: str
    shape: Shape
    seconds: float
    fingerprint: str
    params: dict[str, Any]
    calibrate: str | None
    run: str
    rest: float | None = None  # seconds of its run in which no job ran


def fleet_factor(jobs: int, cores: int) -> float:
    """How many times as long as one alone so many networks take: the first is alone, the others share."""
    return 1.0 + (jobs - 1) / max(1, cores)


def past_fits(folder: Path, host: str | None = None) -> list[Past]:
    """Fits of the newest runs in a store that were made on a machine of this name, undisturbed ones."""
    fits: list[Past] = []
    for file in run_files(folder)[:_MOST]:
        try:  # a run that cannot be read, or of another version, says nothing and disturbs nobody
            fits += _fits(file.parent, host or platform.node())
        except (InputError, sqlite3.Error, OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return fits


def _fits(folder: Path, host: str) -> Iterator[Past]:
    run = read_run(folder)
    if run.host["name"] != host or "cluster" in run.host:
        return
    finished = [row for row in job_rows(folder) if row.result.ok]
    folds = [row for row in finished if row.result.kind == "fold" and not row.result.contended]
    folds.sort(key=lambda row: (row.result.model, row.started or ""))
    costs = [row for row in finished if row.result.kind == "cost"]
    rest = _rest(run.answer, [*folds, *costs] if folds else [])
    cores = run.plan.limits.threads or run.host["usable_cores"]
    shape, known = shape_of(run.dataset, run.plan), registry.entries()
    for model, rows in groupby(folds, key=lambda row: row.result.model):
        seconds = _seconds_of_a_fit(rows, cores)
        if seconds is not None and model in known:  # one that was renamed or taken away says nothing
            params = run.plan.params.get(model, {})
            facts = (run.dataset.fingerprint, params, run.plan.calibrate, folder.name, rest)
            yield Past(model, shape, seconds, *facts)


def _rest(answer: Answer | None, rows: Sequence[JobRow]) -> float | None:
    """Seconds of imports, reading and judging, of a run whose jobs came one after the other."""
    took = None if answer is None or answer.estimate is None else answer.estimate.real_seconds
    if took is None or not rows:
        return None
    spans = sorted((row.started or "", row.ended or "") for row in rows)
    busy, until = 0.0, ""
    for start, end in spans:  # jobs of a fleet overlap
        if end > until:
            first = datetime.fromisoformat(max(start, until))
            busy += (datetime.fromisoformat(end) - first).total_seconds()
            until = end
    return max(0.1, took - busy)


def _seconds_of_a_fit(rows: Iterable[JobRow], cores: int) -> float | None:
    """The median over the tasks of a model; jobs that began together were a fleet."""
    seconds = []
    for started, task in groupby(rows, key=lambda row: row.started or ""):
        ends = [datetime.fromisoformat(row.ended or "") for row in task]
        took = (max(ends) - datetime.fromisoformat(started)).total_seconds()
        seconds.append(took / fleet_factor(len(ends), cores))
    return statistics.median(seconds) if seconds else None


@dataclass(frozen=True)
class Shape:
    """A training part. ``width`` is columns, pixels or characters of a row; ``outputs`` a network's."""

    modality: str
    rows: float
    width: float
    outputs: int


def shape_of(facts: DatasetFacts, plan: Plan | PlanFacts) -> Shape:
    """The training part of a fold, from what is known of the data and the plan."""
    outputs = len(facts.classes) if facts.task == "multiclass" else 1
    rows = facts.rows / (1 + plan.test_over_train)
    return Shape(facts.modality, min(rows, plan.train_rows or math.inf), facts.width, outputs)


_REPEATS = 16


@functools.cache
def machine_seconds() -> float:
    """Wall seconds of a fixed piece of work in Python and NumPy, undisturbed: the lower quartile of some."""
    numbers = np.random.default_rng(0).random(20_000)
    return statistics.quantiles((_once(numbers) for _ in range(_REPEATS)), n=4)[0]


def load_factor() -> float:
    """How many processes want each core, as the system's average of the last minute says; at least 1."""
    try:
        return max(1.0, os.getloadavg()[0] / usable_cores())
    except (OSError, AttributeError):  # Windows does not say
        return 1.0


def _once(numbers: np.ndarray) -> float:
    started = time.perf_counter()
    np.exp(np.sort(numbers)).sum()
    total = 0
    for i in range(10_000):
        total += i & 7
    return time.perf_counter() - started


CORES = 2
# Seconds by preset and kind of data; "thorough" takes what it takes.
PROMISES = {
    "quick": {"tabular": 120.0, "image": 300.0, "text": 300.0},
    "standard": {"tabular": 1200.0, "image": 3000.0, "text": 3000.0},
}
_MANY, _VERY_MANY = 10_000, 20_000  # rows from which three folds are enough, and one
_HELD_OUT = 0.2
_PARTS = (20_000, 10_000, 5_000, 2_000)  # training rows
_DEAR = 0.1  # of the allowed time: cheaper models are not worth leaving out


@dataclass(frozen=True)
class _Step:
    """A design that takes less time, and what it does without."""

    design: Design
    words: str


def plan_in_time(dataset: Dataset, setup: Setup, limits: Limits, folder: Path | None) -> tuple[Setup, Plan]:
    """The setup and plan that fit into the time that was asked for or that the preset promises.

    Parameters
    ----------
    folder : Path or None
        Of earlier runs, which say how long models take here.

    Returns
    -------
    setup, plan
        As given where they fit; else with other values of their options, so that the setup repeats the run.
    """
    plan = make_plan(dataset, setup, limits)
    allowed = parse_time(setup.design.total_time)
    if allowed is None:
        allowed = _promised(dataset, setup)
        if allowed is None:
            return setup, plan
        measure: Callable[[Plan], Estimate] = lambda plan: usual_estimate(dataset, plan, CORES)  # noqa: E731
    else:
        measure = lambda plan: estimate(dataset, plan, folder)  # noqa: E731
    decisions: list[str] = []
    while (found := measure(plan)).seconds > allowed:
        step = next(_steps(dataset, setup, plan, found, allowed), None)
        if step is None:
            break
        decisions.append(step.words)
        setup = replace(setup, design=step.design)
        plan = make_plan(dataset, setup, limits)
    return setup, replace(plan, decisions=tuple(_joined(decisions)))


def _promised(dataset: Dataset, setup: Setup) -> float | None:
    """Seconds that the preset promises; None where the user chose the models, or there is no promise."""
    if setup.design.models is not None or setup.design.tune is not None:
        return None
    return PROMISES.get(setup.design.preset, {}).get(dataset.modality)


def _steps(dataset: Dataset, setup: Setup, plan: Plan, found: Estimate, allowed: float) -> Iterator[_Step]:
    """What can be left out of a plan, the least loss first."""
    design = setup.design
    yield from _fewer_folds(dataset, design, plan)
    yield from _without_the_dearest(dataset, design, found, allowed)
    if design.costs and not setup.criteria.budget:
        words = "costs are those of the scored fits, not of a fit of their own"
        yield _Step(replace(design, costs=False), words)
    yield from _fewer_training_rows(design, plan)


def _fewer_folds(dataset: Dataset, design: Design, plan: Plan) -> Iterator[_Step]:
    chosen = (design.repeats, design.holdout)
    free = design.folds in (None, 3) and chosen == (None, None)
    if not free or dataset.test is not None or dataset.time is not None:
        return
    rows = len(dataset)
    if rows >= _MANY and plan.folds > 3:
        yield _Step(replace(design, folds=3), f"3 folds instead of {plan.folds}: {rows:,} rows are many")
    if rows >= _VERY_MANY and plan.folds == 3:
        words = f"one held-out fifth instead of folds: {round(_HELD_OUT * rows):,} rows score every model"
        yield _Step(replace(design, folds=None, holdout=_HELD_OUT, repeats=1), words)


def _without_the_dearest(
    dataset: Dataset, design: Design, found: Estimate, allowed: float
) -> Iterator[_Step]:
    if design.models is not None:
        return
    strong = registry.for_learning_curves(dataset.task, dataset.modality)
    others = [row for row in found.models if row.model not in strong and row.seconds > _DEAR * allowed]
    for row in sorted(others, key=lambda row: -row.seconds):
        yield _Step(
            replace(design, without=(*design.without, row.model)),
            f"{_WITHOUT}{row.model} (about {_minutes(row.seconds)})",
        )


def _fewer_training_rows(design: Design, plan: Plan) -> Iterator[_Step]:
    largest = max(len(job.split.train) for job in plan.jobs)
    for rows in _PARTS:
        if rows < largest:
            yield _Step(replace(design, train_rows=rows), f"models train on {rows:,} rows")


_WITHOUT = "without "


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _joined(decisions: list[str]) -> Iterator[str]:
    """Models that were left out in one sentence, and of the numbers of training rows the last."""
    models = [words.removeprefix(_WITHOUT) for words in decisions if words.startswith(_WITHOUT)]
    parts = [words for words in decisions if words.startswith("models train on")]
    for words in decisions:
        if words.startswith(_WITHOUT):
            if models:
                yield _WITHOUT + ", ".join(models)
                models = []
        elif words not in parts or words == parts[-1]:
            yield words
