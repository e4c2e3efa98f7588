"""What the terminal shows, from typed answers."""

from __future__ import annotations

import csv
import io
import json
import shlex
from dataclasses import replace

import pytest
from rich.console import Console

from deepworth.zoo.report import terminal
from deepworth.zoo.report.terminal import comparison, terminal_svg
from deepworth.zoo.results.answer import Answer, Paired, Posterior
from deepworth.zoo.results.rows import CostSheet

pytestmark = pytest.mark.xdist_group("reports")


def shown(answer, width):
    out = Console(width=width, file=io.StringIO(), highlight=False)
    for part in comparison(answer, width):
        out.print(part)
    return out.file.getvalue()


@pytest.fixture
def answer(runs):
    return runs.known.answer


def spoilt(answer, model, status, reason):
    """The answer with a model that has no score."""
    none = {"score": None, "score_low": None, "score_high": None}
    rows = [
        replace(row, status=status, reason=reason, **none) if row.model == model else row
        for row in answer.leaderboard
    ]
    return replace(answer, leaderboard=tuple(rows))


@pytest.mark.parametrize("name", ["classes", "numbers", "held", "known"])
@pytest.mark.parametrize("width", [80, 110, 160])
def test_answers_fit_the_terminal(runs, name, width):
    text = shown(getattr(runs, name).answer, width)
    assert max(map(len, text.splitlines())) <= width
    assert "Verdict: " in text
    assert "\u25cf" in text, "scores are drawn on a common scale"
    board = text.split("Verdict: ")[0]
    assert "\u2026" not in board, "no cell is cut; a column that has no room is left out"
    assert ("\u25c6 on the Pareto front" in board) == (board.count("\u25c6") > 0), "a sign has its words"


def test_the_score_of_true_probabilities_is_shown_where_it_is_known(runs, answer):
    assert f"{answer.best_reachable:.3f}" in shown(answer, 110).split("best reachable")[1]
    assert "best reachable" not in shown(runs.classes.answer, 110)


def test_the_imitation_by_surrogates_is_explained(answer):
    """As many leaves and terms as the run says, in the words of the field."""
    text = shown(answer, 160)
    assert "fidelity: R² of an 8-leaf tree or an 8-term linear model that imitates it" in text
    row = next(row for row in answer.leaderboard if row.fidelity is not None)
    assert f"{max(0.0, row.fidelity):.0%}" in next(x for x in text.splitlines() if row.model in x)


@pytest.mark.parametrize("width", [80, 110])
def test_models_that_are_not_installed_leave_the_table_alone(answer, width):
    names = ("catboost", "lightgbm", "xgboost")
    rows = tuple(replace(answer.leaderboard[0], model=name) for name in names)
    lacking = replace(answer, leaderboard=(*answer.leaderboard, *rows))
    for name in names:
        lacking = spoilt(lacking, name, "skipped", f"needs {name}: pip install 'deepworth[boosting]'")
    text = shown(lacking, width)
    line = next(x for x in shown(answer, width).splitlines() if "logistic-regression" in x)
    assert line in text.splitlines(), "the other rows are shown as before"
    assert "catboost, lightgbm, xgboost" in text
    assert text.count("deepworth[boosting]") == 1


def test_a_failed_model_is_shown_with_its_reason(answer):
    text = shown(spoilt(answer, "naive-bayes", "failed", "MemoryError: too large"), 110)
    assert "naive-bayes failed: MemoryError: too large" in text


def test_an_interrupted_run_says_how_to_resume_it(answer):
    answer = replace(answer, run="run-7")
    command = "deepworth compare --resume run-7"
    assert command not in shown(answer, 100)
    interrupted = CostSheet(status="interrupted", reason="the run was interrupted")
    rows = (replace(answer.leaderboard[0], costs=interrupted), *answer.leaderboard[1:])
    assert command in shown(replace(answer, leaderboard=rows), 100)
    stopped = spoilt(answer, "naive-bayes", "interrupted", "the run was interrupted")
    assert command in shown(stopped, 100)
    line = next(x for x in shown(replace(stopped, run="a b"), 100).splitlines() if "--resume" in x)
    assert shlex.split(line.partition(": ")[2]) == ["deepworth", "compare", "--resume", "a b"]


def test_two_models_that_were_compared_with_each_other(answer):
    pair = Paired("a", "b", "DeLong", Posterior(0.25, 0.125, 0.375, 0.01, 0.04, 0.95), 0.1, None, 0.003)
    text = " ".join(shown(replace(answer, between=pair), 160).split())
    assert "Gain of a over b: 0.25 ROC AUC (95% interval 0.125 to 0.375)" in text
    assert "better 95%, equivalent 4%, worse 1%; DeLong test, p = 0.003." in text


def test_svg_holds_the_verdict_and_fetches_no_script(answer):
    svg = terminal_svg(answer)
    assert svg.startswith("<svg")
    assert "Verdict:" in svg.replace("&#160;", " ")
    assert "<script" not in svg


def test_json_is_the_answer_and_csv_its_leaderboard(runs, tmp_path, capsys):
    answer = runs.held.answer
    terminal.show(answer, as_json=True)
    terminal.write(answer, str(tmp_path / "a.json"))
    printed = capsys.readouterr().out
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == printed
    assert Answer.from_dict(json.loads(printed)) == answer
    terminal.write(answer, str(tmp_path / "a.csv"))
    rows = list(csv.DictReader((tmp_path / "a.csv").open(newline="", encoding="utf-8")))
    assert [row["model"] for row in rows] == [row.model for row in answer.leaderboard]
    for row, one in zip(rows, answer.leaderboard, strict=True):
        low, high = one.intervals["log_loss"]
        assert [float(row[f"log_loss{end}"]) for end in ("", "_low", "_high")] == pytest.approx(
            [one.metrics["log_loss"], low, high]
        )
        assert float(row["latency_1_median"]) == one.costs.latency["1"].median
