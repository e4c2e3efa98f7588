"""Is so much depth, or width, enough? From cross-validated scores of a grid of networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..metrics import Metric
from .intervals import correlated_t, left_out_champion

if TYPE_CHECKING:
    from ..runs.curve_plan import CapacityPlan
    from ..workflows.capacity import NetworkScore

_COUNTS = {
    0: "A network without hidden layers",
    1: "One hidden layer",
    2: "Two hidden layers",
    3: "Three hidden layers",
}


@dataclass(frozen=True)
class Answer:
    """Whether ``value`` layers (or units a layer) are enough.

    ``outcome`` is "yes", "no" or "undecided"; ``gain`` is what more of them bring in units of the metric,
    positive if better, with its interval; ``p_enough`` the probability that it is at most the margin.
    """

    axis: str  # layers, units
    value: int
    outcome: str
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    p_enough: float | None
    sentence: str


def answer_capacity(
    scores: Sequence[NetworkScore], plan: CapacityPlan, metric: Metric, margin: float, level: float
) -> list[Answer]:
    """For each number of layers, then of units, whether more would pay."""
    depths = [_answer("layers", n, scores, plan, metric, margin, level) for n in plan.layers[:-1]]
    hidden = [s for s in scores if s.shape]
    widths = [_answer("units", n, hidden, plan, metric, margin, level) for n in plan.units[:-1]]
    return depths + (widths if hidden else [])


def headline(answers: Sequence[Answer]) -> str:
    """The smallest depth that is enough, in so few words that they fit above a picture."""
    depths = [a for a in answers if a.axis == "layers"]
    for a in depths:
        if a.outcome != "no":
            subject = _subject(a.axis, a.value)
            return (
                f"{subject} enough" if a.outcome == "yes" else f"Cannot tell whether {_lower(subject)} enough"
            )
    return f"{_subject('layers', depths[-1].value)} not enough" if depths else "How wide must a network be?"


def _answer(
    axis: str,
    value: int,
    scores: Sequence[NetworkScore],
    plan: CapacityPlan,
    metric: Metric,
    margin: float,
    level: float,
) -> Answer:
    """The best network with more against the best with this much, each chosen on the other folds."""
    of = {"layers": lambda s: len(s.shape), "units": lambda s: s.shape[0]}[axis]
    complete = [s for s in scores if s.complete]
    here = [s for s in complete if of(s) == value]
    more = [s for s in complete if of(s) > value]
    if not here or not more:
        return _unknown(axis, value, "fits are missing")
    gains = _fair(more, plan, metric) - _fair(here, plan, metric)
    if len(gains) < 2:
        return _unknown(axis, value, "one split says nothing of doubt")
    p = correlated_t(gains, plan.test_over_train, margin, level)
    enough = p.p_below + p.p_inside
    outcome = "yes" if enough >= level else ("no" if p.p_above >= level else "undecided")
    gain = f"more {axis} gain {p.mean:.3g} {metric.label} ({p.low:.3g} to {p.high:.3g})"
    text = _sentence(outcome, _subject(axis, value), gain, margin)
    return Answer(axis, value, outcome, p.mean, p.low, p.high, enough, text)


def _unknown(axis: str, value: int, reason: str) -> Answer:
    text = f"Cannot tell whether {_lower(_subject(axis, value))} enough: {reason}."
    return Answer(axis, value, "undecided", None, None, None, None, text)


def _fair(scores: Sequence[NetworkScore], plan: CapacityPlan, metric: Metric) -> np.ndarray:
    """Scores of the best of these networks on each fold, chosen on the others; higher is better."""
    rounds = np.arange(len(scores[0].values)) // plan.folds
    return left_out_champion(metric.sign * np.stack([s.values for s in scores]), rounds)


def _subject(axis: str, value: int) -> str:
    if axis == "units":
        return f"{value:,} units a layer are" if value != 1 else "One unit a layer is"
    return f"{_COUNTS.get(value, f'{value} hidden layers')} {'is' if value < 2 else 'are'}"


def _lower(subject: str) -> str:
    return subject[0].lower() + subject[1:]


def _sentence(outcome: str, subject: str, gain: str, margin: float) -> str:
    if outcome == "no":
        return f"{subject} not enough: {gain}."
    start = f"{subject} enough" if outcome == "yes" else f"Cannot tell whether {_lower(subject)} enough"
    return f"{start}: {gain}; up to {margin:.3g} does not matter."
