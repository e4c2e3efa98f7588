"""A metric is one file: dropped into a copy of the package it is tested, and works in every command."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CONTRACT = Path(__file__).with_name("test_contract.py")
MODELS = ["-m", "logistic-regression,naive-bayes"]
QUICK = [*MODELS, "--folds", "2", "--no-costs", "--jobs", "0", "-q"]

pytestmark = pytest.mark.xdist_group("one metric file")


def code_of_the_page():
    """The file that docs/adding.md shows."""
    section = (ROOT / "docs" / "adding.md").read_text(encoding="utf-8").split("\n## A metric\n")[1]
    return re.search(r"`zoo/metrics/cohen_kappa\.py`.*?```python\n(.*?)```", section, flags=re.DOTALL)[1]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A folder with a copy of the package, the new metric in it, and rows to learn from."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("zoo", "datasets"):
        shutil.copytree(
            ROOT / name, folder / "deepworth" / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("__init__.py", "__init__.pyi", "cli.py"):
        shutil.copy(ROOT / name, folder / "deepworth")
    file = folder / "deepworth" / "zoo" / "metrics" / "cohen_kappa.py"
    file.write_text(code_of_the_page(), encoding="utf-8")
    return folder


def python(folder, *arguments):
    """What it prints; files and runs stay in the folder."""
    own = {name: str(folder / name.lower()) for name in ("DEEPWORTH_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    result = subprocess.run(
        [sys.executable, "-B", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, **own, "PYTHONPATH": str(folder)},
    )
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    return result.stdout


def answer(folder, *arguments):
    return json.loads(python(folder, "-m", "deepworth.cli", *arguments, "--json"))


@pytest.fixture(scope="module")
def compared(copy):
    """The answer of a kept run that was judged by the default metric."""
    return answer(copy, "compare", "wine", *QUICK)


def test_it_passes_the_contract_of_metrics(copy):
    options = ["-q", "-p", "no:cacheprovider", "-rA", "-k", "cohen_kappa"]
    shown = python(copy, "-m", "pytest", *options, str(CONTRACT))
    for test in ("file_has_a_card_and_known_facts", "a_weight_counts_rows", "influence_equals_the_jackknife"):
        assert f"test_{test}[cohen_kappa" in shown
    passed, failed = (
        len(re.findall(rf"^{word} ", shown, flags=re.MULTILINE)) for word in ("PASSED", "FAILED")
    )
    assert passed >= 30
    assert failed == 0


def test_it_is_the_metric_of_a_comparison(copy):
    found = answer(copy, "compare", "wine", *QUICK, "--no-store", "--metric", "cohen-kappa")
    assert found["metric"]["name"] == "cohen_kappa"
    assert found["metric"]["label"] == "cohen kappa"
    assert found["metric"]["second"] == "log_loss"
    assert found["verdict"]["margin"] == 0.02
    for row in found["leaderboard"]:
        assert 0.5 < row["score"] < 1
        assert row["score"] == row["metrics"]["cohen_kappa"]
        assert -1 <= row["score_low"] < row["score"] < row["score_high"] <= 1


def test_it_stands_in_every_leaderboard_after_the_others(compared):
    assert all(list(row["metrics"])[-1] == "cohen_kappa" for row in compared["leaderboard"])


def test_a_kept_run_is_judged_by_it(copy, compared):
    asked = ["--metric", "cohen_kappa", "--between", "naive-bayes", "logistic-regression"]
    found = answer(copy, "verdict", "last", *asked)
    kept = {row["model"]: row["metrics"]["cohen_kappa"] for row in compared["leaderboard"]}
    assert {row["model"]: row["score"] for row in found["leaderboard"]} == pytest.approx(kept)
    gain = found["between"]["posterior"]["mean"]
    assert gain == pytest.approx(kept["naive-bayes"] - kept["logistic-regression"])


def test_it_stands_in_the_reports_of_a_run(copy, compared):
    sheet = json.loads(python(copy, "-m", "deepworth.cli", "report", "last", "--format", "json", "-o", "-"))
    kept = [row["metrics"]["cohen_kappa"] for row in compared["leaderboard"]]
    assert [row["metrics"]["cohen_kappa"] for row in sheet["result"]["leaderboard"]] == pytest.approx(kept)
    assert len([job for job in sheet["jobs"] if "cohen_kappa" in job["metrics"]]) == 4
    page = python(copy, "-m", "deepworth.cli", "report", "last", "--format", "html", "-o", "-")
    assert "cohen kappa" in page


def test_a_saved_model_is_scored_by_it(copy):
    python(copy, "-m", "deepworth.cli", "train", "wine", "-m", "naive-bayes", "-o", "model")
    score = answer(copy, "evaluate", "model", "wine")["scores"]["cohen_kappa"]
    assert 0.9 < score["value"] <= 1
    assert 0.8 < score["low"] <= score["value"] <= score["high"] <= 1


def test_a_learning_curve_is_drawn_of_it(copy):
    options = ["--sizes", "4", "--repeats", "2", "-q", "--metric", "cohen_kappa", "-m", "naive-bayes"]
    found = answer(copy, "learning-curve", "wine", *options)
    assert found["metric"]["name"] == "cohen_kappa"
    assert found["metric"]["bounds"] == [-1.0, 1.0]
