"""Forests and boosted trees as ONNX operators, splits compared in double precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from ._onnx_encoder import Matrix
from ._onnx_graph import ML, Graph, Tensor

_MOST_CODES = 300  # of a category; the table encoder gives 101 at most
CODES = range(-1, _MOST_CODES)  # -1 is missing


@dataclass
class Forest:
    """Nodes of all trees in ONNX's columns; leaves add to one target each."""

    columns: dict[str, list[Any]] = field(
        default_factory=lambda: {
            name: []
            for name in (
                "treeids",
                "nodeids",
                "featureids",
                "modes",
                "truenodeids",
                "falsenodeids",
                "missing",
            )
        }
    )
    values: list[float] = field(default_factory=list)
    leaves: list[tuple[int, int, int, float]] = field(default_factory=list)

    def split(
        self, tree: int, node: int, feature: int, value: float, left: int, right: int, missing_left: bool
    ) -> None:
        """x[feature] <= value goes left."""
        row = (tree, node, feature, "BRANCH_LEQ", left, right, int(missing_left))
        self._add(row, value)

    def leaf(self, tree: int, node: int, weights: Sequence[float], first: int = 0) -> None:
        """What a leaf adds to the targets from ``first`` on."""
        self._add((tree, node, 0, "LEAF", 0, 0, 0), 0.0)
        self.leaves += [(tree, node, first + i, float(w)) for i, w in enumerate(weights)]

    def among(
        self, sets: Sets, tree: int, node: int, feature: int, codes: set[int], left: int, right: int
    ) -> None:
        """A category whose code is among these goes left, -1 being the code of a missing one."""
        # the column holds 0 for "not among them", which is at most a half and goes where "left" is said
        self.split(tree, node, sets.column(feature, codes), 0.5, right, left, False)

    def _add(self, row: tuple[Any, ...], value: float) -> None:
        for column, cell in zip(self.columns.values(), row, strict=True):
            column.append(cell)
        self.values.append(float(value))

    def add_to(self, graph: Graph, x: Tensor, n_targets: int) -> Tensor:
        """Sums over the trees, float64 (batch, n_targets)."""
        c = self.columns
        trees, nodes, targets, weights = (list(v) for v in zip(*self.leaves, strict=True))
        found = graph.op(
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
        return graph.cast(found, "float64")


def _doubles(values: Sequence[float]) -> Any:
    return helper.make_tensor("values", TensorProto.DOUBLE, [len(values)], list(values))


def _random_forest(graph: Graph, model: Any, value: Any) -> Tensor:
    """Trees see single precision; the answer is their mean."""
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
                feature, border = int(tree.feature[node]), float(tree.threshold[node])
                forest.split(i, node, feature, border, left, right, bool(missing[node]))
    return forest.add_to(graph, x, k)


def _histogram(graph: Graph, model: Any, value: Any) -> Tensor:
    """Categories of a split are asked for in a column of their own: is the code among these?"""
    sets = Sets(graph, value.x, int(model.n_features_in_))
    forest, tree, k = Forest(), 0, len(model._predictors[0])
    for round_ in model._predictors:
        for target, predictor in enumerate(round_):
            nodes = predictor.nodes
            for i, node in enumerate(nodes):
                if node["is_leaf"]:
                    forest.leaf(tree, i, [node["value"]], target)
                    continue
                feature, border = int(node["feature_idx"]), float(node["num_threshold"])
                feature = _feature(model, feature)
                left, right, missing_left = (
                    int(node["left"]),
                    int(node["right"]),
                    bool(node["missing_go_to_left"]),
                )
                if node["is_categorical"]:
                    codes = _codes_of(model, predictor, node, missing_left)
                    forest.among(sets, tree, i, feature, codes, left, right)
                else:
                    forest.split(tree, i, feature, border, left, right, missing_left)
            tree += 1
    raw = forest.add_to(graph, sets.widened(), k)
    raw = graph.op("Add", raw, np.asarray(model._baseline_prediction, np.float64).reshape(1, -1))
    if not hasattr(model, "classes_"):
        return raw
    if len(model.classes_) == 2:
        return graph.concat([graph.op("Sigmoid", graph.op("Neg", raw)), graph.op("Sigmoid", raw)])
    return graph.op("Softmax", raw, axis=-1)


def _feature(model: Any, place: int) -> int:
    """The column of the encoded table: the model puts categories first."""
    moved = getattr(model, "_preprocessor", None)
    if moved is None:
        return place
    categorical = np.flatnonzero(model.is_categorical_)
    order = [*categorical, *np.flatnonzero(~np.asarray(model.is_categorical_))]
    return int(order[place])


def _codes_of(model: Any, predictor: Any, node: Any, missing_left: bool) -> set[int]:
    """Codes of the table encoder that go left; -1 is missing. Codes never seen go as missing ones."""
    position = int(node["feature_idx"])
    bits = predictor.raw_left_cat_bitsets[int(node["bitset_idx"])]
    left = {c for c in range(256) if bits[c // 32] >> np.uint32(c % 32) & 1}
    encoder = model._preprocessor.named_transformers_["encoder"]
    own = [int(v) for v in encoder.categories_[position] if v == v]
    found = {own[c] for c in left if c < len(own)}
    known = set(own)
    if missing_left:
        found |= {c for c in CODES if c not in known}
    return found


class Sets:
    """Columns behind a table's own that say whether a code is among some; made when a split asks."""

    def __init__(self, graph: Graph, x: Tensor, n_columns: int) -> None:
        self.graph, self.x, self.n_columns = graph, x, n_columns
        self.asked: dict[tuple[int, frozenset[int]], int] = {}

    def column(self, feature: int, codes: set[int]) -> int:
        """The number of the column."""
        return self.n_columns + self.asked.setdefault((feature, frozenset(codes)), len(self.asked))

    def widened(self) -> Tensor:
        """The table with these columns: a table of answers by code, looked up once for each category."""
        parts, order = [self.x], list(range(self.n_columns))
        by_feature: dict[int, list[tuple[frozenset[int], int]]] = {}
        for (feature, codes), place in self.asked.items():
            by_feature.setdefault(feature, []).append((codes, place))
        places = []
        for feature, rows in by_feature.items():
            answers = np.zeros((_MOST_CODES + 1, len(rows)))
            for j, (codes, place) in enumerate(rows):
                answers[np.array(sorted(codes), np.int64) + 1, j] = 1.0  # the first row is for missing
                places.append(place)
            code = self.graph.cast(self.graph.op("Gather", self.x, np.int64(feature), axis=1), "int64")
            parts.append(self.graph.op("Gather", answers, self.graph.op("Add", code, np.int64(1)), axis=0))
        joined = self.graph.concat(parts)
        order += [self.n_columns + places.index(place) for place in range(len(places))]
        return self.graph.take(joined, order) if places else joined


MODELS: dict[str, Any] = {
    "HistGradientBoostingClassifier": _histogram,
    "HistGradientBoostingRegressor": _histogram,
    "RandomForestClassifier": _random_forest,
    "RandomForestRegressor": _random_forest,
}
