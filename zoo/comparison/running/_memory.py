"""How much memory a worker process and the processes below it use, read from the system without a library."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

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
