"""One contract over all models: what they learn from the same rows does not depend on the order of the rows.

The rows are those of a file in the order of time: the class shares, or the values, drift along the file, and
so do the columns, so that a part of the file is unlike the rest.
"""

from __future__ import annotations

import ast
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

import deepworth.zoo
from deepworth.zoo import registry
from deepworth.zoo.inner_splits import class_folds, member_splits, seed_of, validation_split, value_folds

N_TRAIN, N_TEST = 300, 300
SMALL = {
    "perceptron": {"epochs": 30, "learning_rate": 0.05},
    "shallow-mlp": {"hidden_units": 16, "epochs": 30, "learning_rate": 0.01},
    "plain-mlp": {"hidden_units": (16,), "epochs": 30, "learning_rate": 0.01},
    "deep-mlp": {"hidden_units": (16, 16), "epochs": 30, "batch_size": 32},
    "tabm": {"hidden_units": (16,), "members": 4, "epochs": 20, "learning_rate": 0.01},
    "cnn": {"width": 8, "epochs": 8, "learning_rate": 0.02},
    "plain-cnn": {"filters": (4, 8), "dense_units": 16, "epochs": 8, "learning_rate": 0.01},
    "rnn": {"embedding_dim": 8, "recurrent_units": 8, "epochs": 8, "learning_rate": 0.02},
    "text-cnn": {"embedding_dim": 8, "filters": 8, "epochs": 8, "learning_rate": 0.02},
    "embedding-bag": {"embedding_dim": 8, "epochs": 8, "learning_rate": 0.02},
    "wide-mlp": {"hidden_units": 16, "epochs": 8, "learning_rate": 0.02},
    "random-forest": {"n_estimators": 60, "min_samples_leaf": 5},
    "hist-gradient-boosting": {"max_iter": 20},
    "catboost": {"iterations": 60},
}
CASES = [
    (name, task, modality)
    for family in ("classical", "deep")
    for name, entry in registry.entries(family).items()
    for modality in entry.constant("MODALITIES")
    for task in entry.constant("TASKS")
]
RANDOM = ("first shuffle", "second shuffle", "third shuffle")


def drifting_rows(task: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Signals (n, 3) and the target of rows in the order of time.

    Which signal tells the target changes along the file: a part of the file is no guide to the others.
    """
    rng = np.random.default_rng(0)
    time = np.arange(n) / n
    signals = rng.normal(size=(n, 3))
    part = np.minimum((3 * time).astype(int), 2)
    signs = np.array([1.0, -1.0, 1.0])[part]
    level = signals[:, 0] * signs + 1.5 * signals[:, 1] * (part == 1) + 4.0 * (time - 0.5)
    signals[:, 2] = 3.0 * (time - 0.5) + 0.3 * signals[:, 2]
    noisy = level + rng.normal(0, 0.5, n)
    if task == "regression":
        return signals, noisy
    edges = [0.0] if task == "binary" else [-1.0, 1.0]
    return signals, np.array(["a", "b", "c"])[np.digitize(noisy, edges)]


def table(signals: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(signals, columns=["temperature", "weight", "pressure"])


def images(signals: np.ndarray) -> np.ndarray:
    """Three stripes whose brightness is a signal."""
    rng = np.random.default_rng(1)
    found = rng.integers(0, 30, (len(signals), 12, 12, 1)).astype(float)
    for i in range(3):
        found[:, 4 * i + 1 : 4 * i + 3] += np.clip(100 + 40 * signals[:, i], 0, 220)[:, None, None, None]
    return found.astype(np.uint8)


def texts(signals: np.ndarray) -> pd.Series:
    """Five words a text; a signal is a word out of five."""
    rng = np.random.default_rng(1)
    words = [
        [f"{kind}{step}" for step in ("zero", "one", "two", "three", "four")] for kind in ("so", "ru", "mi")
    ]
    steps = np.digitize(signals, [-1.2, -0.4, 0.4, 1.2])
    filler = rng.choice(["the", "day", "was", "long"], (len(signals), 2))
    told = [[words[i][step] for i, step in enumerate(own)] for own in steps]
    return pd.Series([" ".join([*first, *rest]) for first, rest in zip(filler, told, strict=True)])


@cache
def orders() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Training rows in several orders, and test rows from all over the file."""
    drawn = np.random.default_rng(2).permutation(N_TRAIN + N_TEST)
    train, test = np.sort(drawn[:N_TRAIN]), np.sort(drawn[N_TRAIN:])
    shuffled = {name: np.random.default_rng(seed).permutation(train) for seed, name in enumerate(RANDOM)}
    return {"file": train, "reversed": train[::-1].copy(), **shuffled}, test


@cache
def losses(case: tuple[str, str, str]) -> dict[str, float]:
    """The held-out loss of a model trained on the rows in each order; networks are trained as one fleet."""
    name, task, modality = case
    signals, y = drifting_rows(task, N_TRAIN + N_TEST)
    X = {"tabular": table, "image": images, "text": texts}[modality](signals)
    rows, test = orders()
    params = {"random_state": 0, **SMALL.get(name, {})}
    models = [registry.create(name, task, modality, **params) for _ in rows]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if hasattr(models[0], "fit_many"):
            models[0].fit_many(models, X, y, list(rows.values()))
        else:
            for model, own in zip(models, rows.values(), strict=True):
                model.fit(taken(X, own), y[own])
        return {
            order: loss(model, taken(X, test), y[test]) for order, model in zip(rows, models, strict=True)
        }


def taken(X, rows):
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def loss(model, X, y) -> float:
    """Log loss, or the mean squared error in units of the variance."""
    if hasattr(model, "predict_proba"):
        return float(log_loss(y, model.predict_proba(X), labels=model.classes_))
    return float(np.mean((model.predict(X) - y) ** 2) / np.var(y))


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_the_score_is_the_same_for_any_order_of_the_rows(case):
    if lacking := registry.missing_requirement(case[0]):
        pytest.skip(lacking)
    found = losses(case)
    random = [found[name] for name in RANDOM]
    noise = max(0.03, 3 * (max(random) - min(random)))
    assert found["file"] == pytest.approx(np.mean(random), abs=noise), found
    assert found["reversed"] == pytest.approx(np.mean(random), abs=noise), found


# The splits themselves

CODES = np.repeat([0, 1, 2], [60, 30, 12])
SPLITS = {
    "class_folds": lambda seed: class_folds(CODES, 3, seed),
    "value_folds": lambda seed: value_folds(len(CODES), 3, seed),
    "member_splits": lambda seed: member_splits(len(CODES), 3, CODES, seed),
    "validation_split": lambda seed: [validation_split(len(CODES), 34, CODES, seed)],
}


@pytest.mark.parametrize("kind", SPLITS)
def test_rows_that_are_left_out_are_drawn_by_the_seed_from_all_over_the_file(kind):
    for train, left_out in SPLITS[kind](0):
        assert sorted([*train, *left_out]) == list(range(len(CODES)))
        gaps = np.diff(np.sort(left_out))
        assert 1 < gaps.max() < 20, "one stretch of the file, or one of each class"
    again, other = SPLITS[kind](0), SPLITS[kind](1)
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(SPLITS[kind](0), again, strict=True))
    assert not all(np.array_equal(a[1], b[1]) for a, b in zip(other, again, strict=True))


@pytest.mark.parametrize("kind", [k for k in SPLITS if k != "value_folds"])
def test_every_class_has_its_share_in_every_split(kind):
    for _, left_out in SPLITS[kind](0):
        assert np.bincount(CODES[left_out]) == pytest.approx([20, 10, 4], abs=1)


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_inner_splits_are_seeded_by_the_random_state_of_the_model(case):
    name, task, modality = case
    if lacking := registry.missing_requirement(name):
        pytest.skip(lacking)
    found = {seed_of(registry.create(name, task, modality, random_state=seed)) for seed in (5, 6)}
    assert found in ({5, 6}, {0}), "a model without a seed is deterministic"


FOLDERS = ("baselines", "models", "estimators", "calibration", "training", "explanation")
ROOT = Path(deepworth.zoo.__file__).parent
HARMLESS = {"cross_val_predict", "check_cv"}  # take folds that are given, and make none
LEAVE_ONE_OUT = {"RidgeCV"}  # unless it is told another ``cv``


@pytest.mark.parametrize("folder", FOLDERS)
def test_inner_splits_are_made_in_one_place_only(folder):
    """A splitter of scikit-learn, or a model that makes folds of its own, follows the order of the rows."""
    for path in sorted((ROOT / folder).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sklearn"):
                names = {alias.name for alias in node.names}
                assert not {n for n in names - LEAVE_ONE_OUT if n.endswith("CV")}, path
                assert node.module != "sklearn.model_selection" or names <= HARMLESS, path
            if isinstance(node, ast.keyword) and node.arg in ("cv", "validation_split"):
                assert not isinstance(node.value, ast.Constant), f"{path}: {node.arg} is a number"
