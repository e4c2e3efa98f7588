"""learning_curve(): with how much data would deep learning win?

The answer of a learning curve: frames for people who compute, one plain object for reports.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ...datasets import as_dataset, check_dataset
from ..judging.crossover import (
    Crossover,
    ErrorCurve,
    FittedCurve,
    find_crossover,
    fit_curves,
    headline,
    interval_in_words,
    sentence,
    too_few_sizes,
)
from ..judging.intervals import best, check_level, left_out_champion
from ..metrics import Metric, primary
from ..runs.curve_plan import REACH, CurvePlan, make_curve_plan
from ..runs.fitting import Job
from ..runs.progress import Progress
from ..runs.sweep import Cell, Fit, run_cells, values_and_jobs, whole
from ._sweep_result import CellScore, SweepResult


def learning_curve(
    data: Any = "sick-healthy",
    *,
    models: Sequence[str] | None = None,
    sizes: int = 8,
    smallest: int | None = None,
    repeats: int = 5,
    metric: str | None = None,
    confidence_level: float = 0.95,
    seed: int = 0,
    params: dict[str, dict[str, Any]] | None = None,
    progress: Progress | None = None,
    **load_options: Any,
) -> LearningCurve:
    """With how much data would deep learning win?

    Both families are trained on growing, nested, stratified subsets of the training rows and scored on
    rows that no subset holds. A power law with an asymptote is fitted to each family's error.

    Parameters
    ----------
    data : str, path, DataFrame or Dataset
        Whatever :func:`deepworth.load_dataset` takes; ``load_options`` go there.
    models : sequence of str, optional
        Names of models; a few strong ones of both families by default. Of several models of a family the
        champion at each size is chosen on the other repeats, never on the rows that score it.
    sizes : int
        How many sizes, at least 4, in a constant ratio up to all training rows.
    smallest : int, optional
        The smallest size in rows.
    repeats : int
        How often rows are drawn anew, at least 2. Up to five repeats score on disjoint rows.
    metric : str, optional
        ROC AUC for two classes, log loss for more, RMSE for numbers by default.
    confidence_level : float
        Of the intervals, and the probability that an answer needs.
    seed : int
        Same seed, same machine: the same numbers.
    params : dict of dict, optional
        Parameters by model, ``{"deep-mlp": {"epochs": 50}}``.
    progress : callable, optional
        Is told every step, see :class:`~deepworth.zoo.runs.progress.Event`.

    Returns
    -------
    LearningCurve
        ``crossover`` is the answer, ``frame()`` the scores as a table, ``to_dict()`` everything.

    Raises
    ------
    InputError
        The data or an option cannot be used; the message says what to do.
    Interrupted
        A KeyboardInterrupt; its ``result`` holds what was finished.
    """
    started = time.perf_counter()
    dataset = as_dataset(data, seed=seed, **load_options)
    check_level(confidence_level)
    measure = primary(dataset.task, metric)
    plan = make_curve_plan(
        dataset, models=models, sizes=sizes, smallest=smallest, repeats=repeats, seed=seed, params=params
    )
    findings = check_dataset(dataset)
    cells = [
        Cell(f"{plan.sizes[k]:,} rows", _jobs_at(plan, name, k), plan.params.get(name, {}))
        for name in plan.models
        for k in range(len(plan.sizes))
    ]
    ended, interrupted = run_cells(cells, dataset, measure, seed, plan.threads, progress)
    scores = [_size_score(fits) for fits in ended]
    curves = {family: family_curve(scores, plan, measure, family) for family in ("deep", "classical")}
    fitted, crossover = _judged(curves, plan, confidence_level)
    result = LearningCurve(
        dataset=dataset,
        plan=plan,
        metric=measure,
        scores=scores,
        curves={f: c for f, (c, _) in curves.items() if len(c.sizes)},
        champions={f: names for f, (_, names) in curves.items()},
        fitted=fitted,
        crossover=crossover,
        confidence_level=confidence_level,
        findings=findings,
        interrupted=interrupted,
        seconds=time.perf_counter() - started,
    )
    return whole(result)


def _jobs_at(plan: CurvePlan, name: str, position: int) -> list[Job]:
    return [job for job in plan.jobs if job.model == name and job.split.fold == position]


def _size_score(fits: Sequence[Fit]) -> SizeScore:
    """A model at one size from its fits by repeat."""
    first = fits[0].job
    return SizeScore(first.model, first.family, len(first.split.train), *values_and_jobs(fits))


def error_of(metric: Metric, scores: np.ndarray) -> np.ndarray:
    """How far a score is from the best that there can be: 1 - ROC AUC, log loss, RMSE."""
    return metric.bounds[1] - scores if metric.greater_is_better else scores - metric.bounds[0]


def family_curve(
    scores: Sequence[SizeScore], plan: CurvePlan, metric: Metric, family: str
) -> tuple[ErrorCurve, list[str]]:
    """Errors of a family's champion on every size that some model of it finished, and the champions' names.

    At each size and repeat the champion is the model that is best on the repeats with other scoring
    rows: its luck on these rows cannot choose it.
    """
    found = []
    rounds = np.arange(plan.repeats) // plan.blocks
    for position, size in enumerate(plan.sizes):
        own = [s for s in scores if s.family == family and s.size == size and s.complete]
        if own:
            matrix = metric.sign * np.stack([s.values for s in own])
            fair = metric.sign * left_out_champion(matrix, rounds)
            found.append((position, error_of(metric, fair), own[best(matrix)].model))
    positions = [position for position, _, _ in found]
    errors = np.array([e for _, e, _ in found]).reshape(len(found), plan.repeats).T
    curve = ErrorCurve(np.array(plan.sizes)[positions], errors, plan.overlap()[positions])
    return curve, [name for _, _, name in found]


def _judged(
    curves: dict[str, tuple[ErrorCurve, list[str]]], plan: CurvePlan, level: float
) -> tuple[dict[str, FittedCurve], Crossover]:
    """Power laws of the families that have enough sizes, and the crossover if both have."""
    usable = {f: c for f, (c, _) in curves.items() if not too_few_sizes(c)}
    fitted = dict(zip(usable, fit_curves(list(usable.values()), plan.seed), strict=True)) if usable else {}
    if len(fitted) == 2:
        return fitted, find_crossover(fitted["deep"], fitted["classical"], level)
    lacking = " and ".join(f for f in curves if f not in fitted)
    reason = f"no {lacking} model has scores on enough sizes"
    low, high = plan.sizes[0], plan.sizes[-1]
    reach = high * (REACH if all(f.fits for f in fitted.values()) else 1)
    none = Crossover("undecided", None, None, None, None, False, low, high, reach, {}, reason=reason)
    return fitted, none


_DRAWN_SIZES = 61
_PARTS = ("asymptote", "scale", "exponent")  # of a power law


@dataclass(frozen=True)
class SizeScore(CellScore):
    """A model at one size: the metric on every repeat, float64 (J,), NaN where there is none."""

    model: str
    family: str
    size: int
    values: np.ndarray
    jobs: tuple[Job, ...] = field(repr=False)


@dataclass
class LearningCurve(SweepResult):
    """What :func:`deepworth.learning_curve` returns.

    Attributes
    ----------
    crossover : Crossover
        Where, or whether, the families change places.
    curves : dict of ErrorCurve
        By family, the errors of its champion at each size.
    fitted : dict of FittedCurve
        By family, the power law and its draws.
    """

    plan: CurvePlan
    scores: list[SizeScore]
    curves: dict[str, ErrorCurve]
    champions: dict[str, list[str]]
    fitted: dict[str, FittedCurve]
    crossover: Crossover

    def frame(self) -> pd.DataFrame:
        """One row a model and size: score with interval, seconds of one fit, status."""
        return pd.DataFrame(self._model_rows())

    def fits(self) -> pd.DataFrame:
        """One row a fit, failed ones with their reason."""
        return pd.DataFrame(self._fit_rows())

    def _repr_html_(self) -> str:
        from ..report.html.page import learning_curve

        return learning_curve(self.to_dict())

    def _metric_row(self) -> dict[str, Any]:
        return {**super()._metric_row(), "bounds": self.metric.bounds}

    def _plan_row(self) -> dict[str, Any]:
        names = ["sizes", "repeats", "blocks", "test_rows", "test_over_train", "seed", "params"]
        names += ["models", "threads"]
        row = {name: getattr(self.plan, name) for name in names}
        marks = {name: int(getattr(self.plan, name)) for name in ("official_test", "ordered")}
        return row | marks | {"fits": len(self.plan.jobs)}

    def _found(self) -> dict[str, Any]:
        return {
            "families": self._family_rows(),
            "models": self._model_rows(),
            "fits": self._fit_rows(),
            "curves": {family: self._curve(fitted) for family, fitted in self.fitted.items()},
            "crossover": {
                **asdict(self.crossover),
                "headline": headline(self.crossover),
                "sentence": sentence(self.crossover),
                "interval": interval_in_words(self.crossover),
            },
        }

    def _family_rows(self) -> list[dict[str, Any]]:
        """The champion of a family at each size, its choice not flattered."""
        rows = []
        for family, curve in self.curves.items():
            for k, size in enumerate(curve.sizes):
                values = self._scores_of(curve.errors[:, k])
                rows.append(
                    {
                        "family": family,
                        "size": size,
                        "champion": self.champions[family][k],
                        **self._interval(values, curve.overlap[k]),
                    }
                )
        return rows

    def _model_rows(self) -> list[dict[str, Any]]:
        overlap = dict(zip(self.plan.sizes, self.plan.overlap(), strict=True))
        return [
            {"model": s.model, "family": s.family, "size": s.size, **s.facts()}
            | self._interval(s.values, overlap[s.size])
            for s in self.scores
        ]

    def _fit_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "model": s.model,
                "size": s.size,
                "repeat": job.split.repeat,
                "status": job.status,
                "reason": job.reason,
                "score": value,
                "fit_seconds": job.fit_seconds,
            }
            for s in self.scores
            for job, value in zip(s.jobs, s.values, strict=True)
        ]

    def _curve(self, fitted: FittedCurve) -> dict[str, Any]:
        """Parameters with intervals, and the curve up to the reach, in units of the metric."""
        tails = [0.5 - self.confidence_level / 2, 0.5 + self.confidence_level / 2]
        law, draws = fitted.law, fitted.draws
        grid = np.unique(np.round(np.geomspace(fitted.start, self.crossover.reach, _DRAWN_SIZES)))
        ends = self._scores_of(np.quantile(draws(grid), tails, axis=0))
        bounds = self.metric.bounds
        return {
            **{name: float(getattr(law, name)) for name in _PARTS},
            **{f"{name}_interval": np.quantile(getattr(draws, name), tails).tolist() for name in _PARTS},
            "start": fitted.start,
            "misfit": fitted.misfit,
            "fits": int(fitted.fits),
            "rows": grid.tolist(),
            "score": self._scores_of(law(grid)).tolist(),
            "score_low": np.maximum(ends.min(axis=0), bounds[0]).tolist(),
            "score_high": np.minimum(ends.max(axis=0), bounds[1]).tolist(),
        }

    def _scores_of(self, errors: np.ndarray) -> np.ndarray:
        """Errors as values of the metric."""
        least, most = self.metric.bounds
        return most - errors if self.metric.greater_is_better else errors + least
