"""What a running comparison tells whoever watches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    """One step of a run.

    ``kind`` is "plan" (with the estimated time), "started", "model" (its jobs begin), "epoch", "fold" (a job
    ended), "note" or "finished".
    """

    kind: str
    model: str = ""
    done: int = 0  # jobs finished so far
    total: int = 0  # jobs planned
    message: str = ""
    estimate: Any = None  # seconds, low, high


# Called from one thread at a time; for epochs from those that train.
Progress = Callable[[Event], None]
