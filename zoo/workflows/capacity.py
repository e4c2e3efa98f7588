"""capacity(): is one hidden layer enough? Are two?

The answer of a grid of networks: frames for people who compute, one plain object for reports.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ...datasets import Split, as_dataset, check_dataset
from ..judging.capacity import answer_capacity, headline
from ..judging.question import make_question
from ..runs.curve_plan import CapacityPlan, make_capacity_plan
from ..runs.fitting import Job
from ..runs.progress import Progress
from ..runs.sweep import Cell, run_cells, values_and_jobs, whole
from ._sweep_result import CellScore, SweepResult


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


@dataclass(frozen=True)
class NetworkScore(CellScore):
    """A network of this ``shape``: the metric on every fold, float64 (J,), NaN where there is none."""

    shape: tuple[int, ...]
    values: np.ndarray
    jobs: tuple[Job, ...] = field(repr=False)


@dataclass
class Capacity(SweepResult):
    """What :func:`deepworth.capacity` returns.

    Attributes
    ----------
    answers : list of Answer
        For each number of hidden layers, then of units, whether it is enough.
    scores : list of NetworkScore
    """

    plan: CapacityPlan
    scores: list[NetworkScore]
    margin: float
    answers: Sequence[Any]
    headline: str

    def frame(self) -> pd.DataFrame:
        """One row a network: layers, units, score with interval, seconds of one fit, parameters."""
        return pd.DataFrame(self._rows())

    def _repr_html_(self) -> str:
        from ..report.html.page import networks

        return networks(self.to_dict())

    def _plan_row(self) -> dict[str, Any]:
        return {**asdict(self.plan), "official_test": int(self.plan.official_test)}

    def _found(self) -> dict[str, Any]:
        return {
            "networks": self._rows(),
            "answers": [asdict(answer) for answer in self.answers],
            "headline": self.headline,
            "margin": self.margin,
        }

    def _rows(self) -> list[dict[str, Any]]:
        return [self._row(s) for s in self.scores]

    def _row(self, s: NetworkScore) -> dict[str, Any]:
        facts, counted = s.facts(), [job.parameters for job in s.jobs if job.status == "ok"]
        return {
            "layers": len(s.shape),
            "units": s.shape[0] if s.shape else None,
            **{name: facts.pop(name) for name in ("status", "reason")},
            **self._interval(s.values, self.plan.test_over_train),
            "fit_seconds": facts.pop("fit_seconds"),
            "parameters": next((number for number in counted if number is not None), None),
            **facts,
        }
