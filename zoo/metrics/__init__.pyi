from ._metrics import METRICS, Metric, Truth, default_margin, evaluate, of_task, primary, second
from ._weighted import bootstrap_weights, weighted_scores

__all__ = [
    "METRICS",
    "Metric",
    "Truth",
    "bootstrap_weights",
    "default_margin",
    "evaluate",
    "of_task",
    "primary",
    "second",
    "weighted_scores",
]
