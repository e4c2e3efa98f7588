"""Permutation importance of the parts of an input, associated columns, and agreement of importances.

Breiman (2001), as an average over all other rows with its uncertainty (Fisher, Rudin and Dominici 2019). The
loss is squared error, of probabilities the Brier score; importance is the share of the target's variance that
is no longer explained: the same unit for every model, family and task.

A model can use either of two associated columns, so that shuffling one alone hardly hurts (Strobl et al.
2008). Such columns are shuffled together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import pandas as pd
from scipy import stats
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from ...datasets import Features, Modality, reader_of, take
from ..preprocessing.columns import as_texts
from ..preprocessing.pixels import as_images
from ..preprocessing.tables import raw_column
from ..preprocessing.texts import SPACED, spaced, without
from ..results.explanation import Importance, ImportantPart

REPEATS = 5
MOST_ROWS = 1000
CELLS = 4  # along each side of an image
WORDS = 30
UNIT = "share of the target's variance"


class FittedModel(Protocol):
    """A fitted estimator over raw rows, or a saved model; classifiers have ``predict_proba`` too."""

    def predict(self, X: Any, /) -> np.ndarray: ...


def permutation_importance(
    model: FittedModel,
    X: Features,
    y: np.ndarray,
    modality: Modality,
    classes: Sequence[str] = (),
    *,
    repeats: int = REPEATS,
    confidence_level: float = 0.95,
    grouped: bool = True,
    seed: int = 0,
) -> Importance:
    """Importance of every part of the input of any fitted estimator, on rows that it was not trained on.

    Parameters
    ----------
    model : fitted estimator or SavedModel
        Over raw rows.
    X : DataFrame, Series of str, or uint8 images
        n_samples raw rows, of which at most 1,000 are used.
    y : ndarray of shape (n_samples,)
        Their true classes or values.
    modality : {"tabular", "image", "text"}
        Parts are columns (associated ones together, see :func:`column_groups`), cells of a 4 x 4 grid over
        images of one size, or the 30 words that are most correlated with the target, which are removed
        instead of shuffled.
    classes : sequence of str, default=()
        All classes; empty for regression.
    repeats : int, default=5
        Shuffles of each part.
    confidence_level : float, default=0.95
        Of the intervals.
    grouped : bool, default=True
        Shuffle associated columns together.
    seed : int, default=0
        Of the shuffles, and of the choice of rows.

    Returns
    -------
    Importance
        ``parts``, the most important first, with intervals, as shares of the target's variance; ``loss`` of
        the model without shuffling. Images of different sizes have no parts, and ``reason`` says so.

    Notes
    -----
    A row counts twice in a shuffle, as itself and as the donor of its values. The interval is Student's t of
    the sum of both influences (Hoeffding's projection of the U-statistic).

    References
    ----------
    Breiman (2001), "Random forests"; Fisher, Rudin and Dominici (2019), "All models are wrong, but many are
    useful".

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from deepworth.zoo.explanation import permutation_importance
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> found = permutation_importance(Ridge(0.1).fit(X[::2], y[::2]), X[1::2], y[1::2].to_numpy(), "tabular")
    >>> [part.part for part in found.parts[:2]]
    ['bmi', 's5']
    """
    rows = np.arange(len(y))
    if len(rows) > MOST_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST_ROWS, replace=False))
    X, truth = take(X, rows), as_targets(np.asarray(y)[rows], classes)
    spread = float(np.mean(np.sum((truth - truth.mean(axis=0)) ** 2, axis=1))) or 1.0
    unshuffled = _losses(model, X, truth, classes)
    result = Importance(len(rows), UNIT, float(unshuffled.mean() / spread), confidence_level, parts=())
    if modality == "image" and len({image.shape[:2] for image in as_images(X)}) > 1:
        return replace(result, reason="images of different sizes have no common parts")
    parts = []
    for name, members, changed in _parts(X, truth, modality, repeats, grouped, np.random.default_rng(seed)):
        shuffles = [(donors, _losses(model, other, truth, classes) - unshuffled) for donors, other in changed]
        low, high, mean = _interval(shuffles, confidence_level)
        parts.append(ImportantPart(name, tuple(members), mean / spread, low / spread, high / spread))
    return replace(result, parts=tuple(sorted(parts, key=lambda part: -part.importance)))


def as_targets(y: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Ones for the true class (n_samples, n_classes), or values (n_samples, 1)."""
    if not classes:
        return y.astype(np.float64)[:, None]
    return (y.astype(str)[:, None] == np.asarray(classes)[None, :]).astype(np.float64)


def _losses(model: Any, X: Any, truth: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Squared error of every row, summed over the classes."""
    if not classes:
        return (np.asarray(model.predict(X), dtype=np.float64) - truth[:, 0]) ** 2
    probabilities = np.zeros_like(truth)
    order = [list(classes).index(str(c)) for c in model.classes_]
    probabilities[:, order] = np.asarray(model.predict_proba(X), dtype=np.float64)
    return np.sum((probabilities - truth) ** 2, axis=1)


def _interval(shuffles: list[tuple[np.ndarray, np.ndarray]], level: float) -> tuple[float, float, float]:
    """Low, high and mean of the added loss, from what each row adds as itself and as donor."""
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
    """Name and members of each part, and the rows with it shuffled, each with its donors."""
    if modality == "text":
        texts = as_texts(X)
        for word in correlated_words(texts, truth):
            changed = pd.Series([without(text, word) for text in texts], dtype=object)
            yield f'"{word}"', [word], iter([(np.arange(len(texts)), changed)])
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
    """A random cycle through all rows, so that none is its own donor."""
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


def correlated_words(texts: list[str], truth: np.ndarray, most: int = WORDS) -> list[str]:
    """Words by the largest |correlation| of their presence with a column of the target."""
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(binary=True, token_pattern=SPACED, lowercase=False, min_df=3, max_features=5000)
    try:
        present = counter.fit_transform(spaced(texts))
    except ValueError:  # no word occurs in three texts
        return []
    centred = truth - truth.mean(axis=0)
    share = np.asarray(present.mean(axis=0)).ravel()
    spread = np.sqrt(np.maximum(share * (1 - share), 1e-12))[:, None] * np.maximum(truth.std(axis=0), 1e-12)
    strength = np.max(np.abs(present.T @ centred) / len(texts) / spread, axis=1)
    best = np.argsort(-strength, kind="stable")[:most]
    return [str(word) for word in counter.get_feature_names_out()[best]]


LEAST_ASSOCIATION = 0.7  # of columns that are shuffled together
MOST_ASSOCIATED_ROWS = 5000
MOST_COLUMNS = 300


def column_groups(X: pd.DataFrame, least: float = LEAST_ASSOCIATION, seed: int = 0) -> list[list[str]]:
    """Group associated columns of a table.

    Average-linkage clustering of 1 - association, see :func:`associations`.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)
        Each column of a table with more than 300 columns is a group of its own.
    least : float, default=0.7
        Average association that a group must have.
    seed : int, default=0
        Of the choice of 5,000 rows, if there are more.

    Returns
    -------
    list of list of str
        Names of columns, in the order of the table.

    Examples
    --------
    >>> import pandas as pd
    >>> from deepworth.zoo.explanation import column_groups
    >>> X = pd.DataFrame({"cm": [160, 172, 181, 190], "inch": [63, 68, 71, 75], "age": [31, 70, 25, 48]})
    >>> column_groups(X)
    [['cm', 'inch'], ['age']]
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
    """Association of every two columns of a table, from 0 to 1.

    Of two numbers the absolute value of Spearman's rank correlation, of two categories Cramér's V with
    Bergsma's (2013) correction of bias, of a number and a category the square root of the share of the ranks'
    variance between the levels, with the same kind of correction (epsilon squared, Kelley 1935). Missing is a
    level of its own, or the middle rank.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)
        Raw rows.
    seed : int, default=0
        Of the choice of 5,000 rows, if there are more.

    Returns
    -------
    ndarray of shape (n_columns, n_columns)
        Symmetric, with ones on the diagonal.

    References
    ----------
    Bergsma (2013), "A bias-correction for Cramér's V and Tschuprow's T"; Kelley (1935), "An unbiased
    correlation ratio measure".

    Examples
    --------
    >>> import pandas as pd
    >>> from deepworth.zoo.explanation import associations
    >>> X = pd.DataFrame({"cm": [160, 172, 181, 190], "age": [31, 70, 25, 48]})
    >>> associations(X).round(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    if len(X) > MOST_ASSOCIATED_ROWS:
        X = X.iloc[np.sort(np.random.default_rng(seed).choice(len(X), MOST_ASSOCIATED_ROWS, replace=False))]
    columns = [_coded(X[c], str(c)) for c in X.columns]
    matrix = np.eye(len(columns))
    for i, first in enumerate(columns):
        for j, second in enumerate(columns[:i]):
            matrix[i, j] = matrix[j, i] = _association(first, second)
    return matrix


def _coded(values: pd.Series, name: str) -> tuple[bool, np.ndarray]:
    """Whether a column is numeric, and its centred ranks of length 1, or codes of its levels."""
    reader = reader_of(values, name)
    raw = raw_column(values, reader)
    if reader.role in ("numeric", "datetime"):
        known = np.where(np.isfinite(raw), raw, np.nanmedian(raw) if np.isfinite(raw).any() else 0.0)
        ranks = rankdata(known)
        ranks = ranks - ranks.mean()
        return True, ranks / (np.linalg.norm(ranks) or 1.0)
    return False, np.unique(raw.astype(str), return_inverse=True)[1]


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


def rank_agreement(first: Importance, second: Importance) -> float | None:
    """Rank correlation (Spearman) of two results of :func:`permutation_importance`.

    Parameters
    ----------
    first, second : Importance
        Of two models, or two trainings, on the same data.

    Returns
    -------
    float or None
        Over their common parts: 1 for the same order, 0 for no relation, -1 for the reverse order; None with
        fewer than three parts, or if all parts of one are equally important.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Lasso, Ridge
    >>> from deepworth.zoo.explanation import permutation_importance, rank_agreement
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> models = [Ridge(0.1).fit(X, y), Lasso(0.1).fit(X, y)]
    >>> found = [permutation_importance(model, X, y.to_numpy(), "tabular") for model in models]
    >>> rank_agreement(*found) > 0.5
    True
    """
    one = {part.part: part.importance for part in first.parts}
    other = {part.part: part.importance for part in second.parts}
    names = [name for name in one if name in other]
    a, b = np.array([one[n] for n in names]), np.array([other[n] for n in names])
    if len(names) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(stats.spearmanr(a, b).statistic)
