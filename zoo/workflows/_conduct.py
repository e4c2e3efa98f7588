"""From a plan to a judged and kept result: what a new and a resumed comparison share."""

from __future__ import annotations

import os
import platform
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...datasets import Dataset
from ..judging.question import Question
from ..judging.scores import resample, score_models
from ..judging.verdict import decide
from ..runs.costs import Setting
from ..runs.dispatch import run_jobs
from ..runs.estimate import estimate
from ..runs.fitting import Job
from ..runs.journal import RunStore
from ..runs.limits import Limits, threads_for
from ..runs.plan import Plan
from ..runs.progress import Event, Progress
from ..runs.store import resume_command, store_folder
from ..runs.tasks import Work
from ..runs.workers import Workers
from ..training.machine import usable_cores
from ._readability import readability
from ._result import Comparison

_PATIENCE = 1.0  # seconds after Ctrl-C


@contextmanager
def executor_for(
    limits: Limits,
    families: Sequence[str],
    hurry: bool,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> Iterator[Executor | None]:
    """Worker processes, the workers of a Dask scheduler, or None to run here.

    Processes import while the data are read. A worker for networks takes seconds to start. In a ``hurry``,
    and with a core to spare, that happens beside the first short fits.
    """
    if cluster is not None:
        from ..runs.cluster import Cluster

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
        if not hurry or usable_cores() == 1:
            early = early[:1]
        workers.warm(early)
        yield workers


def host(executor: Executor | None = None) -> dict[str, Any]:
    """The machine that a run was made on, and the cluster if there was one."""
    found = {
        "name": platform.node(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "usable_cores": usable_cores(),
    }
    facts = getattr(executor, "facts", None)
    return found if facts is None else {**found, "cluster": facts()}


def conduct(
    dataset: Dataset,
    plan: Plan,
    jobs: Sequence[Job],
    question: Question,
    findings: list[Any],
    record: RunStore | None,
    progress: Progress | None,
    executor: Executor | None,
    started: float,
) -> Comparison:
    """Run what is planned, judge, keep; raises KeyboardInterrupt when that is done."""
    bare = tuple(replace(job, prediction=None) for job in jobs)
    work = Work(dataset, bare, plan.seed, plan.params, plan.threads, plan.limits.cores, _cost_setting(plan))
    with record or nullcontext():
        folder = record.path.parent if record else store_folder()
        elsewhere = hasattr(executor, "facts")  # a cluster, of whose machines nothing is known
        told, seconds = (None, None) if elsewhere else _foretell(dataset, plan, jobs, progress, folder)
        several = plan.limits.workers > 1
        ended = run_jobs(jobs, work, record, progress, executor, seconds if several else None)

        def judge() -> Comparison:
            return replace(
                judged(dataset, plan, ended, question, findings),
                run=record.id if record else "",
                created=record.created if record else datetime.now(UTC).isoformat(timespec="seconds"),
                path=str(record.path) if record else None,
                estimate=told,
                seconds=time.perf_counter() - started,
            )

        if any(job.status == "interrupted" for job in ended):
            _keep_part_of_it(judge, record)
            raise KeyboardInterrupt(_how_to_go_on(record))
        result = judge()
        if record:
            record.finish("partial" if result.exit_code else "ok", result.to_dict(), result.predictions())
    return result


def _foretell(
    dataset: Dataset, plan: Plan, jobs: Sequence[Job], progress: Progress | None, folder: Path
) -> tuple[dict[str, Any], Sequence[float | None]]:
    """Tell whoever watches how long it will take; also the seconds of each job."""
    found = estimate(dataset, plan, jobs, folder)
    told = {name: getattr(found, name) for name in ("seconds", "low", "high")}
    if progress is not None:
        planned = sum(row["jobs"] for row in found.models)
        progress(Event("plan", total=planned, estimate={**told, "models": len(found.models)}))
    return told, found.jobs


def _cost_setting(plan: Plan) -> Setting:
    """Costs are measured one model at a time, whatever ran side by side before."""
    alone = replace(plan.limits, workers=min(1, plan.limits.workers))
    rows = max((len(job.split.train) for job in plan.costs), default=0)
    return Setting(threads_for(rows, alone), alone.cores, plan.preset)


def _keep_part_of_it(judge: Callable[[], Comparison], record: RunStore | None) -> None:
    """What an interrupted run can say already, if that takes no time: somebody wants to leave."""
    if record is None:
        return
    found: list[tuple[dict[str, Any], Any]] = []

    def judge_and_tell() -> None:
        result = judge()
        found.append((result.to_dict(), result.predictions()))

    thread = threading.Thread(target=judge_and_tell, daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    record.finish("interrupted", *(found[0] if found else (None, None)))


def _how_to_go_on(record: RunStore | None) -> str:
    if record is None:
        return "interrupted; nothing is kept without a store"
    return f"interrupted; what was finished is in {record.path}, go on with: {resume_command(record.path)}"


def judged(
    dataset: Dataset, plan: Plan, jobs: Sequence[Job], question: Question, findings: list[Any]
) -> Comparison:
    """The answer of ended jobs, without the marks of a run."""
    models = score_models(dataset, [job for job in jobs if job.kind == "fold"])
    costs = {job.model: job for job in jobs if job.kind == "cost"}
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
    return Comparison(
        "",
        "",
        dataset,
        plan,
        question.metric,
        models,
        verdict,
        findings,
        0.0,
        resampled,
        costs=costs,
        limits=question.budget,
        explanations=readability(dataset, models, plan.seed),
    )
