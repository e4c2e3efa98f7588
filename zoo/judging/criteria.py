"""Criteria of a verdict, checked and completed for a task: metric, margin, confidence level, budget."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from ...datasets import InputError
from ..metrics import Metric, primary
from ..results.facts import DatasetFacts
from ..setup import Criteria
from .budget import parse_budget
from .intervals import check_level


@dataclass(frozen=True)
class Resolved:
    """Criteria with the defaults of the task; ``margin`` is in units of the metric."""

    metric: Metric
    margin: float
    level: float
    budget: dict[str, float] = field(default_factory=dict)


def resolve(criteria: Criteria, dataset: DatasetFacts) -> Resolved:
    """Criteria for a dataset.

    Raises
    ------
    InputError
        There is no such metric for the task, or a number cannot be used.
    """
    check_level(criteria.confidence_level)
    metric = primary(dataset.task, criteria.metric)
    margin = _margin(metric, dataset.target_std, criteria.margin)
    return Resolved(metric, margin, criteria.confidence_level, parse_budget(criteria.budget))


def _margin(metric: Metric, target_std: float | None, given: float | None) -> float:
    """Half the width of practical equivalence; of errors by default a share of the target's deviation."""
    if given is None:
        return metric.margin * ((target_std or 0.0) if metric.relative else 1.0)
    if not math.isfinite(given) or given < 0:
        raise InputError(f"margin must be a number of at least 0, got {given!r}")
    return float(given)
