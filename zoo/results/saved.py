"""What is said of one saved model, and how far the confidence of models can be trusted.

Of a saved model: how it was trained, how it scores, what it costs. Confidence is that of the models of a run:
the answer of ``deepworth calibration``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .json import to_json
from .models import FormatResult, Manifest
from .rows import CostSheet, Latency


@dataclass(frozen=True)
class Trained:
    """What :func:`deepworth.train` returns.

    Attributes
    ----------
    path : str
        Folder of the saved model.
    size_bytes : int
        Size of its files.
    fit_seconds : float
        Seconds of the training, without imports.
    trained_rows : int
        Rows that it was trained on, without an official test set.
    proof : FormatResult
        How far the saved model is from the trained one.
    manifest : Manifest
        The fields of ``manifest.json``.
    """

    path: str
    size_bytes: int
    fit_seconds: float
    trained_rows: int
    proof: FormatResult
    manifest: Manifest

    def to_dict(self) -> dict[str, object]:
        """All of it with the fields of the manifest, as one object that JSON can hold."""
        own = {"path": self.path, "size_bytes": self.size_bytes}
        rest = {"fit_seconds": self.fit_seconds, "trained_rows": self.trained_rows, "proof": self.proof}
        manifest = {name: value for name, value in self.manifest.items() if name != "files"}
        content: dict[str, object] = to_json({**own, **manifest, **rest})
        return content


@dataclass(frozen=True)
class Share:
    """A share of rows, or a mean over rows: its ``value`` with its interval, ``low`` to ``high``."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class CalibrationErrorEstimate:
    """Calibration error of probabilities.

    Attributes
    ----------
    value, low, high : float
        The error with its interval, chance subtracted.
    by_chance : float
        What perfect probabilities would show on these rows before that.
    """

    value: float
    low: float
    high: float
    by_chance: float


@dataclass(frozen=True)
class ConfidenceReport:
    """Confidence of a saved model on labelled rows; None where the model has no such thing.

    Attributes
    ----------
    level : float or None
        Confidence level of the model.
    half_width : float or None
        Half the mean width of its prediction intervals.
    coverage : Share or None
        Share of rows whose prediction set or interval holds the truth.
    calibrator : str or None
        How its probabilities were calibrated.
    calibration_error : CalibrationErrorEstimate or None
        Calibration error of its probabilities.
    coverage_by_class : dict of float or None
        Coverage by true class.
    mean_set_size : float or None
        Mean number of classes in a set.
    referred : float or None
        Share of rows whose set does not hold exactly one class.
    accuracy_of_the_rest : float or None
        Accuracy on the other rows.
    threshold : float or None
        Probability from which a row is called positive.
    positive : str or None
        The positive class.
    expected_cost, expected_cost_at_half : float or None
        Mean misclassification cost of a row by that threshold, and by one half.
    """

    level: float | None = None
    half_width: float | None = None
    coverage: Share | None = None
    calibrator: str | None = None
    calibration_error: CalibrationErrorEstimate | None = None
    coverage_by_class: dict[str, float | None] | None = None
    mean_set_size: float | None = None
    referred: float | None = None
    accuracy_of_the_rest: float | None = None
    threshold: float | None = None
    positive: str | None = None
    expected_cost: float | None = None
    expected_cost_at_half: float | None = None


@dataclass(frozen=True)
class ScoreWithInterval:
    """A metric on labelled rows.

    Attributes
    ----------
    label : str
        Name of the metric for readers.
    value, low, high : float or None
        The score with its bootstrap interval; None where it is not defined.
    """

    label: str
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Evaluation:
    """What :func:`deepworth.evaluate` returns.

    Attributes
    ----------
    path, model, family : str
        Folder, name and family of the saved model.
    task, modality : str
        What it predicts, and from what.
    dataset, rows : str, int
        Name of the data, and number of rows that were scored.
    seen_in_training : bool
        Whether the model was trained on these rows.
    confidence_level : float
        Level of the intervals.
    scores : dict of ScoreWithInterval
        Scores by metric.
    confidence : ConfidenceReport
        Calibration, coverage and costs of a model with confidence.
    """

    path: str
    model: str
    family: str
    task: str
    modality: str
    dataset: str
    rows: int
    seen_in_training: bool
    confidence_level: float
    scores: dict[str, ScoreWithInterval]
    confidence: ConfidenceReport = field(default_factory=ConfidenceReport)

    def to_dict(self) -> dict[str, object]:
        """The evaluation as one object that JSON can hold."""
        content: dict[str, object] = to_json(self)
        return content


@dataclass(frozen=True)
class SavedModelCost:
    """What :func:`deepworth.cost` returns.

    Attributes
    ----------
    path, model, family : str
        Folder, name and family of the saved model.
    task, modality : str
        What it predicts, and from what.
    rows_from : str
        Where the predicted rows came from.
    threads : int
        Threads of predictions.
    size_bytes : int
        Size of the saved files.
    parameters : int or None
        Fitted parameters.
    flops : float or None
        Operations to predict one row.
    flops_by : str
        "graph" or "estimate", or why they were not counted.
    load_seconds : float
        Seconds to load the model.
    peak_bytes : int or None
        Peak memory to load it and to predict.
    latency : dict of Latency
        By the number of rows of a call.
    steady : bool
        False if another process shared the core for too long.
    served : dict of Latency or None
        Latency of the ONNX graph that is kept beside the model, in ONNX Runtime with one thread; None
        without one.
    """

    path: str
    model: str
    family: str
    task: str
    modality: str
    rows_from: str
    threads: int
    size_bytes: int
    parameters: int | None
    flops: float | None
    flops_by: str
    load_seconds: float
    peak_bytes: int | None
    latency: dict[str, Latency]
    steady: bool
    served: dict[str, Latency] | None = None

    def to_dict(self) -> dict[str, object]:
        """The sheet as one object that JSON can hold."""
        content: dict[str, object] = to_json(self)
        return content

    def as_sheet(self) -> CostSheet:
        """The figures that a comparison measures too."""
        return CostSheet(
            threads=self.threads,
            parameters=self.parameters,
            size_bytes=self.size_bytes,
            load_seconds=self.load_seconds,
            latency=self.latency,
            flops=self.flops,
            flops_by=self.flops_by,
            steady=self.steady,
        )


@dataclass(frozen=True)
class CalibrationError:
    """Calibration error of probabilities.

    Attributes
    ----------
    value, low, high : float
        The error with its interval, chance subtracted.
    by_chance : float
        What perfect probabilities would show on these rows before that.
    root_mean_square : float
        The error as a root mean square over bins.
    """

    value: float
    low: float
    high: float
    by_chance: float
    root_mean_square: float


@dataclass(frozen=True)
class CalibrationScores:
    """Scores of probabilities, with intervals: ``calibration_error``, ``brier`` and ``log_loss``."""

    calibration_error: CalibrationError
    brier: Share
    log_loss: Share


@dataclass(frozen=True)
class SetScores:
    """Conformal prediction sets.

    Attributes
    ----------
    coverage : Share
        Share of rows whose set holds the true class.
    coverage_by_class : dict of float or None
        The same, by true class.
    mean_set_size : float
        Mean number of classes in a set.
    referred : float
        Share of rows whose set does not hold exactly one class.
    accuracy_of_the_rest : float or None
        Accuracy on the other rows.
    """

    coverage: Share
    coverage_by_class: dict[str, float | None]
    mean_set_size: float
    referred: float
    accuracy_of_the_rest: float | None


@dataclass(frozen=True)
class Decisions:
    """Decisions by the threshold that minimises the expected misclassification cost.

    Attributes
    ----------
    threshold : float
        Probability from which a row is called positive.
    expected_cost : Share
        Mean cost of a row by that threshold, with its interval.
    expected_cost_at_half : Share
        The same by a threshold of one half.
    expected_cost_uncalibrated : Share
        The same by the threshold, of probabilities that are not calibrated.
    saved : Share
        Mean cost that the threshold saves compared with one half.
    share_called_positive : float
        Share of rows that are called positive.
    """

    threshold: float
    expected_cost: Share
    expected_cost_at_half: Share
    expected_cost_uncalibrated: Share
    saved: Share
    share_called_positive: float


@dataclass(frozen=True)
class ReliabilityCurve:
    """Stated probabilities against observed frequencies.

    Attributes
    ----------
    stated, happened : tuple of float
        Mean probability and observed frequency, by bin.
    low, high : tuple of float
        Wilson's interval of the frequency, by bin.
    rows : tuple of float
        Number of rows, by bin.
    histogram : tuple of float
        Number of rows in 40 equal bins from 0 to 1.
    """

    stated: tuple[float, ...]
    happened: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    rows: tuple[float, ...]
    histogram: tuple[float, ...]


@dataclass(frozen=True)
class Reliability:
    """Reliability curves of a model: ``none`` as it is, ``calibrated`` with its best calibrator."""

    none: ReliabilityCurve
    calibrated: ReliabilityCurve


@dataclass(frozen=True)
class IntervalScores:
    """Conformal prediction intervals: ``coverage`` of the true values, and their mean ``half_width``."""

    coverage: Share
    half_width: float


@dataclass(frozen=True)
class LevelScores:
    """Prediction intervals at one confidence ``level``: their ``coverage`` and mean ``half_width``."""

    level: float
    coverage: Share
    half_width: float


@dataclass(frozen=True)
class ModelCalibration:
    """Calibration of one model.

    Attributes
    ----------
    model, family : str
        Name and family of the model.
    rows, repeats : int
        Held-out rows, and how often each was predicted.
    calibration_error, brier, log_loss : CalibrationError, Share, Share, or None
        Scores of the probabilities as they are; None for regression.
    calibrators : dict of CalibrationScores or None
        The same after each calibrator, which was fitted to the other folds.
    best_calibrator : str or None
        The calibrator that ``calibrate="auto"`` would choose.
    sets : SetScores or None
        Conformal prediction sets.
    reliability : Reliability or None
        Reliability curves.
    decisions : Decisions or None
        Decisions by misclassification costs, where these were given.
    intervals : IntervalScores or None
        Conformal prediction intervals; None for classification.
    levels : tuple of LevelScores or None
        Prediction intervals at several confidence levels.
    """

    model: str
    family: str
    rows: int
    repeats: int
    calibration_error: CalibrationError | None = None
    brier: Share | None = None
    log_loss: Share | None = None
    calibrators: dict[str, CalibrationScores] | None = None
    best_calibrator: str | None = None
    sets: SetScores | None = None
    reliability: Reliability | None = None
    decisions: Decisions | None = None
    intervals: IntervalScores | None = None
    levels: tuple[LevelScores, ...] | None = None


@dataclass(frozen=True)
class DecisionCosts:
    """Costs of a ``false_negative`` and a ``false_positive``, and the ``threshold`` that minimises them."""

    false_negative: float
    false_positive: float
    threshold: float


@dataclass(frozen=True)
class CalibratedData:
    """The data of the run: ``name``, ``rows``, ``task``, ``classes`` and the ``positive`` class."""

    name: str
    rows: int
    task: str
    classes: tuple[str, ...]
    positive: str | None


@dataclass(frozen=True)
class CalibrationAnswer:
    """What :func:`deepworth.calibration` returns.

    Attributes
    ----------
    run : str
        Name of the run.
    dataset : CalibratedData
        Its data.
    confidence_level : float
        Level of prediction sets and prediction intervals.
    interval_level : float
        Level of the intervals of all scores.
    costs : DecisionCosts or None
        Misclassification costs, where they were given.
    champions : tuple of str or None
        The best model of each family.
    models : tuple of ModelCalibration
        Models in the order of the leaderboard.
    """

    run: str
    dataset: CalibratedData
    confidence_level: float
    interval_level: float
    costs: DecisionCosts | None
    champions: tuple[str | None, ...]
    models: tuple[ModelCalibration, ...]

    def to_dict(self) -> dict[str, object]:
        """The answer as one object that JSON can hold."""
        content: dict[str, object] = to_json(self)
        return content
