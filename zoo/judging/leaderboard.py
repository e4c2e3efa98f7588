"""The leaderboard: one row a model, best first, with ties, costs and notes; and the best within a budget."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from ...datasets import InputError, Task, unknown_name
from ..metrics import Metric, of_task, second
from ..results.answer import BudgetAnswer, LeaderboardRow
from ..results.explanation import Explanations
from ..results.facts import MetricFacts
from ..results.rows import CostSheet, Result
from .inference import Inference, tied_with_best
from .intervals import best
from .scores import ModelScores, one_class_only

T = TypeVar("T")
IMITATES = 0.1  # the least R² of a surrogate that says something of a model


def leaderboard_rows(
    task: Task,
    inference: Inference,
    costs: Mapping[str, Result] | None = None,
    explanations: Explanations | None = None,
    references: Collection[str] = (),
) -> list[LeaderboardRow]:
    """Rows by falling score; models without one come last.

    Parameters
    ----------
    inference : of every interval, and of the ties
    costs : the row of each model's costs, where they were measured
    """
    metric, tied = inference.metric, tied_with_best(inference)
    rows = []
    for position, scores in enumerate(inference.models):
        row = _row(task, scores, metric, (costs or {}).get(scores.model))
        intervals = {m.name: inference.interval(position, m) for m in of_task(task)}
        low, high = intervals[metric.name]
        own: dict[str, Any] = {"intervals": intervals, "score_low": low, "score_high": high}
        own |= {"tied_with_best": tied.get(scores.model), "reference": scores.model in references}
        rows.append(replace(row, **own, **_fidelity(explanations, scores.model)))
    rows = with_pareto_front(rows, metric.sign)
    return sorted(rows, key=lambda r: -(metric.sign * r.score if r.score is not None else -np.inf))


def _row(task: Task, scores: ModelScores, metric: Metric, cost: Result | None) -> LeaderboardRow:
    ok = [row for row in scores.rows if row.ok]
    failed = [row for row in scores.rows if not row.ok]
    sheet = None if cost is None else _cost_sheet(cost)
    in_folds = _mean([row.fit_seconds for row in ok])
    return LeaderboardRow(
        model=scores.model,
        family=scores.rows[0].family,
        status=_status(scores),
        score=scores.mean(metric.name) if not failed else None,
        score_low=None,
        score_high=None,
        metrics={m.name: scores.mean(m.name) for m in of_task(task)},
        fit_seconds=in_folds if sheet is None else sheet.fit_seconds,
        predict_seconds=_predict_seconds(ok, sheet),
        size_bytes=_first([row.size_bytes for row in ok]) if sheet is None else sheet.size_bytes,
        parameters=_first([row.parameters for row in ok]) if sheet is None else sheet.parameters,
        fold_fit_seconds=in_folds,
        fleet_seconds=max((row.fleet_seconds for row in ok if row.fleet_seconds is not None), default=None),
        contended=any(row.contended for row in ok) if sheet is None else sheet.contended,
        costs=sheet,
        jobs_ok=len(ok),
        jobs_planned=len(scores.rows),
        reason=failed[0].reason if failed else "",
        notes=(*_notes(task, scores), *_cost_notes(cost)),
        intervals={},
        latency_seconds=None if sheet is None else latency(sheet, 1),
    )


def _cost_sheet(cost: Result) -> CostSheet:
    """The figures with how the job ended, which a job that failed half way has too."""
    sheet = cost.costs or CostSheet()
    return replace(sheet, status=cost.status, reason=cost.reason, contended=cost.contended)


def _predict_seconds(ok: Sequence[Result], sheet: CostSheet | None) -> float | None:
    """For 1,000 rows: measured apart, else in the first fold."""
    return _first([row.predict_seconds for row in ok]) if sheet is None else latency(sheet, 1000)


def latency(sheet: CostSheet, rows: int) -> float | None:
    """Median seconds of a call with so many rows."""
    times = (sheet.latency or {}).get(str(rows))
    return None if times is None else times.median


def _cost_notes(cost: Result | None) -> list[str]:
    if cost is None or cost.status in ("ok", "skipped"):
        return [cost.reason] if cost is not None and cost.status == "ok" and cost.reason else []
    return [f"costs not measured in full, {cost.status}: {cost.reason}"]


def _fidelity(explanations: Explanations | None, model: str) -> dict[str, Any]:
    """The better of a model's two surrogates, and each; nothing where neither imitates the model.

    Eight rules over the brightness of cells say nothing of what a network sees in an image, and "0 %" would
    look like a finding about the network.
    """
    surrogate = None if explanations is None else explanations.surrogates.get(model)
    if surrogate is None:
        return {}
    both = {"fidelity_tree": surrogate.fidelity_tree, "fidelity_linear": surrogate.fidelity_linear}
    best = max((value for value in both.values() if value is not None), default=0.0)
    return {"fidelity": best, **both} if best >= IMITATES else {}


def metric_facts(metric: Metric, task: Task) -> MetricFacts:
    """What a reader needs to know of the primary metric."""
    other = second(metric, task)
    names = (None, None) if other is None else (other.name, other.label)
    return MetricFacts(metric.name, metric.label, metric.greater_is_better, *names)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if known else None


def _status(scores: ModelScores) -> str:
    failed = [row.status for row in scores.rows if not row.ok]
    if not failed:
        return "ok"
    return failed[0] if len(failed) == len(scores.rows) else "partial"


def _notes(task: Task, scores: ModelScores) -> list[str]:
    """What a reader of the row should know."""
    notes = ["predicts one class only"] if one_class_only(scores, task == "regression") else []
    short = sum(not row.converged for row in scores.rows)
    if short:
        notes.append(f"did not converge in {short} of {len(scores.rows)} fits")
    return notes


def _first(values: Sequence[T | None]) -> T | None:
    return next((value for value in values if value is not None), None)


def with_pareto_front(rows: Sequence[LeaderboardRow], sign: int) -> list[LeaderboardRow]:
    """Rows with ``pareto``: True on the front of score, latency of one row, CPU time of training and size.

    None where a model has no score or lacks one of the costs.

    Parameters
    ----------
    sign : 1 if greater scores are better, else -1
    """
    known = [position for position, row in enumerate(rows) if _losses(row, sign) is not None]
    marked = list(rows)
    if known:
        losses = np.array([_losses(rows[position], sign) for position in known], dtype=float)
        for position, on_front in zip(known, pareto_front(losses), strict=True):
            marked[position] = replace(rows[position], pareto=bool(on_front))
    return marked


def _losses(row: LeaderboardRow, sign: int) -> list[float] | None:
    """What a user gives up or pays, lower is better: score, waiting, training, room."""
    if row.score is None:
        return None
    values = [-sign * row.score, row.latency_seconds, row.fit_cpu_seconds, row.size_bytes]
    known = [float(value) for value in values if value is not None]
    return known if len(known) == len(values) else None


def pareto_front(losses: np.ndarray) -> np.ndarray:
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


_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_BYTES = {"": 1.0, "b": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "kib": 2.0**10, "mib": 2.0**20, "gib": 2.0**30}
# What can be limited: its units, and an example.
KINDS = {
    "latency": (_SECONDS, "latency=5ms"),
    "fit": (_SECONDS, "fit=10s"),
    "size": (_BYTES, "size=1MB"),
    "memory": (_BYTES, "memory=500MB"),
}


def parse_budget(words: Iterable[str] | None) -> dict[str, float]:
    """``["latency=5ms", "size=1MB"]`` to limits in seconds and bytes.

    ``latency`` is the median time of one row, ``fit`` that of training one model on all rows, ``size``
    that of the saved model's files, ``memory`` the peak of its training.
    """
    limits: dict[str, float] = {}
    for word in [words] if isinstance(words, str) else words or ():
        kind, _, amount = word.partition("=")
        kind = kind.strip().lower()
        if kind not in KINDS:
            raise unknown_name("budget", kind, [example for _, example in KINDS.values()])
        limits[kind] = _amount(word, amount, *KINDS[kind])
    return limits


def _amount(word: str, amount: str, units: dict[str, float], example: str) -> float:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", amount.lower())
    if not match or match[2] not in units or float(match[1]) <= 0:
        raise InputError(f"budget must be like {example}, got {word!r}")
    return float(match[1]) * units[match[2]]


def price(row: LeaderboardRow, kind: str) -> float | None:
    """What a model costs, in the unit of the limit."""
    if kind == "memory":
        return None if row.costs is None else row.costs.fit_peak_bytes
    return {"latency": row.latency_seconds, "fit": row.fit_cpu_seconds, "size": row.size_bytes}[kind]


def within_budget(
    limits: dict[str, float], rows: Sequence[LeaderboardRow], inference: Inference
) -> BudgetAnswer:
    """The best model within all limits, with a score that is corrected for model selection.

    Parameters
    ----------
    limits : of :func:`parse_budget`
    rows : of the leaderboard, with their costs
    inference : of the same models

    Returns
    -------
    BudgetAnswer
        ``model`` is None if no model is within the limits.
    """
    if not any(row.costs for row in rows):
        raise InputError("a budget needs measured costs, and this run has none; compare with --costs")
    scored = [row for row in rows if row.score is not None]
    fitting = {row.model for row in scored if all(_meets(row, *limit) for limit in limits.items())}
    models, metric = inference.models, inference.metric
    own = [i for i, m in enumerate(models) if m.model in fitting and m.complete]
    names = tuple(row.model for row in scored if row.model in fitting)
    cheapest = {kind: _cheapest(scored, kind) for kind in limits}
    if not own:
        return BudgetAnswer(limits, names, None, None, None, None, cheapest)
    fair, *ends = inference.best_of(own)
    clipped = sorted(float(np.clip(metric.sign * end, *metric.bounds)) for end in ends)
    score, low, high = (None if np.isnan(value) else value for value in (metric.sign * fair, *clipped))
    return BudgetAnswer(limits, names, _best_name(models, own, metric), score, low, high, cheapest)


def _meets(row: LeaderboardRow, kind: str, limit: float) -> bool:
    """A cost that is not known keeps no limit."""
    cost = price(row, kind)
    return cost is not None and cost <= limit


def _cheapest(rows: Sequence[LeaderboardRow], kind: str) -> float | None:
    known = [cost for row in rows if (cost := price(row, kind)) is not None]
    return min(known, default=None)


def _best_name(models: Sequence[ModelScores], own: Sequence[int], metric: Metric) -> str:
    scores = metric.sign * np.stack([models[i].folds[metric.name] for i in own])
    return models[own[best(scores[:, ~np.isnan(scores).any(axis=0)])]].model
