"""A network is one file: dropped into a copy of the package it has classes, is compared, saved and tested."""

from __future__ import annotations

import json

import pytest
from package_copy import ROOT, copy_with, run_python

NAME = "residual-mlp"
FILE = '''
"""Residual MLP: dense layers whose outputs are added to their inputs (He et al. 2016)."""

MODALITIES = ("tabular",)
TASKS = ("binary", "regression")
TRAINING = {"epochs": 30, "learning_rate": 3e-3, "schedule": "cosine"}
LIMITS = {"dropout": (0, 1)}


def build(inputs, units: int, *, blocks: int = 2, width: int = 32, dropout: float = 0.1):
    """A Keras model with ``units`` linear outputs.

    Parameters
    ----------
    blocks
        Residual blocks.
    width
        Units of each layer.
    dropout
        Share of the units of a block that a training step leaves out.
    """
    import keras

    from ._layers import Dropout, table_features

    layers, x = table_features(inputs)
    x = keras.layers.Dense(width)(x)
    for _ in range(blocks):
        hidden = Dropout(dropout)(keras.layers.Dense(width, activation="relu")(x))
        x = keras.layers.Add()([x, keras.layers.Dense(width)(hidden)])
    return keras.Model(layers, keras.layers.Dense(units, name="output")(x), name="residual_mlp")
'''
PUBLIC = """
import inspect, json
import deepworth
from deepworth.zoo import ResidualMLPClassifier, ResidualMLPRegressor

try:
    ResidualMLPClassifier(blocks=0).fit([[0.0], [1.0]], [0, 1])
except deepworth.InputError as error:
    refused = str(error)
print(json.dumps({
    "documentation": inspect.getdoc(ResidualMLPClassifier),
    "defaults": {n: p.default for n, p in inspect.signature(ResidualMLPRegressor).parameters.items()},
    "refused": refused,
}))
"""
COMPARED = """
import json
import numpy as np
import deepworth
from deepworth.zoo import registry

few = {"blocks": 1, "width": 8, "epochs": 5}
comparison = deepworth.compare(
    "sick-healthy", models=["constant", "residual-mlp"], params={"residual-mlp": few}, folds=2, costs=False,
    store=False, jobs=0,
)
rows = {row["model"]: row for row in comparison.to_dict()["leaderboard"]}
data = deepworth.load_dataset("sick-healthy")
model = registry.create("residual-mlp", data.task, data.modality, random_state=0, **few).fit(data.X, data.y)
path = deepworth.save(model, "model", dataset=data, name="residual-mlp", family="deep")
difference = np.abs(deepworth.load(path).predict_proba(data.X) - model.predict_proba(data.X)).max()
costs = deepworth.cost(path, effort="quick")
exports = deepworth.export(path, "exports", format=["keras"])
print(json.dumps({
    "package": deepworth.__file__,
    "row": rows["residual-mlp"],
    "difference": float(difference),
    "costs": {"flops": costs.flops, "flops_by": costs.flops_by, "parameters": costs.parameters},
    "export": exports.formats["keras"].status,
}))
"""
CONTRACT = (  # those that take a second or two
    "test_facts_are_known",
    "test_parameters_are_those_of_build_and_of_training",
    "test_learns_what_can_be_learned",
    "test_answers_have_the_shapes_and_types_of_scikit_learn",
    "test_unusual_rows_are_answered_with_numbers",
    "test_the_exported_model_takes_raw_rows_and_agrees",
)

pytestmark = pytest.mark.xdist_group("add a network")


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return copy_with(tmp_path_factory.mktemp("copy"), {"zoo/models/residual_mlp.py": FILE})


def last_line(text):
    return json.loads(text.splitlines()[-1])


def test_it_has_documented_classes_without_a_new_stub(copy):
    seen = last_line(run_python(copy, "-c", PUBLIC))
    assert "blocks : int, default=2\n    Residual blocks." in seen["documentation"]
    assert 'default="cosine"' in seen["documentation"]
    assert ">>> from deepworth.zoo import ResidualMLPClassifier" in seen["documentation"]
    assert (seen["defaults"]["width"], seen["defaults"]["epochs"]) == (32, 30)
    assert "class_weight" not in seen["defaults"]
    assert seen["refused"] == "blocks must be an integer of at least 1, got 0"


def test_it_is_compared_measured_saved_and_exported(copy):
    seen = last_line(run_python(copy, "-c", COMPARED))
    assert seen["package"].startswith(str(copy))
    assert seen["row"]["status"] == "ok"
    assert seen["row"]["family"] == "deep"
    assert seen["costs"]["flops_by"] == "graph"
    assert seen["costs"]["flops"] > seen["costs"]["parameters"] > 2 * 8 * 8
    assert seen["difference"] < 1e-6
    assert seen["export"].startswith("works")


def test_it_passes_the_contract_of_networks(copy):
    chosen = f"({NAME} and ({' or '.join(CONTRACT)})) or residual_mlp"
    contracts = [str(ROOT / "tests" / name) for name in ("zoo/test_models.py", "test_structure.py")]
    shown = run_python(copy, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "-k", chosen, *contracts)
    for test in CONTRACT:
        assert f"::{test}[" in shown
    assert f"[{NAME}-regression" in shown
    assert "test_model_says_what_it_is_for[deepworth.zoo.models.residual_mlp]" in shown
