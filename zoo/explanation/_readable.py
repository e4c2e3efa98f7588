"""Raw rows as numbers that a person can read: what small surrogate models may speak of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...datasets._schema import infer_role
from ..preprocessing.columns import as_texts
from ..preprocessing.pixels import as_images
from ..preprocessing.tables import raw_column

LEVELS = 12  # of a category that get a name
WORDS = 300  # of plain texts
WORDS_A_COLUMN = 30  # of a text column of a table
CELLS = 6  # a side, of a picture


@dataclass(frozen=True)
class Feature:
    """One readable number: the column it belongs to, what it says, and whether it is yes or no."""

    column: str
    label: str
    yes_no: bool = False


@dataclass(frozen=True)
class Readable:
    """``values`` float64 (n_samples, n_features), NaN where a number is missing."""

    features: list[Feature]
    values: np.ndarray


def readable(X: Any, modality: str) -> Readable:
    """Numbers as they are, "column = level", words that are there, brightness of a picture's cells."""
    if modality == "tabular":
        parts = [part for name in X.columns for part in _column(X[name], str(name))]
    elif modality == "text":
        parts = _words(as_texts(X), "text", WORDS)
    else:
        parts = _cells(X)
    if not parts:
        return Readable([], np.zeros((len(X), 0)))
    return Readable([f for f, _ in parts], np.stack([v for _, v in parts], axis=1).astype(np.float64))


def _column(values: pd.Series, name: str) -> list[tuple[Feature, np.ndarray]]:
    role, _ = infer_role(values, name)
    if role not in ("numeric", "datetime", "categorical", "text"):
        return []
    raw = raw_column(values, role)
    if role == "numeric":
        return [(Feature(name, name), np.where(np.isfinite(raw), np.clip(raw, -1e30, 1e30), np.nan))]
    if role == "datetime":
        return [(Feature(name, f"{name} in days since 1970"), raw / 86400.0)]
    if role == "text":
        return _words(list(raw), name, WORDS_A_COLUMN)
    return _levels(raw, name)


def _levels(raw: np.ndarray, name: str) -> list[tuple[Feature, np.ndarray]]:
    """One yes-or-no a frequent level; of two levels one says all."""
    levels, counts = np.unique(raw.astype(str), return_counts=True)
    ranked = levels[np.argsort(-counts, kind="stable")]
    chosen = ranked[:1] if len(ranked) == 2 else ranked[:LEVELS]
    return [(Feature(name, f"{name} = {level or '(missing)'}", True), raw == level) for level in chosen]


def _words(texts: list[str], name: str, most: int) -> list[tuple[Feature, np.ndarray]]:
    """The most frequent words that not nearly every text has."""
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(
        binary=True, token_pattern=r"(?u)\b\w+\b", min_df=2, max_df=0.6, max_features=most
    )
    try:
        found = counter.fit_transform(texts).toarray()
    except ValueError:  # no word is in two texts, or all are in most
        return []
    words = counter.get_feature_names_out()
    return [(Feature(name, f'"{word}" in {name}', True), found[:, i]) for i, word in enumerate(words)]


def _cells(X: Any) -> list[tuple[Feature, np.ndarray]]:
    """Mean brightness (0 to 1) of each cell of a grid, whatever the size of the pictures."""
    means = np.stack([_grid(image) for image in as_images(X)])
    return [
        (Feature("image", f"brightness at row {r + 1}, column {c + 1} of {CELLS} x {CELLS}"), means[:, r, c])
        for r in range(CELLS)
        for c in range(CELLS)
    ]


def _grid(image: np.ndarray) -> np.ndarray:
    grey = image.mean(axis=2) / 255.0
    edges = [np.linspace(0, side, CELLS + 1).astype(int) for side in grey.shape]
    low = [np.minimum(e[:-1], side - 1) for e, side in zip(edges, grey.shape, strict=True)]
    high = [np.maximum(e[1:], a + 1) for e, a in zip(edges, low, strict=True)]
    return np.array(
        [
            [grey[a:b, c:d].mean() for c, d in zip(low[1], high[1], strict=True)]
            for a, b in zip(low[0], high[0], strict=True)
        ]
    )
