"""An estimator that leaves the answering to a model it made from its training rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted


class Delegate(BaseEstimator):
    """``fit`` of a subclass sets ``model_``; ``template`` is the unfitted model that it resembles."""

    @property
    def template(self) -> Any:
        """The unfitted model whose methods and tags this one has."""
        raise AttributeError(f"{type(self).__name__} names no template")

    def predict(self, X: Any) -> np.ndarray:
        """What the model predicts."""
        check_is_fitted(self, "model_")
        return self.model_.predict(X)

    @available_if(lambda self: hasattr(self.template, "predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (n_samples, n_classes) of the model."""
        check_is_fitted(self, "model_")
        return self.model_.predict_proba(X)

    @property
    def classes_(self) -> np.ndarray:
        """Classes of the model."""
        return self.model_.classes_

    def __sklearn_tags__(self) -> Any:
        return get_tags(self.template)
