"""Columns that say the same: association of any two columns, and groups of associated ones.

A model can lean on either of two columns that go together, so that shuffling one alone hardly hurts (Strobl
et al. 2008). Such columns are shuffled together.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from ...datasets._schema import infer_role
from ..preprocessing.tables import raw_column

LEAST_ASSOCIATION = 0.7  # of columns that are shuffled together
MOST_ROWS = 5000
MOST_COLUMNS = 300


def column_groups(X: pd.DataFrame, least: float = LEAST_ASSOCIATION, seed: int = 0) -> list[list[str]]:
    """Columns in groups of average association above ``least``, in the order of the table.

    Average-linkage clustering of 1 - association. More than 300 columns stand alone.
    """
    names = [str(c) for c in X.columns]
    if len(names) < 2 or len(names) > MOST_COLUMNS:
        return [[name] for name in names]
    distances = 1.0 - associations(X, seed)
    np.fill_diagonal(distances, 0.0)
    labels = fcluster(linkage(squareform(distances, checks=False), "average"), 1.0 - least, "distance")
    groups: dict[int, list[str]] = {}
    for name, label in zip(names, labels.tolist(), strict=True):
        groups.setdefault(label, []).append(name)
    return list(groups.values())


def associations(X: pd.DataFrame, seed: int = 0) -> np.ndarray:
    """Association of every two columns from 0 to 1, float64 (n_columns, n_columns).

    Of two numbers |Spearman's rank correlation|, of two categories Cramér's V with Bergsma's (2013)
    correction of bias, of a number and a category the root of the share of the ranks' variance between the
    levels, with the same kind of correction (epsilon squared, Kelley 1935). Missing is a level, or the
    middle rank.
    """
    if len(X) > MOST_ROWS:
        X = X.iloc[np.sort(np.random.default_rng(seed).choice(len(X), MOST_ROWS, replace=False))]
    columns = [_coded(X[c], str(c)) for c in X.columns]
    found = np.eye(len(columns))
    for i, first in enumerate(columns):
        for j, second in enumerate(columns[:i]):
            found[i, j] = found[j, i] = _association(first, second)
    return found


def _coded(values: pd.Series, name: str) -> tuple[bool, np.ndarray]:
    """Whether it is a number; ranks centred and scaled to length 1, or codes of levels."""
    role, _ = infer_role(values, name)
    if role in ("numeric", "datetime"):
        raw = raw_column(values, role)
        known = np.where(np.isfinite(raw), raw, np.nanmedian(raw) if np.isfinite(raw).any() else 0.0)
        ranks = rankdata(known)
        ranks = ranks - ranks.mean()
        return True, ranks / (np.linalg.norm(ranks) or 1.0)
    return False, np.unique(raw_column(values, "categorical").astype(str), return_inverse=True)[1]


def _association(first: Any, second: Any) -> float:
    if first[0] and second[0]:
        return abs(float(first[1] @ second[1]))
    if first[0] or second[0]:
        ranks, codes = (first[1], second[1]) if first[0] else (second[1], first[1])
        return _between_levels(ranks, codes)
    return cramers_v(first[1], second[1])


def _between_levels(ranks: np.ndarray, codes: np.ndarray) -> float:
    counts = np.bincount(codes)
    n, n_levels = len(codes), len(counts)
    if n_levels < 2 or n_levels >= n or not ranks.any():
        return 0.0
    share = float(np.sum(np.bincount(codes, weights=ranks) ** 2 / counts))  # ranks have length 1
    return float(np.sqrt(max(0.0, 1.0 - (1.0 - share) * (n - 1) / (n - n_levels))))


def cramers_v(first: np.ndarray, second: np.ndarray) -> float:
    """Bias-corrected Cramér's V of two arrays of codes (Bergsma 2013, equations 5 to 7)."""
    counts = np.zeros((first.max() + 1, second.max() + 1))
    np.add.at(counts, (first, second), 1.0)
    n, (r, c) = counts.sum(), counts.shape
    if min(r, c) < 2 or n < 3:
        return 0.0
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / n
    phi = float(np.sum((counts - expected) ** 2 / expected)) / n
    phi = max(0.0, phi - (r - 1) * (c - 1) / (n - 1))
    r, c = r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)
    return float(np.sqrt(phi / max(min(r, c) - 1, 1e-12))) if min(r, c) > 1 else 0.0
