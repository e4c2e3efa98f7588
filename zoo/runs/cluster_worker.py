"""What a Dask worker does with a task: a process of ours runs it, the Dask worker passes on what that says.

So limits of time and memory, kills and crashes are as on one machine: a job that crashes takes its own
process along and not the Dask worker, whose other tasks and data would be lost with it.
"""

from __future__ import annotations

import contextlib
import pickle
import queue
import threading
from concurrent.futures import Future
from typing import Any

from distributed import Queue, Worker, WorkerPlugin, get_client, get_worker
from distributed.comm import get_address_host

from ...datasets import InputError
from ..preprocessing.runtime import usable_cores
from .limits import Limits
from .tasks import Task, run_task
from .workers import WorkerDied, Workers

_crews: dict[tuple[str, str], _Crew] = {}  # by Dask worker and run
_lock = threading.Lock()


def serve(
    work: bytes, terms: dict[str, Any], number: int, positions: tuple[int, ...], family: str, alone: bool
) -> None:
    """Run one task; everything that happens goes into the queue of the run, its end last.

    Parameters
    ----------
    work : the pickled :class:`~.tasks.Work`
    terms : what :meth:`.cluster.Cluster._terms` says of the run
    number : by which the run knows the task
    positions, family, alone : of the task
    """
    worker = get_worker()
    try:
        crew = _crew(worker, terms, work)
    except InputError as error:
        raise InputError(f"the Dask worker {worker.address} has {error}") from error
    key = worker.get_current_task()
    crew.busy.add(key)
    try:
        cores = None if alone else crew.cores
        _pass_on(crew, number, Task(positions, family, cores, alone), work)
    finally:
        crew.busy.discard(key)


def _pass_on(crew: _Crew, number: int, task: Task, work: bytes) -> None:
    """All messages of a task, from the thread that may talk to the scheduler."""
    said: queue.SimpleQueue[tuple[int, str, Any] | None] = queue.SimpleQueue()
    crew.tell(number, task.positions[0], "host", crew.host)  # first: if this worker dies, it had the task
    future = crew.workers.submit(run_task, task, work, lambda *message: said.put(message))
    future.add_done_callback(lambda _: said.put(None))
    while (message := said.get()) is not None:
        crew.tell(number, *message)
    crew.tell(number, task.positions[0], "end", _ending(future))


def _ending(future: Future[None]) -> tuple[Any, ...] | None:
    """None for a good end, or what a WorkerDied is made from."""
    if future.cancelled():
        return ("crashed", "its Dask worker gave it up", False)
    error = future.exception()
    if error is None:
        return None
    if isinstance(error, WorkerDied):
        return error.status, error.reason, error.apart
    raise error


def _crew(worker: Worker, terms: dict[str, Any], work: bytes) -> _Crew:
    """The worker processes of a run on this Dask worker, made for the first task."""
    with _lock:
        name = (worker.id, terms["run"])
        if name not in _crews:
            _crews[name] = _Crew(worker, terms)
            add = worker.loop.asyncio_loop.create_task  # type: ignore[attr-defined]
            worker.loop.add_callback(lambda crew: add(worker.plugin_add(crew, crew.name)), _crews[name])
        _crews[name].data.add(terms["data"])
        return _crews[name]


class _Crew(WorkerPlugin):
    """Worker processes of one run, killed when the run lets go of its data here or of a task that runs.

    That is when it has ended, was interrupted, or its process has died: the scheduler then tells all of
    its workers, which tell their plugins.
    """

    def __init__(self, worker: Worker, terms: dict[str, Any]) -> None:
        self.name = f"deepworth-{terms['run']}"
        self.host = get_address_host(worker.address)
        self.data: set[str] = set()  # keys
        self.busy: set[Any] = set()
        self._id, self._loop, self._remove = (worker.id, terms["run"]), worker.loop, worker.plugin_remove
        own = worker.state.nthreads
        slots = max(own, terms["slots"].get(self.host, own))  # tasks at a time on this machine
        self.cores = max(1, usable_cores() // slots)
        limits = Limits(own, terms["threads"], terms["seconds"], terms["bytes"])
        self.workers = Workers(limits, share=own / slots, patient=True, counts=terms["counts"])
        self._mail = Queue(terms["mail"], client=get_client())

    def tell(self, number: int, position: int, kind: str, value: Any) -> None:
        """Returns when the scheduler has it, so that it arrives before the end of the task does."""
        self._mail.put([number, position, kind, pickle.dumps(value, protocol=5)])

    def transition(self, key: Any, start: str, finish: str, **_: Any) -> None:
        """Dask says what becomes of a key on this worker."""
        if finish == "released" and (key in self.data or key in self.busy):
            self.close()

    def teardown(self, worker: Worker) -> None:
        """The Dask worker ends."""
        self.close()

    def close(self) -> None:
        """Kill the processes; called from the loop of the Dask worker, which must not wait."""
        if _crews.pop(self._id, None) is None:
            return
        self.workers.shutdown(wait=False)
        self._loop.add_callback(self._forget)

    async def _forget(self) -> None:
        with contextlib.suppress(Exception):  # the scheduler may have gone
            self._mail.close()
        await self._remove(self.name)
