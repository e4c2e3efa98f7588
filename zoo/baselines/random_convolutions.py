"""Convolutions without backpropagation: filters from k-means on patches, pooled, then ridge.

Coates, Lee and Ng (2011) and Coates and Ng (2011): the strongest cheap classical model on pixels. The filters
see no labels; only the linear model on the pooled responses does.
"""

from ._operations import linear

MODALITIES = ("image",)
TASKS = ("binary", "multiclass", "regression")
LEARNING_CURVE = True
OPERATIONS = {"RidgeClassifier": linear, "Ridge": linear}
SPACE = {"alpha": ("log", 10.0, 1e5), "size": [4, 6, 8]}


def build(
    task: str,
    modality: str,
    *,
    random_state: int = 0,
    alpha: float = 1000.0,
    n_filters: int = 100,
    size: int = 6,
):
    """Images of one size, responses of whitened patches to filters on a grid, then ridge."""
    from sklearn.linear_model import Ridge, RidgeClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from ..preprocessing.pixels import PatchResponses, SameSize
    from ._estimators import Calibrated

    ridge = {"alpha": alpha, "solver": "cholesky", "random_state": random_state}
    last = Ridge(**ridge) if task == "regression" else Calibrated(RidgeClassifier(**ridge))
    responses = PatchResponses(n_filters=n_filters, size=size, random_state=random_state)
    return make_pipeline(SameSize(max_side=48), responses, StandardScaler(), last)
