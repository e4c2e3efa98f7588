"""Parts that several architectures share."""

from __future__ import annotations

from typing import Any


def table_features(inputs: Any, embedding_dim: int = 8) -> tuple[dict[str, Any], Any]:
    """Inputs of a table and one tensor (batch, features) of its numbers and embedded categories."""
    import keras

    layers = inputs.layers()
    if not inputs.cardinalities:
        return layers, layers["numeric"]
    columns = [
        keras.layers.Embedding(n, min(embedding_dim, (n + 1) // 2), name=f"embedding_{i}")(
            layers["categories"][:, i]
        )
        for i, n in enumerate(inputs.cardinalities)
    ]
    return layers, keras.layers.Concatenate()([layers["numeric"], *columns])


def hidden_layers(x: Any, hidden_units: Any, activation: str, dropout: float) -> Any:
    """Dense layers of these sizes, each with its activation and dropout."""
    import keras

    from ._dropout import Dropout

    for units in hidden_units:
        x = keras.layers.Dense(units, activation=activation, kernel_initializer="he_normal")(x)
        if dropout:
            x = Dropout(dropout)(x)
    return x
