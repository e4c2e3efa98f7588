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


def build(
    task: str,
    modality: str,
    *,
    random_state: int = 0,
    learning_rate: float = 0.1,
    max_iter: int = 100,
    max_leaf_nodes: int = 31,
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
        categorical_features="from_dtype",
        random_state=random_state,
    )
    return table_pipeline(StoppedEarly(model), "frame")
