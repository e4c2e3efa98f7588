"""models(): the networks and baselines of the zoo."""

from __future__ import annotations

from typing import overload

from .. import registry
from ..results.models import ModelCard, ModelFacts


@overload
def models(name: None = None) -> list[ModelFacts]: ...
@overload
def models(name: str) -> ModelCard: ...


def models(name: str | None = None) -> list[ModelFacts] | ModelCard:
    """List the models, or describe one of them with its parameters.

    Parameters
    ----------
    name : str, optional
        Name of a model.

    Returns
    -------
    list of ModelFacts, or ModelCard
        Name, family, modalities and tasks of each model; of ``name`` also description and parameters.

    Raises
    ------
    InputError
        There is no such model; the message offers the nearest names.

    Examples
    --------
    >>> import deepworth
    >>> deepworth.models("logistic-regression").parameters["C"]
    1.0
    """
    if name is None:
        return [ModelFacts(**facts) for facts in registry.describe_all()]
    return ModelCard(**registry.describe(name))
