"""Reports as files: by command and by function, in every format, and where they cannot be made."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from click.testing import CliRunner

import deepworth
from deepworth import InputError, cli
from deepworth.zoo.commands import compare as compare_command
from deepworth.zoo.report.markdown import escape, markdown
from deepworth.zoo.runs.store import load_run
from deepworth.zoo.workflows._command import command_of
from deepworth.zoo.workflows._sheet import sheet
from deepworth.zoo.workflows.verdict import verdict

from .conftest import CLASSES, SCRIPT

pytestmark = pytest.mark.xdist_group("reports")

CONFIGURATION = {
    "data": "/home/somebody/my data.csv",
    "load_options": {"target": "it's", "drop": ["a b", "c"], "test": "/tmp/later.csv", "offline": None},
    "models": ["deep-mlp", "catboost"],
    "preset": "standard",
    "folds": None,
    "repeats": 3,
    "seed": 7,
    "params": {"deep-mlp": {"epochs": 5, "activation": "relu", "hidden_units": [8, 8], "odd": "5"}},
    "holdout": 0.25,
    "calibrate": "auto",
    "costs": False,
    "budget": ["latency=5ms", "size=2MB"],
    "metric": "f1",
    "margin": 0.02,
    "confidence_level": 0.9,
}


def invoke(*arguments):
    return CliRunner().invoke(cli.main, [str(a) for a in arguments])


def test_html_by_default_beside_the_caller(runs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = invoke("report", runs.classes.run, "--store", runs.store)
    assert result.exit_code == 0, result.output
    file = tmp_path / f"{runs.classes.run}.html"
    assert file.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [p.name for p in tmp_path.iterdir()] == [file.name], "no draft is left"
    assert file.name in result.output


def test_function_and_command_make_the_same(runs, tmp_path):
    text = deepworth.report(runs.numbers.run, tmp_path / "a.html", store=runs.store)
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == text
    result = invoke("report", runs.numbers.run, "--store", runs.store, "-o", tmp_path / "b.html")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "b.html").read_text(encoding="utf-8") == text


def test_json_holds_all_that_the_page_shows(runs):
    result = invoke("report", runs.classes.run, "--store", runs.store, "--format", "json")
    found = json.loads(result.stdout)
    assert found == json.loads(json.dumps(runs.classes_sheet))
    assert found["result"]["leaderboard"][0]["model"] == runs.classes.rows()[0]["model"]
    assert str(runs.store.parent) not in result.stdout


def test_markdown_has_verdict_leaderboard_and_failures(runs):
    result = invoke("report", runs.classes.run, "--store", runs.store, "--format", "md")
    text = result.stdout
    assert escape(runs.classes.verdict.sentence) in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len({line.count(" | ") for line in rows if "classical" in line or "deep" in line}) <= 2
    assert "## What failed" in text
    assert "hist-gradient-boosting" in text


def _cells(text, title):
    """The rows of the table below a title, by their first cell."""
    lines = text.split(f"## {title}\n\n")[1].split("\n\n")[0].splitlines()[2:]
    return {line.split(" | ")[0].removeprefix("| "): line.split(" | ")[1:] for line in lines}


@pytest.mark.parametrize("name", ["classes", "numbers"])
def test_markdown_says_how_far_a_model_can_be_trusted_and_how_plain_it_is(runs, name):
    sheet = getattr(runs, f"{name}_sheet")
    text = markdown(sheet)
    what = "intervals" if name == "numbers" else "probabilities"
    trusted = _cells(text, f"How far {what} can be trusted")
    assert list(trusted) == [m["model"] for m in sheet["calibration"]["models"]]
    plain = _cells(text, "How much can be said in a few lines")
    for row in sheet["result"]["leaderboard"]:
        if row.get("fidelity_tree") is not None:
            assert plain[row["model"]][0] == f"{max(0.0, row['fidelity_tree']):.0%}"


def test_markdown_has_the_importances_of_explained_champions(runs):
    part = {"part": "a|b", "importance": 0.5, "low": 0.4, "high": 0.6}
    model = {"model": "linear-svm", "importance": {"confidence_level": 0.95, "parts": [part]}}
    explained = {**runs.classes_sheet["result"], "explanations": {"champions": {"models": [model]}}}
    text = markdown({**runs.classes_sheet, "result": explained})
    assert _cells(text, "What linear-svm leans on") == {r"a\|b": ["0.500", "0.400 to 0.600 |"]}


def test_markdown_escapes_names(runs):
    data = {**runs.classes_sheet["result"]["dataset"], "name": f"{SCRIPT}|`x`\n# y"}
    text = markdown({**runs.classes_sheet, "result": {**runs.classes_sheet["result"], "dataset": data}})
    first = text.splitlines()[0]
    assert first.startswith(r"# \<script\>alert(1)\</script\>\|\`x\` \# y")
    assert not re.search(r"(?<!\\)<script", text)
    prose = re.sub(r"(?ms)^(`{3,})\n.*?^\1$", "", text)  # the command's block is literal
    assert len(prose) < len(text)
    assert not re.search(r"(?<!\\)<img", prose)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing-like-it"], "no run 'nothing-like-it'"),
        (["last", "-o", "/nowhere/a.html"], "its folder does not exist"),
        (["last", "-o", "a.pdf"], "expected a name ending in .html"),
        (["last", "--join", "/nowhere/a.json"], "cannot be read"),
    ],
)
def test_bad_input_is_one_line(runs, arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = invoke("report", *arguments, "--store", runs.store)
    assert result.exit_code == 2
    assert words in result.output
    assert len(result.output.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_answers_about_other_data_are_refused(runs, tmp_path):
    file = tmp_path / "other.json"
    file.write_text(json.dumps({"crossover": {}, "dataset": {"fingerprint": "another"}}), encoding="utf-8")
    with pytest.raises(InputError, match="about other data"):
        sheet(runs.classes.run, store=runs.store, joined=[file])
    file.write_text("[1]", encoding="utf-8")
    with pytest.raises(InputError, match="expected an object"):
        sheet(runs.classes.run, store=runs.store, joined=[file])
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="no answer of learning-curve"):
        sheet(runs.classes.run, store=runs.store, joined=[file])


def test_a_run_whose_predictions_are_gone_still_has_a_page(runs, tmp_path):
    shutil.copytree(runs.classes.path, tmp_path / "run")
    (tmp_path / "run" / "predictions.parquet").unlink()
    text = deepworth.report(str(tmp_path / "run"), tmp_path / "a.html")
    assert runs.classes.verdict.sentence in text
    assert 'class="matrix"' not in text


def test_a_run_of_failures_has_a_page(tmp_path):
    broken = {"hist-gradient-boosting": {"learning_rate": -1.0}}
    result = deepworth.compare("iris", models=list(broken), params=broken, store=tmp_path / "runs", folds=2)
    assert result.exit_code == 1
    text = deepworth.report("last", store=tmp_path / "runs")
    assert "learning_rate" in text
    assert "Cannot tell" in text


def test_a_run_that_did_not_end_is_refused(runs, tmp_path):
    shutil.copytree(runs.classes.path, tmp_path / "run")
    with closing(sqlite3.connect(tmp_path / "run" / "run.sqlite")) as db, db:
        db.execute("UPDATE run SET result = NULL, status = 'running'")
    with pytest.raises(InputError, match="did not finish"):
        deepworth.report(str(tmp_path / "run"))


def test_an_existing_page_survives_a_full_disk(runs, tmp_path, monkeypatch):
    from pathlib import Path

    file = tmp_path / "a.html"
    file.write_text("old", encoding="utf-8")

    def full(self, *rest, **options):
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        deepworth.report(runs.held.run, file, store=runs.store)
    assert file.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.html"]


def test_compare_writes_the_page(tmp_path):
    arguments = ["compare", "iris", "-q", "-m", "constant,logistic-regression", "--folds", "2"]
    page, store = tmp_path / "iris.html", tmp_path / "runs"
    result = invoke(*arguments, "--report", page, "--store", store)
    assert result.exit_code == 0, result.output
    assert "iris" in page.read_text(encoding="utf-8")
    for more, words in ((["--no-store"], "remove --no-store"), (["--store", store], "its folder")):
        where = page if "--no-store" in more else "/nowhere/a.html"
        result = invoke(*arguments, "--report", where, *more)
        assert result.exit_code == 2
        assert words in result.output
    assert len(list(store.iterdir())) == 1, "refused before the work began"


def parsed(command):
    """What ``compare`` would be called with."""
    words = shlex.split(command)
    assert words[:2] == ["deepworth", "compare"]
    return compare_command.command.make_context("compare", words[2:]).params


def test_the_command_asks_for_the_same_run():
    found = parsed(command_of(CONFIGURATION, {"workers": 1, "threads": 2, "seconds": 60.0, "bytes": 10**9}))
    assert found["data"] == "my data.csv", "the folder is nobody's business"
    assert found["test"] == "later.csv"
    assert found["target"] == "it's"
    assert found["drop"] == ("a b", "c")
    assert found["model"] == ("deep-mlp", "catboost")
    assert found["params"] == CONFIGURATION["params"]
    assert found["threads"] == 2
    assert found["time_limit"] == "60.0"
    for name in ("preset", "repeats", "seed", "holdout", "calibrate", "metric", "margin", "confidence_level"):
        assert found[name] == CONFIGURATION[name], name
    assert found["folds"] is None
    assert found["costs"] is False
    assert found["budget"] == ("latency=5ms", "size=2MB")


def test_the_usual_command_is_short():
    usual = {"data": "sick-healthy", "load_options": {}, "preset": "quick", "seed": 0, "models": None}
    assert command_of({**usual, "confidence_level": 0.95, "params": None}) == "deepworth compare sick-healthy"
    assert command_of(None) is None


def test_data_in_memory_and_names_with_commas_are_calls():
    kept = {"data": None, "load_options": {"target": "y"}, "preset": "quick", "seed": 3}
    assert command_of(kept) == "deepworth.compare(data, target='y', seed=3)"
    kept = {"data": "/x/a.csv", "load_options": {"drop": ["a,b"]}, "preset": "quick", "seed": 0}
    assert command_of(kept) == "deepworth.compare('a.csv', drop=['a,b'])"


def test_the_command_of_a_run_makes_its_numbers_again(runs, tmp_path, monkeypatch):
    command = shlex.split(runs.classes_sheet["command"])
    monkeypatch.chdir(runs.file.parent)
    result = invoke(*command[1:], "-q", "--store", tmp_path, "--json")
    again = json.loads(result.stdout)
    scores = {row["model"]: row["score"] for row in again["leaderboard"]}
    assert scores == {row["model"]: row["score"] for row in runs.classes.rows()}
    assert again["dataset"]["fingerprint"] == runs.classes_sheet["result"]["dataset"]["fingerprint"]


def test_results_show_themselves_in_notebooks(runs):
    shown = [
        runs.classes._repr_html_(),
        load_run(runs.classes.run, runs.store)._repr_html_(),
        verdict(runs.classes.run, store=runs.store, metric="accuracy")._repr_html_(),
    ]
    for text in shown:
        assert text.lstrip().startswith('<div class="deepworth">')
        assert "<script" not in text
        assert "<img" not in text
        assert "naive-bayes" in text
    assert runs.classes.verdict.sentence in shown[0]
    assert shown[0] == shown[1]
    assert "accuracy" in shown[2]
    assert json.loads(json.dumps(load_run(runs.classes.run, runs.store)))["run"] == runs.classes.run


def test_report_never_imports_tensorflow(runs, tmp_path):
    code = (
        "import sys; sys.argv = ['deepworth', 'report', *sys.argv[1:]]\n"
        "from deepworth.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print(sorted({m.partition('.')[0] for m in sys.modules}))"
    )
    arguments = [runs.classes.run, "--store", str(runs.store), "-o", str(tmp_path / "a.html")]
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert result.returncode == 0, result.stderr
    assert "'jinja2'" in result.stdout
    assert not {"tensorflow", "keras"} & set(re.findall(r"'(\w+)'", result.stdout))


def test_class_names_survive_the_way_through_the_store(runs):
    assert runs.classes_sheet["confusion"]["classes"] == sorted(CLASSES)
