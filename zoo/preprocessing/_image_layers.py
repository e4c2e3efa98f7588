"""Resizing as a TensorFlow operation, the same in training and in the exported graph."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


def resize(images: Any, size: tuple[int, int]) -> Any:
    """uint8 images (batch, h, w, c) to ``size``, bilinear with anti-aliasing, rounded to uint8."""
    resized = tf.image.resize(images, size, method="bilinear", antialias=True)
    return tf.cast(tf.clip_by_value(tf.round(resized), 0.0, 255.0), tf.uint8)


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
