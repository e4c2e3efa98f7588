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
from dataclasses import replace

import pytest
from click.testing import CliRunner

import deepworth
from deepworth import InputError, cli
from deepworth.zoo.commands import compare as compare_command
from deepworth.zoo.report.documents import escape, markdown
from deepworth.zoo.results.curves import CapacityAnswer, CapacityPlanFacts, SweepMetric
from deepworth.zoo.results.explanation import Explanations
from deepworth.zoo.results.report import ReportSheet
from deepworth.zoo.setup import Setup, option_names
from deepworth.zoo.workflows.report import command_of, report_sheet
from deepworth.zoo.workflows.verdict import verdict

from .conftest import CLASSES, SCRIPT, frame, run_explanation

pytestmark = pytest.mark.xdist_group("reports")

OPTIONS = {
    "target": "it's",
    "drop": ("a b", "c"),
    "categorical": ("d",),
    "numeric": ("e", "f"),
    "dayfirst": True,
    "decimal": ",",
    "thousands": ".",
    "missing": ("-", "x"),
    "task": "binary",
    "test": "/tmp/later.csv",
    "group_duplicates": True,
    "positive": "yes",
    "rows": 500,
    "models": ("deep-mlp", "catboost"),
    "params": {"deep-mlp": {"epochs": 5, "activation": "relu", "hidden_units": [8, 8], "odd": "5"}},
    "preset": "standard",
    "folds": 4,
    "repeats": 3,
    "holdout": 0.25,
    "train_rows": 400,
    "total_time": "10m",
    "without": ("tabm",),
    "pretrained": False,
    "weights": "/weights",
    "tune": "10m",
    "calibrate": "auto",
    "costs": False,
    "metric": "f1",
    "margin": 0.02,
    "confidence_level": 0.9,
    "budget": ("latency=5ms", "size=2MB"),
    "inference": "corrected-t",
    "threads": 2,
    "time_limit": "60s",
    "memory_limit": "1GB",
    "deterministic": True,
    "seed": 7,
}
HERE = {"jobs": 2, "cluster": "tcp://scheduler:8786"}  # of this machine, and nobody else's business
OTHERS = {
    "text": "t",
    "split_column": "part",
    "groups": "g",
    "time": "when",
    "offline": True,
    "dayfirst": False,
    "keep_na": True,
    "strict": True,
    "missing": (),
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
    assert ReportSheet.from_dict(found) == runs.classes_sheet
    assert ReportSheet.from_dict(found).to_dict() == found
    assert found["result"]["leaderboard"][0]["model"] == runs.classes.answer.leaderboard[0].model
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
def test_markdown_has_calibration_and_surrogates(runs, name):
    sheet = getattr(runs, f"{name}_sheet")
    text = markdown(sheet)
    what = "intervals" if name == "numbers" else "probabilities"
    calibrated = _cells(text, f"Calibration of {what}")
    assert list(calibrated) == [model.model for model in sheet.calibration.models]
    imitated = _cells(text, "Surrogate models that imitate each model")
    for row in sheet.result.leaderboard:
        if row.fidelity_tree is not None:
            assert imitated[row.model][0] == f"{max(0.0, row.fidelity_tree):.0%}"


def test_markdown_has_the_importances_of_explained_champions(runs):
    answer = runs.classes_sheet.result
    champions = run_explanation(answer, ["linear-svm", "naive-bayes"], part="a|b")
    answer = replace(answer, explanations=Explanations(champions=champions))
    text = markdown(replace(runs.classes_sheet, result=answer))
    assert _cells(text, "Feature importance of linear-svm") == {r"a\|b": ["0.400", "0.300 to 0.500 |"]}


def test_markdown_escapes_names(runs):
    answer = runs.classes_sheet.result
    data = replace(answer.dataset, name=f"{SCRIPT}|`x`\n# y")
    text = markdown(replace(runs.classes_sheet, result=replace(answer, dataset=data)))
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
    grid = json.dumps(grid_of_networks(runs.numbers.answer).to_dict())
    cases = {
        grid: "about other data",
        "[1]": "expected an object",
        "{}": "not a result of learning-curve",
        '{"crossover": {}}': "cannot be read: .*missing required field",
    }
    for text, words in cases.items():
        file.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=words):
            report_sheet(runs.classes.run, store=runs.store, join=[file])


def grid_of_networks(answer):
    """A grid without networks on the data of an answer."""
    metric = SweepMetric("rmse", "RMSE", False)
    plan = CapacityPlanFacts("plain-mlp", (0, 1), (4, 8), 3, 1, 0, 0.5, 0, {}, 1)
    return CapacityAnswer(answer.dataset, metric, plan, (), (), "?", 0.1, 0.95, (), 0, {}, 1.0, 0)


def test_an_answer_about_the_same_data_is_joined(runs, tmp_path):
    file, grid = tmp_path / "grid.json", grid_of_networks(runs.numbers.answer)
    file.write_text(json.dumps(grid.to_dict()), encoding="utf-8")
    sheet = report_sheet(runs.numbers.run, store=runs.store, join=[file])
    assert sheet.capacity == grid
    assert sheet.learning_curve is None


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
    assert "so the families cannot be compared" in text


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
    """The setup that ``compare`` would be called with."""
    words = shlex.split(command)
    assert words[:2] == ["deepworth", "compare"]
    params = compare_command.command.make_context("compare", words[2:]).params
    options = {name: params[name] for name in option_names() if name in params}
    return Setup.of(params["data"], **options, models=params["model"] or None)


def test_every_option_is_in_one_of_the_tests_below():
    assert {*OPTIONS, *HERE, *OTHERS} == set(option_names())


@pytest.mark.parametrize("options", [OPTIONS, OTHERS, {}], ids=["many", "others", "none"])
def test_the_command_asks_for_the_same_run(options, tmp_path):
    file = tmp_path / "my data.csv"
    file.write_text("a\n1\n", encoding="utf-8")
    setup = Setup.of(file, **options, **HERE)
    again = parsed(command_of(setup))
    assert again.data == "my data.csv", "the folder is nobody's business"
    expected = {**setup.options(), **dict.fromkeys(HERE)}
    if "test" in expected:
        expected["test"] = "later.csv"
    assert {name: value for name, value in again.options().items() if name in expected} == expected


def test_the_usual_command_is_short():
    assert command_of(Setup.of("sick-healthy")) == "deepworth compare sick-healthy"
    kept = Setup.from_json(Setup.of("wine", seed=3).to_json())
    assert command_of(kept) == "deepworth compare wine --seed 3"


def test_a_file_that_looks_like_an_option_is_still_a_file(tmp_path):
    (tmp_path / "-x.csv").write_text("a\n1\n", encoding="utf-8")
    assert parsed(command_of(Setup.of(tmp_path / "-x.csv"))).data == "./-x.csv"


def test_data_in_memory_and_names_with_commas_are_calls(tmp_path):
    assert command_of(Setup.of(frame(), target="y", seed=3)) == "deepworth.compare(data, target='y', seed=3)"
    (tmp_path / "a.csv").write_text("a\n1\n", encoding="utf-8")
    for name in ("a,b", " a"):
        command = command_of(Setup.of(tmp_path / "a.csv", drop=[name]))
        assert command == f"deepworth.compare('a.csv', drop=({name!r},))"


def test_the_command_of_a_run_makes_its_numbers_again(runs, tmp_path, monkeypatch):
    command = shlex.split(runs.classes_sheet.command)
    monkeypatch.chdir(runs.file.parent)
    result = invoke(*command[1:], "-q", "--store", tmp_path, "--json")
    again = json.loads(result.stdout)
    scores = {row["model"]: row["score"] for row in again["leaderboard"]}
    assert scores == {row.model: row.score for row in runs.classes.answer.leaderboard}
    assert again["dataset"]["fingerprint"] == runs.classes_sheet.result.dataset.fingerprint


def test_results_show_themselves_in_notebooks(runs):
    shown = [
        runs.classes._repr_html_(),
        deepworth.runs(runs.classes.run, store=runs.store)._repr_html_(),
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
    assert list(runs.classes_sheet.confusion.classes) == sorted(CLASSES)
