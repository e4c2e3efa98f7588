"""Contract of the catalogue: every registered pipeline answers alike in ONNX, or says why it cannot."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from deepworth.zoo import registry
from deepworth.zoo.export._formats import CannotHold

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))
from _common import kept
from _export_cell import data_of, every_kind

QUICKER = {"catboost": {"iterations": 5}, "random-forest": {"n_estimators": 10}}
TABLE = {
    (row["model"], row["modality"], row["task"]): row["formats"]["onnx"] for row in kept("export")["support"]
}
CASES = [
    (name, modality, task)
    for name, entry in registry.entries().items()
    if registry.family(name) == "classical"
    for modality in entry.constant("MODALITIES")
    for task in entry.constant("TASKS")[:: 1 if modality == "tabular" else 2]
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "modality", "task"), CASES)
def test_in_onnx(name, modality, task, gap):
    if lacking := registry.missing_requirement(name):
        pytest.skip(lacking)
    dataset = every_kind(task, 100) if modality == "tabular" else data_of(modality, task)
    model = registry.create(name, task, modality, random_state=0, **QUICKER.get(name, {}))
    model.fit(dataset.X, dataset.y)
    known = TABLE.get((name, modality, task), {})  # a new entry is not in it until it is measured
    if known.get("status") == "cannot":
        with pytest.raises(CannotHold, match=re.escape(known["reason"])):
            gap(model, dataset, name)
    else:
        assert gap(model, dataset, name) < 1e-6
