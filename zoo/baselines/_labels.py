"""Boosting libraries made to take class names and pandas categories."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted


class CodedLabels(ClassifierMixin, BaseEstimator):
    """A classifier that wants classes 0..K-1, given any."""

    def __init__(self, classifier: Any) -> None:
        self.classifier = classifier

    def fit(self, X: Any, y: Any) -> CodedLabels:
        """Fit on codes."""
        self.classes_, codes = np.unique(y, return_inverse=True)
        self.model_ = clone(self.classifier).fit(X, codes)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (n_samples, n_classes) in the order of ``classes_``, float64."""
        check_is_fitted(self, "model_")
        found = np.asarray(self.model_.predict_proba(X), dtype=np.float64)
        return found / found.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row."""
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]


class NamedCategories(BaseEstimator):
    """A CatBoost model that finds the categories of a frame by their dtype."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def fit(self, X: pd.DataFrame, y: Any) -> NamedCategories:
        """Fit with the categories named."""
        self.names_ = [c for c in X.columns if isinstance(X[c].dtype, pd.CategoricalDtype)]
        self.model_ = clone(self.model).fit(self._worded(X), y, cat_features=self.names_)
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """What CatBoost predicts."""
        return np.asarray(self.model_.predict(self._worded(X))).ravel()

    @available_if(lambda self: hasattr(self.model, "predict_proba"))
    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """CatBoost's probabilities."""
        return self.model_.predict_proba(self._worded(X))

    def _worded(self, X: pd.DataFrame) -> pd.DataFrame:
        return X.assign(
            **{c: X[c].astype("Int64").fillna(-1).astype(str).astype(object) for c in self.names_}
        )
