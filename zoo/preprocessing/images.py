"""Images of any size and one or three channels to one size."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...datasets import forget_pages
from .base import InputSpec, resized

_AT_ONCE = 256  # images of a file that are in memory
MAX_SIDE = 64  # pixels of the longer side that a model sees if it does not ask for more
_GREY = np.array([0.299, 0.587, 0.114], np.float32)  # luminance, ITU-R BT.601


class ImagePreprocessor:
    """Resizes to the median size of the training images, the longer side at most ``max_side`` pixels.

    ``transform`` gives ``image`` uint8 (n_samples, height, width, channels); three channels if any
    training image has three.
    """

    def __init__(self, max_side: int = MAX_SIDE) -> None:
        self.max_side = max_side

    def fit(self, X: np.ndarray) -> ImagePreprocessor:
        """Learn size and channels from training images."""
        shapes = np.array([X.shape[1:]] if X.dtype != object else [image.shape for image in X])
        height, width = np.median(shapes[:, :2], axis=0)
        shrink = min(1.0, self.max_side / max(height, width))
        self.size = (max(1, round(height * shrink)), max(1, round(width * shrink)))
        self.channels = int(shapes[:, 2].max())
        self.spec = InputSpec("image", (("image", (*self.size, self.channels), "uint8"),))
        return self

    def transform(self, X: np.ndarray) -> dict[str, np.ndarray]:
        """Images of the common size."""
        if X.dtype == object:
            pixels = np.empty((len(X), *self.size, self.channels), np.uint8)
            for i, image in enumerate(X):
                pixels[i] = resized(with_channels(image, self.channels), self.size)
                if i % _AT_ONCE == 0:
                    forget_pages(X)
            return {"image": pixels}
        return {"image": self._resized(with_channels(X, self.channels))}

    def raw_arrays(self, X: np.ndarray) -> dict[str, np.ndarray]:
        """``image``: uint8 (n_samples, height, width, channels), resized here if sizes differ."""
        if X.dtype == object and len({image.shape for image in X}) > 1:
            return self.transform(X)
        images = np.stack(list(X)) if X.dtype == object else X
        return {"image": with_channels(images, self.channels)}

    def raw_layers(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Input ``image`` uint8 (batch, any, any, channels), and the resized one."""
        import keras

        from .layers import ResizeImage

        image = keras.Input((None, None, self.channels), dtype="uint8", name="image")
        return {"image": image}, {"image": ResizeImage(*self.size)(image)}

    def _resized(self, images: np.ndarray) -> np.ndarray:
        if images.shape[1:3] == self.size:
            return images
        pixels = np.empty((len(images), *self.size, images.shape[-1]), np.uint8)
        for i, image in enumerate(images):
            pixels[i] = resized(image, self.size)
        return pixels


def with_channels(images: np.ndarray, channels: int) -> np.ndarray:
    """Grey repeated to three channels, or colour turned to grey by luminance; uint8 (..., channels)."""
    if images.shape[-1] == channels:
        return images
    if channels == 3:
        return np.repeat(images, 3, axis=-1)
    return np.rint(images.astype(np.float32) @ _GREY).astype(np.uint8)[..., None]
