"""Image encoder: a network that ImageNet trained sees the image, and a linear layer its features.

What a million photographs taught helps with photographs of other things (Donahue et al. 2014; Kornblith,
Shlens and Le 2019). The encoder stays as it is, so its features are computed once an image; its last blocks
can be trained too. Weights are found on this machine: an EfficientNet-Lite0 (Tan and Le 2019), or a
MobileNetV3 or EfficientNetV2-B0 of Keras.
"""

FAMILY = "pretrained"
ENCODER = "image-encoder"
MODALITIES = ("image",)
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
    hidden_units: int = 0,
    dropout: float = 0.0,
    fine_tune: bool = False,
    trained_layers: int = 1,
):
    """A Keras model from an encoder's features to ``units`` linear outputs.

    Parameters
    ----------
    weights
        A file with the encoder, or a folder that holds one; "auto" looks in the usual places.
    hidden_units
        Units of a hidden layer; 0 for none.
    dropout
        Share of the features, and of the hidden units, that a training step leaves out.
    fine_tune
        Train the last blocks of the encoder too; a learning rate near 1e-4 and few epochs suit that.
    trained_layers
        Blocks of the encoder that ``fine_tune`` trains, the last ones.
    """
    from ._layers import head

    layers = inputs.layers()
    if not fine_tune:
        return head(layers, layers["features"], units, hidden_units, dropout, "image_encoder")
    from ..preprocessing.frozen import weights_of
    from ..pretrained.image_encoders import last_blocks

    x = last_blocks(weights_of("image-encoder", weights), trained_layers, layers["states"])
    return head(layers, x, units, hidden_units, dropout, "image_encoder")
