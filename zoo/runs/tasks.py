"""What is sent to whoever runs jobs: a model on one split, or on all of its splits as one fleet."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ...datasets import Dataset
from .. import registry
from ..own_models import OwnModel, joined
from ..preprocessing.runtime import held_to_cores
from ..results.rows import Result
from .costs import Setting, measure_job
from .fitting import can_fit_many, run_fleet, run_job
from .jobs import PlannedJob

# Called with the position of a job in the plan and what happens to it: "begin" with all positions of its
# task, "epoch" with the pace of the training, or "result" with its result; before these "host" with the
# machine, where it is another one.
Report = Callable[[int, str, Any], None]


@dataclass(frozen=True)
class Work:
    """What all tasks of a run share; sent once to each worker."""

    dataset: Dataset
    jobs: tuple[PlannedJob, ...]
    seed: int
    params: dict[str, dict[str, Any]]
    threads: int
    cores: int | None = None
    cost: Setting = field(default_factory=Setting)
    own: tuple[OwnModel, ...] = ()  # models of the user's own among those of the jobs


@dataclass(frozen=True)
class Task:
    """Jobs of one model by their positions in the plan; ``cores``: a machine's own share for it."""

    positions: tuple[int, ...]
    family: str
    cores: int | None = None
    alone: bool = False  # nothing may run beside it


def make_tasks(jobs: Sequence[PlannedJob], task: str, done: Container[int] = ()) -> list[Task]:
    """Tasks of all planned folds: a fleet where the model's estimators offer it, else one for each job.

    ``done`` are positions of jobs that have ended.
    """
    by_model: dict[str, list[int]] = {}
    for position, job in enumerate(jobs):
        if job.is_planned and job.kind == "fold" and position not in done:
            by_model.setdefault(job.model, []).append(position)
    tasks = []
    for name, positions in by_model.items():
        together = registry.offers_fleets(name, task)
        groups = [positions] if together else [[position] for position in positions]
        tasks += [Task(tuple(group), jobs[positions[0]].family) for group in groups]
    return tasks


def longest_first(tasks: Sequence[Task], seconds: Sequence[float]) -> list[Task]:
    """Classical models, which need no TensorFlow, then networks; each family's longest task first.

    Several at a time end sooner so: a long one that comes last keeps one core busy, and the others wait.
    """
    order = sorted(range(len(tasks)), key=lambda i: (registry.rank(tasks[i].family), -seconds[i]))
    return [tasks[i] for i in order]


def cost_tasks(jobs: Sequence[PlannedJob], done: Container[int] = ()) -> list[Task]:
    """Tasks of all planned cost jobs: one each, alone on the machine."""
    planned = [i for i, job in enumerate(jobs) if job.is_planned and job.kind == "cost" and i not in done]
    return [Task((position,), jobs[position].family, alone=True) for position in planned]


def run_task(task: Task, work: Work, report: Report) -> list[Result]:
    """The results of a task; ``report`` was called with each as soon as its job ended."""
    with joined(work.own), _features(work.jobs[task.positions[0]]):
        return _run_task(task, work, report)


def _features(job: PlannedJob) -> AbstractContextManager[None]:
    """Frozen features are computed once for all folds, and once more where costs are measured."""
    if job.family != "pretrained":
        return nullcontext()
    from ..pretrained.kept import afresh, features_folder, shared

    return shared(features_folder()) if job.kind == "fold" else afresh()


def _run_task(task: Task, work: Work, report: Report) -> list[Result]:
    jobs = [work.jobs[position] for position in task.positions]
    params = work.params.get(jobs[0].model, {})
    report(task.positions[0], "begin", task.positions)
    if jobs[0].kind == "cost":
        with held_to_cores(work.cost.cores or task.cores):
            results = [measure_job(jobs[0], work.dataset, work.seed, params, work.cost)]
        report(task.positions[0], "result", results[0])
        return results
    with held_to_cores(work.cores or task.cores):
        if len(jobs) > 1 and can_fit_many(jobs[0].model, work.dataset):
            return _run_fleet(task, work, params, report)
        results = []
        for position, job in zip(task.positions, jobs, strict=True):
            tell = partial(report, position, "epoch")
            results.append(run_job(job, work.dataset, work.seed, params, work.threads, tell))
            report(position, "result", results[-1])
        return results


def _run_fleet(task: Task, work: Work, params: dict[str, Any], report: Report) -> list[Result]:
    jobs = [work.jobs[position] for position in task.positions]
    return list(
        run_fleet(
            jobs,
            work.dataset,
            work.seed,
            params,
            work.threads,
            progress=lambda pace: report(task.positions[0], "epoch", pace),
            on_result=lambda number, result: report(task.positions[number], "result", result),
        )
    )
