"""Layers of image networks: augmentation, the mirror at prediction, and a first layer that whitens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops


@keras.saving.register_keras_serializable(package="deepworth")
class Augment(keras.layers.Layer):
    """Moves, mirrors and covers training images at random; at prediction they pass as they are.

    Each image is moved by up to ``shift`` pixels along both sides, its border reflected, mirrored with
    probability 1/2 where ``flip`` is set, and loses a square of ``hole`` pixels (cutout, DeVries and Taylor
    2017). A pixel's new place is an index, so that a step costs two look-ups.

    Input and output (batch, height, width, channels), 0 is grey.
    """

    def __init__(self, shift: int = 0, flip: bool = False, hole: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shift, self.flip, self.hole = int(shift), bool(flip), int(hole)
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, images: Any, training: bool = False) -> Any:
        if not training:
            return images
        images = tf.convert_to_tensor(images)
        n, (height, width) = tf.shape(images)[0], images.shape[1:3]
        seed = tf.cast(self.seed_generator.next(), tf.int64)
        down, right, mirrored, top, left = tf.unstack(tf.random.stateless_uniform((5, n, 1), seed))
        rows = _reflected(tf.range(height) + self._steps(down), height)
        columns = _reflected(tf.range(width) + self._steps(right), width)
        if self.flip:
            columns = tf.where(mirrored < 0.5, width - 1 - columns, columns)
        images = tf.gather(images, rows, axis=1, batch_dims=1)
        images = tf.gather(images, columns, axis=2, batch_dims=1)
        if not self.hole:
            return images
        inside = _covered(top, height, self.hole)[:, :, None] & _covered(left, width, self.hole)[:, None]
        return tf.where(inside[..., None], tf.zeros((), images.dtype), images)

    def _steps(self, draw: Any) -> Any:
        """Whole numbers from -shift to shift."""
        return tf.cast(tf.floor(draw * (2 * self.shift + 1)), tf.int32) - self.shift

    def compute_output_shape(self, shape: Any) -> tuple[Any, ...]:
        return shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "shift": self.shift, "flip": self.flip, "hole": self.hole}


def _reflected(places: Any, length: int) -> Any:
    """Places outside of 0 .. length - 1, by less than the length, mirrored at the border pixel."""
    return length - 1 - tf.abs(length - 1 - tf.abs(places))


def _covered(draw: Any, length: int, hole: int) -> Any:
    """Which places of each image lie in its hole, whose centre may be anywhere; bool (batch, length)."""
    start = tf.cast(tf.floor(draw * length), tf.int32) - hole // 2
    places = tf.range(length)
    return (places >= start) & (places < start + hole)


@keras.saving.register_keras_serializable(package="deepworth")
class BothWays(keras.layers.Layer):
    """At prediction each image and its mirror image; in training the image alone.

    Input (batch, height, width, channels); output (2 * batch, ...) at prediction, mirror images last.
    """

    def call(self, images: Any, training: bool = False) -> Any:
        return images if training else ops.concatenate([images, ops.flip(images, axis=2)], axis=0)

    def compute_output_shape(self, shape: Any) -> tuple[Any, ...]:
        return shape


@keras.saving.register_keras_serializable(package="deepworth")
class MeanOfBoth(keras.layers.Layer):
    """The mean output of each image and its mirror image, which :class:`BothWays` put last.

    Input (2 * batch, units) at prediction, output (batch, units).
    """

    def call(self, outputs: Any, training: bool = False) -> Any:
        return outputs if training else ops.mean(ops.reshape(outputs, (2, -1, outputs.shape[-1])), axis=0)

    def compute_output_shape(self, shape: Any) -> tuple[Any, ...]:
        return shape


_IMAGES_WHITENED = 2000  # patches of so many images are enough for their covariance
_LEAST_VARIANCE = 5e-4  # added to the eigenvalues of patches, as in airbench


def whiten(model: Any, arrays: Mapping[str, np.ndarray], name: str = "whitening") -> None:
    """Start values of a fixed first convolution that gives patches of unit covariance.

    Kernels are the eigenvectors of the patches' covariance with the largest eigenvalues, divided by the
    square root of these, once with each sign (Jordan 2024, arXiv:2404.00498, section 3.2). Sums are of whole
    numbers, so that they do not depend on the order of the images.

    Parameters
    ----------
    model : keras.Model
        With a ``Conv2D`` of that name over images scaled to [-1, 1].
    arrays : mapping
        ``image``: uint8 (n_samples, height, width, channels).
    """
    layer = model.get_layer(name)
    height, width, channels, filters = layer.kernel.shape
    mean, covariance = _moments_of_patches(arrays["image"], (height, width), layer.strides, channels)
    values, vectors = np.linalg.eigh(covariance)
    kept = np.argsort(values)[::-1][: filters // 2]
    directions = vectors[:, kept] / np.sqrt(np.maximum(values[kept], 0.0) + _LEAST_VARIANCE)
    largest = np.take_along_axis(vectors[:, kept], np.abs(vectors[:, kept]).argmax(axis=0)[None], axis=0)
    directions *= np.where(largest < 0, -1.0, 1.0)
    kernel = np.concatenate([directions, -directions], axis=1)
    layer.set_weights([kernel.reshape(height, width, channels, -1), -mean @ kernel])


def _moments_of_patches(
    images: np.ndarray, size: tuple[int, int], strides: tuple[int, int], channels: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean (n,) and covariance (n, n) of the pixels of patches, scaled to [-1, 1]."""
    n = size[0] * size[1] * channels
    total, products, count = np.zeros(n), np.zeros((n, n)), 0
    for image in images[np.linspace(0, len(images) - 1, min(len(images), _IMAGES_WHITENED)).astype(int)]:
        windows = np.lib.stride_tricks.sliding_window_view(image, size, axis=(0, 1))
        patches = windows[:: strides[0], :: strides[1]].transpose(0, 1, 3, 4, 2).reshape(-1, n)
        x = patches.astype(np.float64)
        total, products, count = total + x.sum(axis=0), products + x.T @ x, count + len(x)
    mean = total / count
    covariance = products / count - np.outer(mean, mean)
    return mean / 127.5 - 1.0, covariance / 127.5**2
