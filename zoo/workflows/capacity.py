"""capacity(): is one hidden layer enough? Are two?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Unpack

from ...datasets import DataLike, ReadOptions, as_dataset
from ..judging.curves import judge_capacity
from ..judging.judge import resolve
from ..option_types import checked_types
from ..own_entries import ModelLike
from ..own_models import joined, name_models
from ..results.curves import CapacityAnswer, Sufficiency
from ..results.facts import dataset_facts
from ..results.runs import Interrupted, Progress
from ..runs.sweep import make_capacity_plan
from ..setup import Criteria, Parameters
from .learning_curve import run_sweep

if TYPE_CHECKING:
    import pandas as pd


@checked_types
def capacity(
    data: DataLike = "sick-healthy",
    *,
    layers: Sequence[int] = (0, 1, 2, 3),
    units: Sequence[int] = (8, 32, 128),
    model: ModelLike = "plain-mlp",
    folds: int = 5,
    repeats: int = 1,
    metric: str | None = None,
    margin: float | None = None,
    confidence_level: float = 0.95,
    seed: int = 0,
    params: Parameters | None = None,
    progress: Progress | None = None,
    **reading: Unpack[ReadOptions],
) -> Capacity:
    """Find out how deep and how wide a network must be on these data.

    A network is cross-validated for every number of hidden layers and of units in each. Depths are compared
    by the best width of each, widths by the best depth; both are chosen on other folds than those that
    score them.

    Parameters
    ----------
    data : str, path, DataFrame or Dataset, default="sick-healthy"
        A table, in any form that :func:`deepworth.load_dataset` takes.
    layers : sequence of int, default=(0, 1, 2, 3)
        Numbers of hidden layers; a network without any is a linear model.
    units : sequence of int, default=(8, 32, 128)
        Numbers of units in each hidden layer.
    model : str or callable, default="plain-mlp"
        A network with the parameter ``hidden_units``, also one of your own as :func:`deepworth.compare` takes
        it, whose default is a tuple.
    folds : int, default=5
        Folds of the cross-validation. Where the data have an official test part, networks are scored on
        this many parts of it instead.
    repeats : int, default=1
        How often the cross-validation is repeated.
    metric : str, optional
        By default ROC AUC for two classes, log loss for more, RMSE for regression.
    margin : float, optional
        Gains up to this, in units of the metric, do not matter in practice; by default that of the metric.
    confidence_level : float, default=0.95
        Level of the intervals, and the probability that an outcome needs; from 0.5 to below 1.
    seed : int, default=0
        The same seed gives the same numbers on the same machine.
    params : dict of dict, optional
        Parameters by model, ``{"plain-mlp": {"epochs": 50}}``.
    progress : callable, optional
        Called with an :class:`~deepworth.zoo.results.runs.Event` at every step.
    **reading
        How the data is read: the options of :func:`deepworth.load_dataset`.

    Returns
    -------
    Capacity
        Scores by network, and the smallest numbers of layers and of units that are enough.

    Raises
    ------
    InputError
        The data or an option cannot be used; the message says what to do.
    Interrupted
        A KeyboardInterrupt; its ``result`` holds what was finished.

    Examples
    --------
    >>> import deepworth
    >>> few = {"plain-mlp": {"epochs": 2}}
    >>> grid = deepworth.capacity("iris", layers=[0, 1], units=[4], folds=2, params=few)
    >>> grid.frame()[["layers", "parameters"]].values.tolist()
    [[0, 15], [1, 35]]
    >>> [(answer.axis, answer.value) for answer in grid.answers]
    [('layers', 0)]
    """
    started = time.perf_counter()
    dataset = as_dataset(data, seed=seed, **reading)
    facts, criteria = dataset_facts(dataset), Criteria(metric, margin, confidence_level)
    measure = resolve(criteria, facts).metric
    (name,), own = name_models([model])
    with joined(own):
        plan = make_capacity_plan(
            dataset,
            layers=layers,
            units=units,
            model=name,
            folds=folds,
            repeats=repeats,
            seed=seed,
            params=params,
        )
        cells, sweep = run_sweep(plan, dataset, facts, measure, progress, started)
    result = Capacity(judge_capacity(cells, plan.facts, sweep, criteria))
    if sweep.interrupted:
        raise Interrupted(result)
    return result


@dataclass(frozen=True)
class Capacity:
    """What :func:`deepworth.capacity` returns.

    Attributes
    ----------
    answer : CapacityAnswer
        The whole answer: networks with their scores and times, answers, findings.

    Examples
    --------
    >>> import deepworth
    >>> few = {"plain-mlp": {"epochs": 2}}
    >>> grid = deepworth.capacity("iris", layers=[0, 1], units=[4], folds=2, params=few)
    >>> grid.exit_code
    0
    """

    answer: CapacityAnswer

    @property
    def answers(self) -> tuple[Sufficiency, ...]:
        """For each number of hidden layers, then of units, whether it is enough."""
        return self.answer.answers

    @property
    def headline(self) -> str:
        """The smallest depth that is enough."""
        return self.answer.headline

    @property
    def exit_code(self) -> int:
        """0 if every fit ended well, else 1."""
        return self.answer.exit_code

    def frame(self) -> pd.DataFrame:
        """One row per network: layers, units, score with interval, seconds of one fit, parameters."""
        import pandas as pd

        return pd.DataFrame([asdict(row) for row in self.answer.networks])

    def to_dict(self) -> dict[str, object]:
        """The answer as one object that JSON can hold."""
        return self.answer.to_dict()

    def _repr_html_(self) -> str:
        from ..report.html.page import networks

        return networks(self.answer)
