"""MNIST, handwritten digits 0 to 9: 70,000 grey images of 28 x 28 pixels, 10,000 of them test images.

From Keras's copy ``mnist.npz``; address and checksum are those of ``keras.datasets.mnist``.
"""

from ._download import RemoteFile

TASK = "multiclass"
MODALITY = "image"
SOURCE = "remote"
ROWS = 70_000
LICENCE = "CC BY-SA 3.0"
CITATION = "LeCun, Bottou, Bengio and Haffner 1998, Gradient-based learning applied to document recognition"

FILES = (
    RemoteFile(
        "mnist/mnist.npz",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
        "sha256:731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
        keras="mnist.npz",
    ),
)


def load(*, seed: int = 0, offline: bool | None = None, cache_dir=None):
    """The images: X uint8 of shape (70000, 28, 28, 1), y "0" to "9", the test rows last.

    `seed` has no effect; `offline` and `cache_dir` are those of :func:`load_dataset`.
    """
    import numpy as np

    from ._base import Provenance
    from ._download import fetch
    from ._images_of import image_parts
    from ._published import reading

    path = fetch(FILES[0], cache_dir=cache_dir, offline=offline)
    with reading(path), np.load(path, allow_pickle=False) as arrays:
        train, test = ((arrays[f"x_{part}"][..., None], arrays[f"y_{part}"]) for part in ("train", "test"))
    provenance = Provenance("keras", FILES[0].url, LICENCE, CITATION)
    return image_parts("mnist", train, test, [str(i) for i in range(10)], provenance)
