"""compare(): from data to verdict."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from ...datasets._base import Dataset
from ...datasets._checks import check_dataset
from ...datasets._errors import InputError
from ...datasets._load import load_dataset
from . import _metrics
from ._jobs import Job, can_fit_many, run_fleet, run_job
from ._metrics import Metric, evaluate, of_task, primary
from ._plan import Plan, make_plan
from ._progress import Event, Progress
from ._result import Comparison, describe, plan_summary
from ._scores import resample, score_models, truth_of
from ._store import RunStore, store_folder
from ._verdict import decide


def compare(
    data: Any = "sick-healthy",
    *,
    models: Sequence[str] | None = None,
    preset: str = "quick",
    folds: int | None = None,
    repeats: int | None = None,
    metric: str | None = None,
    margin: float | None = None,
    confidence_level: float = 0.95,
    seed: int = 0,
    store: str | os.PathLike[str] | Literal[False] | None = None,
    params: dict[str, dict[str, Any]] | None = None,
    holdout: float | None = None,
    calibrate: str | None = None,
    progress: Progress | None = None,
    **load_options: Any,
) -> Comparison:
    """Is deep learning worth it on these data?

    Parameters
    ----------
    data : str, path, DataFrame or Dataset
        Whatever :func:`deepworth.load_dataset` takes; ``load_options`` go there.
    models : sequence of str, optional
        Names of models; all that suit the data by default.
    preset : {"quick", "standard", "thorough"}
        5-fold, 10-fold, or three times 10-fold cross-validation; an official test part is used instead
        where the data have one.
    folds, repeats : int, optional
        Override the preset.
    metric : str, optional
        ROC AUC for two classes, log loss for more, RMSE for numbers by default.
    margin : float, optional
        Differences up to this, in units of the metric, do not matter in practice.
    confidence_level : float
        The probability that a verdict needs, and the level of every interval.
    seed : int
        Same seed, same machine: the same numbers.
    store : path or False, optional
        Where runs are kept; False keeps nothing.
    params : dict of dict, optional
        Parameters by model, ``{"deep-mlp": {"epochs": 50}}``.
    holdout : float, optional
        Hold out this share of the rows ``repeats`` times instead of cross-validating; as many times as the
        preset has folds by default.
    calibrate : {"auto", "none", "temperature", "platt", "isotonic"}, optional
        Let every model learn honest probabilities inside its training rows.
    progress : callable, optional
        Is told every step, see :class:`~deepworth.zoo.comparison.Event`.

    Raises
    ------
    InputError
        The data or an option cannot be used; the message says what to do.
    KeyboardInterrupt
        Raised again when all that was finished has been judged and kept.
    """
    started = time.perf_counter()
    dataset = data if isinstance(data, Dataset) else load_dataset(data, seed=seed, **load_options)
    if not 0.5 <= confidence_level < 1:
        raise InputError(f"confidence level must be from 0.5 to below 1, got {confidence_level}")
    question = _Question(primary(dataset.task, metric), 0.0, confidence_level)
    question = replace(question, margin=_metrics.margin(question.metric, dataset.y, margin))
    plan = make_plan(
        dataset,
        models=models,
        preset=preset,
        folds=folds,
        repeats=repeats,
        seed=seed,
        params=params,
        holdout=holdout,
        calibrate=calibrate,
    )
    findings = check_dataset(dataset)
    record = None
    if store is not False:
        record = RunStore(store_folder(store), describe(dataset), plan_summary(plan))
    with record or nullcontext():
        jobs = _run(dataset, plan, record, progress or (lambda event: None))
        result = replace(
            _judged(dataset, plan, jobs, question, findings),
            run=record.id if record else "",
            created=record.created if record else datetime.now(UTC).isoformat(timespec="seconds"),
            path=str(record.path) if record else None,
            seconds=time.perf_counter() - started,
        )
        interrupted = any(job.status == "interrupted" for job in jobs)
        if record:
            status = "interrupted" if interrupted else ("partial" if result.exit_code else "ok")
            record.finish(status, result.to_dict(), result.predictions())
    if interrupted:
        raise KeyboardInterrupt(f"interrupted; what was finished is in {result.path or 'no store'}")
    return result


@dataclass(frozen=True)
class _Question:
    """By which metric, from which difference on, and with which certainty."""

    metric: Metric
    margin: float
    level: float


def _run(dataset: Dataset, plan: Plan, record: RunStore | None, progress: Progress) -> list[Job]:
    """Every job of the plan, each written as soon as it ends; Ctrl-C ends the rest as interrupted."""
    finished: list[Job] = []

    def end(job: Job) -> None:
        finished.append(job)
        if record:
            record.add(job, _scored(dataset, job))

    try:
        progress(Event("started", total=len(plan.jobs)))
        for name in plan.models:
            for job in _run_model(name, dataset, plan, lambda *e: progress(Event(*e)), finished):
                end(job)
                progress(Event("fold", name, len(finished), len(plan.jobs), job.reason))
        progress(Event("finished", "", len(finished), len(plan.jobs)))
    except KeyboardInterrupt:
        known = {_place(job) for job in finished}
        for job in plan.jobs:
            if _place(job) not in known:
                lost = job.status == "planned"
                end(replace(job, status="interrupted", reason="the run was interrupted") if lost else job)
    return finished


def _run_model(
    name: str, dataset: Dataset, plan: Plan, tell: Callable[..., None], finished: Sequence[Job]
) -> Iterator[Job]:
    """The finished jobs of one model: as one fleet where its estimators offer that, else one by one."""
    jobs = [job for job in plan.jobs if job.model == name]
    params = plan.params.get(name, {})
    planned = [job for job in jobs if job.status == "planned"]
    tell("model", name, len(finished), len(plan.jobs))
    if planned and can_fit_many(name, dataset):
        yield from (job for job in jobs if job.status != "planned")

        def hear(epoch: int) -> None:
            tell("epoch", name, len(finished), len(plan.jobs), f"epoch {epoch}")

        yield from run_fleet(planned, dataset, plan.seed, params, plan.threads, hear)
        return
    for job in jobs:
        done = job.status != "planned"
        yield job if done else run_job(job, dataset, plan.seed, params, plan.threads)


def _place(job: Job) -> tuple[str, int, int]:
    return job.model, job.split.repeat, job.split.fold


def _scored(dataset: Dataset, job: Job) -> dict[str, float | None]:
    if job.prediction is None:
        return {}
    truth = truth_of(dataset, job.split.test)
    return {m.name: evaluate(m, truth, job.prediction) for m in of_task(dataset.task)}


def _judged(
    dataset: Dataset, plan: Plan, jobs: Sequence[Job], question: _Question, findings: list[Any]
) -> Comparison:
    models = score_models(dataset, jobs)
    resampled = resample(dataset, models, question.metric, plan.seed) if plan.official_test else None
    verdict = decide(
        models,
        question.metric,
        margin=question.margin,
        level=question.level,
        test_over_train=plan.test_over_train,
        missing=tuple(m.model for m in models if not m.complete),
        resampled=resampled,
    )
    return Comparison("", "", dataset, plan, question.metric, models, verdict, findings, 0.0, resampled)
