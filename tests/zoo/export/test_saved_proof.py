"""The proof of a saved model: predictions of the trained model, repeated in another process."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from deepworth import InputError
from deepworth.datasets import load_dataset
from deepworth.zoo import registry
from deepworth.zoo.artefact import inspect, load, save
from deepworth.zoo.export import prove_saved, verify
from deepworth.zoo.workflows.train import train

MODELS = {
    "sick-healthy": {"model": "shallow-mlp", "params": {"shallow-mlp": {"epochs": 2}}},
    "diabetes": {"model": "random-forest"},
    "digits": {"model": "pca-svm"},
    "triage-notes": {"model": "nb-svm"},
}


@pytest.fixture(scope="module", params=MODELS)
def trained(request, tmp_path_factory):
    """The folder of a trained model and what train() said, for each modality and both families."""
    folder = tmp_path_factory.mktemp("trained") / "model"
    return folder, train(request.param, output=str(folder), rows=150, **MODELS[request.param])


def test_training_writes_a_proof_that_another_process_repeats(trained):
    folder, summary = trained
    assert summary.proof.holds
    assert summary.proof.largest_difference < 1e-6
    found = verify(folder)
    assert found.holds
    assert found.formats["artefact"].largest_difference < 1e-6
    assert {1, 7} <= set(found.formats["artefact"].batches)
    assert inspect(folder).sound


def test_predictions_in_the_proof_are_those_of_the_model(trained):
    folder, _ = trained
    proof = json.loads((folder / "proof.json").read_text())
    expected = proof["expected"]
    if "probabilities" in expected:
        np.testing.assert_allclose(np.sum(expected["probabilities"], axis=1), 1, atol=1e-6)
        assert set(expected["label"]) <= set(load(folder).classes_)
        first = expected["probabilities"][0]
        first[int(np.argmin(first))] += 0.1
    else:
        expected["value"][0] += 1.0
    other = folder.with_name("changed")
    shutil.copytree(folder, other, dirs_exist_ok=True)
    (other / "proof.json").write_text(json.dumps(proof))
    assert not verify(other).holds


def test_the_proof_of_another_model_is_refused(tmp_path):
    train("wine", model="naive-bayes", output=str(tmp_path / "one"))
    train("wine", model="logistic-regression", output=str(tmp_path / "two"))
    shutil.copy(tmp_path / "one" / "proof.json", tmp_path / "two" / "proof.json")
    found = verify(tmp_path / "two")
    assert not found.holds
    assert "its hash is not that of the proof" in found.formats["artefact"].reason


def test_a_changed_file_is_found(tmp_path):
    train("wine", model="naive-bayes", output=str(tmp_path / "model"))
    path = tmp_path / "model" / "model.skops"
    path.write_bytes(path.read_bytes() + b" ")
    found = verify(tmp_path / "model")
    assert not found.holds
    assert "model.skops" in found.formats["artefact"].reason


def test_the_proof_of_another_estimator_does_not_hold(tmp_path):
    """The estimator given is not the one in the folder: the proof says so, and so does verify."""
    data = load_dataset("wine")
    one, two = (registry.create(n, data.task, data.modality) for n in ("naive-bayes", "k-nearest-neighbours"))
    save(one.fit(data.X, data.y), tmp_path / "model", dataset=data, name="naive-bayes", family="classical")
    assert not prove_saved(two.fit(data.X, data.y), tmp_path / "model").holds
    proof = json.loads((tmp_path / "model" / "proof.json").read_text())
    assert proof["formats"]["artefact"]["status"] == "failed"


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(InputError, match="manifest"):
        prove_saved(None, tmp_path)
