"""Floating-point operations of a prediction for one row, from the fitted sizes of an estimator.

An entry file states in ``OPERATIONS`` which of these functions, or one of its own, counts for which
estimator class. Each takes the fitted estimator and some rows as it gets them, and returns operations a row.
The formulas are those of Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning" (2009).
"""

from __future__ import annotations

from typing import Any


def features_used(X: Any) -> float:
    """Features of a row that take part: all, or those that are not zero where zeros are skipped."""
    return X.nnz / X.shape[0] if hasattr(X, "nnz") else float(X.shape[1])


def none(model: Any, X: Any) -> float:
    """A prediction that is known before."""
    return 0.0


def linear(model: Any, X: Any) -> float:
    """A multiplication and an addition for each coefficient, and the intercept (section 3.2)."""
    outputs = model.coef_.shape[0] if model.coef_.ndim > 1 else 1
    return outputs * (2.0 * features_used(X) + 1)


def naive_bayes(model: Any, X: Any) -> float:
    """The log probability of every feature, for each class (section 6.6.3)."""
    return len(model.classes_) * (2.0 * features_used(X) + 1)


def kernel(model: Any, X: Any) -> float:
    """The kernel of each support vector, and a weighted sum for each pair of classes (section 12.3)."""
    vectors, features = model.support_vectors_.shape
    return vectors * (3.0 * features + 1) + 2.0 * model.dual_coef_.size


def neighbours(model: Any, X: Any) -> float:
    """The distance to each training row; a search tree saves some where features are few (section 13.3)."""
    rows, features = model._fit_X.shape
    return 3.0 * rows * features + 2.0 * model.n_neighbors


def forest(model: Any, X: Any) -> float:
    """A comparison for each level of the path in each tree, and the sum over trees (sections 9.2, 15.2)."""
    outputs = len(getattr(model, "classes_", [0]))
    return sum(mean_path(each.tree_) + outputs for each in model.estimators_)


def mean_path(tree: Any) -> float:
    """Levels of a tree that a training row passes on its way to a leaf."""
    import numpy as np

    depth = np.zeros(tree.node_count)
    for node in range(tree.node_count):  # parents stand before their children
        for child in (tree.children_left[node], tree.children_right[node]):
            if child >= 0:
                depth[child] = depth[node] + 1
    leaves = tree.children_left < 0
    return float(np.average(depth[leaves], weights=tree.n_node_samples[leaves]))
