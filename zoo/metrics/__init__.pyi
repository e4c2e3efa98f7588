from ._base import METRICS, Metric, Truth, of_task, primary, second, truth_of
from ._scoring import (
    bootstrap_weights,
    chance_level,
    default_margin,
    evaluate,
    influence_values,
    weighted_scores,
)

__all__ = [
    "METRICS",
    "Metric",
    "Truth",
    "bootstrap_weights",
    "chance_level",
    "default_margin",
    "evaluate",
    "influence_values",
    "of_task",
    "primary",
    "second",
    "truth_of",
    "weighted_scores",
]
