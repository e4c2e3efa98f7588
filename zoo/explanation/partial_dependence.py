"""Partial dependence and individual curves: what a model predicts if one column is set to other values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ...datasets import reader_of, take, unknown_name
from ..preprocessing.tables import raw_column
from ..results.explanation import Dependence
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
