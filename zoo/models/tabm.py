"""TabM: an ensemble of MLPs that share their matrices, trained as one network.

Gorishniy, Kotelnikov and Babenko, "TabM: Advancing Tabular Deep Learning with Parameter-Efficient
Ensembling" (ICLR 2025), on BatchEnsemble (Wen, Tran and Ba 2020). Every member is trained by its own
loss, and their mean prediction is the answer. Smaller than the original (16 members of 2 x 256 instead
of 32 of 3 x 512), with periodic embeddings of the numbers.
"""

MODALITIES = ("tabular",)
TASKS = ("binary", "multiclass", "regression")
TRAINING = {"epochs": 100, "learning_rate": 2e-3, "patience": 16, "weight_decay": 3e-4}
SETTINGS = {"clip_norm": None}
PREPROCESSING = {"numbers": "quantile"}
LIMITS = {"dropout": (0, 1), "frequencies": (0, None)}
# After the published search of TabM (Gorishniy et al. 2025, appendix), narrower
SPACE = {
    "learning_rate": ("log", 3e-4, 5e-3),
    "weight_decay": ("log", 1e-5, 1e-1),
    "dropout": [0.0, 0.1, 0.3],
    "hidden_units": [(256, 256), (128, 128), (256, 256, 256)],
}


def build(
    inputs,
    units: int,
    *,
    members: int = 16,
    hidden_units: tuple[int, ...] = (256, 256),
    activation: str = "relu",
    dropout: float = 0.1,
    embedding_dim: int = 8,
    frequencies: int = 16,
):
    """A Keras model with linear outputs (batch, ``members``, ``units``).

    Parameters
    ----------
    members
        Networks of the ensemble.
    hidden_units
        Units of each hidden layer, the first one first.
    activation
        Activation of the hidden layers, any name that Keras knows.
    dropout
        Share of the units of a hidden layer that a training step leaves out.
    embedding_dim
        Most values that a category is embedded in.
    frequencies
        Periodic features that embed each number; 0 takes numbers as they are.
    """
    import keras

    from ._layers import Dropout
    from ._tabular import MemberDense, MemberHeads, Members, embedded_features

    layers, x = embedded_features(inputs, embedding_dim, frequencies)
    x = Members(members)(x)
    for width in hidden_units:
        x = keras.layers.Activation(activation)(MemberDense(width)(x))
        x = Dropout(dropout)(x) if dropout else x
    return keras.Model(layers, MemberHeads(units, name="output")(x), name="tabm")
