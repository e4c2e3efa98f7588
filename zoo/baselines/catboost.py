"""CatBoost: ordered boosting with symmetric trees (Prokhorenkova et al. 2018); joins when installed."""

MODALITIES = ("tabular",)
TASKS = ("binary", "multiclass", "regression")
REQUIRES, EXTRA = "catboost", "boosting"
TRUSTED = (
    "catboost.core.CatBoostClassifier",
    "catboost.core.CatBoostRegressor",
)


def levels_passed(model, X) -> float:
    """A comparison for each level of a symmetric tree, and a sum over trees for each output."""
    from math import log2

    leaves = model.get_tree_leaf_counts()
    outputs = max(1, len(model.get_leaf_values()) // max(1, sum(leaves)))
    return float(sum(log2(n) + outputs for n in leaves))


OPERATIONS = {"CatBoostClassifier": levels_passed, "CatBoostRegressor": levels_passed}
# Ranges of TabArena's published search (Erickson et al. 2025)
SPACE = {
    "learning_rate": ("log", 0.01, 0.1),
    "depth": ("int", 4, 8),
    "l2_leaf_reg": ("log", 1.0, 5.0),
    "bootstrap_type": ["Bernoulli", "MVS"],
}


def build(
    task: str,
    modality: str,
    *,
    random_state: int = 0,
    iterations: int = 500,
    learning_rate: float | None = None,
    depth: int = 6,
    l2_leaf_reg: float = 3.0,
    bootstrap_type: str | None = None,
):
    """Numbers as they are, categories native; the library chooses the learning rate where none is given."""
    from catboost import CatBoostClassifier, CatBoostRegressor
    from joblib import cpu_count

    from ._estimators import CodedLabels, NamedCategories
    from ._pipelines import table_pipeline

    kind = CatBoostRegressor if task == "regression" else CatBoostClassifier
    options = {
        "iterations": iterations,
        "depth": depth,
        "l2_leaf_reg": l2_leaf_reg,
        "random_state": random_state,
        "verbose": False,
        "allow_writing_files": False,
        "thread_count": cpu_count(),  # explicit: CatBoost omits its default from get_params
    }
    chosen = {"learning_rate": learning_rate, "bootstrap_type": bootstrap_type}
    options |= {name: value for name, value in chosen.items() if value is not None}
    model = NamedCategories(kind(**options))
    return table_pipeline(model if task == "regression" else CodedLabels(model), "frame")
