"""Wide MLP: one wide hidden layer on the TF-IDF of words and word pairs.

Galke and Scherp (ACL 2022), "Bag-of-Words vs. Graph vs. Sequence in Text Classification": level with or above
recurrent and graph networks that have not been pretrained. The first layer adds up a vector for each term of
a text, so its cost is that of the terms that are there and not that of all terms.
"""

MODALITIES = ("text",)
TASKS = ("binary", "multiclass", "regression")
PREPROCESSING = {"kind": "terms", "words": 8000, "pairs": 4000}
TRAINING = {
    "epochs": 10,
    "learning_rate": 3e-3,
    "patience": 3,
    "schedule": "cosine",
    "validation_fraction": 0.1,
}
LIMITS = {"dropout": (0, 1)}
JIT = 200  # steps from which XLA pays: it moves millions of weights in a third of the time
LEARNING_CURVE = True
SPACE = {
    "learning_rate": ("log", 5e-4, 1e-2),
    "weight_decay": ("log", 1e-5, 0.1),
    "dropout": [0.3, 0.5, 0.8],
    "hidden_units": [256, 512, 1024],
}


def build(inputs, units: int, *, hidden_units: int = 512, dropout: float = 0.5):
    """A Keras model from numbers and weights of terms to ``units`` linear outputs.

    Parameters
    ----------
    hidden_units
        Units of the hidden layer; 1,024 in the paper, which takes twice the time.
    dropout
        Share of the hidden units that a training step leaves out.
    """
    import keras

    from ._layers import Dropout, TermSum

    layers = inputs.layers()
    x = TermSum(inputs.vocabulary, hidden_units)([layers["tokens"], layers["weights"]])
    x = Dropout(dropout)(keras.layers.Activation("relu")(x))
    return keras.Model(layers, keras.layers.Dense(units, name="output")(x), name="wide_mlp")
