"""Metrics by name: what they need, which way is better, and how much of them matters in practice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import metrics as sk

from ...datasets import InputError, Task, unknown_name


@dataclass(frozen=True)
class Truth:
    """Answers of some rows: class codes 0..K-1 or values, and the order and meaning of classes."""

    y: np.ndarray
    task: Task
    n_classes: int = 0
    positive: int = 1

    def part(self, rows: np.ndarray) -> Truth:
        """The truth of some of these rows."""
        return Truth(self.y[rows], self.task, self.n_classes, self.positive)


@dataclass(frozen=True)
class Metric:
    """One metric. ``function(truth, prediction)`` takes probabilities (n, K) or values (n,).

    ``margin`` is the default region of practical equivalence in the metric's units; for errors in the
    target's units it is a share of the target's standard deviation (``relative``). ``bounds`` are the
    lowest and the highest value that there can be.
    """

    name: str
    label: str
    tasks: tuple[Task, ...]
    greater_is_better: bool
    margin: float
    function: Callable[[Truth, np.ndarray], float]
    relative: bool = False
    bounds: tuple[float, float] = (0.0, 1.0)

    def __call__(self, truth: Truth, prediction: np.ndarray) -> float:
        return float(self.function(truth, prediction))

    @property
    def sign(self) -> int:
        """+1 if greater is better, else -1: sign * value ranks upwards."""
        return 1 if self.greater_is_better else -1


def _labels(prediction: np.ndarray) -> np.ndarray:
    return prediction.argmax(axis=1)


def _one_hot(truth: Truth) -> np.ndarray:
    return np.eye(truth.n_classes)[truth.y]


def _roc_auc(truth: Truth, p: np.ndarray) -> float:
    if truth.task == "binary":
        return sk.roc_auc_score(truth.y == truth.positive, p[:, truth.positive])
    return sk.roc_auc_score(truth.y, p, multi_class="ovr", average="macro", labels=np.arange(truth.n_classes))


def _log_loss(truth: Truth, p: np.ndarray) -> float:
    clipped = np.clip(p, 1e-15, 1.0)
    clipped = clipped / clipped.sum(axis=1, keepdims=True)
    return -np.mean(np.log(clipped[np.arange(len(p)), truth.y]))


def _brier(truth: Truth, p: np.ndarray) -> float:
    """Brier (1950) score; for two classes the usual half, the squared error of one probability."""
    total = np.mean(np.sum((p - _one_hot(truth)) ** 2, axis=1))
    return total / 2 if truth.task == "binary" else total


def _average_precision(truth: Truth, p: np.ndarray) -> float:
    if not np.any(truth.y == truth.positive):
        return np.nan  # scikit-learn says 0
    return sk.average_precision_score(truth.y == truth.positive, p[:, truth.positive])


def _f1(truth: Truth, p: np.ndarray) -> float:
    if truth.task == "binary":
        return sk.f1_score(truth.y == truth.positive, _labels(p) == truth.positive, zero_division=np.nan)
    return sk.f1_score(truth.y, _labels(p), average="macro", zero_division=np.nan)


def _rmse(truth: Truth, v: np.ndarray) -> float:
    return np.sqrt(np.mean((truth.y - v) ** 2))


def _r2(truth: Truth, v: np.ndarray) -> float:
    return sk.r2_score(truth.y, v, force_finite=False)  # undefined, not 0 or 1, for a constant target


_CLASSES: tuple[Task, ...] = ("binary", "multiclass")
_NUMBERS: tuple[Task, ...] = ("regression",)
_ERROR = (0.0, np.inf)

# Margins: a hundredth of AUC or accuracy is one better decision in a hundred, less than what another
# random split changes on most tables. A hundredth of the target's standard deviation is the same for
# errors. The squared probabilities of Brier move half as much; Matthews spans twice the range.
METRICS: dict[str, Metric] = {
    m.name: m
    for m in (
        Metric("roc_auc", "ROC AUC", _CLASSES, True, 0.01, _roc_auc),
        Metric("log_loss", "log loss", _CLASSES, False, 0.01, _log_loss, bounds=_ERROR),
        Metric("brier", "Brier score", _CLASSES, False, 0.005, _brier, bounds=(0.0, 2.0)),
        Metric("average_precision", "average precision", ("binary",), True, 0.01, _average_precision),
        Metric("accuracy", "accuracy", _CLASSES, True, 0.01, lambda t, p: np.mean(_labels(p) == t.y)),
        Metric(
            "balanced_accuracy",
            "balanced accuracy",
            _CLASSES,
            True,
            0.01,
            lambda t, p: sk.balanced_accuracy_score(t.y, _labels(p)),
        ),
        Metric("f1", "F1", _CLASSES, True, 0.01, _f1),
        Metric(
            "matthews",
            "Matthews correlation",
            _CLASSES,
            True,
            0.02,
            lambda t, p: sk.matthews_corrcoef(t.y, _labels(p)),
            bounds=(-1.0, 1.0),
        ),
        Metric("rmse", "RMSE", _NUMBERS, False, 0.01, _rmse, True, _ERROR),
        Metric("mae", "MAE", _NUMBERS, False, 0.01, lambda t, v: np.mean(np.abs(t.y - v)), True, _ERROR),
        Metric("r2", "R\u00b2", _NUMBERS, True, 0.01, _r2, bounds=(-np.inf, 1.0)),
    )
}
_PRIMARY: dict[Task, str] = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}
_SECOND: dict[str, str] = {"log_loss": "accuracy", "roc_auc": "log_loss", "rmse": "r2"}


def primary(task: Task, name: str | None = None) -> Metric:
    """The metric of that name, or the usual one of the task."""
    if name is None:
        return METRICS[_PRIMARY[task]]
    key = name.strip().lower().replace("-", "_").replace(" ", "_")
    if key not in METRICS:
        raise unknown_name("metric", name, [m.name for m in of_task(task)])
    if task not in METRICS[key].tasks:
        known = ", ".join(m.name for m in of_task(task))
        raise InputError(f"metric {key} does not apply to {task}; use one of {known}")
    return METRICS[key]


def second(metric: Metric, task: Task) -> Metric | None:
    """The metric shown beside the primary one."""
    name = _SECOND.get(metric.name, _PRIMARY[task])
    return METRICS[name] if name != metric.name else None


def of_task(task: Task) -> list[Metric]:
    """All metrics that apply to a task."""
    return [m for m in METRICS.values() if task in m.tasks]


def default_margin(metric: Metric, y: np.ndarray, given: float | None) -> float:
    """Half the width of practical equivalence, in the metric's units."""
    if given is not None:
        if not np.isfinite(given) or given < 0:
            raise InputError(f"margin must be a number of at least 0, got {given!r}")
        return float(given)
    return metric.margin * (float(np.std(y)) if metric.relative else 1.0)


def evaluate(metric: Metric, truth: Truth, prediction: Any) -> float | None:
    """The metric's value, or None where it is not defined (one class only in the rows, say)."""
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = metric(truth, prediction)
    except ValueError:  # scikit-learn's way to say "undefined on these rows"
        return None
    return value if np.isfinite(value) else None
