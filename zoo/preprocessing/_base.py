"""The protocol of preprocessing: raw rows to arrays, and the same steps as Keras layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ...datasets._base import Modality

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class InputSpec:
    """The arrays a network takes. Networks of equal specification share compiled code.

    ``arrays`` holds (name, shape of one row, dtype); ``cardinalities`` the number of codes of each
    embedded category of a table, ``vocabulary`` the number of token ids of a text (0 is padding).
    """

    modality: Modality
    arrays: tuple[tuple[str, tuple[int, ...], str], ...]
    cardinalities: tuple[int, ...] = ()
    vocabulary: int = 0

    def layers(self) -> dict[str, Any]:
        """New Keras inputs by name."""
        import keras

        return {name: keras.Input(shape, dtype=dtype, name=name) for name, shape, dtype in self.arrays}


def coarse(n: int) -> int:
    """``n`` rounded up by at most an eighth, so that folds of nearly equal size share compiled code."""
    grid = 2 ** max(0, n.bit_length() - 4)
    return -(-n // grid) * grid


class Preprocessor(Protocol):
    """Fitted on training rows only; both paths give the same numbers."""

    spec: InputSpec

    def fit(self, X: Any) -> Preprocessor:
        """Learn from raw training rows."""

    def transform(self, X: Any) -> dict[str, np.ndarray]:
        """Arrays of ``spec``, first axis n_samples."""

    def raw_layers(self) -> tuple[dict[str, keras.KerasTensor], dict[str, keras.KerasTensor]]:
        """Raw Keras inputs, and from them the same arrays as :meth:`transform` gives."""

    def raw_arrays(self, X: Any) -> dict[str, np.ndarray]:
        """Raw rows in the form that the inputs of :meth:`raw_layers` take."""
