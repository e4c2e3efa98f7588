"""CatBoost: ordered boosting with symmetric trees (Prokhorenkova et al. 2018); joins when installed."""

MODALITIES = ("tabular",)
TASKS = ("binary", "multiclass", "regression")
REQUIRES, EXTRA = "catboost", "boosting"


def build(task: str, modality: str, *, random_state: int = 0, iterations: int = 500):
    """Numbers as they are, categories native; the library chooses the learning rate."""
    from catboost import CatBoostClassifier, CatBoostRegressor

    from ._labels import CodedLabels, NamedCategories
    from ._tables import table_pipeline

    kind = CatBoostRegressor if task == "regression" else CatBoostClassifier
    model = NamedCategories(
        kind(iterations=iterations, random_state=random_state, verbose=False, allow_writing_files=False)
    )
    return table_pipeline(model if task == "regression" else CodedLabels(model), "frame")
