"""Coefficients of linear models by raw column, with scaling and one-hot encoding undone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from ..preprocessing.columns import SafeText, TableEncoder, number_scaler
from ..results.explanation import Coefficient
from .importance import FittedModel

MOST_WORDS = 50

EncodedFeature: TypeAlias = tuple[str, str, float, float]
"""Column, label, weight of one raw unit and standard deviation of an output of an encoder."""


def coefficients(model: FittedModel, classes: Sequence[str] = ()) -> list[Coefficient] | None:
    """Coefficients of a linear model in raw units: what one unit more of each input adds to its score.

    Parameters
    ----------
    model : fitted pipeline or SavedModel
        Over raw rows, such as "logistic-regression".
    classes : sequence of str, default=()
        In the model's order; empty for regression.

    Returns
    -------
    list of Coefficient, or None
        Largest first, of texts the 50 largest. ``feature`` is "age", "colour = red", "age missing" or a word;
        ``coefficient`` is for one raw unit and ``standardised`` for one standard deviation, by class (of two
        the second) or for "value". In log-odds for logistic regression, in units of the decision function for
        support vector machines, in units of the target for regression. None for a model without coefficients
        of raw inputs.

    Examples
    --------
    >>> import deepworth
    >>> from deepworth.zoo import registry
    >>> from deepworth.zoo.explanation import coefficients
    >>> data = deepworth.load_dataset("diabetes")
    >>> model = registry.create("linear-regression", data.task, data.modality).fit(data.X, data.y)
    >>> coefficients(model)[0].feature
    's5'
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
    outputs = tuple(classes[1:] if len(classes) == 2 else classes) or ("value",)
    if len(outputs) != len(weights):
        return None
    ranked = [_coefficient(outputs, weights[:, i], *feature) for i, feature in enumerate(named)]
    ranked.sort(key=lambda line: -max(abs(v) for v in line.standardised.values()))
    return ranked if isinstance(encoder, TableEncoder) else ranked[:MOST_WORDS]


def _steps(model: Any) -> tuple[Any, Any] | None:
    """The encoder of raw rows and the model behind it, if these two are the whole pipeline."""
    steps = [step for _, step in getattr(model, "steps", [])]
    if len(steps) != 2 or not isinstance(steps[0], (TableEncoder, SafeText)):
        return None
    if isinstance(steps[0], TableEncoder) and steps[0].kind != "scaled":
        return None
    return steps[0], steps[1]


def _weights(model: Any) -> np.ndarray | None:
    """Coefficients (n_outputs, n_features), also inside calibration and target scaling."""
    factor = 1.0
    while hasattr(model, "regressor_"):  # the target was scaled
        factor *= float(getattr(model.transformer_, "scale_", np.ones(1))[0])
        model = model.regressor_
    for inside in ("model_", "estimator_"):
        if not hasattr(model, "coef_") and hasattr(model, inside):
            model = getattr(model, inside)
    coef = getattr(model, "coef_", None)
    if coef is None:
        return None
    return np.atleast_2d(np.asarray(coef, dtype=np.float64)) * factor


def _coefficient(
    outputs: tuple[str, ...], weights: np.ndarray, column: str, feature: str, factor: float, deviation: float
) -> Coefficient:
    return Coefficient(
        column,
        feature,
        dict(zip(outputs, (weights * factor).tolist(), strict=True)),
        dict(zip(outputs, (weights * factor * deviation).tolist(), strict=True)),
    )


def _table_features(encoder: TableEncoder) -> list[EncodedFeature]:
    """Every output of the encoder."""
    features: list[EncodedFeature] = []
    for name, step, columns in encoder.columns_.transformers_:
        if name == "numbers":
            features += _numbers(encoder, step, list(columns))
        elif name == "categories":
            features += _categories(step, list(columns))
        elif name.startswith("text "):
            column = name.removeprefix("text ")
            words = ["(none)"] if step.empty_ else step.vectoriser_.get_feature_names_out().tolist()
            features += [(column, f'"{word}" in {column}', 1.0, 1.0) for word in words]
    return features


def _numbers(encoder: TableEncoder, step: Any, columns: list[str]) -> list[EncodedFeature]:
    imputer, scaler = (part for _, part in step.steps[-2:])
    own = number_scaler(encoder)
    units = [1.0] * len(columns) if own is None else [scale.factor or 1.0 for scale in own.scales()]
    units += [1.0] * len(imputer.indicator_.features_)
    missing = [f"{columns[i]} missing" for i in imputer.indicator_.features_]
    owners = columns + [columns[i] for i in imputer.indicator_.features_]
    dates = {c: c.rpartition(" ")[0] for c in columns if c not in encoder.roles_}
    return [
        (dates.get(owner, owner), label, unit / float(scale), float(scale) / unit)
        for owner, label, scale, unit in zip(owners, columns + missing, scaler.scale_, units, strict=True)
    ]


def _categories(step: Any, columns: list[str]) -> list[EncodedFeature]:
    """One-hot levels as scikit-learn orders them: frequent levels, then the infrequent ones together."""
    features: list[EncodedFeature] = []
    infrequent = getattr(step, "infrequent_categories_", [None] * len(columns))
    dropped = step.drop_idx_ if step.drop_idx_ is not None else [None] * len(columns)
    for column, levels, rare, drop in zip(columns, step.categories_, infrequent, dropped, strict=True):
        few = set() if rare is None else set(rare.tolist())
        labels = [str(level) for level in levels if level not in few] + ["(rare)"] * bool(few)
        if drop is not None:
            labels = [label for i, label in enumerate(labels) if i != _position(drop, levels, few)]
        features += [(column, f"{column} = {label}", 1.0, 1.0) for label in labels]
    return features


def _position(drop: int, levels: np.ndarray, few: set[Any]) -> int:
    """The position of the dropped level among the one-hot columns."""
    kept = [level for level in levels if level not in few]
    return kept.index(levels[drop]) if levels[drop] in kept else len(kept)
