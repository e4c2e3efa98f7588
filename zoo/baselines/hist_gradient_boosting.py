"""Histogram gradient boosting: scikit-learn's boosted trees, the usual winner on tables."""

MODALITIES = ("tabular",)
TASKS = ("binary", "multiclass", "regression")
TRUSTED = ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",)
LEARNING_CURVE = True


def levels_passed(model, X) -> float:
    """A comparison for each level on the way to a leaf, by training rows, and a sum over trees."""
    import numpy as np

    trees = [tree.nodes for each in model._predictors for tree in each]
    leaves = [nodes[nodes["is_leaf"] == 1] for nodes in trees]
    return sum(float(np.average(n["depth"], weights=np.maximum(n["count"], 1))) + 1 for n in leaves)


OPERATIONS = {"HistGradientBoostingClassifier": levels_passed, "HistGradientBoostingRegressor": levels_passed}
# After the search of Grinsztajn, Oyallon and Varoquaux (2022), table 5
SPACE = {
    "learning_rate": ("log", 0.02, 0.3),
    "max_iter": [100, 200, 400],
    "max_leaf_nodes": ("logint", 5, 63),
    "min_samples_leaf": ("logint", 5, 80),
    "l2_regularization": ("log", 1e-3, 10.0),
}


def build(
    task: str,
    modality: str,
    *,
    random_state: int = 0,
    learning_rate: float = 0.1,
    max_iter: int = 100,
    max_leaf_nodes: int = 31,
    min_samples_leaf: int = 20,
    l2_regularization: float = 0.0,
):
    """Columns as they are, categories native, scikit-learn's defaults."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    from ._estimators import StoppedEarly
    from ._pipelines import table_pipeline

    kind = HistGradientBoostingRegressor if task == "regression" else HistGradientBoostingClassifier
    model = kind(
        learning_rate=learning_rate,
        max_iter=max_iter,
        max_leaf_nodes=max_leaf_nodes,
        min_samples_leaf=min_samples_leaf,
        l2_regularization=l2_regularization,
        categorical_features="from_dtype",
        random_state=random_state,
    )
    return table_pipeline(StoppedEarly(model), "frame")
