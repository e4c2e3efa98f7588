"""Layers of tabular networks, and of networks whose members share most of their weights.

Layers of tables are those of RealMLP (Holzmueller, Grinsztajn and Steinwart, NeurIPS 2024). Weights that
learn at rates of their own are stored as w / c and used as c * w: Adam's step does not depend on the scale of
the gradient, so they move c times as far. No optimiser of our own is needed, and the factors travel with the
saved model.

Members are those of BatchEnsemble (Wen, Tran and Ba 2020) as TabM uses it (Gorishniy, Kotelnikov and Babenko
2025).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import keras
from keras import initializers, ops

if TYPE_CHECKING:
    from ..preprocessing.base import InputSpec


@keras.saving.register_keras_serializable(package="deepworth")
class NumericEmbedding(keras.layers.Layer):
    """Each number with a few periodic features of its own, so that one feature's effect may be uneven.

    x becomes (x, A cos(2 pi w x + b) + a), the "PBLD" embedding; periodic features are from Gorishniy,
    Rubachev and Babenko (2022). Input float (batch, n), output (batch, n * (1 + units)).
    """

    def __init__(
        self, frequencies: int = 16, units: int = 3, sigma: float = 0.1, rate: float = 0.1, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.frequencies, self.units, self.sigma, self.rate = frequencies, units, sigma, rate

    def build(self, shape: Any) -> None:
        n, scale = shape[-1], 1.0 / self.rate
        limit = scale / math.sqrt(self.frequencies)
        self.frequency = self._embedding("frequency", (n, self.frequencies), _normal(self.sigma * scale))
        self.phase = self._embedding("phase", (n, self.frequencies), _uniform(math.pi * scale))
        self.linear = self._embedding("linear", (n, self.frequencies, self.units), _uniform(limit))
        self.bias = self._embedding("bias", (n, self.units), "zeros")

    def _embedding(self, name: str, shape: tuple[int, ...], start: Any) -> Any:
        weight = self.add_weight(shape=shape, initializer=start, name=name)
        weight.decay_factor = 0.0
        return weight

    def call(self, x: Any) -> Any:
        turns = x[:, :, None] * (self.rate * self.frequency)
        waves = ops.cos(2.0 * math.pi * turns + self.rate * self.phase)
        features = ops.sum(waves[:, :, :, None] * (self.rate * self.linear), axis=2) + self.rate * self.bias
        both = ops.concatenate([x[:, :, None], features], axis=2)
        return ops.reshape(both, (-1, x.shape[1] * (1 + self.units)))

    def compute_output_shape(self, shape: Any) -> tuple[Any, ...]:
        return (shape[0], shape[1] * (1 + self.units))

    def get_config(self) -> dict[str, Any]:
        own = {"frequencies": self.frequencies, "units": self.units, "sigma": self.sigma, "rate": self.rate}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="deepworth")
class FeatureScale(keras.layers.Layer):
    """One trainable factor for each input value, learned fast: features earn their weight.

    Input and output float (batch, n).
    """

    def __init__(self, rate: float = 6.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate

    def build(self, shape: Any) -> None:
        start = initializers.Constant(1.0 / self.rate)
        self.scale = self.add_weight(shape=(shape[-1],), initializer=start, name="scale")

    def call(self, x: Any) -> Any:
        return x * (self.rate * self.scale)

    def compute_output_shape(self, shape: Any) -> tuple[Any, ...]:
        return shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate}


@keras.saving.register_keras_serializable(package="deepworth")
class NTKDense(keras.layers.Layer):
    """x W / sqrt(fan-in) + b with W of order 1, so that one learning rate serves all widths.

    The neural tangent parametrisation (Jacot, Gabriel and Hongler 2018). ``start`` is "normal" for
    hidden layers and "zeros" for the output. Input float (batch, n), output (batch, units).
    """

    def __init__(self, units: int, start: str = "normal", bias_rate: float = 0.1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.start, self.bias_rate = int(units), start, bias_rate

    def build(self, shape: Any) -> None:
        zeros = self.start == "zeros"
        kernel, bias = ("zeros", "zeros") if zeros else (_normal(1.0), _normal(1.0 / self.bias_rate))
        self.kernel = self.add_weight(shape=(shape[-1], self.units), initializer=kernel, name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer=bias, name="bias")

    def call(self, x: Any) -> Any:
        return ops.matmul(x, self.kernel) / math.sqrt(x.shape[-1]) + self.bias_rate * self.bias

    def compute_output_shape(self, shape: Any) -> tuple[Any, ...]:
        return (*shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        own = {"units": self.units, "start": self.start, "bias_rate": self.bias_rate}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="deepworth")
class ParametricActivation(keras.layers.Layer):
    """x + a (f(x) - x) with a trainable a for each unit: from the identity to f and beyond.

    Input and output float (batch, n).
    """

    def __init__(self, activation: str, rate: float = 0.1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation, self.rate = activation, rate
        self.function = keras.activations.get(activation)

    def build(self, shape: Any) -> None:
        start = initializers.Constant(1.0 / self.rate)
        self.slope = self.add_weight(shape=(shape[-1],), initializer=start, name="slope")

    def call(self, x: Any) -> Any:
        return x + self.rate * self.slope * (self.function(x) - x)

    def compute_output_shape(self, shape: Any) -> tuple[Any, ...]:
        return shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "activation": self.activation, "rate": self.rate}


def embedded_features(inputs: InputSpec, embedding_dim: int, frequencies: int) -> tuple[dict[str, Any], Any]:
    """Inputs of a table, and one tensor (batch, features) of embedded numbers, other columns, categories."""
    layers, n = inputs.layers(), inputs.numbers
    x = layers["numeric"]
    parts = []
    if n:
        parts.append(NumericEmbedding(frequencies)(x[:, :n]) if frequencies else x[:, :n])
    if x.shape[1] > n:
        parts.append(x[:, n:])
    for i, levels in enumerate(inputs.cardinalities):
        width = min(embedding_dim, (levels + 1) // 2)
        embedding = keras.layers.Embedding(levels, width, _normal(1.0), name=f"embedding_{i}")
        parts.append(embedding(layers["categories"][:, i]))
    return layers, keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]


def _normal(deviation: float) -> Any:
    return initializers.RandomNormal(stddev=deviation)


def _uniform(limit: float) -> Any:
    return initializers.RandomUniform(-limit, limit)


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
