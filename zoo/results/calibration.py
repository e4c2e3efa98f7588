"""How far the confidence of a run's models can be trusted: the answer of ``deepworth calibration``."""

from __future__ import annotations

from dataclasses import dataclass

from .json import to_json
from .saved import Share


@dataclass(frozen=True)
class CalibrationError:
    """The calibration error with its interval.

    ``by_chance`` is what perfect probabilities would show on these rows before chance is subtracted.
    """

    value: float
    low: float
    high: float
    by_chance: float
    root_mean_square: float


@dataclass(frozen=True)
class CalibrationScores:
    """Calibration error, Brier score and log loss of probabilities, with intervals."""

    calibration_error: CalibrationError
    brier: Share
    log_loss: Share


@dataclass(frozen=True)
class SetScores:
    """Conformal prediction sets: how often they hold the truth, how large they are.

    ``referred`` is the share of rows whose set does not hold exactly one class.
    """

    coverage: Share
    coverage_by_class: dict[str, float | None]
    mean_set_size: float
    referred: float
    accuracy_of_the_rest: float | None


@dataclass(frozen=True)
class Decisions:
    """Mean misclassification cost of a row, by the threshold of the costs and by one half."""

    threshold: float
    expected_cost: Share
    expected_cost_at_half: Share
    expected_cost_uncalibrated: Share
    saved: Share
    share_called_positive: float


@dataclass(frozen=True)
class ReliabilityCurve:
    """Stated probability against observed frequency in bins, with Wilson's interval; rows by bin."""

    stated: tuple[float, ...]
    happened: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    rows: tuple[float, ...]
    histogram: tuple[float, ...]


@dataclass(frozen=True)
class Reliability:
    """The curve of a model as it is, and with its best calibrator."""

    none: ReliabilityCurve
    calibrated: ReliabilityCurve


@dataclass(frozen=True)
class IntervalScores:
    """Conformal intervals: how often they hold the truth, and half their mean width."""

    coverage: Share
    half_width: float


@dataclass(frozen=True)
class LevelScores:
    """The same at one confidence level."""

    level: float
    coverage: Share
    half_width: float


@dataclass(frozen=True)
class ModelCalibration:
    """One model. The middle fields are of classifiers, the last two of regressors; others are None.

    Attributes
    ----------
    calibrators : dict of CalibrationScores
        After each calibrator, which was learned on the other folds.
    best_calibrator : str
        The choice of ``--calibrate auto``.
    decisions : Decisions or None
        Where misclassification costs were given.
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
    """What a missed positive case and a false alarm cost, and the threshold that follows."""

    false_negative: float
    false_positive: float
    threshold: float


@dataclass(frozen=True)
class CalibratedData:
    """The data of the run."""

    name: str
    rows: int
    task: str
    classes: tuple[str, ...]
    positive: str | None


@dataclass(frozen=True)
class CalibrationAnswer:
    """What :func:`deepworth.calibration` returns.

    ``confidence_level`` is that of sets and intervals, ``interval_level`` that of the intervals of all
    scores; ``champions`` are the best models of both families.
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
        found: dict[str, object] = to_json(self)
        return found
