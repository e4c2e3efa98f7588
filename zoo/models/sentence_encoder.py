"""Sentence encoder: a pretrained transformer reads the text, and a linear layer its vector.

An encoder of the class of MiniLM (Wang et al. 2020) that was trained to give like texts like vectors (Reimers
and Gurevych 2019). Vectors of the layers below tell more of tone than that of the last one, and TF-IDF more
of names and rare words, so they stand beside it. The encoder stays as it is, so its vectors are computed once
a text; the last layers can be trained too. Weights are found on this machine, in the layout of
sentence-transformers.
"""

FAMILY = "pretrained"
ENCODER = "sentence-encoder"
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
    layers: int = 3,
    beside_terms: bool = True,
    hidden_units: int = 0,
    dropout: float = 0.0,
    fine_tune: bool = False,
    trained_layers: int = 1,
):
    """A Keras model from an encoder's vector to ``units`` linear outputs.

    Parameters
    ----------
    weights
        A folder with the encoder; "auto" looks in the usual places.
    layers
        Layers of the encoder whose vectors of a text stand side by side, the last ones; 1 for the encoder's
        own vector alone.
    beside_terms
        Add a linear layer on the TF-IDF of words and word pairs to that on the vectors.
    hidden_units
        Units of a hidden layer; 0 for none.
    dropout
        Share of the vector's values, and of the hidden units, that a training step leaves out.
    fine_tune
        Train the last layers of the encoder too; a learning rate near 1e-4 and few epochs suit that.
    trained_layers
        Layers of the encoder that ``fine_tune`` trains, the last ones.
    """
    from ._layers import head

    arrays = inputs.layers()
    ends = (units, hidden_units, dropout, "sentence_encoder", inputs.vocabulary if beside_terms else 0)
    if not fine_tune:
        return head(arrays, arrays["features"], *ends)
    from ..preprocessing.frozen import weights_of
    from ..pretrained.text_encoders import last_layers

    found = weights_of("sentence-encoder", weights)
    x = last_layers(found, trained_layers, arrays["states"], arrays["known"], layers)
    return head(arrays, x, *ends)
