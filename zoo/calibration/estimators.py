"""Estimators with confidence: calibrated probabilities, thresholds, prediction sets and intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted, column_or_1d

from ...datasets import InputError, unknown_name
from ..inner_splits import Split, SplitFacts, seed_of
from ..preprocessing.base import RawRows
from .calibrators import CALIBRATORS, METHODS, Calibrator, Platt, Unchanged, choose
from .conformal import (
    LEVEL,
    MisclassificationCosts,
    Spread,
    check_level,
    learn_widths,
    least_probabilities,
    misclassification_costs,
    prediction_sets,
)
from .cross_fitting import (
    Classifier,
    CrossFitted,
    Folds,
    OutOfFold,
    Regressor,
    inner_splits,
    offers,
    out_of_fold,
)
from .reliability import measured_intervals, measured_probabilities

if TYPE_CHECKING:
    import keras

Method = Literal["auto", "none", "temperature", "platt", "matrix", "isotonic"]


class Calibrated(ClassifierMixin, CrossFitted):
    """A classifier with calibrated probabilities, a threshold by costs, and conformal prediction sets.

    All of it is learned from out-of-fold predictions of the training rows. Then one model is fitted to all of
    them, so that a prediction takes no longer than with ``estimator`` alone. ``fit`` takes ``cv`` fits more,
    as one fleet where the estimator has ``fit_many``.

    Parameters
    ----------
    estimator : classifier with ``predict_proba``
        Fitted to clones of it; it stays as it is.
    method : {"auto", "none", "temperature", "platt", "matrix", "isotonic"}, default="auto"
        How probabilities are calibrated. "auto" takes the simplest method whose cross-validated log loss is
        within a standard error of the best. "matrix" needs three classes; of two, it is Platt's curve.
    confidence_level : float or None, default=0.9
        How often :meth:`predict_set` holds the true class, whichever class that is; None learns no sets.
    cost_false_negative, cost_false_positive : float, optional
        Misclassification costs, for two classes: :meth:`predict` then gives the positive class from the
        probability c_fp / (c_fp + c_fn) on. With ``method="none"`` probabilities are not calibrated, and the
        threshold is the one of least cost out of fold.
    positive : str, int or bool, optional
        The positive class; the second of ``classes_`` by default.
    cv : int, splitter, or iterable of (train, test) row numbers, default=5
        Inner folds; no row is in more than one test part. Folds of a number are shuffled by the seed of
        ``estimator``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels in the order of the columns of :meth:`predict_proba`.
    estimator_ : classifier
        Fitted to all rows.
    calibrator_ : Calibrator
        The calibration that was chosen and fitted.
    threshold_ : float or None
        Of the positive class's probability.
    least_probabilities_ : ndarray of shape (n_classes,) or None
        The probability from which on each class belongs to the set.
    confidence_ : dict
        All of it in plain numbers, as it is saved: ``calibrator``, ``level``, ``least_probabilities``,
        ``threshold``, ``positive``, ``costs``, and ``out_of_fold`` with log loss, calibration error and
        coverage as they were measured.
    fit_seconds_ : float
        Wall time of ``fit``.

    See Also
    --------
    ConformalRegressor : Prediction intervals for regression.

    References
    ----------
    Platt (1999); Zadrozny and Elkan (2002); Guo, Pleiss, Sun and Weinberger (2017); Berta, Holzmüller, Jordan
    and Bach (2026) for the calibrators; Elkan (2001) for the threshold; Vovk, Gammerman and Shafer (2005) for
    the sets.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from deepworth.zoo import Calibrated
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = Calibrated(GaussianNB(), cost_false_negative=9, cost_false_positive=1).fit(X, y)
    >>> model.calibrator_.method, model.threshold_
    ('temperature', 0.1)
    >>> model.predict_set(X[:3]).tolist()
    [[True, False], [True, False], [True, False]]
    """

    def __init__(
        self,
        estimator: Classifier,
        method: Method = "auto",
        *,
        confidence_level: float | None = LEVEL,
        cost_false_negative: float | None = None,
        cost_false_positive: float | None = None,
        positive: str | int | bool | None = None,
        cv: Folds = 5,
    ) -> None:
        self.estimator, self.method, self.confidence_level = estimator, method, confidence_level
        self.cost_false_negative, self.cost_false_positive = cost_false_negative, cost_false_positive
        self.positive, self.cv = positive, cv

    @property
    def classes_(self) -> npt.NDArray[np.generic]:
        """Class labels in the order of the columns of :meth:`predict_proba`."""
        return self.estimator_.classes_

    def predict_proba(self, X: RawRows) -> npt.NDArray[np.float64]:
        """Calibrated class probabilities.

        Parameters
        ----------
        X : raw rows, as ``estimator`` takes them

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        check_is_fitted(self)
        return self.calibrator_.transform(self.estimator_.predict_proba(X))

    def predict(self, X: RawRows) -> npt.NDArray[np.generic]:
        """The most probable class, or the one of least expected cost if misclassification costs were given.

        Parameters
        ----------
        X : raw rows, as ``estimator`` takes them

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        probabilities = self.predict_proba(X)
        if self.threshold_ is None:
            return self.classes_[probabilities.argmax(axis=1)]
        positive = self._positive_code()
        reached = probabilities[:, positive] >= self.threshold_
        return self.classes_[np.where(reached, positive, 1 - positive)]

    def predict_set(self, X: RawRows) -> npt.NDArray[np.bool_]:
        """Which classes are plausible at the confidence level.

        Parameters
        ----------
        X : raw rows, as ``estimator`` takes them

        Returns
        -------
        bool ndarray of shape (n_samples, n_classes)
            At least one class in every row. A row with several should be referred to a person.

        Raises
        ------
        InputError
            ``confidence_level`` is None.
        """
        check_is_fitted(self)
        if self.least_probabilities_ is None:
            raise InputError("no sets were learned; set confidence_level")
        return prediction_sets(self.predict_proba(X), self.least_probabilities_)

    @available_if(offers("keras_model"))
    def keras_model(self) -> keras.Model:
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
            raise InputError(f"misclassification costs need two classes, the target has {len(np.unique(y))}")
        return y

    def _costs(self) -> MisclassificationCosts | None:
        return misclassification_costs(self.cost_false_negative, self.cost_false_positive)

    def _splits(self, y: np.ndarray, facts: SplitFacts) -> list[Split]:
        idle = self.method == "none" and self.confidence_level is None and self._costs() is None
        return [] if idle else inner_splits(y, self.cv, True, seed_of(self.estimator), facts)

    def _adopt(self, members: Sequence[Any], X: Any, y: np.ndarray, splits: Sequence[Any]) -> None:
        self.estimator_ = members[0]
        left_out = out_of_fold(members[1:], X, splits, self._probabilities) if splits else None
        codes = None if left_out is None else np.searchsorted(self.classes_, y[left_out.rows])
        self._learn(left_out, codes)

    def _probabilities(self, member: Any, X: Any) -> np.ndarray:
        """Probabilities in the order of all classes; one that a fold did not train on stays at zero."""
        known = np.asarray(member.predict_proba(X), dtype=np.float64)
        full = np.zeros((len(known), len(self.classes_)))
        full[:, np.searchsorted(self.classes_, member.classes_)] = known
        return full

    def _learn(self, left_out: OutOfFold | None, codes: np.ndarray | None) -> None:
        """Calibrator, threshold and sets from the rows left out."""
        self.calibrator_: Calibrator = Unchanged()
        self.threshold_: float | None = None
        self.least_probabilities_: np.ndarray | None = None
        costs, positive = self._costs(), self._positive_code()
        if costs is not None:
            self.threshold_ = costs.threshold
        if self.confidence_level is not None:
            self.least_probabilities_ = np.zeros(len(self.classes_))
        measured = {}
        if left_out is not None and codes is not None:
            raw, folds = left_out.prediction, left_out.folds
            kind = choose(raw, codes, folds) if self.method == "auto" else self._named_method()
            kind = kind if _learnable(codes, folds) else Unchanged
            self.calibrator_ = kind.fit(raw, codes)
            calibrated = self.calibrator_.transform(raw)
            if costs is not None and self.method == "none":
                self.threshold_ = costs.best_threshold(calibrated[:, positive], codes == positive)
            if self.confidence_level is not None:
                self.least_probabilities_ = least_probabilities(calibrated, codes, self.confidence_level)
            measured = measured_probabilities(kind, raw, codes, folds, positive, self.confidence_level)
        self.confidence_ = self._plain(costs, positive, measured)

    def _named_method(self) -> type[Calibrator]:
        kind = CALIBRATORS[self.method]
        return kind if len(self.classes_) >= kind.fewest_classes else Platt

    def _plain(
        self, costs: MisclassificationCosts | None, positive: int, measured: dict[str, Any]
    ) -> dict[str, Any]:
        least = self.least_probabilities_
        return {
            "calibrator": self.calibrator_.to_dict(),
            "level": self.confidence_level,
            "least_probabilities": None if least is None else least.tolist(),
            "threshold": self.threshold_,
            "positive": str(self.classes_[positive]) if len(self.classes_) == 2 else None,
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
    """A regressor with prediction intervals that hold the true value at a stated level.

    The width of the intervals is learned from out-of-fold predictions of the training rows. Then one model is
    fitted to all of them. ``fit`` takes ``cv`` fits more, as one fleet where the estimator has ``fit_many``.

    Parameters
    ----------
    estimator : regressor
        Fitted to clones of it; it stays as it is.
    confidence_level : float, default=0.9
        How often :meth:`predict_interval` holds the true value.
    cv : int, splitter, or iterable of (train, test) row numbers, default=5
        Inner folds; no row is in more than one test part. Folds of a number are shuffled by the seed of
        ``estimator``.

    Attributes
    ----------
    estimator_ : regressor
        Fitted to all rows.
    half_width_ : float
        Half the width of an interval where errors have their mean size; infinite where rows are too few for
        the level.
    spread_ : Spread
        The size of errors by the predicted value; half the width of an interval is ``half_width_`` times
        that. It is 1 everywhere unless intervals are clearly better with it.
    confidence_ : dict
        All of it in plain numbers, as it is saved: ``level``, ``half_width``, ``spread``, and ``out_of_fold``
        with the coverage as it was measured.
    fit_seconds_ : float
        Wall time of ``fit``.

    See Also
    --------
    Calibrated : Calibrated probabilities and prediction sets for classification.

    References
    ----------
    Vovk, Gammerman and Shafer (2005); Barber, Candes, Ramdas and Tibshirani (2021); Papadopoulos, Vovk and
    Gammerman (2011) for widths that follow the row.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from deepworth.zoo import ConformalRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = ConformalRegressor(Ridge(), confidence_level=0.8).fit(X, y)
    >>> model.predict_interval(X[:2]).round().tolist()
    [[91.0, 275.0], [46.0, 136.0]]
    >>> round(model.confidence_["out_of_fold"]["coverage"], 2)
    0.8
    """

    def __init__(self, estimator: Regressor, *, confidence_level: float = LEVEL, cv: Folds = 5) -> None:
        self.estimator, self.confidence_level, self.cv = estimator, confidence_level, cv

    def predict(self, X: RawRows) -> npt.NDArray[np.float64]:
        """Predicted value of each row.

        Parameters
        ----------
        X : raw rows, as ``estimator`` takes them

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        return self.estimator_.predict(X)

    def predict_interval(self, X: RawRows) -> npt.NDArray[np.float64]:
        """Interval that holds the true value at the confidence level.

        Parameters
        ----------
        X : raw rows, as ``estimator`` takes them

        Returns
        -------
        ndarray of shape (n_samples, 2)
            Low and high, in the target's units.
        """
        value = np.asarray(self.predict(X), dtype=np.float64)
        width = self.half_width_ * self.spread_.at(value)
        return np.stack([value - width, value + width], axis=1)

    @available_if(offers("keras_model"))
    def keras_model(self) -> keras.Model:
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

    def _splits(self, y: np.ndarray, facts: SplitFacts) -> list[Split]:
        return inner_splits(y, self.cv, False, seed_of(self.estimator), facts)

    def _adopt(self, members: Sequence[Any], X: Any, y: np.ndarray, splits: Sequence[Any]) -> None:
        self.estimator_, self.half_width_, self.spread_, measured = members[0], np.inf, Spread(), {}
        if splits:
            left_out = out_of_fold(members[1:], X, splits, lambda member, test: member.predict(test))
            residuals = np.asarray(y, dtype=np.float64)[left_out.rows] - left_out.prediction
            setting = (left_out.prediction, residuals, left_out.folds, self.confidence_level)
            widths = learn_widths(*setting)
            self.half_width_, self.spread_ = widths.half_width, widths.spread
            measured = measured_intervals(*setting)
        self.confidence_ = {
            "level": self.confidence_level,
            "half_width": self.half_width_ if np.isfinite(self.half_width_) else None,
            "spread": self.spread_.to_dict(),
            "out_of_fold": measured,
        }


def _learnable(codes: np.ndarray, folds: np.ndarray) -> bool:
    """Whether the rows outside of every fold have two classes at least."""
    return all(len(np.unique(codes[folds != fold])) > 1 for fold in np.unique(folds))
