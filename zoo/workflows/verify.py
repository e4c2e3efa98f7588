"""verify(): does a run repeat itself, does a saved model answer as it did?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...datasets import DataLike, Dataset, InputError
from ..artefact.inspecting import versions
from ..results.models import Verification
from ..results.rows import Result
from ..results.runs import Progress, RepeatedJob, RunVerification
from ..runs.execute import executor_for, run_jobs
from ..runs.jobs import PlannedJob
from ..runs.limits import determinism_of, make_limits
from ..runs.store import JobRow, find_run, job_rows, read_run
from ..runs.tasks import Work
from .resume import known_result, same_data, same_plan, setup_here

# Of each value, and of the largest one: float32 keeps seven digits.
RELATIVE, ABSOLUTE = 1e-4, 1e-6


def verify(
    target: str | os.PathLike[str],
    *,
    data: DataLike | None = None,
    store: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> RunVerification | Verification:
    """Verify that a run can be repeated, or that a saved or exported model answers as the measured one.

    Parameters
    ----------
    target : str or path
        A run (its name, an unambiguous beginning of it, "last", or its folder), or the folder of a saved
        model or of exports.
    data : DataFrame or Dataset, optional
        The data of the run, if they were given in memory.
    store : path, optional
        Folder in which runs are kept; by default ``DEEPWORTH_HOME`` or the user's data folder.
    progress : callable, optional
        Called with an :class:`~deepworth.zoo.results.runs.Event` at every step of a run.

    Returns
    -------
    RunVerification or Verification
        ``holds`` is True if everything was repeated and nothing differs.

    Raises
    ------
    InputError
        There is no such run or folder, or what was kept of it cannot be used.

    Examples
    --------
    >>> import deepworth, tempfile
    >>> folder = tempfile.mkdtemp() + "/model"
    >>> trained = deepworth.train("iris", model="logistic-regression", output=folder)
    >>> deepworth.verify(folder).holds
    True
    """
    if is_model_folder(target):
        from ..export import verify as verify_model

        return verify_model(Path(target))
    return verify_run(str(target), data=data, store=store, progress=progress)


def is_model_folder(target: str | os.PathLike[str]) -> bool:
    """Whether this is the folder of a saved or exported model, and not a run."""
    return any((Path(target) / name).is_file() for name in ("manifest.json", "proof.json"))


def verify_run(
    run: str,
    *,
    data: DataLike | None = None,
    store: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> RunVerification:
    """Repeat one job of each model of a run with its limits, and compare the predictions with the kept ones.

    Parameters
    ----------
    run : str
        Its name, an unambiguous start of it, "last", or its folder.
    data : DataFrame or Dataset, optional
        Needed where the run was given its data in memory.

    Returns
    -------
    RunVerification
        ``models``, a row for each: "bit-equal", "within tolerance" (1e-4 of the value, or 1e-6 of the
        largest), "different", or "not repeated" with the reason.

    Raises
    ------
    InputError
        There is no such run, it keeps no predictions, or the data or their splits have changed.
    """
    kept = read_run(find_run(run, store))
    setup, rows = setup_here(kept), job_rows(kept.folder)
    limits = make_limits(setup.resources)
    families = list(dict.fromkeys(row.result.family for row in rows))
    with executor_for(limits, families, progress=progress) as executor:
        dataset = same_data(kept, data)
        plan = same_plan(kept, dataset, limits)
        before = _first_that_ended(plan.jobs, dataset, kept.folder, rows)
        jobs = [job for job, _ in before]
        work = Work(dataset, tuple(jobs), plan.seed, plan.params, plan.threads, limits.cores)
        after = run_jobs(jobs, work, None, progress, executor)
    models = tuple(_compared(*pair, again) for pair, again in zip(before, after, strict=True))
    return RunVerification(
        run=kept.id,
        models=models,
        determinism=determinism_of(limits, plan.threads),
        versions_changed=kept.versions != versions(),
        holds=bool(models) and all(m.answer in ("bit-equal", "within tolerance") for m in models),
    )


def _first_that_ended(
    jobs: Sequence[PlannedJob], dataset: Dataset, folder: Path, rows: Sequence[JobRow]
) -> list[tuple[PlannedJob, Result]]:
    """Of each model the first job with a kept prediction."""
    by_key = {(r.model, r.kind, r.repeat, r.fold): r for r in (row.result for row in rows)}
    first: dict[str, tuple[PlannedJob, Result]] = {}
    for job in jobs:
        result = by_key.get(job.key)
        if job.model not in first and job.is_planned and result is not None and result.ok:
            known = known_result(job, result, dataset, folder)
            if known is not None and known.prediction is not None:
                first[job.model] = (job, known)
    if not first:
        raise InputError(f"{folder.name} keeps no predictions that could be compared")
    return list(first.values())


def _compared(job: PlannedJob, before: Result, after: Result) -> RepeatedJob:
    facts = (job.model, job.family, before.repeat, before.fold, len(job.split.test), after.reason)
    if after.prediction is None or before.prediction is None:
        return RepeatedJob(*facts, "not repeated", None)
    return RepeatedJob(*facts, *difference(before.prediction, after.prediction))


def difference(before: np.ndarray, after: np.ndarray) -> tuple[str, float]:
    """Bit-equal, within tolerance, or different, and by how much at most."""
    largest = float(np.max(np.abs(before - after), initial=0.0))
    if before.tobytes() == after.tobytes():
        answer = "bit-equal"
    else:
        size = float(np.max(np.abs(before), initial=0.0))  # about 1 for probabilities
        close = np.allclose(after, before, rtol=RELATIVE, atol=ABSOLUTE * size)
        answer = "within tolerance" if close else "different"
    return answer, largest
