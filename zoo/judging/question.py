"""What a comparison is asked: by which metric, from which difference on, with which certainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...datasets import Dataset
from ..metrics import Metric, default_margin, primary
from .budget import parse_budget
from .intervals import check_level


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
    return Question(chosen, default_margin(chosen, dataset.y, margin), level, parse_budget(budget))
