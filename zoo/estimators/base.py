"""What every network shares as a scikit-learn estimator: parameters, preprocessing, training, prediction."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import (
    _check_feature_names,
    _check_sample_weight,
    check_array,
    check_is_fitted,
    validate_data,
)

from ...datasets import Entry, Modality, Task, take
from ..preprocessing.base import checked_images, checked_texts
from ..training.settings import check_training
from .fitting import FitPlan, fit_many
from .rows import RowSource, Split, all_rows, member_splits, watched_split

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
            Called after each epoch with the network in training; not for an ensemble. Those that set the
            learning rate are refused: ``schedule`` does that.
        """
        self.warm_up()
        started = time.perf_counter()
        given = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
        fit_many([self], X, y, sample_weight=sample_weight, callbacks=given)
        self.fit_seconds_ = time.perf_counter() - started
        return self

    @staticmethod
    def fit_many(estimators: Sequence[KerasEstimator], X: Any, y: Any, *args: Any, **options: Any) -> None:
        """Fit several estimators as one fleet, see :func:`deepworth.zoo.estimators.fitting.fit_many`."""
        fit_many(estimators, X, y, *args, **options)

    def warm_up(self) -> None:
        """Import what training needs, so that a timed ``fit`` does not pay for it."""
        from importlib import import_module

        from ..preprocessing.runtime import import_tensorflow

        import_tensorflow()
        import_module("deepworth.zoo.training.fleet")
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
        from ... import save  # the package's own name for it: this floor does not know the one above

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
        check_training({name: getattr(self, name) for name in self._defaults}, self._defaults)
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
        target, weight = self._encode_target(y, learned_from), self._final_weight(weight, y, learned_from)
        source = RowSource(self.preprocessor_, X, target, weight)
        makers = [partial(self._replica, source, *split, i) for i, split in enumerate(splits)]
        architecture, settings = self._program(len(splits[0][0]))
        return FitPlan(number, self, architecture, settings, makers, time.perf_counter() - started)

    def _new_preprocessor(self) -> Any:
        options = self._entry.constant("PREPROCESSING", {})
        if self.modality_ == "tabular":
            from ..preprocessing.tables import TablePreprocessor

            return TablePreprocessor(**options)
        if self.modality_ == "text":
            from ..preprocessing.texts import TextPreprocessor

            return TextPreprocessor(**options)
        from ..preprocessing.images import ImagePreprocessor

        return ImagePreprocessor(**options)

    def _check_weight(self, weight: np.ndarray, y: np.ndarray) -> None:
        if np.any(weight < 0):
            raise ValueError(f"sample_weight must not be negative, got {weight.min():g}")
        if not np.any(weight > 0):
            raise ValueError("sample_weight is zero for every row")

    def _sample(self, rows: np.ndarray) -> np.ndarray:
        """At most so many rows that scales and levels are known well."""
        if len(rows) <= _PREPROCESSING_ROWS:
            return rows
        return np.random.default_rng(self._seed).choice(rows, _PREPROCESSING_ROWS, replace=False)

    def _replica(self, rows: RowSource, train: np.ndarray, validation: np.ndarray, number: int) -> Any:
        from ..training.architecture import Replica

        watching = rows.part(validation) if len(validation) else None
        return Replica(rows.for_training(train), watching, (self._seed + number) % 2**31)

    def _inner_splits(self, y: np.ndarray) -> list[Split]:
        """Rows to train on and rows that watch, a pair for each member."""
        if self.ensemble:
            n_members = int(self.ensemble_size)
            return member_splits(len(y), n_members, self._strata(y, len(y) // n_members), self._seed)
        n_watching = round(self.validation_fraction * len(y))
        if n_watching < 2 or len(y) - n_watching < 2:
            return all_rows(len(y))
        return [watched_split(len(y), n_watching, self._strata(y, n_watching), self._seed)]

    def _program(self, n_rows: int) -> tuple[Any, Any]:
        """What is compiled, and how it is trained."""
        from ..training.architecture import Architecture
        from ..training.settings import Settings

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
        from ..training.mixture import combined

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
        from ..training.program import outputs

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
            if not X.columns.is_unique:
                twice = X.columns[X.columns.duplicated()][0]
                raise ValueError(f"column {twice!r} stands more than once; rename or drop one of them")
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
        from ..training.architecture import Architecture
        from ..training.mixture import combined

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


def _plain_seed(random_state: Any) -> int | None:
    return int(random_state) if isinstance(random_state, (int, np.integer)) else None


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, np.ndarray)) else value
