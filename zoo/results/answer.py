"""The answer of a comparison: leaderboard, verdict, costs, findings. Reports show it and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from ...datasets import Finding
from .explanation import Explanations
from .facts import DatasetFacts, Determinism, MetricFacts, PlanFacts, TimeEstimate
from .json import from_json, to_json
from .rows import CostSheet, Family

SCHEMA_VERSION = 1

Interval = tuple[float | None, float | None]


@dataclass(frozen=True)
class LeaderboardRow:
    """One model.

    Attributes
    ----------
    status : str
        "ok", "partial", or how all of its jobs ended.
    score, score_low, score_high : float or None
        Mean of the primary metric over folds with its interval; None unless every job ended well.
    metrics, intervals : dict
        The same by the name of every metric of the task.
    fit_seconds, predict_seconds, size_bytes, parameters
        Of one model trained for use where costs were measured, else of the folds. ``predict_seconds`` is
        for 1,000 rows, ``latency_seconds`` for one.
    contended : bool
        Times were taken while other jobs ran.
    tied_with_best : bool or None
        Not significantly different from the best model (Tukey's range).
    pareto : bool or None
        No other model is better in score, latency, training time and size at once.
    fidelity, fidelity_tree, fidelity_linear : float or None
        R² of a small surrogate (the better one, a tree, a linear model) with the model's predictions.
    reference : bool
        The model only shows what knowing nothing scores.
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


@dataclass(frozen=True)
class Champion:
    """The best model of a family over all folds.

    ``score`` is corrected for model selection: what choosing the family's best on other rows earns, with
    its interval, in units of the metric. The model's own mean in the leaderboard is a little optimistic.
    """

    model: str
    score: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Verdict:
    """Is deep learning better on these data?

    Attributes
    ----------
    outcome : {"deep", "classical", "equivalent", "undecided"}
    deep_champion, classical_champion : str or None
        The best model of each family.
    gain, gain_low, gain_high : float or None
        By how much deep learning is better, in units of the metric, with its interval; negative if the
        classical family is better.
    p_deep, p_equivalent, p_classical : float or None
        Probability that the gain is above the margin, within it, or below it.
    margin : float
        Half the width of the region of practical equivalence, in units of the metric.
    confidence_level : float
        The probability that a verdict needs, and the level of the intervals.
    missing : tuple of str
        Models that lack a score because some of their jobs did not end well.
    sentence, advice : str
        The verdict in words, and what would settle an undecided one.
    champions : dict of Champion
        By family, with scores that are corrected for model selection.
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


@dataclass(frozen=True)
class BudgetAnswer:
    """The best model within limits of cost.

    ``limits`` are in seconds and bytes, ``models`` those within them, best first; ``score`` with ``low``
    and ``high`` is corrected for model selection; ``cheapest`` is what each limit would have to be for any
    model to meet it.
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
    """What the differences say about the true mean difference, with the probabilities about the margin."""

    mean: float
    low: float
    high: float
    p_below: float
    p_inside: float
    p_above: float


@dataclass(frozen=True)
class Paired:
    """The first model's score less the second's, positive if the first is better.

    ``error`` is the standard error of the difference and ``freedom`` its degrees of freedom (None:
    infinite). ``p_value`` is two-sided, for "no difference at all"; the posterior allows for the margin.
    """

    first: str
    second: str
    test: str  # corrected t, DeLong, McNemar, paired bootstrap
    posterior: Posterior
    error: float
    freedom: float | None
    p_value: float


@dataclass(frozen=True)
class Answer:
    """The whole answer of a comparison.

    Attributes
    ----------
    run, created, path : str
        Where and when it was kept; ``run`` is empty and ``path`` None for what was not.
    leaderboard : tuple of LeaderboardRow
        Best first; models without a score come last.
    best_reachable : float or None
        The metric of the true probabilities, known for generated data only.
    budget : BudgetAnswer or None
        The best model within the limits that were asked for.
    between : Paired or None
        Two models that were to be compared with each other.
    exit_code : int
        0 if every job that could run ended well, else 1.
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
    schema_version: int = SCHEMA_VERSION

    def to_dict(self) -> dict[str, object]:
        """The answer as one object that JSON can hold."""
        found: dict[str, object] = to_json(self)
        return found

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
