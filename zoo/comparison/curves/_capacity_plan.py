"""Plan of a grid of networks: how deep, how wide, and the cross-validation that scores them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....datasets._base import Dataset
from ....datasets._errors import InputError
from ....datasets._splits import Split
from ... import registry
from ..planning._plan import _at_least, chosen_models, known_params
from ..running._threads import threads_for
from ._plan import scoring_parts


@dataclass(frozen=True)
class CapacityPlan:
    """The grid and its cross-validation: ``folds`` disjoint scoring parts, gone through ``repeats`` times."""

    model: str
    layers: tuple[int, ...]
    units: tuple[int, ...]
    folds: int
    repeats: int
    official_test: bool
    test_over_train: float
    seed: int
    params: dict[str, Any]
    threads: int

    def networks(self) -> list[tuple[int, ...]]:
        """Hidden layers of every network, small ones first; width says nothing without a layer."""
        none: list[tuple[int, ...]] = [()] if 0 in self.layers else []
        return none + [(width,) * depth for depth in self.layers if depth for width in self.units]


def make_capacity_plan(
    dataset: Dataset,
    *,
    layers: Sequence[int],
    units: Sequence[int],
    model: str,
    folds: int,
    repeats: int,
    seed: int,
    params: dict[str, dict[str, Any]] | None,
) -> tuple[CapacityPlan, list[Split]]:
    """The grid, and the splits on which each of its networks is fitted."""
    name = _network(dataset, model)
    rounds = _at_least("folds", folds, 2) * _at_least("repeats", repeats, 1)
    splits, blocks = scoring_parts(dataset, rounds, seed, folds)
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
    return plan, splits


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
