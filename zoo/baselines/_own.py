"""Around estimators of the user's own: raw rows in, probabilities out."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from ..preprocessing.columns import TableEncoder
from ..preprocessing.pixels import Flatten, SameSize
from ._estimators import Calibrated, CodedLabels
from ._pipelines import word_tfidf

_WITHOUT_NAMES = "xgboost"  # its classifiers take class codes only


def over_raw_rows(model: Any, task: str, modality: str) -> Any:
    """The model over raw rows, with probabilities for classes.

    A pipeline, what holds one, and what says by its tags that it takes tables, get the rows as they are.
    Anything else is put behind the preprocessing of the baselines.
    """
    model = model if task == "regression" else _with_probabilities(model)
    return model if takes_raw_rows(model) else make_pipeline(*_encoders(modality), model)


def takes_raw_rows(model: Any) -> bool:
    """Whether an estimator brings its own preprocessing."""
    inside = [model, *model.get_params(deep=True).values()]
    return any(isinstance(each, Pipeline) for each in inside) or _takes_tables(inside)


def _takes_tables(inside: list[Any]) -> bool:
    """Whether the tags of an estimator, or of one in it, say more than a matrix of numbers."""
    estimators = [each for each in inside if hasattr(each, "fit") and hasattr(each, "predict")]
    for each in estimators:
        try:
            tags = get_tags(each).input_tags
        except Exception:  # a class without tags takes what scikit-learn's usually take
            continue
        if tags.string or (tags.categorical and not _counts_categories(each)) or not tags.two_d_array:
            return True
    return False


def _counts_categories(model: Any) -> bool:
    """scikit-learn's own say ``categorical`` where they take codes, which are numbers."""
    return type(model).__module__.startswith("sklearn.")


def _encoders(modality: str) -> tuple[Any, ...]:
    """As the baselines have them: scaled numbers and one-hot categories, scaled pixels, TF-IDF of words."""
    if modality == "image":
        return SameSize(max_side=32), Flatten(), StandardScaler()
    return (word_tfidf(),) if modality == "text" else (TableEncoder("scaled"),)


def _with_probabilities(model: Any) -> Any:
    """A classifier with probabilities, of any names of classes."""
    inside = [model, *model.get_params(deep=True).values()]
    if any(type(each).__module__.partition(".")[0] == _WITHOUT_NAMES for each in inside):
        return CodedLabels(model)
    if hasattr(model, "predict_proba"):
        return model
    if hasattr(model, "decision_function"):
        return Calibrated(model)
    raise TypeError(
        f"{type(model).__name__} has neither predict_proba nor decision_function, and classes are scored by "
        f"probabilities"
    )
