"""The program of a worker process: wait for tasks, run them, say at once what ended.

It is started as a fresh interpreter, not by ``multiprocessing``: that would import the caller's main
module again, which a script without a guard, a notebook or a pipe does not survive. It leads a process
group of its own, so that Ctrl-C in a terminal reaches the parent only and a kill takes its children too.
"""

from __future__ import annotations

import contextlib
import gc
import json
import mmap
import os
import pickle
import queue
import signal
import sys
import threading
import time
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

_EPOCHS_EVERY = 0.1  # seconds; small networks end thousands of epochs a second
# What each kind of worker imports while it waits for its first task.
_WARM: dict[str, tuple[str, ...]] = {
    "classical": (".tasks", "..artefact.formats"),
    "deep": (".tasks", "..artefact.formats", "..training.fleet"),
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
