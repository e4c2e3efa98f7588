"""CIFAR-10, ten kinds of animals and vehicles: 60,000 colour images of 32 x 32, 10,000 of them test images.

The publisher's binary version, because the Python version that Keras reads is made of pickles. The address
is on the publisher's page; the checksum is the one that TensorFlow Datasets lists for the same file.
"""

from ._download import RemoteFile

TASK = "multiclass"
MODALITY = "image"
SOURCE = "remote"
ROWS = 60_000
LICENCE = "not stated by the publisher"
CITATION = "Krizhevsky 2009, Learning multiple layers of features from tiny images"

FILES = (
    RemoteFile(
        "cifar10/cifar-10-binary.tar.gz",
        "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    ),
)
_FOLDER = "cifar-10-batches-bin"


def load(*, seed: int = 0, offline: bool | None = None, cache_dir=None):
    """The images: X uint8 of shape (60000, 32, 32, 3), y the names of the kinds, the test rows last.

    `seed` has no effect; `offline` and `cache_dir` are those of :func:`load_dataset`.
    """
    from ._base import Provenance
    from ._download import fetch
    from ._images_of import image_parts
    from ._published import read_cifar, read_words

    path = fetch(FILES[0], cache_dir=cache_dir, offline=offline)
    classes = read_words(path, f"{_FOLDER}/batches.meta.txt")
    train = read_cifar(path, tuple(f"{_FOLDER}/data_batch_{i}.bin" for i in range(1, 6)), label_bytes=1)
    test = read_cifar(path, (f"{_FOLDER}/test_batch.bin",), label_bytes=1)
    provenance = Provenance("keras", FILES[0].url, LICENCE, CITATION)
    return image_parts("cifar10", train, test, classes, provenance)
