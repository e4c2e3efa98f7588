"""One pipeline for small data and another for large, chosen by the training rows."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone

from ._delegate import Delegate


class BySize(Delegate):
    """``small`` up to ``limit`` training rows, ``large`` above."""

    def __init__(self, small: Any, large: Any, limit: int = 10_000) -> None:
        self.small, self.large, self.limit = small, large, limit

    @property
    def template(self) -> Any:
        """Both give the same answers in kind."""
        return self.small

    def fit(self, X: Any, y: Any) -> BySize:
        """Fit the one that suits the number of rows."""
        self.model_ = clone(self.small if len(X) <= self.limit else self.large).fit(X, y)
        return self
