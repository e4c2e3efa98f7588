"""A plan that fits into a time: what is left out first is what costs the least truth.

A preset promises a time (:data:`PROMISES`) on :data:`CORES` cores of the machine of the table of times, so
that the same data give the same plan everywhere; ``total_time`` is held by the estimate for this machine.
Steps, until the estimate fits:

1. fewer folds where rows are many: inference from every row needs no ten folds of 45,000 of them
2. without the dearest models, one after the other; strong and quick ones of each family stay
3. costs are taken from the scored fits instead of one fit more of every model
4. models train on a part of the rows of each fold, and are scored on all its test rows

What the user chose (folds, models) is not changed, and every step is a sentence of the plan and the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ...datasets import Dataset
from .. import registry
from ..setup import Design, Setup
from .estimate import Estimate, estimate, usual_estimate
from .limits import Limits, parse_time
from .plan import Plan, make_plan

CORES = 2
# Seconds by preset and kind of data; "thorough" takes what it takes.
PROMISES = {
    "quick": {"tabular": 120.0, "image": 300.0, "text": 300.0},
    "standard": {"tabular": 1200.0, "image": 3000.0, "text": 3000.0},
}
_MANY, _VERY_MANY = 10_000, 20_000  # rows from which three folds are enough, and one
_HELD_OUT = 0.2
_PARTS = (20_000, 10_000, 5_000, 2_000)  # training rows
_DEAR = 0.1  # of the allowed time: cheaper models are not worth leaving out


@dataclass(frozen=True)
class _Step:
    """A design that takes less time, and what it does without."""

    design: Design
    words: str


def plan_in_time(dataset: Dataset, setup: Setup, limits: Limits, folder: Path | None) -> tuple[Setup, Plan]:
    """The setup and plan that fit into the time that was asked for or that the preset promises.

    Parameters
    ----------
    folder : Path or None
        Of earlier runs, which say how long models take here.

    Returns
    -------
    setup, plan
        As given where they fit; else with other values of their options, so that the setup repeats the run.
    """
    plan = make_plan(dataset, setup, limits)
    allowed = parse_time(setup.design.total_time)
    if allowed is None:
        allowed = _promised(dataset, setup)
        if allowed is None:
            return setup, plan
        measure: Callable[[Plan], Estimate] = lambda plan: usual_estimate(dataset, plan, CORES)  # noqa: E731
    else:
        measure = lambda plan: estimate(dataset, plan, folder)  # noqa: E731
    decisions: list[str] = []
    while (found := measure(plan)).seconds > allowed:
        step = next(_steps(dataset, setup, plan, found, allowed), None)
        if step is None:
            break
        decisions.append(step.words)
        setup = replace(setup, design=step.design)
        plan = make_plan(dataset, setup, limits)
    return setup, replace(plan, decisions=tuple(_joined(decisions)))


def _promised(dataset: Dataset, setup: Setup) -> float | None:
    """Seconds that the preset promises; None where the user chose the models, or there is no promise."""
    if setup.design.models is not None:
        return None
    return PROMISES.get(setup.design.preset, {}).get(dataset.modality)


def _steps(dataset: Dataset, setup: Setup, plan: Plan, found: Estimate, allowed: float) -> Iterator[_Step]:
    """What can be left out of a plan, the least loss first."""
    design = setup.design
    yield from _fewer_folds(dataset, design, plan)
    yield from _without_the_dearest(dataset, design, found, allowed)
    if design.costs and not setup.criteria.budget:
        words = "costs are those of the scored fits, not of a fit of their own"
        yield _Step(replace(design, costs=False), words)
    yield from _fewer_training_rows(design, plan)


def _fewer_folds(dataset: Dataset, design: Design, plan: Plan) -> Iterator[_Step]:
    chosen = (design.repeats, design.holdout)
    free = design.folds in (None, 3) and chosen == (None, None)
    if not free or dataset.test is not None or dataset.time is not None:
        return
    rows = len(dataset)
    if rows >= _MANY and plan.folds > 3:
        yield _Step(replace(design, folds=3), f"3 folds instead of {plan.folds}: {rows:,} rows are many")
    if rows >= _VERY_MANY and plan.folds == 3:
        words = f"one held-out fifth instead of folds: {round(_HELD_OUT * rows):,} rows score every model"
        yield _Step(replace(design, folds=None, holdout=_HELD_OUT, repeats=1), words)


def _without_the_dearest(
    dataset: Dataset, design: Design, found: Estimate, allowed: float
) -> Iterator[_Step]:
    if design.models is not None:
        return
    strong = registry.for_learning_curves(dataset.task, dataset.modality)
    others = [row for row in found.models if row.model not in strong and row.seconds > _DEAR * allowed]
    for row in sorted(others, key=lambda row: -row.seconds):
        yield _Step(
            replace(design, without=(*design.without, row.model)),
            f"{_WITHOUT}{row.model} (about {_minutes(row.seconds)})",
        )


def _fewer_training_rows(design: Design, plan: Plan) -> Iterator[_Step]:
    largest = max(len(job.split.train) for job in plan.jobs)
    for rows in _PARTS:
        if rows < largest:
            yield _Step(replace(design, train_rows=rows), f"models train on {rows:,} rows")


_WITHOUT = "without "


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _joined(decisions: list[str]) -> Iterator[str]:
    """Models that were left out in one sentence, and of the numbers of training rows the last."""
    models = [words.removeprefix(_WITHOUT) for words in decisions if words.startswith(_WITHOUT)]
    parts = [words for words in decisions if words.startswith("models train on")]
    for words in decisions:
        if words.startswith(_WITHOUT):
            if models:
                yield _WITHOUT + ", ".join(models)
                models = []
        elif words not in parts or words == parts[-1]:
            yield words
