"""Datasets of images with an official test set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ._base import Dataset, Provenance

Part = tuple[np.ndarray, np.ndarray]


def image_parts(
    name: str, train: Part, test: Part, classes: Sequence[str], provenance: Provenance
) -> Dataset:
    """A Dataset from images (n, height, width, channels) and class numbers; the test rows come last."""
    images, codes = (np.concatenate(arrays) for arrays in zip(train, test, strict=True))
    return Dataset(
        name,
        images,
        np.asarray(classes)[codes],
        "multiclass",
        "image",
        test=np.arange(len(codes)) >= len(train[1]),
        provenance=provenance,
        target="label",
    )
