"""Learning curves and grids of networks: the scored fits that they are judged from, and their answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ...datasets import Finding
from .facts import DatasetFacts
from .json import from_json, to_json
from .rows import Family, Result

FEWEST_SIZES = 4  # a power law has three parameters, and one size more can contradict it

Interval = tuple[float, float]
Shape = tuple[int, ...]  # units of each hidden layer


@dataclass(frozen=True)
class ScoredFit:
    """How a fit ended, its prediction dropped, and its score; None where it has none.

    Attributes
    ----------
    result : Result
        Of a learning curve, ``result.fold`` is the position of its training size in the plan.
    score : float or None
        The metric on the rows that score this fit.
    """

    result: Result
    score: float | None


@dataclass(frozen=True)
class SweepFacts:
    """What is known of a sweep of fits beside its scores; ``interrupted`` by Ctrl-C, ``seconds`` it took."""

    dataset: DatasetFacts
    findings: tuple[Finding, ...]
    versions: dict[str, str | int | None]
    seconds: float = 0.0
    interrupted: bool = False


@dataclass(frozen=True)
class CurvePlanFacts:
    """The plan of a learning curve without its rows.

    Attributes
    ----------
    sizes : tuple of int
        Training rows, ascending.
    blocks : int
        Disjoint parts of the scoring rows; repeat r is scored on part r modulo this number.
    test_rows : int
        Rows of a part.
    test_over_train : float
        Rows of a part over training rows of the largest size.
    official_test, ordered : int
        1 if the rows are scored on an official test part, or on the last period of time; else 0.
    fits : int
        Models times sizes times repeats.
    """

    sizes: tuple[int, ...]
    repeats: int
    blocks: int
    test_rows: int
    test_over_train: float
    seed: int
    params: dict[str, dict[str, object]]
    models: tuple[str, ...]
    threads: int
    official_test: int
    ordered: int
    fits: int


@dataclass(frozen=True)
class CapacityPlanFacts:
    """The plan of a grid of networks without its rows.

    Attributes
    ----------
    layers, units : tuple of int
        Numbers of hidden layers, and of units in each, ascending.
    folds : int
        Disjoint scoring parts, each used ``repeats`` times.
    official_test : int
        1 if the parts are those of an official test part, else 0.
    test_over_train : float
        Scoring rows over training rows of a split.
    """

    model: str
    layers: tuple[int, ...]
    units: tuple[int, ...]
    folds: int
    repeats: int
    official_test: int
    test_over_train: float
    seed: int
    params: dict[str, object]
    threads: int

    @property
    def networks(self) -> list[Shape]:
        """Hidden layers of every network, small ones first; without a hidden layer there is no width."""
        linear: list[Shape] = [()] if 0 in self.layers else []
        return linear + [(width,) * depth for depth in self.layers if depth for width in self.units]


@dataclass(frozen=True)
class SweepMetric:
    """The metric by which fits are scored."""

    name: str
    label: str
    greater_is_better: bool


@dataclass(frozen=True)
class CurveMetric(SweepMetric):
    """The metric with its lowest and highest possible value; None where there is no bound."""

    bounds: tuple[float | None, float | None]


@dataclass(frozen=True)
class FamilyScore:
    """A family at one training size.

    ``champion`` is its best model; ``score`` is corrected for model selection, with its interval.
    """

    family: Family
    size: int
    champion: str
    score: float | None
    score_low: float | None
    score_high: float | None


@dataclass(frozen=True)
class SizeScore:
    """A model at one training size.

    Attributes
    ----------
    status : str
        "ok", "partial", or how all of its fits ended.
    reason : str
        Of the first fit that did not end well.
    fit_seconds : float or None
        Mean over the fits that were timed.
    score, score_low, score_high : float or None
        Mean over repeats with its interval; None unless every fit has a score.
    """

    model: str
    family: Family
    size: int
    status: str
    reason: str
    fits_ok: int
    fits_planned: int
    fit_seconds: float | None
    score: float | None
    score_low: float | None
    score_high: float | None


@dataclass(frozen=True)
class CurveFit:
    """One fit of a learning curve."""

    model: str
    size: int
    repeat: int
    status: str
    reason: str
    score: float | None
    fit_seconds: float | None


@dataclass(frozen=True)
class FamilyCurve:
    """The power law of a family's error, ``asymptote + scale / rows ** exponent``, and its curve.

    Attributes
    ----------
    start : int
        The smallest training size from which the law was fitted.
    misfit : float
        Root mean square of the residuals over their standard errors, about 1 where the law holds.
    fits : int
        1 if the residuals are compatible with a power law, else 0.
    rows, score, score_low, score_high : tuple of float
        The curve with its interval in units of the metric, up to the largest size that is reported.
    """

    asymptote: float
    scale: float
    exponent: float
    asymptote_interval: Interval
    scale_interval: Interval
    exponent_interval: Interval
    start: int
    misfit: float
    fits: int
    rows: tuple[float, ...]
    score: tuple[float, ...]
    score_low: tuple[float, ...]
    score_high: tuple[float, ...]


@dataclass(frozen=True)
class Crossover:
    """Where the error of one family falls below that of the other.

    Attributes
    ----------
    outcome : str
        "deep" or "classical" (ahead at every size compared), "crossover", "ahead_from" (one is ahead from
        ``high`` rows, with fewer rows it is uncertain), "none_in_reach" (classical ahead up to ten times
        the data), or "undecided".
    overtaker : str or None
        The family that is ahead beyond the crossover; without a crossover, the one that would be.
    rows, low, high : float or None
        Training rows at the crossover with its interval. ``low`` is None if it may lie below the smallest
        size, ``high`` if it may lie beyond ``reach`` or nowhere.
    extrapolated : bool
        The crossover lies beyond the rows that were measured.
    smallest, largest : int
        The measured sizes that were compared: from where both families follow a power law.
    reach : int
        The largest number of rows that is reported on: ten times the largest size, or the largest size
        where no power law fits.
    probabilities : dict of float
        Over all sizes up to ``reach``: "deep" or "classical" ahead throughout, "deep_overtakes",
        "classical_overtakes". Empty without curves of both families.
    deep_ahead, compared_sizes : int
        At how many of the compared sizes the mean error of deep learning is the lower one.
    measured_from : int
        The smallest size that both families have.
    reason : str
        Why nothing can be compared.
    headline, sentence, interval : str
        The answer and its interval in words.
    """

    outcome: str
    overtaker: str | None
    rows: float | None
    low: float | None
    high: float | None
    extrapolated: bool
    smallest: int
    largest: int
    reach: int
    probabilities: dict[str, float]
    deep_ahead: int = 0
    compared_sizes: int = 0
    measured_from: int = 0
    reason: str = ""
    headline: str = ""
    sentence: str = ""
    interval: str = ""


@dataclass(frozen=True)
class LearningCurveAnswer:
    """The whole answer of a learning curve.

    Attributes
    ----------
    families : tuple of FamilyScore
        Each family's champion by training size.
    models : tuple of SizeScore
    fits : tuple of CurveFit
    curves : dict of FamilyCurve
        By family; without those that have scores at too few sizes.
    crossover : Crossover
    confidence_level : float
        Of all intervals, and the probability that an outcome needs.
    interrupted : int
        1 if Ctrl-C ended it early, else 0.
    exit_code : int
        0 if every fit ended well, else 1.
    """

    dataset: DatasetFacts
    metric: CurveMetric
    plan: CurvePlanFacts
    families: tuple[FamilyScore, ...]
    models: tuple[SizeScore, ...]
    fits: tuple[CurveFit, ...]
    curves: dict[Family, FamilyCurve]
    crossover: Crossover
    confidence_level: float
    findings: tuple[Finding, ...]
    interrupted: int
    versions: dict[str, str | int | None]
    wall_seconds: float
    exit_code: int

    def to_dict(self) -> dict[str, object]:
        """The answer as one object that JSON can hold."""
        plain: dict[str, object] = to_json(self)
        return plain

    @classmethod
    def from_dict(cls, value: Mapping[str, object]) -> LearningCurveAnswer:
        """The answer that :meth:`to_dict` wrote down.

        Raises
        ------
        ValueError
            A key is missing or has a value of another type.
        """
        return from_json(cls, value)


@dataclass(frozen=True)
class NetworkScore:
    """One network of a grid; ``units`` is None without a hidden layer.

    The other fields are those of :class:`SizeScore`; ``parameters`` is the number of trained parameters.
    """

    layers: int
    units: int | None
    status: str
    reason: str
    score: float | None
    score_low: float | None
    score_high: float | None
    fit_seconds: float | None
    parameters: int | None
    fits_ok: int
    fits_planned: int


@dataclass(frozen=True)
class Sufficiency:
    """Whether ``value`` hidden layers, or units per layer, are enough.

    Attributes
    ----------
    axis : {"layers", "units"}
    outcome : {"yes", "no", "undecided"}
    gain, gain_low, gain_high : float or None
        What more of them gain in units of the metric, positive if better, with its interval.
    p_enough : float or None
        Probability that the gain is at most the margin.
    sentence : str
        The answer in words.
    """

    axis: Literal["layers", "units"]
    value: int
    outcome: str
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    p_enough: float | None
    sentence: str


@dataclass(frozen=True)
class CapacityAnswer:
    """The whole answer of a grid of networks.

    Attributes
    ----------
    networks : tuple of NetworkScore
        Small ones first.
    answers : tuple of Sufficiency
        For each number of hidden layers but the largest, then of units.
    headline : str
        The smallest depth that is enough.
    margin : float
        Gains up to it, in units of the metric, count as none.
    confidence_level : float
        Of all intervals, and the probability that an outcome needs.
    interrupted : int
        1 if Ctrl-C ended it early, else 0.
    exit_code : int
        0 if every fit ended well, else 1.
    """

    dataset: DatasetFacts
    metric: SweepMetric
    plan: CapacityPlanFacts
    networks: tuple[NetworkScore, ...]
    answers: tuple[Sufficiency, ...]
    headline: str
    margin: float
    confidence_level: float
    findings: tuple[Finding, ...]
    interrupted: int
    versions: dict[str, str | int | None]
    wall_seconds: float
    exit_code: int

    def to_dict(self) -> dict[str, object]:
        """The answer as one object that JSON can hold."""
        plain: dict[str, object] = to_json(self)
        return plain

    @classmethod
    def from_dict(cls, value: Mapping[str, object]) -> CapacityAnswer:
        """The answer that :meth:`to_dict` wrote down.

        Raises
        ------
        ValueError
            A key is missing or has a value of another type.
        """
        return from_json(cls, value)
