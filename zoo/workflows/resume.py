"""resume(): go on with a run that was interrupted or killed."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, Unpack

from ...datasets import DataLike, Dataset, InputError, as_dataset, check_dataset
from .. import registry
from ..artefact.inspecting import versions
from ..option_types import checked_types, with_options_signature
from ..own_entries import ModelLike
from ..own_models import OwnModel, as_models, given_again, joined
from ..results.rows import FINISHED, Result, prediction_array
from ..results.runs import Event, Progress
from ..runs.execute import executor_for
from ..runs.jobs import PlannedJob
from ..runs.journal import RunStore
from ..runs.limits import Limits, make_limits
from ..runs.plan import Plan, make_plan
from ..runs.store import JobRow, KeptRun, kept_prediction, load_unfinished
from ..setup import ResumeOptions, Setup
from ._comparison import Comparison, Conduct
from .compare import check_own_models


@with_options_signature(ResumeOptions)
@checked_types
def resume(
    run: str,
    *,
    data: DataLike | None = None,
    models: Sequence[ModelLike | OwnModel] | ModelLike | None = None,
    retry: Literal["failed"] | None = None,
    store: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    **options: Unpack[ResumeOptions],
) -> Comparison:
    """Continue a comparison where it stopped, without repeating the jobs that ended.

    With the same data, libraries and machine the answer is bit-equal to that of an uninterrupted run.

    Parameters
    ----------
    run : str
        Name of the run, an unambiguous beginning of it, "last" for the newest, or its folder.
    data : DataFrame or Dataset, optional
        The data of the run, if they were given in memory.
    models : sequence of str, estimator or callable, optional
        The models of your own that the run has: what makes them is not kept with it, and no run executes a
        file that you do not name. They must not have changed.
    retry : {"failed"}, optional
        Also run jobs again that failed, crashed, or ran out of time or memory. By default they have ended.
    store : path, optional
        Folder in which runs are kept; by default ``DEEPWORTH_HOME`` or the user's data folder.
    progress : callable, optional
        Called with an :class:`~deepworth.zoo.results.runs.Event` at every step.
    jobs : int, optional
        Number of worker processes; by default that of the run.
    time_limit : float or str, optional
        Time limit of a job in seconds, or as "5m"; by default that of the run.
    memory_limit : int or str, optional
        Memory limit of a worker process in bytes, or as "2GB"; by default that of the run.
    cluster : str, optional
        Address of a running Dask scheduler. By default jobs run on this machine, wherever they ran before.

    Returns
    -------
    Comparison
        The answer over all jobs, those of before included.

    Raises
    ------
    InputError
        There is no such run, it has ended, another process is working on it, or the data have changed.
    KeyboardInterrupt
        Raised again once all finished jobs have been judged and kept.

    Examples
    --------
    A run that is interrupted after its first fold, as by Ctrl-C:

    >>> import deepworth
    >>> def interrupt(event):
    ...     if event.kind == "fold":
    ...         raise KeyboardInterrupt
    >>> options = {"models": ["constant", "naive-bayes"], "folds": 2, "costs": False}
    >>> try:
    ...     deepworth.compare("iris", progress=interrupt, **options)
    ... except KeyboardInterrupt:
    ...     print(deepworth.runs()[0].jobs_done, "of", deepworth.runs()[0].jobs, "jobs")
    1 of 4 jobs
    >>> deepworth.resume("last").leaderboard()["status"].tolist()
    ['ok', 'ok']
    """
    started = time.perf_counter()
    again = retry == "failed"
    kept, _ = load_unfinished(run, store, retry=again)
    own = given_again(kept.need_setup().own, as_models(models), kept.id)
    record = RunStore.reopen(kept.folder)  # from here on it is ours alone
    try:
        kept, rows = load_unfinished(kept.folder, retry=again)
        kept = with_own_models(kept, own)
        setup = setup_here(kept, **options)
        limits = make_limits(setup.resources)
        families = [row.result.family for row in rows if row.result.status not in FINISHED]
        patient = kept.plan.preset == "thorough"
        check_own_models(setup, limits)
        with (
            joined(own),
            executor_for(
                limits, families, patient=patient, cluster=options.get("cluster"), progress=progress
            ) as executor,
        ):
            dataset = same_data(kept, data)
            plan = same_plan(kept, dataset, limits)
            known = _known_results(plan, dataset, kept.folder, rows)
            if progress is not None and kept.versions != versions():
                progress(Event("note", message="libraries have changed since this run began"))
            findings = check_dataset(dataset)
            record.restart()
            conduct = Conduct(setup, dataset, plan, findings, record, progress, executor, started)
            return conduct.run(known)
    finally:
        record.close()


def setup_here(kept: KeptRun, cluster: str | None = None, **changed: object) -> Setup:
    """The setup of a run with some of its resources changed, for this machine or for a cluster."""
    setup = kept.need_setup()
    workers = None if cluster is not None else kept.plan.limits.workers
    here = replace(setup.resources, jobs=workers, cluster=cluster)
    return replace(setup, resources=here).with_resources(**changed)


def with_own_models(kept: KeptRun, own: Sequence[OwnModel]) -> KeptRun:
    """The run with what makes its models of the user's own."""
    return replace(kept, setup=replace(kept.need_setup(), own=tuple(own)))


def same_data(kept: KeptRun, data: DataLike | None) -> Dataset:
    """The data of a run, refused where they have changed."""
    setup = kept.need_setup()
    given = setup.data if data is None else data
    if given is None:
        raise InputError(f"run {kept.id} had its data in memory; give them to resume(..., data=...)")
    dataset = as_dataset(given, seed=setup.seed, **setup.reading)
    if dataset.fingerprint() != kept.dataset.fingerprint:
        raise InputError(f"the data of run {kept.id} have changed since it began; start a new run")
    return dataset


def same_plan(kept: KeptRun, dataset: Dataset, limits: Limits) -> Plan:
    """The plan of a run, refused where its models or splits have changed."""
    unknown = [name for name in kept.plan.models if not registry.is_known(name)]
    if unknown and unknown[0] in {model.name for model in kept.need_setup().own}:
        raise InputError(f"run {kept.id} has a model of your own, {unknown[0]}, which is not kept with it")
    if unknown:
        raise InputError(f"run {kept.id} has a model that is not there any more: {unknown[0]}")
    setup = kept.need_setup()
    design = replace(setup.design, models=kept.plan.models)
    plan = make_plan(dataset, replace(setup, design=design), limits)
    if plan.fingerprint() != kept.splits:
        raise InputError(f"run {kept.id} was split otherwise by other libraries; start a new run")
    return replace(plan, threads=kept.plan.threads, decisions=kept.plan.decisions)


def _known_results(plan: Plan, dataset: Dataset, folder: Path, rows: Sequence[JobRow]) -> dict[int, Result]:
    """Results of the jobs that ended, by their position in the plan."""
    by_key = {_key(row.result): row.result for row in rows}
    known = {}
    for position, job in enumerate(plan.all_jobs):
        result = by_key.get(job.key)
        if result is None:
            raise InputError(f"{folder} lacks a row of its plan; start a new run")
        found = known_result(job, result, dataset, folder)
        if found is not None:
            known[position] = found
    return known


def _key(result: Result) -> tuple[str, str, int, int]:
    return result.model, result.kind, result.repeat, result.fold


def known_result(job: PlannedJob, result: Result, dataset: Dataset, folder: Path) -> Result | None:
    """A result with its kept prediction; None where it did not end, or its prediction is lost."""
    if result.status not in FINISHED:
        return None
    if result.kind == "cost" or not result.ok:
        return result
    kept = kept_prediction(folder, result)
    if kept is None or kept["row"].tolist() != job.split.test.tolist():
        return None  # lost with the power: it runs again
    return replace(result, prediction=prediction_array(kept, dataset.task, dataset.classes))
