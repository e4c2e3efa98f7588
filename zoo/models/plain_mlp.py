"""Plain MLP: three hidden layers with dropout, the deep network of the textbooks.

Robust-scaled inputs, ReLU layers with He initialisation (He et al. 2015), dropout
(Srivastava et al. 2014), decoupled weight decay (Loshchilov and Hutter 2019) and a cosine schedule. What
``deep-mlp`` adds to it shows in a comparison of the two.
"""

MODALITIES = ("tabular",)
TASKS = ("binary", "multiclass", "regression")
TRAINING = {"epochs": 100, "learning_rate": 2e-3, "patience": 25, "weight_decay": 0.02, "schedule": "cosine"}
LIMITS = {"dropout": (0, 1)}
# After the search of MLPs by Grinsztajn, Oyallon and Varoquaux (2022), table 6
SPACE = {
    "learning_rate": ("log", 3e-4, 1e-2),
    "weight_decay": ("log", 1e-4, 0.3),
    "dropout": [0.0, 0.15, 0.3, 0.5],
    "hidden_units": [(256, 256, 256), (128, 128), (512, 512)],
}


def build(
    inputs,
    units: int,
    *,
    hidden_units: tuple[int, ...] = (256, 256, 256),
    activation: str = "relu",
    dropout: float = 0.15,
    embedding_dim: int = 8,
):
    """A Keras model with ``units`` linear outputs.

    Parameters
    ----------
    hidden_units
        Units of each hidden layer, the first one first.
    activation
        Activation of the hidden layers, any name that Keras knows.
    dropout
        Share of the units of a hidden layer that a training step leaves out.
    embedding_dim
        Most values that a category is embedded in.
    """
    import keras

    from ._layers import hidden_layers, table_features

    layers, x = table_features(inputs, embedding_dim)
    x = hidden_layers(x, hidden_units, activation, dropout)
    return keras.Model(layers, keras.layers.Dense(units, name="output")(x), name="plain_mlp")
