"""An estimator that asks copies of itself about rows which they did not see."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils import get_tags, indexable
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _num_samples, check_is_fitted

from ._cohort import Cohort
from ._folds import fit_members


def offers(name: str) -> Callable[[Any], bool]:
    """Whether the estimator inside has a method of that name."""
    return lambda self: hasattr(self.estimator, name)


class CrossFitted(MetaEstimatorMixin, BaseEstimator):
    """An estimator fitted to all rows, and what copies of it said of rows that they did not see."""

    estimator: Any
    cv: Any

    def fit(self, X: Any, y: Any) -> Self:
        """Predict the training rows out of fold, learn confidence from that, and fit to all rows.

        Parameters
        ----------
        X : raw rows, as ``estimator`` takes them
        y : array of shape (n_samples,)
        """
        started = time.perf_counter()
        X = indexable(X)[0]
        y = self._prepared(X, y)
        splits = self._splits(y)
        members = [clone(self.estimator) for _ in range(len(splits) + 1)]
        everything = np.arange(_num_samples(X))
        if splits:
            fit_members(members, X, y, [everything, *(train for train, _ in splits)])
        else:
            members[0].fit(X, y)
        self._adopt(members, X, y, splits)
        self.fit_seconds_ = time.perf_counter() - started
        return self

    def save(self, path: Any, X: Any = None, y: Any = None, *, overwrite: bool = False) -> Any:
        """Save the fitted model with its confidence to a folder that :func:`deepworth.load` opens.

        ``X`` and ``y`` are the training rows; networks know their columns and can do without.
        """
        check_is_fitted(self)
        from ... import save  # the package's own name for it: this floor does not know the one above

        return save(self, path, X=X, y=y, overwrite=overwrite)

    @available_if(offers("fit_many"))
    def fit_many(
        self,
        estimators: Sequence[Any],
        X: Any,
        y: Any,
        rows: Sequence[np.ndarray],
        *,
        progress: Any = None,
        on_end: Callable[[int, Exception | None], None] | None = None,
        first_alone: bool = False,
    ) -> None:
        """Fit several of these, each on its own rows of the same data: all folds of all as one fleet.

        Parameters
        ----------
        estimators, X, y, rows, progress, on_end
            As :func:`deepworth.zoo._fitting.fit_many` takes them.
        first_alone : bool
            Fit the first with its folds before the others, so that its ``fit_seconds_`` is the time of
            one fit and not of one among others.
        """
        numbers = list(range(len(estimators)))
        for own in [numbers[:1], numbers[1:]] if first_alone else [numbers]:
            if own:
                Cohort(estimators, X, np.asarray(y), rows, on_end).fit(own, progress)

    @available_if(offers("warm_up"))
    def warm_up(self) -> None:
        """Import what training needs."""
        self.estimator.warm_up()

    @available_if(offers("n_parameters"))
    def n_parameters(self) -> int:
        """Fitted numbers of the estimator."""
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
    def _splits(self, y: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Inner folds; none where nothing is to be learned from them."""

    @abstractmethod
    def _adopt(self, members: Sequence[Any], X: Any, y: np.ndarray, splits: Sequence[Any]) -> None:
        """Take over fitted members: the first saw all rows, the others the training rows of a split."""
