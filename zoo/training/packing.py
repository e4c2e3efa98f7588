"""A network's trainable weights as one vector, and as the few blocks that a step moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf


@dataclass(frozen=True)
class Packing:
    """How weights lie in a vector: kernels and embeddings first, then all others.

    Outside a step, one vector: a call with a few tensors takes half the time of one with dozens. Inside,
    a block for each kernel and one for all other weights together: fewer operations to trace, to compile
    and to run. Kernels stay apart, because XLA would fuse the concatenation of their gradients with the
    products that these are, and compute them without its matrix kernels (30 times slower at 3 x 256).
    Where nothing is fused, one block for all weights is best.

    ``decayed`` holds the factor of weight decay of each block, a number or one for each small weight.
    """

    order: tuple[int, ...]
    shapes: tuple[tuple[int, ...], ...]
    n_matrices: int
    decayed: tuple[Any, ...]

    @classmethod
    def of(cls, variables: Sequence[Any], apart: bool = True) -> Packing:
        """The packing of a network's trainable variables, kernels ``apart`` or all in one block."""
        order = _order(variables)
        n_matrices = sum(map(_is_multiplied, variables)) if apart else 0
        ordered = [variables[i] for i in order]
        small = [np.full(_size(v.shape), _decay_factor(v), np.float32) for v in ordered[n_matrices:]]
        decayed = [_decay_factor(v) for v in ordered[:n_matrices]]
        return cls(
            order,
            tuple(tuple(v.shape) for v in ordered),
            n_matrices,
            (*decayed, np.concatenate(small)) if small else tuple(decayed),
        )

    def rates(self, of_biases: float) -> list[Any]:
        """Factors of the learning rate of each block: ``of_biases`` for weights with one axis, else 1."""
        small = self.shapes[self.n_matrices :]
        factors = [np.full(_size(shape), of_biases if len(shape) < 2 else 1.0) for shape in small]
        mixed = np.concatenate(factors).astype(np.float32) if of_biases != 1.0 and small else 1.0
        return [1.0] * self.n_matrices + [mixed] * bool(small)

    @property
    def n_weights(self) -> int:
        """Length of the vector."""
        return sum(map(_size, self.shapes))

    def blocks(self, vector: Any) -> list[Any]:
        """Matrices and the small weights, from vectors (..., n_weights) with the first axes kept."""
        matrices, small = self.shapes[: self.n_matrices], self.shapes[self.n_matrices :]
        sizes = [_size(shape) for shape in matrices] + ([sum(map(_size, small))] if small else [])
        before, parts = vector.shape[:-1], tf.split(vector, sizes, axis=-1)
        shaped = [tf.reshape(p, (*before, *shape)) for p, shape in zip(parts, matrices, strict=False)]
        return shaped + parts[self.n_matrices :]

    def vector(self, blocks: Sequence[Any]) -> Any:
        """The reverse, for blocks with the same axes in front."""
        first = blocks[0].shape[: len(blocks[0].shape) - len(self._block_shape(0))]
        return tf.concat([tf.reshape(block, (*first, -1)) for block in blocks], axis=-1)

    def _block_shape(self, number: int) -> tuple[int, ...]:
        return self.shapes[number] if number < self.n_matrices else (-1,)

    def weights(self, blocks: Sequence[Any]) -> list[Any]:
        """All weights of one network in the order and shapes of its variables."""
        ordered = list(blocks[: self.n_matrices])
        shapes = self.shapes[self.n_matrices :]
        if shapes:
            parts = tf.split(blocks[-1], [_size(shape) for shape in shapes])
            ordered += [tf.reshape(p, shape) for p, shape in zip(parts, shapes, strict=True)]
        return [ordered[self.order.index(i)] for i in range(len(ordered))]


def pack(model: keras.Model) -> np.ndarray:
    """The vector of a network's trainable weights, float32."""
    variables = model.trainable_variables
    return np.concatenate([np.ravel(variables[i].numpy()) for i in _order(variables)])


def unpack(model: keras.Model, vector: np.ndarray) -> None:
    """Give a network the trainable weights of a vector."""
    start, variables = 0, model.trainable_variables
    for i in _order(variables):
        size = _size(variables[i].shape)
        variables[i].assign(vector[start : start + size].reshape(variables[i].shape))
        start += size


def _order(variables: Sequence[Any]) -> tuple[int, ...]:
    return tuple(sorted(range(len(variables)), key=lambda i: not _is_multiplied(variables[i])))


def _is_multiplied(variable: Any) -> bool:
    """A matrix whose gradient is a product, or a table that rows are looked up in."""
    return len(variable.shape) > 1 and variable.name.endswith(("kernel", "embeddings"))


def _size(shape: Sequence[int]) -> int:
    return int(np.prod(shape))


def _decay_factor(variable: Any) -> float:
    """Matrices are decayed; biases, embeddings and single factors are not."""
    if hasattr(variable, "decay_factor"):
        return float(variable.decay_factor)
    return float(len(variable.shape) > 1 and "embedding" not in variable.path)
