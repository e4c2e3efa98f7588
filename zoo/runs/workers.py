"""Worker processes behind the interface of ``concurrent.futures.Executor``, with hard limits."""

from __future__ import annotations

import pickle
import queue
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ...datasets import InputError
from ..preprocessing.runtime import available_bytes
from .limits import Limits
from .tasks import Report, Task, Work
from .worker import WorkerProcess, environment

_TICK = 0.05
_MEASURE_EVERY = 0.05 if sys.platform == "linux" else 0.5  # elsewhere it takes a process
_START_SECONDS = 300.0
_LINGER_SECONDS = 2.0  # a dead worker's child may hold its line open


class WorkerDied(Exception):
    """A worker ended in the middle of a task: ``status`` is timeout, out_of_memory or crashed.

    ``apart`` says whether the jobs of the task are worth another try one by one, ``killed`` whether somebody
    else ended it, which says nothing about the task.
    """

    def __init__(self, status: str, reason: str, apart: bool | None = None, killed: bool = False) -> None:
        super().__init__(reason)
        self.status, self.reason, self.killed = status, reason, killed
        self.apart = status != "timeout" if apart is None else apart


@dataclass
class _Order:
    """A task that waits or runs, and what its worker did so far."""

    task: Task
    report: Report
    future: Future[None] = field(default_factory=Future)
    began: float = 0.0  # 0 until the worker has everything that the task needs
    sent: float = 0.0
    ended: int = 0  # jobs of it
    fresh: bool = False  # wants a worker that has run nothing


class Workers(Executor):
    """Runs tasks in processes of their own; a task that dies takes its worker with it and nothing else.

    Workers are reused: imports are paid once, and a fit in a process that has fitted before is timed
    without the costs of a first call. One that has grown by a quarter of its memory limit is replaced, and a
    task that finds too little memory in a used worker gets another try in a fresh one: what its
    predecessors left behind is not its fault.

    Parameters
    ----------
    share : of the memory that is free, for all workers together where the limits name no size
    patient : keep as many idle workers as may run, for tasks that nobody has announced
    counts : variables of threads, instead of those of this process
    """

    def __init__(
        self,
        limits: Limits,
        *,
        share: float = 1.0,
        patient: bool = False,
        counts: dict[str, str] | None = None,
    ) -> None:
        self._limits, self._most, self._patient = limits, max(1, limits.workers), patient
        self._enough = int(0.9 * share * available_bytes())
        try:
            self._file = tempfile.TemporaryFile(prefix="deepworth-")  # noqa: SIM115 (closed by shutdown)
        except OSError as error:
            raise InputError(f"no room for temporary files: {error}; TMPDIR names another folder") from error
        self._variables = environment(limits.threads, counts, limits.deterministic)
        self._work: Work | bytes | None = None
        self._orders: list[_Order] = []
        self._running: dict[WorkerProcess, _Order] = {}
        self._idle: list[WorkerProcess] = []  # started ones without a task, ready or not
        self._posts: queue.Queue[Any] = queue.Queue()
        self._lock, self._stopped, self._measured = threading.Lock(), threading.Event(), 0.0
        self._thread = threading.Thread(target=self._manage, name="deepworth-workers", daemon=True)
        self._thread.start()

    def warm(self, kinds: list[str]) -> None:
        """Start workers of these kinds now: they import while something else goes on."""
        self._posts.put((None, "warm", None, kinds))

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """``submit(run_task, task, work, report)``, with the same work (or its pickle) every time.

        The future ends when the task does, or raises WorkerDied. Every finished job reaches ``report``
        before that, from a thread of this executor.
        """
        if self._stopped.is_set():
            raise RuntimeError("cannot submit to workers that have been shut down")
        task, work, report = args
        if self._work is None:
            self._share(work)
        order = _Order(task, report)
        self._posts.put((None, "order", None, order))
        return order.future

    def _share(self, work: Work | bytes) -> None:
        """Written once for all workers, to a file without a name, of which nothing is left."""
        try:
            if isinstance(work, bytes):
                self._file.write(work)
            else:
                pickle.dump(work, self._file, protocol=5)
            self._file.flush()
        except OSError as error:
            raise InputError(f"no room for temporary files: {error}; TMPDIR names another folder") from error
        self._work = work

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Kill all workers; orders that have not ended are cancelled."""
        self._stopped.set()
        self._posts.put((None, "stop", None, None))
        if wait:
            self._thread.join()
            self._file.close()

    def _manage(self) -> None:
        """The only thread that starts, feeds, watches and kills workers."""
        failure = None
        try:
            while not self._stopped.is_set():
                with suppress(queue.Empty):
                    self._take(*self._posts.get(timeout=_TICK))
                self._watch()
                self._feed()
        except Exception as error:  # a fault of ours must not leave anybody waiting
            failure = error
        self._end_all(failure)

    def _end_all(self, failure: Exception | None) -> None:
        self._stopped.set()
        for worker in [*self._running, *self._idle]:
            worker.kill()
        left = [*self._running.values(), *self._orders]
        while not self._posts.empty():
            _, kind, _, value = self._posts.get()
            left += [value] if kind == "order" else []
        for order in left:
            if failure is None:
                order.future.cancel()
            elif not order.future.done():
                order.future.set_exception(failure)

    def _take(self, worker: WorkerProcess | None, kind: str, position: int | None, value: Any) -> None:
        if worker is None:
            if kind == "order":
                self._orders.append(value)
            elif kind == "warm":
                with suppress(OSError):  # whoever needs one will say so
                    for each in value:
                        self._idle.append(self._start(each))
            return
        order = self._running.get(worker)
        if kind == "ready":
            worker.ready, worker.at_rest = True, worker.family.bytes()
        elif kind == "broken":
            worker.broken = value
        elif kind == "gone":
            self._gone(worker, order)
        elif order is not None:
            self._progress(worker, order, kind, position, value)

    def _progress(self, worker: WorkerProcess, order: _Order, kind: str, position: Any, value: Any) -> None:
        if kind == "end":
            self._retire_or_keep(worker)
            order.future.set_result(None)
            return
        if kind == "begin":
            order.began = time.monotonic()
        order.ended += kind == "result"
        order.report(position, kind, value)

    def _retire_or_keep(self, worker: WorkerProcess) -> None:
        ended = self._running.pop(worker)
        worker.used = True
        worker.measures = ended.task.alone
        wanted = ended.task.alone or any(order.task.family == worker.kind for order in self._orders)
        wanted = wanted or (self._patient and len(self._idle) < self._most)
        grown = worker.family.bytes() - worker.at_rest
        if wanted and grown < (self._limits.bytes or self._enough) / 4:
            self._idle.append(worker)
        else:
            worker.kill()

    def _gone(self, worker: WorkerProcess, order: _Order | None) -> None:
        if not worker.alive:
            return
        worker.alive = False
        if worker in self._idle:
            self._idle.remove(worker)
        if order is not None:
            del self._running[worker]
            started = worker.broken or worker.ending()
            words = started if worker.ready else f"a worker process could not start: {started}"
            killed = not worker.broken and worker.was_killed()
            worker.kill()
            order.future.set_exception(WorkerDied("crashed", words, killed=killed))

    def _feed(self) -> None:
        """Give waiting tasks to idle workers of their kind, or to new ones."""
        while self._orders and len(self._running) < self._most:
            order = self._orders.pop(0)
            kind = order.task.family
            own = [w for w in self._idle if w.kind == kind and _suits(w, order)]
            if not own and self._patient:
                self._make_room()
            try:
                worker = own[0] if own else self._start(kind)
            except OSError as error:
                order.future.set_exception(WorkerDied("crashed", f"no worker process: {error}"))
                continue
            if own:
                self._idle.remove(worker)
            order.sent = time.monotonic()
            self._running[worker] = order
            worker.send(order.task)

    def _make_room(self) -> None:
        """End the idle worker that has waited longest, if there are as many as may run."""
        if self._idle and len(self._idle) + len(self._running) >= self._most:
            self._idle.pop(0).kill()

    def _start(self, kind: str) -> WorkerProcess:
        return WorkerProcess(kind, self._file.fileno(), self._variables, self._post)

    def _post(self, *message: Any) -> None:
        self._posts.put(message)

    def _watch(self) -> None:
        now = time.monotonic()
        for worker, order in list(self._running.items()):
            if worker.exited_for(now) > _LINGER_SECONDS:  # usually its line ends, with all that it said
                self._gone(worker, order)
            elif order.began and self._limits.seconds is not None:
                self._check_time(worker, order, now)
            elif not order.began and now - order.sent > _START_SECONDS:
                self._end(worker, order, "crashed", f"no worker was ready within {_START_SECONDS:.0f} s")
        if now - self._measured >= _MEASURE_EVERY:
            self._measured = now
            self._check_memory()

    def _check_time(self, worker: WorkerProcess, order: _Order, now: float) -> None:
        """Networks that are trained together share the sum of their limits.

        A measured fit has all training rows, and a small one and a thousand predictions around it.
        """
        limit = self._limits.seconds or 0.0
        allowed = 2 * limit + 10 if order.task.alone else limit * len(order.task.positions)
        if now - order.began > allowed:
            number = len(order.task.positions)
            together = f" for {number} fits together" if number > 1 else ""
            self._end(worker, order, "timeout", f"ran longer than {allowed:g} s{together}")

    def _check_memory(self) -> None:
        used = {worker: worker.family.bytes(self._limits.bytes or self._enough) for worker in self._running}
        if not used:
            return
        largest = max(used, key=lambda worker: used[worker])
        limit = self._limits.bytes
        for worker, size in used.items():
            if limit is not None and size > limit:
                self._short(worker, f"took more than the {_gigabytes(limit)} of its memory limit")
        if limit is None and sum(used.values()) > self._enough:
            self._short(largest, f"took more than the {_gigabytes(self._enough)} of memory that were free")

    def _short(self, worker: WorkerProcess, reason: str) -> None:
        order = self._running[worker]
        if not worker.used or order.ended:
            self._end(worker, order, "out_of_memory", reason)
            return
        del self._running[worker]
        worker.kill()
        self._orders.insert(0, _Order(order.task, order.report, order.future, fresh=True))

    def _end(self, worker: WorkerProcess, order: _Order, status: str, reason: str) -> None:
        del self._running[worker]
        worker.kill()
        order.future.set_exception(WorkerDied(status, reason))


def _suits(worker: WorkerProcess, order: _Order) -> bool:
    """A measured task wants a process that has done nothing but measured ones."""
    return not worker.used or not (order.fresh or order.task.alone != worker.measures)


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.3g} GB"
