"""Many datasets into one store: nothing twice, nothing lost, one bad dataset costs itself."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from deepworth import Setup, benchmark, compare, runs
from deepworth.cli import main
from deepworth.datasets import ReadOptions
from deepworth.zoo.workflows.benchmark import _TYPES, read_suite

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
    assert sum(ranked["ranking"]["mean_ranks"]) == pytest.approx(3), "two models; the constant is not ranked"
    assert ranked["ranking"]["test"] == "sign", "log loss and ROC AUC cannot be compared in size"
    assert "<svg" in picture.read_text()
    assert len(table.read_text().splitlines()) == 4
    again = json.loads(invoke("benchmark", suite, "--store", store, "--json").stdout)
    assert again["rankings"] == answer["rankings"]
    assert [row["run"] for row in again["datasets"]] == [row["run"] for row in answer["datasets"]]
    assert len(runs(store=store)) == 3
    left = json.loads(invoke("benchmark", suite, "--store", store, "--dry-run", "--json").stdout)
    assert ([row["state"] for row in left["datasets"]], left["fits"]) == (["done"] * 3, 0)


def test_models_stand_among_others_with_intervals_and_a_hierarchical_test(suite, tmp_path):
    """Everything beside ranks: in JSON, on the page, in notes and in LaTeX, and the same from the store."""
    suite.write_text(SUITE.replace("logistic-regression]", "logistic-regression, perceptron]"))
    tex, page, notes = (tmp_path / f"suite.{ending}" for ending in ("tex", "html", "md"))
    first = invoke("benchmark", suite, "--store", tmp_path, "--json", "--latex", tex, "--report", page)
    assert first.exit_code == 0, first.output
    (ranked,) = json.loads(first.stdout)["rankings"]
    names = [row["model"] for row in ranked["standings"]["models"]]
    assert sorted(names) == ["logistic-regression", "naive-bayes", "perceptron"]
    assert names == ranked["ranking"]["models"] or len(set(ranked["ranking"]["mean_ranks"])) < 3
    for row in ranked["standings"]["models"]:
        assert row["win_rate"] == pytest.approx((3 - row["rank"]) / 2)
        for figure in ("rank", "win_rate", "improvability", "elo"):
            assert row[f"{figure}_low"] - 1e-9 <= row[figure] <= row[f"{figure}_high"] + 1e-9
    families, models = ranked["family_test"], ranked["model_test"]
    assert (families["first"], families["second"], families["datasets"]) == ("deep", "classical", 3)
    assert (models["first"], models["datasets"], models["unit"]) == ("perceptron", 3, "margin")
    assert models["second"] in names
    for test in (families, models):
        assert test["p_first"] + test["p_equivalent"] + test["p_second"] == pytest.approx(1)
        assert test["low"] < test["mean"] < test["high"]
    assert ranked["sentence"].startswith("On 3 tables, ")
    again = invoke("benchmark", suite, "--store", tmp_path, "--json", "--report", notes)
    assert json.loads(again.stdout)["rankings"] == [ranked]
    for document in (tex, page, notes):
        text = document.read_text()
        assert all(name in text for name in names)
        assert "Hierarchical test" in text or "hierarchical test" in text
    assert "<svg" in page.read_text()
    assert "<script" not in page.read_text()


@pytest.mark.parametrize(
    ("option", "name"), [("--latex", "a.html"), ("--report", "a.tex"), ("--latex", "no/a.tex")]
)
def test_documents_that_cannot_be_written_are_refused_before_the_work(option, name, suite, tmp_path):
    result = invoke("benchmark", suite, "--store", tmp_path / "store", option, tmp_path / name)
    assert result.exit_code == 2
    assert "cannot write" in result.stderr
    assert not (tmp_path / "store").exists()


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
    assert len(runs(store=tmp_path / "store")) == 2
    suite.write_text(suite.read_text().replace("folds: 3", "folds: 4"))
    invoke("benchmark", suite, "--store", tmp_path / "store", "--json")
    assert len(runs(store=tmp_path / "store")) == 3


BAD = {
    "datasets: []": "expected datasets",
    "sets: [iris]": "no key of a suite 'sets'",
    "datasets: [{target: y}]": "line 1: expected `data: NAME`",
    "datasets:\n  - iris\n  - {data: wine, foldz: 3}": "line 3: no option 'foldz'; did you mean folds",
    "defaults: {folds: 1}\ndatasets: [iris]": "line 1: folds must be at least 2, got 1",
    "defaults: {folds: many}\ndatasets: [iris]": "line 1: folds: Expected `int | null`, got `str`",
    "defaults: {rows: many}\ndatasets: [iris]": "line 1: rows: Expected `int`, got `str`",
    "defaults: {seed: [1, 2]}\ndatasets: [iris]": "line 1: seed: Expected `int`, got `array`",
    "defaults: {preset: slow}\ndatasets: [iris]": "line 1: preset: Invalid enum value 'slow'",
    "defaults: {target: [x, y]}\ndatasets: [iris]": "line 1: target: Expected `str`, got `array`",
    "defaults: {time-limit: soon}\ndatasets: [iris]": "line 1: time limit must be like 90, 90s, 5m or 2h",
    "defaults: {budget: latency=fast}\ndatasets: [iris]": "line 1: budget must be like latency=5ms",
    "defaults: {margin: -1}\ndatasets: [iris]": "line 1: margin must be a number of at least 0",
    "datasets:\n  - iris\n  - {data: wine, model: [svn]}": "line 3: no model 'svn'",
    "datasets: [iris, iris]": "iris appears twice",
    "defaults: {resume: last}\ndatasets: [iris]": "no option 'resume'",
}


def test_types_of_reading_options_are_those_of_load_dataset():
    """The file's checks cannot read the types, which name pandas, so they list those that are no text."""
    types = {"int": int, "bool": bool, "Sequence[str]": tuple[str, ...]}
    hints = {name: hint.__forward_arg__.split()[0] for name, hint in ReadOptions.__annotations__.items()}
    expected = {name: types[hint] for name, hint in hints.items() if hint in types}
    assert {**expected, "seed": int} == _TYPES


@pytest.mark.parametrize("text", BAD, ids=lambda text: text[:25])
def test_bad_suites_are_refused(text, suite):
    suite.write_text(text)
    result = invoke("benchmark", suite)
    assert result.exit_code == 2
    assert BAD[text] in result.stderr + result.stdout
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_options_are_those_of_a_comparison_in_either_spelling(suite, tmp_path):
    (tmp_path / "own.csv").write_text("x,y\n1,a\n")
    suite.write_text(
        "name: words\n"
        "defaults: {model: constant, time_limit: 5m, set: {svm: {C: 2}}, drop: 'a, b', test: own.csv}\n"
        "datasets:\n  - {data: own.csv, target: y, model: [linear-svm, constant], time-limit: null}\n"
        "  - {data: wine, confidence-level: 0.9, seed: 3}\n"
    )
    name, (own, wine) = read_suite(suite)
    path = str(tmp_path / "own.csv")
    assert (name, own.name, own.data, wine.data) == ("words", "own", path, "wine")
    usual = {"time_limit": "5m", "params": {"svm": {"C": 2}}, "drop": ("a", "b"), "test": path}
    assert own.setup == Setup.of(path, models=("linear-svm", "constant"), target="y", **usual)
    assert wine.setup == Setup.of("wine", models=("constant",), confidence_level=0.9, seed=3, **usual)


def test_setups_in_memory_are_a_suite_too(tmp_path):
    """What one comparison left in the store is read by a suite with the same setup."""
    options = {"models": ("constant", "naive-bayes"), "folds": 3}
    alone = compare("iris", store=tmp_path, **options)
    setups = {"first": Setup.of("iris", **options), "gone": Setup.of("no-such-data", **options)}
    seen = []
    answer = benchmark(setups, store=tmp_path, on_dataset=lambda number, item, state: seen.append(state))
    assert seen == ["done", "new"]
    assert [(row.data, row.status, row.run) for row in answer.datasets] == [
        ("first", "ok", alone.run),
        ("gone", "failed", None),
    ]
    assert "no-such-data" in answer.datasets[1].reason
    assert (answer.exit_code, answer.suite, len(runs(store=tmp_path))) == (1, "suite", 1)
    assert answer.datasets[0].score_classical == alone.answer.leaderboard[0].score


def test_a_suite_that_was_killed_goes_on(suite, tmp_path):
    """Killed after its first dataset: the finished one is kept, and all ends as if nothing had been."""
    suite.write_text(SUITE.replace("iris", "{data: wine, folds: 2, name: first}"))
    store, code = tmp_path / "store", "import sys; from deepworth.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, "benchmark", str(suite), "--store", str(store), "-j", "0", "-q"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=dict(os.environ))
    deadline = time.monotonic() + 60
    while (
        time.monotonic() < deadline and sum(row.status in ("ok", "running") for row in runs(store=store)) < 2
    ):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {row.run: row.status for row in runs(store=store)}
    assert sorted(before.values()) in (["ok", "unfinished"], ["ok", "ok"]), "it was killed in the middle"
    result = invoke("benchmark", suite, "--store", store, "--json")
    assert result.exit_code == 0, result.output
    assert set(before) <= {row.run for row in runs(store=store)}, "runs go on under their names"
    assert len(runs(store=store)) == 3
    whole = invoke("benchmark", suite, "--store", tmp_path / "whole", "--json")
    own, other = (json.loads(r.stdout)["rankings"] for r in (result, whole))
    assert own == other
