"""How well each column alone predicts the target: a score near 1 suggests target leakage."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ._errors import InputError
from ._splits import Split, make_splits

MAX_ROWS = 20_000
MIN_ROWS = 50
FOLDS = 3


def single_column_scores(
    X: pd.DataFrame, y: np.ndarray, task: str, groups: np.ndarray | None = None
) -> Iterator[tuple[str, float, str]]:
    """Name, cross-validated score and metric of each column except free text.

    A small decision tree predicts from numbers and dates, which finds thresholds, intervals and missing
    values; a level of a category predicts the mean of its training rows. The score is ROC AUC (binary),
    balanced accuracy (multiclass) or R2 (regression) over three folds, which keep ``groups`` together: what
    names a patient gives away the answers of that patient's other rows, but of nobody else.
    """
    rows = _usable_rows(y, task, groups)
    splits = _splits(y[rows], task, groups, rows)
    if not splits:
        return
    X, y = X.iloc[rows], y[rows] if task != "regression" else _of_unit_size(y[rows])
    truth = _one_hot(y) if task != "regression" else y[:, None]
    for name, column in X.items():
        codes = _codes(column)
        if codes is not None:
            by_tree = codes.dtype.kind == "f"
            predicted = _by_tree(codes, truth, splits, task) if by_tree else _by_level(codes, truth, splits)
            yield str(name), *_score(predicted, y, truth, task)


def level_score(
    levels: np.ndarray, y: np.ndarray, task: str, groups: np.ndarray | None = None
) -> tuple[float, str] | None:
    """Score and metric of int levels that are not a column, as of one; None for too few rows."""
    rows = _usable_rows(y, task, groups)
    splits = _splits(y[rows], task, groups, rows)
    if not splits:
        return None
    levels, y = levels[rows], y[rows] if task != "regression" else _of_unit_size(y[rows])
    truth = _one_hot(y) if task != "regression" else y[:, None]
    predicted = _by_level(levels, truth, splits)
    return _score(predicted, y, truth, task)


def _usable_rows(y: np.ndarray, task: str, groups: np.ndarray | None) -> np.ndarray:
    """A random sample of the rows, without classes of fewer than three rows (or groups)."""
    rows = np.arange(len(y))
    if len(rows) > MAX_ROWS:
        rows = np.sort(np.random.default_rng(0).choice(len(y), MAX_ROWS, replace=False))
    if task == "regression":
        return rows
    units = y[rows] if groups is None else y[rows][_first_of_class_and_group(y[rows], groups[rows])]
    classes, counts = np.unique(units, return_counts=True)
    rows = rows[np.isin(y[rows], classes[counts >= FOLDS])]
    return rows if len(np.unique(y[rows])) >= 2 else rows[:0]


def _first_of_class_and_group(y: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """The first row of each class in each group."""
    codes = np.stack([np.unique(values, return_inverse=True)[1].reshape(-1) for values in (y, groups)])
    return np.unique(codes, axis=1, return_index=True)[1]


def _splits(y: np.ndarray, task: str, groups: np.ndarray | None, rows: np.ndarray) -> list[Split]:
    """Three folds of these rows; none where they are too few, or their groups allow no such folds."""
    if len(rows) < MIN_ROWS:
        return []
    try:
        return make_splits(y, task=task, folds=FOLDS, groups=None if groups is None else groups[rows])
    except InputError:
        return []


def _one_hot(y: np.ndarray) -> np.ndarray:
    return np.eye(len(np.unique(y)))[np.unique(y, return_inverse=True)[1]]


def _codes(column: pd.Series) -> np.ndarray | None:
    """Numbers and dates as scaled floats with NaN, categories as int codes, free text as None."""
    kinds = pd.api.types
    if isinstance(column.dtype, pd.StringDtype) and column.dtype.na_value is pd.NA:
        return None
    if kinds.is_datetime64_any_dtype(column.dtype):
        column = column.astype("int64").where(column.notna())
    if kinds.is_numeric_dtype(column.dtype) and not kinds.is_bool_dtype(column.dtype):
        return _scaled(column.to_numpy(dtype=np.float64, na_value=np.nan))
    return pd.factorize(column)[0] + 1


def _scaled(values: np.ndarray) -> np.ndarray:
    """Scaled by the quartiles, and clipped: trees work in float32."""
    return np.clip(_of_unit_size(np.where(np.isfinite(values), values, np.nan)), -1e6, 1e6)


def _of_unit_size(values: np.ndarray) -> np.ndarray:
    """Less the median and over the quartiles' distance: squares of 1e-200 vanish, those of 1e200 overflow."""
    present = values[np.isfinite(values)]
    if not len(present):
        return values
    largest = np.abs(present).max() or 1.0
    low, middle, high = np.percentile(present / largest, [25, 50, 75])
    return (values / largest - middle) / (high - low or np.std(present / largest) or 1.0)


def _by_tree(values: np.ndarray, truth: np.ndarray, splits: list, task: str) -> np.ndarray:
    """Out-of-fold predictions of a decision tree over one column."""
    from sklearn.tree import DecisionTreeRegressor

    # Squared error on one-hot classes splits like the Gini index, and gives probabilities.
    leaves = 200 if task == "regression" else 16
    predicted = np.empty_like(truth)
    for split in splits:
        tree = DecisionTreeRegressor(max_leaf_nodes=leaves, min_samples_leaf=3, random_state=0)
        tree.fit(values[split.train, None], truth[split.train])
        predicted[split.test] = tree.predict(values[split.test, None]).reshape(len(split.test), -1)
    return predicted


def _by_level(levels: np.ndarray, truth: np.ndarray, splits: list) -> np.ndarray:
    """Out-of-fold mean of the target by level, shrunk towards the overall mean by one row."""
    predicted = np.empty_like(truth)
    size = int(levels.max()) + 1
    for split in splits:
        known = levels[split.train]
        prior = truth[split.train].mean(axis=0)
        counts = np.bincount(known, minlength=size)[:, None]
        sums = np.stack([np.bincount(known, weights=t, minlength=size) for t in truth[split.train].T], axis=1)
        predicted[split.test] = ((sums + prior) / (counts + 1))[levels[split.test]]
    return predicted


def _score(predicted: np.ndarray, y: np.ndarray, truth: np.ndarray, task: str) -> tuple[float, str]:
    from sklearn.metrics import balanced_accuracy_score, r2_score, roc_auc_score

    if task == "regression":
        return float(r2_score(y, predicted[:, 0])), "R2"
    if truth.shape[1] == 2:
        return float(roc_auc_score(truth[:, 1], predicted[:, 1])), "ROC AUC"
    return float(balanced_accuracy_score(truth.argmax(axis=1), predicted.argmax(axis=1))), "balanced accuracy"
