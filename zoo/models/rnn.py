"""RNN: a bidirectional recurrent network that reads words in their order.

Learned word vectors, LSTM (Hochreiter and Schmidhuber 1997) or GRU (Cho et al. 2014) read in both
directions (Schuster and Paliwal 1997), and mean and maximum over the words of their states.
"""

from typing import Literal

MODALITIES = ("text",)
TASKS = ("binary", "multiclass", "regression")
TRAINING = {"epochs": 20, "learning_rate": 3e-3, "patience": 4}
LIMITS = {"dropout": (0, 1)}
JIT = False  # a loop over words inside XLA compiles for minutes
LEARNING_CURVE = True


def build(
    inputs,
    units: int,
    *,
    embedding_dim: int = 64,
    recurrent_units: int = 64,
    cell: Literal["lstm", "gru"] = "lstm",
    bidirectional: bool = True,
    dropout: float = 0.3,
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
        Share of the values before and behind the recurrent layer that a training step leaves out.
    """
    import keras

    from ._layers import MeanMaxPooling

    cells = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
    if cell not in cells:
        raise ValueError(f'cell must be "lstm" or "gru", got {cell!r}')
    layers = inputs.layers()
    x = keras.layers.Embedding(inputs.vocabulary, embedding_dim, mask_zero=True)(layers["tokens"])
    x = keras.layers.SpatialDropout1D(dropout)(x)
    reader = cells[cell](recurrent_units, return_sequences=True, use_cudnn=False)
    x = keras.layers.Bidirectional(reader)(x) if bidirectional else reader(x)
    x = keras.layers.Dropout(dropout)(MeanMaxPooling()(x))
    return keras.Model(layers, keras.layers.Dense(units, name="output")(x), name="rnn")
