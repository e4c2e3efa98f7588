"""Train replicas of an architecture: shuffling, learning-rate schedule, early stopping, best epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf

from ..preprocessing._base import coarse
from ._program import Architecture, Program, program, split_weights

Progress = Callable[[int, int, dict[str, float]], None]


@dataclass(frozen=True)
class Settings:
    """How a network is trained.

    ``batch_size`` is rounded down to a power of two that the rows can fill, and the last partial
    batch of an epoch is left out (its rows come first in another). ``patience`` counts epochs without
    a better validation loss; None never stops early. The best epoch's weights are kept in any case.
    """

    epochs: int = 100
    batch_size: int = 32
    learning_rate: float = 1e-3
    patience: int | None = 15
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    schedule: Literal["constant", "cosine"] = "constant"
    jit: bool = True


@dataclass
class Part:
    """Rows in network form: arrays with first axis n, target (n,), weight float32 (n,)."""

    arrays: dict[str, np.ndarray]
    target: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return len(self.target)


@dataclass
class Replica:
    """One network to train: its rows, its validation rows (or None), its seed."""

    train: Part
    validation: Part | None
    seed: int


@dataclass
class Trained:
    """A trained Keras model with what happened on the way."""

    model: keras.Model
    history: dict[str, list[float]]
    best_epoch: int
    seconds: float


@dataclass
class _Best:
    loss: float = math.inf
    epoch: int = 0
    weights: tuple[list[Any], list[Any]] | None = field(default=None, repr=False)


def train(
    architecture: Architecture,
    replicas: Sequence[Replica],
    settings: Settings,
    progress: Progress | None = None,
) -> list[Trained]:
    """Train one network for each replica, all by the same compiled program.

    A replica's result depends on its own rows and seed only, not on its neighbours.
    """
    return [_train_one(architecture, replica, settings, progress) for replica in replicas]


def _train_one(
    architecture: Architecture, replica: Replica, settings: Settings, progress: Progress | None
) -> Trained:
    started = time.perf_counter()
    batch_size = usable_batch(settings.batch_size, len(replica.train))
    compiled = program(architecture, batch_size, settings.jit, settings.label_smoothing)
    model = architecture.new(replica.seed)
    history: dict[str, list[float]] = {"loss": []}
    best = _Best()
    for epoch, (state, loss) in enumerate(_epochs(compiled, model, replica, settings)):
        logs = {"loss": loss}
        if replica.validation is not None:
            logs["val_loss"] = _validation_loss(compiled, state, replica.validation)
        _check_finite(logs, epoch)
        for name, value in logs.items():
            history.setdefault(name, []).append(value)
        watched = logs.get("val_loss")
        if watched is None or watched < best.loss:
            best = _Best(watched if watched is not None else loss, epoch, (state[0], state[1]))
        if progress is not None:
            progress(epoch + 1, settings.epochs, logs)
        if settings.patience is not None and watched is not None and epoch - best.epoch >= settings.patience:
            break
    _set_weights(model, best.weights)
    return Trained(model, history, best.epoch, time.perf_counter() - started)


def usable_batch(batch_size: int, n_rows: int) -> int:
    """The largest power of two up to ``batch_size`` that ``n_rows`` can fill."""
    return 2 ** int(math.log2(max(1, min(batch_size, n_rows))))


def _epochs(
    compiled: Program, model: keras.Model, replica: Replica, settings: Settings
) -> Iterator[tuple[Any, float]]:
    """State and mean training loss after each epoch."""
    trainable, other = split_weights(model)
    zeros = [tf.zeros_like(v) for v in trainable]
    state: Any = (trainable, other, zeros, list(zeros), tf.constant(0.0))
    part = _padded(replica.train) if settings.jit else replica.train
    arrays = {name: tf.constant(x) for name, x in part.arrays.items()}
    target, weight = tf.constant(part.target), tf.constant(part.weight)
    rng = np.random.default_rng(replica.seed)
    decay = tf.constant(settings.weight_decay, tf.float32)
    for epoch in range(settings.epochs):
        indices = tf.constant(_batches(rng, len(replica.train), compiled.batch_size))
        rate = tf.constant(learning_rate(settings, epoch), tf.float32)
        state, loss = compiled.epoch(state, arrays, target, weight, indices, rate, decay)
        yield state, float(loss)


def learning_rate(settings: Settings, epoch: int) -> float:
    """The rate of an epoch: constant, or half a cosine from the start to nearly zero."""
    if settings.schedule == "constant":
        return settings.learning_rate
    return settings.learning_rate * 0.5 * (1.0 + math.cos(math.pi * epoch / settings.epochs))


def _batches(rng: np.random.Generator, n_rows: int, batch_size: int) -> np.ndarray:
    steps = n_rows // batch_size
    return rng.permutation(n_rows)[: steps * batch_size].reshape(steps, batch_size).astype(np.int32)


def _padded(part: Part) -> Part:
    """Rows rounded up to a coarse grid, so that folds of nearly equal size share compiled code.

    The added rows are never drawn: row numbers come from the real ones only.
    """
    extra = coarse(len(part)) - len(part)

    def pad(x: np.ndarray) -> np.ndarray:
        return np.pad(x, [(0, extra)] + [(0, 0)] * (x.ndim - 1))

    return Part({k: pad(v) for k, v in part.arrays.items()}, pad(part.target), pad(part.weight))


def _validation_loss(compiled: Program, state: Any, part: Part, chunk: int = 1024) -> float:
    total = 0.0
    for start in range(0, len(part), chunk):
        rows = slice(start, start + chunk)
        arrays = {name: tf.constant(x[rows]) for name, x in part.arrays.items()}
        losses = compiled.losses(state[0], state[1], arrays, tf.constant(part.target[rows])).numpy()
        total += float(np.sum(losses * part.weight[rows], dtype=np.float64))
    return total / max(float(np.sum(part.weight, dtype=np.float64)), 1e-12)


def _check_finite(logs: dict[str, float], epoch: int) -> None:
    if not all(math.isfinite(value) for value in logs.values()):
        raise ValueError(
            f"training diverged in epoch {epoch + 1}: the loss is not finite; use a smaller learning_rate"
        )


def _set_weights(model: keras.Model, weights: Any) -> None:
    for variables, values in zip(
        (model.trainable_variables, model.non_trainable_variables), weights, strict=True
    ):
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
