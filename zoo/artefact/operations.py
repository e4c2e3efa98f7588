"""Floating-point operations of one prediction of a saved model: counted for networks, estimated for others.

For scikit-learn models the formulas are those of Hastie, Tibshirani and Friedman, "The Elements of
Statistical Learning" (2009), applied to the fitted sizes: a linear model multiplies and adds once for each
coefficient (3.2), a kernel machine once for each feature of each support vector (12.3), a neighbours model
for each feature of each kept row (13.3), a tree compares once for each level of its path and adds its leaf
(9.2, 10.9). Reading and encoding a raw row is not counted: it is no arithmetic to speak of.

Floating-point operations of one prediction of a network, counted from its TensorFlow graph.

A multiplication and an addition are one operation each, a function of a number (exp, tanh, ...) is one, as
TensorFlow's own profiler counts. Loops count as often as they turn. Look-ups, comparisons of strings and
moves of memory are none. Sources of the formulas: Goodfellow, Bengio and Courville, "Deep Learning"
(2016), chapters 6 and 9.
"""

from __future__ import annotations

import json
from math import prod
from typing import Any

import numpy as np

from .loading import SavedModel

_ROWS = 100  # whose words are counted


def operations(saved: SavedModel, X: Any) -> dict[str, Any]:
    """``flops`` of a prediction for one row (None where unknown) and ``flops_by``, how they were found.

    Parameters
    ----------
    saved : an opened model
    X : raw rows, for models whose work depends on them (words of a text)
    """
    answer = saved._answer
    raw = saved.checked(X, 0)
    if hasattr(answer, "graph"):
        pass

        counted = graph_flops(answer.graph(raw))
        return {"flops": counted, "flops_by": "unknown" if counted is None else "graph"}
    try:
        found = round(_estimate(answer.model, raw))
    except Exception:  # a part of a kind that has no formula here
        return {"flops": None, "flops_by": "unknown"}
    return {"flops": found, "flops_by": "estimate"}


def _estimate(model: Any, X: Any) -> float:
    """Operations of a fitted estimator for one of the rows of X, as it gets them."""
    name = type(model).__name__
    if name == "Pipeline":
        total = 0.0
        for _, step in model.steps[:-1]:
            total += _transformer(step)
            X = step.transform(X[:_ROWS] if not hasattr(X, "iloc") else X.iloc[:_ROWS])
        return total + _estimate(model.steps[-1][1], X)
    if name in _KINDS:
        return _KINDS[name](model, X)
    raise NotImplementedError(name)  # caught above: a figure that is not known is said to be unknown


def _transformer(step: Any) -> float:
    """Encoders and vectorisers look things up; projections and scalers multiply."""
    name = type(step).__name__
    if name == "MainDirections":
        return 2.0 * step.pca_.components_.size + step.pca_.components_.shape[1]
    if name == "RBFFeatures":
        landmarks, features = step.map_.components_.shape
        return landmarks * (3.0 * features + 1) + 2.0 * landmarks**2
    if name == "StandardScaler":
        return 2.0 * step.n_features_in_
    if name in ("TableEncoder", "SafeText", "FeatureUnion", "SameSize", "Flatten"):
        return 0.0
    if name == "Gradients":
        return _gradients(step)
    raise NotImplementedError(name)  # caught above: a figure that is not known is said to be unknown


def _gradients(step: Any) -> float:
    """Of a pixel two differences, a length, an angle and a look for each orientation; then the blocks."""
    if not step.big_enough_:
        return 0.0
    height, width, channels = step.size_
    pixels = height * width
    blocks = (height // step.cell_[0] - 1) * (width // step.cell_[1] - 1)
    colours = pixels * channels if channels == 3 else 0
    return (
        pixels * (6.0 * channels + 1 + 2 * step.orientations) + 6.0 * blocks * 4 * step.orientations + colours
    )


def _used(X: Any) -> float:
    """Features of a row that take part: all, or those that are not zero where zeros are skipped."""
    return X.nnz / X.shape[0] if hasattr(X, "nnz") else float(X.shape[1])


def _linear(model: Any, X: Any) -> float:
    outputs = np.atleast_2d(model.coef_).shape[0]
    return outputs * (2.0 * _used(X) + 1)


def _bayes(model: Any, X: Any) -> float:
    return len(model.classes_) * (2.0 * _used(X) + 1)


def _kernel(model: Any, X: Any) -> float:
    """A distance to each support vector, its exponential, and the weighted sum of each pair of classes."""
    vectors, features = model.support_vectors_.shape
    return vectors * (3.0 * features + 1) + 2.0 * model.dual_coef_.size


def _neighbours(model: Any, X: Any) -> float:
    """All distances; a search tree saves some of them where features are few."""
    rows, features = model._fit_X.shape
    return 3.0 * rows * features + 2.0 * model.n_neighbors


def _forest(model: Any, X: Any) -> float:
    outputs = len(getattr(model, "classes_", [0]))
    return sum(_mean_path(each.tree_) + outputs for each in model.estimators_)


def _mean_path(tree: Any) -> float:
    """Levels that a training row passes on its way to a leaf."""
    depth = np.zeros(tree.node_count)
    for node in range(tree.node_count):  # parents stand before their children
        for child in (tree.children_left[node], tree.children_right[node]):
            if child >= 0:
                depth[child] = depth[node] + 1
    leaves = tree.children_left < 0
    return float(np.average(depth[leaves], weights=tree.n_node_samples[leaves]))


def _histogram(model: Any, X: Any) -> float:
    trees = [tree.nodes for each in model._predictors for tree in each]
    leaves = [nodes[nodes["is_leaf"] == 1] for nodes in trees]
    return sum(float(np.average(own["depth"], weights=np.maximum(own["count"], 1))) + 1 for own in leaves)


def _lightgbm(model: Any, X: Any) -> float:
    frame = model.booster_.trees_to_dataframe()
    leaves = frame[frame["left_child"].isna()]
    depth = (leaves["node_depth"] - 1) * leaves["count"]
    return float(
        (depth.groupby(leaves["tree_index"]).sum() / leaves.groupby("tree_index")["count"].sum()).sum()
    ) + (leaves["tree_index"].nunique())


def _xgboost(model: Any, X: Any) -> float:
    """Levels on the way to a leaf, weighted by the second derivatives that leaves hold, and a sum a tree."""
    trees = model.get_booster().get_dump(with_stats=True, dump_format="json")
    return sum(_mean_depth(json.loads(tree)) + 1 for tree in trees)


def _mean_depth(tree: dict[str, Any]) -> float:
    total = weight = 0.0
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        waiting += [(child, depth + 1) for child in node.get("children", ())]
        if "leaf" in node:
            total, weight = total + depth * node["cover"], weight + node["cover"]
    return total / weight if weight else 0.0


def _catboost(model: Any, X: Any) -> float:
    """Symmetric trees: every level asks one question."""
    outputs = max(1, int(np.size(model.get_leaf_values()) / max(1, sum(model.get_tree_leaf_counts()))))
    return float(sum(np.log2(leaves) + outputs for leaves in model.get_tree_leaf_counts()))


def _inside(name: str) -> Any:
    return lambda model, X: _estimate(getattr(model, name), X)


def _platt(model: Any, X: Any) -> float:
    """The machine, then a small logistic regression on its scores."""
    total = _estimate(model.model_, X)
    if model.link_ is None:
        return total
    regression = model.link_.steps[-1][1]
    return total + 2.0 * regression.n_features_in_ + 2.0 * regression.coef_.size


def _words(model: Any, X: Any) -> float:
    rows = model.words_.transform(X[:_ROWS] if not hasattr(X, "iloc") else X.iloc[:_ROWS])
    return _linear(model, rows)


_KINDS: dict[str, Any] = {
    "DummyClassifier": lambda model, X: 0.0,
    "DummyRegressor": lambda model, X: 0.0,
    **dict.fromkeys(["LogisticRegression", "LinearSVC", "LinearSVR", "Ridge", "RidgeCV"], _linear),
    **dict.fromkeys(["BernoulliNB", "MultinomialNB"], _bayes),
    **dict.fromkeys(["SVC", "SVR"], _kernel),
    **dict.fromkeys(["KNeighborsClassifier", "KNeighborsRegressor"], _neighbours),
    **dict.fromkeys(["RandomForestClassifier", "RandomForestRegressor"], _forest),
    **dict.fromkeys(["HistGradientBoostingClassifier", "HistGradientBoostingRegressor"], _histogram),
    **dict.fromkeys(["LGBMClassifier", "LGBMRegressor"], _lightgbm),
    **dict.fromkeys(["XGBClassifier", "XGBRegressor"], _xgboost),
    **dict.fromkeys(["CatBoostClassifier", "CatBoostRegressor"], _catboost),
    **dict.fromkeys(["BySize", "FewNeighbours", "CodedLabels", "NamedCategories"], _inside("model_")),
    "TransformedTargetRegressor": _inside("regressor_"),
    "Calibrated": _platt,
    "NBSVM": _words,
}


_EACH = frozenset(
    [
        "Abs",
        "Add",
        "AddN",
        "AddV2",
        "BiasAdd",
        "Ceil",
        "Cos",
        "Cosh",
        "Div",
        "DivNoNan",
        "Elu",
        "Erf",
        "Erfc",
        "Erfinv",
        "Exp",
        "Expm1",
        "FloorDiv",
        "FloorMod",
        "Gelu",
        "LeakyRelu",
        "Log",
        "Log1p",
        "Maximum",
        "Minimum",
        "Mul",
        "MulNoNan",
        "Neg",
        "Pow",
        "RealDiv",
        "Reciprocal",
        "Relu",
        "Relu6",
        "Round",
        "Rsqrt",
        "Selu",
        "Sigmoid",
        "Sign",
        "Sin",
        "Sinh",
        "Softplus",
        "Softsign",
        "Sqrt",
        "Square",
        "SquaredDifference",
        "Sub",
        "Tan",
        "Tanh",
    ]
)
_REDUCE = frozenset(["Sum", "Mean", "Max", "Min", "Prod", "EuclideanNorm"])


class Unknown(Exception):
    """The graph does not say how large an operation is."""


def graph_flops(graph: Any) -> int | None:
    """Operations of one run of a graph whose inputs have one row; None where it does not say how many.

    Parameters
    ----------
    graph : the ``graph`` of a ``tf.function``'s concrete function
    """
    try:
        return _graph(graph)
    except Unknown:
        return None


def _graph(graph: Any) -> int:
    return sum(_operation(op, graph) for op in graph.get_operations())


def _operation(op: Any, graph: Any) -> int:
    if op.type in _CONTRACTIONS:
        return _CONTRACTIONS[op.type](op)
    if op.type in ("While", "StatelessWhile"):
        return _turns(op) * _graph(_function(op, "body", graph))
    if op.type in ("PartitionedCall", "StatefulPartitionedCall"):
        return _graph(_function(op, "f", graph))
    if op.type in ("If", "StatelessIf"):
        return max(_graph(_function(op, name, graph)) for name in ("then_branch", "else_branch"))
    if not op.outputs or not op.outputs[0].dtype.is_floating:
        return 0
    if op.type in _EACH:
        return _size(op.outputs[0])
    if op.type in _REDUCE:
        return _size(op.inputs[0])
    if op.type == "Softmax":
        return 5 * _size(op.outputs[0])  # maximum, difference, exponential, sum, quotient
    if op.type in ("MaxPool", "AvgPool"):
        return _size(op.outputs[0]) * prod(op.get_attr("ksize"))
    return 0


def _function(op: Any, attribute: str, graph: Any) -> Any:
    name = op.get_attr(attribute).name
    while graph is not None:
        own = getattr(graph, "_functions", {}).get(name)
        if own is not None and getattr(own, "graph", None) is not None:
            return own.graph
        graph = getattr(graph, "outer_graph", None)
    raise Unknown(name)


def _turns(op: Any) -> int:
    """How often a loop turns: Keras says the most, which is the number of steps."""
    import tensorflow as tf

    most = op.inputs[1]
    if most.op.type == "Max" and most.op.inputs[0].shape.rank == 0:  # of one number
        most = most.op.inputs[0]
    found = tf.get_static_value(most)
    if found is None or int(found) < 0:
        raise Unknown(op.name)
    return int(found)


def _matmul(op: Any) -> int:
    shared = _shape(op.inputs[0])[0 if op.get_attr("transpose_a") else 1]
    return 2 * _size(op.outputs[0]) * shared


def _batch_matmul(op: Any) -> int:
    shared = _shape(op.inputs[0])[-2 if op.get_attr("adj_x") else -1]
    return 2 * _size(op.outputs[0]) * shared


def _einsum(op: Any) -> int:
    """One multiplication for each factor after the first, and one addition, for every set of indices."""
    terms = op.get_attr("equation").decode().split("->")[0].split(",")
    sizes: dict[str, int] = {}
    for term, tensor in zip(terms, op.inputs, strict=True):
        sizes |= zip(term, _shape(tensor), strict=True)
    return len(terms) * prod(sizes.values())


def _convolution(op: Any) -> int:
    kernel = _shape(op.inputs[1])
    return 2 * _size(op.outputs[0]) * prod(kernel[:-1])


def _depthwise(op: Any) -> int:
    return 2 * _size(op.outputs[0]) * prod(_shape(op.inputs[1])[:2])


_CONTRACTIONS = {
    "MatMul": _matmul,
    "BatchMatMul": _batch_matmul,
    "BatchMatMulV2": _batch_matmul,
    "Einsum": _einsum,
    "XlaEinsum": _einsum,
    "Conv1D": _convolution,
    "Conv2D": _convolution,
    "Conv3D": _convolution,
    "DepthwiseConv2dNative": _depthwise,
}


def _shape(tensor: Any) -> list[int]:
    """The shape; an unknown first axis is the batch, of one row."""
    if tensor.shape.rank is None:
        raise Unknown(tensor.name)
    found = list(tensor.shape)
    if found and found[0] is None:
        found[0] = 1
    if None in found:
        raise Unknown(tensor.name)
    return found


def _size(tensor: Any) -> int:
    return prod(_shape(tensor))
