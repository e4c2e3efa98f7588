"""What a run may use: worker processes, threads, time and memory of a job."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from ....datasets._errors import InputError
from ...training._machine import usable_cores

_UNITS = {"": 1, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_TIMES = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600}
_SMALLEST = 64 * 2**20  # less than Python with its numerical libraries takes


@dataclass(frozen=True)
class Limits:
    """What was asked for.

    ``workers`` processes run jobs at a time, 0 runs them in this process; ``threads`` holds every fit to
    so many; ``seconds`` ends a job; ``bytes`` is the resident memory of a worker process and those below it;
    ``deterministic`` workers repeat themselves bit for bit, see :mod:`._determinism`.
    """

    workers: int = 0
    threads: int | None = None
    seconds: float | None = None
    bytes: int | None = None
    deterministic: bool = False

    @property
    def cores(self) -> int | None:
        """Threads for the networks of a fleet: what was asked for, or a worker's share of the cores."""
        if self.threads is not None or self.workers <= 1:
            return self.threads
        return max(1, usable_cores() // self.workers)


def make_limits(
    jobs: int | None = None,
    threads: int | None = None,
    time_limit: float | str | None = None,
    memory_limit: int | str | None = None,
    cluster: str | None = None,
    deterministic: bool = False,
) -> Limits:
    """Checked limits; without ``jobs`` a limit or a cluster asks for one worker process."""
    seconds, size = parse_time(time_limit), parse_size(memory_limit)
    limited = seconds is not None or size is not None
    if cluster is not None and jobs is not None:
        raise InputError(
            "jobs is for one machine; a cluster runs as many at a time as its workers have threads"
        )
    if jobs is None:
        jobs = int(limited or deterministic or cluster is not None)
    if jobs < 0:
        raise InputError(f"jobs must be at least 0, got {jobs}")
    if threads is not None and threads < 1:
        raise InputError(f"threads must be at least 1, got {threads}")
    if jobs and os.name != "posix":
        raise InputError("worker processes need Linux or macOS; give jobs 0")
    if jobs == 0 and limited:
        raise InputError("limits of time and memory need worker processes: give jobs of 1 or more")
    if deterministic:
        if cluster is not None or jobs == 0:
            raise InputError(
                "deterministic runs need worker processes of this machine: give jobs of 1 or more"
            )
        threads = threads or 1
    return Limits(jobs, threads, seconds, size, deterministic)


def parse_time(value: float | str | None) -> float | None:
    """Seconds: 90, "90", "90s", "5m", "2h"."""
    if value is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", str(value).lower())
    if not found or found[2] not in _TIMES or float(found[1]) <= 0:
        raise InputError(f"time limit must be like 90, 90s, 5m or 2h, got {value!r}")
    return float(found[1]) * _TIMES[found[2]]


def parse_size(value: int | str | None) -> int | None:
    """Bytes: 2000000000, "2GB", "1.5 GiB", "800M"."""
    if value is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?\s*", str(value).lower())
    if not found or found[2] not in _UNITS:
        raise InputError(f"memory limit must be like 2GB, 800MB or 1.5GiB, got {value!r}")
    size = int(float(found[1]) * _UNITS[found[2]])
    if size < _SMALLEST:
        raise InputError(f"memory limit must be at least 64MiB, which Python alone takes; got {value!r}")
    return size
