"""Estimators that learn from out-of-fold predictions of copies of the estimator inside them."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing, get_tags, indexable
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _num_samples, check_is_fitted

from ..estimators.fitting import OnEnd, Progress
from ..inner_splits import (
    NO_FACTS,
    RespectsSplitFacts,
    Split,
    SplitFacts,
    class_folds,
    fit_respecting,
    value_folds,
)
from ..preprocessing.base import RawRows


class Regressor(Protocol):
    """Any scikit-learn estimator, over raw rows or arrays."""

    def fit(self, X: Any, y: Any) -> Any:
        """Learn from training rows."""

    def predict(self, X: Any) -> Any:
        """Predictions (n_samples,)."""


class Classifier(Regressor, Protocol):
    """A scikit-learn classifier with probabilities."""

    def predict_proba(self, X: Any) -> Any:
        """Probabilities (n_samples, n_classes)."""


class Splitter(Protocol):
    """A cross-validation of scikit-learn, such as ``GroupKFold`` with its groups bound."""

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterable[Any]:
        """Row numbers to train on and to test, a pair for each fold."""

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Number of folds."""


Folds = int | Splitter | Iterable[tuple[npt.ArrayLike, npt.ArrayLike]]


def offers(name: str) -> Callable[[Any], bool]:
    """Whether the estimator inside has a method of that name."""
    return lambda self: hasattr(self.estimator, name)


class CrossFitted(MetaEstimatorMixin, RespectsSplitFacts, BaseEstimator):
    """An estimator fitted to all rows, and out-of-fold predictions of copies of it to learn from."""

    estimator: Regressor
    cv: Folds

    def fit(
        self,
        X: RawRows,
        y: npt.ArrayLike,
        groups: npt.ArrayLike | None = None,
        time: npt.ArrayLike | None = None,
    ) -> Self:
        """Predict the training rows out of fold, learn confidence from that, and fit to all rows.

        Parameters
        ----------
        X : raw rows, as ``estimator`` takes them
        y : array-like of shape (n_samples,)
        groups : array-like of shape (n_samples,), optional
            Rows with equal values are never split between rows to learn from and rows to predict. They are
            passed on to ``estimator``, if it takes them.
        time : array-like of shape (n_samples,), optional
            Sortable times: later rows are predicted from earlier ones.

        Returns
        -------
        self
        """
        started = perf_counter()
        X = indexable(X)[0]
        y = self._prepared(X, y)
        facts = SplitFacts.of(_num_samples(X), groups, time)
        splits = self._splits(y, facts)
        members = [clone(self.estimator) for _ in range(len(splits) + 1)]
        everything = np.arange(_num_samples(X))
        if splits:
            fit_members(members, X, y, [everything, *(train for train, _ in splits)], facts)
        else:
            fit_respecting(members[0], X, y, facts)
        self._adopt(members, X, y, splits)
        self.fit_seconds_ = perf_counter() - started
        return self

    def save(
        self,
        path: str | os.PathLike[str],
        X: RawRows | None = None,
        y: npt.ArrayLike | None = None,
        *,
        overwrite: bool = False,
    ) -> Path:
        """Save the fitted model with its confidence to a folder that :func:`deepworth.load` opens.

        Parameters
        ----------
        path : str or path
            The new folder.
        X, y : optional
            The training rows; networks know their columns and can do without.
        overwrite : bool, default=False
            Replace a folder that exists.

        Returns
        -------
        Path
            The folder.
        """
        check_is_fitted(self)
        from ... import save  # the package's own name for it: this floor does not know the one above

        return save(self, path, X=X, y=y, overwrite=overwrite)

    @available_if(offers("fit_many"))
    def fit_many(
        self,
        estimators: Sequence[CrossFitted],
        X: RawRows,
        y: npt.ArrayLike,
        rows: Sequence[npt.NDArray[np.intp]],
        *,
        groups: npt.ArrayLike | None = None,
        time: npt.ArrayLike | None = None,
        progress: Progress | None = None,
        on_end: OnEnd | None = None,
        first_alone: bool = False,
    ) -> None:
        """Fit several of these, each on its own rows of the same data: all folds of all as one fleet.

        Parameters
        ----------
        estimators, X, y, rows, groups, time, progress, on_end
            As :func:`deepworth.zoo.estimators.fitting.fit_many` takes them.
        first_alone : bool, default=False
            Fit the first with its folds before the others, so that its ``fit_seconds_`` is the time of
            one fit and not of one among others.
        """
        numbers = list(range(len(estimators)))
        facts = SplitFacts.of(_num_samples(X), groups, time)
        for together in [numbers[:1], numbers[1:]] if first_alone else [numbers]:
            if together:
                FoldFleet(estimators, X, np.asarray(y), rows, on_end, facts).fit(together, progress)

    @available_if(offers("warm_up"))
    def warm_up(self) -> None:
        """Import what training needs."""
        self.estimator.warm_up()  # type: ignore[attr-defined]  # available_if says so

    @available_if(offers("n_parameters"))
    def n_parameters(self) -> int:
        """Number of fitted parameters of the estimator."""
        check_is_fitted(self, "estimator_")
        return int(self.estimator_.n_parameters())

    @property
    def n_features_in_(self) -> int:
        """Columns seen by the estimator."""
        return self.estimator_.n_features_in_

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Names of the columns seen by the estimator."""
        return self.estimator_.feature_names_in_

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "estimator_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags, tags.non_deterministic = inner.input_tags, inner.non_deterministic
        tags.target_tags.required = True
        if tags.classifier_tags is not None and inner.classifier_tags is not None:
            tags.classifier_tags = inner.classifier_tags
        if tags.regressor_tags is not None and inner.regressor_tags is not None:
            tags.regressor_tags = inner.regressor_tags
        return tags

    @abstractmethod
    def _prepared(self, X: Any, y: Any) -> np.ndarray:
        """Checked parameters and targets."""

    @abstractmethod
    def _splits(self, y: np.ndarray, facts: SplitFacts) -> list[Split]:
        """Inner folds; none where nothing is to be learned from them."""

    @abstractmethod
    def _adopt(self, members: Sequence[Any], X: Any, y: np.ndarray, splits: Sequence[Any]) -> None:
        """Take over fitted members: the first saw all rows, the others the training rows of a split."""


@dataclass(frozen=True)
class OutOfFold:
    """Predictions for rows that a model did not train on.

    Attributes
    ----------
    rows : int ndarray of shape (n,)
        Row numbers.
    folds : int ndarray of shape (n,)
        The fold of each row.
    prediction : ndarray of shape (n, n_classes) or (n,)
    """

    rows: np.ndarray
    folds: np.ndarray
    prediction: np.ndarray


def inner_splits(
    y: np.ndarray, cv: Folds, classes: bool, seed: int, facts: SplitFacts = NO_FACTS
) -> list[Split]:
    """Row numbers to train on and to predict; none at all where the rows are too few."""
    if not isinstance(cv, (int, np.integer)):
        splitter = check_cv(cv, y, classifier=classes)
        asked_for = get_routing_for_object(splitter).consumes("split", ["groups"])
        folds = splitter.split(y, y, facts.groups if asked_for else None)
        return [(np.asarray(a), np.asarray(b)) for a, b in folds]
    return class_folds(y, int(cv), seed, facts) if classes else value_folds(len(y), int(cv), seed, facts)


def out_of_fold(
    members: Sequence[Any], X: Any, splits: Sequence[Split], predict: Callable[[Any, Any], np.ndarray]
) -> OutOfFold:
    """Predictions of each fitted member for the rows that its split left out."""
    predictions = [
        predict(member, _safe_indexing(X, test)) for member, (_, test) in zip(members, splits, strict=True)
    ]
    folds = [np.full(len(test), number) for number, (_, test) in enumerate(splits)]
    rows = np.concatenate([test for _, test in splits])
    return OutOfFold(rows, np.concatenate(folds), np.concatenate(predictions))


def fit_members(
    members: Sequence[Any], X: Any, y: Any, rows: Sequence[np.ndarray], facts: SplitFacts = NO_FACTS
) -> None:
    """Fit every member on its rows: as one fleet where they offer that, else one after the other."""
    if hasattr(members[0], "fit_many"):
        members[0].fit_many(members, X, y, rows, **facts.given())
        return
    for member, chosen in zip(members, rows, strict=True):
        fit_respecting(member, _safe_indexing(X, chosen), y[chosen], facts.take(chosen))


class FoldFleet:
    """Cross-fitted estimators on rows of the same data, fitted with the copies for their folds as one fleet.

    An estimator ends, with None or its error, when all of its copies have.
    """

    def __init__(
        self,
        estimators: Sequence[Any],
        X: Any,
        y: np.ndarray,
        rows: Sequence[np.ndarray],
        on_end: OnEnd | None,
        facts: SplitFacts = NO_FACTS,
    ) -> None:
        self.estimators, self.X, self.y, self.rows, self.on_end = estimators, X, y, rows, on_end
        self.facts = facts
        self.members: list[Any] = []
        self.member_rows: list[np.ndarray] = []
        self.owner: list[int] = []
        self.splits: dict[int, Any] = {}
        self.waiting: dict[int, int] = {}
        self.errors: dict[int, Exception] = {}

    def fit(self, numbers: Sequence[int], progress: Progress | None) -> None:
        """Fit the estimators of these numbers; without ``on_end`` the first error is raised."""
        self.started = perf_counter()
        for number in numbers:
            try:
                self._add(number)
            except Exception as error:
                self._end(number, error)
        if self.members:
            self.members[0].fit_many(
                self.members,
                self.X,
                self.y,
                self.member_rows,
                **self.facts.given(),
                progress=progress,
                on_end=self._member_ended,
            )

    def _add(self, number: int) -> None:
        """The estimator's copies: the first for all its rows, one for each inner fold."""
        estimator, rows = self.estimators[number], self.rows[number]
        splits = estimator._splits(estimator._prepared(rows, self.y[rows]), self.facts.take(rows))
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
        copies = [m for m, owner in zip(self.members, self.owner, strict=True) if owner == number]
        estimator, rows = self.estimators[number], self.rows[number]
        try:
            estimator._adopt(copies, _safe_indexing(self.X, rows), self.y[rows], self.splits[number])
        except Exception as error:
            return error
        estimator.fit_seconds_ = perf_counter() - self.started
        return None

    def _end(self, number: int, error: Exception | None) -> None:
        if self.on_end is not None:
            self.on_end(number, error)
        elif error is not None:
            raise error
