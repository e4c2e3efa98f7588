"""Parts that several networks share: features of a table, hidden layers, dropout, pooling over words.

Also the head of networks on pretrained features.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf
from keras import ops

if TYPE_CHECKING:
    from ..preprocessing.base import InputSpec


def table_features(inputs: InputSpec, embedding_dim: int = 8) -> tuple[dict[str, Any], Any]:
    """Inputs of a table and one tensor (batch, features) of its numbers and embedded categories."""
    layers = inputs.layers()
    if not inputs.cardinalities:
        return layers, layers["numeric"]
    columns = [
        keras.layers.Embedding(n, min(embedding_dim, (n + 1) // 2), name=f"embedding_{i}")(
            layers["categories"][:, i]
        )
        for i, n in enumerate(inputs.cardinalities)
    ]
    return layers, keras.layers.Concatenate()([layers["numeric"], *columns])


def hidden_layers(x: Any, hidden_units: Sequence[int], activation: str, dropout: float) -> Any:
    """Dense layers with these numbers of units, each with its activation and dropout."""
    for units in hidden_units:
        x = keras.layers.Dense(units, activation=activation, kernel_initializer="he_normal")(x)
        if dropout:
            x = Dropout(dropout)(x)
    return x


_STEP = 0x9E3779B9  # 2**32 over the golden ratio: spreads neighbouring seeds


@keras.saving.register_keras_serializable(package="deepworth")
class Dropout(keras.layers.Dropout):
    """Keras's dropout with random numbers from a counter and an integer hash.

    The n-th word gets the n-th member of a Weyl sequence that begins at a hash of the layer's seed and
    its number of calls, mixed by the finalizer of MurmurHash3 (Appleby 2011; as in SplitMix, Steele et
    al. 2014), and is cut into 16 bits for each of two values, so that the rate holds within 2**-16. These
    few integer operations fuse with the layer before; TensorFlow's generators do not, and made a 3x128
    network 20 % (Philox) to ten times (the default) slower to train under XLA on a CPU, and slower to
    compile. Without XLA a product with the mask is a third of the time of a choice by it.
    """

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        inputs = tf.convert_to_tensor(inputs)
        seed = tf.cast(self.seed_generator.next(), tf.uint32)
        kept = _random_bits(inputs, seed) >= tf.constant(round(self.rate * 2**16), tf.uint16)
        return inputs * (tf.cast(kept, inputs.dtype) / (1.0 - self.rate))


def _random_bits(like: Any, seed: Any) -> Any:
    """16 random bits for each value of a tensor, uint16."""
    step, *constants = (tf.constant(c, tf.uint32) for c in (_STEP, 16, 13, 0x85EBCA6B, 0xC2B2AE35))
    start = _mixed(tf.bitwise.bitwise_xor(seed[0], seed[1] * step), constants)
    size = tf.size(like)
    words = _mixed(tf.cast(tf.range((size + 1) // 2), tf.uint32) * step + start, constants)
    halves = tf.reshape(tf.bitcast(words, tf.uint16), (-1,))
    if (like.shape[-1] or 1) % 2:  # the last word may have a half too many
        halves = halves[:size]
    return tf.reshape(halves, tf.shape(like))


def _mixed(h: Any, constants: Sequence[Any]) -> Any:
    far, near, first, second = constants
    return _folded(_folded(_folded(h, far) * first, near) * second, far)


def _folded(h: Any, shift: Any) -> Any:
    return tf.bitwise.bitwise_xor(h, tf.bitwise.right_shift(h, shift))


@keras.saving.register_keras_serializable(package="deepworth")
class MeanMaxPooling(keras.layers.Layer):
    """Mean and maximum over the unmasked steps; zeros for a text without words.

    Input float (batch, steps, features) with its mask; output (batch, 2 * features).
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, states: Any, mask: Any = None) -> Any:
        known = ops.ones_like(states[..., :1]) if mask is None else ops.cast(mask, states.dtype)[..., None]
        mean = ops.sum(states * known, axis=1) / ops.maximum(ops.sum(known, axis=1), 1.0)
        # states of LSTM and GRU lie in (-1, 1), so -2 never wins against a real word
        highest = ops.max(ops.where(known > 0, states, -2.0), axis=1)
        highest = ops.where(ops.any(known > 0, axis=1), highest, 0.0)
        return ops.concatenate([mean, highest], axis=-1)

    def compute_mask(self, states: Any, mask: Any = None) -> None:
        """The steps are gone, and the mask with them."""
        return None

    def compute_output_shape(self, shape: Any) -> tuple[Any, ...]:
        return (shape[0], 2 * shape[2])


@keras.saving.register_keras_serializable(package="deepworth")
class TermSum(keras.layers.Layer):
    """The vectors of a text's terms, added up by weight, and a bias: a dense layer on sparse TF-IDF.

    Inputs: numbers int (batch, length), where 0 is padding, and weights float of the same shape. Output
    (batch, units). Many rows become a matrix of all terms first, whose product is faster under XLA on a CPU
    than to gather vectors, whose gradient is a scatter; of a single row, few vectors are gathered. Where the
    sum is already the output, ``linear``, it starts at zero and its vectors decay as other weights do.
    """

    def __init__(self, vocabulary: int, units: int, linear: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.vocabulary, self.units, self.linear = int(vocabulary), int(units), bool(linear)

    def build(self, input_shape: Any) -> None:
        start = "zeros" if self.linear else keras.initializers.GlorotUniform()
        self.embeddings = self.add_weight(
            name="embeddings", shape=(self.vocabulary, self.units), initializer=start
        )
        self.embeddings.decay_factor = float(self.linear)
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        numbers, weights = inputs
        vectors, weights = tf.convert_to_tensor(self.embeddings), tf.convert_to_tensor(weights)
        if numbers.shape[0] == 1:
            return (weights[:, None, :] @ tf.gather(vectors, numbers))[:, 0, :] + self.bias
        rows = tf.repeat(tf.range(tf.shape(numbers)[0])[:, None], tf.shape(numbers)[1], axis=1)
        cells = tf.stack([rows, tf.cast(numbers, tf.int32)], axis=-1)
        shape = tf.stack([tf.shape(numbers)[0], self.vocabulary])
        return tf.scatter_nd(cells, weights, shape) @ vectors + self.bias

    def compute_output_shape(self, shapes: Any) -> tuple[Any, ...]:
        return (shapes[0][0], self.units)

    def get_config(self) -> dict[str, Any]:
        own = ("vocabulary", "units", "linear")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}


@keras.saving.register_keras_serializable(package="deepworth")
class AttentionPooling(keras.layers.Layer):
    """Mean of the unmasked steps, each weighted by the softmax of its product with a learned query.

    Input float (batch, steps, features) with its mask; output (batch, features), zeros without any step. The
    query starts at zero: then every step counts alike. Yang et al. (2016) without their hidden layer.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        self.query = self.add_weight(name="query", shape=(input_shape[-1],), initializer="zeros")

    def call(self, states: Any, mask: Any = None) -> Any:
        known = ops.ones_like(states[..., :1]) if mask is None else ops.cast(mask, states.dtype)[..., None]
        scores = ops.where(known > 0, ops.sum(states * self.query, axis=-1, keepdims=True), -1e9)
        return ops.sum(ops.softmax(scores, axis=1) * known * states, axis=1)

    def compute_mask(self, states: Any, mask: Any = None) -> None:
        """The steps are gone, and the mask with them."""
        return None

    def compute_output_shape(self, shape: Any) -> tuple[Any, ...]:
        return (shape[0], shape[2])


@keras.saving.register_keras_serializable(package="deepworth")
class Neighbours(keras.layers.Layer):
    """So many neighbouring steps side by side in one: a long text in few steps, each of a few words.

    Input float (batch, steps, features) with a mask of padding at the end; output (batch, steps / together,
    together * features), where a step is masked that has none of a text.
    """

    def __init__(self, together: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.together = int(together)
        self.supports_masking = True

    def call(self, states: Any, mask: Any = None) -> Any:
        if mask is not None:
            states = states * ops.cast(mask, states.dtype)[..., None]
        return ops.reshape(states, (-1, *self.compute_output_shape(states.shape)[1:]))

    def compute_mask(self, states: Any, mask: Any = None) -> Any:
        """Padding is at the end, so the first of the neighbours says whether there is one."""
        return None if mask is None else mask[:, :: self.together]

    def compute_output_shape(self, shape: Any) -> tuple[Any, ...]:
        return (shape[0], shape[1] // self.together, shape[2] * self.together)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "together": self.together}


_OF_TERMS = 0.35  # length of a text's terms, where that of its features is one


def head(
    layers: dict[str, Any],
    x: Any,
    units: int,
    hidden_units: int,
    dropout: float,
    name: str,
    vocabulary: int = 0,
) -> Any:
    """A Keras model from features (batch, width) to ``units`` linear outputs.

    With a ``vocabulary``, a linear layer on the TF-IDF of terms is added to the outputs.
    """
    x = keras.layers.UnitNormalization()(x)
    scale = float(x.shape[-1]) ** 0.5  # values of size one, as a layer expects them
    x = keras.layers.Rescaling(scale)(x)
    if dropout:
        x = Dropout(dropout)(x)
    if hidden_units:
        x = keras.layers.Dense(hidden_units, activation="relu", kernel_initializer="he_normal")(x)
        x = Dropout(dropout)(x) if dropout else x
    output = keras.layers.Dense(units, kernel_initializer="zeros", name="output")(x)
    if vocabulary:
        weights = keras.layers.Rescaling(_OF_TERMS * scale)(layers["weights"])
        of_terms = TermSum(vocabulary, units, linear=True, name="terms")([layers["tokens"], weights])
        output = keras.layers.Add()([output, of_terms])
    return keras.Model(layers, output, name=name)
