"""Plain CNN: three blocks of convolution and pooling, as courses teach them; ``cnn`` is the stronger network.

Blocks of convolution, batch normalisation (Ioffe and Szegedy 2015), ReLU and pooling, as many as the
image size allows, then one dense layer (LeCun et al. 1998; Lin, Chen and Yan 2014 for the global pooling).
"""

from typing import Literal

MODALITIES = ("image",)
TASKS = ("binary", "multiclass", "regression")
TRAINING = {"epochs": 40, "learning_rate": 2e-3, "patience": 10, "weight_decay": 0.01, "schedule": "cosine"}
LIMITS = {"dropout": (0, 1)}
JIT = False  # XLA makes small convolutions on the CPU three times slower

_SMALLEST = 4  # no pooling below this many pixels
SPACE = {"learning_rate": ("log", 5e-4, 1e-2), "weight_decay": ("log", 1e-4, 0.1), "dropout": [0.1, 0.3, 0.5]}


def build(
    inputs,
    units: int,
    *,
    filters: tuple[int, ...] = (32, 64, 128),
    kernel_size: int = 3,
    dense_units: int = 128,
    activation: str = "relu",
    dropout: float = 0.3,
    flip: bool | Literal["auto"] = "auto",
):
    """A Keras model from uint8 images to ``units`` linear outputs.

    Parameters
    ----------
    filters
        Filters of each convolution, the first one first.
    kernel_size
        Height and width of a convolution in pixels.
    dense_units
        Units of the dense layer.
    activation
        Activation of convolutions and dense layer, any name that Keras knows.
    dropout
        Share of the values before and behind the dense layer that a training step leaves out.
    flip
        Mirror training images at random. "auto" does so for colour pictures of 32 pixels and more, where
        left and right rarely matter, and not for digits and drawings.
    """
    import keras

    layers = inputs.layers()
    image = layers["image"]
    height, width, channels = image.shape[1:]
    x = keras.layers.Rescaling(1.0 / 127.5, offset=-1.0)(image)
    if flip is True or (flip == "auto" and channels == 3 and min(height, width) >= 32):
        x = keras.layers.RandomFlip("horizontal")(x)
    for n_filters in filters:
        x = keras.layers.Conv2D(n_filters, kernel_size, padding="same", use_bias=False)(x)
        x = keras.layers.BatchNormalization(momentum=0.9)(x)
        x = keras.layers.Activation(activation)(x)
        if min(x.shape[1:3]) >= 2 * _SMALLEST:
            x = keras.layers.MaxPooling2D(2)(x)
    x = x if x.shape[1] * x.shape[2] <= _SMALLEST**2 else keras.layers.AveragePooling2D(2, padding="same")(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dropout(dropout)(x)
    x = keras.layers.Dense(dense_units, activation=activation)(x)
    x = keras.layers.Dropout(dropout)(x)
    return keras.Model(layers, keras.layers.Dense(units, name="output")(x), name="plain_cnn")
