"""Static vectors: the mean of pretrained vectors of word pieces, and a linear layer on it.

Vectors of words that were learned from much other text know which words mean alike, so few rows are enough;
the order of words is lost. With TF-IDF beside them, many rows are used as well. Vectors are of WordLlama's or
model2vec's layout (Tulkens and van Dongen 2024), frozen, and found on this machine.
"""

FAMILY = "pretrained"
ENCODER = "static-vectors"
MODALITIES = ("text",)
TASKS = ("binary", "multiclass", "regression")
LEARNING_CURVE = True
TRAINING = {
    "epochs": 60,
    "learning_rate": 1e-3,
    "patience": None,
    "validation_fraction": 0.0,
    "schedule": "cosine",
    "weight_decay": 3.0,
}
LIMITS = {"dropout": (0, 1), "hidden_units": (0, None)}


def build(
    inputs,
    units: int,
    *,
    weights: str = "auto",
    beside_terms: bool = True,
    hidden_units: int = 0,
    dropout: float = 0.0,
):
    """A Keras model from a text's mean vector to ``units`` linear outputs.

    Parameters
    ----------
    weights
        A folder or file with the vectors; "auto" looks in the usual places.
    beside_terms
        Add a linear layer on the TF-IDF of words and word pairs to that on the mean vector.
    hidden_units
        Units of a hidden layer; 0 for none.
    dropout
        Share of the vector's values, and of the hidden units, that a training step leaves out.
    """
    from ._layers import head

    layers = inputs.layers()
    vocabulary = inputs.vocabulary if beside_terms else 0
    return head(layers, layers["features"], units, hidden_units, dropout, "static_vectors", vocabulary)
