"""One architecture compiled once: whole epochs, validation and prediction as TensorFlow functions.

Weights and optimiser state go in and come out as tensors, so one program serves any number of
trainings, and nothing is traced again between folds. Every tensor of the state has a leading axis of
``lanes``: networks that one program trains side by side, each with its own rows and random numbers.

Keras optimisers refuse a stateless step on TensorFlow, so AdamW (Kingma and Ba 2015; Loshchilov and
Hutter 2019) is written out here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from ..preprocessing.base import coarse
from .architecture import Architecture, Mixture
from .packing import Packing, pack

BETA_1, EPSILON = 0.9, 1e-7
FEWEST = 16  # rows predicted at once: fewer go through other kernels, which round in another order
VALIDATION_CHUNK = 1024  # rows whose validation losses are computed at once
LARGE = 2**20  # weights: to join those of all matrices in each step takes longer than many operations


class State(NamedTuple):
    """Weights and optimiser state of ``lanes`` trainings; each tensor has the leading axis (lanes,).

    All trainable weights of a network are one vector (lanes, n_weights), see :class:`Packing`.
    """

    trainable: Any
    averaged: Any
    other: list[Any]
    first_moment: Any
    second_moment: Any
    count: Any
    best_trainable: Any
    best_other: list[Any]
    best_loss: Any

    @property
    def watched(self) -> Any:
        """The weights that are validated and kept: their running mean where there is one."""
        return self.averaged if self.averaged.shape[-1] else self.trainable


class _Moving(NamedTuple):
    """The part of the state that steps move, weights in the blocks of :class:`Packing`."""

    trainable: list[Any]
    averaged: list[Any]
    other: list[Any]
    first_moment: list[Any]
    second_moment: list[Any]
    count: Any

    @property
    def watched(self) -> list[Any]:
        """The weights that are validated and kept: their running mean where there is one."""
        return self.averaged or self.trainable


class Rows(NamedTuple):
    """Rows as tensors: inputs by name, target and weight, first axis n_rows."""

    inputs: dict[str, Any]
    target: Any
    weight: Any


class Steps(NamedTuple):
    """What happens in the steps of one epoch; each tensor has the leading axes (steps, lanes).

    ``rows`` holds (steps, lanes, batch_size) row numbers. A step whose ``moves`` is false leaves its lane
    unchanged: its training has ended, or its epoch has fewer steps than that of another lane. ``ends`` is
    true in the last step of an epoch; a call for streamed rows does a piece of an epoch and may have none.
    """

    rows: Any
    rate: Any
    decay: Any
    moves: Any
    ends: Any


@dataclass(frozen=True)
class Recipe:
    """What is compiled into a program, beside the architecture."""

    batch_size: int
    lanes: int = 1
    jit: bool = True
    watched: bool = True
    label_smoothing: float = 0.0
    beta_2: float = 0.999
    clip_norm: float | None = 1.0
    averaging: float = 0.0
    bias_rate: float = 1.0
    decays: bool = True
    epochs: int = 1  # in one call
    streamed: bool = False  # a call does a piece of an epoch, and validates in the last one only


class Program:
    """The compiled functions of one architecture."""

    def __init__(self, architecture: Architecture, recipe: Recipe) -> None:
        self.architecture, self.recipe = architecture, recipe
        self.model = architecture.new(0)
        self.mixture = Mixture(architecture.task)
        variables = self.model.trainable_variables
        large = sum(int(np.prod(v.shape)) for v in variables) >= LARGE
        self._packing = Packing.of(variables, apart=recipe.jit or large)
        self._rates = self._packing.rates(recipe.bias_rate)
        self._axes = (recipe.lanes,) if recipe.lanes > 1 else ()
        self._lock = threading.Lock()
        self._functions: dict[str, Any] = {}
        self._rooms: set[int] = set()

    def room(self, n_rows: int) -> int:
        """How many rows to make room for: XLA compiles again for every other size of a tensor.

        A size that was used before where it suits, else a little more than is needed, on a coarse grid.
        """
        with self._lock:
            known = [room for room in self._rooms if n_rows <= room <= 1.3 * n_rows + 64]
            room = min(known, default=coarse(n_rows + n_rows // 16))
            self._rooms.add(room)
        return room

    def epoch(self, *arguments: Any) -> tuple[State, Any, Any]:
        """State, mean training losses and validation losses after the given steps.

        Losses have the shape (lanes,), or (epochs, lanes) where a call does several epochs; then every
        tensor of the steps has that first axis.
        """
        function = self._epoch if self.recipe.epochs == 1 else self._epochs
        return self._compiled("epoch", function, self.recipe.jit)(*arguments)

    def forward(self, *arguments: Any) -> Any:
        """Linear outputs of each row, from unstacked weights."""
        return self._compiled("forward", self._forward, False)(*arguments)

    def _compiled(self, name: str, function: Callable[..., Any], jit: bool) -> Any:
        """Traced at first use and never again, whatever the number of rows and threads."""
        with self._lock:
            if name not in self._functions:
                signature = self._signature(name)
                traced = tf.function(function, jit_compile=jit, autograph=False)
                self._functions[name] = traced.get_concrete_function(*signature)
        return self._functions[name]

    def _signature(self, name: str) -> tuple[Any, ...]:
        arrays = self.architecture.spec.arrays
        inputs = {key: tf.TensorSpec((None, *shape), dtype) for key, shape, dtype in arrays}
        if name == "forward":
            return (
                tf.TensorSpec((self._packing.n_weights,), tf.float32),
                [tf.TensorSpec(v.shape, v.dtype) for v in self.model.non_trainable_variables],
                inputs,
            )
        lanes = (self.recipe.lanes,)
        target = tf.TensorSpec((None,), tf.int32 if self.architecture.task == "multiclass" else tf.float32)
        rows = Rows(inputs, target, tf.TensorSpec((None,), tf.float32))
        first = (None,) if self.recipe.epochs == 1 else (self.recipe.epochs, None)
        steps = Steps(
            tf.TensorSpec((*first, *lanes, self.recipe.batch_size), tf.int32),
            tf.TensorSpec((*first, *lanes), tf.float32),
            tf.TensorSpec((*first, *lanes), tf.float32),
            tf.TensorSpec((*first, *lanes), tf.bool),
            tf.TensorSpec((*first, *lanes), tf.bool),
        )
        trainable = tf.TensorSpec((*lanes, self._packing.n_weights), tf.float32)
        other = [tf.TensorSpec((*lanes, *v.shape), v.dtype) for v in self.model.non_trainable_variables]
        scalar = tf.TensorSpec(lanes, tf.float32)
        averaged = trainable if self.recipe.averaging else tf.TensorSpec((*lanes, 0), tf.float32)
        state = State(trainable, averaged, other, trainable, trainable, scalar, trainable, other, scalar)
        return (state, rows, steps, rows) if self.recipe.watched else (state, rows, steps)

    def _epochs(self, state: State, rows: Rows, steps: Steps, *watching: Rows) -> Any:
        """Several epochs: short ones take less time than a call."""
        n = self.recipe.epochs

        def epoch(i: Any, state: State, losses: Any, watched: Any) -> tuple[Any, State, Any, Any]:
            of_epoch = Steps(*(x[i] for x in steps))
            state, loss, validation = self._epoch(state, rows, of_epoch, *watching)
            return i + 1, state, losses.write(i, loss), watched.write(i, validation)

        lists = [tf.TensorArray(tf.float32, n, element_shape=(self.recipe.lanes,)) for _ in range(2)]
        start = (tf.constant(0), state, *lists)
        _, state, losses, watched = tf.while_loop(lambda i, *_: i < n, epoch, start, parallel_iterations=1)
        return state, losses.stack(), watched.stack()

    def _epoch(self, state: State, rows: Rows, steps: Steps, *watching: Rows) -> Any:
        if self.recipe.lanes > 1:
            return self._all_lanes(state, rows, steps, *watching)
        # A single lane needs no axis, which takes a quarter of all operations of a small network's step
        state = tf.nest.map_structure(lambda x: x[0], state)
        steps = tf.nest.map_structure(lambda x: x[:, 0], steps)
        return tf.nest.map_structure(lambda x: x[None], self._all_lanes(state, rows, steps, *watching))

    def _all_lanes(self, state: State, rows: Rows, steps: Steps, *watching: Rows) -> Any:
        moving, total = self._all_steps(self._moving(state), rows, steps)
        state = self._moved_state(state, moving)
        taken = tf.reduce_sum(tf.cast(steps.moves, tf.float32), axis=0)
        loss = total / tf.maximum(taken, 1.0)
        if not watching:
            return state, loss, loss
        ends = tf.reduce_any(steps.ends) if self.recipe.streamed else True
        watched = self._validation_loss(moving, watching[0], ends)
        better = tf.logical_and(watched < state.best_loss, tf.logical_and(taken > 0, ends))
        state = state._replace(
            best_trainable=tf.where(_like(better, state.watched), state.watched, state.best_trainable),
            best_other=_chosen(better, state.other, state.best_other),
            best_loss=tf.where(better, watched, state.best_loss),
        )
        return state, loss, watched

    def _moving(self, state: State) -> _Moving:
        """What steps move, weights in blocks."""
        return _Moving(
            self._packing.blocks(state.trainable),
            self._packing.blocks(state.averaged) if self.recipe.averaging else [],
            state.other,
            self._packing.blocks(state.first_moment),
            self._packing.blocks(state.second_moment),
            state.count,
        )

    def _moved_state(self, state: State, moving: _Moving) -> State:
        """The state after the steps, weights in one vector again."""
        return state._replace(
            trainable=self._packing.vector(moving.trainable),
            averaged=self._packing.vector(moving.averaged) if self.recipe.averaging else state.averaged,
            other=moving.other,
            first_moment=self._packing.vector(moving.first_moment),
            second_moment=self._packing.vector(moving.second_moment),
            count=moving.count,
        )

    def _all_steps(self, moving: _Moving, rows: Rows, steps: Steps) -> tuple[_Moving, Any]:
        """The steps of an epoch, and the sum of their losses."""
        n_steps = tf.shape(steps.rate)[0]

        def step(i: Any, moving: _Moving, total: Any) -> tuple[Any, _Moving, Any]:
            batch = _gathered(rows, steps.rows[i])
            arguments = (moving.trainable, moving.other, *batch)
            gradients, other, loss = self._each_lane(self._gradients, arguments)
            moving = self._moved(moving, gradients, other, Steps(*(x[i] for x in steps)))
            return i + 1, moving, total + tf.where(steps.moves[i], loss, 0.0)

        start = (tf.constant(0), moving, tf.zeros(self._axes))
        _, moving, total = tf.while_loop(lambda i, *_: i < n_steps, step, start, parallel_iterations=1)
        return moving, total

    def _each_lane(self, function: Callable[[Any], Any], arguments: Any) -> Any:
        """``function`` of each lane's slice, stacked again."""
        return tf.vectorized_map(function, arguments) if self._axes else function(arguments)

    def _gradients(self, arguments: Any) -> Any:
        """Gradients, other weights and loss of one lane's batch.

        Taken here, inside the lane: a gradient through the slicing of stacked weights would be a scatter.
        """
        blocks, other, inputs, target, weight = arguments
        with tf.GradientTape() as tape:
            tape.watch(blocks)
            trainable = self._packing.weights(blocks)
            outputs, other = self.model.stateless_call(trainable, other, inputs, training=True)
            loss = self._loss(target, outputs, self.recipe.label_smoothing)
            loss = tf.reduce_mean(loss * weight)
        gradients = tape.gradient(loss, blocks, unconnected_gradients="zero")
        return [tf.convert_to_tensor(g) for g in gradients], list(other), loss

    def _moved(self, moving: _Moving, gradients: Sequence[Any], other: Any, step: Steps) -> _Moving:
        """Weights and optimiser state after one step of AdamW."""
        if self.recipe.clip_norm is not None:
            gradients = self._clipped(gradients)
        t = moving.count + 1.0
        rate = step.rate * tf.sqrt(1.0 - self.recipe.beta_2**t) / (1.0 - BETA_1**t)
        first = _moments(BETA_1, moving.first_moment, gradients)
        second = _moments(self.recipe.beta_2, moving.second_moment, [g * g for g in gradients])
        shrink, epsilon = step.rate * step.decay, tf.constant(EPSILON)
        kept = [
            w * (1.0 - _like(shrink, w) * decayed) if self.recipe.decays and np.any(decayed) else w
            for w, decayed in zip(moving.trainable, self._packing.decayed, strict=True)
        ]
        trainable = [
            w - _faster(_like(rate, w), factors) * m / (tf.sqrt(v) + epsilon)
            for w, m, v, factors in zip(kept, first, second, self._rates, strict=True)
        ]
        averaged = moving.averaged
        if self.recipe.averaging:
            share = 1.0 - tf.minimum(self.recipe.averaging, (1.0 + t) / (10.0 + t))
            averaged = [a + _like(share, a) * (w - a) for a, w in zip(averaged, trainable, strict=True)]
        moved = _Moving(trainable, averaged, list(other), first, second, t)
        if self.recipe.lanes == 1:  # a single lane trains in every call
            return moved
        return tf.nest.map_structure(lambda a, b: tf.where(_like(step.moves, a), a, b), moved, moving)

    def _clipped(self, gradients: Sequence[Any]) -> list[Any]:
        """Gradients of bounded norm: keeps recurrent networks and wild rows in hand."""
        first = len(self._axes)
        squares = [tf.reduce_sum(g * g, axis=list(range(first, len(g.shape)))) for g in gradients]
        norm = tf.sqrt(tf.add_n(squares))
        factor = self.recipe.clip_norm / tf.maximum(norm, self.recipe.clip_norm)
        return [g * _like(factor, g) for g in gradients]

    def _validation_loss(self, moving: _Moving, watching: Rows, ends: Any) -> Any:
        """Weighted mean loss (lanes,) of rows laid out as (lanes * n_rows, ...), chunk by chunk.

        Within an epoch, where ``ends`` is false, no row is looked at.
        """
        n_rows = tf.cast(ends, tf.int32) * (tf.shape(watching.target)[0] // self.recipe.lanes)
        chunk = tf.minimum(n_rows, VALIDATION_CHUNK)

        def losses(arguments: Any) -> Any:
            blocks, other, inputs, target, weight = arguments
            outputs = self._answer(self._packing.weights(blocks), other, inputs)
            return tf.reduce_sum(self._loss(target, outputs, 0.0) * weight)

        def add(start: Any, total: Any) -> tuple[Any, Any]:
            numbers = start + tf.range(chunk)
            inside = tf.cast(numbers < n_rows, tf.float32)
            numbers = tf.minimum(numbers, n_rows - 1)
            if self._axes:
                numbers = numbers[None, :] + (tf.range(self.recipe.lanes) * n_rows)[:, None]
            batch = _gathered(watching, numbers)
            batch = batch._replace(weight=batch.weight * inside)
            return start + chunk, total + self._each_lane(losses, (moving.watched, moving.other, *batch))

        start = (tf.constant(0), tf.zeros(self._axes))
        _, total = tf.while_loop(lambda start, _: start < n_rows, add, start)
        weights = tf.reduce_sum(tf.reshape(watching.weight, (*self._axes, -1)), axis=-1)
        return total / tf.maximum(weights, 1e-12)

    def _forward(self, vector: Any, other: Any, inputs: Any) -> Any:
        return self._answer(self._packing.weights(self._packing.blocks(vector)), other, inputs)

    def _answer(self, trainable: Sequence[Any], other: Any, inputs: Any) -> Any:
        """Linear outputs (n_rows, units), the members of a network already mixed."""
        outputs, _ = self.model.stateless_call(trainable, other, inputs, training=False)
        return self.mixture(outputs) if len(outputs.shape) == 3 else outputs

    def _loss(self, target: Any, outputs: Any, smoothing: float) -> Any:
        """Loss of each row: cross-entropy from logits, or the squared error.

        Where a network has members, outputs (batch, members, units), each is trained for itself: the
        mean of their losses, never the loss of their mean.
        """
        if len(outputs.shape) == 3:
            members = outputs.shape[1]
            losses = self._loss(
                tf.repeat(target, members), tf.reshape(outputs, (-1, outputs.shape[2])), smoothing
            )
            return tf.reduce_mean(tf.reshape(losses, (-1, members)), axis=1)
        if self.architecture.task == "regression":
            return tf.square(target - outputs[:, 0])
        if self.architecture.task == "binary":
            smooth = target * (1.0 - smoothing) + 0.5 * smoothing
            return tf.nn.sigmoid_cross_entropy_with_logits(labels=smooth, logits=outputs[:, 0])
        labels = tf.one_hot(target, self.architecture.units)
        smooth = labels * (1.0 - smoothing) + smoothing / self.architecture.units
        return tf.nn.softmax_cross_entropy_with_logits(labels=smooth, logits=outputs)


def _faster(rate: Any, factors: Any) -> Any:
    """The rate of each weight; no operation where all have the same."""
    return rate * factors if np.ndim(factors) else rate


def _moments(beta: float, old: Sequence[Any], new: Sequence[Any]) -> list[Any]:
    """Running means; the constants are shared, because every operation costs time to trace."""
    kept, taken = tf.constant(beta), tf.constant(1.0 - beta)
    return [kept * m + taken * g for m, g in zip(old, new, strict=True)]


def _gathered(rows: Rows, numbers: Any) -> Rows:
    """The rows of these numbers, with the shape of ``numbers`` in front."""
    return tf.nest.map_structure(lambda x: tf.gather(x, numbers), rows)


def _like(values: Any, tensor: Any) -> Any:
    """Values (lanes,) with axes for those of ``tensor``; a single value as it is."""
    return tf.reshape(values, (-1, *[1] * (len(tensor.shape) - 1))) if len(values.shape) else values


def _chosen(condition: Any, new: Sequence[Any], old: Sequence[Any]) -> list[Any]:
    """New tensors in the lanes where the condition holds."""
    return [tf.where(_like(condition, a), a, b) for a, b in zip(new, old, strict=True)]


def program(architecture: Architecture, recipe: Recipe) -> Program:
    """The compiled program of an architecture, made once a process."""
    with _ONE_AT_A_TIME:
        return _made(architecture, recipe)


def forget() -> None:
    """Drop all programs: the next training compiles its own, as the first of a process does."""
    with _ONE_AT_A_TIME:
        _made.cache_clear()


_ONE_AT_A_TIME = threading.Lock()
_made = lru_cache(maxsize=32)(Program)


def outputs(
    architecture: Architecture,
    models: Sequence[keras.Model],
    arrays: dict[str, np.ndarray],
    chunk: int = 512,
) -> np.ndarray:
    """Linear outputs of the mean prediction of trained networks.

    All networks of an architecture share one compiled function, which is called with chunks of rows.

    Parameters
    ----------
    architecture : Architecture
        The network.
    models : sequence of keras.Model
        Trained networks, one or more.
    arrays : dict of ndarray
        Rows by name of the input, as in :class:`Part`.
    chunk : int, default=512
        Rows of a call.

    Returns
    -------
    float32 ndarray of shape (n_samples, units)

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo.models.perceptron import build
    >>> from deepworth.zoo.preprocessing.base import InputSpec
    >>> from deepworth.zoo.training import Architecture, outputs
    >>> spec = InputSpec("tabular", (("numeric", (4,), "float32"),), numbers=4)
    >>> perceptron = Architecture(build, (), spec, 3, "multiclass")
    >>> outputs(perceptron, [perceptron.new(seed=0)], {"numeric": np.zeros((5, 4), "float32")}).shape
    (5, 3)
    """
    compiled = program(architecture, Recipe(1, jit=False))
    weights = [
        (tf.constant(pack(m)), [tf.convert_to_tensor(v.value) for v in m.non_trainable_variables])
        for m in models
    ]
    n_rows = len(next(iter(arrays.values())))
    parts = []
    for start in range(0, n_rows, chunk):
        rows = {name: tf.constant(_at_least(FEWEST, x[start : start + chunk])) for name, x in arrays.items()}
        members = [compiled.forward(*each, rows) for each in weights]
        mixed = members[0] if len(members) == 1 else compiled.mixture(tf.stack(members, axis=1))
        parts.append(mixed.numpy()[: min(chunk, n_rows - start)])
    return np.concatenate(parts) if parts else np.zeros((0, architecture.units), np.float32)


def _at_least(n: int, rows: np.ndarray) -> np.ndarray:
    """So many rows at least, the first one repeated."""
    return rows if len(rows) >= n else np.concatenate([rows, np.repeat(rows[:1], n - len(rows), axis=0)])
