"""Boosted trees of other libraries as ONNX: every kind of split goes the way that the library goes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepworth.datasets import load_dataset
from deepworth.zoo import registry
from deepworth.zoo.artefact import save
from deepworth.zoo.export._formats import CannotHold
from deepworth.zoo.export._rows import thresholds
from deepworth.zoo.export._source import open_source
from deepworth.zoo.preprocessing.columns import number_scaler
from deepworth.zoo.preprocessing.scales import undo

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))
from _export_cell import every_kind

FEW = {"lightgbm": {"n_estimators": 20}, "xgboost": {"n_estimators": 20}, "catboost": {"iterations": 20}}
TASKS = ("binary", "multiclass", "regression")


def numbers(task, n=200):
    """Numbers alone, some missing."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({f"x{i}": rng.normal(size=n) for i in range(4)})
    z = X["x0"] + X["x2"] * X["x3"]
    X.loc[::7, "x1"] = np.nan
    words = np.array(["low", "middle", "high"])[np.digitize(z, [-0.5, 0.5])]
    y = {"binary": np.where(z > 0, "yes", "no"), "multiclass": words, "regression": z}[task]
    return load_dataset(X.assign(answer=y), target="answer")


def fitted(name, dataset):
    pytest.importorskip(name)
    model = registry.create(name, dataset.task, "tabular", random_state=0, **FEW.get(name, {}))
    return model.fit(dataset.X, dataset.y)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", ["lightgbm", "xgboost"])
def test_numbers_categories_and_missing_cells(name, task, gap):
    dataset = every_kind(task, 160)
    assert gap(fitted(name, dataset), dataset, name) < 1e-6


def in_raw_units(model, column, value):
    """A threshold on the scaled column as a number of the raw column; exact for columns around zero."""
    return float(undo(value, number_scaler(model.steps[0][1]).scales()[column]))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", ["catboost", "lightgbm", "xgboost"])
def test_rows_on_both_sides_of_every_threshold(name, task, gap):
    dataset = numbers(task)
    model = fitted(name, dataset)
    rows = [dict.fromkeys(dataset.X, 0.0)]
    for i, values in thresholds(model.steps[-1][1]).items():
        for value in values[:: max(1, len(values) // 20)]:
            near = np.float32(value)
            around = (near, np.nextafter(near, np.float32(np.inf)), value, np.nextafter(value, np.inf))
            rows += [{**rows[0], f"x{i}": in_raw_units(model, i, v)} for v in (*around, np.nan)]
    assert len(rows) > 100
    assert gap(model, dataset, name, pd.DataFrame(rows)) < 1e-6


@pytest.mark.parametrize("name", ["hist-gradient-boosting", "random-forest"])
def test_synthetic_rows_are_on_thresholds(name):
    dataset = numbers("binary")
    model = registry.create(name, "binary", "tabular", random_state=0).fit(dataset.X, dataset.y)
    found = thresholds(model.steps[-1][1])
    assert set(found) == {0, 1, 2, 3}
    for i, values in found.items():
        least, most = in_raw_units(model, i, values.min()), in_raw_units(model, i, values.max())
        assert dataset.X[f"x{i}"].min() <= least <= most <= dataset.X[f"x{i}"].max()


def test_catboost_with_categories_says_why_it_cannot(tmp_path):
    from deepworth.zoo.export._onnx_model import onnx_model

    dataset = every_kind("binary", 100)
    save(
        fitted("catboost", dataset), tmp_path / "model", dataset=dataset, name="catboost", family="classical"
    )
    with pytest.raises(CannotHold, match="statistics of its training rows"):
        onnx_model(open_source(tmp_path / "model"))


def test_a_model_too_large_for_one_file_is_refused(tmp_path, monkeypatch):
    from deepworth.zoo.export import _onnx_graph as _graph
    from deepworth.zoo.export._onnx_model import onnx_model

    dataset = numbers("binary", 60)
    model = registry.create("k-nearest-neighbours", "binary", "tabular").fit(dataset.X, dataset.y)
    save(model, tmp_path / "model", dataset=dataset, name="k-nearest-neighbours", family="classical")
    source = open_source(tmp_path / "model")
    assert onnx_model(source)
    monkeypatch.setattr(_graph, "LARGEST", 1000)
    with pytest.raises(CannotHold, match="2 GB"):
        onnx_model(source)
