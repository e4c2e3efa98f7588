"""Verdicts on data whose target may leak say so in their first line, however they are shown."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from deepworth import cli, compare
from deepworth.datasets import Dataset, Finding
from deepworth.zoo import registry
from deepworth.zoo.judging.scores import ModelScores, Support
from deepworth.zoo.judging.suite import count_verdicts, suite_row
from deepworth.zoo.judging.verdict import LEAKS, MOST_SHOWN, PERFECT, suspicions, with_warning
from deepworth.zoo.report.documents import markdown
from deepworth.zoo.report.html.page import comparison
from deepworth.zoo.report.suites import show
from deepworth.zoo.results.answer import Answer
from deepworth.zoo.results.rows import Result
from deepworth.zoo.results.suite import SuiteAnswer
from deepworth.zoo.workflows.report import report_sheet
from deepworth.zoo.workflows.runs import runs as list_runs

pytestmark = pytest.mark.xdist_group("suspicion")

WARNING = "The target may leak, then no verdict holds ("


def scores(name, task, value, *, reference=False, status="ok"):
    rows = [Result(name, "classical", 0, fold, status=status) for fold in range(2)]
    return ModelScores(name, "classical", {PERFECT[task][0]: np.full(2, value)}, rows, 80, reference)


def support(rows):
    return Support(rows, "c", int(rows), int(rows))


@pytest.mark.parametrize("task", PERFECT)
def test_a_score_without_error_is_suspicious(task):
    least = PERFECT[task][1]
    models = [scores("a", task, 0.7), scores("b", task, least), scores("c", task, 1.0)]
    (reason,) = suspicions((), models, task, support(40))
    assert reason.startswith("c has ")
    assert "1.000 on rows that it was not trained on" in reason
    assert suspicions((), [scores("a", task, least - 1e-4)], task, support(40)) == ()


def test_what_can_be_without_error_by_chance_is_not():
    """A handful of rows, a reference, and a model that did not finish."""
    perfect = scores("a", "binary", 1.0)
    assert suspicions((), [perfect], "binary", support(40))
    assert suspicions((), [perfect], "binary", support(3)) == ()
    assert suspicions((), [scores("a", "binary", 1.0, reference=True)], "binary", support(40)) == ()
    assert suspicions((), [scores("a", "binary", 1.0, status="failed")], "binary", support(40)) == ()


def test_findings_of_leaks_and_no_others_are_reasons():
    findings = [Finding(code, "warning", "a message", ("x", "y")) for code in (*LEAKS, "DW005", "DW042")]
    reasons = suspicions(findings, [], "binary", None)
    assert len(reasons) == len(LEAKS)
    assert all("'x', 'y'" in reason for reason in reasons)


def table(task, leak):
    """A table whose target is a column's sum with another one, or depends on them with much noise."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.integers(0, 50, (160, 3)).astype(float), columns=list("abc"))
    noise = 0 if leak else rng.normal(0, 20, 160)
    y = (X["a"] + X["b"] + noise).to_numpy()
    if task == "binary":
        y = np.where(y > 50, "yes", "no")
    return Dataset("made", X, y, task, "tabular")


@pytest.fixture(scope="module", params=["regression", "binary"])
def runs(request, tmp_path_factory):
    """A run on data that leak and one on sound data; a random forest stands in for the network."""
    create, store = registry.create, tmp_path_factory.mktemp("runs")

    def created(name, task, modality, **params):
        own = ("random-forest", {"n_estimators": 5}) if name == "deep-mlp" else (name, params)
        return create(own[0], task, modality, **own[1])

    linear = "linear-regression" if request.param == "regression" else "logistic-regression"
    options = {"models": ["constant", linear, "deep-mlp"], "folds": 4, "costs": False, "store": store}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "create", created)
        return [compare(table(request.param, leak), **options) for leak in (True, False)], store


def shown(run, store):
    """The first lines of the verdict in a terminal, Markdown, a page and a notebook."""
    result = CliRunner().invoke(cli.main, ["runs", run.run, "--store", str(store)])
    assert result.exit_code == 0, result.output
    plain = " ".join(result.output.replace("│", " ").split())
    sheet = report_sheet(run.run, store=store)
    document = markdown(sheet).replace("\\", "")
    return plain, document.splitlines()[0], document, comparison(run.answer)


def test_the_warning_stands_in_the_first_line_of_every_report(runs):
    (leaking, sound), store = runs
    verdict = leaking.answer.verdict
    assert verdict.sentence.startswith(WARNING)
    assert any("'a'" in reason and "'b'" in reason for reason in verdict.warnings)
    plain, head, document, notebook = shown(leaking, store)
    assert ", if the target does not leak" in plain
    assert "Verdict:" in plain
    assert WARNING in plain
    assert head.endswith(", if the target does not leak")
    assert f"**{WARNING}" in document
    assert "if the target does not leak" in notebook
    assert "The target may leak" in notebook
    assert not sound.answer.verdict.warnings
    assert not any("may leak, then" in text or "does not leak" in text for text in shown(sound, store))


def test_lists_of_verdicts_mark_those_that_may_not_hold(runs, capsys):
    (leaking, sound), store = runs
    listed = {summary.run: summary for summary in list_runs(store=store)}
    assert listed[leaking.run].warnings == leaking.answer.verdict.warnings
    assert listed[sound.run].warnings == ()
    wide = {"COLUMNS": "200"}  # narrow tables break the words
    shown = CliRunner().invoke(cli.main, ["runs", "--store", str(store)], env=wide).output
    assert shown.count("(may leak)") == 1
    rows = [suite_row(name, c.answer, "", 1.0) for name, c in (("leaks", leaking), ("sound", sound))]
    assert [bool(row.warnings) for row in rows] == [True, False]
    show(SuiteAnswer("suite", tuple(rows), count_verdicts(rows), (), 0.95, 0, "a folder", 1.0))
    assert "The target may leak in leaks: these verdicts may not hold." in capsys.readouterr().out


def test_json_holds_the_warning_and_gives_it_back(runs):
    (leaking, _), _ = runs
    content = json.loads(json.dumps(leaking.to_dict()))
    assert content["verdict"]["sentence"].startswith(WARNING)
    assert content["verdict"]["warnings"] == list(leaking.answer.verdict.warnings)
    assert Answer.from_dict(content) == leaking.answer


def test_a_kept_answer_without_warnings_can_still_be_read(runs):
    (_, sound), _ = runs
    content = json.loads(json.dumps(sound.to_dict()))
    del content["verdict"]["warnings"]
    assert Answer.from_dict(content).verdict.warnings == ()


def test_many_reasons_are_counted(runs):
    (_, sound), _ = runs
    reasons = [f"reason {i}" for i in range(MOST_SHOWN + 2)]
    warned = with_warning(sound.answer.verdict, reasons)
    assert warned.warnings == tuple(reasons)
    assert f"reason {MOST_SHOWN - 1}; 2 more in the findings). " in warned.sentence
    assert with_warning(sound.answer.verdict, []) is sound.answer.verdict
