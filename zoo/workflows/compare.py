"""compare(): from data to verdict."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from ...datasets import Dataset, InputError, as_dataset, check_dataset
from .. import registry
from ..artefact.versions import versions
from ..judging.budget import parse_budget
from ..judging.question import Question, make_question
from ..runs.journal import RunStore
from ..runs.limits import Limits, make_limits
from ..runs.plan import Plan, make_plan
from ..runs.progress import Progress
from ..runs.store import store_folder
from ._conduct import conduct, executor_for, host
from ._result import Comparison, describe, plan_summary

_JUDGED_BY = ("metric", "margin", "confidence_level", "budget")


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
    costs: bool = True,
    budget: Sequence[str] | None = None,
    jobs: int | None = None,
    threads: int | None = None,
    time_limit: float | str | None = None,
    memory_limit: int | str | None = None,
    cluster: str | None = None,
    deterministic: bool = False,
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
    costs : bool
        Fit every model once more on all training rows and measure what it costs, each alone on the machine.
    budget : sequence of str, optional
        Limits such as ``["latency=5ms", "fit=10s", "size=1MB"]``; the answer names the best model within.
    jobs : int, optional
        Worker processes that run jobs at a time; a job that hangs, crashes or eats memory then costs its
        own row only. 0, the default without limits, runs all in this process, which a debugger can follow.
    threads : int, optional
        Of every fit; by default one for fewer than 20,000 rows, and networks share the cores.
    time_limit : float or str, optional
        Seconds a job, or "5m"; folds of a network that are trained together share the sum.
    memory_limit : int or str, optional
        Bytes of a worker process, or "2GB"; by default what is free when the run begins.
    cluster : str, optional
        Address of a running Dask scheduler, "tcp://host:8786": its workers run the jobs, each in a process
        of its own with the same limits. Only for machines that trust each other, see SECURITY.md.
    deterministic : bool
        Repeat bit for bit on the same machine: worker processes with one thread a fit (unless ``threads``
        says otherwise) and deterministic kernels, which takes longer.
    progress : callable, optional
        Is told every step, see :class:`~deepworth.zoo.runs.progress.Event`.

    Raises
    ------
    InputError
        The data or an option cannot be used; the message says what to do.
    KeyboardInterrupt
        Raised again when all that was finished has been judged and kept.
    """
    started = time.perf_counter()
    limits = make_limits(jobs, threads, time_limit, memory_limit, cluster, deterministic)
    if parse_budget(budget) and not costs:
        raise InputError("a budget needs measured costs; leave --no-costs away")
    asked = {
        "models": models,
        "preset": preset,
        "folds": folds,
        "repeats": repeats,
        "seed": seed,
        "params": params,
        "holdout": holdout,
        "calibrate": calibrate,
        "costs": costs,
    }
    judged_by: dict[str, Any] = {"metric": metric, "margin": margin, "confidence_level": confidence_level}
    judged_by["budget"] = None if budget is None else list(budget)
    hurry = preset != "thorough"
    with executor_for(limits, families_of(models), hurry, cluster, progress) as executor:
        dataset, question, plan = planned(data, load_options, asked, judged_by, limits)
        findings = check_dataset(dataset)
        record = None
        if store is not False:
            options = configuration(data, load_options, asked | judged_by)
            record = _record(store_folder(store), dataset, plan, options, executor)
        return conduct(dataset, plan, plan.all_jobs, question, findings, record, progress, executor, started)


def _record(
    folder: Path, dataset: Dataset, plan: Plan, options: dict[str, Any] | None, executor: Executor | None
) -> RunStore:
    """A new run on disk, with all that it takes to repeat it."""
    return RunStore(
        folder,
        describe(dataset),
        plan_summary(plan),
        plan.all_jobs,
        configuration=options,
        versions=versions(),
        host=host(executor),
        splits=plan.fingerprint(),
    )


def planned(
    data: Any, load_options: dict[str, Any], asked: dict[str, Any], judged_by: dict[str, Any], limits: Limits
) -> tuple[Dataset, Question, Plan]:
    """The data, what is asked of them, and which jobs that takes."""
    dataset = as_dataset(data, seed=asked["seed"], **load_options)
    question = make_question(dataset, *[judged_by[name] for name in _JUDGED_BY])
    return dataset, question, make_plan(dataset, limits=limits, **asked)


def families_of(models: Sequence[str] | None) -> list[str]:
    """Families of the models, without an error for a name that is unknown: the plan says that better."""
    found = []
    for name in [models] if isinstance(models, str) else models or registry.entries():
        with suppress(Exception):
            found.append(registry.family(name))
    return list(dict.fromkeys(found))


def configuration(data: Any, load_options: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any] | None:
    """What makes the same run again, in words of JSON; None where something has none.

    ``data`` is None for what was in memory: whoever goes on with the run hands it over again.
    """
    named = str(data) if isinstance(data, (str, os.PathLike)) else None
    found = {"data": _absolute(named), "load_options": {**load_options}, **asked}
    if "test" in load_options:
        found["load_options"]["test"] = _absolute(load_options["test"])
    try:
        return json.loads(json.dumps(found, allow_nan=False))
    except (TypeError, ValueError):
        return None


def _absolute(name: Any) -> Any:
    """A path as it is known from any folder; names of datasets stay."""
    if not isinstance(name, (str, os.PathLike)):
        return name
    return str(Path(name).resolve()) if Path(name).exists() else str(name)
