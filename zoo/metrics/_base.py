"""What a metric is, every metric by name, found by file name, and the default metrics of a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import inf
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from ...datasets import InputError, catalogue, unknown_name

if TYPE_CHECKING:
    from ...datasets import Entry, Task


if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from ...datasets import Task

    Value = Callable[["Truth", np.ndarray], float]
    RowValues = Callable[["Truth", np.ndarray], np.ndarray]
    Weighted = Callable[["Truth", np.ndarray, np.ndarray], np.ndarray]
if TYPE_CHECKING:
    import numpy as np

    from ..results.rows import Labels


@dataclass(frozen=True)
class Truth:
    """True classes or values of some rows.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        Class codes 0 to ``n_classes`` - 1 for classification, float64 values for regression.
    task : {"binary", "multiclass", "regression"}
        What is predicted.
    n_classes : int, default=0
        How many classes there are; a class may be absent from ``y``. 0 for regression.
    positive : int, default=1
        Code of the positive class of a binary task.

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo.metrics import Truth
    >>> truth = Truth(np.array([0, 1, 1]), "binary", n_classes=2)
    >>> truth.is_positive
    array([False,  True,  True])
    """

    y: np.ndarray
    task: Task
    n_classes: int = 0
    positive: int = 1

    @property
    def is_positive(self) -> np.ndarray:
        """Rows of the positive class, bool (n_rows,)."""
        is_positive: np.ndarray = self.y == self.positive
        return is_positive

    def part(self, rows: np.ndarray) -> Truth:
        """The truth of some of these rows, which may stand more than once."""
        return Truth(self.y[rows], self.task, self.n_classes, self.positive)


@dataclass(frozen=True)
class Metric:
    """A metric: a function of true and predicted values, and what is known about its values.

    Calling it gives the score. It is made from a public file of ``zoo/metrics``; the file's constants
    and functions are its fields. A prediction is float64 of shape (n_rows, n_classes), probabilities, or
    of shape (n_rows,), values.

    Parameters
    ----------
    name : str
        File name, ``roc_auc``.
    label : str
        As tables and pictures show it, ``ROC AUC``.
    tasks : tuple of {"binary", "multiclass", "regression"}
        Tasks that it applies to.
    greater_is_better : bool, default=True
        Whether a greater value is better.
    bounds : (float, float), default=(0.0, 1.0)
        Lowest and highest possible value. The better one is the score of a perfect prediction.
    margin : float, default=0.01
        Default margin: differences up to it are practically equivalent.
    relative : bool, default=False
        Whether ``margin`` is a share of the target's standard deviation, as for errors in its units.
    second : str, optional
        Name of the metric that tables show beside it; the default metric of the task if None.
    primary_for : tuple of str, default=()
        Tasks for which it is the default metric.
    needs : {"probabilities", "ranks", "labels"}, default="probabilities"
        What a classifier must give: probabilities, any scores that rank the rows, or predicted classes.
    chance : float, optional
        Score of any constant prediction, where that is one number; see :func:`chance_level`.
    value : callable, optional
        ``value(truth, prediction)``: the score. The mean of ``row_values`` if None.
    row_values : callable, optional
        ``row_values(truth, prediction)``: float64 (n_rows,), of a metric that is a mean over rows.
    weighted : callable, optional
        ``weighted(truth, prediction, weights)``: see :func:`weighted_scores`.
    influence : callable, optional
        ``influence(truth, prediction)``: see :func:`influence_values`.

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo.metrics import METRICS, Truth
    >>> accuracy = METRICS["accuracy"]
    >>> accuracy(Truth(np.array([0, 1]), "binary", 2), np.array([[0.9, 0.1], [0.8, 0.2]]))
    0.5
    >>> accuracy.greater_is_better, accuracy.bounds
    (True, (0.0, 1.0))
    """

    name: str
    label: str
    tasks: tuple[Task, ...]
    greater_is_better: bool = True
    bounds: tuple[float, float] = (0.0, 1.0)
    margin: float = 0.01
    relative: bool = False
    second: str | None = None
    primary_for: tuple[Task, ...] = ()
    needs: Literal["probabilities", "ranks", "labels"] = "probabilities"
    chance: float | None = None
    value: Value | None = field(default=None, repr=False)
    row_values: RowValues | None = field(default=None, repr=False)
    weighted: Weighted | None = field(default=None, repr=False)
    influence: RowValues | None = field(default=None, repr=False)

    def __call__(self, truth: Truth, prediction: np.ndarray) -> float:
        if self.value is not None:
            return float(self.value(truth, prediction))
        assert self.row_values is not None, f"zoo/metrics/{self.name}.py has neither value nor row_values"
        return float(self.row_values(truth, prediction).mean())

    @property
    def sign(self) -> int:
        """+1 if greater is better, else -1: sign * value ranks upwards."""
        return 1 if self.greater_is_better else -1


def truth_of(labels: Labels, rows: np.ndarray) -> Truth:
    """The true classes or values of some rows.

    Parameters
    ----------
    labels : Labels
        The true answers of all rows.
    rows : int ndarray of shape (n_rows,)
        Row numbers.

    Returns
    -------
    Truth
        Positions of the classes in their order, or values.

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo.metrics import truth_of
    >>> from deepworth.zoo.results.rows import Labels
    >>> labels = Labels(np.array(["no", "yes", "no"]), "binary", ("no", "yes"), "yes")
    >>> truth_of(labels, np.array([1, 2])).y.tolist()
    [1, 0]
    """
    import numpy as np

    if labels.task == "regression":
        return Truth(labels.y[rows], labels.task)
    codes = np.searchsorted(labels.classes, labels.y[rows])
    positive = labels.classes.index(labels.positive) if labels.positive in labels.classes else 1
    return Truth(codes, labels.task, len(labels.classes), positive)


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
