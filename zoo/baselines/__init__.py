"""scikit-learn pipelines: one public file each, underscore files are machinery."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any


@cache
def operation_counts() -> dict:
    """Functions that count operations of a prediction, by the name of an estimator class."""
    return {kind: count for counts in _stated("OPERATIONS", {}) for kind, count in counts.items()}


@cache
def trusted_types() -> frozenset:
    """Types of other libraries that saved baselines may hold."""
    return frozenset(name for names in _stated("TRUSTED", ()) for name in names)


def over_raw_rows(model: Any, task: str, modality: str) -> Any:
    """An estimator of the user's own as one over raw rows, with probabilities for classes."""
    own = import_module(
        f"{__name__}._pipelines"
    )  # it imports scikit-learn, and the catalogue is read without
    return own.over_raw_rows(model, task, modality)


def _stated(fact, default):
    """A fact of every entry file of this folder."""
    names = [module.name for module in iter_modules(__path__) if not module.name.startswith("_")]
    return [getattr(import_module(f"{__name__}.{name}"), fact, default) for name in names]
