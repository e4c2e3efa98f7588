"""Fit one or several Keras estimators: their plans, gathered into fleets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass
class FitPlan:
    """What one ``fit`` trains: an architecture, its settings, and a maker for each member's rows.

    ``seconds`` is what making the plan took.
    """

    number: int
    estimator: Any
    architecture: Any
    settings: Any
    makers: Sequence[Callable[[], Any]]
    seconds: float


def fit_many(
    estimators: Sequence[Any],
    X: Any,
    y: Any,
    rows: Sequence[np.ndarray] | None = None,
    *,
    sample_weight: Any = None,
    callbacks: Sequence[Any] = (),
    progress: Callable[[int, int, int, dict[str, float]], None] | None = None,
    on_end: Callable[[int, Exception | None], None] | None = None,
    first_alone: bool = False,
) -> None:
    """Fit several estimators, each on its own rows of the same data, as one fleet.

    Parameters
    ----------
    estimators : sequence of KerasEstimator
    X, y, sample_weight
        As :meth:`KerasEstimator.fit` takes them.
    rows : sequence of int arrays, optional
        The rows of each estimator; all rows for every one by default.
    progress : callable, optional
        Hears (network, epoch, epochs, losses) after every epoch; networks are counted over all estimators.
    on_end : callable, optional
        Hears the number of each estimator when it is fitted, with None or the error that it met; the
        others go on. Without it the first error is raised.
    first_alone : bool
        Train the first network before the others, so that ``fit_seconds_`` of its estimator is the time
        of one fit and not of one among others.
    """
    for estimator in estimators:
        estimator.warm_up()
    own_rows = rows if rows is not None else [None] * len(estimators)
    plans: list[FitPlan] = []
    for number, (estimator, own) in enumerate(zip(estimators, own_rows, strict=True)):
        try:
            plans.append(estimator._plan(number, X, y, sample_weight, own))
        except Exception as error:
            if on_end is None:
                raise
            on_end(number, error)
    for fleet in _fleets(plans):
        _train_fleet(fleet, callbacks, progress or _printer(estimators), on_end, first_alone)


def _train_fleet(
    plans: Sequence[FitPlan],
    callbacks: Sequence[Any],
    progress: Callable[[int, int, int, dict[str, float]], None] | None,
    on_end: Callable[[int, Exception | None], None] | None,
    first_alone: bool,
) -> None:
    """Train the networks of plans that share a program, and hand them to their estimators."""
    from ..training.fleet import train

    owner = [(plan, place) for plan in plans for place in range(len(plan.makers))]
    makers = [maker for plan in plans for maker in plan.makers]
    ends: dict[int, dict[int, Any]] = {plan.number: {} for plan in plans}

    def take_over(network: int, end: Any) -> None:
        plan, place = owner[network]
        ends[plan.number][place] = end
        if len(ends[plan.number]) < len(plan.makers):
            return
        members = [ends[plan.number][i] for i in range(len(plan.makers))]
        error = next((m for m in members if isinstance(m, Exception)), None)
        if error is None:
            plan.estimator._adopt(plan.architecture, members, plan.seconds)
        if on_end is not None:
            on_end(plan.number, error)
        elif error is not None:
            raise error

    shared = plans[0]
    train(shared.architecture, makers, shared.settings, progress, callbacks, take_over, first_alone)


def _fleets(plans: Sequence[FitPlan]) -> list[list[FitPlan]]:
    """The plans that share a compiled program."""
    fleets: dict[Any, list[FitPlan]] = {}
    for plan in plans:
        fleets.setdefault((plan.architecture, plan.settings), []).append(plan)
    return list(fleets.values())


def _printer(
    estimators: Sequence[Any],
) -> Callable[[int, int, int, dict[str, float]], None] | None:
    if not any(estimator.verbose for estimator in estimators):
        return None
    import sys

    def show(replica: int, epoch: int, epochs: int, logs: dict[str, float]) -> None:
        values = "  ".join(f"{name} {value:.4f}" for name, value in logs.items())
        print(f"network {replica + 1}  epoch {epoch}/{epochs}  {values}", file=sys.stderr)

    return show
