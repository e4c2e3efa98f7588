"""Random forest: 200 deep trees on random rows and columns (Breiman 2001)."""

from ._operations import forest

MODALITIES = ("tabular", "image")
TASKS = ("binary", "multiclass", "regression")
LEARNING_CURVE = True
TRUSTED = ("sklearn.tree._tree.Tree",)
OPERATIONS = {"RandomForestClassifier": forest, "RandomForestRegressor": forest}
# After the search of Grinsztajn, Oyallon and Varoquaux (2022), table 4
SPACE = {"min_samples_leaf": [1, 2, 4, 8, 16], "max_features": ["auto", "sqrt", 0.2, 0.5, 0.8]}


def build(
    task: str,
    modality: str,
    *,
    random_state: int = 0,
    n_estimators: int = 200,
    min_samples_leaf: int = 1,
    max_features: str | float = "auto",
):
    """Columns as they are with category codes, or pixels, then the forest.

    ``max_features`` "auto" is a third of the columns for values and their square root for classes.
    """
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    from sklearn.pipeline import make_pipeline

    from ..preprocessing.pixels import Flatten, SameSize
    from ._pipelines import table_pipeline

    options: dict = {
        "n_estimators": n_estimators,
        "min_samples_leaf": min_samples_leaf,
        "random_state": random_state,
    }
    usual = 1 / 3 if task == "regression" else "sqrt"
    options["max_features"] = usual if max_features == "auto" else max_features
    kind = RandomForestRegressor if task == "regression" else RandomForestClassifier
    forest = kind(**options)
    if modality == "image":
        return make_pipeline(SameSize(max_side=32), Flatten(), forest)
    return table_pipeline(forest, "ordinal")
