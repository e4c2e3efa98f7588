"""The workers of a Dask scheduler behind the interface of ``concurrent.futures.Executor``.

Connect to a Dask scheduler and look at its workers before anything is sent there.
"""

from __future__ import annotations

import logging
import os
import pickle
import re
import secrets
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from ...datasets import InputError
from ..artefact.inspecting import versions
from .limits import Limits
from .tasks import Report, Task
from .worker import COUNTS
from .workers import WorkerDied

_MOST_SENDS = 3  # of one task that ran on some of the workers that died
_MOST_SENDS_UNTOUCHED = 20  # of one that only waited there
_PATIENCE = 300  # seconds without any worker
_CLOSE_SECONDS = 1
_LEAVE_SECONDS = 0.5


@dataclass
class _Order:
    """A task on its way, how often it was sent, and how many workers have begun with it since."""

    task: Task
    report: Report
    future: Future[None] = field(default_factory=Future)
    remote: Any = None
    sends: int = 0
    begun: int = 0


class Cluster(Executor):
    """Runs tasks on the workers of a running scheduler.

    What all tasks share is scattered to all workers once; a worker that comes later fetches it from
    another one. What happens to a task comes back by a queue of the scheduler as soon as it happens. Dask
    sends a task whose worker died to another one, as often as the scheduler's ``allowed-failures`` says.

    Parameters
    ----------
    address : of the scheduler, ``tcp://host:8786``
    limits : of each job, on whatever machine it runs

    Raises
    ------
    InputError
        There is no scheduler, it has no workers, or one of them lacks deepworth or has another version.
    """

    def __init__(self, address: str, limits: Limits) -> None:
        self.address, self._limits = address, limits
        self._client = connect(address)
        try:
            self.remarks = check_workers(self._client, address)
            self._nthreads: dict[str, int] = self._client.nthreads()
            from distributed import Queue

            self._run = secrets.token_hex(4)
            self._mail = Queue(f"deepworth-{self._run}", client=self._client)
        except BaseException:
            self._client.close(timeout=_CLOSE_SECONDS)
            raise
        self._pickled = b""
        self._data: Any = None
        self._orders: dict[int, _Order] = {}
        self._lock, self._closed = threading.RLock(), False
        threading.Thread(target=self._listen, name="deepworth-cluster", daemon=True).start()

    def facts(self) -> dict[str, Any]:
        """What a run keeps about where it was made."""
        return {"address": self.address, "workers": self._nthreads}

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """``submit(run_task, task, work, report)``, with the same work each time, as by :class:`Workers`."""
        task, work, report = args
        if self._data is None:
            self._pickled = pickle.dumps(work, protocol=5)
            self._share()
        with self._lock:
            number = len(self._orders)
            self._orders[number] = _Order(task, report)
            self._send(number)
            return self._orders[number].future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let go of everything on the cluster; its workers end the processes of this run then."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        leaving = threading.Thread(target=self._leave, daemon=True)
        leaving.start()
        leaving.join(_LEAVE_SECONDS)  # after Ctrl-C nobody waits; what is left ends with the connection
        for order in self._orders.values():
            order.future.cancel()

    def _leave(self) -> None:
        with quiet(), suppress(Exception):
            self._mail.close()
            left = [order.remote for order in self._orders.values() if not order.future.done()]
            data = [] if self._data is None else [self._data]
            self._client.cancel([*filter(None, left), *data], force=True)
        with quiet(), suppress(Exception):
            self._client.close(timeout=_CLOSE_SECONDS)

    def _share(self) -> None:
        """Once to each worker; the keys of scattered data belong to this run alone."""
        try:
            self._client.wait_for_workers(1, timeout=_PATIENCE)
            self._data = self._client.scatter(self._pickled, broadcast=True, hash=False, timeout=_PATIENCE)
        except TimeoutError as error:
            raise InputError(
                f"the scheduler at {self.address} has had no worker for {_PATIENCE} s; start one and go on"
            ) from error

    def _send(self, number: int) -> None:
        order = self._orders[number]
        order.sends += 1
        order.begun = 0
        order.remote = self._client.submit(
            _errand(str(versions()["deepworth"])),
            self._data,
            self._terms(),
            number,
            order.task.positions,
            order.task.family,
            order.task.alone,
            key=f"deepworth-{self._run}-{number}-{order.sends}",
            pure=False,
        )
        order.remote.add_done_callback(lambda remote: self._ended(number, remote))

    def _terms(self) -> dict[str, Any]:
        """What a worker has to know of the run, in plain objects: the scheduler may lack deepworth."""
        from distributed.comm import get_address_host

        slots: dict[str, int] = {}
        for worker, threads in self._nthreads.items():
            host = get_address_host(worker)
            slots[host] = slots.get(host, 0) + threads
        return {
            "run": self._run,
            "mail": self._mail.name,
            "data": self._data.key,
            "slots": slots,
            "counts": {name: os.environ[name] for name in COUNTS if name in os.environ},
            **{name: getattr(self._limits, name) for name in ("threads", "seconds", "bytes")},
        }

    def _listen(self) -> None:
        """Pass on what workers say, until there is nobody to report it from."""
        try:
            while not self._closed:
                for number, position, kind, value in [self._mail.get(), *self._mail.get(batch=True)]:
                    self._take(number, position, kind, pickle.loads(value))
        except BaseException as error:
            self._fail(InputError(f"the scheduler at {self.address} has gone ({type(error).__name__})"))

    def _take(self, number: int, position: int, kind: str, value: Any) -> None:
        order = self._orders[number]
        if kind == "killed":
            with self._lock:
                self._killed(number, *value)
        elif kind != "end":
            order.begun += kind == "host"  # a worker says it before it does anything else
            order.report(position, kind, value)
        elif value is None:
            self._settle(order, None)
        else:
            self._settle(order, WorkerDied(*value))

    def _ended(self, number: int, remote: Any) -> None:
        """Dask has done with a task. A good end has been heard of already."""
        from distributed import KilledWorker

        order = self._orders[number]
        with self._lock:
            if (
                self._closed
                or order.future.done()
                or remote is not order.remote
                or remote.status == "finished"
            ):
                return
            try:
                if remote.cancelled():
                    self._post_death(number, 0, "those that had its data too")
                    return
                error = remote.exception()
                if isinstance(error, KilledWorker):
                    last = f"the last was {error.last_worker.address}"
                    self._post_death(number, error.allowed_failures + 1, last)
                elif isinstance(error, ImportError) and error.name == "deepworth":
                    self._fail(InputError(str(error)))
                else:
                    self._fail(error)
            except Exception as error:
                self._fail(error)

    def _post_death(self, number: int, deaths: int, words: str) -> None:
        """Workers died; by the queue, so that it comes after all that those workers said."""
        order = self._orders[number]
        news = pickle.dumps((order.sends, deaths, words))
        self._mail.put([number, order.task.positions[0], "killed", news])

    def _killed(self, number: int, send: int, deaths: int, words: str) -> None:
        """Workers died while they had the task. It is to blame only if each of them had begun with it.

        With all workers go the data, and nobody knows how many it were: ``deaths`` is 0.
        """
        order = self._orders[number]
        if self._closed or order.future.done() or send != order.sends:
            return
        words = f"{deaths or 'the'} Dask workers died under it, {words}"
        if deaths and order.begun >= deaths:
            self._settle(order, WorkerDied("crashed", words, apart=False))
        else:
            self._send_again(number, words, _MOST_SENDS if order.begun else _MOST_SENDS_UNTOUCHED)

    def _send_again(self, number: int, words: str, most: int) -> None:
        order = self._orders[number]
        if order.sends >= most:
            self._settle(order, WorkerDied("crashed", words, apart=False))
            return
        if self._data.status != "finished":
            self._share()
        self._send(number)

    @staticmethod
    def _settle(order: _Order, error: BaseException | None) -> None:
        if order.future.done():
            return
        if error is None:
            order.future.set_result(None)
        else:
            order.future.set_exception(error)

    def _fail(self, error: BaseException) -> None:
        """Nothing of the rest can end."""
        if not self._closed:
            for order in list(self._orders.values()):
                self._settle(order, error)


def _errand(version: str) -> Callable[..., None]:
    """A function that travels by value: a scheduler without deepworth passes it on, a worker complains."""

    def deepworth(work: bytes, *arguments: Any) -> None:
        import importlib.metadata

        import distributed

        try:
            own = importlib.metadata.version("deepworth")
        except importlib.metadata.PackageNotFoundError:
            own = "none"
        if own != version:
            name = distributed.get_worker().address
            raise ImportError(
                f"the Dask worker {name} needs deepworth {version}, it has {own}; "
                f"on its machine: pip install 'deepworth[cluster]=={version}'",
                name="deepworth",
            )
        from .cluster_worker import serve

        serve(work, *arguments)

    return deepworth


_CONNECT_SECONDS = 15  # a busy scheduler takes its time; where none is, the system says so at once
_ADDRESS = re.compile(r"(?:[a-z]+://)?[^\s/]+:\d{1,5}/?")
_LIBRARIES = ("keras", "tensorflow", "scikit-learn", "pandas", "numpy")


def connect(address: str) -> Any:
    """A client of the scheduler, within seconds or not at all."""
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError("--cluster needs Dask: pip install 'deepworth[cluster]'") from error
    if not _ADDRESS.fullmatch(address):
        raise InputError(f"cluster is the address of a Dask scheduler, like tcp://host:8786; got {address!r}")
    try:
        _knock(address)
        with quiet(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other versions; what matters is said below
            return Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError, ImportError) as error:
        raise InputError(
            f"no Dask scheduler answers at {address} ({_first_line(error)}); "
            "start one with `dask scheduler` and give its address, like tcp://host:8786"
        ) from error


def _knock(address: str) -> None:
    """Raise at once where nobody listens: Dask would try until its time is over."""
    scheme, _, rest = address.rpartition("://")
    if scheme not in ("", "tcp", "tls"):
        return
    host, _, port = rest.rstrip("/").rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_SECONDS).close()


@contextmanager
def quiet() -> Iterator[None]:
    """Dask logs what we say in one line, with tracebacks."""
    previous = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(previous)


def check_workers(client: Any, address: str) -> list[str]:
    """Refuse a cluster that cannot do the work; remarks about one that may give other numbers."""
    own = versions()
    with quiet():
        workers = client.get_versions(packages=["deepworth", *_LIBRARIES])["workers"]
    if not workers:
        raise InputError(
            f"the scheduler at {address} has no workers; start some with `dask worker {address} --nthreads 1`"
        )
    packages = {worker: facts["packages"] for worker, facts in sorted(workers.items())}
    for worker, has in packages.items():
        if reason := unfit(has["deepworth"], str(has["python"])):
            raise InputError(f"the Dask worker {worker} has {reason}")
    others = {
        f"{name} {has[name]} instead of {own[name]}"
        for has in packages.values()
        for name in _LIBRARIES
        if has[name] != own[name]
    }
    return [f"numbers may differ: workers have {', '.join(sorted(others))}"] if others else []


def unfit(deepworth: str | None, python: str) -> str:
    """Why a worker with these versions cannot take part; "" if it can."""
    ours = versions()["deepworth"]
    here = "{}.{}".format(*sys.version_info)
    there = ".".join(python.split(".")[:2])
    if there != here:
        return f"Python {there}, this is {here}; both must be the same"
    if deepworth == ours:
        return ""
    what = "no deepworth" if deepworth is None else f"deepworth {deepworth}, this is {ours}"
    return f"{what}; on its machine: pip install 'deepworth[cluster]=={ours}'"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
