"""What is said of runs: a plan before it runs, its progress, a list of runs, whether one repeats itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypedDict

from .facts import DatasetFacts, Determinism, Family, PlanFacts
from .json import to_json


@dataclass(frozen=True)
class ModelEstimate:
    """The estimated time of a model.

    Attributes
    ----------
    model, family : str
        Name and family of the model.
    jobs : int
        Its planned jobs.
    seconds : float
        Their estimated seconds.
    runs_known : int
        Earlier runs on this machine that the estimate is based on.
    reason : str
        Why the model does not run.
    """

    model: str
    family: str
    jobs: int
    seconds: float
    runs_known: int
    reason: str


@dataclass(frozen=True)
class StartEstimate:
    """Seconds that a plan is expected to take.

    Attributes
    ----------
    seconds, low, high : float
        The seconds, with a range.
    start_seconds : float
        Seconds among them that belong to no job, such as imports.
    """

    seconds: float
    low: float
    high: float
    start_seconds: float


@dataclass(frozen=True)
class PreviewedJob:
    """A planned job.

    Attributes
    ----------
    model, family : str
        Name and family of the model.
    kind : {"fold", "cost"}
        Whether it is scored on a fold, or measures costs.
    status, reason : str
        "planned"; or how it ended before it began, and why.
    repeat, fold : int or None
        The fold; None for a job that measures costs.
    training_rows, test_rows : int
        Rows that it is fitted on, and scored on.
    estimated_seconds : float or None
        Its seconds; None if it does not run.
    """

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
    """What :func:`deepworth.preview` returns.

    Attributes
    ----------
    dataset : DatasetFacts
        The data without their rows.
    plan : PlanFacts
        Models, folds, parameters, limits and seed.
    estimate : StartEstimate
        Estimated seconds of the run.
    models : tuple of ModelEstimate
        Estimated seconds by model.
    jobs : tuple of PreviewedJob
        All jobs in the order of the plan.
    """

    dataset: DatasetFacts
    plan: PlanFacts
    estimate: StartEstimate
    models: tuple[ModelEstimate, ...]
    jobs: tuple[PreviewedJob, ...]

    def to_dict(self) -> dict[str, object]:
        """The preview as one object that JSON can hold."""
        content: dict[str, object] = to_json(self)
        return content


@dataclass(frozen=True)
class PreviewedCell:
    """Fits of a sweep that differ in their rows only: one model and training size, or one network.

    Attributes
    ----------
    model, label : str
        Name of the model, and what its fits have in common, such as "800 rows".
    fits : int
        Number of fits.
    training_rows : int
        Most rows of a fit.
    estimated_seconds : float
        Seconds of all of them.
    """

    model: str
    label: str
    fits: int
    training_rows: int
    estimated_seconds: float


@dataclass(frozen=True)
class SweepPreview:
    """What a learning curve or a capacity grid would run, and how long it would take.

    Attributes
    ----------
    dataset : DatasetFacts
        The data without their rows.
    estimate : StartEstimate
        Estimated seconds of all of it.
    cells : tuple of PreviewedCell
        All fits, by model and training size or by network, in the order in which they run.
    """

    dataset: DatasetFacts
    estimate: StartEstimate
    cells: tuple[PreviewedCell, ...]

    def to_dict(self) -> dict[str, object]:
        """The preview as one object that JSON can hold."""
        content: dict[str, object] = to_json(self)
        return content


@dataclass(frozen=True)
class RunSummary:
    """A past run in a list.

    Attributes
    ----------
    run : str
        Name of the run.
    created : str or None
        When it began, UTC, ISO 8601.
    dataset : str or None
        Name of its data.
    status : str
        "ok", "partial", "interrupted", "running", "unfinished" (killed), or "unreadable" (no valid record).
    jobs, jobs_done : int or None
        Planned jobs, and those that ended.
    metric : str or None
        Its primary metric.
    outcome : str or None
        Outcome of its verdict.
    models : int
        Number of models.
    estimated_seconds, real_seconds : float or None
        Seconds that it was expected to take, and that it took.
    path : str
        Its folder.
    warnings : tuple of str
        Signs of target leakage: with any, its verdict may not hold.
    """

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
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class RepeatedJob:
    """A job that ran again.

    Attributes
    ----------
    model, family : str
        Name and family of the model.
    repeat, fold : int
        The fold.
    rows : int
        Rows whose predictions were compared.
    reason : str
        Why it was not repeated.
    answer : str
        "bit-equal", "within tolerance", "different" or "not repeated".
    largest_difference : float or None
        Of predictions.
    """

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
    """Whether a run can be repeated.

    Attributes
    ----------
    run : str
        Name of the run.
    models : tuple of RepeatedJob
        One job of each model.
    determinism : Determinism
        How far the run was to give the same numbers.
    versions_changed : bool
        Whether libraries have changed since.
    holds : bool
        All jobs were repeated, and none is different.
    """

    run: str
    models: tuple[RepeatedJob, ...]
    determinism: Determinism
    versions_changed: bool
    holds: bool

    def to_dict(self) -> dict[str, object]:
        """The verification as one object that JSON can hold."""
        content: dict[str, object] = to_json(self)
        return content


class PlanEstimate(TypedDict):
    """Expected ``seconds`` of a run with a range, ``low`` to ``high``, and the number of its ``models``."""

    seconds: float
    low: float
    high: float
    models: int


@dataclass(frozen=True)
class Pace:
    """How far the networks of a fit are, and how fast they learn.

    Attributes
    ----------
    epoch, epochs : int
        The epoch that ended, and how many there are at most.
    unit : str
        What a row is: "rows", "images" or "texts".
    rows_per_second : float, optional
        Of all networks together, without the first epoch, in which they are compiled.
    seconds_left : float, optional
        At most: early stopping may end it before. Of a search by time its CPU time.
    search : str, default=""
        Of a search for parameters, the metric with the best score so far; ``epoch`` and ``epochs`` count its
        fits then, and 0 ``epochs`` are as many as there is time for.
    """

    epoch: int
    epochs: int
    unit: str = "rows"
    rows_per_second: float | None = None
    seconds_left: float | None = None
    search: str = ""


@dataclass(frozen=True)
class Standing:
    """What is known of a model while a run goes on.

    Attributes
    ----------
    family : str
        "deep" or "classical", as of a leaderboard's row.
    metric : str
        The primary metric, as it is shown.
    greater_is_better : bool
        Which way it is better.
    score : float or None
        Its mean over the folds that ended, of the first repeat.
    folds, planned : int
        Folds of the first repeat that ended well, and how many are planned.
    """

    family: Family
    metric: str
    greater_is_better: bool
    score: float | None
    folds: int
    planned: int

    @property
    def complete(self) -> bool:
        """Every fold has ended well."""
        return self.folds == self.planned


@dataclass(frozen=True)
class Event:
    """One step of a run, as a ``progress`` callable receives it.

    Attributes
    ----------
    kind : str
        "plan" (with ``estimate``), "started", "model" (its jobs begin), "epoch", "fold" (a job ended), "note"
        (with ``message``) or "finished".
    model : str, default=""
        The model whose jobs begin, are trained or ended.
    done, total : int, default=0
        Jobs finished so far, and jobs planned.
    message : str, default=""
        What there is to say, such as why a job failed.
    estimate : dict, optional
        ``seconds``, ``low``, ``high`` (a range of the seconds) and ``models`` of a plan.
    pace : Pace, optional
        How far and how fast the training is, of an epoch.
    standing : Standing, optional
        What is known of the model so far, of a fold that ended well.
    preview : SweepPreview, optional
        What a learning curve or a capacity grid is going to fit, of its plan.
    """

    kind: str
    model: str = ""
    done: int = 0
    total: int = 0
    message: str = ""
    estimate: PlanEstimate | None = None
    pace: Pace | None = None
    standing: Standing | None = None
    preview: SweepPreview | None = None


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, or the system asked the process to end.

    Attributes
    ----------
    result
        What was finished, as the interrupted function would have returned it.
    """

    def __init__(
        self,
        result: Any,
        message: str = "interrupted; the result attribute of this exception holds what was finished",
    ) -> None:
        super().__init__(message)
        self.result = result


# Called from one thread at a time; for epochs from those that train.
Progress = Callable[[Event], None]
