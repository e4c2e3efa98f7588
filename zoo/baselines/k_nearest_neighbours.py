"""K nearest neighbours: the answers of the most similar training rows."""

from ._operations import neighbours

MODALITIES = ("tabular",)
TASKS = ("binary", "multiclass", "regression")
TRUSTED = (
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.neighbors._ball_tree.BallTree",  # built anew from the training rows before it is used
    "sklearn.neighbors._kd_tree.KDTree",
)
OPERATIONS = {"KNeighborsClassifier": neighbours, "KNeighborsRegressor": neighbours}
SPACE = {"n_neighbors": ("logint", 1, 100), "weights": ["uniform", "distance"]}


def build(
    task: str, modality: str, *, random_state: int = 0, n_neighbors: int = 15, weights: str = "distance"
):
    """Scaled and one-hot encoded columns, then a distance-weighted vote."""
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    from ._estimators import FewNeighbours
    from ._pipelines import table_pipeline

    kind = KNeighborsRegressor if task == "regression" else KNeighborsClassifier
    return table_pipeline(FewNeighbours(kind(n_neighbors=n_neighbors, weights=weights)))
