"""What a comparison is asked: by which metric, from which difference on, with which certainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ....datasets._base import Dataset
from ..statistics import _metrics
from ..statistics._intervals import check_level
from ..statistics._metrics import Metric, primary
from ._budget import parse_budget


@dataclass(frozen=True)
class Question:
    """By which metric, from which difference on, and with which certainty."""

    metric: Metric
    margin: float
    level: float
    budget: dict[str, float] = field(default_factory=dict)


def make_question(
    dataset: Dataset,
    metric: str | None,
    margin: float | None,
    level: float,
    budget: Sequence[str] | None = None,
) -> Question:
    """Checked, with the defaults of the task."""
    check_level(level)
    chosen = primary(dataset.task, metric)
    return Question(chosen, _metrics.margin(chosen, dataset.y, margin), level, parse_budget(budget))
