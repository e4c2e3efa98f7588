"""Every answer that a command prints with --json is valid by its schema in docs/schemas."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from deepworth import load_dataset
from deepworth.cli import main

pytestmark = pytest.mark.xdist_group("schemas")

ROOT = Path(__file__).resolve().parents[1]
FAST = "-m constant,logistic-regression,naive-bayes --folds 2 -j 0 -q"

# Of each schema the commands that print such an answer; what is in braces is made below.
CASES = [
    ("answer", f"compare iris {FAST} --no-costs --json"),
    ("answer", "compare diabetes --holdout 0.3 --repeats 2 -m linear-regression,constant -j 0 -q --json"),
    ("answer", "verdict {run} --metric accuracy --between naive-bayes logistic-regression --json"),
    ("answer", "verdict {run} --budget size=1GB,latency=1s --json"),
    ("predictions_verdict", "verdict --predictions {kept} --json"),
    ("answer", "runs {run} --json"),
    ("preview", "compare iris --dry-run --json"),
    ("report", "report {run} --format json"),
    ("run_verification", "verify {run} -q --json"),
    ("runs", "runs --json"),
    ("calibration", "calibration {run} --json"),
    ("learning_curve", "learning-curve iris -m constant,naive-bayes --sizes 4 --repeats 2 -q --json"),
    ("capacity", "capacity iris --units 4,8 --folds 2 --set plain-mlp.epochs=1 -q --json"),
    ("sweep_preview", "learning-curve iris -m naive-bayes --dry-run --json"),
    ("sweep_preview", "capacity iris --dry-run --json"),
    ("suite", "benchmark {suite} --store {out}/suite -j 0 -q --json"),
    ("suite_preview", "benchmark {suite} --store {out}/other -j 0 --dry-run --json"),
    ("models", "models --json"),
    ("weights", "weights --json"),
    ("model", "models deep-mlp --json"),
    ("trained", "train iris -m naive-bayes --confidence-level 0.9 -o {out}/trained -q --json"),
    ("predictions", "predict {model} {rows} -q --json"),
    ("inspection", "inspect {model} --json"),
    ("evaluation", "evaluate {model} iris --json"),
    ("cost", "cost {model} --json"),
    ("explanation", "explain {model} -q --json"),
    ("run_explanation", "explain {run} -q --json"),
    ("export", "export {model} --format skops -o {out}/exported -q --json"),
    ("verification", "verify {model} -q --json"),
    ("datasets", "datasets --json"),
    ("dataset", "datasets {rows} --json"),
    ("dataset", "datasets diabetes --json"),
    ("check", "check wine -q --json"),
    ("codes", "check --list --json"),
]
# Commands with a --json option whose answers have no schema yet; this list only shrinks.
WITHOUT_SCHEMA: set[str] = set()


def load_script():
    spec = importlib.util.spec_from_file_location("schemas", ROOT / "benchmarks" / "schemas.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


schemas = load_script()


def schema(name):
    return json.loads((ROOT / "docs" / "schemas" / f"{name}.json").read_text(encoding="utf-8"))


def invoke(command):
    """What a command prints; commands whose exit code is an answer too may end with 1."""
    result = CliRunner().invoke(main, command.split())
    assert result.exit_code in (0, 1), (command, result.output, result.exception)
    assert result.stdout, (command, result.output)
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run with costs, a saved model, and a suite, in a home of their own."""
    folder = tmp_path_factory.mktemp("schemas")
    (folder / "suite.yaml").write_text(
        "name: tiny\ndefaults: {model: [constant, naive-bayes], folds: 2, costs: false}\n"
        "datasets: [iris, wine]\n",
        encoding="utf-8",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPWORTH_HOME", str(folder / "home"))
        run = invoke(f"compare iris {FAST} --json")["run"]
        invoke(f"train iris -m logistic-regression -o {folder}/model -q --json")
    load_dataset("iris").X.to_csv(folder / "rows.csv", index=False)
    files = {"model": folder / "model", "suite": folder / "suite.yaml", "rows": folder / "rows.csv"}
    kept = folder / "home" / "runs" / run / "predictions.parquet"
    return {"run": run, "home": folder / "home", "kept": kept, **files}


@pytest.mark.parametrize(("name", "command"), CASES, ids=[command.partition(" -")[0] for _, command in CASES])
def test_answers_are_valid(made, tmp_path, monkeypatch, name, command):
    monkeypatch.setenv("DEEPWORTH_HOME", str(made["home"]))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    answer = invoke(command.format(**made, out=tmp_path))
    Draft202012Validator(schema(name)).validate(answer)


def test_schemas_are_those_of_the_types():
    assert schemas.stale() == [], "run python benchmarks/schemas.py"
    for name in schemas.SCHEMAS:
        Draft202012Validator.check_schema(schema(name))


def test_schemas_refuse_what_is_no_such_answer(made, monkeypatch):
    monkeypatch.setenv("DEEPWORTH_HOME", str(made["home"]))
    answer = invoke(f"runs {made['run']} --json")
    validator = Draft202012Validator(schema("answer"))
    assert validator.is_valid(answer)
    for wrong in ({"run": 3}, {"leaderboard": [{"model": "a"}]}, {"verdict": None}):
        assert not validator.is_valid(answer | wrong), wrong
    del answer["verdict"]
    assert not validator.is_valid(answer)


def test_every_command_with_json_has_a_schema():
    context = main.make_context("deepworth", ["--help"], resilient_parsing=True)
    commands = {name: main.get_command(context, name) for name in main.list_commands(context)}
    with_json = {
        name for name, command in commands.items() if any("--json" in param.opts for param in command.params)
    }
    shown = {command.split()[0] for _, command in CASES}
    assert with_json - shown == WITHOUT_SCHEMA
    assert {name for name, _ in CASES} == set(schemas.SCHEMAS)
