"""Raw texts and images, checked on their way into an estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ...datasets._text import as_texts


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
