"""RNN: a bidirectional recurrent network that reads words in their order.

Learned word vectors, LSTM (Hochreiter and Schmidhuber 1997) or GRU (Cho et al. 2014) read in both
directions (Schuster and Paliwal 1997), then mean, maximum and attention over its states, and attention over
the words themselves. Long texts are read a few words at a time.
"""

from typing import Literal

MODALITIES = ("text",)
TASKS = ("binary", "multiclass", "regression")
TRAINING = {
    "epochs": 20,
    "learning_rate": 3e-3,
    "patience": 5,
    "schedule": "cosine",
    "label_smoothing": 0.05,
}
SETTINGS = {"averaging": 0.98}
LIMITS = {"dropout": (0, 1)}
JIT = False  # a loop over words inside XLA compiles for minutes
LEARNING_CURVE = True
SPACE = {
    "learning_rate": ("log", 1e-3, 1e-2),
    "weight_decay": ("log", 1e-5, 0.1),
    "dropout": [0.3, 0.5, 0.7],
    "recurrent_units": [32, 64, 128],
}


def build(
    inputs,
    units: int,
    *,
    embedding_dim: int = 64,
    recurrent_units: int = 64,
    cell: Literal["lstm", "gru"] = "lstm",
    bidirectional: bool = True,
    dropout: float = 0.5,
):
    """A Keras model from token ids (0 is padding) to ``units`` linear outputs.

    Parameters
    ----------
    embedding_dim
        Values of a word vector.
    recurrent_units
        Units of the recurrent layer, in each direction.
    cell
        Kind of the recurrent layer.
    bidirectional
        Read the words from both ends.
    dropout
        Share of the pooled values that a training step leaves out; of the words' values it is half of that.
    """
    import keras

    from ._layers import AttentionPooling, MeanMaxPooling, Neighbours

    cells = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
    if cell not in cells:
        raise ValueError(f'cell must be "lstm" or "gru", got {cell!r}')
    layers = inputs.layers()
    x = keras.layers.Embedding(inputs.vocabulary, embedding_dim, mask_zero=True)(layers["tokens"])
    x = words = keras.layers.SpatialDropout1D(dropout / 2)(x)
    together = _together(inputs.shape("tokens")[0])
    if together > 1:
        x = keras.layers.Dense(2 * embedding_dim, activation="relu")(Neighbours(together)(x))
    reader = cells[cell](recurrent_units, return_sequences=True, use_cudnn=False)
    x = keras.layers.Bidirectional(reader)(x) if bidirectional else reader(x)
    pooled = [MeanMaxPooling()(x), AttentionPooling()(x), AttentionPooling()(words)]
    x = keras.layers.Dropout(dropout)(keras.layers.Concatenate()(pooled))
    return keras.Model(layers, keras.layers.Dense(units, name="output")(x), name="rnn")


def _together(length: int) -> int:
    """Words that are read as one step: a recurrence over hundreds of steps is slow, and forgets."""
    return next(n for n in (1, 2, 4, 8) if length <= 64 * n or n == 8)
