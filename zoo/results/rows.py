"""Result rows: what every job of a run left, and everything else that a judge needs to know of the run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ...datasets import Dataset, Finding, Task
from .facts import DatasetFacts, Determinism, PlanFacts, TimeEstimate

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from .explanation import Explanations

Family = Literal["deep", "classical"]
Kind = Literal["fold", "cost"]
Fold = tuple[int, int]  # repeat and fold

FINISHED = ("ok", "failed", "timeout", "out_of_memory", "crashed", "skipped")


@dataclass(frozen=True)
class Latency:
    """Seconds of one call with ``rows`` rows: median and 95th percentile over ``calls`` calls.

    ``left_out`` calls more were made while another process shared the core. ``steady`` is False where
    that lasted too long: then all calls count.
    """

    rows: int
    median: float
    p95: float
    calls: int
    left_out: int = 0
    steady: bool = True


@dataclass(frozen=True)
class CostSheet:
    """What a model costs, fitted alone on all training rows, saved, opened again and asked as a user would.

    Times are in seconds, sizes in bytes. What could not be measured is None; ``status`` and ``reason`` say
    why. ``latency`` is by the number of rows of a call ("1", "10", "100", "1000").
    """

    status: str = "ok"
    reason: str = ""
    contended: bool = False
    threads: int | None = None
    rows: int | None = None
    fit_seconds: float | None = None
    fit_cpu_seconds: float | None = None
    fit_peak_bytes: int | None = None
    fits: int | None = None
    parameters: int | None = None
    size_bytes: int | None = None
    load_seconds: float | None = None
    predict_peak_bytes: int | None = None
    latency: dict[str, Latency] | None = None
    flops: float | None = None
    flops_by: str | None = None
    steady: bool | None = None


@dataclass(frozen=True)
class Result:
    """One row: how a job ended and what it left.

    Attributes
    ----------
    kind : {"fold", "cost"}
        Fitted on the training rows of a fold and scored on its test rows, or fitted on all training rows
        to measure what the model costs.
    status : str
        "ok", "failed", "timeout", "out_of_memory", "crashed", "skipped" or "interrupted".
    fit_seconds : float or None
        Unknown where networks were trained together.
    fleet_seconds : float or None
        Since the training began that this job was a part of.
    predict_seconds : float or None
        For 1,000 rows.
    contended : bool
        Other jobs ran at the same time.
    prediction : ndarray or None
        float64 (n_test, n_classes) probabilities in the order of the dataset's classes, or (n_test,)
        values, of the test rows of its fold.
    """

    model: str
    family: Family
    repeat: int
    fold: int
    kind: Kind = "fold"
    status: str = "ok"
    reason: str = ""
    converged: bool = True
    fit_seconds: float | None = None
    fleet_seconds: float | None = None
    predict_seconds: float | None = None
    size_bytes: int | None = None
    parameters: int | None = None
    contended: bool = False
    costs: CostSheet | None = None
    prediction: np.ndarray | None = field(default=None, repr=False, compare=False)

    @property
    def ok(self) -> bool:
        """Whether the job ended well."""
        return self.status == "ok"


@dataclass(frozen=True)
class Labels:
    """The true answers of all rows and what they mean: ``y`` has class names, or float64 values."""

    y: np.ndarray
    task: Task
    classes: tuple[str, ...]
    positive: str | None

    @classmethod
    def of(cls, dataset: Dataset) -> Labels:
        """Those of a dataset."""
        return cls(dataset.y, dataset.task, tuple(dataset.classes), dataset.positive)


@dataclass(frozen=True)
class RunFacts:
    """What is known of a run beside its rows; ``best_reachable`` is the metric of the true probabilities."""

    run: str
    created: str
    path: str | None
    dataset: DatasetFacts
    plan: PlanFacts
    findings: tuple[Finding, ...]
    versions: dict[str, str | int | None]
    determinism: Determinism
    seconds: float = 0.0
    estimate: TimeEstimate | None = None
    explanations: Explanations | None = None
    best_reachable: dict[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Results:
    """All rows of a run with the true answers of its test rows: the border between running and judging.

    Attributes
    ----------
    rows : tuple of Result
        One a planned job, whatever became of it, in the order of the plan.
    labels : Labels
        By row number; rows that no fold tests need no true answer.
    test_rows : mapping of (repeat, fold) to int ndarray
        Row numbers that each fold tests, as predictions are ordered.
    """

    rows: tuple[Result, ...]
    labels: Labels
    test_rows: Mapping[Fold, np.ndarray]
    facts: RunFacts

    @property
    def folds(self) -> list[Result]:
        """Rows of jobs that were to be scored."""
        return [row for row in self.rows if row.kind == "fold"]

    @property
    def costs(self) -> dict[str, Result]:
        """Rows of jobs that were to measure costs, by model."""
        return {row.model: row for row in self.rows if row.kind == "cost"}

    def predictions(self) -> pd.DataFrame:
        """Predictions of held-out rows: row, repeat, fold, model, truth, prediction, probabilities."""
        import pandas as pd

        kept = [row for row in self.folds if row.ok and row.prediction is not None]
        frames = [prediction_frame(row, self.test_rows[row.repeat, row.fold], self.labels) for row in kept]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def prediction_frame(row: Result, test_rows: np.ndarray, labels: Labels) -> pd.DataFrame:
    """The predictions of one job, a row for each test row and a column for each class's probability."""
    import numpy as np
    import pandas as pd

    assert row.prediction is not None
    frame: dict[str, Any] = {"row": test_rows, "repeat": row.repeat, "fold": row.fold, "model": row.model}
    frame["truth"] = labels.y[test_rows]
    if labels.task == "regression":
        return pd.DataFrame({**frame, "prediction": row.prediction})
    predicted = np.asarray(labels.classes)[row.prediction.argmax(axis=1)]
    shares = {f"probability_{c}": row.prediction[:, i] for i, c in enumerate(labels.classes)}
    return pd.DataFrame({**frame, "prediction": predicted, **shares})


def prediction_array(frame: pd.DataFrame, task: Task, classes: Iterable[str]) -> np.ndarray:
    """The array that :func:`prediction_frame` was made from: float64 (n, n_classes), or (n,) values."""
    columns = ["prediction"] if task == "regression" else [f"probability_{c}" for c in classes]
    values: np.ndarray = frame[columns].to_numpy(dtype="float64")
    return values.ravel() if task == "regression" else values
