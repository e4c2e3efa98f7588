"""Rows by content: a hash for each table row, image or text."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import pandas as pd
from pandas.util import hash_pandas_object


def row_hashes(X: Any) -> np.ndarray:
    """A 64-bit hash for each row: equal rows have equal hashes; outer spaces of texts are ignored.

    Parameters
    ----------
    X : DataFrame, Series of str, or uint8 images (n, height, width, channels) or an object array of images

    Returns
    -------
    ndarray of uint64, shape (n_samples,)
    """
    if isinstance(X, pd.DataFrame):
        return hash_pandas_object(X, index=False).to_numpy()
    if isinstance(X, pd.Series):
        column = X.str.strip() if X.dtype == object and isinstance(X.iloc[0], str) else X
        return hash_pandas_object(column, index=False).to_numpy()
    return np.array([_image_hash(image) for image in X], dtype=np.uint64)


def _image_hash(image: np.ndarray) -> int:
    digest = hashlib.blake2b(np.ascontiguousarray(image).tobytes(), digest_size=8)
    digest.update(repr(image.shape).encode())
    return int.from_bytes(digest.digest(), "little")


def first_rows(hashes: np.ndarray) -> np.ndarray:
    """True for rows that equal no earlier row."""
    first = np.zeros(len(hashes), dtype=bool)
    first[np.unique(hashes, return_index=True)[1]] = True
    return first


def group_sizes(keys: Iterable[Hashable]) -> dict[Any, int]:
    """How often each key occurs, in order of first appearance."""
    return dict(Counter(keys))
