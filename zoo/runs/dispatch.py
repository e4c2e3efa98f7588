"""Run the jobs of a plan, here or by an executor, and write each down as soon as it ends."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import Any

from ...datasets import Dataset
from ..judging.scores import truth_of
from ..metrics import evaluate, of_task
from ..workflows._result import predictions_of
from .fitting import Job
from .journal import RunStore
from .progress import Event, Progress
from .tasks import Task, Work, cost_tasks, longest_first, make_tasks, run_task
from .workers import WorkerDied


class Ledger:
    """The jobs of a run in the order of its plan: what ended, what runs, who is told."""

    def __init__(
        self, dataset: Dataset, jobs: Sequence[Job], record: RunStore | None, progress: Progress | None
    ) -> None:
        self._dataset, self._record = dataset, record
        self._progress = progress or (lambda event: None)
        self.jobs = list(jobs)
        self.done: set[int] = set()
        self._current = ""
        self._beside: dict[int, bool] = {}  # places that run now, and whether others ran meanwhile
        self._hosts: dict[int, str] = {}  # machines of places that another one than this runs

    def tell(self, kind: str, model: str = "", message: str = "") -> None:
        """Tell whoever watches."""
        self._progress(Event(kind, model, len(self.done), len(self.jobs), message))

    def hear(self, place: int, kind: str, value: Any) -> None:
        """What a task reports, see :data:`._tasks.Hear`."""
        model = self.jobs[place].model
        if kind == "host":
            self._hosts[place] = value
        elif kind == "begin":
            self._begin(model, [own for own in value if own not in self.done], self._hosts.get(place, ""))
        elif kind == "epoch":
            self.tell("epoch", model, f"epoch {value}")
        elif kind == "job" and place not in self.done:
            self.end(place, value if isinstance(value, Job) else replace(self.jobs[place], **value))

    def _begin(self, model: str, places: Sequence[int], host: str) -> None:
        if self._record:
            self._record.begin([self.jobs[place] for place in places])
        self._hosts |= dict.fromkeys(places, host)
        others = [p for p in self._beside if p not in places and self._hosts[p] == host]
        self._beside |= dict.fromkeys(others, True)
        self._beside |= dict.fromkeys(places, bool(others))
        if model != self._current:
            self._current = model
            self.tell("model", model)

    def end(self, place: int, job: Job) -> None:
        """Write a finished job down."""
        job.contended = self._beside.pop(place, False)
        if self._record:
            said = predictions_of(self._dataset, job) if job.prediction is not None else None
            self._record.add(job, self._scored(job), said)
        self.jobs[place] = job
        self.done.add(place)
        self.tell("fold", job.model, job.reason)

    def give_up(self, places: Sequence[int]) -> None:
        """These jobs do not run any more."""
        for place in places:
            self._beside.pop(place, None)

    def stop(self, place: int, status: str, reason: str) -> None:
        """A job that ended without an answer."""
        self.end(place, replace(self.jobs[place], status=status, reason=reason))

    def worth_measuring(self, costs: Sequence[Task]) -> Iterator[Task]:
        """Those of models that can be fitted; the costs of others are skipped, with their reason."""
        for task in costs:
            model = self.jobs[task.places[0]].model
            own = [job for job in self.jobs if job.model == model and job.kind == "fold"]
            if any(job.status == "ok" for job in own):
                yield task
            else:
                self.stop(task.places[0], "skipped", own[0].reason if own else "no fold was fitted")

    def interrupt(self) -> None:
        """Every job that has not ended is interrupted."""
        self._progress = lambda event: None
        for place, job in enumerate(self.jobs):
            if place not in self.done:
                planned = job.status == "planned"
                job = replace(job, status="interrupted", reason="the run was interrupted") if planned else job
                self.end(place, job)

    def _scored(self, job: Job) -> dict[str, float | None]:
        if job.prediction is None:
            return {}
        truth = truth_of(self._dataset, job.split.test)
        return {m.name: evaluate(m, truth, job.prediction) for m in of_task(self._dataset.task)}


def run_jobs(
    jobs: Sequence[Job],
    work: Work,
    record: RunStore | None,
    progress: Progress | None,
    executor: Executor | None = None,
    seconds: Sequence[float | None] | None = None,
) -> list[Job]:
    """Every job of a plan, ended; Ctrl-C ends the rest as interrupted.

    Parameters
    ----------
    jobs : those with another status than "planned" have ended before
    executor : runs ``submit(run_task, task, work, hear)``; without one the tasks run here
    seconds : expected of each job, where the longest are to begin first
    """
    ledger = Ledger(work.dataset, jobs, record, progress)
    try:
        ledger.tell("started")
        for place, job in enumerate(jobs):
            if job.status != "planned":  # its row is there already
                ledger.done.add(place)
                ledger.tell("fold", job.model, job.reason)
        tasks, costs = make_tasks(jobs, work.dataset.task), cost_tasks(jobs)
        if seconds is not None:
            tasks = longest_first(tasks, [sum(seconds[p] or 0.0 for p in task.places) for task in tasks])
        if executor is None:
            for task in tasks:
                run_task(task, work, ledger.hear)
            for task in ledger.worth_measuring(costs):
                run_task(task, work, ledger.hear)
        else:
            _Overseer(executor, work, ledger).run(tasks, costs)
        ledger.tell("finished")
    except KeyboardInterrupt:
        ledger.interrupt()
    return ledger.jobs


class _Overseer:
    """Hands tasks to an executor and hears what becomes of them, all in the caller's thread."""

    def __init__(self, executor: Executor, work: Work, ledger: Ledger) -> None:
        self._executor, self._work, self._ledger = executor, work, ledger
        self._inbox: queue.Queue[Callable[[], None]] = queue.Queue()
        self._open = 0
        self._ready = False

    def run(self, tasks: Sequence[Task], costs: Sequence[Task] = ()) -> None:
        """All of ``tasks`` side by side, then each of ``costs`` alone."""
        try:
            for task in tasks:
                self._submit(task)
            while self._open:
                if self._open == 1:
                    self._get_ready(costs)
                self._inbox.get()()
            for task in self._ledger.worth_measuring(costs):
                self._submit(task)
                while self._open:
                    self._inbox.get()()
        except KeyboardInterrupt:
            self._executor.shutdown(wait=True, cancel_futures=True)
            while not self._inbox.empty():  # what was finished before is kept
                self._inbox.get()()
            raise

    def _get_ready(self, costs: Sequence[Task]) -> None:
        """Processes that measure costs import what they need beside the last of the folds, once."""
        if self._ready or not hasattr(self._executor, "warm"):
            return
        self._ready = True
        self._executor.warm(list(dict.fromkeys(task.family for task in costs)))

    def _submit(self, task: Task) -> None:
        self._open += 1
        future = self._executor.submit(run_task, task, self._work, self._hear)
        future.add_done_callback(lambda ended: self._inbox.put(lambda: self._close(task, ended)))

    def _hear(self, place: int, kind: str, value: Any) -> None:
        self._inbox.put(lambda: self._ledger.hear(place, kind, value))

    def _close(self, task: Task, future: Future[Any]) -> None:
        """A fleet that died keeps the folds that ended; the others are tried again one by one.

        Which of the networks in training was at fault cannot be seen from outside. Alone each gives the
        same numbers, finds more memory, and the one at fault costs its own row. A fleet that ran out of
        time is not tried again: that would multiply the time by its folds. Nor is one that took along
        whole machines.
        """
        self._open -= 1
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            return
        left = [place for place in task.places if place not in self._ledger.done]
        if not isinstance(error, WorkerDied):
            raise error
        self._ledger.give_up(left)
        if error.apart and len(left) > 1:
            for place in left:
                self._submit(Task((place,), task.family))
            return
        for place in left:
            self._ledger.stop(place, error.status, error.reason)
