"""Plain MLP: three hidden layers with dropout, the deep network of the textbooks.

Robust-scaled inputs, ReLU layers with He initialisation (He et al. 2015), dropout
(Srivastava et al. 2014), decoupled weight decay (Loshchilov and Hutter 2019) and a cosine schedule. What
``deep-mlp`` adds to it can be read off by comparing the two.
"""

MODALITIES = ("tabular",)
TASKS = ("binary", "multiclass", "regression")
TRAINING = {"epochs": 100, "learning_rate": 2e-3, "patience": 25, "weight_decay": 0.02, "schedule": "cosine"}


def build(
    inputs,
    units: int,
    *,
    hidden_units: tuple[int, ...] = (256, 256, 256),
    activation: str = "relu",
    dropout: float = 0.15,
    embedding_dim: int = 8,
):
    """A Keras model with hidden layers of these sizes and ``units`` linear outputs."""
    import keras

    from ._layers import hidden_layers, table_features

    layers, x = table_features(inputs, embedding_dim)
    x = hidden_layers(x, hidden_units, activation, dropout)
    return keras.Model(layers, keras.layers.Dense(units, name="output")(x), name="plain_mlp")
