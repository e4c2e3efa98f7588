"""Execute a plan: who runs its jobs, how long it will take, and a result written as soon as a job ends."""

from __future__ import annotations

import os
import platform
import queue
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...datasets import Dataset
from ..metrics import Metric, evaluate, of_task, primary, truth_of
from ..preprocessing.runtime import usable_cores
from ..results.facts import TimeEstimate
from ..results.rows import Labels, Result, prediction_frame
from ..results.runs import Event, PlanEstimate, Progress, Standing
from .costs import Setting
from .estimate import estimate
from .jobs import PlannedJob
from .journal import RunStore
from .limits import Limits, threads_for
from .plan import Plan
from .tasks import Task, Work, cost_tasks, longest_first, make_tasks, run_task
from .workers import WorkerDied, Workers


@contextmanager
def executor_for(
    limits: Limits,
    families: Sequence[str],
    *,
    patient: bool = False,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> Iterator[Executor | None]:
    """Worker processes, the workers of a Dask scheduler, or None to run in this process.

    Processes import while the data are read. A worker for networks takes seconds to start; unless
    ``patient``, and with a core to spare, that happens beside the first short fits.
    """
    if cluster is not None:
        from .cluster import Cluster

        with Cluster(cluster, limits) as found:
            for remark in found.remarks if progress else []:
                progress(Event("note", message=remark))  # type: ignore[misc]
            yield found
        return
    if limits.workers == 0:
        yield None
        return
    with Workers(limits) as workers:
        early = [f for f in ("classical", "deep") if f in families]
        if patient or usable_cores() == 1:
            early = early[:1]
        workers.warm(early)
        yield workers


def host(executor: Executor | None = None) -> dict[str, Any]:
    """The machine that a run was made on, and the cluster if there was one."""
    machine = {
        "name": platform.node(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "usable_cores": usable_cores(),
    }
    facts = getattr(executor, "facts", None)
    return machine if facts is None else {**machine, "cluster": facts()}


def execute(
    dataset: Dataset,
    plan: Plan,
    *,
    store: RunStore | None,
    folder: Path,
    progress: Progress | None = None,
    executor: Executor | None = None,
    known: Mapping[int, Result] | None = None,
    metric: Metric | None = None,
) -> tuple[list[Result], TimeEstimate | None]:
    """Run what is planned.

    Parameters
    ----------
    store : written to as soon as a job ends
    folder : of earlier runs, which say how long this one will take
    known : results of an earlier part of the run, by the position of their job
    metric : by which whoever watches is told how models stand; the primary one of the task

    Returns
    -------
    results : list of Result
        In the order of the plan; those that Ctrl-C cut off are "interrupted".
    estimate : TimeEstimate or None
        None for a cluster, of whose machines nothing is known.
    """
    jobs = plan.all_jobs
    work = Work(dataset, jobs, plan.seed, plan.params, plan.threads, plan.limits.cores, _cost_setting(plan))
    work = replace(work, own=plan.own)
    expected, seconds = None, None
    if not hasattr(executor, "facts"):
        expected, seconds = _expect(dataset, plan, folder, progress, known or {})
    several = plan.limits.workers > 1
    seconds = seconds if several else None
    results = run_jobs(jobs, work, store, progress, executor, seconds, known, metric)
    return results, expected


def _expect(
    dataset: Dataset, plan: Plan, folder: Path, progress: Progress | None, known: Mapping[int, Result]
) -> tuple[TimeEstimate, Sequence[float | None]]:
    """Tell whoever watches how long it will take; also the seconds of each job."""
    found = estimate(dataset, plan, folder, known)
    expected = TimeEstimate(found.seconds, found.low, found.high)
    if progress is not None:
        planned = sum(row.jobs for row in found.models)
        seconds, low, high, models = found.seconds, found.low, found.high, len(found.models)
        total: PlanEstimate = {"seconds": seconds, "low": low, "high": high, "models": models}
        progress(Event("plan", total=planned, estimate=total))
    return expected, found.jobs


def _cost_setting(plan: Plan) -> Setting:
    """Costs are measured one model at a time, whatever ran side by side before."""
    alone = replace(plan.limits, workers=min(1, plan.limits.workers))
    rows = max((len(job.split.train) for job in plan.costs), default=0)
    return Setting(threads_for(rows, alone), alone.cores, plan.preset)


class Record:
    """The results of a run by the position of their job in the plan: what ended, what runs, who is told."""

    def __init__(
        self,
        labels: Labels,
        jobs: Sequence[PlannedJob],
        store: RunStore | None,
        progress: Progress | None,
        metric: Metric | None = None,
    ) -> None:
        self._labels, self._store = labels, store
        self._metric = metric or primary(labels.task)
        self._scored: dict[str, list[float | None]] = {}  # of each model's folds that ended
        self._progress = progress or (lambda event: None)
        self.jobs = list(jobs)
        self.results: dict[int, Result] = {}
        self._current_model = ""
        self._running: dict[int, bool] = {}  # positions that run now, and whether others ran meanwhile
        self._hosts: dict[int, str] = {}  # machines of positions that another one than this runs

    def notify(self, kind: str, model: str = "", message: str = "", **more: Any) -> None:
        """Tell whoever watches."""
        self._progress(Event(kind, model, len(self.results), len(self.jobs), message, **more))

    def report(self, position: int, kind: str, value: Any) -> None:
        """Take down what a task reports, see :data:`.tasks.Report`."""
        model = self.jobs[position].model
        if kind == "host":
            self._hosts[position] = value
        elif kind == "begin":
            waiting = [other for other in value if other not in self.results]
            self._begin(model, waiting, self._hosts.get(position, ""))
        elif kind == "epoch":
            self.notify("epoch", model, f"epoch {value.epoch}", pace=value)
        elif kind == "result" and position not in self.results:
            self.add(position, value)

    def _begin(self, model: str, positions: Sequence[int], host: str) -> None:
        if self._store:
            self._store.begin([self.jobs[position] for position in positions])
        self._hosts |= dict.fromkeys(positions, host)
        others = [p for p in self._running if p not in positions and self._hosts[p] == host]
        self._running |= dict.fromkeys(others, True)
        self._running |= dict.fromkeys(positions, bool(others))
        if model != self._current_model:
            self._current_model = model
            self.notify("model", model)

    def add(self, position: int, result: Result) -> None:
        """Write a result down."""
        result = replace(result, contended=self._running.pop(position, False))
        test_rows = self.jobs[position].split.test
        scores = self._scores(result, test_rows)
        if self._store:
            frame = (
                prediction_frame(result, test_rows, self._labels) if result.prediction is not None else None
            )
            self._store.add(result, scores, frame)
        self.results[position] = result
        self.notify("fold", result.model, result.reason, standing=self._standing(result, scores))

    def _standing(self, result: Result, scores: dict[str, float | None]) -> Standing | None:
        """How a model stands when a fold of it has ended well."""
        if result.kind != "fold" or not result.ok or result.repeat:
            return None
        own = self._scored.setdefault(result.model, [])
        own.append(scores.get(self._metric.name))
        known = [score for score in own if score is not None]
        mine = [job for job in self.jobs if job.model == result.model and job.kind == "fold"]
        planned = sum(not job.split.repeat for job in mine)
        mean = sum(known) / len(known) if known else None
        metric = self._metric
        return Standing(result.family, metric.label, metric.greater_is_better, mean, len(own), planned)

    def keep(self, position: int, result: Result) -> None:
        """A result that was written down before."""
        self.results[position] = result
        standing = self._standing(result, self._scores(result, self.jobs[position].split.test))
        self.notify("fold", result.model, result.reason, standing=standing)

    def withdraw(self, positions: Sequence[int]) -> None:
        """These jobs do not run any more."""
        for position in positions:
            self._running.pop(position, None)

    def stop(self, position: int, status: str, reason: str) -> None:
        """A job that ended without an answer."""
        self.add(position, self.jobs[position].ended(status, reason))

    def worth_measuring(self, costs: Sequence[Task]) -> Iterator[Task]:
        """Those of models that can be fitted; the costs of others are skipped, with their reason."""
        for task in costs:
            (position,) = task.positions
            model = self.jobs[position].model
            results = [r for r in self.results.values() if r.model == model and r.kind == "fold"]
            if any(result.ok for result in results):
                yield task
            else:
                first = self._first_fold(model)
                self.stop(position, "skipped", first.reason if first else "no fold was fitted")

    def _first_fold(self, model: str) -> Result | None:
        """The result of a model's first fold in the order of the plan."""
        positions = [p for p, job in enumerate(self.jobs) if job.model == model and job.kind == "fold"]
        return self.results.get(positions[0]) if positions else None

    def interrupt(self) -> None:
        """Every job that has not ended is interrupted."""
        self._progress = lambda event: None
        for position, job in enumerate(self.jobs):
            if position not in self.results:
                ended = (job.status, job.reason)
                interrupted = ("interrupted", "the run was interrupted")
                self.stop(position, *(interrupted if job.is_planned else ended))

    def _scores(self, result: Result, test_rows: Any) -> dict[str, float | None]:
        if result.prediction is None:
            return {}
        truth = truth_of(self._labels, test_rows)
        return {m.name: evaluate(m, truth, result.prediction) for m in of_task(self._labels.task)}


def run_jobs(
    jobs: Sequence[PlannedJob],
    work: Work,
    store: RunStore | None,
    progress: Progress | None,
    executor: Executor | None = None,
    seconds: Sequence[float | None] | None = None,
    known: Mapping[int, Result] | None = None,
    metric: Metric | None = None,
) -> list[Result]:
    """The results of all jobs of a plan, in its order; Ctrl-C ends the rest as interrupted.

    Parameters
    ----------
    jobs : those with another status than "planned" have ended before they began
    executor : runs ``submit(run_task, task, work, report)``; without one the tasks run here
    seconds : expected of each job, where the longest are to begin first
    known : results of an earlier part of the run, by position
    """
    record = Record(Labels.of(work.dataset), jobs, store, progress, metric)
    try:
        record.notify("started")
        _keep_known(record, known or {})
        tasks = make_tasks(jobs, work.dataset.task, record.results)
        costs = cost_tasks(jobs, record.results)
        if seconds is not None:
            tasks = longest_first(tasks, [sum(seconds[p] or 0.0 for p in task.positions) for task in tasks])
        if executor is None:
            for task in tasks:
                run_task(task, work, record.report)
            for task in record.worth_measuring(costs):
                run_task(task, work, record.report)
        else:
            _Dispatcher(executor, work, record).run(tasks, costs)
        record.notify("finished")
    except KeyboardInterrupt:
        record.interrupt()
    return [record.results[position] for position in range(len(jobs))]


def _keep_known(record: Record, known: Mapping[int, Result]) -> None:
    """Results that are written down already, and those of jobs that cannot run."""
    for position, job in enumerate(record.jobs):
        if position in known:
            record.keep(position, known[position])
        elif not job.is_planned:
            record.keep(position, job.ended(job.status, job.reason))


_KILLED = "a worker process of {} was killed from outside; what it did is tried again once"


class _Dispatcher:
    """Hands tasks to an executor and takes in what becomes of them, all in the caller's thread."""

    def __init__(self, executor: Executor, work: Work, record: Record) -> None:
        self._executor, self._work, self._record = executor, work, record
        self._inbox: queue.Queue[Callable[[], None]] = queue.Queue()
        self._open = 0
        self._ready = False
        self._again: set[int] = set()  # positions whose worker was killed before

    def run(self, tasks: Sequence[Task], costs: Sequence[Task] = ()) -> None:
        """All of ``tasks`` side by side, then each of ``costs`` alone."""
        try:
            for task in tasks:
                self._submit(task)
            while self._open:
                if self._open == 1:
                    self._warm_up(costs)
                self._inbox.get()()
            for task in self._record.worth_measuring(costs):
                self._submit(task)
                while self._open:
                    self._inbox.get()()
        except KeyboardInterrupt:
            self._executor.shutdown(wait=True, cancel_futures=True)
            while not self._inbox.empty():  # what was finished before is kept
                self._inbox.get()()
            raise

    def _warm_up(self, costs: Sequence[Task]) -> None:
        """Processes that measure costs import what they need beside the last of the folds, once."""
        if self._ready or not hasattr(self._executor, "warm"):
            return
        self._ready = True
        self._executor.warm(list(dict.fromkeys(task.family for task in costs)))

    def _submit(self, task: Task) -> None:
        self._open += 1
        future = self._executor.submit(run_task, task, self._work, self._report)
        future.add_done_callback(lambda ended: self._inbox.put(lambda: self._close(task, ended)))

    def _report(self, position: int, kind: str, value: Any) -> None:
        self._inbox.put(lambda: self._record.report(position, kind, value))

    def _close(self, task: Task, future: Future[Any]) -> None:
        """A fleet that died keeps the folds that ended; the others are tried again one by one.

        Which of the networks in training was at fault cannot be seen from outside. Alone each gives the
        same numbers, finds more memory, and the one at fault costs its own row. A fleet that ran out of
        time is not tried again: that would multiply the time by its folds. Nor is one that took along
        whole machines. What was killed from outside is tried again as it was, once.
        """
        self._open -= 1
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            return
        left = [position for position in task.positions if position not in self._record.results]
        if not isinstance(error, WorkerDied):
            raise error
        self._record.withdraw(left)
        if error.killed and left and not self._again.intersection(left):
            self._again.update(left)
            self._record.notify("note", message=_KILLED.format(self._record.jobs[left[0]].model))
            self._submit(replace(task, positions=tuple(left)))
            return
        if error.apart and len(left) > 1:
            for position in left:
                self._submit(Task((position,), task.family))
            return
        for position in left:
            self._record.stop(position, error.status, error.reason)
