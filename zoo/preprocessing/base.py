"""What preprocessing shares: raw rows and their checks, the inputs of a network, and resizing of images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...datasets import ArrowTable, Modality, as_texts

if TYPE_CHECKING:
    import keras

# A table, images or texts as scikit-learn users have them: DataFrame, Series, array, or a sequence of
# texts or of images of different sizes.
RawRows: TypeAlias = pd.DataFrame | pd.Series | ArrowTable | npt.ArrayLike


@dataclass(frozen=True)
class InputSpec:
    """The arrays that a network takes. Networks of equal specification share compiled code.

    Attributes
    ----------
    modality : {"tabular", "image", "text"}
    arrays : tuple of (str, tuple of int, str)
        Name, shape of one row and dtype of each array.
    cardinalities : tuple of int
        Codes of each embedded category of a table.
    vocabulary : int
        Token ids of a text; 0 is padding.
    numbers : int
        Columns of ``numeric`` that are scaled numbers, the first ones.
    """

    modality: Modality
    arrays: tuple[tuple[str, tuple[int, ...], str], ...]
    cardinalities: tuple[int, ...] = ()
    vocabulary: int = 0
    numbers: int = 0

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of one row of an array."""
        return next(shape for key, shape, _ in self.arrays if key == name)

    def layers(self) -> dict[str, Any]:
        """New Keras inputs by name."""
        import keras

        return {name: keras.Input(shape, dtype=dtype, name=name) for name, shape, dtype in self.arrays}


def coarse(n: int) -> int:
    """``n`` rounded up by at most an eighth, so that folds of nearly equal size share compiled code."""
    grid = 2 ** max(0, n.bit_length() - 4)
    return -(-n // grid) * grid


ALIGNMENT = 64  # bytes, which TensorFlow needs to share memory


def aligned_zeros(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Zeros in memory that a tensor can share."""
    n_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.zeros(n_bytes + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + n_bytes].view(dtype).reshape(shape)


class Preprocessor(Protocol):
    """Raw rows to arrays, and the same steps as Keras layers; fitted on training rows only."""

    spec: InputSpec

    def fit(self, X: Any) -> Preprocessor:
        """Learn from raw training rows."""

    def transform(self, X: Any) -> dict[str, np.ndarray]:
        """Arrays of ``spec``, first axis n_samples."""

    def raw_layers(self) -> tuple[dict[str, keras.KerasTensor], dict[str, keras.KerasTensor]]:
        """Raw Keras inputs, and from them the same arrays as :meth:`transform` gives."""

    def raw_arrays(self, X: Any) -> dict[str, np.ndarray]:
        """Raw rows in the form that the inputs of :meth:`raw_layers` take."""


def checked_texts(X: Any) -> pd.Series:
    """A Series of str; missing texts are empty."""
    series = as_texts(X if isinstance(X, pd.Series) else np.asarray(X, dtype=object))
    if not len(series):
        raise ValueError("Found array with 0 sample(s) while a minimum of 1 is required.")
    return series


def checked_images(X: Any) -> np.ndarray:
    """uint8 (n, h, w, c), or a 1-d object array of (h, w, c) arrays."""
    if isinstance(X, np.ndarray) and X.dtype != object:
        X = X[..., None] if X.ndim == 3 else X
        if X.ndim != 4 or X.dtype != np.uint8 or X.shape[-1] not in (1, 3) or not X.size:
            raise ValueError(f"expected uint8 images (n, height, width, 1 or 3), got {X.dtype} {X.shape}")
        return X
    images = np.empty(len(X), dtype=object)
    for i, image in enumerate(X):
        image = np.asarray(image)
        images[i] = image[..., None] if image.ndim == 2 else image
        known = images[i].ndim == 3 and images[i].dtype == np.uint8 and images[i].shape[-1] in (1, 3)
        if not known or not images[i].size:
            raise ValueError(
                f"image {i}: expected uint8 (height, width, 1 or 3), got {image.dtype} {image.shape}"
            )
    if not len(images):
        raise ValueError("Found array with 0 sample(s) while a minimum of 1 is required.")
    return images


UNIT = 2.0**22  # whole weights add up to this; Pillow's PRECISION_BITS for 8 bits a channel


def resized(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A uint8 image (h, w, 1 or 3) at (height, width), uint8: Pillow's bilinear filter with anti-aliasing.

    Pillow computes in whole numbers: weights are multiples of ``1 / UNIT``, and each pass (columns, then
    rows) is rounded to uint8. So sums come out the same in any order and in any format; a filter in floating
    point rounds ties, which every reduction by an even factor has, differently from library to library.
    """
    if image.shape[:2] == tuple(size):
        return image
    from PIL import Image

    height, width = size
    picture = Image.fromarray(np.ascontiguousarray(image[..., 0] if image.shape[-1] == 1 else image))
    # columns first, then rows: with both at once, versions of Pillow choose the order by the shape
    for step in ((width, image.shape[0]), (width, height)):
        picture = picture.resize(step, Image.Resampling.BILINEAR)
    return np.asarray(picture).reshape(height, width, image.shape[-1])
