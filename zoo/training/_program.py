"""One architecture compiled once: whole epochs, validation and prediction as TensorFlow functions.

Weights and optimiser state go in and come out as tensors, so one program serves any number of
trainings, and nothing is traced again between folds. Keras optimisers refuse a stateless step on
TensorFlow, so AdamW (Kingma and Ba 2015; Loshchilov and Hutter 2019) is written out here.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...datasets._base import Task
from ..preprocessing._base import InputSpec

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7


@dataclass(frozen=True)
class Architecture:
    """What a network is, hashable: the entry's ``build``, its parameters, inputs and outputs."""

    build: Callable[..., Any]
    params: tuple[tuple[str, Any], ...]
    spec: InputSpec
    units: int
    task: Task

    def new(self, seed: int) -> keras.Model:
        """A network with fresh weights; the caller's random state stays as it was."""
        with seeded(seed):
            return self.build(self.spec, self.units, **dict(self.params))


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Keras draws the seeds of its layers from Python's generator: fix it, then give it back."""
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


class Program:
    """The compiled functions of one architecture."""

    def __init__(
        self, architecture: Architecture, batch_size: int, jit: bool, label_smoothing: float
    ) -> None:
        self.architecture, self.batch_size, self.jit = architecture, batch_size, jit
        self.label_smoothing = label_smoothing
        self.model = architecture.new(0)
        self.decayed = [
            len(v.shape) > 1 and "embedding" not in v.path for v in self.model.trainable_variables
        ]
        arrays = architecture.spec.arrays
        self._inputs = {name: tf.TensorSpec((None, *shape), dtype) for name, shape, dtype in arrays}
        self._target = tf.TensorSpec((None,), tf.int32 if architecture.task == "multiclass" else tf.float32)
        self._trainable = [tf.TensorSpec(v.shape, v.dtype) for v in self.model.trainable_variables]
        self._other = [tf.TensorSpec(v.shape, v.dtype) for v in self.model.non_trainable_variables]

    # Concrete functions: traced at first use and never again, whatever the number of rows.
    @cached_property
    def epoch(self) -> Any:
        """State and mean loss after one pass over given batches."""
        weight, scalar = tf.TensorSpec((None,), tf.float32), tf.TensorSpec((), tf.float32)
        state = (self._trainable, self._other, self._trainable, self._trainable, scalar)
        indices = tf.TensorSpec((None, self.batch_size), tf.int32)
        signature = (state, self._inputs, self._target, weight, indices, scalar, scalar)
        return tf.function(self._epoch, jit_compile=self.jit).get_concrete_function(*signature)

    @cached_property
    def losses(self) -> Any:
        """Loss of each row, nothing dropped out."""
        signature = (self._trainable, self._other, self._inputs, self._target)
        return tf.function(self._losses).get_concrete_function(*signature)

    @cached_property
    def forward(self) -> Any:
        """Linear outputs of each row."""
        signature = (self._trainable, self._other, self._inputs)
        return tf.function(self._forward).get_concrete_function(*signature)

    def _epoch(self, state, inputs, target, weight, indices, learning_rate, weight_decay):  # type: ignore[no-untyped-def]
        """One pass over the batches whose row numbers stand in ``indices`` (steps, batch_size)."""
        steps = tf.shape(indices)[0]

        def step(i, state, total):  # type: ignore[no-untyped-def]
            trainable, other, first, second, count = state
            rows = indices[i]
            batch = {name: tf.gather(x, rows) for name, x in inputs.items()}
            with tf.GradientTape() as tape:
                tape.watch(trainable)
                outputs, other = self.model.stateless_call(trainable, other, batch, training=True)
                loss = self._loss(tf.gather(target, rows), outputs, self.label_smoothing)
                loss = tf.reduce_mean(loss * tf.gather(weight, rows))
            gradients = _clipped(tape.gradient(loss, trainable, unconnected_gradients="zero"))
            moved = self._adamw(trainable, gradients, first, second, count, learning_rate, weight_decay)
            return i + 1, (moved[0], list(other), moved[1], moved[2], count + 1.0), total + loss

        _, state, total = tf.while_loop(
            lambda i, *_: i < steps, step, (tf.constant(0), state, tf.constant(0.0)), parallel_iterations=1
        )
        return state, total / tf.cast(steps, tf.float32)

    def _adamw(self, weights, gradients, first, second, count, learning_rate, weight_decay):  # type: ignore[no-untyped-def]
        t = count + 1.0
        rate = learning_rate * tf.sqrt(1.0 - BETA_2**t) / (1.0 - BETA_1**t)
        first = [BETA_1 * m + (1.0 - BETA_1) * g for m, g in zip(first, gradients, strict=True)]
        second = [BETA_2 * v + (1.0 - BETA_2) * g * g for v, g in zip(second, gradients, strict=True)]
        decay = [learning_rate * weight_decay if decayed else 0.0 for decayed in self.decayed]
        parts = zip(weights, first, second, decay, strict=True)
        return [w - rate * m / (tf.sqrt(v) + EPSILON) - d * w for w, m, v, d in parts], first, second

    def _losses(self, trainable, other, inputs, target):  # type: ignore[no-untyped-def]
        outputs, _ = self.model.stateless_call(trainable, other, inputs, training=False)
        return self._loss(target, outputs, 0.0)

    def _forward(self, trainable, other, inputs):  # type: ignore[no-untyped-def]
        outputs, _ = self.model.stateless_call(trainable, other, inputs, training=False)
        return outputs

    def _loss(self, target: Any, outputs: Any, smoothing: float) -> Any:
        """Loss of each row: cross-entropy from logits, or the squared error."""
        if self.architecture.task == "regression":
            return tf.square(target - outputs[:, 0])
        if self.architecture.task == "binary":
            smooth = target * (1.0 - smoothing) + 0.5 * smoothing
            return tf.nn.sigmoid_cross_entropy_with_logits(labels=smooth, logits=outputs[:, 0])
        labels = tf.one_hot(target, self.architecture.units)
        smooth = labels * (1.0 - smoothing) + smoothing / self.architecture.units
        return tf.nn.softmax_cross_entropy_with_logits(labels=smooth, logits=outputs)


def _clipped(gradients: Sequence[Any]) -> list[Any]:
    """Gradients with a global norm of at most 1: keeps recurrent networks and wild rows in hand."""
    clipped, _ = tf.clip_by_global_norm([tf.convert_to_tensor(g) for g in gradients], 1.0)
    return clipped


@lru_cache(maxsize=16)
def program(architecture: Architecture, batch_size: int, jit: bool, label_smoothing: float = 0.0) -> Program:
    """The compiled program of an architecture, made once a process."""
    return Program(architecture, batch_size, jit, label_smoothing)


def split_weights(model: keras.Model) -> tuple[list[Any], list[Any]]:
    """Trainable and other weights as tensors, in the order of ``stateless_call``."""
    return (
        [tf.convert_to_tensor(v.value) for v in model.trainable_variables],
        [tf.convert_to_tensor(v.value) for v in model.non_trainable_variables],
    )


def outputs(
    architecture: Architecture, model: keras.Model, arrays: dict[str, np.ndarray], chunk: int = 512
) -> np.ndarray:
    """Linear outputs of a trained network, float32 (n_samples, units), in chunks of rows."""
    compiled = program(architecture, 1, False)
    weights = split_weights(model)
    n_rows = len(next(iter(arrays.values())))
    parts = [
        compiled.forward(*weights, {k: tf.constant(v[i : i + chunk]) for k, v in arrays.items()}).numpy()
        for i in range(0, n_rows, chunk)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, architecture.units), np.float32)
