"""Any estimator with confidence that was learned inside its own training rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted, column_or_1d

from ...datasets import InputError, unknown_name
from .calibrators import CALIBRATORS, METHODS, Calibrator, Unchanged, choose
from .conformal import LEVEL, check_level, half_width, least_probabilities, prediction_sets
from .cross_fitting import CrossFitted, OutOfFold, inner_splits, offers, out_of_fold
from .decisions import MisclassificationCosts, misclassification_costs
from .reliability import of_classes, of_values


class Calibrated(ClassifierMixin, CrossFitted):
    """A classifier with calibrated probabilities, a threshold by costs, and conformal sets.

    All is learned from out-of-fold predictions of the training rows; then one model is fitted to all of
    them, so that asking it costs what asking ``estimator`` costs. Fitting takes ``cv`` fits more, as one
    fleet where the estimator offers ``fit_many``.

    Parameters
    ----------
    estimator : classifier with ``predict_proba``
    method : {"auto", "none", "temperature", "platt", "isotonic"}
        "auto" takes the simplest whose cross-validated log loss is within a standard error of the best.
    confidence_level : float or None
        How often the true class shall be in :meth:`predict_set`, whichever class it is; None learns no
        sets.
    cost_false_negative, cost_false_positive : float, optional
        What wrong answers cost (two classes): :meth:`predict` then says the positive class from
        c_fp / (c_fp + c_fn) on. With ``method="none"`` probabilities are not taken at their word, and the
        threshold is the one of least cost out of fold.
    positive : str, int or bool, optional
        The class that costs speak of; the second of ``classes_`` by default.
    cv : int, splitter, or iterable of (train, test) row numbers
        Inner folds; each row is left out once at most.

    Attributes
    ----------
    estimator_ : classifier
        Fitted to all rows.
    calibrator_ : Calibrator
    threshold_ : float or None
        Of the positive class's probability.
    least_probabilities_ : ndarray of shape (n_classes,) or None
        From which on each class belongs to the set.
    confidence_ : dict
        All of it in plain numbers, with what was measured out of fold: this is what is saved.
    """

    def __init__(
        self,
        estimator: Any,
        method: str = "auto",
        *,
        confidence_level: float | None = LEVEL,
        cost_false_negative: float | None = None,
        cost_false_positive: float | None = None,
        positive: Any = None,
        cv: Any = 5,
    ) -> None:
        self.estimator, self.method, self.confidence_level = estimator, method, confidence_level
        self.cost_false_negative, self.cost_false_positive = cost_false_negative, cost_false_positive
        self.positive, self.cv = positive, cv

    @property
    def classes_(self) -> np.ndarray:
        """Classes of the estimator."""
        return self.estimator_.classes_

    def predict_proba(self, X: Any) -> np.ndarray:
        """Calibrated probabilities (n_samples, n_classes) in the order of ``classes_``."""
        check_is_fitted(self)
        return self.calibrator_.transform(self.estimator_.predict_proba(X))

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class, or the cheapest where costs were given."""
        check_is_fitted(self)
        found = self.predict_proba(X)
        if self.threshold_ is None:
            return self.classes_[found.argmax(axis=1)]
        place = self._positive_code()
        return self.classes_[np.where(found[:, place] >= self.threshold_, place, 1 - place)]

    def predict_set(self, X: Any) -> np.ndarray:
        """Which classes are plausible at the confidence level: bool (n_samples, n_classes).

        At least one always is; a row with more than one is one for a human.
        """
        check_is_fitted(self)
        if self.least_probabilities_ is None:
            raise InputError("no sets were learned; set confidence_level")
        return prediction_sets(self.predict_proba(X), self.least_probabilities_)

    @available_if(offers("keras_model"))
    def keras_model(self) -> Any:
        """The estimator's Keras model with the calibrator as its last layer."""
        check_is_fitted(self)
        inner = self.estimator_.keras_model()
        if isinstance(self.calibrator_, Unchanged):
            return inner
        import keras

        from .layers import CalibratedProbabilities

        layer = CalibratedProbabilities(self.calibrator_.to_dict(), len(self.classes_), name="calibrated")
        return keras.Model(inner.input, layer(inner.output), name=inner.name)

    def _prepared(self, X: Any, y: Any) -> np.ndarray:
        if self.method not in METHODS:
            raise unknown_name("calibration method", str(self.method), METHODS)
        if self.confidence_level is not None:
            check_level(self.confidence_level)
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        check_consistent_length(X, y)
        if self._costs() is not None and len(np.unique(y)) > 2:
            raise InputError(f"costs are for two classes, the target has {len(np.unique(y))}")
        return y

    def _costs(self) -> MisclassificationCosts | None:
        return misclassification_costs(self.cost_false_negative, self.cost_false_positive)

    def _splits(self, y: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        idle = self.method == "none" and self.confidence_level is None and self._costs() is None
        return [] if idle else inner_splits(y, self.cv, classes=True)

    def _adopt(self, members: Sequence[Any], X: Any, y: np.ndarray, splits: Sequence[Any]) -> None:
        self.estimator_ = members[0]
        left_out = out_of_fold(members[1:], X, splits, self._answer) if splits else None
        codes = None if left_out is None else np.searchsorted(self.classes_, y[left_out.rows])
        self._learn(left_out, codes)

    def _answer(self, member: Any, X: Any) -> np.ndarray:
        """Probabilities in the order of all classes; one that a fold did not train on stays at zero."""
        found = np.asarray(member.predict_proba(X), dtype=np.float64)
        full = np.zeros((len(found), len(self.classes_)))
        full[:, np.searchsorted(self.classes_, member.classes_)] = found
        return full

    def _learn(self, left_out: OutOfFold | None, codes: np.ndarray | None) -> None:
        """Calibrator, threshold and sets from the rows left out."""
        self.calibrator_: Calibrator = Unchanged()
        self.threshold_: float | None = None
        self.least_probabilities_: np.ndarray | None = None
        costs, place = self._costs(), self._positive_code()
        if costs is not None:
            self.threshold_ = costs.threshold
        if self.confidence_level is not None:
            self.least_probabilities_ = np.zeros(len(self.classes_))
        measured = {}
        if left_out is not None and codes is not None:
            raw, parts = left_out.prediction, left_out.parts
            kind = choose(raw, codes, parts) if self.method == "auto" else CALIBRATORS[self.method]
            kind = kind if _learnable(codes, parts) else Unchanged
            self.calibrator_ = kind.fit(raw, codes)
            found = self.calibrator_.transform(raw)
            if costs is not None and self.method == "none":
                self.threshold_ = costs.best_threshold(found[:, place], codes == place)
            if self.confidence_level is not None:
                self.least_probabilities_ = least_probabilities(found, codes, self.confidence_level)
            measured = of_classes(kind, raw, codes, parts, place, self.confidence_level)
        self.confidence_ = self._plain(costs, place, measured)

    def _plain(
        self, costs: MisclassificationCosts | None, place: int, measured: dict[str, Any]
    ) -> dict[str, Any]:
        return {
            "calibrator": self.calibrator_.to_dict(),
            "level": self.confidence_level,
            "least_probabilities": None
            if self.least_probabilities_ is None
            else self.least_probabilities_.tolist(),
            "threshold": self.threshold_,
            "positive": str(self.classes_[place]) if len(self.classes_) == 2 else None,
            "costs": None if costs is None else vars(costs),
            "out_of_fold": measured,
        }

    def _positive_code(self) -> int:
        if self.positive is None or len(self.classes_) != 2:
            return 1
        names = self.classes_.tolist()
        if self.positive not in names:
            raise unknown_name("positive class", str(self.positive), [str(c) for c in names])
        return names.index(self.positive)


class ConformalRegressor(RegressorMixin, CrossFitted):
    """A regressor with intervals that hold the true value as often as stated.

    Parameters
    ----------
    estimator : regressor
    confidence_level : float
        How often the true value shall be within :meth:`predict_interval`.
    cv : int, splitter, or iterable of (train, test) row numbers
        Inner folds; each row is left out once at most.

    Attributes
    ----------
    estimator_ : regressor
        Fitted to all rows.
    half_width_ : float
        What an interval reaches to both sides; infinite where rows are too few for the level.
    confidence_ : dict
        All of it in plain numbers, with what was measured out of fold.
    """

    def __init__(self, estimator: Any, *, confidence_level: float = LEVEL, cv: Any = 5) -> None:
        self.estimator, self.confidence_level, self.cv = estimator, confidence_level, cv

    def predict(self, X: Any) -> np.ndarray:
        """What the estimator predicts."""
        check_is_fitted(self)
        return self.estimator_.predict(X)

    def predict_interval(self, X: Any) -> np.ndarray:
        """Low and high, float64 (n_samples, 2), in the target's units."""
        value = np.asarray(self.predict(X), dtype=np.float64)
        return np.stack([value - self.half_width_, value + self.half_width_], axis=1)

    @available_if(offers("keras_model"))
    def keras_model(self) -> Any:
        """The estimator's Keras model."""
        check_is_fitted(self)
        return self.estimator_.keras_model()

    def _prepared(self, X: Any, y: Any) -> np.ndarray:
        check_level(self.confidence_level)
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        y = column_or_1d(check_array(y, ensure_2d=False, dtype=None, input_name="y"), warn=True)
        check_consistent_length(X, y)
        return y

    def _splits(self, y: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        return inner_splits(y, self.cv, classes=False)

    def _adopt(self, members: Sequence[Any], X: Any, y: np.ndarray, splits: Sequence[Any]) -> None:
        self.estimator_, self.half_width_, measured = members[0], np.inf, {}
        if splits:
            left_out = out_of_fold(members[1:], X, splits, lambda member, rows: member.predict(rows))
            residuals = np.asarray(y, dtype=np.float64)[left_out.rows] - left_out.prediction
            self.half_width_ = half_width(residuals, self.confidence_level)
            measured = of_values(residuals, left_out.parts, self.confidence_level)
        self.confidence_ = {
            "level": self.confidence_level,
            "half_width": self.half_width_ if np.isfinite(self.half_width_) else None,
            "out_of_fold": measured,
        }


def _learnable(codes: np.ndarray, parts: np.ndarray) -> bool:
    """Whether the rows outside of every fold have two classes at least."""
    return all(len(np.unique(codes[parts != part])) > 1 for part in np.unique(parts))
