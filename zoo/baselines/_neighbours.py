"""Neighbours where there are few rows."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone

from ._delegate import Delegate


class FewNeighbours(Delegate):
    """A neighbours model that asks at most half of the training rows."""

    def __init__(self, model: Any) -> None:
        self.model = model

    @property
    def template(self) -> Any:
        """The model with the number of neighbours that was asked for."""
        return self.model

    def fit(self, X: Any, y: Any) -> FewNeighbours:
        """Keep the training rows."""
        wanted = min(self.model.n_neighbors, max(1, len(X) // 2))
        self.model_ = clone(self.model).set_params(n_neighbors=wanted).fit(X, y)
        return self
