"""Linear probes: how much of the answer can be read from each layer by a linear model.

Alain and Bengio (2016). Beside them the same linear model on features made by hand: HOG for pictures, TF-IDF
for texts, scaled and one-hot columns for tables. So learned features are measured against engineered ones.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy import stats

from ...datasets._base import take
from ._network import Network
from ._units import activations

ROWS = 1000
FOLDS = 5


def probes(
    network: Network, X: Any, y: np.ndarray, *, confidence_level: float = 0.95, seed: int = 0
) -> list[dict[str, Any]]:
    """What a linear model scores on each layer's outputs and on hand-made features, cross-validated.

    Use rows that the network was not trained on: on training rows its features look better than they are.

    Returns
    -------
    list of dict
        From input to output, hand-made features last: ``features`` (name of a layer, or what they are),
        ``kind`` ("input", "learned" or "made by hand"), ``width``, ``score`` (accuracy of logistic
        regression, or R squared of ridge), ``low`` and ``high`` (Nadeau and Bengio 2003).
    """
    rows = np.arange(len(y))
    if len(rows) > ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, ROWS, replace=False))
    X, y = take(X, rows), np.asarray(y)[rows]
    arrays = network.encode(X)
    found: list[tuple[str, str, Any, Any]] = []
    if network.modality != "text":  # word numbers have no order
        plain = arrays["numeric" if network.modality == "tabular" else "image"]
        found.append(("encoded input", "input", plain.reshape(len(plain), -1).astype(float), None))
    found += [(name, "learned", values, None) for name, values in activations(network, arrays)]
    found.append(_by_hand(network.modality, X))
    folds = _folds(y, network.task, seed)
    return [
        {"features": name, "kind": kind, **_scores(values, made, y, folds, network.task, confidence_level)}
        for name, kind, values, made in found
    ]


def _by_hand(modality: str, X: Any) -> tuple[str, str, Any, Any]:
    """Raw rows and the steps that turn them into features, fitted inside each fold."""
    from sklearn.pipeline import make_pipeline

    from ..preprocessing.columns import SafeText, TableEncoder
    from ..preprocessing.pixels import Gradients, SameSize

    if modality == "tabular":
        return "scaled and one-hot columns", "made by hand", X, TableEncoder("scaled")
    if modality == "image":
        return "HOG", "made by hand", X, make_pipeline(SameSize(), Gradients())
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
    return "TF-IDF of words and pairs", "made by hand", X, SafeText(words)


def _folds(y: np.ndarray, task: str, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    from sklearn.model_selection import KFold, StratifiedKFold

    kind = KFold if task == "regression" else StratifiedKFold
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return list(kind(FOLDS, shuffle=True, random_state=seed).split(y, y))


def _scores(values: Any, made: Any, y: np.ndarray, folds: Any, task: str, level: float) -> dict[str, Any]:
    from sklearn.base import clone
    from sklearn.linear_model import LogisticRegression, RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if task == "regression":
        last: Any = RidgeCV(alphas=np.logspace(-2, 4, 13))
    else:
        last = LogisticRegression(max_iter=300)
    steps = [StandardScaler(with_mean=made is None), last]
    model = make_pipeline(*([clone(made)] if made is not None else []), *steps)
    scores, width = [], 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a probe that does not converge is one that reads little
        for train, test in folds:
            fitted = clone(model).fit(take(values, train), y[train])
            scores.append(float(fitted.score(take(values, test), y[test])))
            width = int(fitted[-1].n_features_in_)
    spread = np.std(scores, ddof=1) * np.sqrt(1 / len(scores) + 1 / (len(scores) - 1))
    half = float(stats.t.ppf(0.5 + level / 2, len(scores) - 1) * spread)
    mean = float(np.mean(scores))
    return {"width": width, "score": mean, "low": mean - half, "high": min(1.0, mean + half)}
