"""Fit a model cell by cell: failures become rows, and an interruption keeps what is finished."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from ...datasets import Dataset
from ..judging.scores import truth_of
from ..metrics import Metric, evaluate
from ..workflows._sweep_result import SweepResult
from .fitting import Job, can_fit_many, run_fleet, run_job
from .progress import Event, Progress

Result = TypeVar("Result", bound=SweepResult)


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, with the ``result`` of what was finished by then."""

    def __init__(self, result: Any) -> None:
        super().__init__("interrupted; what was finished is in the result of this exception")
        self.result = result


@dataclass(frozen=True)
class Cell:
    """Jobs that differ in their rows alone, so that they can be trained as one fleet.

    ``label`` says what is special about them ("800 rows", "2 x 32 units").
    """

    label: str
    jobs: Sequence[Job]
    params: dict[str, Any]

    @property
    def name(self) -> str:
        """As a watcher reads it."""
        return f"{self.jobs[0].model}, {self.label}"


class _Teller:
    """Tells whoever watches how many jobs are done."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self.done = progress, total, 0

    def __call__(self, kind: str, model: str = "", message: str = "") -> None:
        self._progress(Event(kind, model, self.done, self._total, message))


@dataclass(frozen=True)
class Fit:
    """A job that ended, its prediction dropped, and the metric's value: NaN where there is none."""

    job: Job
    value: float


def run_cells(
    cells: Sequence[Cell],
    dataset: Dataset,
    metric: Metric,
    seed: int,
    threads: int,
    progress: Progress | None,
) -> tuple[list[list[Fit]], bool]:
    """The fits of each cell by repeat, and whether Ctrl-C ended it early (the rest are "interrupted").

    Predictions are scored and dropped at once: hundreds of them on large data would not fit into memory.
    """
    tell = _Teller(progress or (lambda event: None), sum(len(cell.jobs) for cell in cells))
    ended: list[list[Fit]] = [[] for _ in cells]
    interrupted = False
    try:
        tell("started")
        for cell, own in zip(cells, ended, strict=True):
            tell("model", cell.name)
            for job in _run_cell(cell, dataset, seed, threads, tell):
                own.append(_scored(job, dataset, metric))
                tell.done += 1
                tell("fold", cell.name, job.reason)
        tell("finished")
    except KeyboardInterrupt:
        interrupted = True
        for cell, own in zip(cells, ended, strict=True):
            known = {_place(fit.job) for fit in own}
            own += [Fit(_lost(job), np.nan) for job in cell.jobs if _place(job) not in known]
    return [sorted(own, key=lambda fit: _place(fit.job)) for own in ended], interrupted


def values_and_jobs(fits: Sequence[Fit]) -> tuple[np.ndarray, tuple[Job, ...]]:
    """The metric on every fit of a cell, float64 (J,), and how each ended."""
    return np.array([fit.value for fit in fits]), tuple(fit.job for fit in fits)


def whole(result: Result) -> Result:
    """The answer of a sweep that nobody interrupted; else it is in the exception."""
    if result.interrupted:
        raise Interrupted(result)
    return result


def _run_cell(cell: Cell, dataset: Dataset, seed: int, threads: int, tell: _Teller) -> Iterator[Job]:
    """A fleet where the estimators offer that, else one job after the other.

    One fleet a cell, not one for all: its first network is trained alone, which gives every cell its own
    training time, and each size needs a program of its own anyway.
    """
    yield from (job for job in cell.jobs if job.status != "planned")
    planned = [job for job in cell.jobs if job.status == "planned"]
    if planned and can_fit_many(planned[0].model, dataset):

        def hear(epoch: int) -> None:
            tell("epoch", cell.name, f"epoch {epoch}")

        yield from run_fleet(planned, dataset, seed, cell.params, threads, hear)
        return
    for job in planned:
        yield run_job(job, dataset, seed, cell.params, threads)


def _place(job: Job) -> tuple[int, int]:
    return job.split.repeat, job.split.fold


def _lost(job: Job) -> Job:
    if job.status != "planned":
        return job
    return replace(job, status="interrupted", reason="the run was interrupted")


def _scored(job: Job, dataset: Dataset, metric: Metric) -> Fit:
    value = None
    if job.prediction is not None:
        value = evaluate(metric, truth_of(dataset, job.split.test), job.prediction)
    return Fit(replace(job, prediction=None), np.nan if value is None else value)
