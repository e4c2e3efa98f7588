"""Exports: the same answers in other formats, proved in processes that do not know deepworth."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepworth import InputError
from deepworth.datasets import load_dataset
from deepworth.zoo import registry
from deepworth.zoo.artefact import save
from deepworth.zoo.artefact.manifest import FORMAT
from deepworth.zoo.calibration.estimators import Calibrated, ConformalRegressor
from deepworth.zoo.export import export, formats, verify

pytest.importorskip("onnxruntime")
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))
from _export_cell import every_kind

pytestmark = pytest.mark.xdist_group("export")

PIPELINES = {"binary": "random-forest", "regression": "linear-regression"}


def saved(name, dataset, folder, wrap=None, **params):
    model = registry.create(name, dataset.task, dataset.modality, random_state=0, **params)
    model = wrap(model) if wrap else model
    model.fit(dataset.X, dataset.y)
    family = registry.family(name)
    return save(model, folder, dataset=dataset, name=name, family=family, seed=0)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A calibrated network with costs and sets on every kind of column, and its exports in all formats."""
    folder = tmp_path_factory.mktemp("network")
    costs = {"cost_false_negative": 5.0, "cost_false_positive": 1.0, "cv": 2, "method": "platt"}
    saved(
        "deep-mlp",
        every_kind("binary"),
        folder / "model",
        lambda m: Calibrated(m, **costs),
        epochs=2,
        members=2,
    )
    found = export(folder / "model", folder / "exports")
    return folder, found


def test_every_format_of_a_network_holds(network):
    results = network[1].formats
    assert set(results) == set(formats())
    assert results["skops"].status == "cannot"
    assert "network" in results["skops"].reason
    assert results["litert"].status == "works from numbers or ids"
    for name in ("keras", "onnx", "saved_model"):
        assert results[name].status == "works", results[name]
    for name in ("keras", "litert", "onnx", "saved_model"):
        assert results[name].largest_difference <= formats()[name].constant("TOLERANCE")
        assert {1, 7} <= set(results[name].batches)
        assert results[name].rows > 40
        assert not results[name].needs_deepworth
        assert results[name].labels_that_differ == 0


def test_proof_asks_missing_unseen_empty_and_extreme_cells(network):
    proof = json.loads((network[0] / "exports" / "proof.json").read_text())
    cells = {name: [] for name in proof["batches"][0]}
    for batch in proof["batches"]:
        for name, values in batch.items():
            cells[name] += values
    assert {"nan", "inf", "-inf"} <= {str(v) for v in cells["fare"]}
    assert {"", "never seen"} <= set(cells["class"])
    assert {"first", "second", "third"} & set(cells["class"])
    assert "" in cells["note"]
    assert max(abs(v) for v in cells["age_years"] if isinstance(v, float)) >= 1e30


ALONE = """
import json, sys
import numpy as np, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1])
row = {
    "age_years": np.array([40.0]), "fare": np.array([np.nan]), "class": np.array(["third"], object),
    "port": np.array(["port 3"], object), "member": np.array(["True"], object),
    "boarded": np.array([-1820000000.0]), "note": np.array(["Miss Laina travels"], object),
}
label, probabilities, classes, sets = session.run(
    ["label", "probabilities", "classes", "prediction_set"], row)
assert not {"deepworth", "tensorflow", "keras", "pandas", "sklearn", "onnx"} & set(sys.modules)
print(json.dumps([label.tolist(), probabilities.tolist(), classes.tolist(), sets.tolist()]))
"""
SERVED = """
import json, sys
import tensorflow as tf
serve = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
number = lambda v: tf.constant([v], tf.float64)
found = serve(
    age_years=number(40.0), fare=number(float("nan")), class_=tf.constant(["third"]),
    port=tf.constant(["port 3"]), member=tf.constant(["True"]), boarded=number(-1820000000.0),
    note=tf.constant(["Miss Laina travels"]))
assert "deepworth" not in sys.modules
names = ("label", "probabilities", "classes", "prediction_set")
assert {len(value) for value in found.values()} == {1}, "REST wants a row of each output for each row"
found["classes"] = found["classes"][0]
found = {name: found[name].numpy().tolist() for name in names}
print(json.dumps([[v.decode() if isinstance(v, bytes) else v for v in found[name]] for name in names]))
"""


def alone(code, path):
    ended = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=False, cwd="/"
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    return json.loads(ended.stdout.splitlines()[-1])


def test_serving_without_deepworth(network):
    from deepworth.zoo.artefact import load

    model = load(network[0] / "model")
    X = pd.DataFrame(
        {
            "Age (years)": [40.0],
            "fare": [np.nan],
            "class": ["third"],
            "port": ["port 3"],
            "member": ["True"],
            "boarded": [pd.Timestamp(-1820000000, unit="s")],
            "note": ["Miss Laina travels"],
        }
    )
    found = alone(ALONE, network[0] / "exports" / "onnx" / "model.onnx")
    served = alone(SERVED, network[0] / "exports" / "saved_model")
    for answer in (found, served):
        assert answer[0] == model.predict(X).tolist()
        np.testing.assert_allclose(answer[1], model.predict_proba(X), atol=1e-5)
        assert answer[2] == model.classes_.tolist()
        assert answer[3] == model.predict_set(X).tolist()


def test_a_proof_can_be_repeated_elsewhere_and_finds_a_changed_file(network, tmp_path):
    home = tmp_path / "moved"
    shutil.copytree(network[0] / "exports", home)
    proof = json.loads((home / "proof.json").read_text())
    for name in ("keras", "litert", "saved_model"):  # ONNX is quick
        del proof["formats"][name]
    (home / "proof.json").write_text(json.dumps(proof))
    assert verify(home).holds
    wrong = json.loads(json.dumps(proof))
    wrong["expected"]["probabilities"][3] = [0.5, 0.5]
    (home / "proof.json").write_text(json.dumps(wrong))
    assert not verify(home).holds
    (home / "proof.json").write_text(json.dumps(proof))
    with (home / "onnx" / "model.onnx").open("ab") as file:
        file.write(b"\0")
    found = verify(home)
    assert not found.holds
    assert "was changed" in found.formats["onnx"].reason


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.update(formats={"pickle": {}}), "unknown format 'pickle'"),
        (lambda p: p.update(format="2.0"), "update deepworth"),
        (lambda p: p.pop("expected"), "'expected' is missing"),
    ],
)
def test_hostile_proofs_are_refused(network, tmp_path, change, message):
    proof = json.loads((network[0] / "exports" / "proof.json").read_text())
    change(proof)
    (tmp_path / "proof.json").write_text(json.dumps(proof))
    with pytest.raises(InputError, match=message):
        verify(tmp_path)


def _foreign(model, helper):
    model.graph.node[0].domain = "evil"


def _outside(model, helper):
    tensor = model.graph.initializer.add(name="w", data_type=1, dims=[1])
    tensor.external_data.add(key="location", value="/etc/passwd")


def _outside_in_a_node(model, helper):
    tensor = helper.make_tensor("w", 1, [1], [0.0])
    tensor.external_data.add(key="location", value="/etc/passwd")
    model.graph.node[0].attribute.append(helper.make_attribute("value", tensor))


def _loop(model, helper):
    model.graph.node[0].op_type = "Loop"


def _graph_inside(model, helper):
    model.graph.node[0].attribute.append(helper.make_attribute("body", model.graph))


def _function(model, helper):
    model.functions.append(helper.make_function("", "Run", ["x"], ["y"], [], []))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_foreign, r"evil\.Relu"),
        (_outside, "another file"),
        (_outside_in_a_node, "another file"),
        (_loop, "Loop"),
        (_graph_inside, "graph of its own"),
        (_function, "functions"),
    ],
)
def test_an_onnx_file_that_does_more_than_compute_is_refused(change, message, tmp_path):
    from onnx import TensorProto, helper

    check = formats()["onnx"].module.check
    shape = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    value = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    model = helper.make_model(
        helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [shape], [value])
    )
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    check(tmp_path)
    change(model, helper)
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(InputError, match=message):
        check(tmp_path)


def test_a_saved_model_that_reads_a_file_is_refused(tmp_path):
    import tensorflow as tf

    module = tf.Module()
    module.serve = tf.function(
        lambda x: tf.io.read_file("/etc/passwd") + x, input_signature=[tf.TensorSpec((), tf.string)]
    )
    tf.saved_model.save(module, str(tmp_path), signatures=module.serve)
    with pytest.raises(InputError, match="ReadFile"):
        formats()["saved_model"].module.check(tmp_path)


@pytest.mark.parametrize(("task", "name"), PIPELINES.items())
def test_pipelines_of_tables(task, name, tmp_path):
    wrap = ConformalRegressor if task == "regression" else None
    saved(name, every_kind(task), tmp_path / name, wrap)
    result = export(tmp_path / name, tmp_path / f"{name}-x", only=["onnx"]).formats["onnx"]
    assert result.status == "works", result
    assert result.largest_difference < 1e-6


@pytest.mark.parametrize("name", ["rnn", "tfidf-linear-svm", "nb-svm"])
def test_texts_with_their_tokeniser_inside(name, tmp_path):
    dataset = load_dataset("triage-notes", rows=120)
    saved(name, dataset, tmp_path / "model", **({"epochs": 1} if name == "rnn" else {}))
    wanted = ["onnx", "saved_model"] if name == "rnn" else ["onnx"]
    report = export(tmp_path / "model", tmp_path / "x", only=wanted)
    assert {report.formats[format].status for format in wanted} == {"works"}, report
    assert [field.dtype for field in report.inputs] == ["string"]


def test_images_of_any_size(tmp_path):
    dataset = load_dataset("digits", rows=100)
    saved("cnn", dataset, tmp_path / "model", epochs=1, width=4)
    report = export(tmp_path / "model", tmp_path / "x", only=["onnx"])
    assert report.formats["onnx"].status == "works", report
    proof = json.loads((tmp_path / "x" / "proof.json").read_text())
    shapes = {tuple(batch["image"]["shape"][1:3]) for batch in proof["batches"]}
    assert {(8, 8), (16, 16), (32, 16), (24, 8), (1, 1), (33, 50), (48, 8)} <= shapes


def test_images_of_a_pipeline_in_its_own_format(tmp_path):
    saved("pca-svm", load_dataset("digits", rows=60), tmp_path / "model")
    result = export(tmp_path / "model", tmp_path / "x", only=["skops"]).formats["skops"]
    assert result.status == "works with deepworth installed", result


def test_the_skops_export_is_a_saved_model(tmp_path):
    saved("naive-bayes", every_kind("binary"), tmp_path / "model")
    results = export(tmp_path / "model", tmp_path / "x", only=["skops", "saved_model"]).formats
    assert results["skops"].status == "works with deepworth installed", results
    assert results["skops"].largest_difference < 1e-12
    assert results["saved_model"].status == "cannot"
    of_export = export(tmp_path / "x" / "skops", tmp_path / "y", only=["onnx"]).formats["onnx"]
    of_model = export(tmp_path / "model", tmp_path / "z", only=["onnx"]).formats["onnx"]
    assert of_export.largest_difference == of_model.largest_difference
    texts = [json.loads((tmp_path / n / "proof.json").read_text())["expected"] for n in ("y", "z")]
    assert texts[0] == texts[1]


KEPT = Path(__file__).resolve().parents[2] / "fixtures" / "artefacts"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["logistic-regression", "shallow-mlp"])
@pytest.mark.parametrize("version", sorted(p.name for p in KEPT.iterdir()))
def test_kept_models_of_every_released_format_can_be_exported(
    version, name, graph_gap, kept_models, tmp_path
):
    with zipfile.ZipFile(KEPT / version / f"{name}.zip") as file:
        file.extractall(tmp_path / "model")
    assert graph_gap(tmp_path / "model") < 1e-6


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["logistic-regression", "shallow-mlp"])
def test_a_saved_model_without_a_proof_is_verified_itself(name, kept_models, tmp_path):
    folder = tmp_path / name
    with zipfile.ZipFile(KEPT / FORMAT / f"{name}.zip") as file:
        file.extractall(folder)
    found = verify(folder)
    assert found.holds, found
    assert list(found.formats) == ["artefact"]
    assert not (folder / "proof.json").exists()
    (model,) = folder.glob("model.*")
    with model.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(InputError, match=re.escape(model.name)):
        verify(folder)


def test_the_proof_says_what_an_export_leaves_to_its_reader(network):
    proof = json.loads((network[0] / "exports" / "proof.json").read_text())
    assert "NA" in proof["cells"]
    for name in ("keras", "litert"):
        label, sets = proof["formats"][name]["not_inside"]
        assert label.startswith("label: 'survived' where its probability is at least 0.1")
        assert sets.startswith("prediction set")
    assert not any("not_inside" in proof["formats"][name] for name in ("onnx", "saved_model"))


def test_nothing_is_replaced_unasked(network, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    with pytest.raises(InputError, match="holds no exports"):
        export(network[0] / "model", tmp_path / "thesis", overwrite=True)
    with pytest.raises(InputError, match="--overwrite"):
        export(network[0] / "model", network[0] / "exports")
    with pytest.raises(InputError, match="pickle"):
        export(network[0] / "model", tmp_path / "x", only=["pickle"])
    assert [p.name for p in tmp_path.iterdir()] == ["thesis"]


def test_commands(network, tmp_path):
    from click.testing import CliRunner

    from deepworth.cli import main

    run = CliRunner().invoke
    model = str(network[0] / "model")
    done = run(main, ["export", model, "--format", "onnx,skops", "-o", str(tmp_path / "x"), "-q", "--json"])
    assert done.exit_code == 1, done.output  # a network is no scikit-learn model
    rows = json.loads(done.stdout)["formats"]
    assert (rows["onnx"]["status"], rows["skops"]["status"]) == ("works", "cannot")
    done = run(main, ["verify", str(tmp_path / "x"), "-q"])
    assert done.exit_code == 0, done.output
    assert "holds" in done.stdout
    done = run(main, ["verify", str(tmp_path / "nothing"), "-q"])
    assert isinstance(done.exception, (InputError, SystemExit))
