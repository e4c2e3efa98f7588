"""verify_run(): does a run repeat itself? One job of each model again, held against what was kept."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ...datasets import InputError
from ..artefact.versions import versions
from ..runs.dispatch import run_jobs
from ..runs.fitting import Job
from ..runs.limits import level_of
from ..runs.progress import Progress
from ..runs.store import find_run, job_rows_of, read_run
from ..runs.tasks import Work
from ._conduct import executor_for
from .resume import known_job, limits_of, same_data, same_plan

RELATIVE, ABSOLUTE = 1e-4, 1e-6  # of values of the size of the answers; float32 keeps seven digits


def verify_run(
    run: str,
    *,
    data: Any = None,
    store: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Repeat one job of each model of a run with its limits, and compare the predictions with the kept ones.

    Parameters
    ----------
    run : str
        Its name, an unmistakable start of it, "last", or its folder.
    data : DataFrame or Dataset, optional
        Needed where the run was given its data in memory.

    Returns
    -------
    dict
        ``models``, a row for each: "bit-equal", "within tolerance" (1e-4 of the value, or 1e-6), "different",
        or "not repeated" with the reason; the largest difference; ``holds``, whether none is different and
        all were repeated.

    Raises
    ------
    InputError
        There is no such run, it keeps no predictions, or the data or their splits have changed.
    """
    folder = find_run(run, store)
    row, rows = read_run(folder / "run.sqlite"), job_rows_of(folder)
    if row["configuration"] is None:
        raise InputError(f"run {row['id']} had parameters that cannot be kept; it cannot be repeated")
    limits = limits_of(row["plan"]["limits"])
    families = list(dict.fromkeys(job["family"] for job in rows))
    with executor_for(limits, families, True, progress=progress) as executor:
        dataset = same_data(row, data)
        plan = same_plan(row, dataset, limits)
        before = _first_that_ended(plan.jobs, dataset, folder, rows)
        again = [replace(job, status="planned", prediction=None) for job in before]
        work = Work(dataset, tuple(again), plan.seed, plan.params, plan.threads, limits.cores)
        after = run_jobs(again, work, None, progress, executor)
    models = [_compared(*pair) for pair in zip(before, after, strict=True)]
    return {
        "run": row["id"],
        "models": models,
        "determinism": level_of(limits, plan.threads),
        "versions_changed": row["versions"] != versions(),
        "holds": bool(models) and all(m["answer"] in ("bit-equal", "within tolerance") for m in models),
    }


def _first_that_ended(
    jobs: Sequence[Job], dataset: Any, folder: Path, rows: Sequence[dict[str, Any]]
) -> list[Job]:
    """Of each model the first job with a kept prediction."""
    by_key = {(row["model"], row["repeat"], row["fold"]): row for row in rows}
    found: dict[str, Job] = {}
    for job in jobs:
        row = by_key.get((job.model, job.split.repeat, job.split.fold))
        if job.model not in found and row is not None and row["status"] == "ok":
            known = known_job(job, row, dataset, folder)
            if known.prediction is not None:
                found[job.model] = known
    if not found:
        raise InputError(f"{folder.name} keeps no predictions that could be compared")
    return list(found.values())


def _compared(before: Job, after: Job) -> dict[str, Any]:
    facts = {"model": before.model, "family": before.family, "repeat": before.split.repeat}
    facts |= {"fold": before.split.fold, "rows": len(before.split.test), "reason": after.reason}
    if after.prediction is None or before.prediction is None:
        return {**facts, "answer": "not repeated", "largest_difference": None}
    return {**facts, **difference(before.prediction, after.prediction)}


def difference(before: np.ndarray, after: np.ndarray) -> dict[str, Any]:
    """Bit-equal, within tolerance, or different, and by how much at most."""
    largest = float(np.max(np.abs(before - after), initial=0.0))
    if before.tobytes() == after.tobytes():
        answer = "bit-equal"
    else:
        close = np.allclose(after, before, rtol=RELATIVE, atol=ABSOLUTE)
        answer = "within tolerance" if close else "different"
    return {"answer": answer, "largest_difference": largest}
