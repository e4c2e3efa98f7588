"""Execute a plan: who runs its jobs, how long it will take, and the results that it leaves."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...datasets import Dataset
from ..results.facts import TimeEstimate
from ..results.rows import Result
from ..training.machine import usable_cores
from .costs import Setting
from .dispatch import run_jobs
from .estimate import estimate
from .journal import RunStore
from .limits import Limits, threads_for
from .plan import Plan
from .progress import Event, Progress
from .tasks import Work
from .workers import Workers


@contextmanager
def executor_for(
    limits: Limits,
    families: Sequence[str],
    *,
    patient: bool = False,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> Iterator[Executor | None]:
    """Worker processes, the workers of a Dask scheduler, or None to run in this process.

    Processes import while the data are read. A worker for networks takes seconds to start; unless
    ``patient``, and with a core to spare, that happens beside the first short fits.
    """
    if cluster is not None:
        from .cluster import Cluster

        with Cluster(cluster, limits) as found:
            for remark in found.remarks if progress else []:
                progress(Event("note", message=remark))  # type: ignore[misc]
            yield found
        return
    if limits.workers == 0:
        yield None
        return
    with Workers(limits) as workers:
        early = [f for f in ("classical", "deep") if f in families]
        if patient or usable_cores() == 1:
            early = early[:1]
        workers.warm(early)
        yield workers


def host(executor: Executor | None = None) -> dict[str, Any]:
    """The machine that a run was made on, and the cluster if there was one."""
    machine = {
        "name": platform.node(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "usable_cores": usable_cores(),
    }
    facts = getattr(executor, "facts", None)
    return machine if facts is None else {**machine, "cluster": facts()}


def execute(
    dataset: Dataset,
    plan: Plan,
    *,
    store: RunStore | None,
    folder: Path,
    progress: Progress | None = None,
    executor: Executor | None = None,
    known: Mapping[int, Result] | None = None,
) -> tuple[list[Result], TimeEstimate | None]:
    """Run what is planned.

    Parameters
    ----------
    store : written to as soon as a job ends
    folder : of earlier runs, which say how long this one will take
    known : results of an earlier part of the run, by the position of their job

    Returns
    -------
    results : list of Result
        In the order of the plan; those that Ctrl-C cut off are "interrupted".
    estimate : TimeEstimate or None
        None for a cluster, of whose machines nothing is known.
    """
    jobs = plan.all_jobs
    work = Work(dataset, jobs, plan.seed, plan.params, plan.threads, plan.limits.cores, _cost_setting(plan))
    expected, seconds = None, None
    if not hasattr(executor, "facts"):
        expected, seconds = _expect(dataset, plan, folder, progress, known or {})
    several = plan.limits.workers > 1
    results = run_jobs(jobs, work, store, progress, executor, seconds if several else None, known)
    return results, expected


def _expect(
    dataset: Dataset, plan: Plan, folder: Path, progress: Progress | None, known: Mapping[int, Result]
) -> tuple[TimeEstimate, Sequence[float | None]]:
    """Tell whoever watches how long it will take; also the seconds of each job."""
    found = estimate(dataset, plan, folder, known)
    expected = TimeEstimate(found.seconds, found.low, found.high)
    if progress is not None:
        planned = sum(row.jobs for row in found.models)
        told = {"seconds": found.seconds, "low": found.low, "high": found.high, "models": len(found.models)}
        progress(Event("plan", total=planned, estimate=told))
    return expected, found.jobs


def _cost_setting(plan: Plan) -> Setting:
    """Costs are measured one model at a time, whatever ran side by side before."""
    alone = replace(plan.limits, workers=min(1, plan.limits.workers))
    rows = max((len(job.split.train) for job in plan.costs), default=0)
    return Setting(threads_for(rows, alone), alone.cores, plan.preset)
