"""Run jobs cell by cell: failures become rows, and an interruption keeps what is finished."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...datasets._base import Dataset
from ._jobs import Job, can_fit_many, run_fleet, run_job
from ._metrics import Metric, evaluate
from ._progress import Event, Progress
from ._scores import truth_of


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


def run_cells(
    cells: Sequence[Cell], dataset: Dataset, seed: int, threads: int, progress: Progress | None
) -> tuple[list[list[Job]], bool]:
    """The finished jobs of each cell, and whether Ctrl-C ended it early (the rest are "interrupted")."""
    tell = _Teller(progress or (lambda event: None), sum(len(cell.jobs) for cell in cells))
    ended: list[list[Job]] = [[] for _ in cells]
    interrupted = False
    try:
        tell("started")
        for cell, own in zip(cells, ended, strict=True):
            tell("model", cell.name)
            for job in _run_cell(cell, dataset, seed, threads, tell):
                own.append(job)
                tell.done += 1
                tell("fold", cell.name, job.reason)
        tell("finished")
    except KeyboardInterrupt:
        interrupted = True
        for cell, own in zip(cells, ended, strict=True):
            known = {_place(job) for job in own}
            own += [_lost(job) for job in cell.jobs if _place(job) not in known]
    return ended, interrupted


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


def job_scores(dataset: Dataset, metric: Metric, jobs: Sequence[Job]) -> np.ndarray:
    """The metric of each job on its scoring rows: float64 (n_jobs,), NaN where there is none."""
    values = [
        None
        if job.prediction is None
        else evaluate(metric, truth_of(dataset, job.split.test), job.prediction)
        for job in jobs
    ]
    return np.array([np.nan if value is None else value for value in values])
