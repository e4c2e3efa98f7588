"""The leaderboard: one plain row a model, best first, with intervals, ties, costs and notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...datasets._base import Task
from ._metrics import Metric, of_task, second
from ._scores import Labelled, ModelScores, Resampled, interval, one_class_only, truth_of
from ._ties import tied_with_best

COSTS = ("predict_seconds", "size_bytes", "parameters")


def leaderboard_rows(
    data: Labelled,
    models: Sequence[ModelScores],
    metric: Metric,
    test_over_train: float,
    level: float,
    resampled: Resampled | None,
) -> list[dict[str, Any]]:
    """Rows by falling score; models without one come last.

    Parameters
    ----------
    test_over_train : n_test / n_train of a fold
    level : of every interval, and of the ties
    resampled : bootstrap scores in the order of ``models`` where there is one official test part
    """
    truth = None if resampled is None else truth_of(data, models[0].jobs[0].split.test)
    tied = tied_with_best(models, metric, level, test_over_train, resampled, truth)
    rows = []
    for position, scores in enumerate(models):
        row = _row(data, scores, metric)
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
    return sorted(rows, key=lambda r: -(metric.sign * r["score"] if r["score"] is not None else -np.inf))


def _row(data: Labelled, scores: ModelScores, metric: Metric) -> dict[str, Any]:
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
        "fit_seconds": _mean([job.fit_seconds for job in ok]),
        **{name: _first(ok, name) for name in COSTS},
        "jobs_ok": len(ok),
        "jobs_planned": len(scores.jobs),
        "reason": bad[0].reason if bad else "",
        "notes": _notes(data, scores),
    }


def flat_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the leaderboard with a column for each metric and for the ends of its interval."""
    ends = {
        f"{name}_{end}": value
        for name, pair in row["intervals"].items()
        for end, value in zip(("low", "high"), pair, strict=True)
    }
    nested = ("metrics", "intervals")
    return {**{k: v for k, v in row.items() if k not in nested}, **row["metrics"], **ends}


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


def _first(jobs: list[Any], name: str) -> Any:
    return next((getattr(job, name) for job in jobs if getattr(job, name) is not None), None)
