"""The catalogues of models, baselines and datasets, by file name."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Literal

from ..datasets import Entry, catalogue, find_entry

Family = Literal["deep", "classical"]

_PACKAGES = {"deep": "deepworth.zoo.models", "classical": "deepworth.zoo.baselines"}


def entries(family: Family | None = None) -> dict[str, Entry]:
    """Every model of a family (or of both, deep first) by name."""
    families = [family] if family else list(_PACKAGES)
    return {name: e for f in families for name, e in catalogue(_PACKAGES[f], "build").items()}


def entry(name: str) -> Entry:
    """The entry of that name, or an error that offers the nearest names."""
    return find_entry(entries(), name, "model")


def family(name: str) -> Family:
    """``deep`` or ``classical``: where the file of that name lives."""
    return "deep" if entry(name).module.__name__.startswith(_PACKAGES["deep"]) else "classical"


def suited(task: str, modality: str) -> list[str]:
    """Names of all models for this task and modality, whether installed or not."""
    return [
        name
        for name, e in entries().items()
        if task in e.constant("TASKS") and modality in e.constant("MODALITIES")
    ]


def missing_requirement(name: str) -> str | None:
    """Why a model cannot run here: the line to install its library, or None when it can."""
    needed = entry(name).constant("REQUIRES")
    if needed is None or find_spec(needed) is not None:
        return None
    extra = entry(name).constant("EXTRA", needed)
    return f"needs {needed}: pip install 'deepworth[{extra}]'"


def create(name: str, task: str, modality: str, **params: Any) -> Any:
    """A new unfitted scikit-learn estimator over raw rows.

    ``params`` are the entry's keyword parameters; for networks also the training parameters of
    :class:`deepworth.zoo.KerasClassifier`. ``random_state`` is taken by every model.
    """
    found = entry(name)
    if family(name) == "classical":
        return found.call(task, modality, **params)
    from .estimators.classes import estimator_class

    return estimator_class(found, task)(**params)


def offers_fleets(name: str, task: str) -> bool:
    """Whether estimators of a model are of a class that can be fitted together; none is made."""
    if family(name) == "classical":
        return False
    from .estimators.classes import estimator_class

    return hasattr(estimator_class(entry(name), task), "fit_many")


def estimator_classes() -> dict[str, Callable[[], type]]:
    """Public class names of all networks (``DeepMLPClassifier``) to functions that make the class."""
    from functools import partial

    def load(found: Entry, task: str) -> Any:
        from .estimators.classes import estimator_class

        return estimator_class(found, task)

    classes: dict[str, Callable[[], type]] = {}
    for found in entries("deep").values():
        tasks = found.constant("TASKS")
        if "binary" in tasks:
            classes[found.class_name("Classifier")] = partial(load, found, "binary")
        if "regression" in tasks:
            classes[found.class_name("Regressor")] = partial(load, found, "regression")
    return classes


def parameters(name: str) -> dict[str, Any]:
    """Parameters of a model with their defaults, those of training included for networks."""
    found = entry(name)
    if family(name) == "classical":
        return found.parameters
    from .estimators.classes import estimator_class

    task = "regression" if "binary" not in found.constant("TASKS") else "binary"
    defaults: dict[str, Any] = estimator_class(found, task)._defaults  # type: ignore[attr-defined]
    return dict(defaults)


def describe(name: str) -> dict[str, Any]:
    """What is known about a model; its parameters need its library for networks."""
    found = entry(name)
    return {**_facts(found.name), "description": found.description, "parameters": parameters(name)}


def describe_all() -> list[dict[str, Any]]:
    """Facts about every model, without importing anything heavy."""
    return [_facts(name) for name in entries()]


def _facts(name: str) -> dict[str, Any]:
    found = entry(name)
    return {
        "model": name,
        "family": family(name),
        "modalities": list(found.constant("MODALITIES")),
        "tasks": list(found.constant("TASKS")),
        "card": found.card,
        "missing": missing_requirement(name),
    }
