"""Shallow MLP: one hidden layer, enough for any continuous function in principle.

The textbook network (Rumelhart, Hinton and Williams 1986; universal approximation: Cybenko 1989).
"""

MODALITIES = ("tabular",)
TASKS = ("binary", "multiclass", "regression")
TRAINING = {"epochs": 200, "learning_rate": 3e-3, "patience": 20}
LIMITS = {"dropout": (0, 1)}
LEARNING_CURVE = True
SPACE = {
    "learning_rate": ("log", 3e-4, 3e-2),
    "weight_decay": ("log", 1e-5, 0.1),
    "dropout": [0.0, 0.1, 0.3],
    "hidden_units": [32, 128, 512],
}


def build(
    inputs,
    units: int,
    *,
    hidden_units: int = 128,
    activation: str = "relu",
    dropout: float = 0.1,
    embedding_dim: int = 8,
):
    """A Keras model with one hidden layer and ``units`` linear outputs.

    Parameters
    ----------
    hidden_units
        Units of the hidden layer.
    activation
        Activation of the hidden layer, any name that Keras knows.
    dropout
        Share of the hidden units that a training step leaves out.
    embedding_dim
        Most values that a category is embedded in.
    """
    import keras

    from ._layers import hidden_layers, table_features

    layers, x = table_features(inputs, embedding_dim)
    x = hidden_layers(x, (hidden_units,), activation, dropout)
    return keras.Model(layers, keras.layers.Dense(units, name="output")(x), name="shallow_mlp")
