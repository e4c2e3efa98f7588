"""XGBoost: regularised boosted trees (Chen and Guestrin 2016); joins when installed."""

MODALITIES = ("tabular",)
TASKS = ("binary", "multiclass", "regression")
REQUIRES, EXTRA = "xgboost", "boosting"
TRUSTED = (
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRegressor",
)


def levels_passed(model, X) -> float:
    """A comparison for each level on the way to a leaf, and a sum over trees.

    Leaves hold no number of rows: they are weighted by their sum of second derivatives.
    """
    import json

    trees = model.get_booster().get_dump(with_stats=True, dump_format="json")
    return sum(_mean_depth(json.loads(tree)) + 1 for tree in trees)


def _mean_depth(tree: dict) -> float:
    total = weight = 0.0
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        waiting += [(child, depth + 1) for child in node.get("children", ())]
        if "leaf" in node:
            total, weight = total + depth * node["cover"], weight + node["cover"]
    return total / weight if weight else 0.0


OPERATIONS = {"XGBClassifier": levels_passed, "XGBRegressor": levels_passed}
# Ranges of TabArena's published search (Erickson et al. 2025), fewer trees
SPACE = {
    "learning_rate": ("log", 0.02, 0.3),
    "n_estimators": [100, 200, 400],
    "max_depth": ("int", 3, 10),
    "min_child_weight": ("log", 0.5, 20.0),
    "colsample_bytree": ("uniform", 0.4, 1.0),
}


def build(
    task: str,
    modality: str,
    *,
    random_state: int = 0,
    n_estimators: int = 100,
    learning_rate: float = 0.3,
    max_depth: int = 6,
    min_child_weight: float = 1.0,
    colsample_bytree: float = 1.0,
):
    """Columns as they are, categories native, the library's defaults."""
    from xgboost import XGBClassifier, XGBRegressor

    from ._estimators import CodedLabels
    from ._pipelines import table_pipeline

    options: dict = {
        "n_estimators": n_estimators,
        "learning_rate": learning_rate,
        "max_depth": max_depth,
        "min_child_weight": min_child_weight,
        "colsample_bytree": colsample_bytree,
        "random_state": random_state,
    }
    kind = XGBRegressor if task == "regression" else XGBClassifier
    model = kind(enable_categorical=True, verbosity=0, **options)
    return table_pipeline(model if task == "regression" else CodedLabels(model), "frame")
