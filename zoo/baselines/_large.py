"""One pipeline for small data and another for large, chosen by the training rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted


class BySize(BaseEstimator):
    """``small`` up to ``limit`` training rows, ``large`` above."""

    def __init__(self, small: Any, large: Any, limit: int = 10_000) -> None:
        self.small, self.large, self.limit = small, large, limit

    def fit(self, X: Any, y: Any) -> BySize:
        """Fit the one that suits the number of rows."""
        self.model_ = clone(self.small if len(X) <= self.limit else self.large).fit(X, y)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """What the chosen model predicts."""
        check_is_fitted(self, "model_")
        return self.model_.predict(X)

    @available_if(lambda self: hasattr(self.small, "predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the chosen model."""
        check_is_fitted(self, "model_")
        return self.model_.predict_proba(X)

    @property
    def classes_(self) -> np.ndarray:
        """Classes of the chosen model."""
        return self.model_.classes_

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import get_tags

        return get_tags(self.small)
