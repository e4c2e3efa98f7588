"""Floating-point operations of one prediction of a saved model: counted for networks, estimated for others.

For scikit-learn models the formulas are those of Hastie, Tibshirani and Friedman, "The Elements of
Statistical Learning" (2009), applied to the fitted sizes: a linear model multiplies and adds once for each
coefficient (3.2), a kernel machine once for each feature of each support vector (12.3), a neighbours model
for each feature of each kept row (13.3), a tree compares once for each level of its path and adds its leaf
(9.2, 10.9). Reading and encoding a raw row is not counted: it is no arithmetic to speak of.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ._load import SavedModel

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
        from ._flops import graph_flops

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
