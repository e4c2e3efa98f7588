"""What is said of runs: a plan before it runs, its progress, a list of runs, whether one repeats itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

from .facts import DatasetFacts, Determinism, PlanFacts
from .json import to_json


@dataclass(frozen=True)
class ModelEstimate:
    """The estimated seconds of a model's jobs; ``runs_known`` earlier runs on this machine support it."""

    model: str
    family: str
    jobs: int
    seconds: float
    runs_known: int
    reason: str


@dataclass(frozen=True)
class StartEstimate:
    """Seconds that a plan is expected to take, with a range; ``start_seconds`` of them are no job's."""

    seconds: float
    low: float
    high: float
    start_seconds: float


@dataclass(frozen=True)
class PreviewedJob:
    """A planned job: its rows, and its share of the estimated seconds (None if it does not run)."""

    model: str
    family: str
    kind: str
    status: str
    reason: str
    repeat: int | None
    fold: int | None
    training_rows: int
    test_rows: int
    estimated_seconds: float | None


@dataclass(frozen=True)
class Preview:
    """What :func:`deepworth.preview` returns: the plan, and the estimated time of each model and job."""

    dataset: DatasetFacts
    plan: PlanFacts
    estimate: StartEstimate
    models: tuple[ModelEstimate, ...]
    jobs: tuple[PreviewedJob, ...]

    def to_dict(self) -> dict[str, object]:
        """The preview as one object that JSON can hold."""
        found: dict[str, object] = to_json(self)
        return found


@dataclass(frozen=True)
class RunSummary:
    """A past run in a list. ``status`` is "unreadable" for a folder that holds no valid record."""

    run: str
    created: str | None
    dataset: str | None
    status: str
    jobs: int | None
    jobs_done: int | None
    metric: str | None
    outcome: str | None
    models: int
    estimated_seconds: float | None
    real_seconds: float | None
    path: str


@dataclass(frozen=True)
class RepeatedJob:
    """A job that ran again: "bit-equal", "within tolerance", "different" or "not repeated"."""

    model: str
    family: str
    repeat: int
    fold: int
    rows: int
    reason: str
    answer: str
    largest_difference: float | None


@dataclass(frozen=True)
class RunVerification:
    """Whether a run repeats itself: ``holds`` if all jobs were repeated and none is different."""

    run: str
    models: tuple[RepeatedJob, ...]
    determinism: Determinism
    versions_changed: bool
    holds: bool

    def to_dict(self) -> dict[str, object]:
        """The verification as one object that JSON can hold."""
        found: dict[str, object] = to_json(self)
        return found


class PlanEstimate(TypedDict):
    """Seconds that a run is expected to take, with a range, and the number of its models."""

    seconds: float
    low: float
    high: float
    models: int


@dataclass(frozen=True)
class Event:
    """One step of a run, as a ``progress`` callable receives it.

    Attributes
    ----------
    kind : str
        "plan" (with ``estimate``), "started", "model" (its jobs begin), "epoch", "fold" (a job ended), "note"
        (with ``message``) or "finished".
    model : str, default ""
        The model whose jobs begin, are trained or ended.
    done, total : int, default 0
        Jobs finished so far, and jobs planned.
    message : str, default ""
        What there is to say, such as why a job failed.
    estimate : dict, optional
        ``seconds``, ``low``, ``high`` (a range of the seconds) and ``models`` of a plan.
    """

    kind: str
    model: str = ""
    done: int = 0
    total: int = 0
    message: str = ""
    estimate: PlanEstimate | None = None


# Called from one thread at a time; for epochs from those that train.
Progress = Callable[[Event], None]
