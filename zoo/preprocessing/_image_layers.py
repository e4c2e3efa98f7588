"""Resizing as TensorFlow operations: Pillow's arithmetic bit for bit, so every path sees the same pixels."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from ._pixels import UNIT


def resize(images: Any, size: tuple[int, int]) -> Any:
    """uint8 images (batch, h, w, c) to ``size``, as :func:`._pixels.resized` does it with Pillow."""
    x = tf.cast(images, tf.float64)
    x = _along(x, 2, "bhwc,ow->bhoc", size[1])
    x = _along(x, 1, "bhwc,oh->bowc", size[0])
    return tf.cast(x, tf.uint8)


def _along(x: Any, axis: int, product: str, wanted: int) -> Any:
    """Whole numbers below 2**53, so the order of the sums does not matter."""
    weights = _weights(tf.shape(x)[axis], wanted)
    total = tf.einsum(product, x, weights)
    return tf.clip_by_value(tf.floor((total + UNIT / 2) / UNIT), 0.0, 255.0)


def _weights(present: Any, wanted: int) -> Any:
    """Whole weights (wanted, present) of the input places: triangles as wide as the reduction."""
    n = tf.cast(present, tf.float64)
    scale = n / wanted
    centres = (tf.range(wanted, dtype=tf.float64) + 0.5) * scale
    places = tf.cast(tf.range(present), tf.float64)
    distance = tf.abs((places - centres[:, None] + 0.5) / tf.maximum(scale, 1.0))
    weights = tf.maximum(1.0 - distance, 0.0)
    return tf.floor(weights / tf.reduce_sum(weights, axis=1, keepdims=True) * UNIT + 0.5)


@keras.saving.register_keras_serializable(package="deepworth")
class ResizeImage(keras.layers.Layer):
    """uint8 (batch, any height, any width, channels) to uint8 (batch, height, width, channels)."""

    def __init__(self, height: int, width: int, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "uint8", "trainable": False, **kwargs})
        self.height, self.width = int(height), int(width)

    def call(self, images: Any) -> Any:
        return resize(images, (self.height, self.width))

    def compute_output_spec(self, images: Any) -> Any:
        return keras.KerasTensor((images.shape[0], self.height, self.width, images.shape[-1]), dtype="uint8")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "height": self.height, "width": self.width}
