"""The leaderboard: one plain row a model, best first, with intervals, ties, costs and notes.

The front of score and cost: models that no other one beats in everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...datasets import Task
from ..metrics import Metric, of_task, second
from ..runs.fitting import Job
from .pairs import tied_with_best
from .scores import Labelled, ModelScores, Resampled, interval, one_class_only, truth_of

COSTS = ("predict_seconds", "size_bytes", "parameters")  # measured in the first fold, without a cost job
MEASURED = ("fit_seconds", "fold_fit_seconds", "fleet_seconds", *COSTS, "costs")

_FLAT = ("fit_cpu_seconds", "fit_peak_bytes", "load_seconds", "predict_peak_bytes", "flops")
_ENDS = ("median", "p95")


def leaderboard_rows(
    data: Labelled,
    models: Sequence[ModelScores],
    metric: Metric,
    test_over_train: float,
    level: float,
    resampled: Resampled | None,
    costs: Mapping[str, Job] | None = None,
) -> list[dict[str, Any]]:
    """Rows by falling score; models without one come last.

    Parameters
    ----------
    test_over_train : n_test / n_train of a fold
    level : of every interval, and of the ties
    resampled : bootstrap scores in the order of ``models`` where there is one official test part
    costs : the finished cost job of each model, where costs were measured
    """
    truth = None if resampled is None else truth_of(data, models[0].jobs[0].split.test)
    tied = tied_with_best(models, metric, level, test_over_train, resampled, truth)
    rows = []
    for position, scores in enumerate(models):
        row = _row(data, scores, metric, (costs or {}).get(scores.model))
        row["intervals"] = {
            m.name: list(
                interval(scores, m, test_over_train, level)
                if resampled is None
                else resampled.interval(m.name, position, level)
            )
            if scores.complete
            else [None, None]
            for m in of_task(data.task)
        }
        row["score_low"], row["score_high"] = row["intervals"][metric.name]
        row["tied_with_best"] = tied.get(scores.model)
        rows.append(row)
    mark_front(rows, metric.sign)
    return sorted(rows, key=lambda r: -(metric.sign * r["score"] if r["score"] is not None else -np.inf))


def _row(data: Labelled, scores: ModelScores, metric: Metric, cost: Job | None) -> dict[str, Any]:
    ok = [job for job in scores.jobs if job.status == "ok"]
    bad = [job for job in scores.jobs if job.status != "ok"]
    return {
        "model": scores.model,
        "family": scores.family,
        "status": _status(scores),
        "score": scores.mean(metric.name) if not bad else None,
        "score_low": None,
        "score_high": None,
        "metrics": {m.name: scores.mean(m.name) for m in of_task(data.task)},
        **_measured(ok, cost),
        "jobs_ok": len(ok),
        "jobs_planned": len(scores.jobs),
        "reason": bad[0].reason if bad else "",
        "notes": _notes(data, scores) + _cost_notes(cost),
    }


def _measured(ok: Sequence[Job], cost: Job | None) -> dict[str, Any]:
    """Times and sizes: those of one model trained for use where they were measured, else of the folds."""
    in_folds = _mean([job.fit_seconds for job in ok])
    together = [job.fleet_seconds for job in ok if job.fleet_seconds is not None]
    found = {
        "fit_seconds": in_folds,
        **{name: _first(ok, name) for name in COSTS},
        "fold_fit_seconds": in_folds,
        "fleet_seconds": max(together, default=None),
        "contended": any(job.contended for job in ok),  # timed while other jobs ran beside
        "costs": None,
    }
    if cost is None:
        return found
    figures = cost.costs or {}
    thousand = (figures.get("latency") or {}).get("1000") or {}
    return {
        **found,
        **{name: figures.get(name) for name in ("fit_seconds", "size_bytes", "parameters")},
        "predict_seconds": thousand.get("median"),
        "contended": cost.contended,
        "costs": {"status": cost.status, "reason": cost.reason, "contended": cost.contended, **figures},
    }


def _cost_notes(cost: Job | None) -> list[str]:
    if cost is None or cost.status in ("ok", "skipped"):
        return []
    return [f"costs not measured in full, {cost.status}: {cost.reason}"]


def flat_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the leaderboard with a column for each metric and for the ends of its interval."""
    ends = {
        f"{name}_{end}": value
        for name, pair in row["intervals"].items()
        for end, value in zip(("low", "high"), pair, strict=True)
    }
    nested = ("metrics", "intervals", "costs")
    flat = {k: v for k, v in row.items() if k not in nested}
    return {**flat, **row["metrics"], **ends, **flat_costs(row["costs"])}


def flat_costs(costs: dict[str, Any] | None) -> dict[str, Any]:
    """Figures of a cost sheet that the row has not, a column each."""
    if costs is None:
        return {}
    by_rows = {f"latency_{n}_{end}": v[end] for n, v in (costs.get("latency") or {}).items() for end in _ENDS}
    return {k: costs.get(k) for k in _FLAT} | by_rows


def metric_facts(metric: Metric, task: Task) -> dict[str, Any]:
    """What a reader needs to know of the primary metric."""
    other = second(metric, task)
    return {
        "name": metric.name,
        "label": metric.label,
        "greater_is_better": metric.greater_is_better,
        "second": other.name if other else None,
        "second_label": other.label if other else None,
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if known else None


def _status(scores: ModelScores) -> str:
    found = [job.status for job in scores.jobs if job.status != "ok"]
    if not found:
        return "ok"
    return found[0] if len(found) == len(scores.jobs) else "partial"


def _notes(data: Labelled, scores: ModelScores) -> list[str]:
    """What a reader of the row should know."""
    notes = ["predicts one class only"] if one_class_only(data, scores) else []
    short = sum(not job.converged for job in scores.jobs)
    if short:
        notes.append(f"did not converge in {short} of {len(scores.jobs)} fits")
    return notes


def _first(jobs: Sequence[Any], name: str) -> Any:
    return next((getattr(job, name) for job in jobs if getattr(job, name) is not None), None)


# What a user pays: waiting for an answer, waiting for a model, room to keep it.
PRICES = ("latency_seconds", "fit_seconds", "size_bytes")


def front(losses: np.ndarray) -> np.ndarray:
    """Which rows are not dominated: no other is as low in every column and lower in one.

    Parameters
    ----------
    losses : ndarray of shape (n, n_columns), lower is better, no NaN

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    as_low = (losses[:, None, :] <= losses[None, :, :]).all(axis=2)
    lower = (losses[:, None, :] < losses[None, :, :]).any(axis=2)
    return np.asarray(~(as_low & lower).any(axis=0))


def latency_of_one(row: dict[str, Any]) -> float | None:
    """Median seconds for one row of data, by a row of the leaderboard."""
    found = ((row.get("costs") or {}).get("latency") or {}).get("1")
    return None if found is None else found["median"]


def mark_front(rows: list[dict[str, Any]], sign: int) -> None:
    """Set ``pareto`` of each row: True on the front of score, latency of one row, training time and size.

    None where a model has no score or lacks one of the costs: nothing can be said about it.

    Parameters
    ----------
    sign : 1 if greater scores are better, else -1
    """
    for row in rows:
        row["pareto"] = None
        row["latency_seconds"] = latency_of_one(row)
    known = [r for r in rows if r["score"] is not None and all(r[name] is not None for name in PRICES)]
    if not known:
        return
    losses = np.array([[-sign * r["score"], *(r[name] for name in PRICES)] for r in known], dtype=float)
    for row, on_it in zip(known, front(losses), strict=True):
        row["pareto"] = bool(on_it)
