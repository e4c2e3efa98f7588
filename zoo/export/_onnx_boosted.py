"""LightGBM, XGBoost and CatBoost as ONNX trees, read from the JSON that these libraries write themselves.

onnxmltools, the usual converter, writes borders in single precision where LightGBM compares in double, and
would be one more library to follow; trees are trees, and their writer is here.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ._onnx_graph import Graph, Tensor
from ._onnx_trees import CODES, Forest, Sets
from ._source import CannotHold

_ZERO = np.float32(1e-35)  # what is no larger is nothing to LightGBM, which skips it when it reads a row


def _lightgbm(graph: Graph, model: Any, value: Any) -> Tensor:
    """A number that is NaN where training had none counts as zero; a category that is missing goes right."""
    found = model.booster_.dump_model()
    tiny = graph.op("LessOrEqual", graph.op("Abs", value.x), np.float64(_ZERO))
    x = graph.op("Where", tiny, np.float64(0), value.x)
    sets, forest = Sets(graph, x, int(model.n_features_in_)), Forest()
    k = int(found["num_tree_per_iteration"])
    for tree in found["tree_info"]:
        number = int(tree["tree_index"])
        for place, node, left, right in _numbered(tree["tree_structure"]):
            if "leaf_value" in node:
                forest.leaf(number, place, [node["leaf_value"]], number % k)
            elif node["decision_type"] == "==":
                codes = {int(code) for code in str(node["threshold"]).split("||")}
                forest.among(sets, number, place, int(node["split_feature"]), codes, left, right)
            elif node["decision_type"] == "<=" and node["missing_type"] in ("None", "NaN"):
                border = float(node["threshold"])
                missing = node["default_left"] if node["missing_type"] == "NaN" else border >= 0
                forest.split(number, place, int(node["split_feature"]), border, left, right, bool(missing))
            else:
                raise CannotHold(f"LightGBM's split {node['decision_type']} {node['missing_type']}")
    raw = forest.add_to(graph, sets.widened(), k)
    return _linked(graph, raw, str(found["objective"]).replace("binary sigmoid:1", "binary"))


def _numbered(root: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any], int, int]]:
    """Nodes of a nested tree with a number each, and those of their children."""
    waiting, count = [(0, root)], 1
    while waiting:
        place, node = waiting.pop()
        left, right = count, count + 1
        if "leaf_value" not in node:
            waiting += [(left, node["left_child"]), (right, node["right_child"])]
            count += 2
        yield place, node, left, right


def _xgboost(graph: Graph, model: Any, value: Any) -> Tensor:
    """Numbers are single precision, less than the border goes left; codes among the categories go right."""
    learner = json.loads(model.get_booster().save_raw("json"))["learner"]
    booster = learner["gradient_booster"]
    if booster["name"] != "gbtree":
        raise CannotHold(f"XGBoost's booster {booster['name']}")
    x = graph.cast(graph.cast(value.x, "float32"), "float64")
    sets, forest = Sets(graph, x, int(model.n_features_in_)), Forest()
    k = max(1, int(learner["learner_model_param"]["num_class"]))
    for number, (tree, target) in enumerate(
        zip(booster["model"]["trees"], booster["model"]["tree_info"], strict=True)
    ):
        _xgboost_tree(forest, sets, number, tree, target)
    raw = forest.add_to(graph, sets.widened(), k)
    objective = learner["objective"]["name"]
    start = np.array(_numbers(learner["learner_model_param"]["base_score"]), np.float64)
    if objective == "binary:logistic":
        start = np.log(start / (1 - start))
    return _linked(graph, graph.op("Add", raw, start), objective)


def _xgboost_tree(forest: Forest, sets: Sets, number: int, tree: dict[str, Any], target: int) -> None:
    starts = dict(zip(tree["categories_nodes"], tree["categories_segments"], strict=True))
    sizes = dict(zip(tree["categories_nodes"], tree["categories_sizes"], strict=True))
    for place, (left, right) in enumerate(zip(tree["left_children"], tree["right_children"], strict=True)):
        border, feature = np.float32(tree["split_conditions"][place]), int(tree["split_indices"][place])
        missing = bool(tree["default_left"][place])
        if left < 0:
            forest.leaf(number, place, [float(border)], target)
        elif tree["split_type"][place]:
            first = starts[place]
            going_right = set(tree["categories"][first : first + sizes[place]])
            codes = set(CODES) - going_right - (set() if missing else {-1})
            forest.among(sets, number, place, feature, codes, left, right)
        else:
            below = float(np.nextafter(border, np.float32(-np.inf)))
            forest.split(number, place, feature, below, left, right, missing)


def _numbers(text: str) -> list[float]:
    """A number, or since XGBoost 3.1 a list of them, as text."""
    found = json.loads(text)
    return list(found) if isinstance(found, list) else [float(found)]


def _catboost(graph: Graph, model: Any, value: Any) -> Tensor:
    """Symmetric trees over numbers in single precision; more than the border is the second half."""
    found = _catboost_json(model)
    info = found["features_info"]
    if info.get("categorical_features"):
        raise CannotHold(
            "CatBoost turns combinations of categories into statistics of its training rows by hashes of its "
            "own; no operator of ONNX has them (tables without categories work)"
        )
    columns = {f["feature_index"]: f for f in info["float_features"]}
    forest = Forest()
    scale, start = found["scale_and_bias"]
    k = len(start)
    for number, tree in enumerate(found["oblivious_trees"]):
        leaves = np.asarray(tree["leaf_values"], np.float64).reshape(-1, k) * scale
        _symmetric(forest, number, tree.get("splits") or [], leaves, columns)
    x = graph.cast(graph.cast(value.x, "float32"), "float64")
    raw = graph.op("Add", forest.add_to(graph, x, k), np.asarray(start, np.float64))
    return _linked(graph, raw, found["model_info"]["params"]["loss_function"]["type"])


def _symmetric(
    forest: Forest, number: int, splits: list[dict[str, Any]], leaves: np.ndarray, columns: dict[int, Any]
) -> None:
    """Nodes by level, the root first; the last split is the highest bit of a leaf's number."""
    for place in range(len(leaves) - 1):
        split = splits[len(splits) - (place + 1).bit_length()]
        column = columns[split["float_feature_index"]]
        feature, border = int(column["flat_feature_index"]), float(np.float32(split["border"]))
        missing = column.get("nan_value_treatment") != "AsTrue"
        forest.split(number, place, feature, border, 2 * place + 1, 2 * place + 2, missing)
    for i, leaf in enumerate(leaves):
        forest.leaf(number, len(leaves) - 1 + i, leaf)


def _catboost_json(model: Any) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


_LINKS = {
    **dict.fromkeys(("regression", "reg:squarederror", "RMSE"), None),
    **dict.fromkeys(("binary", "binary:logistic", "Logloss"), "Sigmoid"),
    **dict.fromkeys(("multiclass", "multi:softprob", "MultiClass"), "Softmax"),
}


def _linked(graph: Graph, raw: Tensor, objective: str) -> Tensor:
    """From sums over trees to values or probabilities."""
    name = objective.partition(" ")[0]
    if name not in _LINKS:
        raise CannotHold(f"the objective {objective!r} of a boosted model")
    if _LINKS[name] == "Sigmoid":
        return graph.concat([graph.op("Sigmoid", graph.op("Neg", raw)), graph.op("Sigmoid", raw)])
    return raw if _LINKS[name] is None else graph.op("Softmax", raw, axis=-1)


MODELS: dict[str, Any] = {
    **dict.fromkeys(("LGBMClassifier", "LGBMRegressor"), _lightgbm),
    **dict.fromkeys(("XGBClassifier", "XGBRegressor"), _xgboost),
    **dict.fromkeys(("CatBoostClassifier", "CatBoostRegressor"), _catboost),
}
