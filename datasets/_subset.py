"""A random sample of a dataset, stratified by class and test set."""

from __future__ import annotations

import numpy as np

from ._base import Dataset
from ._errors import InputError


def subset(dataset: Dataset, rows: int, seed: int = 0) -> Dataset:
    """A random sample of at most `rows` rows, stratified by class and test set; their order is kept.

    Every class keeps at least two rows on each side, if it has them.
    """
    n_parts = 1 if dataset.task == "regression" else 2 * len(dataset.classes)
    if rows < max(10, n_parts):
        raise InputError(f"--rows {rows} is too few for {dataset.name}; use at least {max(10, n_parts)}")
    if rows >= len(dataset):
        return dataset
    strata = _strata(dataset)
    sizes = _allocate(np.bincount(strata), rows)
    rng = np.random.default_rng(seed)
    picked = [
        rng.choice(np.flatnonzero(strata == stratum), size, replace=False)
        for stratum, size in enumerate(sizes)
    ]
    return dataset.take(np.sort(np.concatenate(picked)))


def _strata(dataset: Dataset) -> np.ndarray:
    """The number of each row's combination of class and side."""
    part = np.zeros(len(dataset), dtype=int) if dataset.test is None else dataset.test.astype(int)
    codes = np.zeros(len(dataset), dtype=int)
    if dataset.task != "regression":
        codes = np.unique(dataset.y, return_inverse=True)[1]
    return np.unique(codes * 2 + part, return_inverse=True)[1]


def _allocate(counts: np.ndarray, rows: int) -> np.ndarray:
    """Proportional sizes by largest remainder, with at least two rows per stratum if it has them."""
    exact = counts * rows / counts.sum()
    sizes = np.maximum(np.floor(exact).astype(int), np.minimum(counts, 2))
    order = np.argsort(sizes - exact, kind="stable")
    sizes[order[: max(0, rows - sizes.sum())]] += 1
    while sizes.sum() > rows and sizes.max() > 2:
        sizes[np.argmax(sizes - exact)] -= 1
    return np.minimum(sizes, counts)
