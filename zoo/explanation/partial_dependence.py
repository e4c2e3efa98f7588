"""Partial dependence and individual curves: what a model says when one column is set to other values.

Friedman (2001) for the mean, Goldstein et al. (2015) for the curve of each row (ICE): where individual curves
part from the mean, other columns decide what this one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ...datasets import infer_role, take, unknown_name
from ..preprocessing.tables import raw_column

POINTS = 20
LEVELS = 12
ROWS = 200
CURVES = 30


def dependence(
    model: Any,
    X: pd.DataFrame,
    classes: tuple[str, ...] = (),
    *,
    columns: Sequence[str] | None = None,
    positive: str | None = None,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """The curves of numeric and categorical raw columns of a table, for any fitted estimator.

    Parameters
    ----------
    model : estimator over raw rows, or a saved model
    X : DataFrame
        Rows whose other columns are averaged over (200 of them).
    classes : tuple of str
        In the order of the model's probabilities; empty for regression.
    columns : sequence of str, optional
        All numbers and categories by default.
    positive : str, optional
        Of two classes the one to speak of, by default the second.

    Returns
    -------
    list of dict
        One object a column: ``column``, ``kind`` ("number" or "category"), ``grid`` (numbers between the 2nd
        and the 98th percentile, or the most frequent levels), ``mean`` by output (a class, or "value"),
        ``low`` and ``high`` (between which the mean of as many other rows would lie in 95 of 100 cases),
        ``curves`` (of at most 30 rows, first output) and ``range`` (largest less smallest mean, the largest
        of the outputs).

    Raises
    ------
    InputError
        There is no such column.
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
    """Values to set the column to; none for what has no order and no levels."""
    role, _ = infer_role(values, name)
    if role == "numeric":
        raw = raw_column(values, role)
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
) -> dict[str, Any]:
    many = pd.concat([X] * len(grid), ignore_index=True)
    new = [value for value in grid for _ in range(len(X))]
    many[column] = pd.Series(new, dtype=X[column].dtype if kind == "category" else np.float64)
    answers = _answers(model, many, classes, positive)
    found = {name: a.reshape(len(grid), len(X)) for name, a in answers.items()}
    mean = {name: a.mean(axis=1) for name, a in found.items()}
    width = {name: 1.96 * a.std(axis=1) / np.sqrt(len(X)) for name, a in found.items()}
    return {
        "column": str(column),
        "kind": kind,
        "grid": [str(v) for v in grid] if kind == "category" else grid,
        "mean": {name: m.tolist() for name, m in mean.items()},
        "low": {name: (m - width[name]).tolist() for name, m in mean.items()},
        "high": {name: (m + width[name]).tolist() for name, m in mean.items()},
        "curves": next(iter(found.values()))[:, :CURVES].T.tolist(),
        "range": float(max(np.ptp(m) for m in mean.values())),
    }


def _answers(model: Any, X: pd.DataFrame, classes: Any, positive: str | None) -> dict[str, np.ndarray]:
    if not classes:
        return {"value": np.asarray(model.predict(X), dtype=np.float64)}
    shares = np.asarray(model.predict_proba(X), dtype=np.float64)
    names = [str(c) for c in model.classes_]
    shown = [positive or names[1]] if len(names) == 2 else names
    return {name: shares[:, names.index(name)] for name in shown}
