"""ONNX graphs run in this process: faster than a proof, for many models and rows."""

from __future__ import annotations

import numpy as np
import pytest

from deepworth.zoo.artefact import save
from deepworth.zoo.export._proof import as_rows
from deepworth.zoo.export._rows import probe_rows
from deepworth.zoo.export._source import open_source


def _graph_gap(path, X=None):
    """The largest difference between a saved model and its ONNX graph, over the proof's rows or others."""
    runtime = pytest.importorskip("onnxruntime")
    from deepworth.zoo.export._onnx_model import onnx_model
    from deepworth.zoo.export.onnx import _faults

    source = open_source(path)
    model = onnx_model(source)[0]
    assert not list(_faults(model))  # whoever verifies it would refuse it
    session = runtime.InferenceSession(model.SerializeToString())
    X = probe_rows(source) if X is None else X
    output = "value" if source.task == "regression" else "probabilities"
    dtypes = {f.input: object if f.dtype == "string" else f.dtype for f in source.fields}
    found = [
        session.run([output], {k: np.asarray(v, dtypes[k])[None] for k, v in row.items()})[0]
        for row in as_rows(source.raw(X))
    ]
    wanted = source.predictions(X)[output]
    scale = np.abs(wanted).max() if output == "value" else 1.0
    return float(np.abs(np.concatenate(found).reshape(wanted.shape) - wanted).max() / scale)


@pytest.fixture
def graph_gap():
    """A function from a saved model, and rows if not the proof's, to the difference."""
    return _graph_gap


@pytest.fixture
def gap(tmp_path):
    """The same of a fitted model."""

    def largest(model, dataset, name, X=None):
        path = tmp_path / f"{name}-{dataset.task}"
        save(model, path, dataset=dataset, name=name, seed=0)
        return _graph_gap(path, X)

    return largest
