"""Every metric by name, found by file name, and the default metrics of a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from math import inf
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ...datasets import InputError, catalogue, unknown_name
from ._base import Metric

if TYPE_CHECKING:  # datasets' types need numpy
    from ...datasets import Entry, Task

FUNCTIONS = ("value", "row_values", "weighted", "influence")
_FACTS = tuple(f.name for f in fields(Metric) if f.name not in ("name", *FUNCTIONS))


def _metric(entry: Entry) -> Metric:
    """Constants of the file, in capitals, and functions are fields of the metric."""
    name = entry.name.replace("-", "_")
    given: dict[str, Any] = {"label": name.replace("_", " ")}
    given |= {f: entry.constant(f.upper()) for f in _FACTS if hasattr(entry.module, f.upper())}
    given |= {f: entry.constant(f) for f in FUNCTIONS}
    if "tasks" not in given or (given["value"] is None and given["row_values"] is None):
        raise TypeError(f"{entry.module.__file__} needs TASKS and a function value or row_values")
    return Metric(name, **given)


def _found() -> dict[str, Metric]:
    entries = catalogue(str(__package__), "value").values()
    ordered = sorted(entries, key=lambda e: (e.constant("ORDER", inf), e.name))
    metrics = map(_metric, ordered)
    return {metric.name: metric for metric in metrics}


METRICS: Mapping[str, Metric] = MappingProxyType(_found())


def of_task(task: Task) -> list[Metric]:
    """All metrics that apply to a task.

    Parameters
    ----------
    task : {"binary", "multiclass", "regression"}

    Returns
    -------
    list of Metric
        In the order in which tables show them.

    Examples
    --------
    >>> from deepworth.zoo.metrics import of_task
    >>> [metric.name for metric in of_task("regression")]
    ['rmse', 'mae', 'r2']
    """
    return [m for m in METRICS.values() if task in m.tasks]


def primary(task: Task, name: str | None = None) -> Metric:
    """The metric of that name, or the default metric of the task.

    Parameters
    ----------
    task : {"binary", "multiclass", "regression"}
    name : str, optional
        As ``--metric`` takes it: upper or lower case, with ``-``, ``_`` or spaces.

    Returns
    -------
    Metric

    Raises
    ------
    InputError
        There is no such metric, or it does not apply to the task.

    Examples
    --------
    >>> from deepworth.zoo.metrics import primary
    >>> primary("binary").label, primary("multiclass", "Balanced-Accuracy").name
    ('ROC AUC', 'balanced_accuracy')
    """
    if name is None:
        return next(m for m in METRICS.values() if task in m.primary_for)
    key = name.strip().lower().replace("-", "_").replace(" ", "_")
    if key not in METRICS:
        raise unknown_name("metric", name, [m.name for m in of_task(task)])
    if task not in METRICS[key].tasks:
        known = ", ".join(m.name for m in of_task(task))
        raise InputError(f"metric {key} does not apply to {task}; use one of {known}")
    return METRICS[key]


def second(metric: Metric, task: Task) -> Metric | None:
    """The metric that tables show beside another one.

    Parameters
    ----------
    metric : Metric
        One of :data:`METRICS`.
    task : {"binary", "multiclass", "regression"}

    Returns
    -------
    Metric or None
        The one that ``metric`` names, else the default metric of the task; None if that is ``metric``.

    Examples
    --------
    >>> from deepworth.zoo.metrics import METRICS, second
    >>> second(METRICS["log_loss"], "multiclass").name, second(METRICS["f1"], "binary").name
    ('accuracy', 'roc_auc')
    """
    other = primary(task) if metric.second is None else METRICS[metric.second]
    return other if other.name != metric.name else None
