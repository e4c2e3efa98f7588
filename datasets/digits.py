"""Handwritten digits, 0 to 9: 1797 grey images of 8 x 8 pixels.

The test set of the Optical Recognition of Handwritten Digits set, as bundled with scikit-learn. Each pixel
counted the ink in a square of 4 x 4 dots, so it has 17 levels from 0 to 16; here they are scaled to 0 to
255 (times 255/16, rounded), which keeps all levels distinct.
"""

TASK = "multiclass"
MODALITY = "image"
SOURCE = "embedded"
ROWS = 1797
LICENCE = "CC BY 4.0 (UCI Machine Learning Repository)"
CITATION = "Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI"


def load(*, seed: int = 0):
    """The images: X uint8 of shape (1797, 8, 8, 1), y "0" to "9". `seed` has no effect."""
    import numpy as np
    from sklearn.datasets import load_digits

    from ._base import Dataset, Provenance

    bunch = load_digits()
    images = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    provenance = Provenance("scikit-learn", "sklearn.datasets.load_digits", LICENCE, CITATION)
    images = images[..., None]
    return Dataset(
        "digits", images, bunch.target, "multiclass", "image", provenance=provenance, target="digit"
    )
