"""learning-curve and capacity on the command line."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from click.testing import CliRunner

from deepworth.cli import main
from deepworth.zoo import registry

CLASSICAL = ["-m", "constant,naive-bayes", "--sizes", "4", "--repeats", "2", "-q"]


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def invoke(*arguments, code=0):
    runner = CliRunner()
    runner.mix_stderr = False
    result = runner.invoke(main, [str(a) for a in arguments])
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


class Shares:
    """A learner that says the training shares."""

    def __init__(self, hidden_units=(), random_state=0):
        self.hidden_units, self.random_state = hidden_units, random_state

    def set_params(self, **_):
        return self

    def get_params(self):
        return {"random_state": self.random_state}

    def fit(self, X, y):
        self.classes_, counts = np.unique(y, return_counts=True)
        self.shares = counts / counts.sum()
        return self

    def predict_proba(self, X):
        return np.tile(self.shares, (len(X), 1))


@pytest.fixture
def stand_in(monkeypatch):
    real = registry.create

    def install(learner=Shares):
        def create(name, task, modality, *, hidden_units=(), random_state=0, **params):
            if registry.family(name) == "deep":
                return learner(hidden_units, random_state)
            return real(name, task, modality, random_state=random_state, **params)

        monkeypatch.setattr(registry, "create", create)

    install()
    return install


def test_a_learning_curve_from_start_to_picture(tmp_path):
    picture, scores = tmp_path / "curve.png", tmp_path / "scores.csv"
    result = invoke("learning-curve", "sick-healthy", *CLASSICAL, "--plot", picture, "-o", scores)
    assert "With more data" in result.output
    assert picture.read_bytes()[:4] == b"\x89PNG"
    with scores.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 4
    assert {"model", "size", "score", "fit_seconds"} <= set(rows[0])


def test_json_is_one_object_and_the_same_as_the_file(tmp_path):
    path = tmp_path / "answer.json"
    result = invoke("learning-curve", "iris", *CLASSICAL, "--json", "-o", path)
    answer = json.loads(result.stdout)
    assert answer == json.loads(path.read_text(encoding="utf-8"))
    assert answer["crossover"]["outcome"] == "undecided"
    assert answer["plan"]["repeats"] == 2


def test_progress_goes_to_standard_error(stand_in):
    result = invoke("learning-curve", "iris", *CLASSICAL[:-1], "--json")
    assert json.loads(result.stdout)
    assert "[0/16] constant, 32 rows" in result.stderr


def test_a_failed_fit_ends_with_code_1_and_its_reason(stand_in):
    class Broken(Shares):
        def fit(self, X, y):
            raise ValueError("cannot")

    stand_in(Broken)
    arguments = ["-m", "constant,deep-mlp", "--sizes", "4", "--repeats", "2", "-q"]
    result = invoke("learning-curve", "iris", *arguments, code=1)
    assert "deep-mlp on 32 rows failed: ValueError: cannot" in result.output


def test_ctrl_c_shows_what_is_finished(stand_in, tmp_path):
    class Impatient(Shares):
        def fit(self, X, y):
            raise KeyboardInterrupt

    stand_in(Impatient)
    path = tmp_path / "answer.json"
    arguments = ["-m", "constant,deep-mlp", "--sizes", "4", "--repeats", "2", "-q", "-o", path]
    result = invoke("learning-curve", "iris", *arguments, code=130)
    assert "Interrupted: only finished fits are shown." in result.output
    assert {f["status"] for f in json.loads(path.read_text())["fits"]} == {"ok", "interrupted"}


def test_capacity_from_start_to_picture(stand_in, tmp_path):
    picture = tmp_path / "grid.svg"
    arguments = ["--layers", "0,1", "--layers", "2", "--units", "4,8", "--folds", "3", "-q"]
    result = invoke("capacity", "iris", *arguments, "--plot", picture)
    assert "How deep, how wide" in result.output
    assert "<svg" in picture.read_text(encoding="utf-8")
    answer = json.loads(invoke("capacity", "iris", *arguments, "--json").stdout)
    assert [n["layers"] for n in answer["networks"]] == [0, 1, 1, 2, 2]
    # networks that say the same whatever their shape: no more of anything is needed
    assert {a["outcome"] for a in answer["answers"]} == {"yes"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["learning-curve", "nowhere.csv"], "nowhere.csv"),
        (["learning-curve", "iris", "--sizes", "2"], "--sizes"),
        (["learning-curve", "iris", "--smallest", "100"], "training rows, there are 120"),
        (["learning-curve", "iris", "-m", "cnn"], "not for multiclass on tabular"),
        (["learning-curve", "iris", "--plot", "a.gif"], ".png or .svg"),
        (["learning-curve", "iris", "-o", "a.parquet"], ".json or .csv"),
        (["learning-curve", "iris", "--confidence-level", "2"], "confidence level"),
        (["learning-curve", "iris", "--metric", "rmse"], "rmse does not apply"),
        (["capacity", "iris", "--layers", "one"], "whole numbers such as 1,2,3"),
        (["capacity", "iris", "-m", "shallow-mlp"], "no list of hidden layers"),
        (["capacity", "triage-notes"], "for tables, this is text data"),
    ],
)
def test_bad_input_ends_in_one_line(arguments, words):
    result = invoke(*arguments, "-q", code=2)
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("words", "fits", "cells"),
    [
        (["learning-curve", "iris", "-m", "logistic-regression,perceptron", "--sizes", "4"], 40, 8),
        (["capacity", "iris", "--layers", "0,1", "--units", "4,8", "--folds", "2"], 6, 3),
    ],
)
def test_a_dry_run_says_what_would_be_fitted_and_how_long_it_takes(words, fits, cells):
    done = CliRunner().invoke(main, [*words, "--dry-run", "--json"])
    assert done.exit_code == 0, done.output
    preview = json.loads(done.stdout)
    assert (sum(cell["fits"] for cell in preview["cells"]), len(preview["cells"])) == (fits, cells)
    assert preview["estimate"]["low"] < preview["estimate"]["seconds"] < preview["estimate"]["high"]
    each = sum(cell["estimated_seconds"] for cell in preview["cells"])
    assert preview["estimate"]["seconds"] == pytest.approx(each + preview["estimate"]["start_seconds"])
    shown = CliRunner().invoke(main, [*words, "--dry-run"])
    assert f"{fits} fits, about" in shown.stdout
    assert "Nothing was run." in shown.stdout


def test_more_rows_are_expected_to_take_longer():
    words = ["learning-curve", "sick-healthy", "-m", "hist-gradient-boosting,deep-mlp", "--dry-run", "--json"]
    cells = json.loads(CliRunner().invoke(main, words).stdout)["cells"]
    for model in ("hist-gradient-boosting", "deep-mlp"):
        seconds = [cell["estimated_seconds"] for cell in cells if cell["model"] == model]
        assert seconds == sorted(seconds)
