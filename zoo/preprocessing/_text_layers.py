"""Texts to token ids by TensorFlow's string operations, the same in training and in the exported graph."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf


@keras.saving.register_keras_serializable(package="deepworth")
def standardise(texts: Any) -> Any:
    """Lower case; apostrophes vanish (don't -> dont); . , ! ? ; become words; other signs are gaps.

    Negations survive, and so do the marks that end their reach.
    """
    texts = tf.strings.regex_replace(texts, r"\x00", " ")  # lower would take it for the end of the text
    texts = tf.strings.lower(texts, encoding="utf-8")
    texts = tf.strings.regex_replace(texts, r"<br\s*/?>", " ")
    texts = tf.strings.regex_replace(texts, "['\u2019]", "")
    texts = tf.strings.regex_replace(texts, r"[^\p{L}\p{M}\p{N}.,!?;]+", " ")
    return tf.strings.regex_replace(texts, r"([.,!?;])", r" \1 ")


def words(texts: list[str]) -> list[np.ndarray]:
    """The words (bytes) of each text."""
    ragged = tf.strings.split(standardise(tf.constant(texts)))
    return np.split(ragged.flat_values.numpy(), ragged.row_splits.numpy()[1:-1])


def vectorisation(vocabulary: list[str], length: int) -> keras.layers.TextVectorization:
    """Layer from strings (batch, 1) to token ids (batch, length): 0 padding, 1 unknown, then the words."""
    return keras.layers.TextVectorization(
        standardize=standardise,
        split="whitespace",
        output_sequence_length=length,
        vocabulary=vocabulary,
        name="tokens",
    )
