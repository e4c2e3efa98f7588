"""Probabilities for models that only give scores, calibrated inside their own training rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.utils.validation import check_is_fitted


class Calibrated(ClassifierMixin, BaseEstimator):
    """Platt scaling on cross-validated scores (Platt 1999), then one model on all training rows.

    With a class of a single row there is nothing to calibrate on: the scores' softmax is used.

    Parameters
    ----------
    estimator : classifier with ``decision_function``
    folds : int
        At most; a rare class reduces them.
    """

    def __init__(self, estimator: Any, folds: int = 3) -> None:
        self.estimator, self.folds = estimator, folds

    def fit(self, X: Any, y: Any) -> Calibrated:
        """Fit and calibrate on the same training rows."""
        self.classes_, counts = np.unique(y, return_counts=True)
        folds = int(min(self.folds, counts.min()))
        self.calibrated_ = folds >= 2
        model = clone(self.estimator)
        self.model_ = (
            CalibratedClassifierCV(model, method="sigmoid", cv=folds, ensemble=False)
            if self.calibrated_
            else model
        ).fit(X, y)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (n_samples, n_classes) in the order of ``classes_``."""
        check_is_fitted(self, "model_")
        if self.calibrated_:
            return self.model_.predict_proba(X)
        scores = self.model_.decision_function(X)
        scores = np.stack([-scores, scores], axis=1) / 2 if scores.ndim == 1 else scores
        exponential = np.exp(scores - scores.max(axis=1, keepdims=True))
        return exponential / exponential.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row."""
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]
