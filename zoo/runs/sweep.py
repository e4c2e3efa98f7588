"""Fit models cell by cell and score them: failures become rows, an interruption keeps what is finished."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ...datasets import Dataset
from ..metrics import Metric, evaluate, influence_values, truth_of
from ..results.curves import CapacityAnswer, LearningCurveAnswer, ScoredFit, ScoringRows
from ..results.rows import Labels, Result
from ..results.runs import Event, Pace, Progress
from .fitting import can_fit_many, run_fleet, run_job
from .jobs import PlannedJob, fold_of

if TYPE_CHECKING:
    import pandas as pd


class PartialResult(Protocol):
    """What a learning curve and a grid of networks have in common."""

    @property
    def answer(self) -> LearningCurveAnswer | CapacityAnswer: ...

    @property
    def exit_code(self) -> int: ...

    def frame(self) -> pd.DataFrame: ...

    def to_dict(self) -> dict[str, object]: ...


class Interrupted(KeyboardInterrupt):
    """Ctrl-C; ``result`` holds what was finished, as the interrupted function would have returned it."""

    def __init__(self, result: PartialResult) -> None:
        super().__init__("interrupted; the result attribute of this exception holds what was finished")
        self.result = result


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
