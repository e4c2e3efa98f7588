"""Images for scikit-learn pipelines: one size, then pixels, histograms of gradients, or responses to patches.

Responses are those to filters that are learned from the patches of the training images, without labels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from .base import resized
from .images import MAX_SIDE, with_channels

_ROWS = 1024  # of pixels in double precision at a time


class SameSize(TransformerMixin, BaseEstimator):
    """Images of any size to float32 (n_samples, height, width, channels) in [0, 1].

    The size is the median of the training images, the longer side at most ``max_side`` pixels.
    """

    def __init__(self, max_side: int = MAX_SIDE) -> None:
        self.max_side = max_side

    def fit(self, X: Any, y: Any = None) -> SameSize:
        """Learn size and channels from training images."""
        images = as_images(X)
        shapes = np.array([image.shape for image in images])
        height, width = np.median(shapes[:, :2], axis=0)
        shrink = min(1.0, self.max_side / max(height, width))
        self.size_ = (max(1, round(height * shrink)), max(1, round(width * shrink)))
        self.channels_ = int(shapes[:, 2].max())
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Images of the common size."""
        return np.stack([self._fitted(image) for image in as_images(X)]).astype(np.float32) / 255.0

    def count_operations(self, X: Any, count: Any) -> float:
        """None are counted for reading and resizing an image."""
        return 0.0

    def _fitted(self, image: np.ndarray) -> np.ndarray:
        return resized(with_channels(image, self.channels_), self.size_)


class Flatten(TransformerMixin, BaseEstimator):
    """Each image as one row of pixels."""

    def fit(self, X: np.ndarray, y: Any = None) -> Flatten:
        """Nothing to learn."""
        self.n_features_ = int(np.prod(X.shape[1:]))
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """float32 (n_samples, height * width * channels)."""
        return X.reshape(len(X), -1)

    def count_operations(self, X: Any, count: Any) -> float:
        """None: only the shape changes."""
        return 0.0


class MainDirections(TransformerMixin, BaseEstimator):
    """PCA with as many components as the training rows allow."""

    def __init__(self, n_components: int = 100, random_state: int = 0) -> None:
        self.n_components, self.random_state = n_components, random_state

    def fit(self, X: np.ndarray, y: Any = None) -> MainDirections:
        """Find the directions."""
        from sklearn.decomposition import PCA

        n_components = min(self.n_components, *X.shape)
        self.pca_ = PCA(n_components, random_state=self.random_state, svd_solver="auto").fit(X)
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """float64 (n_samples, n_components).

        In double precision, a part at a time: single precision would lose digits that exports keep.
        """
        directions = np.asarray(self.pca_.components_, np.float64).T
        parts = [
            (np.asarray(X[i : i + _ROWS], np.float64) - self.pca_.mean_) @ directions
            for i in range(0, len(X), _ROWS)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, directions.shape[1]))

    def count_operations(self, X: Any, count: Any) -> float:
        """A difference for each pixel, and a product with each direction."""
        return 2.0 * self.pca_.components_.size + self.pca_.components_.shape[1]


class Gradients(TransformerMixin, BaseEstimator):
    """Histograms of oriented gradients (Dalal and Triggs 2005), and means of a coarse grid.

    About seven cells a side whatever the size of the image, blocks of 2 x 2 cells, 12 directions. A gradient
    votes for the two nearest directions and, by its distance, for the nearest cells: a small shift or turn of
    the image changes the features little. Opposite directions count apart, which helps with most things
    (section 6.3 there). The grid of means is twice as fine as the cells.

    Parameters
    ----------
    cells : int
        Cells along each side.
    orientations : int
        Directions of a full turn.
    """

    def __init__(self, cells: int = 7, orientations: int = 12) -> None:
        self.cells, self.orientations = cells, orientations

    def fit(self, X: np.ndarray, y: Any = None) -> Gradients:
        """Choose the cell size that fits the images."""
        self.size_ = tuple(int(n) for n in X.shape[1:])
        self.cell_ = tuple(max(2, int(side // self.cells)) for side in X.shape[1:3])
        self.big_enough_ = all(side >= 2 * cell for side, cell in zip(X.shape[1:3], self.cell_, strict=True))
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """float32 (n_samples, n_gradients + n_means); raw pixels for images too small for cells."""
        if not self.big_enough_:
            return X.reshape(len(X), -1)
        parts = [self._features(X[i : i + _FEW]) for i in range(0, max(len(X), 1), _FEW)]
        return np.concatenate(parts)

    def count_operations(self, X: Any, count: Any) -> float:
        """For a pixel two differences, a length, each direction and its share of cells; blocks and means."""
        if not self.big_enough_:
            return 0.0
        height, width, channels = self.size_
        pixels = height * width
        blocks = (height // self.cell_[0] - 1) * (width // self.cell_[1] - 1)
        of_pixels = pixels * (6.0 * channels + 1 + (5 + 8) * self.orientations)
        return of_pixels + 6.0 * blocks * 4 * self.orientations + pixels * channels

    def directions(self) -> tuple[np.ndarray, np.ndarray, float]:
        """Sine and cosine (orientations,) of each direction, and the cosine at which votes begin."""
        angles = 2 * np.pi / self.orientations * np.arange(self.orientations)
        return np.sin(angles), np.cos(angles), float(np.cos(2 * np.pi / self.orientations))

    def windows(self, axis: int) -> np.ndarray:
        """Share of each pixel along an axis in each cell, (cells, pixels): less with the distance."""
        side, cell = self.size_[axis], self.cell_[axis]
        centres = (np.arange(side // cell) + 0.5) * cell - 0.5
        return np.maximum(0.0, 1.0 - np.abs(np.arange(side) - centres[:, None]) / cell) / cell

    def means(self, axis: int) -> np.ndarray:
        """Share of each pixel along an axis in each mean of the coarse grid, (grid, pixels)."""
        side = self.size_[axis]
        parts = np.array_split(np.arange(side), min(2 * self.cells, side))
        return np.array([np.isin(np.arange(side), part) / len(part) for part in parts])

    def _features(self, images: np.ndarray) -> np.ndarray:
        histograms = _pooled(self._votes(images), self.windows(0), self.windows(1))
        means = _pooled(np.asarray(images, np.float64), self.means(0), self.means(1))
        both = (_blocks(histograms), means)
        return np.concatenate([part.reshape(len(images), -1) for part in both], axis=1).astype(np.float32)

    def _votes(self, images: np.ndarray) -> np.ndarray:
        """Votes of each pixel for each direction, float64 (n, height, width, orientations).

        In double precision, as single precision would lose digits that exports keep.
        """
        padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
        down = (padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]).astype(np.float64)
        right = (padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]).astype(np.float64)
        length = np.sqrt(down * down + right * right)
        if images.shape[3] > 1:  # the channel that changes most, the first of equals
            best = length.astype(np.float32).argmax(axis=3)[..., None]
            down, right, length = (np.take_along_axis(x, best, 3) for x in (down, right, length))
        sines, cosines, start = self.directions()
        return np.maximum(down * sines + right * cosines - start * length, 0.0) / (1.0 - start)


_FEW = 32  # images at a time, whose votes fit into a cache
CLIPPED = 0.2  # of L2-Hys, Lowe's variant of the norm
NOT_ZERO = 1e-5


def _pooled(x: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Sums of pixels (n, height, width, k) weighted by (cells, height) and (cells, width)."""
    n, height, width, k = x.shape
    strips = rows @ x.reshape(n, height, width * k)
    return columns @ strips.reshape(n, len(rows), width, k)


def _blocks(cells: np.ndarray) -> np.ndarray:
    """Each 2 x 2 cells side by side and normalised by L2-Hys, (n, rows, columns, 4 * k)."""
    height, width = cells.shape[1:3]
    parts = [cells[:, r : height - 1 + r, c : width - 1 + c] for r in (0, 1) for c in (0, 1)]
    return _unit(np.minimum(_unit(np.concatenate(parts, axis=3)), CLIPPED))


def _unit(x: np.ndarray) -> np.ndarray:
    return x / np.sqrt((x * x).sum(axis=3, keepdims=True) + NOT_ZERO**2)


def as_images(X: Any) -> list[np.ndarray]:
    """A list of uint8 (height, width, channels) arrays."""
    images = [np.asarray(image) for image in X]
    return [image[..., None] if image.ndim == 2 else image for image in images]


_PATCHES = 20_000  # that filters are learned from
_IMAGES = 256  # images at a time
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
        parts = [self._features(X[i : i + _IMAGES]) for i in range(0, len(X), _IMAGES)]
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
