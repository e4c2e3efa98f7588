"""Result rows: what every job of a run left, and everything else that a judge needs to know of the run.

Also how two families go together: the mean of both champions, and the rows on which they differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ...datasets import Dataset, Finding, Task
from .facts import DatasetFacts, Determinism, PlanFacts, TimeEstimate
from .facts import Family as Family

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from .explanation import Explanations


@dataclass(frozen=True)
class Together:
    """The mean of the predictions of both champions, as one more model.

    Champions are chosen on other folds than they are scored on, and so is the better one alone.

    Attributes
    ----------
    score, low, high : float
        Its score with the interval, in units of the metric.
    alone : float
        Score of the better champion alone.
    gain, gain_low, gain_high : float
        By how much the mean is better than that, with the interval; negative if it is worse.
    p_better : float
        Probability that it is better.
    """

    score: float
    low: float
    high: float
    alone: float
    gain: float
    gain_low: float
    gain_high: float
    p_better: float


@dataclass(frozen=True)
class Slice:
    """Rows on which one family is better, and by another amount than on all other rows.

    Attributes
    ----------
    words : str
        Which rows, ``age > 60 and job is retired``.
    better : {"deep", "classical"}
        The better family on these rows.
    rows : int
        How many tested rows these are.
    gain, low, high : float
        By how much it is better there, with the interval, on the folds that did not help to find the slice.
    elsewhere : float
        By how much it is better on all other rows of these folds; negative if it is worse.
    p_value : float
        Probability of so much evidence without any difference, corrected for the number of slices.
    """

    words: str
    better: Family
    rows: int
    gain: float
    low: float
    high: float
    elsewhere: float
    p_value: float


@dataclass(frozen=True)
class Slices:
    """What the search for slices found.

    Attributes
    ----------
    metric : str
        Name of the primary metric.
    measure : str
        What gains are measured by, as readers see it: the metric, or the nearest one that each row has.
    confidence_level : float
        Level of the intervals; all slices hold together with this probability.
    features : int
        Columns, or properties of a text or an image, that were looked at.
    found : tuple of Slice
        The most certain first; empty if no difference is certain enough.
    """

    metric: str
    measure: str
    confidence_level: float
    features: int
    found: tuple[Slice, ...] = ()


Kind = Literal["fold", "cost"]
Fold = tuple[int, int]  # repeat and fold

RETRIED = ("failed", "timeout", "out_of_memory", "crashed", "skipped")  # by ``--retry failed``
FINISHED = ("ok", "failed", "timeout", "out_of_memory", "crashed", "skipped")


@dataclass(frozen=True)
class Latency:
    """Seconds of one call.

    Attributes
    ----------
    rows : int
        Rows of the call.
    median, p95 : float
        Median and 95th percentile over calls.
    calls : int
        Calls that count.
    left_out : int
        Further calls, made while another process shared the core.
    steady : bool
        False where that lasted too long: then all calls count.
    """

    rows: int
    median: float
    p95: float
    calls: int
    left_out: int = 0
    steady: bool = True


@dataclass(frozen=True)
class CostSheet:
    """What a model costs, fitted alone on all training rows, saved, loaded again, and used for predictions.

    Times are in seconds, sizes in bytes. What could not be measured is None.

    Attributes
    ----------
    status, reason : str
        How the measurement ended, and why.
    contended : bool
        Other jobs ran at the same time.
    threads : int or None
        Threads of fits and predictions.
    rows : int or None
        Rows that it was fitted on.
    fit_seconds, fit_cpu_seconds : float or None
        Wall time and CPU time of a fit.
    fit_peak_bytes : int or None
        Peak memory of a fit, above that of the process before.
    fits : int or None
        Fits that the times are the median of.
    parameters : int or None
        Fitted parameters.
    size_bytes : int or None
        Size of the saved model.
    load_seconds : float or None
        Time to load it.
    predict_peak_bytes : int or None
        Peak memory of predictions, above that of the process before.
    latency : dict of Latency or None
        By the number of rows of a call: "1", "10", "100", "1000".
    flops : float or None
        Operations to predict one row.
    flops_by : str or None
        "graph" or "estimate", or why they were not counted.
    steady : bool or None
        False if another process shared the core for too long.
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
class Tried:
    """One candidate of a search for parameters.

    Attributes
    ----------
    params : dict
        Parameters that differ from those of the model.
    score : float or None
        Score on held-out rows among the training rows; None if a fit failed.
    rows : int
        Most rows that it was fitted to.
    cpu_seconds : float
        CPU time of its fits.
    reason : str
        Why it failed.
    chosen : bool
        Whether the model has these parameters.
    """

    params: dict[str, object]
    score: float | None
    rows: int
    cpu_seconds: float
    reason: str = ""
    chosen: bool = False


@dataclass(frozen=True)
class Result:
    """One row: how a job ended and what it left.

    Attributes
    ----------
    model, family : str
        Name and family of the model.
    repeat, fold : int
        The fold, counted from 0.
    kind : {"fold", "cost"}
        Fitted on the training rows of a fold and scored on its test rows, or fitted on all training rows
        to measure what the model costs.
    status : str
        "ok", "failed", "timeout", "out_of_memory", "crashed", "skipped" or "interrupted".
    reason : str
        Why it did not end well.
    converged : bool
        False if the model warned that it did not converge.
    fit_seconds : float or None
        Seconds of the fit; None where networks were trained together.
    fleet_seconds : float or None
        Seconds since the training began that this job was a part of.
    predict_seconds : float or None
        Seconds to predict 1,000 rows.
    size_bytes, parameters : int or None
        Size of the saved model, and its fitted parameters.
    contended : bool
        Other jobs ran at the same time.
    costs : CostSheet or None
        Of a job that measures costs.
    trials : tuple of Tried
        What a tuned model tried on its training rows.
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
    trials: tuple[Tried, ...] = ()
    prediction: np.ndarray | None = field(default=None, repr=False, compare=False)

    @property
    def ok(self) -> bool:
        """Whether the job ended well."""
        return self.status == "ok"


@dataclass(frozen=True)
class Labels:
    """The true answers of all rows.

    Attributes
    ----------
    y : ndarray
        Class names, or float64 values.
    task : {"binary", "multiclass", "regression"}
        What is predicted.
    classes : tuple of str
        Names of the classes; empty for regression.
    positive : str or None
        The positive class of a binary task.
    groups : int ndarray of shape (n_rows,) or None
        Number of the group that each row belongs to, where rows of a group belong together: of ``--groups``,
        and of near-duplicates with ``--group-duplicates``.
    times : int ndarray of shape (n_rows,) or None
        Place of each row's time among all times, earliest first, where time is known.
    """

    y: np.ndarray
    task: Task
    classes: tuple[str, ...]
    positive: str | None
    groups: np.ndarray | None = field(default=None, compare=False)
    times: np.ndarray | None = field(default=None, compare=False)

    @classmethod
    def of(cls, dataset: Dataset) -> Labels:
        """Those of a dataset."""
        known = (_codes(dataset.groups), _codes(dataset.time))
        return cls(dataset.y, dataset.task, tuple(dataset.classes), dataset.positive, *known)


def _codes(values: np.ndarray | None) -> np.ndarray | None:
    """The place of each value among the different ones, in their order."""
    if values is None:
        return None
    import numpy as np

    return np.unique(np.asarray(values), return_inverse=True)[1].reshape(-1)


@dataclass(frozen=True)
class RunFacts:
    """Facts of a run beside its rows.

    Attributes
    ----------
    run : str
        Name of the run; empty if it was not kept.
    created : str
        When it began, UTC, ISO 8601.
    path : str or None
        Folder of the run; None if it was not kept.
    dataset : DatasetFacts
        The data without their rows.
    plan : PlanFacts
        Models, folds, parameters, limits and seed.
    findings : tuple of Finding
        What the checks found in the data.
    versions : dict
        Versions of Python and libraries, by name.
    determinism : Determinism
        How far a repeated run gives the same numbers.
    seconds : float
        Seconds that the run took.
    estimate : TimeEstimate or None
        Seconds that it was expected to take.
    explanations : Explanations or None
        Surrogates of the models, and explanations of the best ones.
    best_reachable : dict of float or None
        The metric of the true probabilities, by its name, for generated data only.
    slices : Slices or None
        Rows on which the families differ, of a run that was judged before.
    """

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
    slices: Slices | None = None


@dataclass(frozen=True)
class Results:
    """All rows of a run with the true answers of its test rows: what running hands to judging.

    Attributes
    ----------
    rows : tuple of Result
        One for each planned job, however it ended, in the order of the plan.
    labels : Labels
        By row number; rows that no fold tests need no true answer.
    test_rows : mapping of (repeat, fold) to int ndarray
        Row numbers that each fold tests, in the order of its predictions.
    facts : RunFacts
        Everything else that is known of the run.
    """

    rows: tuple[Result, ...]
    labels: Labels
    test_rows: Mapping[Fold, np.ndarray]
    facts: RunFacts

    @property
    def folds(self) -> list[Result]:
        """Rows of jobs that were to be scored."""
        return [row for row in self.rows if row.kind == "fold" and not self._is_retraining(row)]

    @property
    def retrained(self) -> list[Result]:
        """Rows of jobs that were trained again, on a half of an official training set."""
        return [row for row in self.rows if row.kind == "fold" and self._is_retraining(row)]

    def _tested_by(self, row: Result) -> np.ndarray:
        return self.test_rows[0 if self._is_retraining(row) else row.repeat, row.fold]

    def _is_retraining(self, row: Result) -> bool:
        return row.repeat > 0 and self.facts.plan.official_test

    @property
    def costs(self) -> dict[str, Result]:
        """Rows of jobs that were to measure costs, by model."""
        return {row.model: row for row in self.rows if row.kind == "cost"}

    def predictions(self, retrained: bool = False) -> pd.DataFrame:
        """Predictions of held-out rows: row, repeat, fold, model, truth, prediction, probabilities.

        With the ``group`` and the ``time`` of each row, as numbers, where the labels have them. On request
        with those of models that were trained on halves of an official training set.
        """
        import pandas as pd

        jobs = [*self.folds, *(self.retrained if retrained else ())]
        kept = [row for row in jobs if row.ok and row.prediction is not None]
        frames = [prediction_frame(row, self._tested_by(row), self.labels) for row in kept]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def prediction_frame(row: Result, test_rows: np.ndarray, labels: Labels) -> pd.DataFrame:
    """The predictions of one job, a row for each test row and a column for each class's probability."""
    import numpy as np
    import pandas as pd

    assert row.prediction is not None
    frame: dict[str, Any] = {"row": test_rows, "repeat": row.repeat, "fold": row.fold, "model": row.model}
    frame["truth"] = labels.y[test_rows]
    frame |= {name: codes[test_rows] for name, codes in _plan_columns(labels) if codes is not None}
    if labels.task == "regression":
        return pd.DataFrame({**frame, "prediction": row.prediction})
    predicted = np.asarray(labels.classes)[row.prediction.argmax(axis=1)]
    shares = {f"probability_{c}": row.prediction[:, i] for i, c in enumerate(labels.classes)}
    return pd.DataFrame({**frame, "prediction": predicted, **shares})


def _plan_columns(labels: Labels) -> tuple[tuple[str, np.ndarray | None], ...]:
    """What else is kept of each row, by the name of its column."""
    return ("group", labels.groups), ("time", labels.times)


def prediction_array(frame: pd.DataFrame, task: Task, classes: Iterable[str]) -> np.ndarray:
    """The array that :func:`prediction_frame` was made from: float64 (n, n_classes), or (n,) values."""
    columns = ["prediction"] if task == "regression" else [f"probability_{c}" for c in classes]
    values: np.ndarray = frame[columns].to_numpy(dtype="float64")
    return values.ravel() if task == "regression" else values


def kept_codes(frame: pd.DataFrame, name: str, n_rows: int) -> np.ndarray | None:
    """The codes that :func:`prediction_frame` kept in a column, by row number; None if it kept none.

    Rows that no fold tested have -1.
    """
    import numpy as np

    if name not in frame:
        return None
    codes = np.full(n_rows, -1)
    codes[frame["row"].to_numpy()] = frame[name].to_numpy()
    return codes
