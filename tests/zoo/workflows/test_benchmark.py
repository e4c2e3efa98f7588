"""Many datasets into one store: nothing twice, nothing lost, one bad dataset costs itself."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from deepworth.cli import main
from deepworth.zoo.runs.store import list_runs

pytest.importorskip("yaml")

SUITE = """
name: tiny
defaults:
  model: [constant, naive-bayes, logistic-regression]
  folds: 3
  costs: false
datasets:
  - iris
  - wine
  - {data: sick-healthy, name: few, rows: 200}
"""


def invoke(*arguments):
    runner = CliRunner()
    runner.mix_stderr = False  # click 8.1 mixes the streams unless told; later versions never do
    return runner.invoke(main, [str(a) for a in arguments])


@pytest.fixture
def suite(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPWORTH_BENCHMARK_JOBS", "0")
    path = tmp_path / "suite.yaml"
    path.write_text(SUITE)
    return path


def test_a_suite_is_run_once_and_read_afterwards(suite, tmp_path):
    store, table, picture = tmp_path / "store", tmp_path / "table.csv", tmp_path / "ranks.svg"
    todo = json.loads(invoke("benchmark", suite, "--store", store, "--dry-run", "--json").stdout)
    assert [row["state"] for row in todo["datasets"]] == ["new"] * 3
    assert todo["fits"] == 27
    first = invoke("benchmark", suite, "--store", store, "--json", "--plot", picture, "-o", table)
    assert first.exit_code == 0, first.output
    answer = json.loads(first.stdout)
    assert [row["data"] for row in answer["datasets"]] == ["iris", "wine", "few"]
    assert sum(answer["verdicts"].values()) == 3
    (ranked,) = answer["rankings"]
    assert ranked["ranking"]["datasets"] == 3
    assert sum(ranked["ranking"]["mean_ranks"]) == pytest.approx(6)
    assert ranked["ranking"]["test"] == "sign", "log loss and ROC AUC cannot be compared in size"
    assert "<svg" in picture.read_text()
    assert len(table.read_text().splitlines()) == 4
    again = json.loads(invoke("benchmark", suite, "--store", store, "--json").stdout)
    assert again["rankings"] == answer["rankings"]
    assert [row["run"] for row in again["datasets"]] == [row["run"] for row in answer["datasets"]]
    assert len(list_runs(store)) == 3
    left = json.loads(invoke("benchmark", suite, "--store", store, "--dry-run", "--json").stdout)
    assert ([row["state"] for row in left["datasets"]], left["fits"]) == (["done"] * 3, 0)


def test_a_dataset_that_fails_is_a_row(suite, tmp_path):
    suite.write_text(SUITE + "  - {data: nowhere.csv, target: y}\n")
    result = invoke("benchmark", suite, "--store", tmp_path / "store", "--json")
    assert result.exit_code == 1
    rows = json.loads(result.stdout)["datasets"]
    assert [row["status"] for row in rows] == ["ok", "ok", "ok", "failed"]
    assert "nowhere.csv" in rows[-1]["reason"]


def test_changed_data_or_options_are_another_run(suite, tmp_path):
    data = tmp_path / "own.csv"
    lines = [f"{i},{i % 7},{'a' if i % 3 else 'b'}" for i in range(90)]
    suite.write_text(
        "defaults: {model: constant, folds: 3, costs: false}\ndatasets: [{data: own.csv, target: y}]\n"
    )
    for change in ("", "7,7,a\n"):
        data.write_text("\n".join(["x,z,y", *lines]) + "\n" + change)
        result = invoke("benchmark", suite, "--store", tmp_path / "store", "--json")
        assert result.exit_code == 0, result.output
    assert len(list_runs(tmp_path / "store")) == 2
    suite.write_text(suite.read_text().replace("folds: 3", "folds: 4"))
    invoke("benchmark", suite, "--store", tmp_path / "store", "--json")
    assert len(list_runs(tmp_path / "store")) == 3


BAD = {
    "datasets: []": "expected datasets",
    "sets: [iris]": "no key of a suite 'sets'",
    "datasets: [{target: y}]": "line 1: expected `data: NAME`",
    "datasets:\n  - iris\n  - {data: wine, foldz: 3}": "line 3: no option 'foldz'; did you mean folds",
    "defaults: {folds: 1}\ndatasets: [iris]": "line 1: folds: 1 is not in the range",
    "datasets: [iris, iris]": "stands there twice",
    "defaults: {resume: last}\ndatasets: [iris]": "no option 'resume'",
}


@pytest.mark.parametrize("text", BAD, ids=lambda text: text[:25])
def test_bad_suites_are_refused(text, suite):
    suite.write_text(text)
    result = invoke("benchmark", suite)
    assert result.exit_code == 2
    assert BAD[text] in result.stderr + result.stdout
    assert "Traceback" not in result.stderr


def test_a_suite_that_was_killed_goes_on(suite, tmp_path):
    """Killed after its first dataset: the finished one is kept, and all ends as if nothing had been."""
    suite.write_text(SUITE.replace("iris", "{data: wine, folds: 2, name: first}"))
    store, code = tmp_path / "store", "import sys; from deepworth.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, "benchmark", str(suite), "--store", str(store), "-j", "0", "-q"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=dict(os.environ))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and sum(r["status"] in ("ok", "running") for r in list_runs(store)) < 2:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {r["run"]: r["status"] for r in list_runs(store)}
    assert sorted(before.values()) in (["ok", "unfinished"], ["ok", "ok"]), "it was killed in the middle"
    result = invoke("benchmark", suite, "--store", store, "--json")
    assert result.exit_code == 0, result.output
    assert set(before) <= {r["run"] for r in list_runs(store)}, "runs go on under their names"
    assert len(list_runs(store)) == 3
    whole = invoke("benchmark", suite, "--store", tmp_path / "whole", "--json")
    own, other = (json.loads(r.stdout)["rankings"] for r in (result, whole))
    assert own == other
