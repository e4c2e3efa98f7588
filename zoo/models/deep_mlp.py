"""Deep MLP: three hidden layers with today's recipe for tables, RealMLP made cheap.

After Holzmueller, Grinsztajn and Steinwart, "Better by Default" (NeurIPS 2024): periodic embeddings of
numbers, a scale for each feature, neural tangent parametrisation, parametric SELU, dropout, the coslog4
schedule. Ours are quantile-scaled numbers, averaged weights (Polyak and Juditsky 1992), selection of
the epoch by cross-entropy, a sixth of the epochs, no data-dependent start, and eight members that share
their matrices (BatchEnsemble, Wen, Tran and Ba 2020): they cost as much as 64 epochs of one network
twice as wide and score better.
"""

MODALITIES = ("tabular",)
TASKS = ("binary", "multiclass", "regression")
TRAINING = {
    "epochs": 40,
    "learning_rate": 0.04,
    "patience": None,
    "weight_decay": 0.02,
    "schedule": "coslog4",
}
SETTINGS = {"decay_schedule": "flat-cosine", "beta_2": 0.95, "clip_norm": None, "averaging": 0.99}
PREPROCESSING = {"numbers": "quantile"}
LIMITS = {"dropout": (0, 1), "frequencies": (0, None)}
LEARNING_CURVE = True
# The ranges of RealMLP's published search (Holzmueller et al. 2024, appendix), of what one program can vary
SPACE = {
    "learning_rate": ("log", 0.015, 0.12),
    "weight_decay": ("log", 0.002, 0.2),
    "dropout": [0.0, 0.15, 0.3],
    "hidden_units": [(128, 128, 128), (256, 256, 256), (64, 64, 64, 64, 64)],
}


def build(
    inputs,
    units: int,
    *,
    hidden_units: tuple[int, ...] = (128, 128, 128),
    activation: str = "selu",
    dropout: float = 0.15,
    embedding_dim: int = 8,
    frequencies: int = 16,
    members: int = 8,
):
    """A Keras model with linear outputs (batch, ``members``, ``units``); (batch, ``units``) of one member.

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
    frequencies
        Periodic features that embed each number; 0 takes numbers as they are.
    members
        Networks that share their matrices. Each learns by its own loss, and their mean prediction is the
        answer.
    """
    from functools import partial

    import keras

    from ._layers import Dropout
    from ._tabular import (
        FeatureScale,
        Members,
        NTKDense,
        NTKMemberDense,
        NTKMemberHeads,
        ParametricActivation,
        embedded_features,
    )

    layers, x = embedded_features(inputs, embedding_dim, frequencies)
    x = FeatureScale()(x)
    x = Members(members)(x) if members > 1 else x
    dense = NTKMemberDense if members > 1 else NTKDense
    for width in hidden_units:
        x = ParametricActivation(activation)(dense(width)(x))
        x = Dropout(dropout)(x) if dropout else x
    head = NTKMemberHeads if members > 1 else partial(NTKDense, start="zeros")
    return keras.Model(layers, head(units, name="output")(x), name="deep_mlp")
