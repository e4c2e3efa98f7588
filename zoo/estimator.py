"""Keras networks as scikit-learn estimators over raw rows."""

from __future__ import annotations

import inspect
import time
import warnings
from abc import abstractmethod
from collections.abc import Sequence
from functools import cache, partial
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_feature_names,
    _check_sample_weight,
    check_array,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from ..datasets._base import Modality, Task, take
from ..datasets._catalogue import Entry
from ._fitting import FitPlan, fit_many
from .preprocessing._base import aligned_zeros
from .preprocessing._raw import checked_images, checked_texts
from .training._checks import check_training

# Parameters every network takes beside those of its entry's build; an entry's TRAINING overrides them.
TRAINING_DEFAULTS: dict[str, Any] = {
    "epochs": 100,
    "batch_size": "auto",
    "learning_rate": 1e-3,
    "patience": 15,
    "weight_decay": 0.0,
    "label_smoothing": 0.0,
    "schedule": "constant",
    "validation_fraction": 0.15,
    "class_weight": None,
    "random_state": None,
    "verbose": 0,
    "ensemble": False,
    "ensemble_size": 5,
}
# XLA takes about 1 s (2 s of CPU time) more to compile a network than TensorFlow to trace it, and saves
# 0.2 (shallow-mlp) to 1 ms (deep-mlp) a step: measured by fitting the Pima diabetes table both ways.
_STEPS_WORTH_COMPILING = 1000
_SETTINGS = ("epochs", "learning_rate", "patience", "weight_decay", "schedule")
_PREPROCESSING_ROWS = 200_000  # scales and levels are learned from at most so many
_ENCODED_ROWS = 65_536  # encoded at once
_STREAMED_BYTES = 2**26  # a table that takes more in network form is encoded anew in each epoch
# Batches an epoch that "auto" aims at: enough steps on small data, few on large.
_BATCHES_OF_FEW, _BATCHES_OF_MANY = 32, 128


class KerasEstimator(BaseEstimator):
    """What classifier and regressor share: parameters, preprocessing, training, prediction.

    Public classes are made from entry files by :func:`estimator_class`. Their parameters are the
    keyword parameters of the entry's ``build`` (the architecture) and those of training:

    Parameters
    ----------
    epochs : int
        Passes over the training rows at most.
    batch_size : int or "auto"
        Rows a step; "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float
        Of AdamW, at the start.
    patience : int or None
        Epochs without a better validation loss before training stops.
    weight_decay : float
        Decoupled decay of matrices (not of biases and embeddings).
    label_smoothing : float
        Share of the target spread evenly over the classes.
    schedule : {"constant", "cosine"}
        Of the learning rate over ``epochs``.
    validation_fraction : float
        Share of the training rows that watches for the best epoch; 0 trains on all rows to the end.
    class_weight : dict, "balanced" or None
        Weights of the classes (classifiers only).
    random_state : int, RandomState or None
    verbose : int
        1 prints a line an epoch on stderr.
    ensemble : bool
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int
        Networks of an ensemble.

    Attributes
    ----------
    model_ : keras.Model
        The trained network: encoded arrays in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch (of the first member of an ensemble).
    best_epoch_ : int
        Whose weights were kept, counted from 0 (of the first member of an ensemble).
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included; for one of several estimators of
        :func:`fit_many` the sum over its networks, whose time was shared with others.
    """

    _entry: Entry
    _defaults: dict[str, Any]

    def __init__(self, **params: Any) -> None:
        unknown = sorted(set(params) - set(self._defaults))
        if unknown:
            known = ", ".join(self._defaults)
            raise TypeError(f"{type(self).__name__} has no parameter {unknown[0]!r}; there are: {known}")
        for name, value in {**self._defaults, **params}.items():
            setattr(self, name, value)

    def fit(self, X: Any, y: Any, sample_weight: Any = None, callbacks: Sequence[Any] = ()) -> Self:
        """Train on raw rows.

        Parameters
        ----------
        X : DataFrame, array, or sequence of images or texts, first axis n_samples
        y : array of shape (n_samples,)
        sample_weight : array of shape (n_samples,), optional
        callbacks : sequence of keras.callbacks.Callback
            Called after each epoch with the network in training; not for an ensemble.
        """
        self.warm_up()
        started = time.perf_counter()
        fit_many([self], X, y, sample_weight=sample_weight, callbacks=callbacks)
        self.fit_seconds_ = time.perf_counter() - started
        return self

    @staticmethod
    def fit_many(estimators: Sequence[KerasEstimator], X: Any, y: Any, *args: Any, **options: Any) -> None:
        """Fit several estimators as one fleet, see :func:`deepworth.zoo._fitting.fit_many`."""
        fit_many(estimators, X, y, *args, **options)

    def warm_up(self) -> None:
        """Import what training needs, so that a timed ``fit`` does not pay for it."""
        from importlib import import_module

        from .preprocessing._tensorflow import import_tensorflow

        import_tensorflow()
        import_module("deepworth.zoo.training._fleet")
        self._new_preprocessor()  # imports its modules

    def keras_model(self) -> Any:
        """The Keras model from raw inputs to probabilities (or values), preprocessing inside.

        Outputs (batch, n_classes) probabilities in the order of ``classes_``, or (batch, 1) values.
        """
        check_is_fitted(self, "model_")
        import keras

        raw, encoded = self.preprocessor_.raw_layers()
        return keras.Model(raw, self._head(self.model_(encoded)), name=self._entry.name.replace("-", "_"))

    def save(self, path: Any, X: Any = None, y: Any = None, *, overwrite: bool = False) -> Any:
        """Save the fitted network to a folder that :func:`deepworth.load` opens; raw rows in, names out.

        ``X`` and ``y``, the training rows, put the fingerprint of the data into the manifest.
        """
        check_is_fitted(self, "model_")
        from .. import save  # the package's own name for it: this floor does not know the one above

        return save(self, path, X=X, y=y, seed=_plain_seed(self.random_state), overwrite=overwrite)

    def n_parameters(self) -> int:
        """Number of fitted weights of the network."""
        check_is_fitted(self, "model_")
        return int(self.model_.count_params())

    @property
    def modality_(self) -> Modality:
        return self._entry.constant("MODALITIES")[0]

    def _plan(self, number: int, X: Any, y: Any, sample_weight: Any, rows: np.ndarray | None) -> FitPlan:
        """Check everything, learn the preprocessing, and say what is to be trained."""
        started = time.perf_counter()
        check_training({name: getattr(self, name) for name in self._defaults})
        X = self._check_X(X, fitting=True)
        y = self._check_y(y, rows)
        if len(y) != len(X):
            raise ValueError(
                f"Found input variables with inconsistent numbers of samples: {[len(X), len(y)]}"
            )
        weight = (
            np.ones(len(y), np.float32)
            if sample_weight is None
            else _check_sample_weight(sample_weight, np.zeros((len(y), 1)))
        )
        rows = np.arange(len(y)) if rows is None else rows
        self._check_weight(weight[rows], y[rows])
        self._seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        splits = [(rows[a], rows[b]) for a, b in self._inner_splits(y[rows])]
        learned_from = rows if self.ensemble else splits[0][0]
        self.preprocessor_ = self._new_preprocessor().fit(take(X, self._sample(learned_from)))
        rest = (X, self._encode_target(y, learned_from), self._final_weight(weight, y, learned_from))
        makers = [partial(self._replica, rest, *split, i) for i, split in enumerate(splits)]
        architecture, settings = self._program(len(splits[0][0]))
        return FitPlan(number, self, architecture, settings, makers, time.perf_counter() - started)

    def _new_preprocessor(self) -> Any:
        options = self._entry.constant("PREPROCESSING", {})
        if self.modality_ == "tabular":
            from .preprocessing.tables import TablePreprocessor

            return TablePreprocessor(**options)
        if self.modality_ == "text":
            from .preprocessing.texts import TextPreprocessor

            return TextPreprocessor(**options)
        from .preprocessing.images import ImagePreprocessor

        return ImagePreprocessor(**options)

    def _check_weight(self, weight: np.ndarray, y: np.ndarray) -> None:
        if not np.any(weight > 0):
            raise ValueError("sample_weight is zero for every row")

    def _sample(self, rows: np.ndarray) -> np.ndarray:
        """At most so many rows that scales and levels are known well."""
        if len(rows) <= _PREPROCESSING_ROWS:
            return rows
        return np.random.default_rng(self._seed).choice(rows, _PREPROCESSING_ROWS, replace=False)

    def _replica(
        self, rest: tuple[Any, np.ndarray, np.ndarray], train: np.ndarray, validation: np.ndarray, number: int
    ) -> Any:
        from .training import Replica, StreamedPart

        watching = self._part(*rest, validation) if len(validation) else None
        part = partial(self._part, *rest)
        streamed = self.modality_ == "tabular" and len(train) * self._bytes_a_row() > _STREAMED_BYTES
        rows = StreamedPart(len(train), lambda places: part(train[places])) if streamed else part(train)
        return Replica(rows, watching, (self._seed + number) % 2**31)

    def _bytes_a_row(self) -> int:
        """Bytes of one row in network form."""
        arrays = self.preprocessor_.spec.arrays
        return sum(int(np.prod(shape)) * np.dtype(dtype).itemsize for _, shape, dtype in arrays)

    def _part(self, X: Any, target: np.ndarray, weight: np.ndarray, rows: np.ndarray) -> Any:
        """Rows in network form, encoded piece by piece so that no second copy of raw rows is made."""
        from .training import Part

        arrays = {
            name: aligned_zeros((len(rows), *shape), dtype)
            for name, shape, dtype in self.preprocessor_.spec.arrays
        }
        for start in range(0, len(rows), _ENCODED_ROWS):
            piece = rows[start : start + _ENCODED_ROWS]
            for name, values in self.preprocessor_.transform(take(X, piece)).items():
                arrays[name][start : start + len(piece)] = values
        return Part(arrays, target[rows], weight[rows].astype(np.float32))

    def _inner_splits(self, y: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Rows to train on and rows that watch, a pair for each member; too few rows are all trained on."""
        rows = np.arange(len(y))
        if self.ensemble:
            return self._member_splits(y)
        n_watching = round(self.validation_fraction * len(y))
        if n_watching < 2 or len(y) - n_watching < 2:
            return [(rows, rows[:0])]
        strata = self._strata(y, n_watching)
        return [tuple(train_test_split(rows, test_size=n_watching, stratify=strata, random_state=self._seed))]  # type: ignore[list-item]

    def _member_splits(self, y: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """The folds of a cross-validation; with fewer rows than two a fold, all rows for every member."""
        rows, n_members = np.arange(len(y)), int(self.ensemble_size)
        if len(y) < 2 * n_members:
            return [(rows, rows[:0])] * n_members
        strata = self._strata(y, len(y) // n_members)
        kind = KFold if strata is None else StratifiedKFold
        with warnings.catch_warnings():  # a class rarer than the folds is in some of them only
            warnings.simplefilter("ignore", UserWarning)
            splitter = kind(n_members, shuffle=True, random_state=self._seed)
            return list(splitter.split(rows, strata))

    def _program(self, n_rows: int) -> tuple[Any, Any]:
        """What is compiled, and how it is trained."""
        from .training import Architecture, Settings

        own = {name: _hashable(getattr(self, name)) for name in self._entry.parameters}
        architecture = Architecture(
            self._entry.call, tuple(own.items()), self.preprocessor_.spec, self._units(), self._task()
        )
        batch_size = self._batch_size(n_rows)
        steps = self.epochs * (n_rows // min(batch_size, n_rows))
        settings = Settings(
            **{name: getattr(self, name) for name in _SETTINGS},
            label_smoothing=getattr(self, "label_smoothing", 0.0),
            batch_size=batch_size,
            jit=self._entry.constant("JIT", True) and steps >= _STEPS_WORTH_COMPILING,
            **self._entry.constant("SETTINGS", {}),
        )
        return architecture, settings

    def _adopt(self, architecture: Any, trained: Sequence[Any], planning: float) -> None:
        """Take over the trained members as this estimator's network."""
        from .training import combined

        self._architecture = architecture
        self._members = [each.model for each in trained]
        self.model_ = combined(architecture, self._members)
        self.members_ = [
            {"history": each.history.history, "best_epoch": each.best_epoch, "seconds": each.seconds}
            for each in trained
        ]
        self.history_, self.best_epoch_ = trained[0].history.history, trained[0].best_epoch
        self.n_iter_ = max(len(each.history.epoch) for each in trained)
        self.fit_seconds_ = planning + sum(each.seconds for each in trained)

    def _batch_size(self, n_rows: int) -> int:
        if self.batch_size != "auto":
            return int(self.batch_size)
        few, many = n_rows // _BATCHES_OF_FEW, n_rows // _BATCHES_OF_MANY
        wanted = int(np.clip(few, 32, 256) if many < 256 else min(many, 1024))
        return max(wanted, self._entry.constant("SMALLEST_BATCH", 32))

    def _outputs(self, X: Any) -> np.ndarray:
        check_is_fitted(self, "model_")
        from .training import outputs

        X = self._check_X(X, fitting=False)
        return outputs(self._architecture, self._members, self.preprocessor_.transform(X))

    def _check_X(self, X: Any, fitting: bool) -> Any:
        if self.modality_ == "tabular":
            return self._check_table(X, fitting)
        if self.modality_ == "text":
            return checked_texts(X)
        return checked_images(X)

    def _check_table(self, X: Any, fitting: bool) -> pd.DataFrame:
        if isinstance(X, pd.DataFrame):
            if fitting:
                _check_feature_names(self, X, reset=True)
                self.n_features_in_ = X.shape[1]
            if len(X) == 0 or X.shape[1] == 0:
                shape = f"{len(X)} sample(s) and {X.shape[1]} feature(s)"
                raise ValueError(f"Found array with {shape} while a minimum of 1 is required.")
            return X
        checked = validate_data(self, X, reset=fitting, dtype=None, ensure_all_finite=False)
        if checked.dtype.kind not in "OSU":
            checked = check_array(checked, dtype=np.float64, ensure_all_finite=False)
        return pd.DataFrame(checked, columns=[f"x{i}" for i in range(checked.shape[1])])

    def __getstate__(self) -> dict[str, Any]:
        """Weights as arrays instead of the live Keras model, so that copies travel between processes."""
        state = dict(super().__getstate__())
        if "model_" in state:
            model = state.pop("model_")
            state["_weights"] = [v.numpy() for v in model.variables]
            found = state.pop("_architecture")
            state["_frame"] = (len(state.pop("_members")), found.params, found.spec, found.units, found.task)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        weights, frame = state.pop("_weights", None), state.pop("_frame", None)
        super().__setstate__(state)
        if weights is None:
            return
        self.warm_up()
        from .training import Architecture, combined

        n_members, *rest = frame
        self._architecture = Architecture(self._entry.call, *rest)
        self._members = [self._architecture.new(0) for _ in range(n_members)]
        self.model_ = combined(self._architecture, self._members)
        for variable, value in zip(self.model_.variables, weights, strict=True):
            variable.assign(value)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = tags.input_tags.string = self.modality_ != "image"
        tags.input_tags.two_d_array = self.modality_ == "tabular"
        tags.non_deterministic = False
        return tags

    @abstractmethod
    def _check_y(self, y: Any, rows: np.ndarray | None) -> np.ndarray:
        """Checked targets: codes of the classes that ``rows`` hold (others -1), or values."""

    @abstractmethod
    def _encode_target(self, y: np.ndarray, train: np.ndarray) -> np.ndarray:
        """Targets as the loss wants them; what is learned is learned from the ``train`` rows."""

    @abstractmethod
    def _final_weight(self, weight: np.ndarray, y: np.ndarray, train: np.ndarray) -> np.ndarray:
        """Row weights with mean 1 over the ``train`` rows."""

    @abstractmethod
    def _strata(self, y: np.ndarray, n_watching: int) -> Any:
        """What the inner split is stratified by, or None."""

    @abstractmethod
    def _units(self) -> int:
        """Linear outputs of the network."""

    @abstractmethod
    def _task(self) -> Task:
        """The task that the targets ask for."""

    @abstractmethod
    def _head(self, outputs: Any) -> Any:
        """Linear outputs to probabilities or values, as Keras layers."""


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
        y = column_or_1d(y, warn=True)
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
        return column_or_1d(check_array(y, ensure_2d=False, dtype=np.float64, input_name="y"), warn=True)

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


def _plain_seed(random_state: Any) -> int | None:
    return int(random_state) if isinstance(random_state, (int, np.integer)) else None


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, np.ndarray)) else value
