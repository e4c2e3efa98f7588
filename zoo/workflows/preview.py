"""preview(): the plan of a comparison and how long it will take, without running it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Literal

from ..runs.estimate import estimate
from ..runs.limits import make_limits
from ..runs.store import store_folder
from ._result import describe, plain, plan_summary
from .compare import compare, planned

SETTINGS: dict[str, Any] = dict(compare.__kwdefaults__ or {})  # options of a comparison and their defaults
_ASKED = ("models", "preset", "folds", "repeats", "seed", "params", "holdout", "calibrate", "costs")
_LIMITS = ("jobs", "threads", "time_limit", "memory_limit", "cluster", "deterministic")
_JUDGED = ("metric", "margin", "confidence_level", "budget")


def preview(
    data: Any = "sick-healthy",
    *,
    store: str | os.PathLike[str] | Literal[False] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """What :func:`deepworth.compare` would run with the same options, and the estimated time.

    Returns
    -------
    dict
        ``dataset`` and ``plan`` as in a result; ``jobs``, a row for each with its rows and its share of
        the estimated seconds; ``models``, their sums; ``estimate`` with seconds, low and high.

    Raises
    ------
    InputError
        As :func:`deepworth.compare`.
    """
    chosen = {**SETTINGS, **options}
    load, _ = split_options(options)
    limits = make_limits(*(chosen[name] for name in _LIMITS))
    asked, judged_by = ({name: chosen[name] for name in names} for names in (_ASKED, _JUDGED))
    dataset, _, plan = planned(data, load, asked, judged_by, limits)
    found = estimate(dataset, plan, plan.all_jobs, None if store is False else store_folder(store))
    return plain(
        {
            "dataset": describe(dataset),
            "plan": plan_summary(plan),
            "estimate": {name: getattr(found, name) for name in ("seconds", "low", "high", "start_seconds")},
            "models": found.models,
            "jobs": [_row(job, seconds) for job, seconds in zip(plan.all_jobs, found.jobs, strict=True)],
        }
    )


def split_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options of :func:`deepworth.compare`: those of loading, and what is asked with all defaults."""
    load = {name: value for name, value in options.items() if name not in SETTINGS}
    chosen = {**SETTINGS, **options}
    return load, {name: chosen[name] for name in (*_ASKED, *_JUDGED)}


def _row(job: Any, seconds: float | None) -> dict[str, Any]:
    split = job.split
    names = ("model", "family", "kind", "status", "reason")
    is_fold = job.kind == "fold"
    return {
        **{name: getattr(job, name) for name in names},
        "repeat": split.repeat if is_fold else None,
        "fold": split.fold if is_fold else None,
        "training_rows": len(split.train),
        "test_rows": len(split.test),
        "estimated_seconds": seconds,
    }
