"""How much of a model can be said in a few lines: small surrogates, and how faithful they are.

A surrogate is learned from what a model says, not from the truth (Craven and Shavlik 1996; Molnar 2022,
chapter 9.6 "Global surrogate"). Two are small enough to be read: a decision tree of at most eight leaves,
and a linear model of at most eight terms. Their fidelity is the share of the variance of the model's
answers, within folds, that they foretell on rows they were not fitted on.

Raw rows as numbers that a person can read: what small surrogate models may speak of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...datasets import infer_role
from ..preprocessing.columns import as_texts
from ..preprocessing.pixels import as_images
from ..preprocessing.tables import raw_column

LEAVES = 8
TERMS = 8
MOST_ROWS = 2000
SURE = 0.99  # log-odds are cut off where a model says this
_PARTS = 5  # where all rows come from one fold
_FEWEST_IN_A_LEAF = 5


@dataclass(frozen=True)
class Answers:
    """What a model said of rows it was not trained on.

    ``rows`` int (n,), ``prediction`` float64 probabilities (n, n_classes) or values (n,), ``folds`` int (n,).
    """

    rows: np.ndarray
    prediction: np.ndarray
    folds: np.ndarray


@dataclass(frozen=True)
class Tree:
    """A fitted surrogate tree."""

    model: Any

    def predict(self, values: np.ndarray) -> np.ndarray:
        """(n_samples, n_outputs)."""
        found = self.model.predict(_not_empty(values))
        return found[:, None] if found.ndim == 1 else found


@dataclass(frozen=True)
class Scale:
    """Missing as the median, standard scores cut off at ten, as linear baselines have them."""

    median: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray

    def __call__(self, values: np.ndarray) -> np.ndarray:
        known = np.where(np.isnan(values), self.median, values)
        return np.clip((known - self.mean) / self.deviation, -10, 10)


@dataclass(frozen=True)
class Linear:
    """A fitted sparse linear surrogate; ``coefficients`` (n_chosen, n_outputs) of standardised features."""

    scale: Scale
    chosen: list[int]
    coefficients: np.ndarray
    intercept: np.ndarray

    def predict(self, values: np.ndarray) -> np.ndarray:
        """(n_samples, n_outputs)."""
        return self.intercept + self.scale(values)[:, self.chosen] @ self.coefficients


def surrogates(
    X: Any, modality: str, classes: tuple[str, ...], answers: Mapping[str, Answers], *, seed: int = 0
) -> dict[str, dict[str, Any]]:
    """Fidelity and words of the surrogates of several models on the same rows.

    Parameters
    ----------
    X : raw rows that the ``rows`` of all answers count in
    modality : {"tabular", "image", "text"}
    classes : tuple of str
        Names of the classes; empty for regression.
    answers : mapping of a model's name to its :class:`Answers`

    Returns
    -------
    dict
        By model: ``fidelity_tree`` and ``fidelity_linear`` (R squared of the model's answers, log-odds for
        classes, on rows that the surrogate did not see; 1 is all of it, 0 and below nothing),
        ``agreement_tree`` and ``agreement_linear`` (share of rows with the same class; None for values),
        ``rows``, and the surrogates of all rows in words: ``tree`` (list of leaves: ``conditions``,
        ``answer`` by class or value, ``share`` of the rows) and ``linear`` (``intercept`` and ``terms``).
    """
    from ...datasets import take

    kept = _sample(np.unique(np.concatenate([a.rows for a in answers.values()])), seed) if answers else None
    if kept is None:
        return {}
    features = readable(take(X, kept), modality)
    place = {row: i for i, row in enumerate(kept.tolist())}
    found = {}
    for name, said in answers.items():
        here = np.isin(said.rows, kept)
        own = Readable(features.features, features.values[[place[r] for r in said.rows[here].tolist()]])
        part = Answers(said.rows[here], said.prediction[here], said.folds[here])
        found[name] = _explained(own, part, classes, seed)
    return found


def _sample(rows: np.ndarray, seed: int) -> np.ndarray:
    if len(rows) <= MOST_ROWS:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, MOST_ROWS, replace=False))


def _explained(features: Readable, said: Answers, classes: tuple[str, ...], seed: int) -> dict[str, Any]:
    target = _target(said.prediction, bool(classes))
    folds = _parts(said.folds, seed)
    result: dict[str, Any] = {"rows": len(target)}
    for name, fit in (("tree", _fit_tree), ("linear", _fit_linear)):
        foretold = _out_of_fold(fit, features.values, target, folds)
        result[f"fidelity_{name}"] = fidelity(target, foretold, folds)
        result[f"agreement_{name}"] = _same_class(target, foretold) if classes else None
    outputs = classes[1:] if len(classes) == 2 else classes or ("value",)
    tree, linear = _fit_tree(features.values, target), _fit_linear(features.values, target)
    result["tree"] = _tree_words(tree, features, classes)
    result["linear"] = _linear_words(linear, features.features, outputs)
    return result


def _target(prediction: np.ndarray, of_classes: bool) -> np.ndarray:
    """Values, the log-odds of the second of two classes, or those of every class; (n, n_outputs)."""
    if not of_classes:
        return prediction.reshape(-1, 1).astype(np.float64)
    shares = prediction[:, 1:] if prediction.shape[1] == 2 else prediction
    shares = np.clip(shares, 1 - SURE, SURE)
    return np.log(shares / (1 - shares))


def _parts(folds: np.ndarray, seed: int) -> np.ndarray:
    """Fold numbers; rows of a single test part are dealt out."""
    if len(np.unique(folds)) > 1:
        return folds
    return np.random.default_rng(seed).permutation(len(folds)) % min(_PARTS, max(2, len(folds) // 2))


def _out_of_fold(fit: Any, values: np.ndarray, target: np.ndarray, folds: np.ndarray) -> np.ndarray:
    foretold = np.empty_like(target)
    for fold in np.unique(folds):
        held = folds == fold
        foretold[held] = fit(values[~held], target[~held]).predict(values[held])
    return foretold


def fidelity(target: np.ndarray, foretold: np.ndarray, folds: np.ndarray) -> float:
    """1 - squared error / squared distance from the mean of each fold, over all outputs.

    A model that always says the same is said in full by one number: 1.
    """
    spread = sum(
        float(np.sum((target[folds == f] - target[folds == f].mean(axis=0)) ** 2)) for f in set(folds)
    )
    if spread < 1e-12 * max(1.0, float(np.sum(target**2))):
        return 1.0
    return 1.0 - float(np.sum((target - foretold) ** 2)) / spread


def _same_class(target: np.ndarray, foretold: np.ndarray) -> float:
    if target.shape[1] == 1:
        return float(np.mean((target > 0) == (foretold > 0)))
    return float(np.mean(target.argmax(axis=1) == foretold.argmax(axis=1)))


def _fit_tree(values: np.ndarray, target: np.ndarray) -> Tree:
    from sklearn.tree import DecisionTreeRegressor

    tree = DecisionTreeRegressor(
        max_leaf_nodes=LEAVES,
        min_samples_leaf=min(_FEWEST_IN_A_LEAF, max(1, len(values) // 4)),
        random_state=0,
    )
    return Tree(tree.fit(_not_empty(values), target))


def _not_empty(values: np.ndarray) -> np.ndarray:
    """Trees want a column, be it of zeros."""
    return values if values.shape[1] else np.zeros((len(values), 1))


def _fit_linear(values: np.ndarray, target: np.ndarray) -> Linear:
    """Greedy choice of terms for all outputs together: simultaneous orthogonal matching pursuit (Tropp,
    Gilbert and Strauss 2006); for one output the same as ``sklearn``'s OrthogonalMatchingPursuit."""
    scale = _scaling(values)
    scaled = scale(values)
    centre, mean = scaled.mean(axis=0), target.mean(axis=0)
    chosen: list[int] = []
    scaled, rest = scaled - centre, target - mean
    norms = np.sqrt(np.sum(scaled**2, axis=0))
    usable, coefficients = norms > 1e-9, np.zeros((0, target.shape[1]))
    for _ in range(min(TERMS, int(usable.sum()), len(values) - 2)):
        gains = np.sum((scaled.T @ rest) ** 2, axis=1) / np.where(usable, norms, np.inf) ** 2
        gains[chosen] = -1.0
        best = int(np.argmax(gains))
        if gains[best] <= 1e-18 * max(1.0, float(np.sum(target**2))):
            break
        chosen.append(best)
        coefficients = np.linalg.lstsq(scaled[:, chosen], target - mean, rcond=None)[0]
        rest = target - mean - scaled[:, chosen] @ coefficients
    return Linear(scale, chosen, coefficients, mean - centre[chosen] @ coefficients)


def _scaling(values: np.ndarray) -> Scale:
    with np.errstate(all="ignore"):
        known = np.where(np.isnan(values).all(axis=0), 0.0, values)
        median = np.nanmedian(known, axis=0)
        filled = np.where(np.isnan(known), median, known)
    mean, deviation = filled.mean(axis=0), filled.std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1.0)

    return Scale(median, mean, deviation)


def _tree_words(tree: Tree, features: Readable, classes: tuple[str, ...]) -> list[dict[str, Any]]:
    """One object a leaf, largest share first."""
    found, total = tree.model.tree_, tree.model.tree_.n_node_samples[0]
    leaves: list[dict[str, Any]] = []

    def walk(node: int, limits: dict[int, Limits]) -> None:
        if found.children_left[node] < 0:
            answer = _answer(found.value[node].ravel(), classes)
            share = float(found.n_node_samples[node] / total)
            words = [_condition(features, place, own) for place, own in limits.items()]
            leaves.append({"conditions": words, "answer": answer, "share": share})
            return
        place, cut = int(found.feature[node]), float(found.threshold[node])
        own = limits.get(place, Limits())
        left = bool(found.missing_go_to_left[node])
        walk(found.children_left[node], {**limits, place: own.below(cut, left)})
        walk(found.children_right[node], {**limits, place: own.above(cut, not left)})

    walk(0, {})
    return sorted(leaves, key=lambda leaf: -leaf["share"])


@dataclass(frozen=True)
class Limits:
    """Between which values a feature lies in a leaf, and whether it may be missing there."""

    low: float = -np.inf
    high: float = np.inf
    missing: bool = True

    def below(self, cut: float, missing: bool) -> Limits:
        """The left side of a split; a cut at infinity only parts known from missing."""
        return Limits(self.low, min(self.high, cut), self.missing and missing)

    def above(self, cut: float, missing: bool) -> Limits:
        """The right side of a split."""
        return Limits(max(self.low, cut), self.high, self.missing and missing)


def _condition(features: Readable, place: int, limits: Limits) -> str:
    """What holds of a feature in a leaf, all splits on it together."""
    feature = features.features[place]
    if feature.yes_no:
        return feature.label if limits.low > 0 else f"not {feature.label}"
    if limits.low == np.inf:
        return f"{feature.label} missing"
    low = f"{limits.low:.4g} < " if np.isfinite(limits.low) else ""
    high = f" <= {limits.high:.4g}" if np.isfinite(limits.high) else ""
    if low and not high:
        words = f"{feature.label} > {limits.low:.4g}"
    else:
        words = f"{low}{feature.label}{high}" if low or high else f"{feature.label} known"
    can_miss = limits.missing and np.isnan(features.values[:, place]).any()
    return f"{words} or missing" if can_miss else words


def _answer(outputs: np.ndarray, classes: tuple[str, ...]) -> dict[str, float] | float:
    """A value, or the probability of each class."""
    if not classes:
        return float(outputs[0])
    shares = 1.0 / (1.0 + np.exp(-outputs))
    if len(classes) == 2:
        return {classes[0]: float(1 - shares[0]), classes[1]: float(shares[0])}
    return {c: float(s) for c, s in zip(classes, shares / shares.sum(), strict=True)}


def _linear_words(linear: Linear, features: list[Feature], outputs: tuple[str, ...]) -> dict[str, Any]:
    """Terms in the order in which they were chosen; by class the log-odds that one unit more adds."""
    mean, deviation = linear.scale.mean[linear.chosen], linear.scale.deviation[linear.chosen]
    start = linear.intercept - (mean / deviation) @ linear.coefficients
    terms = []
    for place, row, one in zip(linear.chosen, linear.coefficients, deviation, strict=True):
        feature = features[place]
        terms.append(
            {
                "feature": feature.label,
                "column": feature.column,
                "coefficient": dict(zip(outputs, (row / one).tolist(), strict=True)),
                "standardised": dict(zip(outputs, row.tolist(), strict=True)),
            }
        )
    return {
        "unit": "log-odds" if outputs != ("value",) else "value",
        "intercept": dict(zip(outputs, start.tolist(), strict=True)),
        "terms": terms,
    }


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
