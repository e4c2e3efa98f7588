"""capacity(): is one hidden layer enough? Are two?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from ....datasets._checks import check_dataset
from ....datasets._load import as_dataset
from ....datasets._splits import Split
from ..judging._question import make_question
from ..running._jobs import Job
from ..running._progress import Progress
from ._capacity_plan import CapacityPlan, make_capacity_plan
from ._capacity_result import Capacity, NetworkScore
from ._depth import answer_capacity, headline
from ._sweep import Cell, run_cells, values_and_jobs, whole


def capacity(
    data: Any = "sick-healthy",
    *,
    layers: Sequence[int] = (0, 1, 2, 3),
    units: Sequence[int] = (8, 32, 128),
    model: str = "plain-mlp",
    folds: int = 5,
    repeats: int = 1,
    metric: str | None = None,
    margin: float | None = None,
    confidence_level: float = 0.95,
    seed: int = 0,
    params: dict[str, dict[str, Any]] | None = None,
    progress: Progress | None = None,
    **load_options: Any,
) -> Capacity:
    """How deep and how wide must a network be on these data?

    The textbook network is cross-validated for every number of hidden layers and of units in each. Whether
    another layer pays is asked of the best width of each depth, chosen on other folds than it is
    scored on.

    Parameters
    ----------
    data : str, path, DataFrame or Dataset
        Whatever :func:`deepworth.load_dataset` takes, a table; ``load_options`` go there.
    layers : sequence of int
        Numbers of hidden layers; 0 is the network without any, a linear model.
    units : sequence of int
        Units in each hidden layer.
    model : str
        Any network with the parameter ``hidden_units``.
    folds, repeats : int
        Of the cross-validation; an official test part is used instead where the data have one.
    metric, margin, confidence_level, seed, params, progress
        As :func:`deepworth.compare` takes them.

    Returns
    -------
    Capacity
        ``answers`` say for each depth whether it is enough, ``frame()`` has score and time of each network.

    Raises
    ------
    InputError
        The data or an option cannot be used; the message says what to do.
    Interrupted
        A KeyboardInterrupt; its ``result`` holds what was finished.
    """
    started = time.perf_counter()
    dataset = as_dataset(data, seed=seed, **load_options)
    question = make_question(dataset, metric, margin, confidence_level)
    plan, splits = make_capacity_plan(
        dataset,
        layers=layers,
        units=units,
        model=model,
        folds=folds,
        repeats=repeats,
        seed=seed,
        params=params,
    )
    cells = [_cell(plan, shape, splits) for shape in plan.networks()]
    ended, interrupted = run_cells(cells, dataset, question.metric, seed, plan.threads, progress)
    scores = [
        NetworkScore(shape, *values_and_jobs(fits))
        for shape, fits in zip(plan.networks(), ended, strict=True)
    ]
    answers = answer_capacity(scores, plan, question.metric, question.margin, question.level)
    result = Capacity(
        dataset=dataset,
        plan=plan,
        metric=question.metric,
        margin=question.margin,
        confidence_level=question.level,
        scores=scores,
        answers=answers,
        headline=headline(answers),
        findings=check_dataset(dataset),
        interrupted=interrupted,
        seconds=time.perf_counter() - started,
    )
    return whole(result)


def _cell(plan: CapacityPlan, shape: tuple[int, ...], splits: Sequence[Split]) -> Cell:
    """A network of the grid on every split."""
    label = f"{len(shape)} x {shape[0]} units" if shape else "no hidden layer"
    jobs = [Job(plan.model, "deep", split) for split in splits]
    return Cell(label, jobs, {**plan.params, "hidden_units": shape})
