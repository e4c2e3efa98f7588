"""LightGBM: leaf-wise boosted trees (Ke et al. 2017); joins when installed."""

MODALITIES = ("tabular",)
TASKS = ("binary", "multiclass", "regression")
REQUIRES, EXTRA = "lightgbm", "boosting"


def build(
    task: str, modality: str, *, random_state: int = 0, n_estimators: int = 100, learning_rate: float = 0.1
):
    """Columns as they are, categories native, the library's defaults."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    from ._pipelines import table_pipeline

    kind = LGBMRegressor if task == "regression" else LGBMClassifier
    options: dict = {
        "n_estimators": n_estimators,
        "learning_rate": learning_rate,
        "random_state": random_state,
    }
    return table_pipeline(kind(verbose=-1, deterministic=True, force_row_wise=True, **options), "frame")
