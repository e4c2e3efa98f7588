"""What is sent to whoever runs jobs: a model on one split, or on all of its splits as one fleet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...datasets import Dataset
from .. import registry
from ..training.machine import held_to_cores
from .costs import Setting, measure_job
from .fitting import Job, can_fit_many, run_fleet, run_job

# Hears what happens to the job at a place of the plan: "begin" with all places of its task, "epoch" with
# its number, or "job" with the finished job; before these "host" with the machine, where it is another one.
Hear = Callable[[int, str, Any], None]


@dataclass(frozen=True)
class Work:
    """What all tasks of a run share; sent once to each worker."""

    dataset: Dataset
    jobs: tuple[Job, ...]
    seed: int
    params: dict[str, dict[str, Any]]
    threads: int
    cores: int | None = None
    cost: Setting = field(default_factory=Setting)


@dataclass(frozen=True)
class Task:
    """Jobs of one model by their places in the plan; ``cores`` where a machine has its own share for it."""

    places: tuple[int, ...]
    family: str
    cores: int | None = None
    alone: bool = False  # nothing may run beside it


def make_tasks(jobs: Sequence[Job], task: str) -> list[Task]:
    """Tasks of all planned folds: a fleet where the model's estimators offer it, else one for each job."""
    by_model: dict[str, list[int]] = {}
    for place, job in enumerate(jobs):
        if job.status == "planned" and job.kind == "fold":
            by_model.setdefault(job.model, []).append(place)
    found = []
    for name, places in by_model.items():
        together = registry.offers_fleets(name, task)
        groups = [places] if together else [[place] for place in places]
        found += [Task(tuple(group), jobs[places[0]].family) for group in groups]
    return found


def longest_first(tasks: Sequence[Task], seconds: Sequence[float]) -> list[Task]:
    """Classical models, which need no TensorFlow, then networks; each family's longest task first.

    Several at a time end sooner so: a long one that comes last keeps one core busy, and the others wait.
    """
    order = sorted(range(len(tasks)), key=lambda i: (tasks[i].family == "deep", -seconds[i]))
    return [tasks[i] for i in order]


def cost_tasks(jobs: Sequence[Job]) -> list[Task]:
    """Tasks of all planned cost jobs: one each, alone on the machine."""
    planned = [i for i, job in enumerate(jobs) if job.status == "planned" and job.kind == "cost"]
    return [Task((place,), jobs[place].family, alone=True) for place in planned]


def run_task(task: Task, work: Work, hear: Hear) -> list[Job]:
    """The finished jobs of a task; ``hear`` has heard each as soon as it ended."""
    jobs = [work.jobs[place] for place in task.places]
    params = work.params.get(jobs[0].model, {})
    hear(task.places[0], "begin", task.places)
    if jobs[0].kind == "cost":
        with held_to_cores(work.cost.cores or task.cores):
            found = [measure_job(jobs[0], work.dataset, work.seed, params, work.cost)]
        hear(task.places[0], "job", found[0])
        return found
    with held_to_cores(work.cores or task.cores):
        if len(jobs) > 1 and can_fit_many(jobs[0].model, work.dataset):
            return _run_fleet(task, work, params, hear)
        found = []
        for place, job in zip(task.places, jobs, strict=True):
            found.append(run_job(job, work.dataset, work.seed, params, work.threads))
            hear(place, "job", found[-1])
        return found


def _run_fleet(task: Task, work: Work, params: dict[str, Any], hear: Hear) -> list[Job]:
    jobs = [work.jobs[place] for place in task.places]
    return list(
        run_fleet(
            jobs,
            work.dataset,
            work.seed,
            params,
            work.threads,
            progress=lambda epoch: hear(task.places[0], "epoch", epoch),
            on_job=lambda number, job: hear(task.places[number], "job", job),
        )
    )
