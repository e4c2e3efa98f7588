"""judge_capacity(): from the scored fits of a grid of networks to how many layers and units are enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np

from ..metrics import Metric
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
from .curves import Cell, estimate, exit_code
from .intervals import correlated_t, left_out_champion
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
    values = {shape: cell.values for shape, cell in networks.items()}
    answers = sufficiency(values, plan, metric, resolved.margin, resolved.level)
    return CapacityAnswer(
        dataset=facts.dataset,
        metric=SweepMetric(metric.name, metric.label, metric.greater_is_better),
        plan=plan,
        networks=tuple(_network_score(shape, cell, plan, resolved) for shape, cell in networks.items()),
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


def _network_score(shape: Shape, cell: Cell, plan: CapacityPlanFacts, resolved: Resolved) -> NetworkScore:
    outcome = cell.outcome()
    mean = estimate(cell.values, plan.test_over_train, resolved.metric, resolved.level)
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


def sufficiency(
    values: Mapping[Shape, np.ndarray], plan: CapacityPlanFacts, metric: Metric, margin: float, level: float
) -> list[Sufficiency]:
    """For each number of layers, then of units, whether it is enough.

    Parameters
    ----------
    values : mapping of shape to ndarray of shape (J,)
        The metric on every split, NaN where there is none.
    margin : float
        Gains up to it, in units of the metric, count as none.
    """
    complete = {shape: own for shape, own in values.items() if not np.isnan(own).any()}
    hidden = {shape: own for shape, own in complete.items() if shape}
    depths = [_sufficiency("layers", n, complete, plan, metric, margin, level) for n in plan.layers[:-1]]
    widths = [_sufficiency("units", n, hidden, plan, metric, margin, level) for n in plan.units[:-1]]
    return depths + (widths if any(shape for shape in values) else [])


def _sufficiency(
    axis: Axis,
    value: int,
    values: Mapping[Shape, np.ndarray],
    plan: CapacityPlanFacts,
    metric: Metric,
    margin: float,
    level: float,
) -> Sufficiency:
    """The best network with more against the best with this much, each chosen on the other folds."""
    here = [own for shape, own in values.items() if _measure(axis, shape) == value]
    more = [own for shape, own in values.items() if _measure(axis, shape) > value]
    if not here or not more:
        return _unknown(axis, value, "some fits have no score")
    gains = _champion(more, plan, metric) - _champion(here, plan, metric)
    if len(gains) < 2:
        return _unknown(axis, value, "the uncertainty cannot be estimated from one split")
    p = correlated_t(gains, plan.test_over_train, margin, level)
    enough = p.p_below + p.p_inside
    outcome = "yes" if enough >= level else ("no" if p.p_above >= level else "undecided")
    interval = f"{level:.0%} interval {p.low:.3g} to {p.high:.3g}"
    gain = f"more {axis} gain {p.mean:.3g} {metric.label} ({interval})"
    text = _sentence(outcome, _subject(axis, value), gain, margin)
    return Sufficiency(axis, value, outcome, p.mean, p.low, p.high, enough, text)


def _measure(axis: Axis, shape: Shape) -> int:
    return len(shape) if axis == "layers" else shape[0]


def _unknown(axis: Axis, value: int, reason: str) -> Sufficiency:
    text = f"{_cannot_tell(_subject(axis, value))}: {reason}."
    return Sufficiency(axis, value, "undecided", None, None, None, None, text)


def _champion(values: Sequence[np.ndarray], plan: CapacityPlanFacts, metric: Metric) -> np.ndarray:
    """Scores of the best of these networks on each fold, chosen on the other folds; higher is better."""
    rounds = np.arange(len(values[0])) // plan.folds
    return left_out_champion(metric.sign * np.stack(values), rounds)


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
