"""The command line as a user meets it."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import click
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from deepworth.cli import main
from deepworth.zoo import registry

FAST = ["-q", "-m", "constant,logistic-regression,naive-bayes", "--folds", "3"]

ROW_KEYS = {
    "model",
    "family",
    "status",
    "score",
    "score_low",
    "score_high",
    "metrics",
    "fit_seconds",
    "predict_seconds",
    "size_bytes",
    "parameters",
}
VERDICT_KEYS = {
    "outcome",
    "deep_champion",
    "classical_champion",
    "gain",
    "gain_low",
    "gain_high",
    "p_deep",
    "p_equivalent",
    "p_classical",
    "margin",
    "confidence_level",
    "missing",
}


def invoke(*arguments, stdin=None):
    runner = CliRunner()
    runner.mix_stderr = False  # click 8.1 mixes the streams unless told; later versions never do
    return runner.invoke(main, [str(a) for a in arguments], input=stdin)


def run(*arguments, code=0, stdin=None):
    result = invoke(*arguments, stdin=stdin)
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


@pytest.fixture(scope="module")
def sick_csv(tmp_path_factory):
    from deepworth import load_dataset

    data = load_dataset("sick-healthy", rows=300)
    path = tmp_path_factory.mktemp("data") / "patients.csv"
    data.X.assign(condition=data.y).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    "command",
    [[], *([name] for name in main.list_commands(click.Context(main)))],
    ids=lambda c: c[0] if c else "main",
)
def test_every_command_and_option_explains_itself(command):
    shown = run(*command, "--help").output
    assert shown.startswith("Usage: ")
    found = main.get_command(click.Context(main), command[0]) if command else main
    assert found.help
    assert all(p.help for p in found.params if p.param_type_name == "option")


def test_compare_json_has_the_promised_keys(sick_csv):
    result = run("compare", sick_csv, "-t", "condition", *FAST, "--json")
    answer = json.loads(result.stdout)
    assert {"run", "dataset", "metric", "leaderboard", "verdict", "findings"} <= set(answer)
    assert all(set(row) >= ROW_KEYS for row in answer["leaderboard"])
    assert set(answer["verdict"]) >= VERDICT_KEYS
    assert {row["model"] for row in answer["leaderboard"]} == {
        "constant",
        "logistic-regression",
        "naive-bayes",
    }
    assert answer["verdict"]["outcome"] == "undecided", "one family alone has nothing to win against"


def test_compare_shows_leaderboard_and_verdict(sick_csv):
    shown = run("compare", sick_csv, "-t", "condition", *FAST).stdout
    for words in (
        "patients: 300 rows",
        "logistic-regression",
        "ROC AUC",
        "Verdict: cannot tell",
        "To show it again: deepworth runs",
    ):
        assert words in shown


def test_same_seed_same_numbers(sick_csv):
    def scores(seed):
        shown = run(
            "compare", sick_csv, "-t", "condition", *FAST, "--no-store", "--json", "--seed", seed
        ).stdout
        return [(r["model"], r["score"], r["score_low"]) for r in json.loads(shown)["leaderboard"]]

    assert scores(3) == scores(3)
    assert scores(3) != scores(4)


def test_runs_lists_and_shows_again(sick_csv):
    first = json.loads(run("compare", sick_csv, "-t", "condition", *FAST, "--json").stdout)
    listed = json.loads(run("runs", "--json").stdout)
    assert [r["run"] for r in listed] == [first["run"]]
    assert json.loads(run("runs", "last", "--json").stdout) == first
    assert first["run"] in run("runs").stdout
    assert "Verdict" in run("runs", first["run"][:15]).stdout


@pytest.mark.parametrize("ending", [".json", ".csv"])
def test_output_file(sick_csv, tmp_path, ending):
    path = tmp_path / f"answer{ending}"
    run("compare", sick_csv, "-t", "condition", *FAST, "--no-store", "-o", path)
    rows = (
        json.loads(path.read_text())["leaderboard"]
        if ending == ".json"
        else pd.read_csv(path).to_dict("records")
    )
    assert {r["model"] for r in rows} == {"constant", "logistic-regression", "naive-bayes"}
    assert list(tmp_path.iterdir()) == [path]


def test_options_may_be_repeated_or_listed(sick_csv):
    base = ["compare", sick_csv, "-t", "condition", "-q", "--no-store", "--json", "--folds", "2"]
    one = run(*base, "-m", "constant,naive-bayes", "--drop", "sex,age_years").stdout
    two = run(*base, "-m", "constant", "-m", "naive-bayes", "--drop", "sex", "--drop", "age_years").stdout
    assert json.loads(one)["dataset"]["fingerprint"] == json.loads(two)["dataset"]["fingerprint"]
    assert json.loads(one)["dataset"]["columns"] == 4


def test_environment_sets_defaults(sick_csv, monkeypatch):
    monkeypatch.setenv("DEEPWORTH_COMPARE_FOLDS", "2")
    shown = run("compare", sick_csv, "-t", "condition", "-q", "-m", "constant", "--no-store", "--json").stdout
    assert json.loads(shown)["plan"]["folds"] == 2


def test_failed_model_is_a_row_and_exit_code_1(sick_csv, monkeypatch):
    entry = registry.entry("naive-bayes")

    def broken(task, modality, *, random_state=0):
        raise RuntimeError("out of luck")

    monkeypatch.setattr(entry.module, "build", broken)
    result = run("compare", sick_csv, "-t", "condition", *FAST, "--json", code=1)
    rows = {r["model"]: r for r in json.loads(result.stdout)["leaderboard"]}
    assert rows["naive-bayes"]["status"] == "failed"
    assert "out of luck" in rows["naive-bayes"]["reason"]
    assert rows["logistic-regression"]["status"] == "ok"
    assert "naive-bayes" in json.loads(result.stdout)["verdict"]["missing"]


@pytest.mark.parametrize("model", ["logistic-regression", "perceptron"])
def test_train_evaluate_predict(sick_csv, tmp_path, model):
    folder = tmp_path / "model"
    fast = ["--set", "perceptron.epochs=3"] if model == "perceptron" else []
    run("train", sick_csv, "-t", "condition", "-m", model, "-o", folder, *fast)
    assert {p.name for p in folder.iterdir()} >= {"manifest.json", "card.md"}
    run(
        "train", sick_csv, "-t", "condition", "-m", model, "-o", folder, *fast, code=2
    )  # never replaced unasked

    scores = json.loads(run("evaluate", folder, sick_csv, "--json").stdout)
    assert scores["rows"] == 300
    assert scores["seen_in_training"]
    wider = tmp_path / "wider.csv"
    pd.read_csv(sick_csv).assign(room="A").to_csv(wider, index=False)
    assert json.loads(run("evaluate", folder, wider, "--json").stdout)["seen_in_training"]
    assert scores["scores"]["accuracy"]["low"] <= scores["scores"]["accuracy"]["value"]

    one = run("predict", folder, "age_years=40", "sex=male", "height_cm=180", "weight_kg=80",
              "body_temperature_c=40.5", "heart_rate_bpm=110")  # fmt: skip
    header, row = one.stdout.splitlines()
    assert header == "prediction,confidence,probability_healthy,probability_sick"
    assert float(row.split(",")[1]) == pytest.approx(max(map(float, row.split(",")[2:])))

    table = pd.read_csv(sick_csv)
    out = tmp_path / "answers.parquet"
    run("predict", folder, sick_csv, "-o", out)
    answers = pd.read_parquet(out)
    assert len(answers) == len(table)
    np.testing.assert_allclose(answers.filter(like="probability_").sum(axis=1), 1, atol=1e-6)
    shuffled = table[table.columns[::-1]].assign(extra="ignored").to_csv(index=False)
    piped = run("predict", folder, "-", stdin=shuffled).stdout.splitlines()
    assert [line.split(",")[0] for line in piped[1:]] == answers["prediction"].tolist()


def test_the_printed_next_step_runs_in_a_shell(tmp_path):
    """Folders and columns whose names have spaces and brackets are quoted."""
    folder = tmp_path / "my model"
    shown = run("train", "iris", "-m", "naive-bayes", "-o", folder).stdout
    predict, evaluate = (
        shlex.split(line.removeprefix("Next:"))
        for line in shown.splitlines()
        if line.strip().removeprefix("Next:").strip().startswith("deepworth")
    )
    assert predict[:3] == ["deepworth", "predict", str(folder)]
    assert "sepal length (cm)=..." in predict
    row = [word.replace("...", "5.1") for word in predict[3:]]
    assert run(*predict[1:3], *row).stdout.startswith("prediction,")
    assert evaluate == ["deepworth", "evaluate", str(folder), "DATA"]


def test_predict_names_what_is_wrong(sick_csv, tmp_path):
    folder = tmp_path / "model"
    run("train", sick_csv, "-t", "condition", "-m", "naive-bayes", "-o", folder)
    table = pd.read_csv(sick_csv).astype(object)
    table.loc[4, "height_cm"] = "tall"
    said = run("predict", folder, "-", stdin=table.to_csv(index=False)).stderr
    assert "'height_cm': 1 of 300 cells could not be read as numbers, first row 5: 'tall'" in said
    without = table.drop(columns="sex").to_csv(index=False)
    assert "'sex'" in run("predict", folder, "-", stdin=without, code=2).stderr


def test_models_and_datasets_in_words_and_json():
    assert {m["model"] for m in json.loads(run("models", "--json").stdout)} == set(registry.entries())
    assert "hidden_units" in run("models", "deep-mlp").stdout
    assert json.loads(run("models", "rnn", "--json").stdout)["parameters"]["cell"] == "lstm"
    assert "triage-notes" in run("datasets").stdout
    described = json.loads(run("datasets", "iris", "--json").stdout)
    assert described["classes"] == {"setosa": 50, "versicolor": 50, "virginica": 50}
    assert len(described["preview"]) == 5
    shown = run("datasets", "sick-healthy").stdout
    assert "body_temperature_c" in shown
    assert "categorical" in shown


def test_an_unexpected_error_is_one_line_and_a_traceback_on_demand(monkeypatch):
    monkeypatch.setattr("deepworth.zoo.registry.describe_all", lambda: 1 / 0)
    result = invoke("models")
    assert result.exit_code == 1
    assert "--debug" in result.stderr
    assert "Traceback" not in result.stderr
    assert isinstance(invoke("--debug", "models").exception, ZeroDivisionError)


def test_default_comparison_in_a_process_of_its_own(own_home):
    """End to end with a network: stdout is JSON alone, TensorFlow's start-up log stays hidden."""
    command = [sys.executable, "-m", "deepworth.cli", "compare", "--json", "-j", "1", "--folds", "2",
               "--rows", "200", "-m", "constant,logistic-regression,shallow-mlp",
               "--set", "shallow-mlp.epochs=5"]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=own_home)
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout)
    assert answer["verdict"]["deep_champion"] == "shallow-mlp"
    assert answer["best_reachable"] is not None
    plan, *lines = result.stderr.splitlines()
    assert plan.startswith("3 models, 6 fits, about "), result.stderr
    assert all(line.startswith(("[", "  ")) for line in lines), result.stderr
    assert sum(": ROC AUC " in line for line in lines) == 3
