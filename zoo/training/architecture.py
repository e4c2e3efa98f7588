"""What is trained: the definition of a network, the rows of each replica, and the memory that takes.

Also the layer by which several networks predict as one.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import keras
import numpy as np
from keras import ops

from ...datasets import Task
from ..preprocessing.base import InputSpec


@dataclass(frozen=True)
class Architecture:
    """A network as it is before training; hashable.

    Attributes
    ----------
    build : callable
        ``build(spec, units, **params)`` of a network's file: a Keras model with linear outputs.
    params : tuple of (str, value)
        Parameters of the network.
    spec : InputSpec
        Its inputs.
    units : int
        Its outputs: 1, or the number of classes.
    task : {"binary", "multiclass", "regression"}
        What it predicts.
    start : callable, optional
        ``start(model, arrays)`` of a network's file sets weights of a new network from training rows.

    Examples
    --------
    >>> from deepworth.zoo.models.perceptron import build
    >>> from deepworth.zoo.preprocessing.base import InputSpec
    >>> from deepworth.zoo.training import Architecture
    >>> spec = InputSpec("tabular", (("numeric", (4,), "float32"),), numbers=4)
    >>> Architecture(build, (), spec, 3, "multiclass").new(seed=0).output_shape
    (None, 3)
    """

    build: Callable[..., Any]
    params: tuple[tuple[str, Any], ...]
    spec: InputSpec
    units: int
    task: Task
    start: Callable[[Any, dict[str, np.ndarray]], None] | None = field(default=None, compare=False)

    def new(self, seed: int) -> keras.Model:
        """A network with fresh weights; the caller's random state stays as it was."""
        with seeded(seed):
            return self.build(self.spec, self.units, **dict(self.params))

    def started(self, seed: int, rows: Part | StreamedPart) -> keras.Model:
        """A network about to be trained on these rows: fresh weights, and those that start from rows."""
        model = self.new(seed)
        if self.start is not None:
            self.start(model, rows.some(_ROWS_OF_A_START).arrays)
        return model


_ROWS_OF_A_START = 2000  # training rows that start weights are computed from
_SEEDING = threading.Lock()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Keras draws the seeds of its layers from Python's generator: fix it, then give it back.

    One thread at a time: the generator belongs to the process.
    """
    with _SEEDING:
        state = random.getstate()
        random.seed(seed)
        try:
            yield
        finally:
            random.setstate(state)


@dataclass
class Part:
    """Rows as a network takes them.

    Attributes
    ----------
    arrays : dict of ndarray
        By name of the input, first axis n.
    target : ndarray of shape (n,)
        Numbers of classes, or scaled values.
    weight : float32 ndarray of shape (n,)
        Weights of the rows in the loss.

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo.training import Part
    >>> len(Part({"numeric": np.zeros((3, 2))}, np.zeros(3), np.ones(3, np.float32)))
    3
    """

    arrays: dict[str, np.ndarray]
    target: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return len(self.target)

    def some(self, n: int) -> Part:
        """At most so many rows, evenly spread."""
        rows = _spread(len(self), n)
        arrays = {name: values[rows] for name, values in self.arrays.items()}
        return Part(arrays, self.target[rows], self.weight[rows])


@dataclass
class StreamedPart:
    """Rows that are encoded whenever they are needed, so that a large table is not held twice.

    Attributes
    ----------
    n_rows : int
        Number of rows.
    piece : callable
        Returns the :class:`Part` of the given positions.

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo.training import Part, StreamedPart
    >>> x = np.arange(6.0)[:, None]
    >>> rows = StreamedPart(6, lambda i: Part({"numeric": x[i]}, x[i, 0], np.ones(len(i), np.float32)))
    >>> rows.piece(np.array([4, 5])).target.tolist()
    [4.0, 5.0]
    """

    n_rows: int
    piece: Callable[[np.ndarray], Part]

    def __len__(self) -> int:
        return self.n_rows

    def some(self, n: int) -> Part:
        """At most so many rows, evenly spread."""
        return self.piece(_spread(len(self), n))

    def whole(self) -> Part:
        """All rows at once, for a program that holds them together."""
        return self.piece(np.arange(self.n_rows))


@dataclass
class Replica:
    """One network to train.

    Attributes
    ----------
    train : Part or StreamedPart
        Its training rows.
    validation : Part or None
        Its validation rows.
    seed : int
        Seed of weights, batches and dropout.

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo.training import Part, Replica
    >>> rows = Part({"numeric": np.zeros((8, 2))}, np.zeros(8), np.ones(8, np.float32))
    >>> Replica(rows, None, seed=0).seed
    0
    """

    train: Part | StreamedPart
    validation: Part | None
    seed: int


def _spread(n_rows: int, n: int) -> np.ndarray:
    return np.linspace(0, n_rows - 1, min(n_rows, n)).astype(int)


_COPIES = 8  # weights, two moments, best weights, gradient, and what a step writes anew


@lru_cache(maxsize=64)
def bytes_of_training(architecture: Architecture, batch_size: int) -> int:
    """Bytes that one replica needs beside its rows: weights, optimiser, and activations of a batch."""
    model = architecture.new(0)
    weights = sum(int(np.prod(v.shape)) for v in model.variables)
    activations = sum(_values(layer) for layer in model.layers)
    return 4 * (_COPIES * weights + 2 * batch_size * activations)


def _values(layer: object) -> int:
    """Values of a layer's output for one row."""
    shape = getattr(getattr(layer, "output", None), "shape", None) or ()
    return int(np.prod([n or 1 for n in shape[1:]]))


@keras.saving.register_keras_serializable(package="deepworth")
class Mixture(keras.layers.Layer):
    """Linear outputs of the mean prediction of several members.

    Input (batch, members, units), output (batch, units): the logit or log probability of the mean
    probability, so that the same sigmoid or softmax as for a single network follows; the mean value in
    regression. Computed from logarithms, so that certain members do not overflow.
    """

    def __init__(self, task: Task, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.task = task

    def call(self, outputs: Any) -> Any:
        if self.task == "regression":
            return ops.mean(outputs, axis=1)
        if self.task == "multiclass":
            return ops.logsumexp(ops.log_softmax(outputs, axis=-1), axis=1) - ops.log(outputs.shape[1])
        return ops.logsumexp(ops.log_sigmoid(outputs), axis=1) - ops.logsumexp(
            ops.log_sigmoid(-outputs), axis=1
        )

    def compute_output_shape(self, shape: Any) -> tuple[Any, ...]:
        return (shape[0], shape[2])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "task": self.task}


def combined(architecture: Architecture, models: Sequence[keras.Model]) -> keras.Model:
    """Combine trained networks into one Keras model that predicts their mean.

    Parameters
    ----------
    architecture : Architecture
        The network.
    models : sequence of keras.Model
        Trained networks, one or more.

    Returns
    -------
    keras.Model
        With linear outputs (batch, units).

    Examples
    --------
    >>> from deepworth.zoo.models.perceptron import build
    >>> from deepworth.zoo.preprocessing.base import InputSpec
    >>> from deepworth.zoo.training import Architecture, combined
    >>> spec = InputSpec("tabular", (("numeric", (4,), "float32"),), numbers=4)
    >>> perceptron = Architecture(build, (), spec, 3, "multiclass")
    >>> combined(perceptron, [perceptron.new(seed) for seed in (0, 1)]).output_shape
    (None, 3)
    """
    if len(models) == 1 and len(models[0].output.shape) == 2:
        return models[0]
    inputs = architecture.spec.layers()
    members = [keras.Model(m.input, m.output, name=f"member_{i}") for i, m in enumerate(models)]
    outputs = [_with_member_axis(member(inputs)) for member in members]
    stacked = keras.layers.Concatenate(axis=1)(outputs) if len(outputs) > 1 else outputs[0]
    name = models[0].name if len(models) == 1 else f"{models[0].name}_ensemble"
    return keras.Model(inputs, Mixture(architecture.task)(stacked), name=name)


def _with_member_axis(outputs: Any) -> Any:
    return outputs if len(outputs.shape) == 3 else keras.layers.Reshape((1, outputs.shape[1]))(outputs)
