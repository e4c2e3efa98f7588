"""learning_curve(): with how much data would deep learning win?"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Unpack

from ...datasets import DataLike, ReadOptions, as_dataset
from ..judging.curves import judge_learning_curve
from ..judging.judge import resolve
from ..option_types import checked_types
from ..own_entries import ModelLike
from ..own_models import as_models, joined, name_models
from ..results.curves import Crossover, FamilyCurve, LearningCurveAnswer
from ..results.facts import dataset_facts
from ..results.rows import Family
from ..results.runs import Event, Interrupted, PlanEstimate, PreviewedCell, Progress, SweepPreview
from ..runs.estimate import Fits, estimate_fits
from ..runs.jobs import PlannedJob
from ..runs.store import store_folder
from ..runs.sweep import make_curve_plan
from ..setup import Criteria, Parameters

if TYPE_CHECKING:
    import pandas as pd
from typing import Protocol

from ...datasets import Dataset, check_dataset
from ..artefact.inspecting import versions
from ..metrics import Metric
from ..results.curves import CapacityPlanFacts, CurvePlanFacts, ScoredFit, SweepFacts
from ..results.facts import DatasetFacts
from ..runs.sweep import Cell, run_cells, scoring_rows


@checked_types
def learning_curve(
    data: DataLike = "sick-healthy",
    *,
    models: Sequence[ModelLike] | ModelLike | None = None,
    sizes: int = 8,
    smallest: int | None = None,
    repeats: int = 5,
    metric: str | None = None,
    confidence_level: float = 0.95,
    seed: int = 0,
    params: Parameters | None = None,
    pretrained: bool = True,
    weights: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    **reading: Unpack[ReadOptions],
) -> LearningCurve:
    """Estimate with how much data deep learning would win.

    Models of all families are trained on growing, nested, stratified subsets of the training rows and
    scored on rows that no subset contains. A power law with an asymptote is fitted to the error of each
    family [1]_ [2]_.

    Parameters
    ----------
    data : str, path, DataFrame or Dataset, default="sick-healthy"
        Anything that :func:`deepworth.load_dataset` takes.
    models : sequence of str, estimator or callable, optional
        Models as :func:`deepworth.compare` takes them, also of your own; by default a few strong ones of
        both families. A family is represented at each size by its best model, chosen on other repeats than
        those that score it.
    sizes : int, default=8
        Number of training sizes, at least 4; they grow by a constant ratio up to all training rows.
    smallest : int, optional
        The smallest training size in rows.
    repeats : int, default=5
        Number of random subsets of each size, at least 2. Up to five repeats are scored on disjoint rows.
    metric : str, optional
        By default ROC AUC for two classes, log loss for more, RMSE for regression.
    confidence_level : float, default=0.95
        Level of the intervals, and the probability that an outcome needs; from 0.5 to below 1.
    seed : int, default=0
        The same seed gives the same numbers on the same machine.
    params : dict of dict, optional
        Parameters by model, ``{"deep-mlp": {"epochs": 50}}``.
    pretrained : bool, default=True
        Let models on pretrained weights take part, too, where weights are found on this machine and no
        models are named: a third curve, and with how few rows pretraining is ahead.
    weights : path, optional
        A folder or file with pretrained weights, see :func:`deepworth.weights`; by default those that are
        found on this machine.
    progress : callable, optional
        Called with an :class:`~deepworth.zoo.results.runs.Event` at every step.
    **reading
        How the data is read: the options of :func:`deepworth.load_dataset`.

    Returns
    -------
    LearningCurve
        Scores by model and size, the power law of each family, where they cross, and what pretraining gains.

    Raises
    ------
    InputError
        The data or an option cannot be used; the message says what to do.
    Interrupted
        A KeyboardInterrupt; its ``result`` holds what was finished.

    References
    ----------
    .. [1] Cortes et al. (1993). Learning Curves: Asymptotic Values and Rate of Convergence.
    .. [2] Hestness et al. (2017). Deep Learning Scaling is Predictable, Empirically.

    Examples
    --------
    >>> import deepworth
    >>> models = ["naive-bayes", "logistic-regression"]
    >>> curve = deepworth.learning_curve("iris", models=models, sizes=4, repeats=2, metric="accuracy")
    >>> curve.frame().groupby("model")["size"].apply(list)["naive-bayes"]
    [32, 50, 77, 120]
    >>> curve.crossover.sentence
    'Cannot tell: no deep model has scores on enough sizes.'
    """
    started = time.perf_counter()
    dataset = as_dataset(data, seed=seed, **reading)
    facts, criteria = dataset_facts(dataset), Criteria(metric=metric, confidence_level=confidence_level)
    measure = resolve(criteria, facts).metric
    names, own = name_models(as_models(models))
    with joined(own):
        plan = make_curve_plan(
            dataset,
            models=None if models is None else names,
            sizes=sizes,
            smallest=smallest,
            repeats=repeats,
            seed=seed,
            params=params,
            pretrained=pretrained,
            weights=None if weights is None else os.fspath(weights),
        )
        cells, sweep = run_sweep(plan, dataset, facts, measure, progress, started)
    result = LearningCurve(judge_learning_curve(cells, plan.facts, sweep, criteria))
    if sweep.interrupted:
        raise Interrupted(result)
    return result


@dataclass(frozen=True)
class LearningCurve:
    """What :func:`deepworth.learning_curve` returns.

    Attributes
    ----------
    answer : LearningCurveAnswer
        The whole answer: scores, power laws, crossover, findings.

    Examples
    --------
    >>> import deepworth
    >>> models = ["naive-bayes", "logistic-regression"]
    >>> curve = deepworth.learning_curve("iris", models=models, sizes=4, repeats=2)
    >>> curve.crossover.outcome
    'undecided'
    >>> len(curve.fits())
    16
    """

    answer: LearningCurveAnswer

    @property
    def crossover(self) -> Crossover:
        """Where, or whether, one family overtakes the other."""
        return self.answer.crossover

    @property
    def curves(self) -> dict[Family, FamilyCurve]:
        """The power law of each family that has scores on enough sizes."""
        return self.answer.curves

    @property
    def exit_code(self) -> int:
        """0 if every fit ended well, else 1."""
        return self.answer.exit_code

    def frame(self) -> pd.DataFrame:
        """One row per model and size: score with interval, seconds of one fit, status."""
        import pandas as pd

        return pd.DataFrame([asdict(row) for row in self.answer.models])

    def fits(self) -> pd.DataFrame:
        """One row per fit, failed ones with their reason."""
        import pandas as pd

        return pd.DataFrame([asdict(row) for row in self.answer.fits])

    def to_dict(self) -> dict[str, object]:
        """The answer as one object that JSON can hold."""
        return self.answer.to_dict()

    def _repr_html_(self) -> str:
        from ..report.html.page import learning_curve as page

        return page(self.answer)


class _Plan(Protocol):
    @property
    def facts(self) -> CurvePlanFacts | CapacityPlanFacts: ...

    def cells(self) -> Sequence[Cell]: ...


def run_sweep(
    plan: _Plan,
    dataset: Dataset,
    facts: DatasetFacts,
    metric: Metric,
    progress: Progress | None,
    started: float,
) -> tuple[list[list[ScoredFit]], SweepFacts]:
    """The scored fits of every cell of a plan, and the facts of the sweep that began at ``started``."""
    seed, threads = plan.facts.seed, plan.facts.threads
    planned = plan.cells()
    if progress is not None:
        progress(_planned(planned, dataset, facts))
    findings = tuple(check_dataset(dataset))
    cells, interrupted = run_cells(planned, dataset, metric, seed, threads, progress)
    seconds = time.perf_counter() - started
    rows = scoring_rows(planned, dataset)
    return cells, SweepFacts(facts, findings, versions(), rows, seconds, interrupted)


def _planned(cells: Sequence[Cell], dataset: Dataset, facts: DatasetFacts) -> Event:
    """What is going to run, and how long it will take."""
    ready = [[job for job in cell.jobs if job.is_planned] for cell in cells]
    fits = [
        Fits(cell.jobs[0].model, _most_rows(cell.jobs), len(jobs), cell.params)
        for cell, jobs in zip(cells, ready, strict=True)
    ]
    expected, each = estimate_fits(dataset, fits, store_folder())
    shown = tuple(
        PreviewedCell(own.model, cell.label, own.number, own.rows, seconds)
        for cell, own, seconds in zip(cells, fits, each, strict=True)
    )
    total: PlanEstimate = {
        "seconds": expected.seconds,
        "low": expected.low,
        "high": expected.high,
        "models": len({own.model for own in fits}),
    }
    preview = SweepPreview(facts, expected, shown)
    return Event("plan", total=sum(own.number for own in fits), estimate=total, preview=preview)


def _most_rows(jobs: Sequence[PlannedJob]) -> int:
    return max(len(job.split.train) for job in jobs)
