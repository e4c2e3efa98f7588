"""A Dask scheduler and workers on this machine, started as a user starts them."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

DASK = [sys.executable, "-m", "dask"]


@contextlib.contextmanager
def cluster(folder: Path, workers: int) -> Iterator[str]:
    """Address of a scheduler that has so many workers of one thread."""
    log = folder / "scheduler.log"
    started = [start(log, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")]
    try:
        (address,) = wait_for(log, r"Scheduler at: +(tcp://\S+)", 1)
        words = ["--nworkers", str(workers), "--nthreads", "1", "--no-dashboard"]
        started.append(start(folder / "workers.log", "worker", address, *words))
        wait_for(log, r"Register worker addr: (\S+)", workers)
        yield address
    finally:
        for process in started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def start(log: Path, *words: str) -> subprocess.Popen[bytes]:
    """A process that leads a group of its own."""
    with open(log, "wb") as file:
        return subprocess.Popen([*DASK, *words], stdout=file, stderr=file, start_new_session=True)


def wait_for(log: Path, pattern: str, times: int) -> list[str]:
    """What a log says so many times."""
    ends = time.monotonic() + 120
    while len(found := re.findall(pattern, log.read_text())) < times:
        if time.monotonic() > ends:
            raise TimeoutError(f"{log} does not say {pattern!r} {times} times: {log.read_text()[-500:]}")
        time.sleep(0.1)
    return found
