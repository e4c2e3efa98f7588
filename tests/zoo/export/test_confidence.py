"""What a pipeline knows of its own uncertainty is in its ONNX graph: the same labels, sets and intervals."""

from __future__ import annotations

import numpy as np
import pytest

from deepworth.datasets import load_dataset
from deepworth.zoo import registry
from deepworth.zoo.artefact import load, save
from deepworth.zoo.calibration.estimators import Calibrated, ConformalRegressor
from deepworth.zoo.export._rows import probe_rows
from deepworth.zoo.export._source import open_source

CLOSE = 1e-6  # to a border: there single precision may decide otherwise


def asked(model, dataset, name, path):
    """The saved model, its graph's answers, and rows of the proof."""
    runtime = pytest.importorskip("onnxruntime")
    from deepworth.zoo.export._onnx_model import onnx_model

    save(model.fit(dataset.X, dataset.y), path, dataset=dataset, name=name, family="classical")
    source = open_source(path)
    session = runtime.InferenceSession(onnx_model(source)[0].SerializeToString())
    X = probe_rows(source)
    names = [output.name for output in session.get_outputs()]
    return load(path), dict(zip(names, session.run(names, source.raw(X)), strict=True)), X


@pytest.mark.parametrize("method", ["temperature", "platt", "matrix", "isotonic"])
@pytest.mark.parametrize("data", ["sick-healthy", "wine"])
def test_classes(method, data, tmp_path):
    dataset = load_dataset(data, rows=150)
    costs = {"cost_false_negative": 4.0, "cost_false_positive": 1.0} if dataset.task == "binary" else {}
    base = registry.create("naive-bayes", dataset.task, "tabular")
    model, found, X = asked(
        Calibrated(base, method, confidence_level=0.8, cv=3, **costs), dataset, "naive-bayes", tmp_path / "m"
    )
    p = model.predict_proba(X)
    np.testing.assert_allclose(found["probabilities"], p, atol=1e-6)
    known = model.confidence
    borders = [np.asarray(known.least_probabilities)[None]] + ([[[known.threshold]]] if costs else [])
    clear = np.all([np.abs(p - border).min(axis=1) > CLOSE for border in borders], axis=0)
    assert clear.sum() > len(X) / 2
    assert (found["label"] == model.predict(X))[clear].all()
    assert (found["prediction_set"] == model.predict_set(X))[clear].all()


def test_values(tmp_path):
    dataset = load_dataset("diabetes", rows=150)
    base = registry.create("linear-regression", "regression", "tabular")
    model, found, X = asked(
        ConformalRegressor(base, confidence_level=0.8, cv=3), dataset, "linear-regression", tmp_path / "m"
    )
    interval = np.stack([found["low"], found["high"]], axis=1)
    np.testing.assert_allclose(interval, model.predict_interval(X), rtol=1e-5)
    assert (found["high"] > found["low"]).all()
