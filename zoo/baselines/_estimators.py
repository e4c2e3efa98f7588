"""Estimators that baselines are built from: choices by the number of rows, class codes, probabilities.

``count_operations(X, count)`` is the number of operations of a prediction for one row; ``count(model, X)``
counts those of an estimator inside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import _safe_indexing, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from ..inner_splits import (
    RespectsSplitFacts,
    Split,
    SplitFacts,
    class_folds,
    fit_respecting,
    seed_of,
    validation_split,
    value_folds,
)

Count = Callable[[Any, Any], float]  # operations of a fitted estimator, for a row of those given


class Delegate(BaseEstimator):
    """An estimator that predicts by ``model_``, which its ``fit`` sets; ``template`` is like it, unfitted."""

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

    def count_operations(self, X: Any, count: Count) -> float:
        """Operations of a prediction for one row: those of the model."""
        return count(self.model_, X)

    def __sklearn_tags__(self) -> Any:
        return get_tags(self.template)


class BySize(RespectsSplitFacts, Delegate):
    """``small`` up to ``limit`` training rows, ``large`` above."""

    def __init__(self, small: Any, large: Any, limit: int = 10_000) -> None:
        self.small, self.large, self.limit = small, large, limit

    @property
    def template(self) -> Any:
        """The model of small data; that of large data has the same methods."""
        return self.small

    def fit(self, X: Any, y: Any, groups: Any = None, time: Any = None) -> BySize:
        """Fit the one that suits the number of rows."""
        chosen = clone(self.small if len(X) <= self.limit else self.large)
        self.model_ = fit_respecting(chosen, X, y, SplitFacts.of(len(X), groups, time))
        return self


_AT_ONCE = 10_000  # rows, whose kernel needs memory beside their features


class RBFFeatures(TransformerMixin, BaseEstimator):
    """Nystroem features of the RBF kernel (Williams and Seeger 2001) with gamma "scale"."""

    def __init__(self, n_components: int = 1000, random_state: int = 0) -> None:
        self.n_components, self.random_state = n_components, random_state

    def fit(self, X: np.ndarray, y: Any = None) -> RBFFeatures:
        """Choose the landmark rows; gamma is 1 / (n_features * variance), as in SVC."""
        X = np.asarray(X, dtype=np.float64)  # the inverse root of a kernel in single precision has no digits
        gamma = 1.0 / (X.shape[1] * (float(np.var(X)) or 1.0))
        components = min(self.n_components, len(X))
        self.map_ = Nystroem(gamma=gamma, n_components=components, random_state=self.random_state).fit(X)
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """float64 (n_samples, n_components)."""
        parts = [
            self.map_.transform(np.asarray(X[start : start + _AT_ONCE], dtype=np.float64))
            for start in range(0, max(len(X), 1), _AT_ONCE)  # of no rows Nystroem says what is wrong
        ]
        return np.concatenate(parts)

    def count_operations(self, X: Any, count: Count) -> float:
        """The kernel of each landmark row, and a matrix product."""
        landmarks, features = self.map_.components_.shape
        return landmarks * (3.0 * features + 1) + 2.0 * landmarks**2


class StoppedEarly(RespectsSplitFacts, Delegate):
    """Histogram gradient boosting that above ``limit`` training rows stops when left-out rows gain no more.

    The limit and the share of rows are scikit-learn's, which draws these rows at random whatever their groups
    and times. Here they come from the splitter of all models. scikit-learn before 1.7 takes none: there the
    trees of all iterations are kept where rows have groups or times.
    """

    def __init__(self, model: Any, limit: int = 10_000) -> None:
        self.model, self.limit = model, limit

    @property
    def template(self) -> Any:
        """The boosting."""
        return self.model

    def fit(self, X: Any, y: Any, groups: Any = None, time: Any = None) -> StoppedEarly:
        """Fit to all rows, or to those that do not stop it."""
        y, facts, model = np.asarray(y), SplitFacts.of(len(X), groups, time), clone(self.model)
        if len(X) <= self.limit or not has_fit_parameter(model, "X_val"):
            self.model_ = model.set_params(early_stopping=len(X) > self.limit and not facts).fit(X, y)
            return self
        codes = np.unique(y, return_inverse=True)[1] if hasattr(model, "predict_proba") else None
        n_stopping = round(model.validation_fraction * len(X))
        train, stopping = validation_split(len(X), n_stopping, codes, seed_of(model), facts)
        rows = {"X_val": _safe_indexing(X, stopping), "y_val": y[stopping]} if len(stopping) else {}
        model.set_params(early_stopping=bool(rows))
        self.model_ = model.fit(_safe_indexing(X, train), y[train], **rows)
        return self


class RidgeByFolds(RespectsSplitFacts, Delegate):
    """Ridge regression whose strength is chosen by leaving out one row at a time.

    Of rows with groups or times it leaves out folds: a row whose sister stays would be predicted too well.
    """

    def __init__(self, model: RidgeCV, folds: int = 5) -> None:
        self.model, self.folds = model, folds

    @property
    def template(self) -> Any:
        """The regression that leaves out one row at a time."""
        return self.model

    def fit(self, X: Any, y: Any, groups: Any = None, time: Any = None) -> RidgeByFolds:
        """Choose the strength, and fit to all rows."""
        facts, model = SplitFacts.of(X.shape[0], groups, time), clone(self.model)
        if facts:
            model.set_params(cv=self._folds(X.shape[0], facts), scoring="neg_mean_squared_error")
        self.model_ = model.fit(X, y)
        return self

    def _folds(self, n_rows: int, facts: SplitFacts) -> list[Any]:
        """Without a split that the facts allow, the strength that fits best to all rows."""
        everything = np.arange(n_rows)
        return value_folds(n_rows, self.folds, 0, facts) or [(everything, everything)]


class FewNeighbours(Delegate):
    """A neighbours model with at most half of the training rows as neighbours."""

    def __init__(self, model: Any) -> None:
        self.model = model

    @property
    def template(self) -> Any:
        """The model with the number of neighbours that was set."""
        return self.model

    def fit(self, X: Any, y: Any) -> FewNeighbours:
        """Keep the training rows."""
        n_neighbors = min(self.model.n_neighbors, max(1, len(X) // 2))
        self.model_ = clone(self.model).set_params(n_neighbors=n_neighbors).fit(X, y)
        return self

    def __getstate__(self) -> dict[str, Any]:
        """The training rows without their search tree, which takes milliseconds to build again."""
        state = dict(super().__getstate__())
        model = state.pop("model_", None)
        if model is not None:
            codes = np.asarray(model._y)
            state["rows_"] = model._fit_X
            state["answers_"] = model.classes_[codes] if hasattr(model, "classes_") else codes
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The model fitted again to the kept rows."""
        rows, answers = state.pop("rows_", None), state.pop("answers_", None)
        super().__setstate__(state)
        if rows is not None:
            self.fit(rows, answers)


class CodedLabels(ClassifierMixin, BaseEstimator):
    """Any classes for a classifier that takes class codes 0 to K-1 only."""

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
        probabilities = np.asarray(self.model_.predict_proba(X), dtype=np.float64)
        return probabilities / probabilities.sum(axis=1, keepdims=True)

    def count_operations(self, X: Any, count: Count) -> float:
        """Operations of a prediction for one row: those of the classifier."""
        return count(self.model_, X)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row."""
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]


class NamedCategories(BaseEstimator):
    """A CatBoost model with the categorical columns of a frame, found by their dtype."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def fit(self, X: pd.DataFrame, y: Any) -> NamedCategories:
        """Fit with the names of the categorical columns."""
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

    def count_operations(self, X: Any, count: Count) -> float:
        """Operations of a prediction for one row: those of the CatBoost model."""
        return count(self.model_, X)

    def _worded(self, X: pd.DataFrame) -> pd.DataFrame:
        return X.assign(
            **{c: X[c].astype("Int64").fillna(-1).astype(str).astype(object) for c in self.names_}
        )


MANY_CLASSES = 20  # beyond it one score for each pair of classes is too many


class Calibrated(RespectsSplitFacts, ClassifierMixin, BaseEstimator):
    """Logistic regression on cross-validated scores, then one model on all training rows.

    With two classes this is Platt scaling (Platt 1999), with more its multinomial form (matrix scaling,
    Guo et al. 2017). Of kernel machines it uses the scores of pairs of classes rather than the votes of
    one class against the rest: on HOG features of Fashion-MNIST (4,000 rows) that took the log loss from
    0.52 to 0.36. With a class of a single row, or group, there is nothing to calibrate on: the softmax of
    the scores is used.

    Parameters
    ----------
    estimator : classifier with ``decision_function``
    folds : int
        At most; a rare class reduces them.
    """

    def __init__(self, estimator: Any, folds: int = 3) -> None:
        self.estimator, self.folds = estimator, folds

    def fit(self, X: Any, y: Any, groups: Any = None, time: Any = None) -> Calibrated:
        """Fit and calibrate on the same training rows."""
        y = np.asarray(y)
        self.classes_ = np.unique(y)
        model = clone(self.estimator)
        splits = self._splits(y, seed_of(model), SplitFacts.of(len(y), groups, time))
        if splits and "decision_function_shape" in model.get_params():
            many = len(self.classes_) > MANY_CLASSES
            model.set_params(decision_function_shape="ovr" if many else "ovo")
        self.link_ = self._link(model, X, y, splits) if splits else None
        self.model_ = model.fit(X, y)
        return self

    def _splits(self, y: np.ndarray, seed: int, facts: SplitFacts) -> list[Split]:
        """Folds that leave out rows of every class; none where a class cannot be left out."""
        rarest = int(np.unique(y, return_counts=True)[1].min())
        splits = class_folds(y, min(self.folds, rarest), seed, facts)
        left_out = {label for _, rows in splits for label in np.unique(y[rows]).tolist()}
        return splits if len(left_out) == len(self.classes_) else []

    def _link(self, model: Any, X: Any, y: np.ndarray, splits: list[Split]) -> Any:
        """From scores to probabilities, learned on scores of rows that the model did not see."""
        scores = [
            _columns(clone(model).fit(_safe_indexing(X, a), y[a]).decision_function(_safe_indexing(X, b)))
            for a, b in splits
        ]
        link = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        rows = np.concatenate([left_out for _, left_out in splits])
        order = np.argsort(rows)
        return link.fit(np.concatenate(scores)[order], y[rows[order]])

    def count_operations(self, X: Any, count: Count) -> float:
        """The scores, then a logistic regression on them."""
        if self.link_ is None:
            return count(self.model_, X)
        regression = self.link_.steps[-1][1]
        return count(self.model_, X) + 2.0 * regression.n_features_in_ + 2.0 * regression.coef_.size

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (n_samples, n_classes) in the order of ``classes_``."""
        check_is_fitted(self, "model_")
        scores = _columns(self.model_.decision_function(X))
        if self.link_ is not None:
            return self.link_.predict_proba(scores)
        scores = np.hstack([-scores, scores]) / 2 if scores.shape[1] == 1 else scores
        exponential = np.exp(scores - scores.max(axis=1, keepdims=True))
        return exponential / exponential.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row."""
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]


def _columns(scores: np.ndarray) -> np.ndarray:
    return scores[:, None] if scores.ndim == 1 else scores
