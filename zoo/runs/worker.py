"""A worker process: as its parent sees it (start, talk, measure, kill), and the program that it runs.

It is started as a fresh interpreter, not by ``multiprocessing``: that would import the caller's main
module again, which a script without a guard, a notebook or a pipe does not survive. It leads a process
group of its own, so that Ctrl-C in a terminal reaches the parent only and a kill takes its children too.

How much memory a worker process and the processes below it use is read from the system without a library.
"""

from __future__ import annotations

import collections
import contextlib
import gc
import json
import mmap
import os
import pickle
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from .limits import VARIABLES

_START = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1])['path']; "
    "from deepworth.zoo.runs.worker import main; main(sys.argv[1])"
)
COUNTS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)


def environment(
    threads: int | None, counts: dict[str, str] | None = None, deterministic: bool = False
) -> dict[str, str]:
    """Variables of a worker: threads where a number was asked for, and one GPU for all.

    Without a number each fit is held to its threads when it begins, as it is in one process: workers
    that start before the plan is known must round as those that start later. ``counts`` are the
    variables of threads of the process that asked, where that is another one.
    """
    found = dict(os.environ)
    if counts is not None:
        found = {name: value for name, value in found.items() if name not in COUNTS} | counts
    if threads is not None:
        found |= dict.fromkeys(COUNTS, str(threads))
    if deterministic:
        found |= VARIABLES
    found.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    return found


class WorkerProcess:
    """A fresh interpreter that runs one task at a time.

    Parameters
    ----------
    kind : what it imports first: "classical" or "deep"
    work : descriptor of the open file with the pickled :class:`~.tasks.Work`
    post : called with (worker, kind, position, value) for each message; kind is "gone" when the line ends
    """

    def __init__(self, kind: str, work: int, variables: dict[str, str], post: Callable[..., None]) -> None:
        self.kind, self.ready, self.alive, self.used = kind, False, True, False
        self.measures = False  # has run tasks that measure costs, and no others
        self.at_rest = 0  # bytes when it had imported what it needs
        self.broken = ""
        self._ended = 0.0
        ours, theirs = socket.socketpair()
        given = {
            "kind": kind,
            "line": theirs.fileno(),
            "work": work,
            "parent": os.getpid(),
            "path": [str(p) for p in sys.path],
        }
        try:
            # -P: the folder from which the user calls must not shadow a library
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START, json.dumps(given)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(theirs.fileno(), work),
                start_new_session=True,
                env=variables,
            )
        finally:
            theirs.close()
        self.family = Family(self.pid)
        self._line = Connection(ours.detach())
        self._said: collections.deque[bytes] = collections.deque(maxlen=16)
        for target in (self._listen, self._keep_errors):
            threading.Thread(target=target, args=(post,), daemon=True).start()

    @property
    def pid(self) -> int:
        """Of the process, and of its group."""
        return self._process.pid

    def send(self, task: Any) -> None:
        """Give it a task."""
        with contextlib.suppress(OSError):  # it has died; whoever listens hears that
            self._line.send(task)

    def kill(self) -> None:
        """End it and its children at once, those too that left its group."""
        self.alive = False
        below = descendants(self.pid)
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            self._process.kill()
        for pid in below:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def exited_for(self, now: float) -> float:
        """Seconds since it was first seen that the process had ended; 0 while it lives."""
        if self._process.poll() is None:
            return 0.0
        self._ended = self._ended or now
        return now - self._ended

    def was_killed(self) -> bool:
        """Whether it was ended from outside, by a person or by a system that is short of memory."""
        return self._process.wait() == -signal.SIGKILL

    def ending(self) -> str:
        """How it ended, in words."""
        code = self._process.wait()
        if code == -signal.SIGKILL:
            return "killed from outside, as a system that is short of memory does"
        if code < 0:
            return f"ended by {signal.Signals(-code).name}"
        return f"the process exited with code {code}{self._last_words() if code else ''}"

    def _last_words(self) -> str:
        lines = b"".join(self._said).decode(errors="replace").strip().splitlines()
        return f": {lines[-1][:200]}" if lines else ""

    def _listen(self, post: Callable[..., None]) -> None:
        try:
            while True:
                post(self, *self._line.recv())
        except (EOFError, OSError):
            post(self, "gone", None, None)

    def _keep_errors(self, post: Callable[..., None]) -> None:
        stream = self._process.stderr
        assert stream is not None
        with stream:
            while part := stream.read1(4096):  # type: ignore[attr-defined]
                self._said.append(part)


_LOOK_EVERY = 0.5  # seconds; a worker for networks has a hundred threads, each with its own list of children


class Family:
    """A process and everything that it started, wherever that went since.

    On Linux; elsewhere the process alone is seen.
    """

    def __init__(self, pid: int) -> None:
        self._pid, self._looked = pid, 0.0
        self._below: Sequence[int] = ()

    def bytes(self, most: int | None = None) -> int:
        """Memory in RAM. Pages that members share (after a fork) count once if the sum is above ``most``."""
        now = time.monotonic()
        if now - self._looked > _LOOK_EVERY:
            self._looked, self._below = now, descendants(self._pid)
        own = resident_bytes(self._pid)
        if not self._below:
            return own
        total = own + sum(map(resident_bytes, self._below))
        if most is None or total <= most:
            return total
        return sum(_shared_bytes(pid) for pid in (self._pid, *self._below))


def descendants(pid: int) -> list[int]:
    """Ids of the processes below a process; none where the system does not tell."""
    found, waiting = [], [pid]
    while waiting:
        for task in _listed(f"/proc/{waiting.pop()}/task"):
            children = [int(word) for word in _read(task / "children").split()]
            waiting += children
            found += children
    return found


def resident_bytes(pid: int) -> int:
    """Memory of a process that is in RAM; 0 where it is gone."""
    words = _read(Path(f"/proc/{pid}/statm")).split()
    if words:
        return int(words[1]) * os.sysconf("SC_PAGE_SIZE")
    if sys.platform == "linux":
        return 0
    shown = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return int(shown.stdout.strip() or 0) * 1024


def _shared_bytes(pid: int) -> int:
    """As :func:`resident_bytes`, each page divided by the processes that share it. Takes milliseconds."""
    lines = _read(Path(f"/proc/{pid}/smaps_rollup")).splitlines()
    sizes = [int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")]
    return sizes[0] if sizes else resident_bytes(pid)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the process has gone
        return ""


def _listed(folder: str) -> list[Path]:
    try:
        return list(Path(folder).iterdir())
    except OSError:
        return []


_EPOCHS_EVERY = 0.1  # seconds; small networks end thousands of epochs a second
# What each kind of worker imports while it waits for its first task.
_WARM: dict[str, tuple[str, ...]] = {
    "classical": (".tasks", "..artefact.formats"),
    "deep": (".tasks", "..artefact.formats", "..training.fleet"),
    "pretrained": (".tasks", "..artefact.formats", "..training.fleet"),
}


def main(arguments: str) -> None:
    """Serve until the parent closes the line, or dies."""
    given = json.loads(arguments)
    _die_with(given["parent"])
    with contextlib.suppress(OSError):  # short of memory, the system should take this process first
        Path("/proc/self/oom_score_adj").write_text("500")
    line = _Line(Connection(given["line"]))
    try:
        for name in _WARM[given["kind"]]:
            import_module(name, __package__)
    except BaseException as error:
        line.send("broken", None, f"{type(error).__name__}: {error}")
        raise
    gc.collect()
    gc.freeze()  # what was imported stays; to go through it again would take 50 ms of every measured fit
    line.send("ready", None, os.getpid())
    _serve(line, given["work"])


def _serve(line: _Line, file: int) -> None:
    from .tasks import run_task

    work: Any = None
    while True:
        task = line.tasks.get()
        if work is None:
            with mmap.mmap(file, 0, access=mmap.ACCESS_READ) as view:
                work = pickle.loads(view)
        run_task(task, work, line.report)
        line.send("end", None, None)


class _Line:
    """Messages to and from the parent. When it is gone there is nobody to work for."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._lock, self._last_epoch = connection, threading.Lock(), 0.0
        self.tasks: queue.Queue[Any] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        try:
            while True:
                self.tasks.put(self._connection.recv())
        except (EOFError, OSError):
            os._exit(0)

    def send(self, kind: str, position: int | None, value: Any) -> None:
        with self._lock:
            try:
                self._connection.send((kind, position, value))
            except OSError:
                os._exit(0)

    def report(self, position: int, kind: str, value: Any) -> None:
        """Pass on what happens to a job; of epochs a few a second."""
        if kind == "epoch":
            now = time.monotonic()
            if now - self._last_epoch < _EPOCHS_EVERY:
                return
            self._last_epoch = now
        self.send(kind, position, value)


def _die_with(parent: int) -> None:
    """Linux kills this process when its parent dies, however busy it is; the line does it elsewhere."""
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:  # it died before
        os._exit(0)
