"""CNN: a small residual network that learns its own image features, for images of any size.

After airbench (Jordan 2024, arXiv:2404.00498) and the ResNet-9 of Page (2018): a fixed first layer that
whitens patches, stages of two convolutions with batch normalisation (Ioffe and Szegedy 2015) and a shortcut,
training images that are moved, and photographs also mirrored and partly covered, a learning rate that rises
and falls once, and averaged weights. Width and epochs follow from number and size of the images.
"""

from typing import Literal

MODALITIES = ("image",)
TASKS = ("binary", "multiclass", "regression")
TRAINING = {
    "epochs": "auto",
    "learning_rate": 0.015,
    "patience": None,
    "weight_decay": 0.02,
    "label_smoothing": 0.0,
    "schedule": "triangular",
    "validation_fraction": 0.0,
}
PREPROCESSING = {"max_side": 128}
SETTINGS = {"averaging": 0.99, "bias_rate": 4.0, "clip_norm": None}
LIMITS = {"width": (1, None), "minutes": (0.01, None), "shift": (0, None), "hole": (0, None)}
JIT = False  # XLA makes small convolutions on the CPU two times slower
LEARNING_CURVE = True

_SMALLEST = 3  # pixels of a side below which nothing is pooled
_WIDEST = 4  # stages are at most so many times as wide as the first
_LONGEST = 48  # pixels that the first layer may leave of the longer side
_RATE = 95e9  # floating-point operations of such a training that a core does in a second
_MANY = 2000  # images; fewer are seen whole: covered ones raised the log loss of 480 photographs
_WIDTHS = (8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
SPACE = {
    "learning_rate": ("log", 5e-3, 5e-2),
    "weight_decay": ("log", 2e-3, 0.2),
    "label_smoothing": [0.0, 0.1, 0.2],
}


def build(
    inputs,
    units: int,
    *,
    width: int | Literal["auto"] = "auto",
    minutes: float = 10.0,
    activation: str = "relu",
    flip: bool | Literal["auto"] = "auto",
    shift: int | Literal["auto"] = "auto",
    hole: int | Literal["auto"] = "auto",
):
    """A Keras model from uint8 images to ``units`` linear outputs.

    Parameters
    ----------
    width
        Filters of the first stage; the second has twice and all others four times as many. "auto" takes as
        many as number and size of the images call for and ``minutes`` allow.
    minutes
        CPU time of a training that width and epochs are chosen for where they are "auto", reckoned for a
        core of 95 GFLOP/s. More of it buys more accuracy; few images never use it up.
    activation
        Activation of the convolutions, any name that Keras knows.
    flip
        Mirror training images at random, and predict the mean of an image and its mirror image. "auto" does
        so for colour pictures of 32 pixels and more, where left and right rarely matter, and not for digits
        and drawings.
    shift
        Pixels by which training images are moved at random along both sides. "auto" takes a 14th of
        the shorter side of colour pictures of 32 pixels and more, and a 28th of others.
    hole
        Side in pixels of a square that training images lose at random. "auto" takes a quarter of the shorter
        side of colour pictures of 32 pixels and more where there are at least 2,000 of them, else nothing.
    """
    import keras

    from ._images import Augment, BothWays, MeanOfBoth

    layers = inputs.layers()
    side, is_photograph = _side(layers["image"].shape[1:])
    flip = is_photograph if flip == "auto" else flip
    shift = side // (14 if is_photograph else 28) if shift == "auto" else shift
    hole = side // 4 if hole == "auto" and is_photograph else 0 if hole == "auto" else hole
    x = keras.layers.Rescaling(1.0 / 127.5, offset=-1.0)(layers["image"])
    x = Augment(shift, flip, hole)(x)
    x = BothWays()(x) if flip else x
    patches = _patches(layers["image"].shape[1:])
    x = keras.layers.Conv2D(**patches, trainable=False, name="whitening")(x)
    x = keras.layers.Activation(activation)(x)
    for filters in _stages(x.shape[1:3], 32 if width == "auto" else width):
        x = _convolution(x, filters, activation, pooled=True)
        x = keras.layers.Add()([x, _convolution(x, filters, activation)])
    x = keras.layers.GlobalMaxPooling2D()(x)
    x = keras.layers.Dense(units, name="output")(x)
    x = MeanOfBoth()(x) if flip else x
    return keras.Model(layers, x, name="cnn")


def _convolution(x, filters: int, activation: str, pooled: bool = False):
    """Convolution, maxima of 2 x 2 pixels where asked for, normalisation and activation."""
    import keras

    x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
    x = keras.layers.MaxPooling2D(2)(x) if pooled else x
    x = keras.layers.BatchNormalization(momentum=0.9, scale=False)(x)
    return keras.layers.Activation(activation)(x)


def _side(shape) -> tuple[int, bool]:
    """The shorter side of images (height, width, channels), and whether they are like photographs."""
    side = min(shape[:2])
    return side, shape[2] == 3 and side >= 32


def _patches(shape) -> dict:
    """The first layer: patches of 3 x 3 pixels, of larger images larger ones that overlap by a pixel."""
    stride = -(-max(shape[:2]) // _LONGEST)
    size = 3 if stride == 1 else stride + 1
    filters = 2 * min(12 * min(stride, 2), size * size * shape[2])
    padding = "valid" if min(shape[:2]) >= 4 * size else "same"
    return {"filters": filters, "kernel_size": size, "strides": stride, "padding": padding}


def _stages(sides, first: int) -> list[int]:
    """Filters of each stage; each halves the sides, of which three pixels or more remain."""
    shorter = min(sides)
    n = 1
    while shorter // 2 ** (n + 1) >= _SMALLEST:
        n += 1
    return [first * min(2**i, _WIDEST) for i in range(n)]


def _products(shape, width: int) -> float:
    """Multiplications of a forward pass for one image."""
    first = _patches(shape)
    size, stride, before = first["kernel_size"], first["strides"], first["filters"]
    cut = size - 1 if first["padding"] == "valid" else 0
    sides = [-(-(side - cut) // stride) for side in shape[:2]]
    total = size**2 * shape[2] * before * sides[0] * sides[1] / 3  # it has no gradient
    for filters in _stages(sides, width):
        pooled = [side // 2 for side in sides]
        total += 9 * filters * (before * sides[0] * sides[1] + filters * pooled[0] * pooled[1])
        before, sides = filters, pooled
    return total


def AUTO(inputs, n_rows: int, values: dict) -> dict:
    """Width, epochs and batch size for so many images of this size, where they are "auto"."""
    shape, minutes = inputs.shape("image"), values["minutes"]
    more = minutes / 10.0
    epochs = values["epochs"]
    wanted = 12.0 * (60_000 / n_rows) ** 0.35 * more**0.25 if epochs == "auto" else epochs
    affordable = minutes * 60 * _RATE / (6.0 * n_rows)  # products of an image, over all epochs
    width = values["width"]
    if width == "auto":
        useful = [w for w in _WIDTHS if w <= 3.0 * (n_rows * more) ** 0.25]
        width = max(
            (w for w in useful if 0.8 * wanted * _products(shape, w) <= affordable), default=_WIDTHS[0]
        )
    if epochs == "auto":
        epochs = int(max(1, min(80, wanted, affordable / _products(shape, width))))
    batch_size = values["batch_size"]
    if batch_size == "auto":  # more steps are worth more than better gradients
        batch_size = 32 if n_rows < 500 else 64 if n_rows < 20_000 else 128
    hole = 0 if values["hole"] == "auto" and n_rows < _MANY else values["hole"]
    return {"width": width, "epochs": epochs, "batch_size": batch_size, "hole": hole}


def START(model, arrays: dict) -> None:
    """The first layer whitens the patches of the training images."""
    from ._images import whiten

    whiten(model, arrays)
