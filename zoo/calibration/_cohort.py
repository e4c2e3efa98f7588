"""Several cross-fitted estimators, fitted with the copies for their folds as one fleet."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import _safe_indexing


class Cohort:
    """Estimators on rows of the same data; each ends, with None or its error, when all its copies have."""

    def __init__(
        self,
        estimators: Sequence[Any],
        X: Any,
        y: np.ndarray,
        rows: Sequence[np.ndarray],
        on_end: Callable[[int, Exception | None], None] | None,
    ) -> None:
        self.estimators, self.X, self.y, self.rows, self.on_end = estimators, X, y, rows, on_end
        self.members: list[Any] = []
        self.member_rows: list[np.ndarray] = []
        self.owner: list[int] = []
        self.splits: dict[int, Any] = {}
        self.waiting: dict[int, int] = {}
        self.errors: dict[int, Exception] = {}

    def fit(self, numbers: Sequence[int], progress: Any) -> None:
        """Fit the estimators of these numbers; without ``on_end`` the first error is raised."""
        self.started = time.perf_counter()
        for number in numbers:
            try:
                self._add(number)
            except Exception as error:
                self._end(number, error)
        if self.members:
            self.members[0].fit_many(
                self.members, self.X, self.y, self.member_rows, progress=progress, on_end=self._member_ended
            )

    def _add(self, number: int) -> None:
        """The estimator's copies: the first for all its rows, one for each inner fold."""
        estimator, rows = self.estimators[number], self.rows[number]
        splits = estimator._splits(estimator._prepared(rows, self.y[rows]))
        for train in (np.arange(len(rows)), *(train for train, _ in splits)):
            self.members.append(clone(estimator.estimator))
            self.member_rows.append(rows[train])
            self.owner.append(number)
        self.splits[number], self.waiting[number] = splits, len(splits) + 1

    def _member_ended(self, member: int, error: Exception | None) -> None:
        number = self.owner[member]
        if error is not None:
            self.errors.setdefault(number, error)
        self.waiting[number] -= 1
        if not self.waiting[number]:
            self._end(number, self.errors.get(number) or self._adopted(number))

    def _adopted(self, number: int) -> Exception | None:
        own = [m for m, owner in zip(self.members, self.owner, strict=True) if owner == number]
        estimator, rows = self.estimators[number], self.rows[number]
        try:
            estimator._adopt(own, _safe_indexing(self.X, rows), self.y[rows], self.splits[number])
        except Exception as error:
            return error
        estimator.fit_seconds_ = time.perf_counter() - self.started
        return None

    def _end(self, number: int, error: Exception | None) -> None:
        if self.on_end is not None:
            self.on_end(number, error)
        elif error is not None:
            raise error
