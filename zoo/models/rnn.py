"""RNN: a bidirectional recurrent network that reads words in their order.

Learned word vectors, LSTM (Hochreiter and Schmidhuber 1997) or GRU (Cho et al. 2014) read in both
directions (Schuster and Paliwal 1997), and mean and maximum over the words of their states.
"""

MODALITIES = ("text",)
TASKS = ("binary", "multiclass", "regression")
TRAINING = {"epochs": 20, "learning_rate": 3e-3, "patience": 4}
JIT = False  # a loop over words inside XLA compiles for minutes


def build(
    inputs,
    units: int,
    *,
    embedding_dim: int = 64,
    recurrent_units: int = 64,
    cell: str = "lstm",
    bidirectional: bool = True,
    dropout: float = 0.3,
):
    """A Keras model from token ids (0 is padding) to ``units`` linear outputs."""
    import keras

    from ._pooling import MeanMaxPooling

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
