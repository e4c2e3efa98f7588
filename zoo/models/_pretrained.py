"""What networks on pretrained features share: a linear layer, or one hidden layer before it."""

from __future__ import annotations

from typing import Any

import keras

from ._layers import Dropout


def head(layers: dict[str, Any], x: Any, units: int, hidden_units: int, dropout: float, name: str) -> Any:
    """A Keras model from features (batch, width) to ``units`` linear outputs."""
    x = keras.layers.UnitNormalization()(x)
    x = keras.layers.Rescaling(float(x.shape[-1]) ** 0.5)(x)  # values of size one, as a layer expects them
    if dropout:
        x = Dropout(dropout)(x)
    if hidden_units:
        x = keras.layers.Dense(hidden_units, activation="relu", kernel_initializer="he_normal")(x)
        x = Dropout(dropout)(x) if dropout else x
    output = keras.layers.Dense(units, kernel_initializer="zeros", name="output")(x)
    return keras.Model(layers, output, name=name)
