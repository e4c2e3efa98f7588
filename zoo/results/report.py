"""Everything that a report shows of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .answer import Answer
from .curves import CapacityAnswer, LearningCurveAnswer
from .json import from_json, to_json
from .rows import Family
from .saved import CalibrationAnswer


@dataclass(frozen=True)
class ReportedJob:
    """How a job ended.

    Attributes
    ----------
    model, family : str
        Name and family of the model.
    repeat, fold : int
        The fold that it was scored on.
    status, reason : str
        How it ended, and why.
    fit_seconds, predict_seconds : float or None
        Seconds to fit the model, and to predict 1,000 rows.
    attempts : int
        How often it was started.
    contended : bool
        Other jobs ran at the same time.
    metrics : dict of float or None
        Its scores by metric.
    """

    model: str
    family: Family
    repeat: int
    fold: int
    status: str
    reason: str
    fit_seconds: float | None
    predict_seconds: float | None
    attempts: int
    contended: bool
    metrics: dict[str, float | None]


@dataclass(frozen=True)
class PairedFold:
    """The best model of each family on one fold.

    Attributes
    ----------
    repeat, fold : int
        The fold.
    deep, classical : float
        Scores of the two models.
    gain : float
        By how much deep learning is better; negative if it is worse.
    """

    repeat: int
    fold: int
    deep: float
    classical: float
    gain: float


@dataclass(frozen=True)
class PairedFolds:
    """The best models of both families on each of the ``folds``."""

    folds: tuple[PairedFold, ...]


@dataclass(frozen=True)
class Mistake:
    """``rows`` of the ``of`` rows of class ``truth`` were predicted as class ``said``."""

    truth: str
    said: str
    rows: int
    of: int


@dataclass(frozen=True)
class ModelConfusion:
    """The confusion matrix of a model.

    Attributes
    ----------
    model : str
        Name of the model.
    rows, right : int
        Predicted rows, and those of them that were predicted correctly.
    counts : tuple of tuple of int, or None
        A row for each true class and a column for each predicted one; None for many classes.
    mistakes : tuple of Mistake
        The most frequent mistakes.
    """

    model: str
    rows: int
    right: int
    counts: tuple[tuple[int, ...], ...] | None
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True)
class Confusion:
    """Confusion matrices of ``models``; ``classes`` in their order, None where there are no counts."""

    classes: tuple[str, ...] | None
    models: tuple[ModelConfusion, ...]


@dataclass(frozen=True)
class ValueBin:
    """Rows with similar predictions.

    Attributes
    ----------
    rows : int
        Number of rows.
    predicted, true : float
        Means of predicted and true values.
    mean_absolute_error : float
        Of these rows.
    """

    rows: int
    predicted: float
    true: float
    mean_absolute_error: float


@dataclass(frozen=True)
class ModelValues:
    """True and predicted values of a model.

    Attributes
    ----------
    model : str
        Name of the model.
    rows : int
        Predicted rows.
    points : tuple of (float, float)
        True and predicted values of some rows.
    bins : tuple of ValueBin
        Means over all rows, by predicted value.
    """

    model: str
    rows: int
    points: tuple[tuple[float, float], ...]
    bins: tuple[ValueBin, ...]


@dataclass(frozen=True)
class ReportSheet:
    """What a report shows, without folders and names of the machine: reports are sent to others.

    Attributes
    ----------
    result : Answer
        Its ``path`` is None.
    status : str
        Of the run: "ok", "partial" or "interrupted".
    command : str or None
        What makes the run again; None where its parameters could not be kept.
    host : dict
        The machine: its system and cores.
    splits : str or None
        SHA-256 over the rows of all folds.
    jobs : tuple of ReportedJob
        In the order of the plan.
    paired : PairedFolds or None
        None where a family has no complete model, for an official test part, and without predictions.
    confusion, values : Confusion, tuple of ModelValues, or None
        Of the best models, for classification and regression; None without predictions.
    calibration : CalibrationAnswer or None
        Of the same models.
    learning_curve, capacity : LearningCurveAnswer, CapacityAnswer, or None
        On the same data, where they were joined.
    """

    result: Answer
    status: str
    command: str | None
    host: dict[str, object]
    splits: str | None
    jobs: tuple[ReportedJob, ...]
    paired: PairedFolds | None
    confusion: Confusion | None
    values: tuple[ModelValues, ...] | None
    calibration: CalibrationAnswer | None
    learning_curve: LearningCurveAnswer | None = None
    capacity: CapacityAnswer | None = None

    def to_dict(self) -> dict[str, object]:
        """The sheet as one object that JSON can hold."""
        plain: dict[str, object] = to_json(self)
        return plain

    @classmethod
    def from_dict(cls, value: Mapping[str, object]) -> ReportSheet:
        """The sheet that :meth:`to_dict` wrote down."""
        return from_json(cls, value)
