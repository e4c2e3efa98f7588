"""Raw rows on their way into a network: encoded at once, or anew in each epoch where they are many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..datasets._base import take
from .preprocessing._base import aligned_zeros

_ENCODED_ROWS = 65_536  # encoded at once
_STREAMED_BYTES = 2**26  # a table that takes more in network form is encoded anew in each epoch


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
        from .training import StreamedPart

        if isinstance(self.X, pd.DataFrame) and len(rows) * self._bytes_a_row() > _STREAMED_BYTES:
            return StreamedPart(len(rows), lambda places: self.part(rows[places]))
        return self.part(rows)

    def part(self, rows: np.ndarray) -> Any:
        """These rows in network form, encoded piece by piece so that no second copy of raw rows is made."""
        from .training import Part

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
