"""XGBoost: regularised boosted trees (Chen and Guestrin 2016); joins when installed."""

MODALITIES = ("tabular",)
TASKS = ("binary", "multiclass", "regression")
REQUIRES, EXTRA = "xgboost", "boosting"


def build(
    task: str, modality: str, *, random_state: int = 0, n_estimators: int = 100, learning_rate: float = 0.3
):
    """Columns as they are, categories native, the library's defaults."""
    from xgboost import XGBClassifier, XGBRegressor

    from ._estimators import CodedLabels
    from ._pipelines import table_pipeline

    options: dict = {
        "n_estimators": n_estimators,
        "learning_rate": learning_rate,
        "random_state": random_state,
    }
    kind = XGBRegressor if task == "regression" else XGBClassifier
    model = kind(enable_categorical=True, verbosity=0, **options)
    return table_pipeline(model if task == "regression" else CodedLabels(model), "frame")
