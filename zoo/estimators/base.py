"""What every network shares as a scikit-learn estimator: parameters, preprocessing, training, prediction."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
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

from ...datasets import Entry, Modality, Task, as_pandas, take
from ..inner_splits import (
    NO_FACTS,
    RespectsSplitFacts,
    Split,
    SplitFacts,
    all_rows,
    member_splits,
    validation_split,
)
from ..preprocessing.base import RawRows, checked_images, checked_texts, coarse
from ..training.settings import check_parameters
from .fitting import FitPlan, OnEnd, Progress, RowSource, fit_many

if TYPE_CHECKING:
    import keras

# XLA takes about 1 s (2 s of CPU time) more to compile a network than TensorFlow to trace it, and saves
# 0.2 (shallow-mlp) to 1 ms (deep-mlp) a step: measured by fitting the Pima diabetes table both ways.
_STEPS_WORTH_COMPILING = 1000
_SHARED_SETTINGS = ("epochs", "learning_rate", "patience", "weight_decay", "schedule")
_PREPROCESSING_ROWS = 200_000  # scales and levels are learned from at most so many
_PREDICTED_IMAGES = 4096  # of different sizes, in network form at once
# Batches an epoch that "auto" aims at: enough steps on small data, few on large.
_BATCHES_OF_FEW, _BATCHES_OF_MANY = 32, 128


class KerasEstimator(RespectsSplitFacts, BaseEstimator):
    """What the estimators of networks share; :func:`estimator_class` makes them from entry files."""

    _entry: Entry
    _defaults: dict[str, Any]

    def __init__(self, **params: object) -> None:
        name = type(self).__name__
        if not hasattr(self, "_entry"):
            raise TypeError(
                f"{name} is a base class; use the class of a network (deepworth models lists them)"
            )
        unknown = sorted(set(params) - set(self._defaults))
        if unknown:
            known = ", ".join(self._defaults)
            raise TypeError(f"{name} has no parameter {unknown[0]!r}; there are: {known}")
        for parameter, value in {**self._defaults, **params}.items():
            setattr(self, parameter, value)

    def fit(
        self,
        X: RawRows,
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        groups: npt.ArrayLike | None = None,
        time: npt.ArrayLike | None = None,
    ) -> Self:
        """Train on raw rows.

        Parameters
        ----------
        X : DataFrame, array, or sequence of images or texts, first axis of length n_samples
            A table may have missing values, categories, dates and free texts.
        y : array-like of shape (n_samples,)
            Class labels, or numbers of a regression.
        sample_weight : array-like of shape (n_samples,), optional
        callbacks : sequence of keras.callbacks.Callback, default=()
            Called after each epoch with the network in training; not for an ensemble. Those that set the
            learning rate are refused: ``schedule`` does that.
        groups : array-like of shape (n_samples,), optional
            Rows with equal values are never split between training and the rows that stop it.
        time : array-like of shape (n_samples,), optional
            Sortable times: the latest rows stop the training, and none of them is trained on.

        Returns
        -------
        self
        """
        self.warm_up()
        started = perf_counter()
        each = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
        fit_many([self], X, y, sample_weight=sample_weight, callbacks=each, groups=groups, time=time)
        self.fit_seconds_ = perf_counter() - started
        return self

    @staticmethod
    def fit_many(
        estimators: Sequence[KerasEstimator],
        X: RawRows,
        y: npt.ArrayLike,
        rows: Sequence[npt.NDArray[np.intp]] | None = None,
        *,
        sample_weight: npt.ArrayLike | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        groups: npt.ArrayLike | None = None,
        time: npt.ArrayLike | None = None,
        progress: Progress | None = None,
        on_end: OnEnd | None = None,
        first_alone: bool = False,
    ) -> None:
        """Fit several estimators as one fleet, see :func:`deepworth.zoo.estimators.fitting.fit_many`."""
        fit_many(
            estimators,
            X,
            y,
            rows,
            sample_weight=sample_weight,
            callbacks=callbacks,
            groups=groups,
            time=time,
            progress=progress,
            on_end=on_end,
            first_alone=first_alone,
        )

    def warm_up(self) -> None:
        """Import what training needs, so that a timed ``fit`` does not pay for it."""
        from importlib import import_module

        from ..preprocessing.runtime import import_tensorflow

        import_tensorflow()
        import_module("deepworth.zoo.training.fleet")
        self._new_preprocessor()  # imports its modules

    def keras_model(self) -> keras.Model:
        """The Keras model from raw rows to probabilities (or values), preprocessing inside.

        Returns
        -------
        keras.Model
            Outputs (batch, n_classes) probabilities in the order of ``classes_``, or (batch, 1) values.
        """
        check_is_fitted(self, "model_")
        import keras

        raw, encoded = self.preprocessor_.raw_layers()
        return keras.Model(raw, self._head(self.model_(encoded)), name=self._entry.name.replace("-", "_"))

    def save(
        self,
        path: str | os.PathLike[str],
        X: RawRows | None = None,
        y: npt.ArrayLike | None = None,
        *,
        overwrite: bool = False,
    ) -> Path:
        """Save the fitted network to a folder that :func:`deepworth.load` opens.

        Parameters
        ----------
        path : str or path
            The new folder.
        X, y : optional
            The training rows; with them the manifest has the fingerprint of the data.
        overwrite : bool, default=False
            Replace a folder that exists.

        Returns
        -------
        Path
            The folder.
        """
        check_is_fitted(self, "model_")
        from ... import save  # the package's own name for it: this floor does not know the one above

        return save(self, path, X=X, y=y, seed=_plain_seed(self.random_state), overwrite=overwrite)

    def n_parameters(self) -> int:
        """Number of weights of the network, those of a pretrained encoder included."""
        check_is_fitted(self, "model_")
        return int(self.model_.count_params()) + int(getattr(self.preprocessor_, "n_parameters", 0))

    @property
    def modality_(self) -> Modality:
        """The kind of raw rows that the network takes."""
        modalities: tuple[Modality, ...] = self._entry.constant("MODALITIES", ())
        return modalities[0]

    def _plan(
        self,
        number: int,
        X: Any,
        y: Any,
        sample_weight: Any,
        rows: np.ndarray | None,
        facts: SplitFacts = NO_FACTS,
    ) -> FitPlan:
        """Check everything, learn the preprocessing, and say what is to be trained."""
        started = perf_counter()
        values = {name: getattr(self, name) for name in self._defaults}
        check_parameters(values, self._defaults, self._entry.constant("LIMITS", {}))
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
        splits = [(rows[a], rows[b]) for a, b in self._inner_splits(y[rows], facts.take(rows))]
        learned_from = _trained_on(rows, splits)
        self.preprocessor_ = self._new_preprocessor().fit(take(X, self._sample(learned_from)))
        target, weight = self._encode_target(y, learned_from), self._final_weight(weight, y, learned_from)
        source = RowSource(self.preprocessor_, X, target, weight)
        makers = [partial(self._replica, source, *split, i) for i, split in enumerate(splits)]
        architecture, settings = self._program(len(splits[0][0]))
        return FitPlan(number, self, architecture, settings, makers, perf_counter() - started)

    def _new_preprocessor(self) -> Any:
        options: dict[str, Any] = self._entry.constant("PREPROCESSING", {})
        encoder = self._entry.constant("ENCODER", None)
        if encoder is not None:
            from ..preprocessing.frozen import frozen_preprocessor

            return frozen_preprocessor(
                encoder, {name: getattr(self, name) for name in self._entry.parameters}
            )
        if self.modality_ == "tabular":
            from ..preprocessing.tables import TablePreprocessor

            return TablePreprocessor(**options)
        if self.modality_ == "text":
            from ..preprocessing.texts import text_preprocessor

            return text_preprocessor(**options)
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

        watched = rows.part(validation) if len(validation) else None
        return Replica(rows.for_training(train), watched, (self._seed + number) % 2**31)

    def _inner_splits(self, y: np.ndarray, facts: SplitFacts = NO_FACTS) -> list[Split]:
        """Rows to train on and rows to validate on, a pair for each member."""
        codes = self._class_codes(y)
        if self.ensemble:
            return member_splits(len(y), int(self.ensemble_size), codes, self._seed, facts)
        n_validation = round(self.validation_fraction * len(y))
        if n_validation < 2 or len(y) - n_validation < 2:
            return all_rows(len(y))
        return [validation_split(len(y), n_validation, codes, self._seed, facts)]

    def _program(self, n_rows: int) -> tuple[Any, Any]:
        """What is compiled, and how it is trained."""
        from ..training.architecture import Architecture
        from ..training.settings import Settings

        values = self._values(n_rows)
        shape = tuple((name, _hashable(values[name])) for name in self._entry.parameters)
        architecture = Architecture(
            self._entry.call,
            shape,
            self.preprocessor_.spec,
            self._units(),
            self._task(),
            self._entry.constant("START", None),
        )
        batch_size = _batch_size(values["batch_size"], n_rows)
        steps = values["epochs"] * (n_rows // min(batch_size, n_rows))
        settings = Settings(
            **{name: values[name] for name in _SHARED_SETTINGS},
            label_smoothing=getattr(self, "label_smoothing", 0.0),
            batch_size=batch_size,
            jit=self._worth_compiling(steps),
            **self._entry.constant("SETTINGS", {}),
        )
        return architecture, settings

    def _worth_compiling(self, steps: int) -> bool:
        """Whether XLA pays: never, from the usual number of steps, or from the one that the entry states."""
        stated = self._entry.constant("JIT", True)
        return bool(stated) and steps >= (_STEPS_WORTH_COMPILING if stated is True else stated)

    def _values(self, n_rows: int) -> dict[str, Any]:
        """The parameters, those that are "auto" as the network's file chooses them for so many rows."""
        values = {name: getattr(self, name) for name in self._defaults}
        choose = self._entry.constant("AUTO", None)
        return values if choose is None else values | choose(self.preprocessor_.spec, coarse(n_rows), values)

    def _adopt(self, architecture: Any, trained: Sequence[Any], planning: float) -> None:
        """Take over the trained members as this estimator's network."""
        from ..training.architecture import combined

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

    def _outputs(self, X: Any) -> np.ndarray:
        check_is_fitted(self, "model_")
        from ..training.program import outputs

        X = self._check_X(X, fitting=False)
        in_parts = isinstance(X, np.ndarray) and X.dtype == object  # images that may lie in a file
        at_once = _PREDICTED_IMAGES if in_parts else max(1, len(X))
        parts = [take(X, slice(i, i + at_once)) for i in range(0, max(1, len(X)), at_once)]
        found = [outputs(self._architecture, self._members, self.preprocessor_.transform(p)) for p in parts]
        return np.concatenate(found) if len(found) > 1 else found[0]

    def _check_X(self, X: Any, fitting: bool) -> Any:
        X = as_pandas(X)
        if self.modality_ == "tabular":
            return self._check_table(X, fitting)
        if self.modality_ == "text":
            return checked_texts(X)
        return checked_images(X)

    def _check_table(self, X: Any, fitting: bool) -> pd.DataFrame:
        if isinstance(X, pd.DataFrame):
            if not X.columns.is_unique:
                double = X.columns[X.columns.duplicated()][0]
                raise ValueError(f"there are several columns {double!r}; rename or drop all but one")
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
            shape, n_members = state.pop("_architecture"), len(state.pop("_members"))
            state["_frame"] = (n_members, shape.params, shape.spec, shape.units, shape.task)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        weights, frame = state.pop("_weights", None), state.pop("_frame", None)
        super().__setstate__(state)
        if weights is None:
            return
        self.warm_up()
        from ..training.architecture import Architecture, combined

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
    def _class_codes(self, y: np.ndarray) -> np.ndarray | None:
        """The classes of checked targets, or None of values."""

    @abstractmethod
    def _units(self) -> int:
        """Linear outputs of the network."""

    @abstractmethod
    def _task(self) -> Task:
        """The task of the targets."""

    @abstractmethod
    def _head(self, outputs: Any) -> Any:
        """Linear outputs to probabilities or values, as Keras layers."""


def _trained_on(rows: np.ndarray, splits: Sequence[Split]) -> np.ndarray:
    """The rows that some member trains on: the future, which none does, teaches the preprocessing nothing."""
    if len(splits) == 1:
        return splits[0][0]
    return rows[np.isin(rows, np.concatenate([train for train, _ in splits]))]


def _batch_size(asked: Any, n_rows: int) -> int:
    if asked != "auto":
        return int(asked)
    few, many = n_rows // _BATCHES_OF_FEW, n_rows // _BATCHES_OF_MANY
    return int(np.clip(few, 32, 256) if many < 256 else min(many, 1024))


def _plain_seed(random_state: Any) -> int | None:
    return int(random_state) if isinstance(random_state, (int, np.integer)) else None


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, np.ndarray)) else value
