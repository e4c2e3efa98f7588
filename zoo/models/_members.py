"""Layers of networks whose members share most of their weights.

BatchEnsemble (Wen, Tran and Ba 2020) as TabM uses it (Gorishniy, Kotelnikov and Babenko 2025).
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="deepworth")
class Members(keras.layers.Layer):
    """The same row for every member, each seeing it through factors of its own.

    Input float (batch, features), output (batch, members, features). The factors start as random signs
    ("signs") or normal draws ("normal"), so that members differ from the first step on.
    """

    def __init__(self, members: int, start: str = "normal", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.members, self.start = int(members), start

    def build(self, shape: Any) -> None:
        start = RandomSigns() if self.start == "signs" else keras.initializers.RandomNormal(stddev=1.0)
        self.factors = self.add_weight((self.members, shape[-1]), initializer=start, name="factors")
        self.factors.decay_factor = 0.0

    def call(self, x: Any) -> Any:
        return x[:, None, :] * self.factors

    def compute_output_shape(self, shape: Any) -> tuple[Any, ...]:
        return (shape[0], self.members, shape[1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "members": self.members, "start": self.start}


@keras.saving.register_keras_serializable(package="deepworth")
class RandomSigns(keras.initializers.Initializer):
    """+1 or -1 with equal chance."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        drawn = keras.initializers.RandomUniform(-1.0, 1.0)(shape, dtype)
        return ops.where(drawn < 0, -1.0, 1.0)


@keras.saving.register_keras_serializable(package="deepworth")
class MemberDense(keras.layers.Layer):
    """One matrix for all members, with factors for inputs and outputs and a bias for each member.

    y_i = ((x_i * r_i) W) * s_i + b_i. Input (batch, members, features), output (batch, members, units).
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = int(units)

    def build(self, shape: Any) -> None:
        _, members, features = shape
        limit = 1.0 / math.sqrt(features)
        start = keras.initializers.RandomUniform(-limit, limit)
        self.kernel = self.add_weight((features, self.units), initializer=start, name="kernel")
        self.inward = self.add_weight((members, features), initializer="ones", name="inward")
        self.outward = self.add_weight((members, self.units), initializer="ones", name="outward")
        self.bias = self.add_weight((members, self.units), initializer=EqualRows(limit), name="bias")
        self.inward.decay_factor = self.outward.decay_factor = self.bias.decay_factor = 0.0

    def call(self, x: Any) -> Any:
        members, features = x.shape[1:]
        rows = ops.reshape(x * self.inward, (-1, features))
        product = ops.reshape(ops.matmul(rows, self.kernel), (-1, members, self.units))
        return product * self.outward + self.bias

    def compute_output_shape(self, shape: Any) -> tuple[Any, ...]:
        return (*shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(package="deepworth")
class EqualRows(keras.initializers.Initializer):
    """Uniform draws within +-limit, the same in every row."""

    def __init__(self, limit: float) -> None:
        self.limit = limit

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        row = keras.initializers.RandomUniform(-self.limit, self.limit)(shape[1:], dtype)
        return ops.broadcast_to(row, shape)

    def get_config(self) -> dict[str, Any]:
        return {"limit": self.limit}


@keras.saving.register_keras_serializable(package="deepworth")
class MemberHeads(keras.layers.Layer):
    """A linear layer for each member. Input (batch, members, features), output (batch, members, units)."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = int(units)

    def build(self, shape: Any) -> None:
        _, members, features = shape
        limit = 1.0 / math.sqrt(features)
        start = keras.initializers.RandomUniform(-limit, limit)
        self.kernel = self.add_weight((members, features, self.units), initializer=start, name="kernel")
        self.bias = self.add_weight((members, self.units), initializer=start, name="bias")
        self.bias.decay_factor = 0.0

    def call(self, x: Any) -> Any:
        return _own_products(x, self.kernel) + self.bias

    def compute_output_shape(self, shape: Any) -> tuple[Any, ...]:
        return (*shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(package="deepworth")
class NTKMemberDense(keras.layers.Layer):
    """One matrix for all members in the neural tangent parametrisation, with own scales and biases.

    y_i = (x_i W / sqrt(fan-in)) * s_i + b_i. Scales and biases are stored divided by ``rate``, so that they
    learn at that rate, as the biases of :class:`~deepworth.zoo.models._tabular.NTKDense` do.
    Input (batch, members, features), output (batch, members, units).
    """

    def __init__(self, units: int, rate: float = 0.1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.rate = int(units), rate

    def build(self, shape: Any) -> None:
        _, members, features = shape
        normal, size = keras.initializers.RandomNormal, 1.0 / self.rate
        once = keras.initializers.Constant(size)
        self.kernel = self.add_weight((features, self.units), initializer=normal(stddev=1.0), name="kernel")
        self.outward = self.add_weight((members, self.units), initializer=once, name="outward")
        self.bias = self.add_weight((members, self.units), initializer=normal(stddev=size), name="bias")
        self.outward.decay_factor = self.bias.decay_factor = 0.0

    def call(self, x: Any) -> Any:
        members, features = x.shape[1:]
        product = ops.matmul(ops.reshape(x, (-1, features)), self.kernel) / math.sqrt(features)
        product = ops.reshape(product, (-1, members, self.units))
        return product * (self.rate * self.outward) + self.rate * self.bias

    def compute_output_shape(self, shape: Any) -> tuple[Any, ...]:
        return (*shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units, "rate": self.rate}


@keras.saving.register_keras_serializable(package="deepworth")
class NTKMemberHeads(keras.layers.Layer):
    """A linear layer for each member that starts at zero, in the neural tangent parametrisation.

    Input (batch, members, features), output (batch, members, units).
    """

    def __init__(self, units: int, bias_rate: float = 0.1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.bias_rate = int(units), bias_rate

    def build(self, shape: Any) -> None:
        _, members, features = shape
        self.kernel = self.add_weight((members, features, self.units), initializer="zeros", name="kernel")
        self.bias = self.add_weight((members, self.units), initializer="zeros", name="bias")
        self.bias.decay_factor = 0.0

    def call(self, x: Any) -> Any:
        product = _own_products(x, self.kernel) / math.sqrt(x.shape[-1])
        return product + self.bias_rate * self.bias

    def compute_output_shape(self, shape: Any) -> tuple[Any, ...]:
        return (*shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units, "bias_rate": self.bias_rate}


def _own_products(x: Any, kernel: Any) -> Any:
    """Each member's rows by its own matrix: (batch, members, features) by (members, features, units).

    For a single unit a product and a sum, which outside XLA take a fifth of the time of so thin matrices.
    """
    if kernel.shape[-1] > 1:
        return ops.einsum("bmf,mfu->bmu", x, kernel)
    return ops.sum(x * ops.reshape(kernel, kernel.shape[:2]), axis=-1, keepdims=True)
