"""Deep MLP: three hidden layers with today's recipe for tables, RealMLP made cheap.

After Holzmueller, Grinsztajn and Steinwart, "Better by Default" (NeurIPS 2024): periodic embeddings of
numbers, a scale for each feature, neural tangent parametrisation, parametric SELU, dropout, the coslog4
schedule. Ours are quantile-scaled numbers, averaged weights (Polyak and Juditsky 1992), selection of
the epoch by cross-entropy, a quarter of the epochs, and no data-dependent start.
"""

MODALITIES = ("tabular",)
TASKS = ("binary", "multiclass", "regression")
TRAINING = {
    "epochs": 64,
    "learning_rate": 0.04,
    "patience": None,
    "weight_decay": 0.02,
    "schedule": "coslog4",
}
SETTINGS = {"decay_schedule": "flat-cosine", "beta_2": 0.95, "clip_norm": None, "averaging": 0.99}
PREPROCESSING = {"numbers": "quantile"}
SMALLEST_BATCH = 256


def build(
    inputs,
    units: int,
    *,
    hidden_units: tuple[int, ...] = (256, 256, 256),
    activation: str = "selu",
    dropout: float = 0.15,
    embedding_dim: int = 8,
    frequencies: int = 16,
):
    """A Keras model with hidden layers of these sizes and ``units`` linear outputs.

    ``frequencies`` periodic features embed each number; 0 takes numbers as they are.
    """
    import keras

    from ._dropout import Dropout
    from ._tabular import FeatureScale, NTKDense, ParametricActivation, embedded_features

    layers, x = embedded_features(inputs, embedding_dim, frequencies)
    x = FeatureScale()(x)
    for width in hidden_units:
        x = ParametricActivation(activation)(NTKDense(width)(x))
        x = Dropout(dropout)(x) if dropout else x
    return keras.Model(layers, NTKDense(units, start="zeros", name="output")(x), name="deep_mlp")
