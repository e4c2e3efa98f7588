"""Permutation importance: how much worse a model answers when a part of its input says nothing any more.

Breiman (2001), as an average over all wrong partners with its uncertainty (Fisher, Rudin and Dominici 2019).
The loss is squared error, of probabilities the Brier score; importance is the share of the target's variance
that is explained no longer: the same unit for every model, family and task.

Columns that say the same: association of any two columns, and groups of associated ones.

A model can lean on either of two columns that go together, so that shuffling one alone hardly hurts (Strobl
et al. 2008). Such columns are shuffled together.

Whether two explanations say the same: rank correlation of importances.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from ...datasets import infer_role, take
from ..preprocessing.columns import as_texts
from ..preprocessing.pixels import as_images
from ..preprocessing.tables import raw_column

REPEATS = 5
MOST_ROWS = 1000
CELLS = 4  # a side, of a picture
WORDS = 30


def permutation_importance(
    model: Any,
    X: Any,
    y: np.ndarray,
    modality: str,
    classes: tuple[str, ...] = (),
    *,
    repeats: int = REPEATS,
    confidence_level: float = 0.95,
    grouped: bool = True,
    seed: int = 0,
) -> dict[str, Any]:
    """Importance of every part of the input of any fitted estimator, on rows it was not trained on.

    Parameters
    ----------
    model : estimator over raw rows, or a saved model
    X, y : raw rows and their true answers (class names or values)
    modality : {"tabular", "image", "text"}
        Parts are columns (those that go together as one, see
        :func:`~deepworth.zoo.explanation.column_groups`), cells of a 4 x 4 grid over pictures of one size, or
        the thirty words that tell most about the answer, which are taken out instead of shuffled.
    classes : tuple of str
        In the order of the model's probabilities; empty for regression.
    repeats : int
        Shuffles of each part.

    Returns
    -------
    dict
        ``rows``, ``loss`` (what the model loses untouched, as a share of the target's variance), and
        ``parts``, the most important first: ``part``, ``members`` (its columns), ``importance``, ``low`` and
        ``high`` at the confidence level. Empty where parts make no sense (pictures of different sizes), with
        ``reason``.

    Notes
    -----
    A row counts twice in a shuffle, as itself and as the donor of its values. The interval is Student's t of
    the sum of both influences (Hoeffding's projection of the U-statistic).
    """
    rows = np.arange(len(y))
    if len(rows) > MOST_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST_ROWS, replace=False))
    X, truth = take(X, rows), _wanted(np.asarray(y)[rows], classes)
    spread = float(np.mean(np.sum((truth - truth.mean(axis=0)) ** 2, axis=1))) or 1.0
    rng = np.random.default_rng(seed)
    before = _losses(model, X, truth, classes)
    result: dict[str, Any] = {
        "rows": len(rows),
        "unit": "share of the target's variance",
        "loss": float(before.mean() / spread),
        "confidence_level": confidence_level,
        "parts": [],
    }
    if modality == "image" and len({image.shape[:2] for image in as_images(X)}) > 1:
        return {**result, "reason": "pictures of different sizes have no common parts"}
    for name, members, changed in _parts(X, truth, modality, repeats, grouped, rng):
        shuffles = [(donors, _losses(model, other, truth, classes) - before) for donors, other in changed]
        low, high, mean = _interval(shuffles, confidence_level)
        values = {"importance": mean / spread, "low": low / spread, "high": high / spread}
        result["parts"].append({"part": name, "members": members, **values})
    result["parts"].sort(key=lambda part: -part["importance"])
    return result


def _wanted(y: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """(n_samples, n_outputs): ones for the true class, or values."""
    if not classes:
        return y.astype(np.float64)[:, None]
    return (y.astype(str)[:, None] == np.asarray(classes)[None, :]).astype(np.float64)


def _losses(model: Any, X: Any, truth: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """Squared error of every row, summed over the classes."""
    if not classes:
        return (np.asarray(model.predict(X), dtype=np.float64) - truth[:, 0]) ** 2
    found = np.asarray(model.predict_proba(X), dtype=np.float64)
    order = [list(classes).index(str(c)) for c in model.classes_]
    full = np.zeros_like(truth)
    full[:, order] = found
    return np.sum((full - truth) ** 2, axis=1)


def _interval(shuffles: list[tuple[np.ndarray, np.ndarray]], level: float) -> tuple[float, float, float]:
    """Low, high and mean of the loss, from what each row adds as itself and as donor."""
    n = len(shuffles[0][1])
    as_itself = np.mean([loss for _, loss in shuffles], axis=0)
    as_donor = np.zeros(n)
    for donors, loss in shuffles:
        as_donor[donors] += loss / len(shuffles)
    mean = float(as_itself.mean())
    influence = as_itself + as_donor - mean if len(shuffles) > 1 else as_itself
    width = float(stats.t.ppf(0.5 + level / 2, n - 1) * influence.std(ddof=1) / np.sqrt(n))
    return mean - width, mean + width, mean


Changed = Iterator[tuple[np.ndarray, Any]]


def _parts(
    X: Any, truth: np.ndarray, modality: str, repeats: int, grouped: bool, rng: np.random.Generator
) -> Iterator[tuple[str, list[str], Changed]]:
    """Name, members, and the rows with that part shuffled, beside who gave the values."""
    if modality == "text":
        texts = as_texts(X)
        for word in telling_words(texts, truth):
            yield f'"{word}"', [word], iter([(np.arange(len(texts)), _without(texts, word))])
        return
    orders = [_derangement(len(X), rng) for _ in range(repeats)]
    if modality == "tabular":
        groups = column_groups(X) if grouped else [[str(c)] for c in X.columns]
        for members in groups:
            yield " + ".join(members), members, ((o, _with_columns(X, members, o)) for o in orders)
        return
    images = np.stack(as_images(X))
    for r, (top, bottom) in enumerate(_edges(images.shape[1])):
        for c, (left, right) in enumerate(_edges(images.shape[2])):
            name = f"row {r + 1}, column {c + 1} of {CELLS} x {CELLS}"
            box = (slice(None), slice(top, bottom), slice(left, right))
            yield name, [name], ((o, _with_box(images, box, o)) for o in orders)


def _derangement(n: int, rng: np.random.Generator) -> np.ndarray:
    """A random cycle through all rows, so that nobody gives to itself."""
    order = rng.permutation(n)
    donors = np.empty(n, dtype=int)
    donors[order] = np.roll(order, 1)
    return donors


def _with_columns(X: pd.DataFrame, members: list[str], donors: np.ndarray) -> pd.DataFrame:
    new = X.copy(deep=False)
    for column in [c for c in X.columns if str(c) in members]:
        new[column] = X[column].iloc[donors].set_axis(X.index)
    return new


def _with_box(images: np.ndarray, box: Any, donors: np.ndarray) -> np.ndarray:
    new = images.copy()
    new[box] = images[donors][box]
    return new


def _edges(side: int) -> list[tuple[int, int]]:
    edges = np.linspace(0, side, min(CELLS, side) + 1).astype(int).tolist()
    return list(pairwise(edges))


def telling_words(texts: list[str], truth: np.ndarray, most: int = WORDS) -> list[str]:
    """Words whose presence goes with the answer, by the largest |correlation| with one of its columns."""
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(binary=True, token_pattern=r"(?u)\b\w+\b", min_df=3, max_features=5000)
    try:
        present = counter.fit_transform(texts)
    except ValueError:  # no word is in three texts
        return []
    centred = truth - truth.mean(axis=0)
    share = np.asarray(present.mean(axis=0)).ravel()
    spread = np.sqrt(np.maximum(share * (1 - share), 1e-12))[:, None] * np.maximum(truth.std(axis=0), 1e-12)
    strength = np.max(np.abs(present.T @ centred) / len(texts) / spread, axis=1)
    best = np.argsort(-strength, kind="stable")[:most]
    return [str(word) for word in counter.get_feature_names_out()[best]]


def _without(texts: list[str], word: str) -> pd.Series:
    import re

    pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", flags=re.IGNORECASE)
    return pd.Series([pattern.sub(" ", text) for text in texts], dtype=object)


LEAST_ASSOCIATION = 0.7  # of columns that are shuffled together
MOST_ROWS_GROUPS = 5000
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
    if len(X) > MOST_ROWS_GROUPS:
        X = X.iloc[np.sort(np.random.default_rng(seed).choice(len(X), MOST_ROWS_GROUPS, replace=False))]
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


def rank_agreement(first: dict[str, Any], second: dict[str, Any]) -> float | None:
    """Spearman's correlation of two results of :func:`permutation_importance` over their common parts.

    1 is the same order, 0 none in common; None with fewer than three parts, or where all are alike.
    """
    one = {p["part"]: p["importance"] for p in first["parts"]}
    other = {p["part"]: p["importance"] for p in second["parts"]}
    names = [name for name in one if name in other]
    a, b = np.array([one[n] for n in names]), np.array([other[n] for n in names])
    if len(names) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(stats.spearmanr(a, b).statistic)
