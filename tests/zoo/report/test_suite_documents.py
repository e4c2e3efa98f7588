"""Answers over many datasets as LaTeX, Markdown and HTML: whatever names hold is nothing but text."""

import re
from dataclasses import replace

import numpy as np
import pytest

from deepworth.zoo.judging.suite import ranking
from deepworth.zoo.judging.suite_statistics import Measured, hierarchical, standings
from deepworth.zoo.report.suites import as_latex, as_markdown, latex_escape, show, suite_page
from deepworth.zoo.results.suite import ModalityRanking, SuiteAnswer, SuiteRow

NASTY = "50%_of {a} & $b$ #1 \\ ~^ <script>"


@pytest.fixture
def answer():
    errors = np.random.default_rng(0).random((5, 3))
    names = ["net", "tree", "line"]
    families = {"net": "deep", "tree": "classical", "line": "classical"}
    test = hierarchical(
        "deep", "classical", [Measured(1.0, 0.5, 8), Measured(2.0, 0.5, 8)], 1.0, 0.95, "margin"
    )
    row = SuiteRow(
        NASTY,
        "ok",
        "",
        1.0,
        "deep",
        "run",
        100,
        "binary",
        "tabular",
        "roc_auc",
        0.1,
        0.05,
        0.15,
        "net",
        "tree",
    )
    whole = ModalityRanking(
        "tabular",
        families,
        {"forest": 2},
        5,
        ranking(names, -errors),
        standings(names, families, errors, 0.95),
        test,
        None,
        "A sentence with 5% of it & more.",
    )
    none = ModalityRanking("text", {}, {}, 1, None)
    failed = SuiteRow("gone", "failed", "no such [file] | here", 0.1)
    verdicts = {"deep": 1, "equivalent": 0, "undecided": 0, "classical": 0}
    return SuiteAnswer("my suite", (row, failed), verdicts, (whole, none), 0.95, 1, "store", 2.0)


def test_latex_is_balanced_and_escaped(answer):
    text = as_latex(answer)
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == 2
    for line in text.splitlines():
        plain = re.sub(r"\\[\\{}&%$#_]", "", line)
        assert plain.count("{") == plain.count("}"), line
        assert line.startswith("%") or "%" not in plain
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    columns = [len(re.sub(r"\\&", "", line).split("&")) for line in rows]
    assert columns == [6] * 3 + [5] * 4
    assert r"50\%\_of \{a\} \& \$b\$ \#1 \textbackslash{}" in text
    assert r"A sentence with 5\% of it \& more." in text


@pytest.mark.parametrize("cell", ["[0.1, 0.2]", "*", "* a"])
def test_no_cell_is_an_option_of_the_row_before(cell):
    assert latex_escape(cell) == "{" + cell + "}"


def test_markdown_and_page_escape_names(answer):
    assert "<script>" not in as_markdown(answer).replace("\\<script\\>", "")
    page = suite_page(answer)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "Mean ranks need two datasets" in page
    assert page.count("<table") == 3, "datasets, standings, and the numbers of the picture"


def test_every_document_and_the_terminal_have_the_same_figures(answer, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "110")  # narrower, cells are broken
    show(answer)
    shown = " ".join(capsys.readouterr().out.split())
    best = answer.rankings[0].standings.models[0]
    figure = f"{best.rank:.2f} [{best.rank_low:.2f}, {best.rank_high:.2f}]"
    for text in (shown, as_latex(answer), as_markdown(answer).replace("\\", ""), suite_page(answer)):
        assert figure in text
    assert "Hierarchical test of the families" in shown


def test_a_rating_without_limit_is_told(answer, capsys):
    places = replace(answer.rankings[0].standings, elo_bounded=False)
    told = replace(answer, rankings=(replace(answer.rankings[0], standings=places),))
    show(told)
    for text in (capsys.readouterr().out, as_markdown(told), suite_page(told)):
        assert "Elo has no limit" in text
