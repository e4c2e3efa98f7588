"""What docs/serving.md shows about serving without deepworth runs as it stands there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepworth.datasets import load_dataset
from deepworth.zoo import registry
from deepworth.zoo.artefact import load, save
from deepworth.zoo.export import export

pytest.importorskip("onnxruntime")
PAGE = Path(__file__).resolve().parents[3] / "docs" / "serving.md"
ROW = pd.DataFrame({"age": [61.0], "sex": ["f"], "temperature": [np.nan]})
# What is there afterwards, and nothing of ours or beside it
SAYS = {
    "onnxruntime": ("print(probabilities.tolist())", "deepworth tensorflow keras pandas sklearn onnx"),
    "tensorflow": ("print(_['probabilities'].numpy().tolist())", "deepworth onnxruntime"),
}


@pytest.fixture(scope="module")
def patients(tmp_path_factory):
    """A network on the columns of the page, and its exports where the page has them."""
    folder = tmp_path_factory.mktemp("patients")
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "age": rng.normal(50, 15, 80).round(),
            "sex": rng.choice(["f", "m"], 80),
            "temperature": rng.normal(37, 1, 80),
        }
    )
    dataset = load_dataset(X.assign(sick=np.where(X["temperature"] > 37, "yes", "no")), target="sick")
    model = registry.create("shallow-mlp", "binary", "tabular", random_state=0, epochs=2)
    save(
        model.fit(dataset.X, dataset.y), folder / "model", dataset=dataset, name="shallow-mlp", family="deep"
    )
    export(folder / "model", folder / "exports", only=["onnx", "saved_model"])
    return folder


@pytest.mark.parametrize("library", SAYS)
def test_serving(library, patients):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (code,) = [block for block in blocks if library in block]
    code = code.replace("\nserve(age", "\n_ = serve(age")  # shown there as in a session, which prints it
    shown, unwanted = SAYS[library]
    lines = [code, "import sys", f"assert not set({unwanted.split()!r}) & set(sys.modules)", shown]
    ended = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], cwd=patients, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    found = np.array(json.loads(ended.stdout.splitlines()[-1]))
    np.testing.assert_allclose(found, load(patients / "model").predict_proba(ROW), atol=1e-5)
