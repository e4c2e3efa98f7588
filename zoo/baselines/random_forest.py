"""Random forest: 200 deep trees on random rows and columns (Breiman 2001)."""

from ._operations import forest

MODALITIES = ("tabular", "image")
TASKS = ("binary", "multiclass", "regression")
LEARNING_CURVE = True
TRUSTED = ("sklearn.tree._tree.Tree",)
OPERATIONS = {"RandomForestClassifier": forest, "RandomForestRegressor": forest}


def build(
    task: str, modality: str, *, random_state: int = 0, n_estimators: int = 200, min_samples_leaf: int = 1
):
    """Columns as they are with category codes, or pixels, then the forest."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    from sklearn.pipeline import make_pipeline

    from ..preprocessing.pixels import Flatten, SameSize
    from ._pipelines import table_pipeline

    options: dict = {
        "n_estimators": n_estimators,
        "min_samples_leaf": min_samples_leaf,
        "random_state": random_state,
    }
    if task == "regression":
        forest = RandomForestRegressor(max_features=1 / 3, **options)
    else:
        forest = RandomForestClassifier(**options)
    if modality == "image":
        return make_pipeline(SameSize(max_side=32), Flatten(), forest)
    return table_pipeline(forest, "ordinal")
