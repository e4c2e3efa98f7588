"""A baseline is one file: dropped into a copy of the package it is compared, saved, exported and tested."""

from __future__ import annotations

import json

import pytest
from package_copy import ROOT, copy_with, run_python

NAME = "linear-discriminant"
FILE = '''
"""Linear discriminant analysis: a Gaussian a class, with one covariance for all (Fisher 1936)."""

MODALITIES = ("tabular",)
TASKS = ("binary", "multiclass")


def build(task: str, modality: str, *, random_state: int = 0, solver: str = "lsqr"):
    """Scaled and one-hot encoded columns, then the discriminant with a shrunken covariance."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    from ._pipelines import table_pipeline

    return table_pipeline(LinearDiscriminantAnalysis(solver=solver, shrinkage="auto"))
'''
COMPARED = """
import json
import deepworth

comparison = deepworth.compare(
    "sick-healthy", models=["constant", "linear-discriminant"], folds=2, costs=True, store=False, jobs=0
)
rows = {row["model"]: row for row in comparison.to_dict()["leaderboard"]}
print(json.dumps({"package": deepworth.__file__, **rows}))
"""
SAVED = """
import json
import numpy as np
import deepworth
from deepworth.zoo import registry

data = deepworth.load_dataset("sick-healthy")
model = registry.create("linear-discriminant", data.task, data.modality).fit(data.X, data.y)
path = deepworth.save(model, "model", dataset=data, name="linear-discriminant", family="classical")
difference = np.abs(deepworth.load(path).predict_proba(data.X) - model.predict_proba(data.X)).max()
inspected = deepworth.inspect(path)
exports = deepworth.export(path, "exports", format=["skops", "onnx"])
print(json.dumps({
    "difference": float(difference),
    "model": inspected.manifest["model"],
    "sound": inspected.sound,
    "exports": {name: [each.status, each.reason] for name, each in exports.formats.items()},
}))
"""

pytestmark = pytest.mark.xdist_group("add a baseline")


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copy")
    return copy_with(folder, {"zoo/baselines/linear_discriminant.py": FILE})


@pytest.fixture(scope="module")
def compared(copy):
    return last_line(run_python(copy, "-c", COMPARED))


def last_line(text):
    return json.loads(text.splitlines()[-1])


def test_it_is_listed(copy):
    assert NAME in run_python(copy, "-m", "deepworth.cli", "models")


def test_it_is_compared(copy, compared):
    assert compared["package"].startswith(str(copy))
    assert compared[NAME]["status"] == "ok"
    assert compared[NAME]["score"] > compared["constant"]["score"] + 0.1


def test_its_costs_are_measured_but_its_operations_are_not_counted(compared):
    costs = compared[NAME]["costs"]
    assert costs["status"] == "ok"
    assert costs["fit_seconds"] > 0
    assert costs["size_bytes"] > 0
    assert costs["parameters"] > 0
    assert costs["flops"] is None
    assert costs["flops_by"] == "not counted: no formula for LinearDiscriminantAnalysis"


def test_it_is_saved_opened_inspected_and_exported(copy):
    seen = last_line(run_python(copy, "-c", SAVED))
    assert seen["difference"] < 1e-12
    assert (seen["model"], seen["sound"]) == (NAME, True)
    assert seen["exports"]["skops"][0].startswith("works")
    status, reason = seen["exports"]["onnx"]
    assert status.startswith("works") or (status == "cannot" and reason)


def test_it_passes_the_contract_of_baselines(copy):
    contracts = [str(ROOT / "tests" / name) for name in ("zoo/test_baselines.py", "test_structure.py")]
    shown = run_python(
        copy,
        "-m",
        "pytest",
        "-q",
        "-rA",
        "-p",
        "no:cacheprovider",
        "-k",
        f"{NAME} or linear_discriminant",
        *contracts,
    )
    assert f"test_learns[{NAME}-multiclass-tabular]" in shown
    assert f"test_saved_model_answers_the_same[{NAME}-binary-tabular]" in shown
    assert "test_model_says_what_it_is_for[deepworth.zoo.baselines.linear_discriminant]" in shown
