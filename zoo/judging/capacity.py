"""judge_capacity(): from the scored fits of a grid of networks to how many layers and units are enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..results.answer import Posterior
from ..results.curves import (
    CapacityAnswer,
    CapacityPlanFacts,
    NetworkScore,
    ScoredFit,
    Shape,
    Sufficiency,
    SweepFacts,
    SweepMetric,
)
from ..setup import Criteria
from .curve_spread import ScoredUnits
from .curves import Cell, estimate, exit_code
from .intervals import left_out_choices, student
from .judge import Resolved, resolve

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
