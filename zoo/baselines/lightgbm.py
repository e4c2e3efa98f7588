"""LightGBM: leaf-wise boosted trees (Ke et al. 2017); joins when installed."""

MODALITIES = ("tabular",)
TASKS = ("binary", "multiclass", "regression")
REQUIRES, EXTRA = "lightgbm", "boosting"
TRUSTED = (
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "lightgbm.sklearn.LGBMRegressor",
)


def levels_passed(model, X) -> float:
    """A comparison for each level on the way to a leaf, by training rows, and a sum over trees."""
    frame = model.booster_.trees_to_dataframe()
    leaves = frame[frame["left_child"].isna()]
    levels = (leaves["node_depth"] - 1) * leaves["count"]
    of_trees = levels.groupby(leaves["tree_index"]).sum() / leaves.groupby("tree_index")["count"].sum()
    return float(of_trees.sum()) + leaves["tree_index"].nunique()


OPERATIONS = {"LGBMClassifier": levels_passed, "LGBMRegressor": levels_passed}
# Ranges of TabArena's published search (Erickson et al. 2025), fewer trees
SPACE = {
    "learning_rate": ("log", 0.02, 0.2),
    "n_estimators": [100, 200, 400],
    "num_leaves": ("logint", 4, 128),
    "min_child_samples": ("logint", 2, 64),
    "colsample_bytree": ("uniform", 0.4, 1.0),
}


def build(
    task: str,
    modality: str,
    *,
    random_state: int = 0,
    n_estimators: int = 100,
    learning_rate: float = 0.1,
    num_leaves: int = 31,
    min_child_samples: int = 20,
    colsample_bytree: float = 1.0,
):
    """Numbers around their median, categories native, the library's defaults.

    The library cuts every column at zero, and takes a missing cell for zero where training had none.
    """
    from lightgbm import LGBMClassifier, LGBMRegressor

    from ._pipelines import table_pipeline

    kind = LGBMRegressor if task == "regression" else LGBMClassifier
    options: dict = {
        "n_estimators": n_estimators,
        "learning_rate": learning_rate,
        "num_leaves": num_leaves,
        "min_child_samples": min_child_samples,
        "colsample_bytree": colsample_bytree,
        "random_state": random_state,
    }
    model = kind(verbose=-1, deterministic=True, force_row_wise=True, **options)
    return table_pipeline(model, "frame", centred=True)
