"""Neighbours where there are few rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted


class FewNeighbours(BaseEstimator):
    """A neighbours model that asks at most half of the training rows."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def fit(self, X: Any, y: Any) -> FewNeighbours:
        """Keep the training rows."""
        wanted = min(self.model.n_neighbors, max(1, len(X) // 2))
        self.model_ = clone(self.model).set_params(n_neighbors=wanted).fit(X, y)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Vote or mean of the neighbours."""
        check_is_fitted(self, "model_")
        return self.model_.predict(X)

    @available_if(lambda self: hasattr(self.model, "predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Shares of the votes."""
        check_is_fitted(self, "model_")
        return self.model_.predict_proba(X)

    @property
    def classes_(self) -> np.ndarray:
        """Classes of the model."""
        return self.model_.classes_

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import get_tags

        return get_tags(self.model)
