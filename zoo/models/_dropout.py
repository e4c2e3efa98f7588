"""Dropout that compiles well."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="deepworth")
class Dropout(keras.layers.Dropout):
    """Keras's dropout with its random numbers from Philox.

    The generator that TensorFlow selects by itself makes a small network ten times slower under XLA on
    a CPU (40 epochs of 1,200 rows and 128 units: 2.1 s against 0.2 s).
    """

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        seed = tf.cast(self.seed_generator.next(), tf.int32)
        return tf.nn.experimental.stateless_dropout(inputs, rate=self.rate, seed=seed, rng_alg="philox")
