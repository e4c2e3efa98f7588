"""Fashion-MNIST, ten kinds of clothes: 70,000 grey images of 28 x 28 pixels, 10,000 of them test images.

From the four idx files of the publisher in Keras's copy. The address is that of
``keras.datasets.fashion_mnist``; Keras publishes no checksums, these are the ones that TensorFlow Datasets
lists for the same files.
"""

from ._download import RemoteFile

TASK = "multiclass"
MODALITY = "image"
SOURCE = "remote"
ROWS = 70_000
LICENCE = "MIT"
CITATION = "Xiao, Rasul and Vollgraf 2017, Fashion-MNIST, arXiv:1708.07747"

CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
_CHECKSUMS = {
    "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}
_BASE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
FILES = tuple(
    RemoteFile(f"fashion-mnist/{name}", _BASE + name, f"sha256:{checksum}", keras=f"fashion-mnist/{name}")
    for name, checksum in _CHECKSUMS.items()
)


def load(*, seed: int = 0, offline: bool | None = None, cache_dir=None):
    """The images: X uint8 of shape (70000, 28, 28, 1), y the kinds of clothes, the test rows last.

    `seed` has no effect; `offline` and `cache_dir` are those of :func:`load_dataset`.
    """
    from ._base import Provenance
    from ._download import fetch
    from ._images_of import image_parts
    from ._published import read_idx

    images, labels, test_images, test_labels = (
        read_idx(fetch(file, cache_dir=cache_dir, offline=offline)) for file in FILES
    )
    provenance = Provenance("keras", _BASE, LICENCE, CITATION)
    train, test = (images[..., None], labels), (test_images[..., None], test_labels)
    return image_parts("fashion-mnist", train, test, CLASSES, provenance)
