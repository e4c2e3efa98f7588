"""The mean of both champions and the slices in every report."""

import io
from dataclasses import replace

import pytest

from deepworth.zoo.report import terminal
from deepworth.zoo.report.documents import render
from deepworth.zoo.report.html.page import comparison
from deepworth.zoo.report.words import slice_lines, together_lines
from deepworth.zoo.results.answer import Answer
from deepworth.zoo.results.rows import Slice, Slices, Together
from deepworth.zoo.workflows.report import report_sheet

from .conftest import SCRIPT

pytestmark = pytest.mark.xdist_group("reports")

BETTER = Together(0.871, 0.85, 0.89, 0.863, 0.008, 0.002, 0.014, 0.99)
UNSURE = replace(BETTER, gain=0.001, gain_low=-0.004, gain_high=0.006, p_better=0.6)
WORSE = replace(BETTER, gain=-0.03, gain_low=-0.04, gain_high=-0.02, p_better=0.0)
WHERE = Slice(f"{SCRIPT} > 60 and job is a|b", "deep", 310, 0.08, 0.03, 0.12, -0.01, 0.004)
FOUND = Slices("roc_auc", "ROC AUC", 0.95, 9, (WHERE, *[replace(WHERE, better="classical", rows=1200)] * 4))


@pytest.fixture(scope="module")
def sheet(runs):
    return report_sheet(runs.classes.run, store=runs.store)


@pytest.fixture(scope="module")
def answer(sheet):
    return sheet.result


def shown(answer, width=100):
    out = terminal.console(record=True, width=width, file=io.StringIO())
    for part in terminal.comparison(answer, width):
        out.print(part)
    return out.export_text()


def test_a_run_keeps_what_was_found(answer):
    assert answer.together is not None
    assert answer.slices is not None
    assert Answer.from_dict(answer.to_dict()) == answer


def test_an_answer_of_before_can_still_be_read(answer):
    old = {name: own for name, own in answer.to_dict().items() if name not in ("together", "slices")}
    found = Answer.from_dict(old)
    assert (found.together, found.slices) == (None, None)


@pytest.mark.parametrize(
    ("together", "words"),
    [
        (BETTER, "0.871 (0.850 to 0.890), 0.008 (0.002 to 0.014) better than the better one alone."),
        (UNSURE, "no sure difference from the better one alone: +0.001 (-0.004 to 0.006)."),
        (WORSE, "0.03 worse than the better one alone."),
    ],
)
def test_what_the_mean_is_worth(answer, together, words):
    (line,) = together_lines(replace(answer, together=together), always=True)
    assert line.startswith("Both together, by the mean of their probabilities: ")
    assert line.endswith(words)


def test_a_terminal_tells_only_what_helps(answer):
    without = replace(answer, together=None, slices=None)
    assert "Both together" not in shown(without)
    assert "Where the families differ" not in shown(without)
    assert "Both together" not in shown(replace(answer, together=UNSURE))
    assert "Both together" in shown(replace(answer, together=BETTER))


def test_a_terminal_tells_three_slices(answer):
    text = shown(replace(answer, slices=FOUND), width=200)
    assert f"deep learning is better where {WHERE.words}: 0.08 ROC AUC (0.03 to 0.12), 310 rows" in text
    assert text.count("classical learning is better where") == 2
    assert "... and 2 more; --json lists all of them" in text
    assert len(slice_lines(replace(answer, slices=FOUND))) == 5


@pytest.mark.parametrize("kind", ["html", "md", "json"])
def test_every_report_tells_both(sheet, kind):
    told = render(replace(sheet, result=replace(sheet.result, together=BETTER, slices=FOUND)), kind)
    assert "0.871" in told
    assert "310" in told
    if kind != "json":
        assert "Where the families differ" in told
        assert "tested on the other" in told
        assert SCRIPT not in told
        nothing = replace(sheet.result, together=None, slices=replace(FOUND, found=()))
        assert "Where the families differ" not in render(replace(sheet, result=nothing), kind)


def test_a_notebook_tells_both(answer):
    told = comparison(replace(answer, together=BETTER, slices=FOUND))
    assert "Both together" in told
    assert "Deep learning is better where" in told
    assert SCRIPT not in told
