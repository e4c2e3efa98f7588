"""Images that are equal except for brightness, compression, size or a slight crop.

Each image is averaged over 16 x 16 cells, the mean image (a white background, the outline of a face) is
subtracted, and the rest is compared by correlation, which ignores brightness and contrast. Pairs of
photographs just below the threshold are compared again by the tangent distance (Simard, LeCun and Denker
1993), which fits one to the other by small shifts and zooms, as cropping makes. Small images have too few
pixels to distinguish a near-duplicate from another drawing of the same thing, so their threshold is higher.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

CELLS = 16  # per side
TINY = 8  # pixels of the shorter side below which only exact duplicates count
PHOTOGRAPH = 64  # pixels of the shorter side from which images have enough detail
SIMILARITY = {"photograph": 0.98, "small": 0.998}  # correlation
DOUBTFUL = 0.9  # photographs with at least this correlation are compared again,
FITTED = 0.985  # and must reach this one after fitting
MAX_DOUBTFUL = 2000  # most similar pairs to compare again
MAX_PAIRS = 1_000_000
FLAT = 2.0  # standard deviation in grey levels below which an image is empty
COMPONENTS = 32  # for the search; the comparison uses all cells
BLOCK = 1024  # pairs compared at once
CELLS_AT_ONCE = 16_000_000  # of the distance matrix


def near_images(X: np.ndarray) -> np.ndarray:
    """Pairs of nearly equal images.

    Parameters
    ----------
    X : uint8 ndarray (n, height, width, channels), or object array of (height, width, channels)

    Returns
    -------
    int64 ndarray of shape (n_pairs, 2)
        Row numbers, the smaller one first.
    """
    shortest = min(min(image.shape[:2]) for image in X)
    if shortest < TINY:
        return np.empty((0, 2), dtype=np.int64)
    thumbnails = _thumbnails(X)
    vectors = _directions(thumbnails)
    small = shortest < PHOTOGRAPH
    least = SIMILARITY["small"] if small else SIMILARITY["photograph"]
    pairs, similarity = _search(vectors, least if small else DOUBTFUL)
    sure = pairs[similarity >= least]
    if small:
        return sure
    doubtful = np.flatnonzero(similarity < least)
    doubtful = doubtful[np.argsort(-similarity[doubtful], kind="stable")][:MAX_DOUBTFUL]
    common = thumbnails.mean(axis=0)
    fitted = [pair for pair in pairs[doubtful] if _fit(*(thumbnails[pair] - common)) >= FITTED]
    return np.concatenate([sure, np.array(fitted, dtype=np.int64).reshape(-1, 2)])


def _thumbnails(X: np.ndarray) -> np.ndarray:
    """Means over a grid of cells: float32 (n, CELLS, CELLS, channels)."""
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        return np.stack(list(pool.map(_thumbnail, X, chunksize=64))).astype(np.float32)


def _thumbnail(image: np.ndarray) -> np.ndarray:
    from PIL import Image

    picture = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
    return np.asarray(picture.resize((CELLS, CELLS), Image.Resampling.BOX)).reshape(CELLS, CELLS, -1)


def _directions(thumbnails: np.ndarray) -> np.ndarray:
    """Centred vectors of length 1, minus their mean; empty images are zero.

    Brightness and contrast are removed before the mean.
    """
    flat = thumbnails.reshape(len(thumbnails), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    empty = flat.std(axis=1) < FLAT
    vectors = _unit(flat)
    if len(vectors) >= 20:  # the mean of fewer is mostly one of them
        vectors = _unit(vectors - vectors[~empty].mean(axis=0) if (~empty).any() else vectors)
    vectors[empty] = 0
    return vectors


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)


def _search(vectors: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    """All pairs with at least this correlation, and their correlations.

    Projection onto the principal directions shortens distances, so pairs that are too far apart there are
    too different; few pairs are left to compare in full.
    """
    short = _projected(vectors)
    squares = np.einsum("ij,ij->i", short, short)[:, None]
    # One product gives half the squared distances: |a|^2 / 2 + |b|^2 / 2 - ab.
    ones = np.ones_like(squares)
    left, right = np.hstack([-short, squares / 2, ones]), np.hstack([short, ones, squares / 2])
    step = max(1, CELLS_AT_ONCE // len(short))
    pairs: list[np.ndarray] = []
    for start in range(0, len(short), step):
        near = left[start : start + step] @ right[start:].T <= 1 - least + 1e-4
        candidates = np.stack(np.nonzero(near), axis=1)
        candidates = candidates[candidates[:, 1] > candidates[:, 0]] + start
        pairs.append(candidates[_correlation(vectors, candidates) >= least])
        if sum(map(len, pairs)) > MAX_PAIRS:
            break
    joined = np.concatenate(pairs)
    return joined, _correlation(vectors, joined)


def _projected(vectors: np.ndarray, sample: int = 5000) -> np.ndarray:
    """Coordinates along the principal directions of (a sample of) the vectors."""
    some = vectors[:: max(1, len(vectors) // sample)]
    axes = np.linalg.eigh(some.T @ some)[1][:, -COMPONENTS:]
    return vectors @ axes


def _correlation(vectors: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    parts = [pairs[i : i + BLOCK] for i in range(0, len(pairs), BLOCK)]
    products = [np.einsum("ij,ij->i", vectors[part[:, 0]], vectors[part[:, 1]]) for part in parts]
    return np.concatenate(products) if products else np.empty(0, dtype=np.float32)


def _fit(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation after the best small shift and zoom of either image."""
    return max(_fitted(one, other), _fitted(other, one))


def _fitted(image: Any, other: np.ndarray) -> float:
    """Correlation of `image` with its best fit by `other`, its derivatives (shift, zoom) and a constant."""
    down, right = np.gradient(other, axis=(0, 1))
    x = np.linspace(-1, 1, other.shape[1])[None, :, None]
    y = np.linspace(-1, 1, other.shape[0])[:, None, None]
    parts = (other, down, right, y * down, x * right, np.ones_like(other))
    tangents = np.stack([part.ravel() for part in parts], axis=1)
    wanted = image.ravel()
    weights = np.linalg.lstsq(tangents, wanted, rcond=None)[0]
    rest, spread = wanted - tangents @ weights, wanted - wanted.mean()
    return float(np.sqrt(max(0.0, 1 - rest @ rest / max(spread @ spread, 1e-6))))
