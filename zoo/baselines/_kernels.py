"""Kernel machines that stay affordable on large tables."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.kernel_approximation import Nystroem


class RBFFeatures(TransformerMixin, BaseEstimator):
    """Nystroem features of the RBF kernel (Williams and Seeger 2001) with gamma "scale"."""

    def __init__(self, n_components: int = 1000, random_state: int = 0) -> None:
        self.n_components, self.random_state = n_components, random_state

    def fit(self, X: np.ndarray, y: Any = None) -> RBFFeatures:
        """Choose the landmark rows; gamma is 1 / (n_features * variance), as in SVC."""
        gamma = 1.0 / (X.shape[1] * (float(np.var(X)) or 1.0))
        components = min(self.n_components, len(X))
        self.map_ = Nystroem(gamma=gamma, n_components=components, random_state=self.random_state).fit(X)
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """float64 (n_samples, n_components)."""
        return self.map_.transform(X)
