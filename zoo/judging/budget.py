"""The best model that a user can afford."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from ...datasets import InputError, unknown_name
from ..metrics import Metric
from ..results.answer import BudgetAnswer, LeaderboardRow
from .intervals import best, corrected_interval, left_out_champion, out_of_bag_champion
from .scores import ModelScores, Resampled

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
    found: dict[str, float] = {}
    for word in [words] if isinstance(words, str) else words or ():
        kind, _, amount = word.partition("=")
        kind = kind.strip().lower()
        if kind not in KINDS:
            raise unknown_name("budget", kind, [example for _, example in KINDS.values()])
        found[kind] = _amount(word, amount, *KINDS[kind])
    return found


def _amount(word: str, amount: str, units: dict[str, float], example: str) -> float:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", amount.lower())
    if not found or found[2] not in units or float(found[1]) <= 0:
        raise InputError(f"budget must be like {example}, got {word!r}")
    return float(found[1]) * units[found[2]]


def price(row: LeaderboardRow, kind: str) -> float | None:
    """What a model costs, in the unit of the limit."""
    if kind == "memory":
        return None if row.costs is None else row.costs.fit_peak_bytes
    return {"latency": row.latency_seconds, "fit": row.fit_seconds, "size": row.size_bytes}[kind]


def within_budget(
    limits: dict[str, float],
    rows: Sequence[LeaderboardRow],
    models: Sequence[ModelScores],
    metric: Metric,
    test_over_train: float,
    level: float,
    resampled: Resampled | None,
) -> BudgetAnswer:
    """The best model within all limits, with a score that is corrected for model selection.

    Parameters
    ----------
    limits : of :func:`parse_budget`
    rows : of the leaderboard, with their costs
    models : scores of every model, in the order of ``resampled``

    Returns
    -------
    BudgetAnswer
        ``model`` is None if no model is within the limits.
    """
    if not any(row.costs for row in rows):
        raise InputError("a budget needs measured costs, and this run has none; compare with --costs")
    scored = [row for row in rows if row.score is not None]
    fitting = {row.model for row in scored if all(_meets(row, *limit) for limit in limits.items())}
    own = [i for i, m in enumerate(models) if m.model in fitting and m.complete]
    names = tuple(row.model for row in scored if row.model in fitting)
    cheapest = {kind: _cheapest(scored, kind) for kind in limits}
    if not own:
        return BudgetAnswer(limits, names, None, None, None, None, cheapest)
    chosen, score, ends = _choice(models, own, metric, test_over_train, level, resampled)
    low, high = sorted(float(np.clip(metric.sign * end, *metric.bounds)) for end in ends)
    return BudgetAnswer(limits, names, chosen, metric.sign * score, low, high, cheapest)


def _meets(row: LeaderboardRow, kind: str, limit: float) -> bool:
    """A cost that is not known keeps no limit."""
    cost = price(row, kind)
    return cost is not None and cost <= limit


def _cheapest(rows: Sequence[LeaderboardRow], kind: str) -> float | None:
    known = [cost for row in rows if (cost := price(row, kind)) is not None]
    return min(known, default=None)


def _choice(
    models: Sequence[ModelScores],
    own: Sequence[int],
    metric: Metric,
    test_over_train: float,
    level: float,
    resampled: Resampled | None,
) -> tuple[str, float, tuple[float, float]]:
    """Name, and what choosing among these on other rows earns, higher is better."""
    scores = metric.sign * np.stack([models[i].folds[metric.name] for i in own])
    defined = ~np.isnan(scores).any(axis=0)
    scores = scores[:, defined]
    chosen = own[best(scores)]
    if resampled is None:
        repeats = models[own[0]].repeats[defined]
        fair = left_out_champion(scores, repeats)
        if len(fair) < 2:
            return models[chosen].model, float(np.mean(fair)), (np.nan, np.nan)
        return models[chosen].model, float(fair.mean()), corrected_interval(fair, test_over_train, level)
    inside, outside = (metric.sign * part[list(own)] for part in (resampled.in_bag, resampled.out_of_bag))
    score = float(np.nanmean(out_of_bag_champion(inside, outside)))
    samples = metric.sign * resampled.in_bag[chosen]
    low, high = np.nanquantile(samples, [0.5 - level / 2, 0.5 + level / 2]) - np.nanmean(samples) + score
    return models[chosen].model, score, (float(low), float(high))
