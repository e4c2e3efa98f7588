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


def build(
    task: str, modality: str, *, random_state: int = 0, n_estimators: int = 100, learning_rate: float = 0.1
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
        "random_state": random_state,
    }
    model = kind(verbose=-1, deterministic=True, force_row_wise=True, **options)
    return table_pipeline(model, "frame", centred=True)
