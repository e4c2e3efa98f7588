"""Perceptron: one layer of units straight from the inputs, the single neuron.

With one sigmoid or softmax layer this is logistic regression trained by gradient descent; with a
linear output it is linear regression (Rosenblatt 1958; Bishop 2006, sections 4.1.7 and 4.3.2).
"""

MODALITIES = ("tabular",)
TASKS = ("binary", "multiclass", "regression")
TRAINING = {"epochs": 200, "learning_rate": 1e-2, "patience": 20}
SPACE = {"learning_rate": ("log", 1e-3, 1e-1), "weight_decay": ("log", 1e-5, 1.0)}


def build(inputs, units: int, *, embedding_dim: int = 8):
    """A Keras model with ``units`` linear outputs and no hidden layer.

    Parameters
    ----------
    embedding_dim
        Most values that a category is embedded in.
    """
    import keras

    from ._layers import table_features

    layers, x = table_features(inputs, embedding_dim)
    return keras.Model(layers, keras.layers.Dense(units, name="output")(x), name="perceptron")
