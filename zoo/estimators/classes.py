"""Keras networks as scikit-learn estimators over raw rows: one class for each network and kind of target."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, column_or_1d

from ...datasets import Entry, Task
from ..preprocessing.base import RawRows
from ..preprocessing.scales import mean_and_deviation
from .base import KerasEstimator
from .parameters import Kind, class_name, defaults_of, documentation, kind_of, parameters_of


class KerasClassifier(ClassifierMixin, KerasEstimator):
    """Base class of the networks that classify, such as ``deepworth.zoo.DeepMLPClassifier``.

    Every network in ``deepworth.zoo`` is a scikit-learn classifier over raw rows: a table with missing
    values, categories, dates and free texts, images of any size, or texts. Its parameters are those of its
    architecture and of its training, see ``help(deepworth.zoo.DeepMLPClassifier)``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels in the order of the columns of ``predict_proba``.
    model_ : keras.Model
        The trained network: encoded rows in, logits out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch.

    See Also
    --------
    KerasRegressor : Networks that predict numbers.
    Calibrated : Calibrated probabilities, thresholds and prediction sets for any classifier.

    Examples
    --------
    >>> from deepworth.zoo import CNNClassifier, KerasClassifier
    >>> issubclass(CNNClassifier, KerasClassifier)
    True
    >>> CNNClassifier(epochs=5).get_params()["epochs"]
    5
    """

    def predict_proba(self, X: RawRows) -> npt.NDArray[np.float64]:
        """Class probabilities of each row.

        Parameters
        ----------
        X : DataFrame, array, or sequence of images or texts, first axis of length n_samples

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        scores = self._outputs(X).astype(np.float64)
        if len(self.classes_) == 2:
            positive = 1.0 / (1.0 + np.exp(-np.clip(scores[:, 0], -500, 500)))
            return np.stack([1.0 - positive, positive], axis=1)
        exponential = np.exp(scores - scores.max(axis=1, keepdims=True))
        return exponential / exponential.sum(axis=1, keepdims=True)

    def predict(self, X: RawRows) -> npt.NDArray[np.generic]:
        """The most probable class of each row.

        Parameters
        ----------
        X : DataFrame, array, or sequence of images or texts, first axis of length n_samples

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        best = np.argmax(self.predict_proba(X), axis=1)
        return self.classes_[best]

    def _check_y(self, y: Any, rows: np.ndarray | None) -> np.ndarray:
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        y = _complete(column_or_1d(y, warn=True))
        check_classification_targets(y)
        if rows is None:
            self.classes_, codes = np.unique(y, return_inverse=True)
        else:
            self.classes_, codes_of_rows = np.unique(y[rows], return_inverse=True)
            codes = np.full(len(y), -1)
            codes[rows] = codes_of_rows
        if len(self.classes_) < 2:
            only = self.classes_.tolist()[0]
            raise ValueError(f"the target has one class only, {only!r}; at least two classes are needed")
        return codes

    def _encode_target(self, y: np.ndarray, train: np.ndarray) -> np.ndarray:
        return y.astype(np.float32 if len(self.classes_) == 2 else np.int32)

    def _final_weight(self, weight: np.ndarray, y: np.ndarray, train: np.ndarray) -> np.ndarray:
        from sklearn.utils.class_weight import compute_sample_weight

        if self.class_weight is not None:
            known = y >= 0
            weight = weight.copy()
            weight[known] *= compute_sample_weight(self._weight_by_code(), y[known])
        return weight / weight[train].mean() if weight[train].any() else weight

    def _weight_by_code(self) -> Any:
        if not isinstance(self.class_weight, dict):
            return self.class_weight
        code = {c: i for i, c in enumerate(self.classes_.tolist())}
        unknown = [c for c in self.class_weight if c not in code]
        if unknown:
            raise ValueError(f"class_weight names {unknown[0]!r}; the classes are {list(code)}")
        return {i: self.class_weight.get(c, 1.0) for c, i in code.items()}

    def _class_codes(self, y: np.ndarray) -> np.ndarray | None:
        return y

    def _units(self) -> int:
        return 1 if len(self.classes_) == 2 else len(self.classes_)

    def _task(self) -> Task:
        return "binary" if len(self.classes_) == 2 else "multiclass"

    def _head(self, outputs: Any) -> Any:
        import keras

        if self._task() == "multiclass":
            return keras.layers.Activation("softmax", name="probabilities")(outputs)
        # Not 1 - positive: in single precision a small probability would lose its digits.
        both = [keras.layers.Activation("sigmoid")(z) for z in (-outputs, outputs)]
        return keras.layers.Concatenate(name="probabilities")(both)


class KerasRegressor(RegressorMixin, KerasEstimator):
    """Base class of the networks that predict numbers, such as ``deepworth.zoo.DeepMLPRegressor``.

    Every network in ``deepworth.zoo`` is a scikit-learn regressor over raw rows: a table with missing
    values, categories, dates and free texts, images of any size, or texts. It is trained on the standardised
    target by squared error. Its parameters are those of its architecture and of its training, see
    ``help(deepworth.zoo.DeepMLPRegressor)``.

    Attributes
    ----------
    model_ : keras.Model
        The trained network: encoded rows in, standardised values out.
    target_mean_, target_scale_ : float
        Mean and standard deviation of the training target.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch.

    See Also
    --------
    KerasClassifier : Networks that classify.
    ConformalRegressor : Prediction intervals for any regressor.

    Examples
    --------
    >>> from deepworth.zoo import CNNRegressor, KerasRegressor
    >>> issubclass(CNNRegressor, KerasRegressor)
    True
    >>> CNNRegressor(epochs=5).get_params()["epochs"]
    5
    """

    def predict(self, X: RawRows) -> npt.NDArray[np.float64]:
        """Predicted value of each row, in the target's units.

        Parameters
        ----------
        X : DataFrame, array, or sequence of images or texts, first axis of length n_samples

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return self._outputs(X)[:, 0].astype(np.float64) * self.target_scale_ + self.target_mean_

    def _check_y(self, y: Any, rows: np.ndarray | None) -> np.ndarray:
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        y = _numbers(_complete(column_or_1d(y, warn=True)), type(self).__name__)
        return check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")

    def _encode_target(self, y: np.ndarray, train: np.ndarray) -> np.ndarray:
        self.target_mean_, self.target_scale_ = mean_and_deviation(y[train])
        return ((y - self.target_mean_) / self.target_scale_).astype(np.float32)

    def _final_weight(self, weight: np.ndarray, y: np.ndarray, train: np.ndarray) -> np.ndarray:
        return weight / weight[train].mean() if weight[train].any() else weight

    def _class_codes(self, y: np.ndarray) -> np.ndarray | None:
        return None

    def _units(self) -> int:
        return 1

    def _task(self) -> Task:
        return "regression"

    def _head(self, outputs: Any) -> Any:
        from ..preprocessing.layers import TargetUnits

        return TargetUnits(self.target_scale_, self.target_mean_, name="value")(outputs)


def _complete(y: np.ndarray) -> np.ndarray:
    """The target, refused where rows have none: nothing can be learned or scored there."""
    missing = np.flatnonzero(pd.isna(y))
    if len(missing):
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ValueError(
            f"Input y contains NaN: no target in row {missing[0]}{more}; drop the rows without a target"
        )
    return y


def _numbers(y: np.ndarray, name: str) -> np.ndarray:
    """The target of a regressor, refused with its first value that is no number."""
    if y.dtype.kind in "fiub":
        return y
    for value in y:
        try:
            float(value)
        except (TypeError, ValueError):
            classifier = name.replace("Regressor", "Classifier")
            shown = value.item() if isinstance(value, np.generic) else value
            raise ValueError(
                f"{name} predicts numbers, but y holds {shown!r}; {classifier} predicts classes"
            ) from None
    return y.astype(np.float64)


@cache
def _class(entry: Entry, kind: Kind) -> type[KerasEstimator]:
    """A class whose ``__init__`` has the network's parameters by name, as scikit-learn wants them."""

    def __init__(self: KerasEstimator, **params: object) -> None:
        KerasEstimator.__init__(self, **params)

    first = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    keywords = [
        inspect.Parameter(p.name, inspect.Parameter.KEYWORD_ONLY, default=p.default, annotation=p.annotation)
        for p in parameters_of(entry, kind)
    ]
    __init__.__signature__ = inspect.Signature([first, *keywords])  # type: ignore[attr-defined]
    name = class_name(entry, kind)
    body = {
        "__init__": __init__,
        "__doc__": documentation(entry, kind),
        "__module__": "deepworth.zoo",
        "__qualname__": name,
        "_entry": entry,
        "_defaults": defaults_of(entry, kind),
    }
    return type(name, (KerasClassifier if kind == "Classifier" else KerasRegressor,), body)


def estimator_class(entry: Entry, task: str) -> type[KerasEstimator]:
    """The estimator class of a network's entry file for a task; the same class each time."""
    return _class(entry, kind_of(task))
