"""From the scored fits of sweeps to their answers.

:func:`judge_learning_curve` finds each family's champion, power law and crossover, :func:`judge_capacity` how
many layers and units are enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from ..metrics import Metric
from ..results.answer import Posterior
from ..results.curves import (
    CapacityAnswer,
    CapacityPlanFacts,
    Crossover,
    CurveFit,
    CurveMetric,
    CurvePlanFacts,
    FamilyCurve,
    FamilyScore,
    Interval,
    LearningCurveAnswer,
    NetworkScore,
    PretrainingCurve,
    ScoredFit,
    Shape,
    SizeGain,
    SizeScore,
    Sufficiency,
    SweepFacts,
    SweepMetric,
)
from ..results.rows import Family
from ..setup import Criteria
from .crossover import REACH, find_crossover, in_words
from .curve_spread import ScoredUnits, Spread
from .intervals import best, left_out_choices, student
from .judge import Resolved, resolve
from .power_law import ErrorCurve, FittedCurve, fit_curves, spread_of, too_few_sizes
from .pretraining import pretraining_curve

_DRAWN_SIZES = 61
_FAMILIES: tuple[Family, ...] = ("deep", "classical")


def judge_learning_curve(
    cells: Iterable[Sequence[ScoredFit]], plan: CurvePlanFacts, facts: SweepFacts, criteria: Criteria
) -> LearningCurveAnswer:
    """The answer that scored fits give by some criteria; trains nothing.

    Parameters
    ----------
    cells : iterable of sequences of ScoredFit
        Each holds the fits of one model at one size by repeat.
    plan : CurvePlanFacts
    facts : SweepFacts
    criteria : Criteria
        Its metric is the one by which the fits were scored.

    Raises
    ------
    InputError
        A criterion cannot be used.
    """
    resolved = resolve(criteria, facts.dataset)
    metric, level = resolved.metric, resolved.level
    sized = [SizeCell.of(fits, plan) for fits in cells]
    judge = CurveJudge(ScoredUnits(facts.rows), plan, metric, level)
    found = {family: judge.family_curve(sized, (family,)) for family in _FAMILIES}
    champions = {family: curve for family, (curve, _) in found.items()}
    names = {family: own for family, (_, own) in found.items()}
    fitted, crossover = judge.fit_and_compare(champions)
    scores = judge.family_scores(champions, names)
    pretraining = judge.pretraining(sized)
    if pretraining is not None:
        scores += pretraining.scores
        fitted |= {} if pretraining.fitted is None else {"pretrained": pretraining.fitted}
    return LearningCurveAnswer(
        dataset=facts.dataset,
        metric=_metric_facts(metric),
        plan=plan,
        families=tuple(scores),
        models=tuple(judge.size_score(cell) for cell in sized),
        fits=tuple(fit for cell in sized for fit in _fits(cell)),
        curves={family: _curve(f, crossover.reach, metric, level) for family, f in fitted.items()},
        gains=tuple(judge.gains(champions["deep"], champions["classical"])),
        crossover=crossover,
        confidence_level=level,
        findings=facts.findings,
        interrupted=int(facts.interrupted),
        versions=facts.versions,
        wall_seconds=facts.seconds,
        exit_code=exit_code(sized),
        pretraining=None if pretraining is None else pretraining.gain,
    )


class Outcome(NamedTuple):
    """How the fits of a cell ended: status, the first reason, counts, mean seconds of a fit."""

    status: str
    reason: str
    fits_ok: int
    fits_planned: int
    fit_seconds: float | None


class Estimate(NamedTuple):
    """A mean score with its interval."""

    score: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Cell:
    """Fits of one model that differ in their rows only."""

    fits: tuple[ScoredFit, ...]

    @property
    def values(self) -> np.ndarray:
        """The score of every fit, float64 (J,), NaN where there is none."""
        return np.array([np.nan if fit.score is None else fit.score for fit in self.fits])

    @property
    def complete(self) -> bool:
        """Every fit has a score."""
        return all(fit.score is not None for fit in self.fits)

    def outcome(self) -> Outcome:
        """How the fits ended."""
        ok = [fit.result for fit in self.fits if fit.result.ok]
        bad = [fit.result for fit in self.fits if not fit.result.ok]
        seconds = [row.fit_seconds for row in ok if row.fit_seconds is not None]
        status = "ok" if not bad else (bad[0].status if not ok else "partial")
        reason = bad[0].reason if bad else ""
        return Outcome(status, reason, len(ok), len(self.fits), float(np.mean(seconds)) if seconds else None)


@dataclass(frozen=True)
class SizeCell(Cell):
    """The fits of a model at one training size, by repeat."""

    model: str
    family: Family
    size: int

    @classmethod
    def of(cls, fits: Sequence[ScoredFit], plan: CurvePlanFacts) -> SizeCell:
        """The cell of these fits."""
        first = fits[0].result
        return cls(tuple(fits), first.model, first.family, plan.sizes[first.fold])


def exit_code(cells: Iterable[Cell]) -> int:
    """0 if every fit ended well, else 1."""
    return int(any(not fit.result.ok for cell in cells for fit in cell.fits))


def estimate(
    cell: Cell, units: ScoredUnits, ratio: float, shared: float, metric: Metric, level: float
) -> Estimate:
    """Mean of a cell with its interval by rows; nothing where a fit has no score."""
    if not cell.complete:
        return Estimate(None, None, None)
    evidence = units.evidence(cell.values, units.contributions(cell.fits), ratio, shared)
    return Estimate(evidence.value, *units.interval(evidence, metric, level))


def overlap(plan: CurvePlanFacts) -> np.ndarray:
    """How much of the luck of a repeat's training rows the others share, by size: float64 (S,).

    At the largest size it is n_test/n_train (Nadeau and Bengio 2003); the share of rows that two random
    subsets have in common falls with their size.
    """
    return np.asarray(plan.test_over_train * np.array(plan.sizes) / plan.sizes[-1])


def error_of(metric: Metric, scores: np.ndarray) -> np.ndarray:
    """Distance of scores from the best possible one: 1 - ROC AUC, log loss, RMSE."""
    return metric.bounds[1] - scores if metric.greater_is_better else scores - metric.bounds[0]


def score_of(metric: Metric, errors: np.ndarray) -> np.ndarray:
    """Scores with these errors: the inverse of :func:`error_of`."""
    return metric.bounds[1] - errors if metric.greater_is_better else errors + metric.bounds[0]


@dataclass(frozen=True)
class CurveJudge:
    """What the fits of a learning curve say, by the rows that scored them."""

    units: ScoredUnits
    plan: CurvePlanFacts
    metric: Metric
    level: float

    def family_curve(
        self, cells: Sequence[SizeCell], families: Sequence[str]
    ) -> tuple[ErrorCurve, list[str]]:
        """Errors of the families' champion at every size that some model finished, and their names.

        At each size and repeat the champion is the model that is best on the repeats with other scoring
        rows, so that no model is chosen by the rows that score it.
        """
        rounds = np.arange(self.plan.repeats) // self.plan.blocks
        sizes, errors, parts, names = [], [], [], []
        for size in self.plan.sizes:
            rivals = [c for c in cells if c.family in families and c.size == size and c.complete]
            if rivals:
                ranked = self.metric.sign * np.stack([c.values for c in rivals])
                choices = left_out_choices(ranked, rounds)
                own = np.stack([self.units.contributions(c.fits) for c in rivals])
                sizes.append(size)
                scores = self.metric.sign * ranked[choices, np.arange(self.plan.repeats)]
                errors.append(error_of(self.metric, scores))
                parts.append(-self.metric.sign * self.units.chosen(own, choices))
                names.append(rivals[best(ranked)].model)
        return ErrorCurve(np.array(sizes, dtype=int), _columns(errors), _columns(parts)), names

    def fit_and_compare(
        self, champions: Mapping[Family, ErrorCurve]
    ) -> tuple[dict[Family, FittedCurve], Crossover]:
        """Power laws of the families that have enough sizes, and the crossover if both have."""
        usable = {family: curve for family, curve in champions.items() if not too_few_sizes(curve)}
        curves = list(usable.values())
        laws = fit_curves(curves, self._spread(curves), self.plan.seed) if usable else []
        fitted = dict(zip(usable, laws, strict=True))
        if len(fitted) == 2:
            return fitted, find_crossover(fitted["deep"], fitted["classical"], self.level)
        return fitted, in_words(_no_crossover(fitted, self.plan), self.level)

    def _spread(self, curves: Sequence[ErrorCurve]) -> Spread:
        return spread_of(curves, self.units, self.plan.test_over_train)

    def family_scores(
        self, champions: Mapping[Family, ErrorCurve], names: Mapping[Family, Sequence[str]]
    ) -> list[FamilyScore]:
        """The champion of each family at each size, corrected for model selection."""
        curves = {family: curve for family, curve in champions.items() if len(curve.sizes)}
        if not curves:
            return []
        spread, unit = self._spread(list(curves.values())), iter(np.eye(sum(map(_size, curves.values()))))
        return [
            FamilyScore(family, int(size), name, *self._estimate(error, spread, next(unit)))
            for family, curve in curves.items()
            for size, name, error in zip(curve.sizes, names[family], curve.mean, strict=True)
        ]

    def _estimate(self, error: float, spread: Spread, weights: np.ndarray) -> Estimate:
        evidence = spread.evidence(float(score_of(self.metric, np.asarray(error))), weights)
        return Estimate(evidence.value, *self.units.interval(evidence, self.metric, self.level))

    def gains(self, deep: ErrorCurve, classical: ErrorCurve) -> list[SizeGain]:
        """The paired gain of the first champion, deep, at each size that both have."""
        sizes, here, there = np.intersect1d(deep.sizes, classical.sizes, return_indices=True)
        if not len(sizes):
            return []
        spread, unit = self._spread([deep, classical]), np.eye(_size(deep) + _size(classical))
        return [
            self._gain(int(size), spread, unit[_size(deep) + j] - unit[i], classical.mean[j] - deep.mean[i])
            for size, i, j in zip(sizes, here, there, strict=True)
        ]

    def pretraining(self, cells: Sequence[SizeCell]) -> _Pretraining | None:
        """The best model on pretrained weights against the best of all others; None without such models."""
        if not any(cell.family == "pretrained" for cell in cells):
            return None
        own, names = self.family_curve(cells, ("pretrained",))
        others, _ = self.family_curve(cells, _FAMILIES)
        scores = self.family_scores({"pretrained": own}, {"pretrained": names})
        gains = self.gains(own, others)
        if too_few_sizes(own) or too_few_sizes(others):
            return _Pretraining(scores, None, pretraining_curve(gains, None, self.metric.label, self.level))
        both = [own, others]
        fitted, rival = fit_curves(both, self._spread(both), self.plan.seed)
        found = find_crossover(fitted, rival, self.level)  # in which "deep" are the pretrained ones
        return _Pretraining(scores, fitted, pretraining_curve(gains, found, self.metric.label, self.level))

    def _gain(self, size: int, spread: Spread, weights: np.ndarray, gain: float) -> SizeGain:
        evidence = spread.evidence(float(gain), weights)
        error = evidence.error or abs(evidence.value)  # all rows alike tell no spread
        own = student(evidence.value, error, evidence.freedom, 0.0, self.level)
        return SizeGain(size, evidence.value, own.low, own.high)

    def size_score(self, cell: SizeCell) -> SizeScore:
        """A model at one size."""
        ratio = self.plan.test_over_train
        shared = float(overlap(self.plan)[self.plan.sizes.index(cell.size)])
        mean = estimate(cell, self.units, ratio, shared, self.metric, self.level)
        return SizeScore(cell.model, cell.family, cell.size, *cell.outcome(), *mean)


class _Pretraining(NamedTuple):
    """Scores and law of the best model on pretrained weights, and what it gains."""

    scores: list[FamilyScore]
    fitted: FittedCurve | None
    gain: PretrainingCurve


def _size(curve: ErrorCurve) -> int:
    return len(curve.sizes)


def _columns(values: Sequence[np.ndarray]) -> np.ndarray:
    """One column for each array; none of no rows without any."""
    return np.stack(values, axis=1) if values else np.empty((0, 0))


def _no_crossover(fitted: Mapping[Family, FittedCurve], plan: CurvePlanFacts) -> Crossover:
    """What is known without curves of both families."""
    lacking = " and ".join(family for family in _FAMILIES if family not in fitted)
    reach = plan.sizes[-1] * (REACH if all(f.fits for f in fitted.values()) else 1)
    return Crossover(
        outcome="undecided",
        overtaker=None,
        rows=None,
        low=None,
        high=None,
        extrapolated=False,
        smallest=plan.sizes[0],
        largest=plan.sizes[-1],
        reach=reach,
        probabilities={},
        reason=f"no {lacking} model has scores on enough sizes",
    )


def _metric_facts(metric: Metric) -> CurveMetric:
    low, high = (float(bound) if np.isfinite(bound) else None for bound in metric.bounds)
    return CurveMetric(metric.name, metric.label, metric.greater_is_better, (low, high))


def _fits(cell: SizeCell) -> list[CurveFit]:
    return [
        CurveFit(cell.model, cell.size, row.repeat, row.status, row.reason, fit.score, row.fit_seconds)
        for fit in cell.fits
        for row in [fit.result]
    ]


def _curve(fitted: FittedCurve, reach: int, metric: Metric, level: float) -> FamilyCurve:
    """Parameters with intervals, and the curve up to the reach in units of the metric."""
    law, draws = fitted.law, fitted.draws
    grid = np.unique(np.round(np.geomspace(fitted.start, reach, _DRAWN_SIZES)))
    ends = score_of(metric, np.quantile(draws(grid), _tails(level), axis=0))
    return FamilyCurve(
        asymptote=float(law.asymptote),
        scale=float(law.scale),
        exponent=float(law.exponent),
        asymptote_interval=_quantiles(draws.asymptote, level),
        scale_interval=_quantiles(draws.scale, level),
        exponent_interval=_quantiles(draws.exponent, level),
        start=fitted.start,
        misfit=fitted.misfit,
        fits=int(fitted.fits),
        rows=tuple(grid.tolist()),
        score=tuple(score_of(metric, law(grid)).tolist()),
        score_low=tuple(np.maximum(ends.min(axis=0), metric.bounds[0]).tolist()),
        score_high=tuple(np.minimum(ends.max(axis=0), metric.bounds[1]).tolist()),
    )


def _tails(level: float) -> list[float]:
    return [0.5 - level / 2, 0.5 + level / 2]


def _quantiles(values: np.ndarray, level: float) -> Interval:
    low, high = np.quantile(values, _tails(level))
    return float(low), float(high)


Axis = Literal["layers", "units"]

_COUNTS = {
    0: "A network without hidden layers",
    1: "One hidden layer",
    2: "Two hidden layers",
    3: "Three hidden layers",
}


def judge_capacity(
    cells: Iterable[Sequence[ScoredFit]], plan: CapacityPlanFacts, facts: SweepFacts, criteria: Criteria
) -> CapacityAnswer:
    """The answer that scored fits give by some criteria; trains nothing.

    Parameters
    ----------
    cells : iterable of sequences of ScoredFit
        Each holds the fits of one network by repeat, in the order of ``plan.networks``.
    plan : CapacityPlanFacts
    facts : SweepFacts
    criteria : Criteria
        Its metric is the one by which the fits were scored.

    Raises
    ------
    InputError
        A criterion cannot be used.
    """
    resolved = resolve(criteria, facts.dataset)
    metric = resolved.metric
    networks = {shape: Cell(tuple(fits)) for shape, fits in zip(plan.networks, cells, strict=True)}
    judge = _GridJudge(ScoredUnits(facts.rows), plan, resolved)
    answers = judge.sufficiency(networks)
    return CapacityAnswer(
        dataset=facts.dataset,
        metric=SweepMetric(metric.name, metric.label, metric.greater_is_better),
        plan=plan,
        networks=tuple(judge.network_score(shape, cell) for shape, cell in networks.items()),
        answers=tuple(answers),
        headline=_headline(answers),
        margin=resolved.margin,
        confidence_level=resolved.level,
        findings=facts.findings,
        interrupted=int(facts.interrupted),
        versions=facts.versions,
        wall_seconds=facts.seconds,
        exit_code=exit_code(networks.values()),
    )


@dataclass(frozen=True)
class _GridJudge:
    """What the fits of a grid of networks say, by the rows that scored them."""

    units: ScoredUnits
    plan: CapacityPlanFacts
    resolved: Resolved

    def network_score(self, shape: Shape, cell: Cell) -> NetworkScore:
        """One network with its interval."""
        outcome, ratio = cell.outcome(), self.plan.test_over_train
        mean = estimate(cell, self.units, ratio, ratio, self.resolved.metric, self.resolved.level)
        counts = [fit.result.parameters for fit in cell.fits if fit.result.ok]
        return NetworkScore(
            layers=len(shape),
            units=shape[0] if shape else None,
            status=outcome.status,
            reason=outcome.reason,
            score=mean.score,
            score_low=mean.low,
            score_high=mean.high,
            fit_seconds=outcome.fit_seconds,
            parameters=next((count for count in counts if count is not None), None),
            fits_ok=outcome.fits_ok,
            fits_planned=outcome.fits_planned,
        )

    def sufficiency(self, networks: Mapping[Shape, Cell]) -> list[Sufficiency]:
        """For each number of layers, then of units, whether it is enough."""
        complete = {shape: self._ranked(cell) for shape, cell in networks.items() if cell.complete}
        hidden = {shape: own for shape, own in complete.items() if shape}
        depths = [self._sufficiency("layers", n, complete) for n in self.plan.layers[:-1]]
        widths = [self._sufficiency("units", n, hidden) for n in self.plan.units[:-1]]
        return depths + (widths if any(networks) else [])

    def _ranked(self, cell: Cell) -> _Ranked:
        sign = self.resolved.metric.sign
        return _Ranked(sign * cell.values, sign * self.units.contributions(cell.fits))

    def _sufficiency(self, axis: Axis, value: int, networks: Mapping[Shape, _Ranked]) -> Sufficiency:
        """The best network with more against the best with this much, each chosen on the other folds."""
        here = [own for shape, own in networks.items() if _measure(axis, shape) == value]
        more = [own for shape, own in networks.items() if _measure(axis, shape) > value]
        if not here or not more:
            return _unknown(axis, value, "some fits have no score")
        level, margin = self.resolved.level, self.resolved.margin
        p = self._gain(self._champion(here), self._champion(more))
        enough = p.p_below + p.p_inside
        outcome = "yes" if enough >= level else ("no" if p.p_above >= level else "undecided")
        interval = f"{level:.0%} interval {p.low:.3g} to {p.high:.3g}"
        gain = f"more {axis} gain {p.mean:.3g} {self.resolved.metric.label} ({interval})"
        text = _sentence(outcome, _subject(axis, value), gain, margin)
        return Sufficiency(axis, value, outcome, p.mean, p.low, p.high, enough, text)

    def _champion(self, rivals: Sequence[_Ranked]) -> _Ranked:
        """The best of these networks on each fold, chosen on the other folds."""
        values = np.stack([own.values for own in rivals])
        choices = left_out_choices(values, np.arange(values.shape[1]) // self.plan.folds)
        parts = np.stack([own.contributions for own in rivals])
        return _Ranked(values[choices, np.arange(values.shape[1])], self.units.chosen(parts, choices))

    def _gain(self, here: _Ranked, more: _Ranked) -> Posterior:
        ratio, metric = self.plan.test_over_train, self.resolved.metric
        gains, parts = more.values - here.values, more.contributions - here.contributions
        found = self.units.evidence(gains, parts, ratio, ratio)
        error = found.error or abs(found.value)  # all rows alike tell no spread
        width, rows = metric.bounds[1] - metric.bounds[0], self.units.n_units
        return student(
            found.value, error, found.freedom, self.resolved.margin, self.resolved.level, rows, width
        )


@dataclass(frozen=True)
class _Ranked:
    """Scores by fold (J,), higher is better, and what every row contributes to them (M,)."""

    values: np.ndarray
    contributions: np.ndarray


def _measure(axis: Axis, shape: Shape) -> int:
    return len(shape) if axis == "layers" else shape[0]


def _unknown(axis: Axis, value: int, reason: str) -> Sufficiency:
    text = f"{_cannot_tell(_subject(axis, value))}: {reason}."
    return Sufficiency(axis, value, "undecided", None, None, None, None, text)


def _headline(answers: Sequence[Sufficiency]) -> str:
    """The smallest depth that is enough, in so few words that it fits above a picture."""
    depths = [a for a in answers if a.axis == "layers"]
    for a in depths:
        subject = _subject(a.axis, a.value)
        if a.outcome != "no":
            return f"{subject} enough" if a.outcome == "yes" else _cannot_tell(subject)
    return f"{_subject('layers', depths[-1].value)} not enough" if depths else "How wide must a network be?"


def _subject(axis: Axis, value: int) -> str:
    """What is asked about, with its verb."""
    if axis == "units":
        return f"{value:,} units per layer are" if value != 1 else "One unit per layer is"
    return f"{_COUNTS.get(value, f'{value} hidden layers')} {'is' if value < 2 else 'are'}"


def _cannot_tell(subject: str) -> str:
    return f"Cannot tell whether {subject[0].lower()}{subject[1:]} enough"


def _sentence(outcome: str, subject: str, gain: str, margin: float) -> str:
    if outcome == "no":
        return f"{subject} not enough: {gain}."
    start = f"{subject} enough" if outcome == "yes" else _cannot_tell(subject)
    return f"{start}: {gain}; differences up to {margin:.3g} count as equivalent."
