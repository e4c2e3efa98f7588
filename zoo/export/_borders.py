"""Where trees split their numbers: rows on a border show whether an export compares as the model does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Split = tuple[int, float]  # column of the encoded table, and its border


def borders(model: Any) -> dict[int, np.ndarray]:
    """Sorted borders by column of the encoded table; nothing for models without trees."""
    found: dict[int, list[float]] = {}
    for feature, border in _splits(model):
        found.setdefault(feature, []).append(border)
    known = {feature: np.unique(values) for feature, values in found.items()}
    return {
        feature: values[np.isfinite(values)] for feature, values in known.items()
    }  # inf: only missing go right


def _splits(model: Any) -> Iterator[Split]:
    model = getattr(model, "model_", model)
    model = getattr(model, "model_", model)  # classes by number around categories by name
    yield from _KINDS.get(type(model).__name__, lambda model: ())(model)


def _forest(model: Any) -> Iterator[Split]:
    for tree in (estimator.tree_ for estimator in model.estimators_):
        inner = tree.children_left >= 0
        yield from zip(tree.feature[inner].tolist(), tree.threshold[inner].tolist(), strict=True)


def _histogram(model: Any) -> Iterator[Split]:
    from ._onnx_trees import _feature

    for predictor in (p for turn in model._predictors for p in turn):
        for node in predictor.nodes:
            if not node["is_leaf"] and not node["is_categorical"]:
                yield _feature(model, int(node["feature_idx"])), float(node["num_threshold"])


def _lightgbm(model: Any) -> Iterator[Split]:
    waiting = [tree["tree_structure"] for tree in model.booster_.dump_model()["tree_info"]]
    while waiting:
        node = waiting.pop()
        if "leaf_value" not in node:
            waiting += [node["left_child"], node["right_child"]]
            if node["decision_type"] == "<=":
                yield int(node["split_feature"]), float(node["threshold"])


def _xgboost(model: Any) -> Iterator[Split]:
    frame = model.get_booster().trees_to_dataframe()
    frame = frame[frame["Split"].notna()]
    names = {name: i for i, name in enumerate(model.get_booster().feature_names)}
    yield from zip(frame["Feature"].map(names).tolist(), frame["Split"].tolist(), strict=True)


def _catboost(model: Any) -> Iterator[Split]:
    for feature, values in model.get_borders().items():
        yield from ((int(feature), float(value)) for value in values)


_KINDS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("RandomForestClassifier", "RandomForestRegressor"), _forest),
    **dict.fromkeys(("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"), _histogram),
    **dict.fromkeys(("LGBMClassifier", "LGBMRegressor"), _lightgbm),
    **dict.fromkeys(("XGBClassifier", "XGBRegressor"), _xgboost),
    **dict.fromkeys(("CatBoostClassifier", "CatBoostRegressor"), _catboost),
}
