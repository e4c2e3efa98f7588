"""Learning curves and grids of networks: the scored fits that they are judged from, and their answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ...datasets import Finding
from .facts import DatasetFacts
from .json import from_json, to_json
from .rows import Family, Result

if TYPE_CHECKING:
    import numpy as np

FEWEST_SIZES = 4  # a power law has three parameters, and one size more can contradict it

Interval = tuple[float, float]
Shape = tuple[int, ...]  # units of each hidden layer


@dataclass(frozen=True)
class ScoredFit:
    """How a fit ended, without its prediction, its score, and what every row contributed to it.

    Attributes
    ----------
    result : Result
        For a learning curve, ``result.fold`` is the position of its training size in the plan.
    score : float or None
        The metric on the rows that score this fit; None where it has none.
    influence : ndarray of shape (n_test,) or None
        The influence value of every row that scores this fit; None without a score.
    """

    result: Result
    score: float | None
    influence: np.ndarray | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class ScoringRows:
    """The rows that score the fits of each repeat, in the order of the influence values.

    Attributes
    ----------
    units : tuple of int ndarray of shape (n_test,)
        What is drawn independently, by repeat: the number of each row's group or moment, or of the row.
    classes : tuple of int ndarray of shape (n_test,) or None
        Class codes by repeat; None for regression, and where units are no rows.
    in_order : bool
        Whether units are moments, whose neighbours may be correlated.
    """

    units: tuple[np.ndarray, ...]
    classes: tuple[np.ndarray, ...] | None = None
    in_order: bool = False


@dataclass(frozen=True)
class SweepFacts:
    """Facts of a sweep of fits beside its scores.

    Attributes
    ----------
    dataset : DatasetFacts
        The data without their rows.
    findings : tuple of Finding
        What the checks found in the data.
    versions : dict
        Versions of Python and libraries, by name.
    rows : ScoringRows
        The rows that score the fits.
    seconds : float
        Seconds that it took.
    interrupted : bool
        Whether Ctrl-C ended it early.
    """

    dataset: DatasetFacts
    findings: tuple[Finding, ...]
    versions: dict[str, str | int | None]
    rows: ScoringRows
    seconds: float = 0.0
    interrupted: bool = False


@dataclass(frozen=True)
class CurvePlanFacts:
    """The plan of a learning curve without its rows.

    Attributes
    ----------
    sizes : tuple of int
        Numbers of training rows, ascending.
    repeats : int
        Random subsets of each size.
    blocks : int
        Disjoint parts of the scoring rows; repeat r is scored on part r modulo this number.
    test_rows : int
        Rows of a part.
    test_over_train : float
        Rows of a part over training rows of the largest size.
    seed : int
        Seed of subsets and models.
    params : dict of dict
        Parameters by model.
    models : tuple of str
        Names of the models.
    threads : int
        Number of threads per fit.
    official_test, ordered : int
        1 if the rows are scored on an official test set, or on the last period of time; else 0.
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
    model : str
        Name of the network.
    layers, units : tuple of int
        Numbers of hidden layers, and of units in each, ascending.
    folds, repeats : int
        Disjoint scoring parts, and how often each is used.
    official_test : int
        1 if the parts are those of an official test set, else 0.
    test_over_train : float
        Scoring rows over training rows of a split.
    seed : int
        Seed of splits and networks.
    params : dict
        Other parameters of the network.
    threads : int
        Number of threads per fit.
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
    """The metric of a sweep: its ``name``, its ``label`` for readers, and whether ``greater_is_better``."""

    name: str
    label: str
    greater_is_better: bool


@dataclass(frozen=True)
class CurveMetric(SweepMetric):
    """The metric of a learning curve.

    Attributes
    ----------
    name, label : str
        Its name, and how readers see it.
    greater_is_better : bool
        Its direction.
    bounds : (float or None, float or None)
        Its lowest and highest possible value; None where there is no bound.
    """

    bounds: tuple[float | None, float | None]


@dataclass(frozen=True)
class FamilyScore:
    """A family at one training size.

    Attributes
    ----------
    family : {"deep", "classical", "pretrained"}
        The family.
    size : int
        Training rows.
    champion : str
        Its best model.
    score, score_low, score_high : float or None
        Score of the family, corrected for model selection, with its interval.
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
    model, family : str
        Name and family of the model.
    size : int
        Training rows.
    status : str
        "ok", "partial", or how all fits ended.
    reason : str
        Why the first failed fit failed.
    fits_ok, fits_planned : int
        Fits that ended well, and fits that were planned.
    fit_seconds : float or None
        Mean seconds of a fit, over those that were timed.
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
    """One fit of a learning curve.

    Attributes
    ----------
    model : str
        Name of the model.
    size, repeat : int
        Training rows, and which subset of that size.
    status, reason : str
        How the fit ended, and why.
    score : float or None
        The metric on the scoring rows.
    fit_seconds : float or None
        Its seconds, where it was timed.
    """

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
    asymptote, scale, exponent : float
        Its parameters.
    asymptote_interval, scale_interval, exponent_interval : (float, float)
        Their intervals.
    start : int
        The smallest training size to which the law was fitted.
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
class SizeGain:
    """How much better the deep champion scores at a training size; below 0 the classical one is better.

    Attributes
    ----------
    size : int
        Training rows.
    gain, low, high : float
        Paired difference of both families in units of the metric, positive where deep learning is better,
        with its interval at this size.
    """

    size: int
    gain: float
    low: float
    high: float


@dataclass(frozen=True)
class GainCurve:
    """The gain of deep learning by the curves of both families; below 0 classical learning is better.

    Attributes
    ----------
    rows : tuple of float
        Training rows.
    gain, low, high : tuple of float
        The difference of the curves in units of the metric, with a band that holds all of the measured
        sizes at once at the confidence level. Who is ahead is claimed only where it excludes 0.
    """

    rows: tuple[float, ...]
    gain: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class Span:
    """Neighbouring training sizes about which the same can be said.

    Attributes
    ----------
    ahead : {"deep", "classical"} or None
        The family that is ahead; None where that cannot be told.
    first, last : float
        Training rows.
    """

    ahead: Family | None
    first: float
    last: float


@dataclass(frozen=True)
class Crossover:
    """Where the error of one family falls below that of the other.

    Attributes
    ----------
    outcome : str
        "deep" or "classical" (ahead at every size compared), "crossover", "ahead_from" (one is ahead from
        some size to the largest), "ahead_to" (one is ahead from the smallest size to some other),
        "ahead_between" (one is ahead at some sizes between), "none_in_reach" (classical ahead up to ten
        times the data), or "undecided".
    overtaker : str or None
        The family that is ahead beyond the crossover; without a crossover, the one that would be.
    rows, low, high : float or None
        Training rows at the crossover with its interval. ``low`` is None if it may lie below the smallest
        size, ``high`` if it may lie beyond ``reach`` or nowhere.
    extrapolated : bool
        The crossover lies beyond the rows that were measured.
    smallest, largest : int
        The measured sizes that were compared.
    reach : int
        The largest number of rows that is reported on: ten times the largest size, or the largest size
        where no power law fits.
    probabilities : dict of float
        Over all sizes up to ``reach``: "deep" or "classical" ahead throughout, "deep_overtakes",
        "classical_overtakes". Empty without curves of both families.
    spans : tuple of Span
        The measured sizes that were compared, by what can be said of them; none without both curves.
    gain : GainCurve or None
        The gain of deep learning by training size, on which ``spans`` and ``outcome`` rest.
    deep_ahead, compared_sizes : int
        At how many of the compared sizes the mean error of deep learning is the lower one.
    reason : str
        Why nothing can be compared.
    claim : str
        What is claimed, with its confidence level: the title of the picture.
    sentence : str
        The claim, and what else is known.
    interval : str
        The interval of the crossover in words.
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
    spans: tuple[Span, ...] = ()
    gain: GainCurve | None = None
    deep_ahead: int = 0
    compared_sizes: int = 0
    reason: str = ""
    claim: str = ""
    sentence: str = ""
    interval: str = ""


@dataclass(frozen=True)
class PretrainingSpan:
    """Neighbouring training sizes about which the same can be said.

    Attributes
    ----------
    ahead : {"pretrained", "others"} or None
        Who is ahead; None where that cannot be told.
    first, last : float
        Training rows.
    """

    ahead: Literal["pretrained", "others"] | None
    first: float
    last: float


@dataclass(frozen=True)
class PretrainingCurve:
    """By how much the best pretrained model scores better than the best of all others, by training size.

    Attributes
    ----------
    gains : tuple of SizeGain
        The paired gain at each measured size, positive where the pretrained model is better.
    band : GainCurve or None
        The same by fitted curves, with a band that holds all measured sizes at once.
    spans : tuple of PretrainingSpan
        The measured sizes by who is ahead: where the band excludes 0.
    decides_to : float or None
        The most training rows up to which pretraining is ahead from the smallest size on; None where it is
        not ahead there.
    claim : str
        What is claimed, with its confidence level.
    sentence : str
        The claim, and the gain at both ends.
    """

    gains: tuple[SizeGain, ...]
    band: GainCurve | None
    spans: tuple[PretrainingSpan, ...]
    decides_to: float | None
    claim: str
    sentence: str


@dataclass(frozen=True)
class LearningCurveAnswer:
    """The whole answer of a learning curve.

    Attributes
    ----------
    dataset : DatasetFacts
        The data without their rows.
    metric : CurveMetric
        The metric of all scores.
    plan : CurvePlanFacts
        Models, sizes, repeats and seed.
    families : tuple of FamilyScore
        Each family's champion by training size.
    models : tuple of SizeScore
        Each model by training size.
    fits : tuple of CurveFit
        Every single fit.
    curves : dict of FamilyCurve
        Power laws by family, without families that have scores at too few sizes.
    gains : tuple of SizeGain
        How much better the deep champion scores, by training size that both families have.
    crossover : Crossover
        Where, or whether, one family overtakes the other.
    confidence_level : float
        Level of all intervals, and the probability that an outcome needs.
    findings : tuple of Finding
        What the checks found in the data.
    interrupted : int
        1 if Ctrl-C ended it early, else 0.
    versions : dict
        Versions of Python and libraries, by name.
    wall_seconds : float
        Seconds that it took.
    exit_code : int
        0 if every fit ended well, else 1.
    pretraining : PretrainingCurve or None
        What pretraining gains by training size; None without models on pretrained weights.
    """

    dataset: DatasetFacts
    metric: CurveMetric
    plan: CurvePlanFacts
    families: tuple[FamilyScore, ...]
    models: tuple[SizeScore, ...]
    fits: tuple[CurveFit, ...]
    curves: dict[Family, FamilyCurve]
    gains: tuple[SizeGain, ...]
    crossover: Crossover
    confidence_level: float
    findings: tuple[Finding, ...]
    interrupted: int
    versions: dict[str, str | int | None]
    wall_seconds: float
    exit_code: int
    pretraining: PretrainingCurve | None = None

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
    """One network of a grid.

    Attributes
    ----------
    layers : int
        Hidden layers.
    units : int or None
        Units in each of them; None without a hidden layer.
    status : str
        "ok", "partial", or how all fits ended.
    reason : str
        Why the first failed fit failed.
    score, score_low, score_high : float or None
        Mean over folds with its interval; None unless every fit has a score.
    fit_seconds : float or None
        Mean seconds of a fit, over those that were timed.
    parameters : int or None
        Number of trained parameters.
    fits_ok, fits_planned : int
        Fits that ended well, and fits that were planned.
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
        What is counted.
    value : int
        How many of them.
    outcome : {"yes", "no", "undecided"}
        Whether they are enough.
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
    dataset : DatasetFacts
        The data without their rows.
    metric : SweepMetric
        The metric of all scores.
    plan : CapacityPlanFacts
        Networks, folds, repeats and seed.
    networks : tuple of NetworkScore
        Scores of the networks, small ones first.
    answers : tuple of Sufficiency
        For each number of hidden layers but the largest, then of units.
    headline : str
        The smallest depth that is enough.
    margin : float
        Gains up to this, in units of the metric, do not matter.
    confidence_level : float
        Level of all intervals, and the probability that an outcome needs.
    findings : tuple of Finding
        What the checks found in the data.
    interrupted : int
        1 if Ctrl-C ended it early, else 0.
    versions : dict
        Versions of Python and libraries, by name.
    wall_seconds : float
        Seconds that it took.
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
