"""How well each column alone predicts the target: a score near 1 usually means a leak."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ._splits import make_splits

MAX_ROWS = 20_000
MIN_ROWS = 50
BINS = 256


def single_column_scores(X: pd.DataFrame, y: np.ndarray, task: str) -> Iterator[tuple[str, float, str]]:
    """Name, cross-validated score and metric of each column (free text is left out).

    A column is cut into its levels or into 256 quantile bins, missing being one more; each bin predicts
    what its training rows have, so any shape of dependence is seen and categories need no order. The
    score is ROC AUC (binary), balanced accuracy (multiclass) or R2 (regression) over three folds.
    """
    rows = _usable_rows(y, task)
    if len(rows) < MIN_ROWS:
        return
    X, y = X.iloc[rows], y[rows]
    splits = make_splits(y, task=task, folds=3)
    truth = _one_hot(y) if task != "regression" else y[:, None]
    for name, column in X.items():
        bins = _bins(column)
        if bins is not None:
            yield str(name), *_score(_out_of_fold(bins, truth, splits), y, truth, task)


def _usable_rows(y: np.ndarray, task: str) -> np.ndarray:
    """An even sample of the rows, without classes that three folds cannot hold."""
    rows = np.arange(len(y))
    if len(rows) > MAX_ROWS:
        rows = np.sort(np.random.default_rng(0).choice(len(y), MAX_ROWS, replace=False))
    if task == "regression":
        return rows
    classes, counts = np.unique(y[rows], return_counts=True)
    rows = rows[np.isin(y[rows], classes[counts >= 3])]
    return rows if len(np.unique(y[rows])) >= 2 else rows[:0]


def _one_hot(y: np.ndarray) -> np.ndarray:
    return np.eye(len(np.unique(y)))[np.unique(y, return_inverse=True)[1]]


def _bins(column: pd.Series) -> np.ndarray | None:
    """A bin number for each row; None for free text."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        column = column.astype("int64").where(column.notna())
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        edges = (
            np.unique(np.nanquantile(values, np.linspace(0, 1, BINS + 1))) if column.notna().any() else [0.0]
        )
        return np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="left"))
    if isinstance(column.dtype, pd.StringDtype) and column.dtype.na_value is pd.NA:
        return None
    return pd.factorize(column)[0] + 1


def _out_of_fold(bins: np.ndarray, truth: np.ndarray, splits: list) -> np.ndarray:
    """For each row the mean target of its bin in the other folds, shrunk by one row of the overall mean."""
    predicted = np.empty_like(truth, dtype=np.float64)
    size = int(bins.max()) + 1
    for split in splits:
        prior = truth[split.train].mean(axis=0)
        counts = np.bincount(bins[split.train], minlength=size)[:, None]
        sums = np.stack(
            [np.bincount(bins[split.train], weights=t, minlength=size) for t in truth[split.train].T], axis=1
        )
        predicted[split.test] = ((sums + prior) / (counts + 1))[bins[split.test]]
    return predicted


def _score(predicted: np.ndarray, y: np.ndarray, truth: np.ndarray, task: str) -> tuple[float, str]:
    from sklearn.metrics import balanced_accuracy_score, r2_score, roc_auc_score

    if task == "regression":
        return float(r2_score(y, predicted[:, 0])), "R2"
    if truth.shape[1] == 2:
        return float(roc_auc_score(truth[:, 1], predicted[:, 1])), "ROC AUC"
    return float(balanced_accuracy_score(truth.argmax(axis=1), predicted.argmax(axis=1))), "balanced accuracy"
