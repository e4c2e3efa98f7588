"""How large a fitted model is: bytes on disk and fitted numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._formats import model_content


def model_bytes(model: Any) -> int | None:
    """Bytes of the model file that :func:`save` would write; None where no safe format holds the model."""
    content = model_content(model)
    return None if content is None else len(content[1])


def count_parameters(model: Any) -> int:
    """Numbers learned from the training rows: weights, coefficients, tree nodes, kept rows.

    Networks say it themselves (``n_parameters``). Elsewhere all numeric arrays of fitted attributes
    are counted once, wherever they hang in a pipeline; bookkeeping such as class names is left out.
    """
    if hasattr(model, "n_parameters"):
        return int(model.n_parameters())
    if hasattr(model, "count_params"):  # a Keras model
        return int(model.count_params())
    return _count(model, set())


_BOOKKEEPING = {"classes_", "feature_names_in_", "n_features_in_", "rng_", "_random_state"}


def _count(value: Any, seen: set[int]) -> int:
    if id(value) in seen or isinstance(value, (str, bytes, bool, int, np.integer, type(None))):
        return 0
    seen.add(id(value))
    if isinstance(value, (float, np.floating)):
        return 1
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            return sum(_count(v, seen) for v in value.ravel())
        return int(value.size) if value.dtype.kind in "fiu" or value.dtype.names else 0
    if hasattr(value, "nnz"):
        return int(value.nnz)
    if isinstance(value, dict):
        return sum(_count(v, seen) for v in value.values())
    if isinstance(value, (list, tuple)):
        return sum(_count(v, seen) for v in value)
    return _count_object(value, seen)


def _count_object(value: Any, seen: set[int]) -> int:
    if type(value).__name__ == "Tree" and hasattr(value, "node_count"):  # feature, threshold, value a node
        return int(value.node_count * 2 + value.value.size)
    if type(value).__name__ == "TreePredictor":  # of histogram gradient boosting
        return int(value.nodes.size * 3)
    if hasattr(value, "booster_") or hasattr(value, "get_booster") or hasattr(value, "tree_count_"):
        return _boosted(value)
    if not hasattr(value, "__dict__"):
        return 0
    fitted = {k: v for k, v in vars(value).items() if _is_fitted_name(k, value) and k not in _BOOKKEEPING}
    return sum(_count(v, seen) for v in fitted.values())


def _is_fitted_name(name: str, owner: Any) -> bool:
    """Fitted attributes end in an underscore; steps of a pipeline are fitted in place."""
    return name.endswith("_") or name in ("steps", "estimator", "calibrators", "_fit_X", "_predictors")


def _boosted(model: Any) -> int:
    """Three numbers a node: feature, threshold and value."""
    if hasattr(model, "booster_"):
        return 3 * sum(int(t["num_leaves"]) * 2 - 1 for t in model.booster_.dump_model()["tree_info"])
    if hasattr(model, "get_booster"):
        return 3 * len(model.get_booster().trees_to_dataframe())
    return 3 * int(sum(model.get_tree_leaf_counts()))
