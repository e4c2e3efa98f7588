"""What single columns do to predictions: partial dependence of any model, coefficients of linear models.

Partial dependence and individual curves are what a model predicts if one column is set to other values.
Coefficients are by raw column, with scaling and one-hot encoding undone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from ...datasets import reader_of, take, unknown_name
from ..preprocessing.columns import SafeText, TableEncoder, number_scaler
from ..preprocessing.tables import raw_column
from ..results.explanation import Coefficient, Dependence
from .importance import FittedModel

POINTS = 20
LEVELS = 12
ROWS = 200
CURVES = 30


def dependence(
    model: FittedModel,
    X: pd.DataFrame,
    classes: Sequence[str] = (),
    *,
    columns: Sequence[str] | None = None,
    positive: str | None = None,
    seed: int = 0,
) -> list[Dependence]:
    """Partial dependence of a model's predictions on numeric and categorical columns of a table.

    Friedman (2001) for the mean, Goldstein et al. (2015) for the curve of each row (individual conditional
    expectation): where these differ in shape from the mean, the effect depends on other columns.

    Parameters
    ----------
    model : fitted estimator or SavedModel
        Over raw rows.
    X : DataFrame
        Rows whose other columns are averaged over, of which 200 are used.
    classes : sequence of str, default=()
        All classes; empty for regression.
    columns : sequence of str, optional
        By default all numbers and categories.
    positive : str, optional
        Of two classes the one whose probability is shown, by default the second.
    seed : int, default=0
        Of the choice of rows.

    Returns
    -------
    list of Dependence
        One for each column: ``grid`` has up to 20 numbers between the 2nd and the 98th percentile, or the 12
        most frequent levels; ``mean`` is the mean prediction by class (or of "value"), with its 95 % interval
        ``low`` to ``high``; ``curves`` are those of up to 30 rows, for the first class; ``range`` is the
        largest difference of means.

    Raises
    ------
    InputError
        There is no such column.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import LinearRegression
    >>> from deepworth.zoo.explanation import dependence
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> (bmi,) = dependence(LinearRegression().fit(X, y), X, columns=["bmi"])
    >>> len(bmi.grid), bmi.mean["value"][0] < bmi.mean["value"][-1]
    (20, True)
    """
    known = [str(c) for c in X.columns]
    for name in columns or ():
        if name not in known:
            raise unknown_name("column", name, known)
    if len(X) > ROWS:
        X = take(X, np.sort(np.random.default_rng(seed).choice(len(X), ROWS, replace=False)))
    wanted = [c for c in X.columns if columns is None or str(c) in columns]
    grids = [(c, *_grid(X[c], str(c))) for c in wanted]
    return [_curve(model, X, c, kind, grid, classes, positive) for c, kind, grid in grids if len(grid) > 1]


def _grid(values: pd.Series, name: str) -> tuple[str, list[Any]]:
    """Values to set the column to; none if it is neither numeric nor categorical."""
    reader = reader_of(values, name)
    role = reader.role
    if role == "numeric":
        raw = raw_column(values, reader)
        raw = raw[np.isfinite(raw)]
        if not len(raw):
            return "number", []
        distinct = np.unique(raw)
        if len(distinct) <= POINTS:
            return "number", distinct.tolist()
        low, high = np.percentile(raw, [2, 98])
        return "number", np.unique(np.linspace(low, high, POINTS)).tolist()
    if role == "categorical":
        return "category", values.dropna().value_counts().index[:LEVELS].tolist()
    return "other", []


def _curve(
    model: Any, X: pd.DataFrame, column: Any, kind: str, grid: list[Any], classes: Any, positive: str | None
) -> Dependence:
    many = pd.concat([X] * len(grid), ignore_index=True)
    values = [value for value in grid for _ in range(len(X))]
    many[column] = pd.Series(values, dtype=X[column].dtype if kind == "category" else np.float64)
    predictions = _predictions(model, many, classes, positive)
    by_row = {name: p.reshape(len(grid), len(X)) for name, p in predictions.items()}
    mean = {name: p.mean(axis=1) for name, p in by_row.items()}
    half = {name: 1.96 * p.std(axis=1) / np.sqrt(len(X)) for name, p in by_row.items()}
    return Dependence(
        column=str(column),
        kind=kind,
        grid=tuple(str(v) for v in grid) if kind == "category" else tuple(grid),
        mean={name: tuple(m.tolist()) for name, m in mean.items()},
        low={name: tuple((m - half[name]).tolist()) for name, m in mean.items()},
        high={name: tuple((m + half[name]).tolist()) for name, m in mean.items()},
        curves=tuple(map(tuple, next(iter(by_row.values()))[:, :CURVES].T.tolist())),
        range=float(max(np.ptp(m) for m in mean.values())),
    )


def _predictions(model: Any, X: pd.DataFrame, classes: Any, positive: str | None) -> dict[str, np.ndarray]:
    """Values, or probabilities by class: of two classes of the positive one."""
    if not classes:
        return {"value": np.asarray(model.predict(X), dtype=np.float64)}
    probabilities = np.asarray(model.predict_proba(X), dtype=np.float64)
    names = [str(c) for c in model.classes_]
    shown = [positive or names[1]] if len(names) == 2 else names
    return {name: probabilities[:, names.index(name)] for name in shown}


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
