"""Text CNN: filters over a few neighbouring words, and the strongest answer of each.

Kim (2014), "Convolutional Neural Networks for Sentence Classification" (CNN-rand: no pretrained vectors).
"""

MODALITIES = ("text",)
TASKS = ("binary", "multiclass", "regression")
TRAINING = {"epochs": 12, "learning_rate": 2e-3, "patience": 3, "schedule": "cosine"}
SETTINGS = {"averaging": 0.98}
LIMITS = {"dropout": (0, 1)}
JIT = False  # convolutions in XLA are slower on a CPU
SPACE = {
    "learning_rate": ("log", 5e-4, 1e-2),
    "weight_decay": ("log", 1e-5, 0.1),
    "dropout": [0.3, 0.5, 0.7],
    "filters": [32, 64, 128],
}


def build(
    inputs,
    units: int,
    *,
    embedding_dim: int = 64,
    filters: int = 64,
    widths: tuple[int, ...] = (3, 4, 5),
    dropout: float = 0.5,
):
    """A Keras model from token ids (0 is padding) to ``units`` linear outputs.

    Parameters
    ----------
    embedding_dim
        Values of a word vector.
    filters
        Filters of each width.
    widths
        Neighbouring words that a filter sees.
    dropout
        Share of the strongest answers that a training step leaves out.
    """
    import keras

    from ._layers import Dropout

    layers = inputs.layers()
    x = keras.layers.Embedding(inputs.vocabulary, embedding_dim)(layers["tokens"])
    x = keras.layers.SpatialDropout1D(dropout / 2)(x)
    answers = [
        keras.layers.GlobalMaxPooling1D()(
            keras.layers.Conv1D(filters, width, padding="same", activation="relu")(x)
        )
        for width in widths
    ]
    x = keras.layers.Concatenate()(answers) if len(answers) > 1 else answers[0]
    x = Dropout(dropout)(x)
    return keras.Model(layers, keras.layers.Dense(units, name="output")(x), name="text_cnn")
