"""Whether this core runs at its own speed right now, or shares it with somebody.

On a virtual machine a core may run at little more than half its speed for a second or two, because a
neighbour has the other half of it; no counter says so. A piece of work that never changes, timed beside
what is measured, does: whatever it loses, the measured code loses too. What was measured in such moments
is left out, by that sign alone and never by its own time.
"""

from __future__ import annotations

import functools
import time

SLOW = 1.4  # times the fastest that the piece of work ever took in this process; undisturbed, up to 1.25
_ROUNDS = 3
_SEARCH = 0.1  # seconds, for the core's own speed


class Pace:
    """The speed of this core by a fixed piece of pure Python, against the best that was ever seen of it."""

    def __init__(self) -> None:
        self._best = float("inf")
        ends = time.perf_counter() + _SEARCH
        while time.perf_counter() < ends:
            self.probe()

    def probe(self) -> float:
        """Seconds of the piece of work: fastest of three, since each may be interrupted (0.3 ms)."""
        seconds = min(_piece() for _ in range(_ROUNDS))
        self._best = min(self._best, seconds)
        return seconds

    def slow(self, seconds: float) -> bool:
        """Whether a probe that took so long says that the core was shared, by the best known now."""
        return seconds > SLOW * self._best

    def settle(self, most: float) -> float:
        """Keep the core busy until it has its own speed, but no longer than ``most`` seconds.

        Returns
        -------
        float
            The last probe. Being busy is what makes a host move a process to a free core; to sleep is not.
        """
        started = time.perf_counter()
        while True:
            seconds = self.probe()
            if not self.slow(seconds) or time.perf_counter() - started >= most:
                return seconds


@functools.cache
def own_pace() -> Pace:
    """That of this process, which all its measurements share."""
    return Pace()


def _piece() -> float:
    started = time.perf_counter()
    total = 0
    for i in range(4000):
        total += i
    return time.perf_counter() - started
