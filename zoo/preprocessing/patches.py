"""Responses of images to filters that are learned from their patches without labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

_PATCHES = 20_000  # that filters are learned from
_ROWS = 256  # images at a time
CONTRAST = 10.0 / 255.0**2  # added to the variance of a patch, so that flat ones stay flat
_WHITENING = 0.1  # added to the eigenvalues of normalised patches


class PatchResponses(TransformerMixin, BaseEstimator):
    """Whitened patches against filters, both signs behind a soft threshold, averaged over a grid.

    Filters are the centres of k-means on patches of zero mean and equal contrast that were whitened (Coates,
    Lee and Ng 2011), and responses are encoded by a soft threshold (Coates and Ng 2011). Nothing is learned
    from labels.

    Parameters
    ----------
    n_filters : int
        At most; as many as patches in small images of few rows.
    size : int
        Side of a patch in pixels, less in small images.
    grid : int
        Cells along each side that responses are averaged over.
    threshold : float
        What a response must exceed.
    """

    def __init__(
        self,
        n_filters: int = 100,
        size: int = 6,
        grid: int = 4,
        threshold: float = 0.25,
        random_state: int = 0,
    ) -> None:
        self.n_filters, self.size, self.grid = n_filters, size, grid
        self.threshold, self.random_state = threshold, random_state

    def fit(self, X: np.ndarray, y: Any = None) -> PatchResponses:
        """Learn filters from patches of images (n_samples, height, width, channels) in [0, 1]."""
        shorter = min(X.shape[1:3])
        self.size_ = max(1, min(self.size, shorter // 2 - 1))
        self.stride_ = 2 if (shorter - self.size_) // 2 + 1 >= 2 * self.grid else 1
        self.shape_ = tuple(int(n) for n in X.shape[1:])
        rng = np.random.default_rng(self.random_state)
        rows = rng.permutation(len(X))[: -(-_PATCHES // self._places)]
        patches = self.normalised(X[rows]).reshape(-1, self.size_**2 * X.shape[3])
        patches = patches[rng.permutation(len(patches))[:_PATCHES]]
        mean = patches.mean(axis=0)
        values, vectors = np.linalg.eigh(np.cov(patches.T, bias=True).reshape(len(mean), -1))
        whitening = (vectors / np.sqrt(np.maximum(values, 0.0) + _WHITENING)) @ vectors.T
        filters = self._centres((patches - mean) @ whitening)
        self.weights_ = whitening @ filters.T
        self.offsets_ = mean @ self.weights_
        return self

    def _centres(self, patches: np.ndarray) -> np.ndarray:
        """Centres of k-means on directions, of length 1."""
        from sklearn.cluster import MiniBatchKMeans

        directions = _of_length_1(patches)
        n = min(self.n_filters, len(np.unique(directions.round(6), axis=0)))
        means = MiniBatchKMeans(n, n_init=1, max_iter=20, random_state=self.random_state)
        return _of_length_1(means.fit(directions).cluster_centers_)

    def transform(self, X: np.ndarray) -> np.ndarray:
        """float64 (n_samples, 2 * rows * columns * n_filters).

        In double precision, as single precision would lose digits that exports keep.
        """
        parts = [self._features(X[i : i + _ROWS]) for i in range(0, len(X), _ROWS)]
        return np.concatenate(parts) if parts else np.zeros((0, self._n_features))

    def _features(self, images: np.ndarray) -> np.ndarray:
        responses = self.normalised(images) @ self.weights_ - self.offsets_
        cells = []
        for signed in (responses, -responses):
            strong = np.maximum(signed - self.threshold, 0.0)
            for top, bottom in self.cells(0):
                strip = strong[:, top:bottom].mean(axis=1)
                cells += [strip[:, left:right].mean(axis=1) for left, right in self.cells(1)]
        return np.concatenate(cells, axis=1)

    def normalised(self, images: np.ndarray) -> np.ndarray:
        """Patches (n, rows, columns, size * size * channels) of zero mean and equal contrast, float64."""
        x = np.asarray(images, np.float64)
        patches = np.concatenate(
            [x[:, rows, columns] for rows in self.windows(0) for columns in self.windows(1)], axis=-1
        )
        patches -= patches.mean(axis=-1, keepdims=True)
        return patches / np.sqrt((patches**2).mean(axis=-1, keepdims=True) + CONTRAST)

    def windows(self, axis: int) -> list[slice]:
        """Where the pixels of patches lie along an axis, the first pixel of each first."""
        reach = self.stride_ * (self._steps(axis) - 1) + 1
        return [slice(start, start + reach, self.stride_) for start in range(self.size_)]

    def cells(self, axis: int) -> list[tuple[int, int]]:
        """First and behind the last place of each cell along an axis."""
        steps = self._steps(axis)
        parts = np.array_split(np.arange(steps), min(self.grid, steps))
        return [(int(part[0]), int(part[-1]) + 1) for part in parts]

    def count_operations(self, X: Any, count: Any) -> float:
        """For each place a patch is normalised and multiplied by the filters; both signs are averaged."""
        pixels, filters = self.weights_.shape
        return self._places * (5.0 * pixels + 2.0 * pixels * filters + 7.0 * filters)

    def _steps(self, axis: int) -> int:
        return (self.shape_[axis] - self.size_) // self.stride_ + 1

    @property
    def _places(self) -> int:
        return self._steps(0) * self._steps(1)

    @property
    def _n_features(self) -> int:
        return 2 * len(self.cells(0)) * len(self.cells(1)) * self.weights_.shape[1]


def _of_length_1(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
