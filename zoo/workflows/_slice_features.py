"""What rows can be told apart by: columns, the class, the length of a text, how bright an image is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ...datasets import Dataset
from ..judging.slices import Feature

LONGEST = 40  # characters of a name


def slice_features(dataset: Dataset) -> list[Feature]:
    """The columns of a table, or the properties of texts or images, and the class of every row.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    list of Feature
    """
    by = {"tabular": _columns, "text": _texts, "image": _images}
    return [_readable(own) for own in (*_class(dataset), *by[dataset.modality](dataset.X))]


def _readable(feature: Feature) -> Feature:
    """With names that fit a sentence: they come from the data and may hold anything."""
    categories = None if feature.categories is None else tuple(map(_short, feature.categories))
    return replace(feature, name=_short(feature.name), categories=categories)


def _short(name: str) -> str:
    """On one line, printable, and not too long; an empty name as two quotes."""
    words = "".join(c if c.isprintable() else "\ufffd" for c in " ".join(name.split()))
    return (words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…") or "''"


def _class(dataset: Dataset) -> list[Feature]:
    if dataset.task == "regression":
        return []
    codes = np.searchsorted(dataset.classes, dataset.y)
    return [Feature(dataset.target, codes, tuple(dataset.classes), in_pairs=False)]


def _columns(X: Any) -> list[Feature]:
    return [_column(str(name), X[name]) for name in X]


def _column(name: str, values: Any) -> Feature:
    """Numbers as they are, dates as years, free text by its length."""
    if hasattr(values, "cat"):
        return Feature(name, values.cat.codes.to_numpy().astype(int), tuple(map(str, values.cat.categories)))
    if values.dtype.kind == "M":
        return Feature(f"year of {name}", _years(values.to_numpy()))
    if values.dtype.kind in "fiub":
        return Feature(name, values.to_numpy(dtype=float))
    return Feature(f"length of {name}", values.str.len().to_numpy(dtype=float, na_value=np.nan))


def _years(dates: np.ndarray) -> np.ndarray:
    """With their fraction; NaN where missing."""
    years = dates.astype("datetime64[Y]")
    start = years.astype("datetime64[us]")
    fraction = (dates - start) / np.timedelta64(366, "D")
    found: np.ndarray = np.where(np.isnat(dates), np.nan, 1970 + years.astype(float) + fraction)
    return found


def _texts(X: Any) -> list[Feature]:
    lengths = np.array([len(str(text)) for text in X], dtype=float)
    return [Feature("length of the text", lengths)]


def _images(X: np.ndarray) -> list[Feature]:
    """Brightness from 0 to 255, and the number of pixels where sizes differ."""
    brightness = np.array([np.mean(image) for image in X])
    contrast = np.array([np.std(image) for image in X])
    pixels = np.array([image.shape[0] * image.shape[1] for image in X], dtype=float)
    found = [Feature("brightness of the image", brightness), Feature("contrast of the image", contrast)]
    return [*found, *([Feature("pixels of the image", pixels)] if np.ptp(pixels) else [])]
