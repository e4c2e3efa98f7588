"""Embedding bag: vectors of words, word pairs and letter groups, added up by weight, then one linear layer.

Joulin, Grave, Bojanowski and Mikolov (2017, arXiv 1607.01759), "Bag of Tricks for Efficient Text
Classification" (fastText). Terms are the frequent ones, each with a vector of its own, where fastText hashes
them into shared ones: so a term can be named in an explanation, and the exported graph needs no hash.
"""

MODALITIES = ("text",)
TASKS = ("binary", "multiclass", "regression")
PREPROCESSING = {"kind": "terms", "words": 20_000, "groups": 30_000, "sizes": (3, 4, 5)}
TRAINING = {
    "epochs": 30,
    "learning_rate": 1e-3,
    "patience": 3,
    "schedule": "cosine",
    "validation_fraction": 0.1,
}
LIMITS = {"dropout": (0, 1)}
JIT = 200  # steps from which XLA pays
LEARNING_CURVE = True
SPACE = {
    "learning_rate": ("log", 3e-4, 1e-2),
    "dropout": [0.2, 0.5, 0.8],
    "hidden_units": [0, 64],
    "label_smoothing": [0.0, 0.1],
}


def build(inputs, units: int, *, embedding_dim: int = 64, hidden_units: int = 0, dropout: float = 0.5):
    """A Keras model from numbers and weights of terms to ``units`` linear outputs.

    Parameters
    ----------
    embedding_dim
        Values of a term's vector.
    hidden_units
        Units of a hidden layer behind the sum; 0 is none.
    dropout
        Share of the values before the output layer that a training step leaves out.
    """
    import keras

    from ._layers import Dropout, TermSum

    layers = inputs.layers()
    x = TermSum(inputs.vocabulary, embedding_dim)([layers["tokens"], layers["weights"]])
    x = Dropout(dropout)(x)
    if hidden_units:
        x = Dropout(dropout)(keras.layers.Dense(hidden_units, activation="relu")(x))
    return keras.Model(layers, keras.layers.Dense(units, name="output")(x), name="embedding_bag")
