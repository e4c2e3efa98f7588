"""What the terminal shows, from plain results."""

from __future__ import annotations

import copy
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from deepworth.zoo.report.terminal import comparison, terminal_svg

RESULTS = sorted((Path(__file__).resolve().parents[3] / "benchmarks" / "results").glob("*-*.json"))


def shown(answer, width):
    out = Console(width=width, file=io.StringIO(), highlight=False)
    for part in comparison(answer, width):
        out.print(part)
    return out.file.getvalue()


@pytest.fixture
def answer():
    path = next(p for p in RESULTS if p.name == "tradeoff-sick-healthy.json")
    return json.loads(path.read_text(encoding="utf-8"))


def spoil(answer, model, status, reason):
    row = next(r for r in answer["leaderboard"] if r["model"] == model)
    row.update(status=status, reason=reason, score=None, score_low=None, score_high=None)


@pytest.mark.parametrize("path", RESULTS, ids=lambda p: p.stem)
@pytest.mark.parametrize("width", [80, 110, 160])
def test_kept_results_fit_the_terminal(path, width):
    text = shown(json.loads(path.read_text(encoding="utf-8")), width)
    assert max(map(len, text.splitlines())) <= width
    assert "Verdict: " in text
    assert "\u25cf" in text, "scores are drawn on a common scale"
    board = text.split("Verdict: ")[0]
    assert "\u2026" not in board, "no cell is cut; a column that has no room is left out"
    assert ("\u25c6 no other model" in board) == (board.count("\u25c6") > 0), "a sign has its words"


@pytest.mark.parametrize("width", [80, 110])
def test_models_that_are_not_installed_leave_the_table_alone(answer, width):
    whole = shown(answer, width)
    lacking = copy.deepcopy(answer)
    for name in ("catboost", "lightgbm", "xgboost"):
        spoil(lacking, name, "skipped", f"needs {name}: pip install 'deepworth[boosting]'")
    text = shown(lacking, width)
    line = next(x for x in whole.splitlines() if "random-forest" in x)
    assert line in text.splitlines(), "the other rows are shown as before"
    assert "catboost, lightgbm, xgboost" in text
    assert text.count("deepworth[boosting]") == 1


def test_failed_model_is_told_with_its_reason(answer):
    spoil(answer, "rbf-svm", "failed", "MemoryError: too large")
    text = shown(answer, 110)
    assert "rbf-svm failed: MemoryError: too large" in text


def test_an_interrupted_run_says_how_to_go_on(answer):
    said = "Interrupted; go on with: deepworth compare --resume run-7"
    answer["run"] = "run-7"
    assert said not in shown(answer, 100)
    in_costs = copy.deepcopy(answer)
    in_costs["leaderboard"][0]["costs"] = {"status": "interrupted", "reason": "the run was interrupted"}
    assert said in shown(in_costs, 100)
    spoil(answer, "rbf-svm", "interrupted", "the run was interrupted")
    assert said in shown(answer, 100)


def test_svg_holds_the_verdict_and_fetches_no_script(answer):
    svg = terminal_svg(answer)
    assert svg.startswith("<svg")
    assert "Verdict:" in svg.replace("&#160;", " ")
    assert "<script" not in svg
