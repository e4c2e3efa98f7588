"""BERT's encoder (Devlin et al. 2019) and means of token vectors as Keras layers, weights from a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from .text_layers import PADDING

_USUAL_LENGTH = 128  # pieces of a text


@keras.saving.register_keras_serializable(package="deepworth")
class TokenVectors(keras.layers.Layer):
    """The sum of vectors of a piece, of its place and of the first segment, normalised.

    Input int32 (batch, length); output float32 (batch, length, width).
    """

    def __init__(self, vocabulary: int, places: int, width: int, epsilon: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.vocabulary, self.places = int(vocabulary), int(places)
        self.width, self.epsilon = int(width), float(epsilon)
        self.norm = keras.layers.LayerNormalization(epsilon=self.epsilon, name="norm")

    def build(self, shape: Any) -> None:
        self.pieces = self.add_weight(shape=(self.vocabulary, self.width), name="pieces")
        self.positions = self.add_weight(shape=(self.places, self.width), name="positions")
        self.norm.build((None, None, self.width))
        super().build(shape)

    def call(self, ids: Any) -> Any:
        x = ops.take(self.pieces, ids, axis=0)
        return self.norm(x + self.positions[: ops.shape(ids)[1]])

    def compute_output_spec(self, ids: Any) -> Any:
        return keras.KerasTensor((*ids.shape, self.width), dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        own = ("vocabulary", "places", "width", "epsilon")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}


@keras.saving.register_keras_serializable(package="deepworth")
class EncoderBlock(keras.layers.Layer):
    """Attention of all places to all others (Vaswani et al. 2017), then two dense layers, each normalised.

    Inputs float32 (batch, length, width) and which places are of the text, bool (batch, length); output like
    the first.
    """

    def __init__(
        self, width: int, heads: int, inner: int, epsilon: float, activation: str = "gelu", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.width, self.heads, self.inner = int(width), int(heads), int(inner)
        self.epsilon, self.activation = float(epsilon), str(activation)
        self.attend = keras.layers.Dense(3 * self.width, name="attend")
        self.project = keras.layers.Dense(self.width, name="project")
        self.attend_norm = keras.layers.LayerNormalization(epsilon=self.epsilon, name="attend_norm")
        self.widen = keras.layers.Dense(self.inner, name="widen")
        self.narrow = keras.layers.Dense(self.width, name="narrow")
        self.norm = keras.layers.LayerNormalization(epsilon=self.epsilon, name="norm")

    @property
    def numbers_a_row(self) -> int:
        """Numbers of the widest part for a text of usual length."""
        return _USUAL_LENGTH * max(self.inner, self.heads * _USUAL_LENGTH)

    def build(self, shape: Any, known_shape: Any = None) -> None:
        wide = (None, None, self.width)
        for layer in (self.attend, self.project, self.attend_norm, self.widen, self.norm):
            layer.build(wide)
        self.narrow.build((None, None, self.inner))
        super().build(shape)

    def call(self, x: Any, known: Any) -> Any:
        size = self.width // self.heads
        shape = ops.shape(x)
        each = ops.reshape(self.attend(x), (shape[0], shape[1], 3, self.heads, size))
        query, key, value = ops.unstack(ops.transpose(each, (2, 0, 3, 1, 4)), 3)
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) * size**-0.5
        scores = scores + ops.where(known, 0.0, -1e9)[:, None, None, :]
        seen = ops.transpose(ops.matmul(ops.softmax(scores), value), (0, 2, 1, 3))
        x = self.attend_norm(x + self.project(ops.reshape(seen, shape)))
        return self.norm(x + self.narrow(_activated(self.widen(x), self.activation)))

    def compute_output_spec(self, x: Any, known: Any) -> Any:
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        own = ("width", "heads", "inner", "epsilon", "activation")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}


def _activated(x: Any, name: str) -> Any:
    """BERT's GELU is the exact one."""
    return keras.activations.relu(x) if name == "relu" else tf.nn.gelu(x, approximate=name != "gelu")


@keras.saving.register_keras_serializable(package="deepworth")
class PooledTokens(keras.layers.Layer):
    """The mean over the places of a text, or its first place, scaled to length one.

    Inputs float32 (batch, length, width) and bool (batch, length); output (batch, width).
    """

    def __init__(self, pooling: str = "mean", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pooling = str(pooling)

    def call(self, x: Any, known: Any) -> Any:
        if self.pooling == "first":
            return unit_length(x[:, 0])
        weight = ops.cast(known, x.dtype)[..., None]
        return unit_length(ops.sum(x * weight, axis=1) / ops.maximum(ops.sum(weight, axis=1), 1.0))

    def compute_output_spec(self, x: Any, known: Any) -> Any:
        return keras.KerasTensor((x.shape[0], x.shape[2]), dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "pooling": self.pooling}


def unit_length(x: Any) -> Any:
    """Rows of length one; zeros stay."""
    return x / ops.maximum(ops.norm(x, axis=-1, keepdims=True), 1e-12)


@keras.saving.register_keras_serializable(package="deepworth")
class MeanVectors(keras.layers.Layer):
    """The mean of the vectors of a text's pieces, scaled to length one; zeros for a text without any.

    Input int32 (batch, length), -1 is padding; output float32 (batch, width).
    """

    def __init__(self, vocabulary: int, width: int, **kwargs: Any) -> None:
        super().__init__(**{"trainable": False, **kwargs})
        self.vocabulary, self.width = int(vocabulary), int(width)

    @property
    def numbers_a_row(self) -> int:
        """Numbers of the vectors of a text of usual length."""
        return _USUAL_LENGTH * self.width

    def build(self, shape: Any) -> None:
        self.pieces = self.add_weight(shape=(self.vocabulary, self.width), name="pieces", trainable=False)
        super().build(shape)

    def call(self, ids: Any) -> Any:
        known = ops.cast(ids != PADDING, self.compute_dtype)[..., None]
        vectors = ops.take(self.pieces, ops.clip(ids, 0, self.vocabulary - 1), axis=0)
        return unit_length(ops.sum(vectors * known, axis=1) / ops.maximum(ops.sum(known, axis=1), 1.0))

    def compute_output_spec(self, ids: Any) -> Any:
        return keras.KerasTensor((ids.shape[0], self.width), dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "vocabulary": self.vocabulary, "width": self.width}


Arrays = Mapping[str, np.ndarray]


def vectors_of(arrays: Arrays, config: Mapping[str, Any]) -> TokenVectors:
    """BERT's embeddings; the first segment is added to the places."""
    part = {name.removeprefix("embeddings."): value for name, value in arrays.items()}
    pieces = part["word_embeddings.weight"]
    places = part["position_embeddings.weight"] + part["token_type_embeddings.weight"][0]
    sizes = (len(pieces), len(places), places.shape[1])
    layer = TokenVectors(*sizes, epsilon=config["layer_norm_eps"], name="token_vectors")
    layer.build((None, None))
    layer.pieces.assign(pieces)
    layer.positions.assign(places)
    layer.norm.set_weights(_norm(part, "LayerNorm"))
    return layer


def block_of(arrays: Arrays, config: Mapping[str, Any], number: int, name: str = "") -> EncoderBlock:
    """One of BERT's layers."""
    start = f"encoder.layer.{number}."
    part = {n.removeprefix(start): value for n, value in arrays.items() if n.startswith(start)}
    width, heads = config["hidden_size"], config["num_attention_heads"]
    sizes = (width, heads, config["intermediate_size"], config["layer_norm_eps"])
    layer = EncoderBlock(*sizes, config.get("hidden_act", "gelu"), name=name or f"block_{number}")
    layer.build((None, None, width))
    kernels = [_dense(part, f"attention.self.{each}") for each in ("query", "key", "value")]
    layer.attend.set_weights([np.concatenate(both, axis=-1) for both in zip(*kernels, strict=True)])
    layer.project.set_weights(_dense(part, "attention.output.dense"))
    layer.attend_norm.set_weights(_norm(part, "attention.output.LayerNorm"))
    layer.widen.set_weights(_dense(part, "intermediate.dense"))
    layer.narrow.set_weights(_dense(part, "output.dense"))
    layer.norm.set_weights(_norm(part, "output.LayerNorm"))
    return layer


def _dense(part: Arrays, name: str) -> list[np.ndarray]:
    return [part[f"{name}.weight"].T, part[f"{name}.bias"]]


def _norm(part: Arrays, name: str) -> list[np.ndarray]:
    return [part[f"{name}.weight"], part[f"{name}.bias"]]
