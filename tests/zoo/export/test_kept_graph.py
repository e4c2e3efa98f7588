"""The graph beside a saved model answers a row as the model does, without heavy imports."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from deepworth.datasets import InputError
from deepworth.zoo.artefact import inspect, load, predict_parts, read_manifest
from deepworth.zoo.artefact.one_row import write_row
from deepworth.zoo.artefact.outputs import prediction_columns
from deepworth.zoo.artefact.signature import CellTally
from deepworth.zoo.export import _kept_graph, verify
from deepworth.zoo.export._kept_graph import open_graph, predict_one
from deepworth.zoo.workflows.train import train

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")


def patients(folder):
    """A table whose cells have to be read: dates, a unit, a decimal comma, levels and missing marks."""
    rng = np.random.default_rng(0)
    n = 120
    age = rng.integers(20, 90, n)
    table = pd.DataFrame(
        {
            "age": [f"{a},5" for a in age],
            "price": [f"{p} €" for p in rng.integers(1, 999, n)],
            "seen": [
                f"{d:02d}.{m:02d}.2023"
                for d, m in zip(rng.integers(1, 29, n), rng.integers(1, 13, n), strict=True)
            ],
            "ward": rng.choice(["north", "south", "?"], n),
            "state": np.where(age + rng.normal(0, 10, n) > 55, "ill", "well"),
        }
    )
    table.to_csv(folder / "patients.csv", index=False, sep=";")
    return str(folder / "patients.csv")


ROWS = {
    "patients": [
        {"age": "61,5", "price": "12 €", "seen": "03.04.2023", "ward": "north"},
        {"age": "61.5", "price": "12", "seen": "2023-04-03", "ward": " south "},
        {"age": "", "price": "?", "seen": "", "ward": ""},
        {"age": "many", "price": "much", "seen": "soon", "ward": "attic"},
    ],
    "diabetes": [
        dict.fromkeys(("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"), "0.02"),
        {**dict.fromkeys(("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"), ""), "bmi": "1e-3"},
    ],
    "triage-notes": [{"note": "fever since two days"}, {"note": ""}, {"note": "Ärger 😀, 発熱"}],
}
MODELS = {
    ("patients", "logistic-regression"): {"confidence_level": 0.9},
    ("patients", "shallow-mlp"): {"params": {"shallow-mlp": {"epochs": 2}}},
    ("diabetes", "hist-gradient-boosting"): {"confidence_level": 0.9},
    ("triage-notes", "nb-svm"): {},
}


@pytest.fixture(scope="module", params=MODELS, ids="-".join)
def trained(request, tmp_path_factory):
    """A trained model's folder and rows as text."""
    folder, (data, model) = tmp_path_factory.mktemp("graph"), request.param
    source = patients(folder) if data == "patients" else data
    target = {"target": "state"} if data == "patients" else {"rows": 200}
    train(source, model=model, output=str(folder / "model"), **target, **MODELS[request.param])
    return folder / "model", ROWS[data]


def test_a_row_is_answered_as_by_the_model_with_the_same_notes(trained, capsysbinary):
    folder, rows = trained
    model = load(folder)
    for row in rows:
        pairs, notes, others = [f"{k}={v}" for k, v in row.items()] + ["extra=1"], [], []
        [wanted] = predict_parts(model, pairs, notes.append)
        assert predict_one(str(folder), pairs, "json", others.append)
        [answer] = json.loads(capsysbinary.readouterr().out)
        assert list(answer) == list(wanted)
        scale = max(1.0, *(abs(float(v[0])) for v in wanted.values() if np.asarray(v).dtype.kind == "f"))
        for name, values in wanted.items():
            if np.asarray(values).dtype.kind == "f":
                assert answer[name] == pytest.approx(values[0], abs=1e-6 * scale)
            else:
                assert answer[name] == values[0]
        assert sorted(others) == sorted(notes)


def test_the_graph_is_proved_and_named_by_the_manifest(trained):
    folder, _ = trained
    assert read_manifest(folder)["graph"]["largest_difference"] <= _kept_graph.TOLERANCE
    found = inspect(folder)
    assert found.sound
    assert "onnx/model.onnx" in {file.name for file in found.files if file.state == "ok"}


def test_verify_repeats_the_proof_of_the_graph(tmp_path):
    train("iris", model="logistic-regression", output=str(tmp_path / "model"))
    found = verify(tmp_path / "model")
    assert found.holds
    assert found.formats["onnx"].holds


def test_a_changed_graph_is_refused_and_a_lost_one_is_not_needed(tmp_path, capsysbinary):
    train("iris", model="naive-bayes", output=str(tmp_path / "model"))
    pairs = [f"{c['name']}=1" for c in read_manifest(tmp_path / "model")["inputs"]]
    assert predict_one(str(tmp_path / "model"), pairs, "csv", print)
    graph = tmp_path / "model" / "onnx" / "model.onnx"
    graph.write_bytes(graph.read_bytes() + b" ")
    assert not inspect(tmp_path / "model").sound
    with pytest.raises(InputError, match="changed or damaged"):
        predict_one(str(tmp_path / "model"), pairs, "csv", print)
    graph.unlink()
    graph.parent.rmdir()
    assert not predict_one(str(tmp_path / "model"), pairs, "csv", print)
    capsysbinary.readouterr()


def test_a_graph_that_predicts_something_else_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(_kept_graph, "TOLERANCE", -1.0)
    trained = train("iris", model="logistic-regression", output=str(tmp_path / "model"))
    assert trained.proof.holds
    assert "graph" not in trained.manifest
    assert open_graph(tmp_path / "model") is None
    assert not list((tmp_path / "model").glob(".graph-*"))


def test_a_graph_that_answers_nothing_leaves_the_row_to_the_model(tmp_path, monkeypatch):
    train("iris", model="naive-bayes", output=str(tmp_path / "model"))
    monkeypatch.setattr(_kept_graph.KeptGraph, "predict_row", lambda self, cells, tally: None)
    pairs = [f"{c['name']}=1" for c in read_manifest(tmp_path / "model")["inputs"]]
    assert not predict_one(str(tmp_path / "model"), pairs, "csv", print)


def test_one_row_takes_no_heavy_library(tmp_path):
    train("iris", model="shallow-mlp", output=str(tmp_path / "model"), params={"shallow-mlp": {"epochs": 1}})
    pairs = [f"{c['name']}=1.5" for c in read_manifest(tmp_path / "model")["inputs"]]
    code = (
        "import sys; from deepworth.cli import main\n"
        f"try: main(['predict', {str(tmp_path / 'model')!r}, *{pairs!r}])\n"
        "except SystemExit as end: assert not end.code\n"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'pandas', 'scipy', 'pyarrow'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("prediction,confidence,probability_")


@pytest.mark.parametrize("form", ["csv", "json", "jsonl"])
def test_a_written_row_reads_back(form):
    columns = {
        "prediction": np.array(['a "b", c']),
        "probability_x": np.array([1 / 3]),
        "whole": np.array([1.0]),
        "tiny": np.array([1.23456789e-9]),
        "refer": np.array([True]),
    }
    file = io.BytesIO()
    write_row(columns, form, file)
    text = file.getvalue().decode()
    row = next(csv.DictReader(io.StringIO(text))) if form == "csv" else json.loads(text)
    row = row[0] if form == "json" else row
    assert row["prediction"] == 'a "b", c'
    assert float(row["probability_x"]) == pytest.approx(1 / 3, rel=1e-5)
    assert float(row["tiny"]) == pytest.approx(1.23456789e-9, rel=1e-5)
    assert row["refer"] in (True, "true")
    assert row["whole"] in (1.0, "1")


def test_prediction_sets_are_joined_as_before(trained):
    folder, rows = trained
    graph, tally = open_graph(folder), CellTally()
    if graph.confidence.least_probabilities is not None:
        columns = prediction_columns(graph, graph.predict_row(rows[0], tally))
        assert set(columns["prediction_set"][0].split("|")) <= set(graph.classes_)
