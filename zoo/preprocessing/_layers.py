"""The table's steps as Keras layers, so that an exported graph takes raw columns."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from scipy import special

YEAR, WEEK, DAY = 365.2425 * 86400.0, 7 * 86400.0, 86400.0


LARGEST = 1e150  # beyond it differences and products of float64 overflow


def robust_scale(x: Any, centre: float, factor: float, xp: Any = np) -> Any:
    """z / sqrt(1 + (z/3)^2) for z = (x - centre) * factor: close to z near 0, never beyond 3.

    Smooth clipping after Holzmueller et al. (2024).
    """
    z = (xp.clip(x, -LARGEST, LARGEST) - centre) * factor
    z = xp.clip(z, -1e9, 1e9)  # its square must not overflow
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
    knots, ranks = xp.array(knots, dtype="float64"), xp.array(ranks, dtype="float64")
    x = xp.clip(x, knots[0], knots[-1])
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
        own = {"centre": self.centre, "knots": self.knots, "ranks": self.ranks}
        return {**super().get_config(), **own}


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


def _in_double_precision(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Layer arguments with which inputs stay float64: seconds since 1970 do not fit into float32."""
    return {**kwargs, "dtype": "float64", "trainable": False}


@keras.saving.register_keras_serializable(package="deepworth")
class Phase(keras.layers.Layer):
    """Sine and cosine of where a moment stands in a period; zeros when missing.

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
    """Which of these words a text holds, split as ``keras.layers.TextVectorization`` does.

    Input str (batch, 1); output float32 (batch, n_words) of 0 and 1. The wrapped layer misstates its
    output shape, and its first column counts unknown words, which say nothing.
    """

    def __init__(self, words: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words = list(words)
        self.vector = keras.layers.TextVectorization(output_mode="multi_hot", vocabulary=self.words)

    def build(self, input_shape: Any) -> None:
        self.vector.build(input_shape)
        super().build(input_shape)

    def call(self, texts: Any) -> Any:
        return ops.cast(self.vector(texts)[:, 1:], "float32")

    def compute_output_spec(self, texts: Any) -> Any:
        return keras.KerasTensor((texts.shape[0], len(self.words)), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "words": self.words}
