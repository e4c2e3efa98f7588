from ._base import Metric, Truth, truth_of
from ._catalogue import METRICS, of_task, primary, second
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
