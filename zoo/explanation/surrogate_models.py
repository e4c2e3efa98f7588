"""Surrogates: small models that imitate another model's predictions, and how faithful they are.

A surrogate learns from the predictions of a model, not from the truth (Craven and Shavlik 1996; Molnar 2022,
chapter 9.6 "Global surrogate"). Two are small enough to be read: a decision tree of at most eight leaves and
a linear model of at most eight terms, over features that a person can read. Their fidelity is R² with the
model's predictions, within folds, on rows that they were not fitted on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils.validation import _num_samples

from ...datasets import Features, Modality, reader_of, take
from ..inner_splits import SplitFacts
from ..preprocessing.columns import as_texts
from ..preprocessing.pixels import as_images
from ..preprocessing.scales import ColumnScaler, TargetScaler, centre_and_spread, mean_and_deviation, undo
from ..preprocessing.tables import raw_column
from ..preprocessing.texts import SPACED, spaced
from ..results.explanation import LinearSurrogate, Rule, Surrogate, Term

LEAVES = 8
TERMS = 8
MOST_ROWS = 2000
HIGHEST = 0.99  # log-odds are clipped at this probability
LEVELS = 12  # of a category that get a feature
WORDS = 300  # of texts
WORDS_PER_COLUMN = 30  # of a text column of a table
CELLS = 6  # along each side of an image
_FOLDS = 5  # if all rows come from one fold
_SMALLEST_LEAF = 5
_ROUNDING = 1e-9  # of the target's variance: what a split of equal values seems to gain


@dataclass(frozen=True)
class Answers:
    """Predictions of a model for rows that it was not trained on.

    Attributes
    ----------
    rows : int ndarray of shape (n,)
        Positions in the dataset.
    prediction : float64 ndarray of shape (n, n_classes) or (n,)
        Probabilities or values.
    folds : int ndarray of shape (n,)
        The fold that each row was held out in.

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo.explanation import Answers
    >>> answers = Answers(np.arange(2), np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([0, 1]))
    >>> answers.prediction.shape
    (2, 2)
    """

    rows: np.ndarray
    prediction: np.ndarray
    folds: np.ndarray


@dataclass(frozen=True)
class Tree:
    """A surrogate tree, fitted to scaled features: trees have absolute tolerances."""

    model: Any
    features: ColumnScaler

    def predict(self, values: np.ndarray) -> np.ndarray:
        """(n_samples, n_outputs)."""
        predicted = self.model.predict(self.features.transform(_not_empty(values)))
        return predicted[:, None] if predicted.ndim == 1 else predicted

    def threshold(self, node: int) -> float:
        """Of the split at a node, in units of its feature; infinity separates known from missing."""
        scale = self.features.scales()[int(self.model.tree_.feature[node])]
        return float(undo(self.model.tree_.threshold[node], scale))


@dataclass(frozen=True)
class Scale:
    """Missing values as the median, standard scores clipped at ten, as in linear baselines."""

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
    X: Features,
    modality: Modality,
    classes: Sequence[str],
    answers: Mapping[str, Answers],
    *,
    seed: int = 0,
    groups: npt.ArrayLike | None = None,
) -> dict[str, Surrogate]:
    """Imitate the predictions of models by a small tree and a small linear model each.

    Parameters
    ----------
    X : DataFrame, Series of str, or uint8 images
        All raw rows; the ``rows`` of the answers are positions in it. At most 2,000 are used.
    modality : {"tabular", "image", "text"}
    classes : sequence of str
        All classes; empty for regression.
    answers : mapping of str to Answers
        Predictions by the name of the model.
    seed : int, default=0
        Of the choice of rows, and of folds where there is one only.
    groups : array-like of shape (n_samples,), optional
        Rows with equal values are in one fold, where folds are made here.

    Returns
    -------
    dict of Surrogate
        By model. ``fidelity_tree`` and ``fidelity_linear`` are R² with the model's predictions (log-odds for
        classes) out of fold: 1 is a perfect imitation, 0 no better than the mean. ``agreement_tree`` and
        ``agreement_linear`` are shares of rows with the same class. ``tree`` and ``linear`` are the
        surrogates of all rows.

    References
    ----------
    Craven and Shavlik (1996), "Extracting tree-structured representations of trained networks"; Molnar
    (2022), "Interpretable machine learning", chapter 9.6.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_diabetes
    >>> from deepworth.zoo.explanation import Answers, surrogates
    >>> X, _ = load_diabetes(return_X_y=True, as_frame=True)
    >>> prediction = np.where(X["bmi"] > 0, 200.0, 100.0)
    >>> answers = Answers(np.arange(len(X)), prediction, np.arange(len(X)) % 3)
    >>> found = surrogates(X, "tabular", (), {"model": answers})["model"]
    >>> found.fidelity_tree > 0.95
    True
    >>> [len(rule.conditions) for rule in found.tree]
    [1, 1]
    """
    if not answers:
        return {}
    kept = _sample(np.unique(np.concatenate([a.rows for a in answers.values()])), seed)
    features = readable(take(X, kept), modality)
    position = {row: i for i, row in enumerate(kept.tolist())}
    facts, imitations = SplitFacts.of(_num_samples(X), groups), {}
    for name, answer in answers.items():
        used = np.isin(answer.rows, kept)
        values = features.values[[position[row] for row in answer.rows[used].tolist()]]
        rows = answer.rows[used]
        folds = _several_folds(answer.folds[used], seed, facts.take(rows))
        part = Answers(rows, answer.prediction[used], folds)
        imitations[name] = _imitated(Readable(features.features, values), part, tuple(classes))
    return imitations


def _sample(rows: np.ndarray, seed: int) -> np.ndarray:
    if len(rows) <= MOST_ROWS:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, MOST_ROWS, replace=False))


def _imitated(features: Readable, answers: Answers, classes: tuple[str, ...]) -> Surrogate:
    target = _target(answers.prediction, bool(classes))
    units = TargetScaler().fit(np.zeros(1) if classes else target)  # log-odds have none
    target = target if classes else units.transform(target)
    folds = answers.folds
    by_tree = _out_of_fold(_fit_tree, features.values, target, folds)
    by_linear = _out_of_fold(_fit_linear, features.values, target, folds)
    outputs = classes[1:] if len(classes) == 2 else classes or ("value",)
    return Surrogate(
        rows=len(target),
        fidelity_tree=fidelity(target, by_tree, folds),
        agreement_tree=_agreement(target, by_tree) if classes else None,
        fidelity_linear=fidelity(target, by_linear, folds),
        agreement_linear=_agreement(target, by_linear) if classes else None,
        tree=_rules(_fit_tree(features.values, target), features, classes, units),
        linear=_terms(_fit_linear(features.values, target), features.features, outputs, units),
    )


def _target(prediction: np.ndarray, of_classes: bool) -> np.ndarray:
    """Values, log-odds of the second of two classes, or log-odds of every class; (n, n_outputs)."""
    if not of_classes:
        return prediction.reshape(-1, 1).astype(np.float64)
    probabilities = prediction[:, 1:] if prediction.shape[1] == 2 else prediction
    probabilities = np.clip(probabilities, 1 - HIGHEST, HIGHEST)
    return np.log(probabilities / (1 - probabilities))


def _several_folds(folds: np.ndarray, seed: int, facts: SplitFacts) -> np.ndarray:
    """Numbers of folds; rows, or groups, of a single one are dealt out at random."""
    if len(np.unique(folds)) > 1:
        return folds
    units = np.arange(len(folds))
    if facts.groups is not None and len(np.unique(facts.groups)) > 1:
        units = np.unique(facts.groups, return_inverse=True)[1]
    n_units = int(units.max(initial=-1)) + 1
    dealt = np.random.default_rng(seed).permutation(n_units) % min(_FOLDS, max(2, n_units // 2))
    return np.asarray(dealt[units])


def _out_of_fold(fit: Any, values: np.ndarray, target: np.ndarray, folds: np.ndarray) -> np.ndarray:
    predicted = np.empty_like(target)
    for fold in np.unique(folds):
        test = folds == fold
        predicted[test] = fit(values[~test], target[~test]).predict(values[test])
    return predicted


def fidelity(target: np.ndarray, predicted: np.ndarray, folds: np.ndarray) -> float:
    """R² over all outputs: 1 - squared error / squared distance from the mean of each fold.

    A constant is imitated perfectly: 1.
    """
    spread = sum(
        float(np.sum((target[folds == f] - target[folds == f].mean(axis=0)) ** 2)) for f in set(folds)
    )
    if spread < 1e-12 * max(1.0, float(np.sum(target**2))):
        return 1.0
    return 1.0 - float(np.sum((target - predicted) ** 2)) / spread


def _agreement(target: np.ndarray, predicted: np.ndarray) -> float:
    """Share of rows with the same class."""
    if target.shape[1] == 1:
        return float(np.mean((target > 0) == (predicted > 0)))
    return float(np.mean(target.argmax(axis=1) == predicted.argmax(axis=1)))


def _fit_tree(values: np.ndarray, target: np.ndarray) -> Tree:
    from sklearn.tree import DecisionTreeRegressor

    tree = DecisionTreeRegressor(
        max_leaf_nodes=LEAVES,
        min_samples_leaf=min(_SMALLEST_LEAF, max(1, len(values) // 4)),
        min_impurity_decrease=_ROUNDING,
        random_state=0,
    )
    values = _not_empty(values)
    features = ColumnScaler().fit(values)
    return Tree(tree.fit(features.transform(values), target), features)


def _not_empty(values: np.ndarray) -> np.ndarray:
    """At least one column, of zeros, as trees need it."""
    return values if values.shape[1] else np.zeros((len(values), 1))


def _fit_linear(values: np.ndarray, target: np.ndarray) -> Linear:
    """Greedy choice of terms for all outputs together by simultaneous orthogonal matching pursuit.

    Tropp, Gilbert and Strauss (2006); for one output the same as scikit-learn's OrthogonalMatchingPursuit.
    """
    scale = _scaling(values)
    scaled = scale(values)
    centre, mean = scaled.mean(axis=0), target.mean(axis=0)
    chosen: list[int] = []
    scaled, residual = scaled - centre, target - mean
    norms = np.sqrt(np.sum(scaled**2, axis=0))
    usable, coefficients = norms > 1e-9, np.zeros((0, target.shape[1]))
    for _ in range(min(TERMS, int(usable.sum()), len(values) - 2)):
        gains = np.sum((scaled.T @ residual) ** 2, axis=1) / np.where(usable, norms, np.inf) ** 2
        gains[chosen] = -1.0
        best = int(np.argmax(gains))
        if gains[best] <= 1e-18 * max(1.0, float(np.sum(target**2))):
            break
        chosen.append(best)
        coefficients = np.linalg.lstsq(scaled[:, chosen], target - mean, rcond=None)[0]
        residual = target - mean - scaled[:, chosen] @ coefficients
    return Linear(scale, chosen, coefficients, mean - centre[chosen] @ coefficients)


def _scaling(values: np.ndarray) -> Scale:
    with np.errstate(all="ignore"):
        known = np.where(np.isnan(values).all(axis=0), 0.0, values)
        median = np.nanmedian(known, axis=0)
        filled = np.where(np.isnan(known), median, known)
    mean, deviation = np.array([mean_and_deviation(column) for column in filled.T]).reshape(-1, 2).T
    return Scale(median, mean, deviation)


def _rules(
    fitted: Tree, features: Readable, classes: tuple[str, ...], units: TargetScaler
) -> tuple[Rule, ...]:
    """The leaves of a tree, largest share of rows first."""
    tree, rules = fitted.model.tree_, []

    def walk(node: int, limits: dict[int, Limits]) -> None:
        if tree.children_left[node] < 0:
            conditions = tuple(_condition(features, i, limit) for i, limit in limits.items())
            share = float(tree.n_node_samples[node] / tree.n_node_samples[0])
            rules.append(
                Rule(conditions, _answer(units.inverse_transform(tree.value[node].ravel()), classes), share)
            )
            return
        i, threshold = int(tree.feature[node]), fitted.threshold(node)
        limit, missing_left = limits.get(i, Limits()), bool(tree.missing_go_to_left[node])
        walk(tree.children_left[node], {**limits, i: limit.below(threshold, missing_left)})
        walk(tree.children_right[node], {**limits, i: limit.above(threshold, not missing_left)})

    walk(0, {})
    return tuple(sorted(rules, key=lambda rule: -rule.share))


@dataclass(frozen=True)
class Limits:
    """The interval of a feature in a leaf, and whether it may be missing there."""

    low: float = -np.inf
    high: float = np.inf
    missing: bool = True

    def below(self, threshold: float, missing: bool) -> Limits:
        """The left side of a split; a threshold of infinity separates known from missing."""
        return Limits(self.low, min(self.high, threshold), self.missing and missing)

    def above(self, threshold: float, missing: bool) -> Limits:
        """The right side of a split."""
        return Limits(max(self.low, threshold), self.high, self.missing and missing)


def _condition(features: Readable, i: int, limits: Limits) -> str:
    """The condition on a feature in a leaf, from all splits on it."""
    feature = features.features[i]
    if feature.binary:
        return feature.label if limits.low > 0 else f"not {feature.label}"
    if limits.low == np.inf:
        return f"{feature.label} missing"
    digits = _digits(features.values[:, i])
    low = f"{limits.low:.{digits}g} < " if np.isfinite(limits.low) else ""
    high = f" <= {limits.high:.{digits}g}" if np.isfinite(limits.high) else ""
    if low and not high:
        words = f"{feature.label} > {limits.low:.{digits}g}"
    else:
        words = f"{low}{feature.label}{high}" if low or high else f"{feature.label} known"
    may_be_missing = limits.missing and np.isnan(features.values[:, i]).any()
    return f"{words} or missing" if may_be_missing else words


def _digits(values: np.ndarray) -> int:
    """Four significant digits, and more where the numbers differ only behind their first ones."""
    centre, spread = centre_and_spread(values[np.isfinite(values)])
    same = np.log10(abs(centre) / spread) if spread > 0 and centre else 0.0
    return int(np.clip(3 + np.floor(same), 4, 17))


def _answer(outputs: np.ndarray, classes: tuple[str, ...]) -> dict[str, float] | float:
    """A value, or the probability of each class."""
    if not classes:
        return float(outputs[0])
    probabilities = 1.0 / (1.0 + np.exp(-outputs))
    if len(classes) == 2:
        return {classes[0]: float(1 - probabilities[0]), classes[1]: float(probabilities[0])}
    probabilities = probabilities / probabilities.sum()
    return {name: float(p) for name, p in zip(classes, probabilities, strict=True)}


def _terms(
    linear: Linear, features: list[Feature], outputs: tuple[str, ...], units: TargetScaler
) -> LinearSurrogate:
    """Terms in the order in which they were chosen, in raw units."""
    mean, deviation = linear.scale.mean[linear.chosen], linear.scale.deviation[linear.chosen]
    intercept = units.inverse_transform(linear.intercept - (mean / deviation) @ linear.coefficients)
    terms = []
    for i, row, one in zip(linear.chosen, linear.coefficients * units.scale_, deviation, strict=True):
        with np.errstate(over="ignore"):  # 1e200 for each 1e-200 has no number
            raw = dict(zip(outputs, (row / one).tolist(), strict=True))
        standardised = dict(zip(outputs, row.tolist(), strict=True))
        terms.append(Term(features[i].label, features[i].column, raw, standardised))
    return LinearSurrogate(
        unit="log-odds" if outputs != ("value",) else "value",
        intercept=dict(zip(outputs, intercept.tolist(), strict=True)),
        terms=tuple(terms),
    )


@dataclass(frozen=True)
class Feature:
    """A number that a person can read: its column, its label, and whether it is 0 or 1."""

    column: str
    label: str
    binary: bool = False


@dataclass(frozen=True)
class Readable:
    """``values`` float64 (n_samples, n_features), NaN where a number is missing."""

    features: list[Feature]
    values: np.ndarray


def readable(X: Any, modality: str) -> Readable:
    """Numbers, indicators of levels and words, and brightness of the cells of images."""
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
    reader = reader_of(values, name)
    role = reader.role
    if role not in ("numeric", "datetime", "categorical", "text"):
        return []
    raw = raw_column(values, reader)
    if role == "numeric":
        return [(Feature(name, name), np.where(np.isfinite(raw), raw, np.nan))]
    if role == "datetime":
        return [(Feature(name, f"{name} in days since 1970"), raw / 86400.0)]
    if role == "text":
        return _words(list(raw), name, WORDS_PER_COLUMN)
    return _levels(raw, name)


def _levels(raw: np.ndarray, name: str) -> list[tuple[Feature, np.ndarray]]:
    """An indicator for each frequent level; for the first of two levels only."""
    levels, counts = np.unique(raw.astype(str), return_counts=True)
    ranked = levels[np.argsort(-counts, kind="stable")]
    chosen = ranked[:1] if len(ranked) == 2 else ranked[:LEVELS]
    return [(Feature(name, f"{name} = {level or '(missing)'}", True), raw == level) for level in chosen]


def _words(texts: list[str], name: str, most: int) -> list[tuple[Feature, np.ndarray]]:
    """Indicators of the most frequent words that are in at most 60 % of the texts."""
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(
        binary=True, token_pattern=SPACED, lowercase=False, min_df=2, max_df=0.6, max_features=most
    )
    try:
        present = counter.fit_transform(spaced(texts)).toarray()
    except ValueError:  # no word is in two texts and at most 60 % of them
        return []
    words = counter.get_feature_names_out()
    return [(Feature(name, f'"{word}" in {name}', True), present[:, i]) for i, word in enumerate(words)]


def _cells(X: Any) -> list[tuple[Feature, np.ndarray]]:
    """Mean brightness (0 to 1) of each cell of a grid over images of any size."""
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
