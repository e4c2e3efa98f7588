"""Champions that were chosen on other folds than they predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..metrics import Metric
from .intervals import left_out_choices
from .scores import ModelScores
from .verdict import defined_folds, families_of


def champions_by_fold(models: Sequence[ModelScores], metric: Metric) -> dict[str, np.ndarray] | None:
    """For each fold the model of each family that is best on the other folds of the repeat.

    A fold on which the metric is not defined has the model that is best on all others. With a single fold
    there are no others: the best model on that one is taken.

    Returns
    -------
    dict of int ndarray of shape (J,), or None
        Positions in ``models``, by family, and of both families together under "any"; None where a family
        has no complete model.
    """
    families: Mapping[str, np.ndarray] = families_of(models, metric)
    if any(not len(own) for own in families.values()):
        return None
    everyone = {**families, "any": np.concatenate(list(families.values()))}
    defined = defined_folds(models, metric)
    return {name: _choices(models, own, metric, defined) for name, own in everyone.items()}


def _choices(
    models: Sequence[ModelScores], own: np.ndarray, metric: Metric, defined: np.ndarray
) -> np.ndarray:
    scores = metric.sign * np.array([models[i].folds[metric.name][defined] for i in own])
    chosen = np.full(len(models[0].rows), own[scores.mean(axis=1).argmax()])
    chosen[defined] = own[left_out_choices(scores, models[0].repeats[defined])]
    return chosen
