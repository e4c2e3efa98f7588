"""resume(): go on with a run that was interrupted or killed."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...datasets import Dataset, InputError, as_dataset, check_dataset
from .. import registry
from ..artefact.versions import versions
from ..judging.question import make_question
from ..runs.fitting import Job
from ..runs.journal import FINISHED, RunStore
from ..runs.limits import Limits, make_limits
from ..runs.plan import Plan, make_plan
from ..runs.progress import Event, Progress
from ..runs.store import kept_prediction, load_unfinished
from ._conduct import conduct, executor_for
from ._result import Comparison, describe


def resume(
    run: str,
    *,
    data: Any = None,
    store: str | os.PathLike[str] | None = None,
    jobs: int | None = None,
    time_limit: float | str | None = None,
    memory_limit: int | str | None = None,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Go on with a comparison where it stopped; nothing that ended runs again.

    The answer is that of a run which was never interrupted, bit for bit, where data, libraries and
    machine are the same.

    Parameters
    ----------
    run : str
        Its name, an unmistakable start of it, "last", or its folder.
    data : DataFrame or Dataset, optional
        Needed where the run was given its data in memory.
    jobs, time_limit, memory_limit
        As :func:`deepworth.compare` takes them; those of the run by default.
    cluster : str, optional
        As :func:`deepworth.compare` takes it; this machine by default, wherever the run was before.

    Raises
    ------
    InputError
        There is no such run, it has ended, another process works on it, or the data have changed.
    KeyboardInterrupt
        Interrupted again; what was finished is kept again.
    """
    started = time.perf_counter()
    folder, row, rows = load_unfinished(run, store)
    asked = row["configuration"]
    if asked is None:
        raise InputError(f"run {row['id']} had parameters that cannot be kept; start it again")
    record = RunStore.reopen(folder)  # from here on it is ours alone
    try:
        _, row, rows = load_unfinished(str(folder))
        limits = limits_of(row["plan"]["limits"], jobs, time_limit, memory_limit, cluster)
        families = [job["family"] for job in rows if job["status"] not in FINISHED]
        hurry = row["plan"]["preset"] != "thorough"
        with executor_for(limits, families, hurry, cluster, progress) as executor:
            dataset = same_data(row, data)
            plan = same_plan(row, dataset, limits)
            judged_by = [asked[name] for name in ("metric", "margin", "confidence_level", "budget")]
            question = make_question(dataset, *judged_by)
            known = _known_jobs(plan, dataset, folder, rows)
            if progress is not None and row["versions"] != versions():
                progress(Event("note", message="libraries have changed since this run began"))
            findings = check_dataset(dataset)
            record.restart()
            return conduct(dataset, plan, known, question, findings, record, progress, executor, started)
    finally:
        record.close()


def limits_of(
    old: dict[str, Any],
    jobs: int | None = None,
    time_limit: float | str | None = None,
    memory_limit: int | str | None = None,
    cluster: str | None = None,
) -> Limits:
    """Those that a run was made with, some of them changed."""
    return make_limits(
        old["workers"] if jobs is None and cluster is None else jobs,
        old["threads"],
        old["seconds"] if time_limit is None else time_limit,
        old["bytes"] if memory_limit is None else memory_limit,
        cluster,
        old.get("deterministic", False),
    )


def same_data(row: dict[str, Any], data: Any) -> Dataset:
    """The data of a run, refused where they have changed."""
    asked = row["configuration"]
    given = asked["data"] if data is None else data
    if given is None:
        raise InputError(f"run {row['id']} had its data in memory; give them to resume(..., data=...)")
    dataset = as_dataset(given, **{"seed": asked["seed"], **asked["load_options"]})
    if describe(dataset)["fingerprint"] != row["dataset"]["fingerprint"]:
        raise InputError(f"the data of run {row['id']} have changed since it began; start a new run")
    return dataset


def same_plan(row: dict[str, Any], dataset: Dataset, limits: Limits) -> Plan:
    """The plan of a run, refused where its models or splits have changed."""
    names = ("preset", "folds", "repeats", "seed", "params", "holdout", "calibrate")
    asked = {name: row["configuration"][name] for name in names}
    asked["costs"] = row["configuration"].get("costs", False)  # since version 3
    unknown = [name for name in row["plan"]["models"] if name not in registry.entries()]
    if unknown:
        raise InputError(f"run {row['id']} has a model that is not there any more: {unknown[0]}")
    plan = make_plan(dataset, models=row["plan"]["models"], limits=limits, **asked)
    if plan.fingerprint() != row["splits"]:
        raise InputError(f"run {row['id']} was split otherwise by other libraries; start a new run")
    return replace(plan, threads=row["plan"]["threads"])


def _known_jobs(plan: Plan, dataset: Dataset, folder: Path, rows: Sequence[dict[str, Any]]) -> list[Job]:
    """The jobs of the plan, those that ended as they were written down."""
    by_key = {(row["model"], row.get("repeat"), row.get("fold")): row for row in rows}
    found = []
    for job in plan.all_jobs:
        fold = (None, None) if job.kind == "cost" else (job.split.repeat, job.split.fold)
        row = by_key.get((job.model, *fold))
        if row is None:
            raise InputError(f"{folder} lacks a row of its plan; start a new run")
        found.append(known_job(job, row, dataset, folder))
    return found


def known_job(job: Job, row: dict[str, Any], dataset: Dataset, folder: Path) -> Job:
    """A job as it ended, with its kept prediction; planned again where that is lost."""
    if row["status"] not in FINISHED:
        return replace(job, status="planned", reason="")
    if job.kind == "cost":
        said = {"status": row["status"], "reason": row["reason"], "contended": bool(row["contended"])}
        return replace(job, **said, costs=row["figures"])
    prediction = None
    if row["status"] == "ok":
        kept = kept_prediction(folder, row)
        if kept is None or kept["row"].tolist() != job.split.test.tolist():
            return replace(job, status="planned", reason="")  # lost with the power: it runs again
        regression = dataset.task == "regression"
        columns = ["prediction"] if regression else [f"probability_{c}" for c in dataset.classes]
        values = kept[columns].to_numpy(dtype="float64")
        prediction = values[:, 0] if regression else values
    names = (
        "status",
        "reason",
        "fit_seconds",
        "fleet_seconds",
        "predict_seconds",
        "size_bytes",
        "parameters",
    )
    known = {name: row[name] for name in names}
    known |= {name: bool(row[name]) for name in ("converged", "contended")}
    return replace(job, **known, prediction=prediction)
