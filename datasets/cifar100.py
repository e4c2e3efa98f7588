"""CIFAR-100, a hundred kinds of things: 60,000 colour images of 32 x 32, 10,000 of them test images.

The publisher's binary version with the fine labels, because the Python version that Keras reads is made of
pickles. The address is on the publisher's page; the checksum is the one that TensorFlow Datasets lists for
the same file.
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
        "cifar100/cifar-100-binary.tar.gz",
        "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
        "sha256:58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
    ),
)
_FOLDER = "cifar-100-binary"


def load(*, seed: int = 0, offline: bool | None = None, cache_dir=None):
    """The images: X uint8 of shape (60000, 32, 32, 3), y the names of the kinds, the test rows last.

    `seed` has no effect; `offline` and `cache_dir` are those of :func:`load_dataset`.
    """
    from ._base import Provenance
    from ._download import fetch
    from ._images_of import image_parts
    from ._published import read_cifar, read_words

    path = fetch(FILES[0], cache_dir=cache_dir, offline=offline)
    classes = read_words(path, f"{_FOLDER}/fine_label_names.txt")
    train, test = (read_cifar(path, (f"{_FOLDER}/{part}.bin",), label_bytes=2) for part in ("train", "test"))
    provenance = Provenance("keras", FILES[0].url, LICENCE, CITATION)
    return image_parts("cifar100", train, test, classes, provenance)
