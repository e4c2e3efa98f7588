"""Pooling over the words of a text that knows padding."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


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
