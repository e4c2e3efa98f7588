"""capacity(): is one hidden layer enough? Are two?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from ....datasets._base import Dataset
from ....datasets._checks import check_dataset
from ....datasets._errors import InputError
from ....datasets._load import load_dataset
from ... import registry
from ..planning._plan import _at_least, chosen_models, known_params
from ..running._jobs import Job
from ..running._progress import Progress
from ..running._threads import threads_for
from ..statistics import _metrics
from ..statistics._metrics import primary
from ._capacity_result import Capacity, CapacityPlan, NetworkScore
from ._depth import answer_capacity, headline
from ._plan import scoring_parts
from ._sweep import Cell, Interrupted, run_cells


def capacity(
    data: Any = "sick-healthy",
    *,
    layers: Sequence[int] = (0, 1, 2, 3),
    units: Sequence[int] = (8, 32, 128),
    model: str = "plain-mlp",
    folds: int = 5,
    repeats: int = 1,
    metric: str | None = None,
    margin: float | None = None,
    confidence_level: float = 0.95,
    seed: int = 0,
    params: dict[str, dict[str, Any]] | None = None,
    progress: Progress | None = None,
    **load_options: Any,
) -> Capacity:
    """How deep and how wide must a network be on these data?

    The textbook network is cross-validated for every number of hidden layers and of units in each. Whether
    another layer pays is asked of the best width of each depth, chosen on other folds than it is
    scored on.

    Parameters
    ----------
    data : str, path, DataFrame or Dataset
        Whatever :func:`deepworth.load_dataset` takes, a table; ``load_options`` go there.
    layers : sequence of int
        Numbers of hidden layers; 0 is the network without any, a linear model.
    units : sequence of int
        Units in each hidden layer.
    model : str
        Any network with the parameter ``hidden_units``.
    folds, repeats : int
        Of the cross-validation; an official test part is used instead where the data have one.
    metric, margin, confidence_level, seed, params, progress
        As :func:`deepworth.compare` takes them.

    Returns
    -------
    Capacity
        ``answers`` say for each depth whether it is enough, ``frame()`` has score and time of each network.

    Raises
    ------
    InputError
        The data or an option cannot be used; the message says what to do.
    Interrupted
        A KeyboardInterrupt; its ``result`` holds what was finished.
    """
    started = time.perf_counter()
    dataset = data if isinstance(data, Dataset) else load_dataset(data, seed=seed, **load_options)
    if not 0.5 <= confidence_level < 1:
        raise InputError(f"confidence level must be from 0.5 to below 1, got {confidence_level}")
    name = _network(dataset, model)
    measure = primary(dataset.task, metric)
    width = _metrics.margin(measure, dataset.y, margin)
    splits, blocks = scoring_parts(
        dataset, _at_least("folds", folds, 2) * _at_least("repeats", repeats, 1), seed, folds
    )
    plan = CapacityPlan(
        model=name,
        layers=_numbers("layers", layers, 0),
        units=_numbers("units", units, 1),
        folds=blocks,
        repeats=-(-len(splits) // blocks),
        official_test=dataset.test is not None,
        test_over_train=float(np.mean([len(s.test) / len(s.train) for s in splits])),
        seed=seed,
        params=known_params(params or {}, [name]).get(name, {}),
        threads=threads_for(max(len(s.train) for s in splits)),
    )
    networks = plan.networks()
    cells = [
        Cell(_label(shape), [Job(name, "deep", s) for s in splits], {**plan.params, "hidden_units": shape})
        for shape in networks
    ]
    ended, interrupted = run_cells(
        cells, dataset, measure, seed=seed, threads=plan.threads, progress=progress
    )
    scores = [
        NetworkScore(shape, np.array([fit.value for fit in fits]), tuple(fit.job for fit in fits))
        for shape, fits in zip(networks, ended, strict=True)
    ]
    answers = answer_capacity(scores, plan, measure, width, confidence_level)
    result = Capacity(
        dataset=dataset,
        plan=plan,
        metric=measure,
        margin=width,
        confidence_level=confidence_level,
        scores=scores,
        answers=answers,
        headline=headline(answers),
        findings=check_dataset(dataset),
        interrupted=interrupted,
        seconds=time.perf_counter() - started,
    )
    if interrupted:
        raise Interrupted(result)
    return result


def _network(dataset: Dataset, model: str) -> str:
    """The full name of a network that has a list of hidden layers."""
    known = [n for n in registry.suited(dataset.task, dataset.modality) if _has_layers(n)]
    if not known:
        raise InputError(
            f"capacity is about the hidden layers of networks for tables, this is {dataset.modality} data; "
            f"deepworth learning-curve takes any"
        )
    name = registry.entry(model).name
    if name not in known:
        raise InputError(f"{name} has no list of hidden layers; use {', '.join(known)}")
    return chosen_models(dataset, [name])[0]


def _has_layers(name: str) -> bool:
    return isinstance(registry.entry(name).parameters.get("hidden_units"), tuple)


def _numbers(name: str, values: Sequence[int], least: int) -> tuple[int, ...]:
    """Ascending, each once."""
    found = tuple(sorted(set(values)))
    if not found or found[0] < least:
        raise InputError(f"{name} must be whole numbers of at least {least}, got {list(values)}")
    return found


def _label(shape: tuple[int, ...]) -> str:
    return f"{len(shape)} x {shape[0]} units" if shape else "no hidden layer"
