"""A smaller dataset with the same mixture of classes and of test rows."""

from __future__ import annotations

import numpy as np

from ._base import Dataset
from ._errors import InputError


def subset(dataset: Dataset, rows: int, seed: int = 0) -> Dataset:
    """At most `rows` rows in their order, drawn by class (classification) and by official test part.

    Every class keeps at least two rows of each part, as far as it has them.
    """
    n_parts = 1 if dataset.task == "regression" else 2 * len(dataset.classes)
    if rows < max(10, n_parts):
        raise InputError(f"--rows {rows} is too few for {dataset.name}; expected at least {max(10, n_parts)}")
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
    """A number for each combination of class and part that occurs."""
    part = np.zeros(len(dataset), dtype=int) if dataset.test is None else dataset.test.astype(int)
    codes = np.zeros(len(dataset), dtype=int)
    if dataset.task != "regression":
        codes = np.unique(dataset.y, return_inverse=True)[1]
    return np.unique(codes * 2 + part, return_inverse=True)[1]


def _allocate(counts: np.ndarray, rows: int) -> np.ndarray:
    """Proportional sizes by largest remainder, small strata kept at two rows where they have them."""
    exact = counts * rows / counts.sum()
    sizes = np.maximum(np.floor(exact).astype(int), np.minimum(counts, 2))
    order = np.argsort(sizes - exact, kind="stable")
    sizes[order[: max(0, rows - sizes.sum())]] += 1
    while sizes.sum() > rows and sizes.max() > 2:
        sizes[np.argmax(sizes - exact)] -= 1
    return np.minimum(sizes, counts)
