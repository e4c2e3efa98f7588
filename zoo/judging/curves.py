"""judge_learning_curve(): from scored fits to each family's champion, power law and crossover."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..metrics import Metric
from ..results.curves import (
    Crossover,
    CurveFit,
    CurveMetric,
    CurvePlanFacts,
    FamilyCurve,
    FamilyScore,
    Interval,
    LearningCurveAnswer,
    ScoredFit,
    SizeScore,
    SweepFacts,
)
from ..results.rows import Family
from ..setup import Criteria
from .crossover import REACH, ErrorCurve, FittedCurve, find_crossover, fit_curves, in_words, too_few_sizes
from .intervals import best, corrected_interval, left_out_champion
from .judge import resolve

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
    champions = {family: family_curve(sized, plan, metric, family) for family in _FAMILIES}
    fitted, crossover = _fit_and_compare(champions, plan, level)
    return LearningCurveAnswer(
        dataset=facts.dataset,
        metric=_metric_facts(metric),
        plan=plan,
        families=tuple(s for f, c in champions.items() for s in _family_scores(f, c, metric, level)),
        models=tuple(_size_score(cell, plan, metric, level) for cell in sized),
        fits=tuple(fit for cell in sized for fit in _fits(cell)),
        curves={family: _curve(f, crossover.reach, metric, level) for family, f in fitted.items()},
        crossover=crossover,
        confidence_level=level,
        findings=facts.findings,
        interrupted=int(facts.interrupted),
        versions=facts.versions,
        wall_seconds=facts.seconds,
        exit_code=exit_code(sized),
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


def estimate(values: np.ndarray, test_over_train: float, metric: Metric, level: float) -> Estimate:
    """Mean and corrected interval within the metric's bounds; nothing where a fit has no score."""
    if np.isnan(values).any():
        return Estimate(None, None, None)
    if len(values) < 2:
        return Estimate(float(values.mean()), None, None)
    low, high = corrected_interval(values, test_over_train, level)
    return Estimate(float(values.mean()), max(low, metric.bounds[0]), min(high, metric.bounds[1]))


def overlap(plan: CurvePlanFacts) -> np.ndarray:
    """What shared rows of the repeats add to the variance of a mean, by size: float64 (S,).

    At the largest size it is n_test/n_train (Nadeau and Bengio 2003); the share of rows that two random
    subsets have in common falls with their size. Repeats beyond the number of disjoint parts score the same
    rows again and do not reduce the variance further.
    """
    shared = np.array(plan.sizes) / plan.sizes[-1]
    again = 1.0 / min(plan.repeats, plan.blocks) - 1.0 / plan.repeats
    return plan.test_over_train * shared + again


def error_of(metric: Metric, scores: np.ndarray) -> np.ndarray:
    """Distance of scores from the best possible one: 1 - ROC AUC, log loss, RMSE."""
    return metric.bounds[1] - scores if metric.greater_is_better else scores - metric.bounds[0]


def score_of(metric: Metric, errors: np.ndarray) -> np.ndarray:
    """Scores with these errors: the inverse of :func:`error_of`."""
    return metric.bounds[1] - errors if metric.greater_is_better else errors + metric.bounds[0]


def family_curve(
    cells: Sequence[SizeCell], plan: CurvePlanFacts, metric: Metric, family: str
) -> tuple[ErrorCurve, list[str]]:
    """Errors of a family's champion at every size that some model of it finished, and the champions' names.

    At each size and repeat the champion is the model that is best on the repeats with other scoring rows,
    so that no model is chosen by the rows that score it.
    """
    rounds = np.arange(plan.repeats) // plan.blocks
    positions, errors, names = [], [], []
    for position, size in enumerate(plan.sizes):
        rivals = [c for c in cells if c.family == family and c.size == size and c.complete]
        if rivals:
            ranked = metric.sign * np.stack([c.values for c in rivals])
            positions.append(position)
            errors.append(error_of(metric, metric.sign * left_out_champion(ranked, rounds)))
            names.append(rivals[best(ranked)].model)
    by_repeat = np.array(errors).reshape(len(errors), plan.repeats).T
    return ErrorCurve(np.array(plan.sizes)[positions], by_repeat, overlap(plan)[positions]), names


def _fit_and_compare(
    champions: Mapping[Family, tuple[ErrorCurve, list[str]]], plan: CurvePlanFacts, level: float
) -> tuple[dict[Family, FittedCurve], Crossover]:
    """Power laws of the families that have enough sizes, and the crossover if both have."""
    usable = {family: curve for family, (curve, _) in champions.items() if not too_few_sizes(curve)}
    laws = fit_curves(list(usable.values()), plan.seed) if usable else []
    fitted = dict(zip(usable, laws, strict=True))
    if len(fitted) == 2:
        return fitted, find_crossover(fitted["deep"], fitted["classical"], level)
    return fitted, in_words(_no_crossover(fitted, plan), level)


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


def _family_scores(
    family: Family, champions: tuple[ErrorCurve, list[str]], metric: Metric, level: float
) -> list[FamilyScore]:
    """The champion of a family at each size, corrected for model selection."""
    curve, names = champions
    scores = score_of(metric, curve.errors).T
    return [
        FamilyScore(family, int(size), name, *estimate(values, float(shared), metric, level))
        for size, name, values, shared in zip(curve.sizes, names, scores, curve.overlap, strict=True)
    ]


def _size_score(cell: SizeCell, plan: CurvePlanFacts, metric: Metric, level: float) -> SizeScore:
    shared = float(overlap(plan)[plan.sizes.index(cell.size)])
    mean = estimate(cell.values, shared, metric, level)
    return SizeScore(cell.model, cell.family, cell.size, *cell.outcome(), *mean)


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
