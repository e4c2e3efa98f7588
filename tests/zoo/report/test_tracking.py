"""A comparison is logged to MLflow: checked in the real library's own SQLite store."""

import json
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from deepworth import InputError
from deepworth.zoo.report.tracking import Tracker
from deepworth.zoo.workflows.compare import compare

mlflow = pytest.importorskip("mlflow", reason="needs pip install 'deepworth[mlflow]'")
pytest.importorskip("sqlalchemy", reason="needs pip install 'deepworth[mlflow]'")

pytestmark = pytest.mark.xdist_group("tracking")
PROGRAM = [sys.executable, "-m", "deepworth.cli"]
MODELS = ["constant", "logistic-regression", "xgboost-that-is-not-there"]


@pytest.fixture(scope="module")
def answer():
    params = {"logistic-regression": {"C": 0.5}}
    result = compare("iris", models=MODELS[:2], params=params, folds=3, jobs=0, store=False)
    return result.answer


@pytest.fixture
def uri(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # artifacts of a local store go below the current folder
    return f"sqlite:///{tmp_path}/mlflow.db"


def runs_of(uri):
    client = mlflow.MlflowClient(tracking_uri=uri)
    (experiment,) = [e for e in client.search_experiments() if e.name == "deepworth"]
    found = client.search_runs([experiment.experiment_id])
    (parent,) = [run for run in found if "mlflow.parentRunId" not in run.data.tags]
    return client, parent, {run.info.run_name: run for run in found if run is not parent}


def test_a_run_with_a_run_below_it_for_each_model(answer, uri, tmp_path):
    Tracker(uri).log(answer)
    client, parent, models = runs_of(uri)
    data, metrics = parent.data, parent.data.metrics
    assert parent.info.status == "FINISHED"
    assert data.tags["verdict"] == answer.verdict.outcome
    assert data.tags["fingerprint"] == answer.dataset.fingerprint
    assert data.tags["version.numpy"] == answer.versions["numpy"]
    assert data.params["data.name"] == "iris"
    assert data.params["folds"] == "3"
    assert data.params["logistic-regression.C"] == "0.5"
    best = answer.leaderboard[0]
    low, high = best.intervals["log_loss"]
    known = {"log_loss": best.score, "log_loss_low": low, "log_loss_high": high}
    assert {name: metrics[name] for name in known} == pytest.approx(known, rel=1e-12)
    assert set(models) == set(MODELS[:2])
    for row in answer.leaderboard:
        run = models[row.model]
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert run.data.metrics["accuracy"] == pytest.approx(row.metrics["accuracy"])
        assert run.data.metrics["size_bytes"] == row.size_bytes
    assert models["logistic-regression"].data.params == {"model": "logistic-regression", "C": "0.5"}
    kept = client.download_artifacts(parent.info.run_id, "answer.json", str(tmp_path))
    assert json.loads(Path(kept).read_text()) == answer.to_dict()
    assert {a.path for a in client.list_artifacts(parent.info.run_id)} == {"answer.json", "leaderboard.csv"}


def test_models_that_failed_are_marked(answer, uri):
    first, failed = answer.leaderboard
    failed = replace(
        failed,
        status="crashed",
        reason="ended by SIGSEGV",
        score=None,
        metrics=dict.fromkeys(failed.metrics),
        intervals=dict.fromkeys(failed.intervals, (None, None)),
        fit_seconds=None,
    )
    Tracker(uri).log(replace(answer, leaderboard=(first, failed), exit_code=1))
    _, parent, models = runs_of(uri)
    run = models[failed.model]
    assert (parent.info.status, run.info.status) == ("FAILED", "FAILED")
    assert run.data.tags["reason"] == "ended by SIGSEGV"
    assert "log_loss" not in run.data.metrics


def command(*words, **options):
    words = [*PROGRAM, *words]
    return subprocess.run(words, capture_output=True, text=True, check=False, **options)


def test_the_command_and_a_store_that_fails_in_the_end(uri, tmp_path):
    """Results are shown and kept, a line says what did not work, and what to do."""
    words = [
        "compare",
        "iris",
        "-m",
        "constant",
        "--folds",
        "2",
        "-j",
        "0",
        "-q",
        "--store",
        str(tmp_path / "s"),
    ]
    (tmp_path / "mlruns").write_text("a file where artifacts should go")
    done = command(*words, "--mlflow", uri, "--json")
    if done.returncode == 2:  # MLflow 2 makes its folder at once, before the work begins
        assert f"Error: cannot use the MLflow store {uri}: " in done.stderr
        return
    assert done.returncode == 1
    run = json.loads(done.stdout)["run"]
    assert done.stderr.startswith(f"Error: the MLflow store {uri} did not take the results: ")
    assert done.stderr.endswith(f"; to try again: deepworth runs {run} --mlflow URI\n")
    assert done.stderr.count("\n") == 1
    other = f"sqlite:///{tmp_path}/other.db"
    (tmp_path / "mlruns").unlink()
    again = command("runs", run, "--store", str(tmp_path / "s"), "--mlflow", other)
    assert (again.returncode, again.stderr) == (0, "")
    _, parent, models = runs_of(other)
    assert parent.info.run_name == run
    assert set(models) == {"constant"}


def test_a_store_that_is_not_there_is_refused_before_the_work():
    for uri in ("sqlite:////proc/self/nothing/mlflow.db", "nonsense://x"):
        with pytest.raises(InputError, match="cannot use the MLflow store"):
            Tracker(uri)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(InputError) as said:
        Tracker(f"http://me:secret@127.0.0.1:{port}")
    assert "secret" not in str(said.value)


def test_without_the_extra_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(InputError, match=r"pip install 'deepworth\[mlflow\]'"):
        Tracker("sqlite:///mlflow.db")
