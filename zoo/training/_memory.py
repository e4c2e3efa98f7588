"""How much memory a training takes."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ._architecture import Architecture

_COPIES = 8  # weights, two moments, best weights, gradient, and what a step writes anew


@lru_cache(maxsize=64)
def bytes_of_training(architecture: Architecture, batch_size: int) -> int:
    """Bytes that one replica needs beside its rows: weights, optimiser, and activations of a batch."""
    model = architecture.new(0)
    weights = sum(int(np.prod(v.shape)) for v in model.variables)
    activations = sum(_values(layer) for layer in model.layers)
    return 4 * (_COPIES * weights + 2 * batch_size * activations)


def _values(layer: object) -> int:
    """Values of a layer's output for one row."""
    shape = getattr(getattr(layer, "output", None), "shape", None) or ()
    return int(np.prod([n or 1 for n in shape[1:]]))
