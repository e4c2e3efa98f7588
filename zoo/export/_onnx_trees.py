"""Forests and boosted trees as ONNX operators, splits compared in double precision.

LightGBM, XGBoost and CatBoost are read from the JSON that they write themselves. onnxmltools, the usual
converter, writes thresholds in single precision where LightGBM compares in double, and would be one more
dependency; trees are trees, and their writer is here.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from ._formats import CannotHold
from ._onnx_graph import ML, Graph, Matrix, StepWriter, Tensor
from ._rows import histogram_column

_MOST_CODES = 300  # of a category; the table encoder makes 101 at most
_ZERO = np.float32(1e-35)  # LightGBM skips numbers that are no larger when it reads a row
_CODES = range(-1, _MOST_CODES)  # -1 is missing
_NODE_FIELDS = ("treeids", "nodeids", "featureids", "modes", "truenodeids", "falsenodeids", "missing")


class Forest:
    """Nodes of all trees as ONNX has them; leaves add to one target each."""

    def __init__(self) -> None:
        self.columns: dict[str, list[Any]] = {name: [] for name in _NODE_FIELDS}
        self.values: list[float] = []
        self.leaves: list[tuple[int, int, int, float]] = []

    def split(
        self, tree: int, node: int, feature: int, value: float, left: int, right: int, missing_left: bool
    ) -> None:
        """A node from which x[feature] <= value goes left."""
        row = (tree, node, feature, "BRANCH_LEQ", left, right, int(missing_left))
        self._add(row, value)

    def leaf(self, tree: int, node: int, weights: Sequence[float], first: int = 0) -> None:
        """A leaf that adds these weights to the targets from ``first`` on."""
        self._add((tree, node, 0, "LEAF", 0, 0, 0), 0.0)
        self.leaves += [(tree, node, first + i, float(w)) for i, w in enumerate(weights)]

    def split_categories(
        self, sets: CategorySets, tree: int, node: int, feature: int, codes: set[int], left: int, right: int
    ) -> None:
        """A node from which categories with these codes go left; -1 is the code of a missing one."""
        # the column is 0 for all other codes, and what is at most 0.5 goes to the child that is named first
        self.split(tree, node, sets.column(feature, codes), 0.5, right, left, False)

    def _add(self, row: tuple[Any, ...], value: float) -> None:
        for column, cell in zip(self.columns.values(), row, strict=True):
            column.append(cell)
        self.values.append(float(value))

    def add_to(self, graph: Graph, x: Tensor, n_targets: int) -> Tensor:
        """Sums over the trees, float64 (batch, n_targets)."""
        c = self.columns
        trees, nodes, targets, weights = (list(v) for v in zip(*self.leaves, strict=True))
        sums = graph.op(
            "TreeEnsembleRegressor",
            x,
            domain=ML,
            nodes_treeids=c["treeids"],
            nodes_nodeids=c["nodeids"],
            nodes_featureids=c["featureids"],
            nodes_modes=c["modes"],
            nodes_truenodeids=c["truenodeids"],
            nodes_falsenodeids=c["falsenodeids"],
            nodes_missing_value_tracks_true=c["missing"],
            nodes_values_as_tensor=_doubles(self.values),
            target_treeids=trees,
            target_nodeids=nodes,
            target_ids=targets,
            target_weights_as_tensor=_doubles(weights),
            n_targets=n_targets,
            aggregate_function="SUM",
            post_transform="NONE",
        )
        return graph.cast(sums, "float64")


def _doubles(values: Sequence[float]) -> Any:
    return helper.make_tensor("values", TensorProto.DOUBLE, [len(values)], list(values))


def _random_forest(graph: Graph, model: Any, value: Any) -> Tensor:
    """The mean of the trees, which compare numbers in single precision."""
    x = value.x if isinstance(value, Matrix) else value
    x = graph.cast(graph.cast(x, "float32"), "float64")
    forest, n_trees, k = Forest(), len(model.estimators_), 1
    for i, estimator in enumerate(model.estimators_):
        tree = estimator.tree_
        leaves = tree.value[:, 0, :]
        leaves = leaves / leaves.sum(axis=1, keepdims=True) if hasattr(model, "classes_") else leaves
        k = leaves.shape[1]
        missing = getattr(tree, "missing_go_to_left", np.zeros(tree.node_count))
        for node in range(tree.node_count):
            left, right = int(tree.children_left[node]), int(tree.children_right[node])
            if left < 0:
                forest.leaf(i, node, leaves[node] / n_trees)
            else:
                feature, threshold = int(tree.feature[node]), float(tree.threshold[node])
                forest.split(i, node, feature, threshold, left, right, bool(missing[node]))
    return forest.add_to(graph, x, k)


def _histogram(graph: Graph, model: Any, value: Any) -> Tensor:
    """Boosted trees of scikit-learn, whose splits by category look up a column of their own."""
    sets = CategorySets(graph, value.x, int(model.n_features_in_))
    forest, tree, k = Forest(), 0, len(model._predictors[0])
    for iteration in model._predictors:
        for target, predictor in enumerate(iteration):
            for i, node in enumerate(predictor.nodes):
                _histogram_node(forest, sets, model, predictor, (tree, i, target), node)
            tree += 1
    raw = forest.add_to(graph, sets.widened(), k)
    raw = graph.op("Add", raw, np.asarray(model._baseline_prediction, np.float64).reshape(1, -1))
    if not hasattr(model, "classes_"):
        return raw
    if len(model.classes_) == 2:
        return graph.concat([graph.op("Sigmoid", graph.op("Neg", raw)), graph.op("Sigmoid", raw)])
    return graph.op("Softmax", raw, axis=-1)


def _histogram_node(
    forest: Forest, sets: CategorySets, model: Any, predictor: Any, at: tuple[int, int, int], node: Any
) -> None:
    tree, i, target = at
    if node["is_leaf"]:
        forest.leaf(tree, i, [node["value"]], target)
        return
    feature, threshold = histogram_column(model, int(node["feature_idx"])), float(node["num_threshold"])
    left, right, missing_left = int(node["left"]), int(node["right"]), bool(node["missing_go_to_left"])
    if node["is_categorical"]:
        codes = _codes_to_the_left(model, predictor, node, missing_left)
        forest.split_categories(sets, tree, i, feature, codes, left, right)
    else:
        forest.split(tree, i, feature, threshold, left, right, missing_left)


def _codes_to_the_left(model: Any, predictor: Any, node: Any, missing_left: bool) -> set[int]:
    """Codes of the table encoder that go left; -1 is missing, and unseen codes go where missing ones go."""
    bits = predictor.raw_left_cat_bitsets[int(node["bitset_idx"])]
    left = {c for c in range(256) if bits[c // 32] >> np.uint32(c % 32) & 1}
    encoder = model._preprocessor.named_transformers_["encoder"]
    known = [int(v) for v in encoder.categories_[int(node["feature_idx"])] if v == v]
    codes = {known[c] for c in left if c < len(known)}
    return codes | (set(_CODES) - set(known)) if missing_left else codes


class CategorySets:
    """More columns of an encoded table, one for each set of codes that a split asks for."""

    def __init__(self, graph: Graph, x: Tensor, n_columns: int) -> None:
        self.graph, self.x, self.n_columns = graph, x, n_columns
        self.sets: dict[tuple[int, frozenset[int]], int] = {}

    def column(self, feature: int, codes: set[int]) -> int:
        """The number of the column that is 1 where the code of a feature is in a set, else 0."""
        return self.n_columns + self.sets.setdefault((feature, frozenset(codes)), len(self.sets))

    def widened(self) -> Tensor:
        """The table with these columns: all sets of a feature are one look-up by code."""
        by_feature: dict[int, list[tuple[frozenset[int], int]]] = {}
        for (feature, codes), number in self.sets.items():
            by_feature.setdefault(feature, []).append((codes, number))
        parts, numbers = [self.x], []
        for feature, sets in by_feature.items():
            members = np.zeros((_MOST_CODES + 1, len(sets)))
            for j, (codes, number) in enumerate(sets):
                members[np.array(sorted(codes), np.int64) + 1, j] = 1.0  # the first row is for missing
                numbers.append(number)
            code = self.graph.cast(self.graph.op("Gather", self.x, np.int64(feature), axis=1), "int64")
            parts.append(self.graph.op("Gather", members, self.graph.op("Add", code, np.int64(1)), axis=0))
        joined = self.graph.concat(parts)
        order = [self.n_columns + numbers.index(number) for number in range(len(numbers))]
        return self.graph.take(joined, [*range(self.n_columns), *order]) if numbers else joined


def _lightgbm(graph: Graph, model: Any, value: Any) -> Tensor:
    """NaN counts as zero where training had none; a missing category goes right."""
    dump = model.booster_.dump_model()
    tiny = graph.op("LessOrEqual", graph.op("Abs", value.x), np.float64(_ZERO))
    x = graph.op("Where", tiny, np.float64(0), value.x)
    sets, forest = CategorySets(graph, x, int(model.n_features_in_)), Forest()
    k = int(dump["num_tree_per_iteration"])
    for tree in dump["tree_info"]:
        for at, node, left, right in _numbered(tree["tree_structure"]):
            _lightgbm_node(forest, sets, (int(tree["tree_index"]), at, k), node, left, right)
    raw = forest.add_to(graph, sets.widened(), k)
    return _linked(graph, raw, str(dump["objective"]).replace("binary sigmoid:1", "binary"))


def _lightgbm_node(
    forest: Forest, sets: CategorySets, at: tuple[int, int, int], node: dict[str, Any], left: int, right: int
) -> None:
    tree, i, k = at
    if "leaf_value" in node:
        forest.leaf(tree, i, [node["leaf_value"]], tree % k)
    elif node["decision_type"] == "==":
        codes = {int(code) for code in str(node["threshold"]).split("||")}
        forest.split_categories(sets, tree, i, int(node["split_feature"]), codes, left, right)
    elif node["decision_type"] == "<=" and node["missing_type"] in ("None", "NaN"):
        threshold = float(node["threshold"])
        missing = node["default_left"] if node["missing_type"] == "NaN" else threshold >= 0
        forest.split(tree, i, int(node["split_feature"]), threshold, left, right, bool(missing))
    else:
        raise CannotHold(f"LightGBM's split {node['decision_type']} {node['missing_type']}")


def _numbered(root: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any], int, int]]:
    """Nodes of a nested tree with their number, and the numbers of their children."""
    waiting, count = [(0, root)], 1
    while waiting:
        number, node = waiting.pop()
        left, right = count, count + 1
        if "leaf_value" not in node:
            waiting += [(left, node["left_child"]), (right, node["right_child"])]
            count += 2
        yield number, node, left, right


def _xgboost(graph: Graph, model: Any, value: Any) -> Tensor:
    """Numbers are single precision, less than the threshold goes left; listed categories go right."""
    learner = json.loads(model.get_booster().save_raw("json"))["learner"]
    booster = learner["gradient_booster"]
    if booster["name"] != "gbtree":
        raise CannotHold(f"XGBoost's booster {booster['name']}")
    x = graph.cast(graph.cast(value.x, "float32"), "float64")
    sets, forest = CategorySets(graph, x, int(model.n_features_in_)), Forest()
    k = max(1, int(learner["learner_model_param"]["num_class"]))
    for number, (tree, target) in enumerate(
        zip(booster["model"]["trees"], booster["model"]["tree_info"], strict=True)
    ):
        _xgboost_tree(forest, sets, number, tree, target)
    raw = forest.add_to(graph, sets.widened(), k)
    objective = learner["objective"]["name"]
    start = np.array(_base_scores(learner["learner_model_param"]["base_score"]), np.float64)
    if objective == "binary:logistic":
        start = np.log(start / (1 - start))
    return _linked(graph, graph.op("Add", raw, start), objective)


def _xgboost_tree(forest: Forest, sets: CategorySets, number: int, tree: dict[str, Any], target: int) -> None:
    starts = dict(zip(tree["categories_nodes"], tree["categories_segments"], strict=True))
    sizes = dict(zip(tree["categories_nodes"], tree["categories_sizes"], strict=True))
    for i, (left, right) in enumerate(zip(tree["left_children"], tree["right_children"], strict=True)):
        threshold, feature = np.float32(tree["split_conditions"][i]), int(tree["split_indices"][i])
        missing = bool(tree["default_left"][i])
        if left < 0:
            forest.leaf(number, i, [float(threshold)], target)
        elif tree["split_type"][i]:
            to_the_right = set(tree["categories"][starts[i] : starts[i] + sizes[i]])
            codes = set(_CODES) - to_the_right - (set() if missing else {-1})
            forest.split_categories(sets, number, i, feature, codes, left, right)
        else:
            below = float(np.nextafter(threshold, np.float32(-np.inf)))
            forest.split(number, i, feature, below, left, right, missing)


def _base_scores(text: str) -> list[float]:
    """A number, or since XGBoost 3.1 a list of them, as text."""
    value = json.loads(text)
    return list(value) if isinstance(value, list) else [float(value)]


def _catboost(graph: Graph, model: Any, value: Any) -> Tensor:
    """Symmetric trees over numbers in single precision; more than the threshold is the second half."""
    dump = _catboost_json(model)
    info = dump["features_info"]
    if info.get("categorical_features"):
        raise CannotHold(
            "CatBoost turns combinations of categories into statistics of its training rows by hashes of its "
            "own; no operator of ONNX has them (tables without categories work)"
        )
    columns = {f["feature_index"]: f for f in info["float_features"]}
    forest = Forest()
    scale, start = dump["scale_and_bias"]
    k = len(start)
    for number, tree in enumerate(dump["oblivious_trees"]):
        leaves = np.asarray(tree["leaf_values"], np.float64).reshape(-1, k) * scale
        _symmetric(forest, number, tree.get("splits") or [], leaves, columns)
    x = graph.cast(graph.cast(value.x, "float32"), "float64")
    raw = graph.op("Add", forest.add_to(graph, x, k), np.asarray(start, np.float64))
    return _linked(graph, raw, dump["model_info"]["params"]["loss_function"]["type"])


def _symmetric(
    forest: Forest, number: int, splits: list[dict[str, Any]], leaves: np.ndarray, columns: dict[int, Any]
) -> None:
    """Nodes by level from the root; the last split is the highest bit of a leaf's number."""
    for i in range(len(leaves) - 1):
        split = splits[len(splits) - (i + 1).bit_length()]
        column = columns[split["float_feature_index"]]
        feature, threshold = int(column["flat_feature_index"]), float(np.float32(split["border"]))
        missing = column.get("nan_value_treatment") != "AsTrue"
        forest.split(number, i, feature, threshold, 2 * i + 1, 2 * i + 2, missing)
    for i, leaf in enumerate(leaves):
        forest.leaf(number, len(leaves) - 1 + i, leaf)


def _catboost_json(model: Any) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        dump: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return dump


_LINKS = {
    **dict.fromkeys(("regression", "reg:squarederror", "RMSE"), None),
    **dict.fromkeys(("binary", "binary:logistic", "Logloss"), "Sigmoid"),
    **dict.fromkeys(("multiclass", "multi:softprob", "MultiClass"), "Softmax"),
}


def _linked(graph: Graph, raw: Tensor, objective: str) -> Tensor:
    """From sums over trees to values or probabilities."""
    name = objective.partition(" ")[0]
    if name not in _LINKS:
        raise CannotHold(f"boosted trees with the objective {objective!r} have no form in ONNX here")
    if _LINKS[name] == "Sigmoid":
        return graph.concat([graph.op("Sigmoid", graph.op("Neg", raw)), graph.op("Sigmoid", raw)])
    return raw if _LINKS[name] is None else graph.op("Softmax", raw, axis=-1)


MODELS: dict[str, StepWriter] = {
    **dict.fromkeys(("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"), _histogram),
    **dict.fromkeys(("RandomForestClassifier", "RandomForestRegressor"), _random_forest),
    **dict.fromkeys(("LGBMClassifier", "LGBMRegressor"), _lightgbm),
    **dict.fromkeys(("XGBClassifier", "XGBRegressor"), _xgboost),
    **dict.fromkeys(("CatBoostClassifier", "CatBoostRegressor"), _catboost),
}
