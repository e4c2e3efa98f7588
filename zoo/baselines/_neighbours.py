"""Neighbours where there are few rows."""

from __future__ import annotations

from typing import Any

import numpy as np
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

    def __getstate__(self) -> dict[str, Any]:
        """The training rows without their search tree, a compiled type that no safe file holds."""
        state = dict(super().__getstate__())
        model = state.pop("model_", None)
        if model is not None:
            codes = np.asarray(model._y)
            state["rows_"] = model._fit_X
            state["answers_"] = model.classes_[codes] if hasattr(model, "classes_") else codes
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Planting the tree again takes milliseconds."""
        rows, answers = state.pop("rows_", None), state.pop("answers_", None)
        super().__setstate__(state)
        if rows is not None:
            self.fit(rows, answers)
