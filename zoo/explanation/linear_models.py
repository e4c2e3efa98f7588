"""Coefficients of linear models in words: by raw column, with scaling and one-hot encoding undone."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..preprocessing.columns import SafeText, TableEncoder

MOST_WORDS = 50


def coefficients(model: Any, classes: tuple[str, ...] = ()) -> list[dict[str, Any]] | None:
    """What one unit more of each input adds to a linear model's score.

    Parameters
    ----------
    model : fitted pipeline over raw rows, or a saved one
    classes : tuple of str
        In the model's order; empty for regression.

    Returns
    -------
    list of dict or None
        ``column``, ``feature`` ("age", "colour = red", "age missing", or a word), ``coefficient`` by output
        (a class, or "value") for one raw unit, ``standardised`` for one standard deviation; largest first, of
        texts the fifty largest. In log-odds for logistic regression, in the units of the decision function
        for machines. None where the model has no coefficients that belong to raw inputs.
    """
    steps = _steps(getattr(model, "content", None) or getattr(model, "estimator_", None) or model)
    if steps is None:
        return None
    encoder, last = steps
    weights = _weights(last)
    if weights is None:
        return None
    if isinstance(encoder, TableEncoder):
        named = _table_features(encoder)
    else:
        words = [] if encoder.empty_ else encoder.vectoriser_.get_feature_names_out().tolist()
        named = [("text", word, 1.0, 1.0) for word in words]
    if len(named) != weights.shape[1]:
        return None
    outputs = classes[1:] if len(classes) == 2 else classes or ("value",)
    if len(outputs) != len(weights):
        return None
    lines = [_line(outputs, weights[:, i], *feature) for i, feature in enumerate(named)]
    lines.sort(key=lambda line: -max(abs(v) for v in line["standardised"].values()))
    return lines if isinstance(encoder, TableEncoder) else lines[:MOST_WORDS]


def _steps(model: Any) -> tuple[Any, Any] | None:
    """The encoder of raw rows and the model behind it, where these two are the whole pipeline."""
    steps = [step for _, step in getattr(model, "steps", [])]
    if len(steps) != 2 or not isinstance(steps[0], (TableEncoder, SafeText)):
        return None
    if isinstance(steps[0], TableEncoder) and steps[0].kind != "scaled":
        return None
    return steps[0], steps[1]


def _weights(model: Any) -> np.ndarray | None:
    """(n_outputs, n_features), looked for inside calibration and target scaling."""
    factor = 1.0
    if hasattr(model, "regressor_"):  # of a target that was standardised
        factor = float(getattr(model.transformer_, "scale_", np.ones(1))[0])
        model = model.regressor_
    for inside in ("model_", "estimator_"):
        if not hasattr(model, "coef_") and hasattr(model, inside):
            model = getattr(model, inside)
    found = getattr(model, "coef_", None)
    if found is None:
        return None
    return np.atleast_2d(np.asarray(found, dtype=np.float64)) * factor


def _line(
    outputs: tuple[str, ...], weights: np.ndarray, column: str, feature: str, factor: float, deviation: float
) -> dict[str, Any]:
    return {
        "column": column,
        "feature": feature,
        "coefficient": dict(zip(outputs, (weights * factor).tolist(), strict=True)),
        "standardised": dict(zip(outputs, (weights * factor * deviation).tolist(), strict=True)),
    }


def _table_features(encoder: TableEncoder) -> list[tuple[str, str, float, float]]:
    """Column, words, weight of one raw unit, and standard deviation of each output of the encoder."""
    found: list[tuple[str, str, float, float]] = []
    for name, step, columns in encoder.columns_.transformers_:
        if name == "numbers":
            found += _numbers(encoder, step, list(columns))
        elif name == "categories":
            found += _categories(step, list(columns))
        elif name.startswith("text "):
            column = name.removeprefix("text ")
            words = ["(none)"] if step.empty_ else step.vectoriser_.get_feature_names_out().tolist()
            found += [(column, f'"{word}" in {column}', 1.0, 1.0) for word in words]
    return found


def _numbers(encoder: TableEncoder, step: Any, columns: list[str]) -> list[tuple[str, str, float, float]]:
    imputer, scaler = (part for _, part in step.steps)
    missing = [f"{columns[i]} missing" for i in imputer.indicator_.features_]
    owners = columns + [columns[i] for i in imputer.indicator_.features_]
    dates = {c: c.rpartition(" ")[0] for c in columns if c not in encoder.roles_}
    return [
        (dates.get(owner, owner), label, 1.0 / float(scale), float(scale))
        for owner, label, scale in zip(owners, columns + missing, scaler.scale_, strict=True)
    ]


def _categories(step: Any, columns: list[str]) -> list[tuple[str, str, float, float]]:
    """One-hot levels as scikit-learn orders them: kept levels, then the rare ones together."""
    found: list[tuple[str, str, float, float]] = []
    infrequent = getattr(step, "infrequent_categories_", [None] * len(columns))
    dropped = step.drop_idx_ if step.drop_idx_ is not None else [None] * len(columns)
    for column, levels, rare, drop in zip(columns, step.categories_, infrequent, dropped, strict=True):
        few = set() if rare is None else set(rare.tolist())
        labels = [str(level) for level in levels if level not in few] + ["(rare)"] * bool(few)
        if drop is not None:
            labels = [label for i, label in enumerate(labels) if i != _place(drop, levels, few)]
        found += [(column, f"{column} = {label}", 1.0, 1.0) for label in labels]
    return found


def _place(drop: int, levels: np.ndarray, few: set[Any]) -> int:
    """Where the level that was dropped stands among those that are kept."""
    kept = [level for level in levels if level not in few]
    return kept.index(levels[drop]) if levels[drop] in kept else len(kept)
