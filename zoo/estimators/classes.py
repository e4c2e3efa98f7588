"""Keras networks as scikit-learn estimators over raw rows."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, column_or_1d

from ...datasets import Entry, Task
from .base import TRAINING_DEFAULTS, KerasEstimator


class KerasClassifier(ClassifierMixin, KerasEstimator):
    """A network that gives one probability a class."""

    __doc__ = f"{__doc__}\n\n{inspect.cleandoc(KerasEstimator.__doc__ or '')}"

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of shape (n_samples, n_classes) in the order of ``classes_``, float64."""
        scores = self._outputs(X).astype(np.float64)
        if len(self.classes_) == 2:
            positive = 1.0 / (1.0 + np.exp(-np.clip(scores[:, 0], -500, 500)))
            return np.stack([1.0 - positive, positive], axis=1)
        exponential = np.exp(scores - scores.max(axis=1, keepdims=True))
        return exponential / exponential.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row."""
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
            self.classes_, own = np.unique(y[rows], return_inverse=True)
            codes = np.full(len(y), -1)
            codes[rows] = own
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

    def _strata(self, y: np.ndarray, n_watching: int) -> Any:
        """Stratified unless a class is too rare to stand on both sides."""
        counts = np.bincount(y)
        stratify = counts.min() >= 2 and len(counts) <= min(n_watching, len(y) - n_watching)
        return y if stratify else None

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
    """A network with a linear output, trained on the standardised target by squared error."""

    __doc__ = f"{__doc__}\n\n{inspect.cleandoc(KerasEstimator.__doc__ or '')}"

    def predict(self, X: Any) -> np.ndarray:
        """Values of shape (n_samples,), float64, in the target's units."""
        return self._outputs(X)[:, 0].astype(np.float64) * self.target_scale_ + self.target_mean_

    def _check_y(self, y: Any, rows: np.ndarray | None) -> np.ndarray:
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        y = _numbers(_complete(column_or_1d(y, warn=True)), type(self).__name__)
        return check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")

    def _encode_target(self, y: np.ndarray, train: np.ndarray) -> np.ndarray:
        self.target_mean_ = float(np.mean(y[train]))
        self.target_scale_ = float(np.std(y[train])) or 1.0
        return ((y - self.target_mean_) / self.target_scale_).astype(np.float32)

    def _final_weight(self, weight: np.ndarray, y: np.ndarray, train: np.ndarray) -> np.ndarray:
        return weight / weight[train].mean() if weight[train].any() else weight

    def _strata(self, y: np.ndarray, n_watching: int) -> Any:
        return None

    def _units(self) -> int:
        return 1

    def _task(self) -> Task:
        return "regression"

    def _head(self, outputs: Any) -> Any:
        import keras

        return keras.layers.Rescaling(self.target_scale_, offset=self.target_mean_, name="value")(outputs)


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
def _class(found: Entry, kind: str) -> type:
    base = KerasClassifier if kind == "Classifier" else KerasRegressor
    defaults = {**found.parameters, **TRAINING_DEFAULTS, **found.constant("TRAINING", {})}
    if kind == "Regressor":
        del defaults["class_weight"], defaults["label_smoothing"]

    def __init__(self: Any, **params: Any) -> None:
        KerasEstimator.__init__(self, **params)

    own = [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=v) for n, v in defaults.items()]
    first = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    __init__.__signature__ = inspect.Signature([first, *own])  # type: ignore[attr-defined]
    name = found.class_name(kind)
    body = {
        "__init__": __init__,
        "__doc__": f"{found.description}\n\n{inspect.cleandoc(base.__doc__ or '')}",
        "__module__": "deepworth.zoo",
        "__qualname__": name,
        "_entry": found,
        "_defaults": defaults,
    }
    return type(name, (base,), body)


def estimator_class(entry: Entry, task: str) -> type:
    """The public estimator class of an entry file for a task; the same class each time."""
    return _class(entry, "Regressor" if task == "regression" else "Classifier")
