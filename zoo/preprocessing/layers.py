"""The steps of preprocessing as Keras layers, so that an exported graph takes raw rows.

They give the same numbers as the arrays of a training: columns are scaled by the same functions, images are
resized by Pillow's arithmetic bit for bit, and texts are split by the same string operations.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from scipy import special

from ...datasets import word_rules
from .base import UNIT
from .scales import power_of_two, scaled_knots
from .terms import LETTERS, LONGEST, kinds_of_terms

YEAR, WEEK, DAY = 365.2425 * 86400.0, 7 * 86400.0, 86400.0
FAR = 1e9  # spreads from the centre; the square of this does not overflow


def robust_scale(x: Any, centre: float, factor: float, xp: Any = np) -> Any:
    """z / sqrt(1 + (z/3)^2) for z = (x - centre) * factor: close to z near 0, never beyond 3.

    Smooth clipping after Holzmueller et al. (2024). A power of two brings centre and spread near 1 first,
    so that neither the difference overflows nor the factor vanishes; it changes no digit.
    """
    down = power_of_two(max(abs(centre), 1.0 / factor)) if factor else 0.0
    z = (x * down - centre * down) * (factor / down if factor else 0.0)
    z = xp.clip(z, -FAR, FAR)
    return z / xp.sqrt(1.0 + (z / 3.0) ** 2)


@keras.saving.register_keras_serializable(package="deepworth")
class RobustScale(keras.layers.Layer):
    """(x - centre) * factor with smooth clipping; missing and infinite become the centre.

    Input float64 (batch, 1); output float32 (batch, 1).
    """

    def __init__(self, centre: float, factor: float, **kwargs: Any) -> None:
        super().__init__(**_in_double_precision(kwargs))
        self.centre, self.factor = float(centre), float(factor)

    def call(self, x: Any) -> Any:
        known = ops.where(ops.isfinite(x), x, self.centre)
        return ops.cast(robust_scale(known, self.centre, self.factor, ops), "float32")

    def compute_output_spec(self, x: Any) -> Any:
        return keras.KerasTensor(x.shape, dtype="float32")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "centre": self.centre, "factor": self.factor}


LEAST_RANK = 0.00135  # of the normal distribution's value -3; no number lies beyond +-3


def quantile_scale(x: Any, knots: Any, ranks: Any, xp: Any = np) -> Any:
    """The normal distribution's value at the rank of x, interpolated between ``knots``.

    A quantile transform, as TabM takes it (Gorishniy et al. 2025); ranks of ties are their mean.
    """
    knots, down = scaled_knots(knots)
    x = xp.clip(x * down, knots[0], knots[-1])
    knots, ranks = xp.array(knots, dtype="float64"), xp.array(ranks, dtype="float64")
    left = xp.clip(xp.searchsorted(knots, x, side="right") - 1, 0, knots.shape[0] - 2)
    low, high = xp.take(knots, left), xp.take(knots, left + 1)
    below, above = xp.take(ranks, left), xp.take(ranks, left + 1)
    rank = below + (x - low) / (high - low) * (above - below)
    rank = xp.clip(rank, LEAST_RANK, 1.0 - LEAST_RANK)
    erfinv = ops.erfinv if xp is ops else special.erfinv
    return np.sqrt(2.0) * erfinv(2.0 * rank - 1.0)


@keras.saving.register_keras_serializable(package="deepworth")
class QuantileScale(keras.layers.Layer):
    """Numbers to normal scores by their rank; missing and infinite become the centre.

    Input float64 (batch, 1); output float32 (batch, 1).
    """

    def __init__(self, centre: float, knots: Any, ranks: Any, **kwargs: Any) -> None:
        super().__init__(**_in_double_precision(kwargs))
        self.centre, self.knots, self.ranks = float(centre), list(knots), list(ranks)

    def call(self, x: Any) -> Any:
        known = ops.where(ops.isfinite(x), x, self.centre)
        scaled = quantile_scale(ops.reshape(known, (-1,)), self.knots, self.ranks, ops)
        return ops.cast(ops.reshape(scaled, ops.shape(x)), "float32")

    def compute_output_spec(self, x: Any) -> Any:
        return keras.KerasTensor(x.shape, dtype="float32")

    def get_config(self) -> dict[str, Any]:
        config = {"centre": self.centre, "knots": self.knots, "ranks": self.ranks}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable(package="deepworth")
class MissingIndicator(keras.layers.Layer):
    """1 where a number is missing or infinite, else 0.

    Input float64 (batch, 1); output float32 (batch, 1).
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**_in_double_precision(kwargs))

    def call(self, x: Any) -> Any:
        return ops.cast(ops.logical_not(ops.isfinite(x)), "float32")

    def compute_output_spec(self, x: Any) -> Any:
        return keras.KerasTensor(x.shape, dtype="float32")


@keras.saving.register_keras_serializable(package="deepworth")
class TargetUnits(keras.layers.Layer):
    """Standardised values of a network in units of the target: single precision has no digits for 1e9 + y.

    Input float (batch, 1); output float64 (batch, 1).
    """

    def __init__(self, scale: float, offset: float, **kwargs: Any) -> None:
        super().__init__(**_in_double_precision(kwargs))
        self.scale, self.offset = float(scale), float(offset)

    def call(self, x: Any) -> Any:
        scale, offset = (ops.convert_to_tensor(v, dtype="float64") for v in (self.scale, self.offset))
        return ops.cast(x, "float64") * scale + offset

    def compute_output_spec(self, x: Any) -> Any:
        return keras.KerasTensor(x.shape, dtype="float64")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale, "offset": self.offset}


def _in_double_precision(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Layer arguments with which inputs stay float64: seconds since 1970 do not fit into float32."""
    return {**kwargs, "dtype": "float64", "trainable": False}


@keras.saving.register_keras_serializable(package="deepworth")
class Phase(keras.layers.Layer):
    """Sine and cosine of the phase of a moment in a period; zeros when missing.

    Input float64 seconds since 1970 (batch, 1); output float32 (batch, 2).
    """

    def __init__(self, period: float, **kwargs: Any) -> None:
        super().__init__(**_in_double_precision(kwargs))
        self.period = float(period)

    def call(self, x: Any) -> Any:
        missing = ops.logical_not(ops.isfinite(x))
        turns = ops.where(missing, 0.0, x) / self.period
        angle = 2.0 * np.pi * (turns - ops.floor(turns))
        waves = ops.concatenate([ops.sin(angle), ops.cos(angle)], axis=-1)
        return ops.cast(ops.where(missing, 0.0, waves), "float32")

    def compute_output_spec(self, x: Any) -> Any:
        return keras.KerasTensor((*x.shape[:-1], 2), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "period": self.period}


@keras.saving.register_keras_serializable(package="deepworth")
class OneHotKnown(keras.layers.Layer):
    """Codes 1..depth to one-hot; code 0 (rare or never seen) to zeros.

    Input integer (batch, 1); output float32 (batch, depth).
    """

    def __init__(self, depth: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.depth = int(depth)

    def call(self, codes: Any) -> Any:
        return ops.one_hot(ops.cast(ops.squeeze(codes, -1), "int32") - 1, self.depth, dtype="float32")

    def compute_output_spec(self, codes: Any) -> Any:
        return keras.KerasTensor((*codes.shape[:-1], self.depth), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "depth": self.depth}


@keras.saving.register_keras_serializable(package="deepworth")
class BagOfWords(keras.layers.Layer):
    """Which of these words a text holds.

    Input str (batch, 1); output float32 (batch, n_words) of 0 and 1. The wrapped layer misstates its
    output shape, and its first column counts unknown words, which is dropped.
    """

    def __init__(self, words: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words = list(words)
        self.vector = keras.layers.TextVectorization(
            standardize=words_apart, output_mode="multi_hot", vocabulary=self.words
        )

    def build(self, input_shape: Any) -> None:
        self.vector.build(input_shape)
        super().build(input_shape)

    def call(self, texts: Any) -> Any:
        return ops.cast(self.vector(texts)[:, 1:], "float32")

    def compute_output_spec(self, texts: Any) -> Any:
        return keras.KerasTensor((texts.shape[0], len(self.words)), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "words": self.words}


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


@keras.saving.register_keras_serializable(package="deepworth")
def words_apart(texts: Any) -> Any:
    """The words of :func:`deepworth.datasets.tokenise`, with spaces between them."""
    rules = word_rules()
    texts = tf.strings.regex_replace(texts, r"\x00", " ")  # lower would take it for the end of the text
    texts = tf.strings.regex_replace(texts, rules.capital, rules.small)
    texts = tf.strings.lower(texts, encoding="utf-8")
    for expression, new in (*rules.replaced, (rules.gap, " "), (rules.single, r" \0 ")):
        texts = tf.strings.regex_replace(texts, expression, new)
    return texts


def vectorisation(vocabulary: list[str], length: int) -> keras.layers.TextVectorization:
    """Layer from strings (batch, 1) to token ids (batch, length): 0 padding, 1 unknown, then the words."""
    return keras.layers.TextVectorization(
        standardize=words_apart,
        split="whitespace",
        output_sequence_length=length,
        vocabulary=vocabulary,
        name="tokens",
    )


@keras.saving.register_keras_serializable(package="deepworth")
class TermNumbers(keras.layers.Layer):
    """Numbers of the known terms of a text: its words, its word pairs, then letter groups word by word.

    Input str (batch, 1); output int32 (batch, length), 0 padding at the end, then the terms from 1 on. A
    letter group starts with ``LETTERS``, and the letters of a word stand between "<" and ">".
    """

    def __init__(self, terms: list[str], length: int, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "int32", "trainable": False, **kwargs})
        self.terms, self.length = list(terms), int(length)
        self.table = keras.layers.StringLookup(vocabulary=self.terms, mask_token=None)
        self.longest_run, self.letter_groups = kinds_of_terms(self.terms)

    def build(self, input_shape: Any) -> None:
        self.table.build(input_shape)
        super().build(input_shape)

    def call(self, texts: Any) -> Any:
        words = tf.strings.split(words_apart(tf.reshape(texts, (-1,))))
        runs = [words]
        if self.longest_run > 1:
            runs += [tf.strings.ngrams(words, 2, separator=" ")]
        if self.letter_groups:
            runs += [_letter_groups(words, size) for size in self.letter_groups]
        terms = tf.concat(runs, axis=1)
        numbers = terms.with_flat_values(tf.cast(self.table(terms.flat_values), tf.int32))
        known = tf.ragged.boolean_mask(numbers, numbers > 0)
        return known.to_tensor(shape=(None, self.length))

    def compute_output_spec(self, texts: Any) -> Any:
        return keras.KerasTensor((texts.shape[0], self.length), dtype="int32")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "terms": self.terms, "length": self.length}


def _letter_groups(words: Any, size: int) -> Any:
    """Groups of so many neighbouring letters of each word, one list a text."""
    short = tf.strings.length(words.flat_values, "UTF8_CHAR") <= LONGEST
    marked = tf.where(short, tf.strings.join(["<", words.flat_values, ">"]), "")
    letters = tf.strings.unicode_split(marked, "UTF-8")
    groups = tf.strings.ngrams(letters, size, separator="")
    groups = groups.with_flat_values(tf.strings.join([LETTERS, groups.flat_values]))
    return words.with_values(groups).merge_dims(1, 2)


@keras.saving.register_keras_serializable(package="deepworth")
class TermWeights(keras.layers.Layer):
    """TF-IDF of each term of a text, shared out to the places where it stands.

    Input int32 (batch, length) of :class:`TermNumbers`; output float32 of the same shape, 0 at padding. The
    weights of a term add up to (1 + log of its count) times ``idf``, and the sums of a text have length 1:
    those of its words and pairs, and those of its letter groups, whose numbers begin behind ``n_words``.
    """

    def __init__(self, idf: Any, n_words: int, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", "trainable": False, "autocast": False, **kwargs})
        self.idf, self.n_words = [float(value) for value in idf], int(n_words)

    def call(self, numbers: Any) -> Any:
        idf = tf.constant([0.0, *self.idf], tf.float32)
        n_rows, places = tf.shape(numbers)[0], tf.shape(numbers)[1]
        rows = tf.repeat(tf.range(n_rows)[:, None], places, axis=1)
        found = tf.reshape(tf.stack([rows, numbers], axis=-1), (-1, 2))
        ones = tf.ones(tf.shape(found)[:1], tf.float32)
        counts = tf.scatter_nd(found, ones, tf.stack([n_rows, tf.size(idf)]))
        count = tf.gather(counts, numbers, batch_dims=1)
        weight = tf.gather(idf, numbers) * (1.0 + tf.math.log(count)) / count
        square, is_word = weight * weight * count, numbers <= self.n_words
        words, letters = (
            tf.reduce_sum(tf.where(kind, square, 0.0), axis=1, keepdims=True)
            for kind in (is_word, tf.logical_not(is_word))
        )
        return weight / tf.sqrt(tf.maximum(tf.where(is_word, words, letters), 1e-24))

    def compute_output_spec(self, numbers: Any) -> Any:
        return keras.KerasTensor(numbers.shape, dtype="float32")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "idf": self.idf, "n_words": self.n_words}
