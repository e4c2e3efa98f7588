"""How far the confidence of a run's models can be trusted: the answer of ``deepworth calibration``."""

from __future__ import annotations

from dataclasses import dataclass

from .json import to_json
from .saved import Share


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
