"""How long a plan will take, said before it starts and held against the clock afterwards.

Each model has a power law of rows, width and outputs, measured once (`benchmarks/estimate.py --measure`)
and scaled by the speed of this machine. Earlier runs on this machine correct it: what all models had in
common first, then each model by its own, near shapes counting more than far ones. The correction is a
shrunken mean of log ratios: a single run moves it by two thirds of what it shows.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ....datasets._base import Dataset
from ... import registry
from ...training._machine import usable_cores
from ..running._jobs import Job
from ..running._tasks import Task, cost_tasks, longest_first, make_tasks
from . import _times
from ._past import Past, fleet_factor, past_fits
from ._plan import Plan
from ._shape import Shape, width_of
from ._speed import load_factor, machine_seconds

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
    models: list[dict[str, Any]]
    jobs: list[float | None]  # of each job of the plan, by its place; None where it does not run


def law(numbers: Sequence[float], shape: Shape) -> float:
    """t0 + k rows^b width^c outputs^e."""
    start, scale, by_rows, by_width, by_outputs = numbers
    return start + scale * shape.rows**by_rows * shape.width**by_width * shape.outputs**by_outputs


def table_seconds(model: str, shape: Shape) -> float:
    """A fit and its predictions on the machine of the table; of an unknown model as its family's median."""
    known = _times.LAWS.get(shape.modality, {})
    if model in known:
        return law(known[model], shape)
    family = registry.family(model)
    akin = sorted(law(own, shape) for name, own in known.items() if registry.family(name) == family)
    return akin[len(akin) // 2] if akin else 1.0


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


def estimate(dataset: Dataset, plan: Plan, jobs: Sequence[Job], folder: Path | None) -> Estimate:
    """Seconds of the jobs that are still planned, with what the runs in a folder teach about this machine."""
    shape = _shape(dataset, plan)
    speed = load_factor() * machine_seconds() / _times.MACHINE_SECONDS
    fingerprint = dataset.fingerprint()
    corrections = Corrections(past_fits(folder) if folder else [], speed, fingerprint)
    cores = plan.limits.cores or usable_cores()
    each: dict[str, tuple[float, int]] = {}
    for model in plan.models:
        factor, runs = corrections.factor(model, shape)
        usual = speed * table_seconds(model, shape) * factor
        each[model] = (usual * work_factor(model, plan.params.get(model, {}), plan.calibrate), runs)
    places: list[float | None] = [None] * len(jobs)
    spans: dict[Task, float] = {}
    for task in make_tasks(jobs, dataset.task):
        one = each[jobs[task.places[0]].model][0]
        spans[task] = one * fleet_factor(len(task.places), cores)
        for place in task.places:
            places[place] = spans[task] / len(task.places)
    measured = 0.0  # one after the other, when all folds have ended
    for task in cost_tasks(jobs):
        (place,) = task.places
        places[place] = each[jobs[place].model][0] * (1 + plan.test_over_train) + speed * _MEASURING
        measured += places[place] or 0.0
    start = speed * _times.START * corrections.start_factor()
    order = longest_first([*spans], [*spans.values()])
    seconds = start + _makespan([spans[task] for task in order], max(1, plan.limits.workers)) + measured
    wide = _times.SPREAD_KNOWN if any(runs for _, runs in each.values()) else _times.SPREAD
    return Estimate(
        seconds, seconds / wide, seconds * wide, start, _by_model(plan, jobs, places, each), places
    )


def _shape(dataset: Dataset, plan: Plan) -> Shape:
    outputs = len(dataset.classes) if dataset.task == "multiclass" else 1
    return Shape(dataset.modality, len(dataset) / (1 + plan.test_over_train), width_of(dataset), outputs)


def _makespan(spans: Sequence[float], workers: int) -> float:
    """The end of the last task, when each goes to the worker that is free first."""
    free = [0.0] * workers
    for span in spans:
        heapq.heapreplace(free, free[0] + span)
    return max(free)


def _by_model(
    plan: Plan, jobs: Sequence[Job], places: Sequence[float | None], each: dict[str, tuple[float, int]]
) -> list[dict[str, Any]]:
    rows = []
    for model in plan.models:
        own = [(job, span) for job, span in zip(jobs, places, strict=True) if job.model == model]
        known = [span for _, span in own if span is not None]
        rows.append(
            {
                "model": model,
                "family": own[0][0].family,
                "jobs": len(known),
                "seconds": math.fsum(known),
                "runs_known": each[model][1],
                "reason": own[0][0].reason if not known else "",
            }
        )
    return rows
