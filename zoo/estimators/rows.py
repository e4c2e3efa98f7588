"""Rows of a fit: split into training and validation rows, and encoded for a network."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

from ...datasets import take
from ..preprocessing.base import aligned_zeros

Split = tuple[np.ndarray, np.ndarray]

_ENCODED_ROWS = 65_536  # encoded at once
_STREAMED_BYTES = 2**26  # a table that takes more in network form is encoded anew in each epoch


def all_rows(n_rows: int, n_members: int = 1) -> list[Split]:
    """Every member trains on every row and none validates: too few rows for anything else."""
    rows = np.arange(n_rows)
    return [(rows, rows[:0])] * n_members


def validation_split(n_rows: int, n_validation: int, strata: Any, seed: int) -> Split:
    """Training and validation rows, stratified where ``strata`` is given."""
    train, validation = train_test_split(
        np.arange(n_rows), test_size=n_validation, stratify=strata, random_state=seed
    )
    return train, validation


def member_splits(n_rows: int, n_members: int, strata: Any, seed: int) -> list[Split]:
    """The folds of a cross-validation; with fewer rows than two a fold, all rows for every member."""
    if n_rows < 2 * n_members:
        return all_rows(n_rows, n_members)
    kind = KFold if strata is None else StratifiedKFold
    with warnings.catch_warnings():  # a class rarer than the folds is in some of them only
        warnings.simplefilter("ignore", UserWarning)
        return list(kind(n_members, shuffle=True, random_state=seed).split(np.arange(n_rows), strata))


@dataclass(frozen=True)
class RowSource:
    """Raw rows with their encoded targets and weights, and the fitted preprocessor that encodes them.

    ``X``, ``target`` and ``weight`` have the first axis n_samples; ``weight`` has mean 1.
    """

    preprocessor: Any
    X: Any
    target: np.ndarray
    weight: np.ndarray

    def for_training(self, rows: np.ndarray) -> Any:
        """These rows as a ``Part``, or a ``StreamedPart`` of a table too large to keep in network form."""
        from ..training.architecture import StreamedPart

        if isinstance(self.X, pd.DataFrame) and len(rows) * self._bytes_a_row() > _STREAMED_BYTES:
            return StreamedPart(len(rows), lambda places: self.part(rows[places]))
        return self.part(rows)

    def part(self, rows: np.ndarray) -> Any:
        """These rows in network form, encoded piece by piece so that no second copy of raw rows is made."""
        from ..training.architecture import Part

        arrays = {
            name: aligned_zeros((len(rows), *shape), dtype)
            for name, shape, dtype in self.preprocessor.spec.arrays
        }
        for start in range(0, len(rows), _ENCODED_ROWS):
            piece = rows[start : start + _ENCODED_ROWS]
            for name, values in self.preprocessor.transform(take(self.X, piece)).items():
                arrays[name][start : start + len(piece)] = values
        return Part(arrays, self.target[rows], self.weight[rows].astype(np.float32))

    def _bytes_a_row(self) -> int:
        """Bytes of one row in network form."""
        arrays = self.preprocessor.spec.arrays
        return sum(int(np.prod(shape)) * np.dtype(dtype).itemsize for _, shape, dtype in arrays)
