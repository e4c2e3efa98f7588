"""The answer of a comparison: leaderboard, verdict, costs, findings. Reports show it and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

from ...datasets import Finding
from .explanation import Explanations
from .facts import DatasetFacts, Determinism, MetricFacts, PlanFacts, TimeEstimate
from .json import from_json, to_json
from .rows import CostSheet, Family, Slices, Together

SCHEMA_VERSION = 1

Interval = tuple[float | None, float | None]


@dataclass(frozen=True)
class LeaderboardRow:
    """One model of a leaderboard.

    Attributes
    ----------
    model : str
        Name of the model.
    family : {"deep", "classical", "pretrained"}
        Whether it is a network, and whether on weights that other data trained.
    status : str
        "ok", "partial", or how all of its jobs ended.
    score, score_low, score_high : float or None
        Mean of the primary metric over folds, with its interval; None unless every job ended well.
    metrics : dict of float or None
        The same mean of every metric of the task, by name.
    fit_seconds, predict_seconds : float or None
        Seconds to train one model for use, and to predict 1,000 rows; from the folds where costs were not
        measured.
    size_bytes, parameters : int or None
        Bytes of the saved model, and its fitted parameters.
    fold_fit_seconds : float or None
        Mean seconds of a fit in the folds.
    fleet_seconds : float or None
        Seconds to train the networks of all folds together.
    contended : bool
        Other jobs ran while times were taken.
    costs : CostSheet or None
        All measured costs; None without ``costs=True``.
    jobs_ok, jobs_planned : int
        Jobs that ended well, and jobs that were planned.
    reason : str
        Why the first failed job failed.
    notes : tuple of str
        What to know about the model, such as "predicts one class only".
    intervals : dict of (float, float)
        The interval of every metric, by name.
    tied_with_best : bool or None
        Not significantly different from the best model (Tukey's range).
    pareto : bool or None
        No other model is better in score, latency, CPU time of training and size at once.
    latency_seconds : float or None
        Median seconds to predict one row.
    fidelity, fidelity_tree, fidelity_linear : float or None
        R² of a small surrogate with the predictions of the model: the better one, a tree, a linear model.
        None where the better one is below 0.1: it imitates nothing.
    reference : bool
        The model ignores the features and only shows what that scores.
    """

    model: str
    family: Family
    status: str
    score: float | None
    score_low: float | None
    score_high: float | None
    metrics: dict[str, float | None]
    fit_seconds: float | None
    predict_seconds: float | None
    size_bytes: int | None
    parameters: int | None
    fold_fit_seconds: float | None
    fleet_seconds: float | None
    contended: bool
    costs: CostSheet | None
    jobs_ok: int
    jobs_planned: int
    reason: str
    notes: tuple[str, ...]
    intervals: dict[str, Interval]
    tied_with_best: bool | None = None
    pareto: bool | None = None
    latency_seconds: float | None = None
    fidelity: float | None = None
    fidelity_tree: float | None = None
    fidelity_linear: float | None = None
    reference: bool = False

    @property
    def fit_cpu_seconds(self) -> float | None:
        """CPU seconds of a fit, which are alike for one thread and many; wall time without a cost sheet."""
        measured = self.costs.fit_cpu_seconds if self.costs is not None else None
        return self.fit_seconds if measured is None else measured


@dataclass(frozen=True)
class Champion:
    """The best model of a family over all folds.

    Attributes
    ----------
    model : str
        Name of the model.
    score, low, high : float or None
        Score of choosing the family's best model on other rows, with its interval, in units of the metric. It
        is corrected for model selection; the model's mean in the leaderboard is a little optimistic.
    """

    model: str
    score: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Uncertainty:
    """Where the uncertainty of a gain comes from, as shares of its variance; they sum to 1.

    Attributes
    ----------
    rows : float
        Which rows were tested. More rows help.
    training : float
        Which rows the models were trained on. More rows help.
    luck : float
        Splits and seeds. More repeats help.
    """

    rows: float
    training: float
    luck: float


@dataclass(frozen=True)
class Needed:
    """What would settle an undecided verdict with a chance of 80 % if scores stay as they are.

    Attributes
    ----------
    rows : int or None
        Rows in total; None if no number of rows would.
    repeats : int or None
        Repeats in total; None if they would not be enough.
    seconds : float or None
        Time of the further repeats; None without repeats, or where the run did not take any time.
    """

    rows: int | None = None
    repeats: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Verdict:
    """Is deep learning better on these data?

    Attributes
    ----------
    outcome : {"deep", "classical", "equivalent", "undecided"}
        The better family; "equivalent" for a gain within the margin, "undecided" for one that is uncertain.
    deep_champion, classical_champion : str or None
        The best model of each family; references, such as a constant, do not count.
    gain, gain_low, gain_high : float or None
        By how much deep learning is better, in units of the metric, with its interval; negative if the
        classical family is better.
    p_deep, p_equivalent, p_classical : float or None
        Probability that the gain is above the margin, within it, or below it.
    margin : float
        Half the width of the region of practical equivalence, in units of the metric.
    confidence_level : float
        Level of the intervals, and the probability that a verdict needs.
    missing : tuple of str
        Models without a score, because some of their jobs did not end well.
    sentence : str
        The verdict in words.
    advice : str
        What would settle an undecided verdict.
    champions : dict of Champion
        The best model of each family, with its score corrected for model selection.
    warnings : tuple of str
        Signs of target leakage. With any, the sentence begins with them: the verdict may not hold.
    inference : {"rows", "corrected-t"}
        How the uncertainty was estimated.
    uncertainty : Uncertainty or None
        Where the uncertainty comes from; None where that is not known.
    needed : Needed or None
        What would settle an undecided verdict.
    """

    outcome: str
    deep_champion: str | None
    classical_champion: str | None
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    p_deep: float | None
    p_equivalent: float | None
    p_classical: float | None
    margin: float
    confidence_level: float
    missing: tuple[str, ...]
    sentence: str
    advice: str
    champions: dict[str, Champion] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    inference: Literal["rows", "corrected-t"] = "rows"
    uncertainty: Uncertainty | None = None
    needed: Needed | None = None


@dataclass(frozen=True)
class PretrainingGain:
    """By how much the best model on pretrained weights is better than the best of all others.

    Attributes
    ----------
    champion, rival : str
        The best model on pretrained weights, and the best of the others.
    gain, gain_low, gain_high : float
        The gain with its interval, in units of the metric; corrected for model selection.
    p_better, p_equivalent, p_worse : float
        Probability that the gain is above the margin, within it, or below it.
    confidence_level : float
        Level of the interval.
    """

    champion: str
    rival: str
    gain: float
    gain_low: float
    gain_high: float
    p_better: float
    p_equivalent: float
    p_worse: float
    confidence_level: float


@dataclass(frozen=True)
class TunedModel:
    """A model whose parameters were searched inside the training rows of each fold, beside its defaults.

    Attributes
    ----------
    model, base : str
        The tuned model, and the model with its default parameters.
    trials : float
        Candidates of a search, the mean over folds.
    failed : int
        Candidates that could not be fitted, over all folds.
    cpu_seconds : float
        CPU time of all searches, without the last fits.
    gain, gain_low, gain_high : float or None
        Gain over the defaults with its interval, in units of the metric.
    params : tuple of dict
        The parameters that were chosen in each fold; empty ones are the defaults.
    """

    model: str
    base: str
    trials: float
    failed: int
    cpu_seconds: float
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    params: tuple[dict[str, object], ...] = ()


@dataclass(frozen=True)
class Tuning:
    """What tuning gains.

    Attributes
    ----------
    models : tuple of TunedModel
        Every tuned model.
    cpu_seconds : dict of float
        CPU time of all searches by family.
    defaults : Verdict or None
        The verdict without tuned models; None where one family has none.
    """

    models: tuple[TunedModel, ...]
    cpu_seconds: dict[str, float]
    defaults: Verdict | None = None


@dataclass(frozen=True)
class BudgetAnswer:
    """The best model within limits of cost.

    Attributes
    ----------
    limits : dict of float
        The limits in seconds and bytes, by name.
    models : tuple of str
        Models within all limits, best first.
    model : str or None
        The best of them.
    score, low, high : float or None
        Its score, corrected for model selection, with its interval.
    cheapest : dict of float or None
        For each limit the lowest cost of any model.
    """

    limits: dict[str, float]
    models: tuple[str, ...]
    model: str | None
    score: float | None
    low: float | None
    high: float | None
    cheapest: dict[str, float | None]


@dataclass(frozen=True)
class Posterior:
    """Posterior of a true mean difference between two models.

    Attributes
    ----------
    mean, low, high : float
        Its mean, with the interval.
    p_below, p_inside, p_above : float
        Probability that it lies below the region of practical equivalence, within it, or above it.
    """

    mean: float
    low: float
    high: float
    p_below: float
    p_inside: float
    p_above: float


@dataclass(frozen=True)
class Paired:
    """Difference between two models, positive if the first one is better.

    Attributes
    ----------
    first, second : str
        Names of the models.
    test : str
        "row-level t", "corrected t", "DeLong", "McNemar" or "paired bootstrap".
    posterior : Posterior
        Of the true difference.
    error : float
        Standard error of the difference.
    freedom : float or None
        Degrees of freedom of the error; None if infinite.
    p_value : float
        Two-sided, for no difference at all; the posterior allows for the margin.
    uncertainty : Uncertainty or None
        Where the error comes from; None where that is not known.
    """

    first: str
    second: str
    test: str
    posterior: Posterior
    error: float
    freedom: float | None
    p_value: float
    uncertainty: Uncertainty | None = None


@dataclass(frozen=True)
class Answer:
    """The whole answer of a comparison.

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
    metric : MetricFacts
        The primary metric.
    plan : PlanFacts
        Models, folds, parameters, limits and seed.
    leaderboard : tuple of LeaderboardRow
        Models, best first; those without a score come last.
    best_reachable : float or None
        The metric of the true probabilities, known for generated data only.
    verdict : Verdict
        Whether deep learning is better.
    budget : BudgetAnswer or None
        The best model within the given limits of cost.
    explanations : Explanations or None
        Small surrogates of the models, and explanations of the best ones.
    findings : tuple of Finding
        What the checks found in the data.
    versions : dict
        Versions of Python and libraries, by name.
    wall_seconds : float
        Seconds that the run took.
    estimate : TimeEstimate or None
        Seconds that it was expected to take.
    determinism : Determinism
        How far a repeated run gives the same numbers.
    exit_code : int
        0 if every job that could run ended well, else 1.
    between : Paired or None
        Difference between the two models that were asked about.
    together : Together or None
        The mean of both champions' predictions, against the better one alone.
    slices : Slices or None
        Rows on which the families differ; None where they were not looked for.
    pretraining : PretrainingGain or None
        What pretraining gains; None without models on pretrained weights.
    tuning : Tuning or None
        What tuning gains; None where nothing was tuned.
    schema_version : int
        Version of this schema.
    """

    run: str
    created: str
    path: str | None
    dataset: DatasetFacts
    metric: MetricFacts
    plan: PlanFacts
    leaderboard: tuple[LeaderboardRow, ...]
    best_reachable: float | None
    verdict: Verdict
    budget: BudgetAnswer | None
    explanations: Explanations | None
    findings: tuple[Finding, ...]
    versions: dict[str, str | int | None]
    wall_seconds: float
    estimate: TimeEstimate | None
    determinism: Determinism
    exit_code: int
    between: Paired | None = None
    together: Together | None = None
    slices: Slices | None = None
    pretraining: PretrainingGain | None = None
    tuning: Tuning | None = None
    schema_version: int = SCHEMA_VERSION

    def to_dict(self) -> dict[str, object]:
        """The answer as one object that JSON can hold."""
        content: dict[str, object] = to_json(self)
        return content

    @classmethod
    def from_dict(cls, value: Mapping[str, object]) -> Answer:
        """The answer that :meth:`to_dict` wrote down."""
        return from_json(cls, value)


def flat_row(row: LeaderboardRow) -> dict[str, object]:
    """A row as a table has it: a column for each metric, for the ends of its interval and for each cost."""
    flat = {f.name: getattr(row, f.name) for f in fields(row) if f.name not in _NESTED}
    flat["notes"] = list(row.notes)
    ends = {
        f"{name}_{end}": value
        for name, interval in row.intervals.items()
        for end, value in zip(("low", "high"), interval, strict=True)
    }
    return {**flat, **row.metrics, **ends, **_flat_costs(row.costs)}


_NESTED = ("metrics", "intervals", "costs")
_SHEET = ("fit_cpu_seconds", "fit_peak_bytes", "load_seconds", "predict_peak_bytes", "flops")


def _flat_costs(costs: CostSheet | None) -> dict[str, object]:
    """Figures of a cost sheet that the row does not have."""
    if costs is None:
        return {}
    latencies = {
        f"latency_{rows}_{end}": getattr(latency, end)
        for rows, latency in (costs.latency or {}).items()
        for end in ("median", "p95")
    }
    return {name: getattr(costs, name) for name in _SHEET} | latencies
