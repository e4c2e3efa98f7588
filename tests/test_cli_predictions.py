"""`deepworth verdict --predictions` at the command line: files, options, reports, malformed files."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from deepworth.cli import main
from deepworth.zoo.commands.verdict import spread

N = 120


def invoke(folder, words):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return CliRunner().invoke(main, ["verdict", *shlex.split(words)])


def table(seed=0, noise=1.0):
    y = np.arange(N) % 2
    score = 1 / (1 + np.exp(-(2 * y - 1 + np.random.default_rng(seed).normal(0, noise, N))))
    return pd.DataFrame({"id": np.arange(N) + 1, "sick": np.where(y, "yes", "no"), "score": score.round(4)})


@pytest.fixture
def folder(tmp_path):
    table(1, 0.5).to_csv(tmp_path / "a.csv", index=False)
    table(2, 3).to_csv(tmp_path / "b.csv", index=False)
    table(3).to_csv(tmp_path / "c.csv", index=False)
    table(4).to_parquet(tmp_path / "d.parquet")
    table(5).rename(columns={"id": "patient"}).to_csv(tmp_path / "patients.csv", index=False)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "models"),
    [
        ("--predictions a.csv b.csv -t sick", "ab"),
        ("-t sick --predictions a.csv b.csv c.csv d.parquet --metric brier", "abcd"),
        ("--predictions a.csv --predictions b.csv c.csv -t sick", "abc"),
        ("--predictions=a.csv --predictions=b.csv --target=sick", "ab"),
        ("--target sick --id id --predictions a.csv b.csv", "ab"),
        ("--predictions a.csv b.csv c.csv -t sick -m a,c", "ac"),
        ("--predictions a.csv b.csv c.csv -t sick --between c b", "abc"),
    ],
)
def test_files_stand_behind_one_option(folder, words, models):
    result = invoke(folder, f"{words} --json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert {row["model"] for row in answer["leaderboard"]} == set(models)
    if "--between" in words:
        assert (answer["verdict"]["first"], answer["verdict"]["second"]) == ("c", "b")


@given(
    st.lists(st.sampled_from(["a.csv", "b.csv"]), min_size=1),
    st.lists(st.sampled_from(["-t", "y", "--json"])),
)
def test_spreading_keeps_every_word(files, others):
    others = [] if others[:1] == ["y"] else others
    found = spread(["--predictions", *files, *others])
    assert found == [word for file in files for word in ("--predictions", file)] + others
    assert spread(others) == others
    assert spread(["--predictions", *others[:1]])[:1] == ["--predictions"]


def test_the_terminal_shows_verdict_and_rows(folder):
    shown = invoke(folder, "--predictions a.csv b.csv -t sick --gain 0.05").stdout
    assert "Verdict: a better" in shown
    assert "a is better than b: it improves ROC AUC by" in shown
    assert "A true gain of 0.05 ROC AUC is settled by about" in shown
    assert "120 rows, binary task, 2 classes" in shown
    assert "scored on one test set" in shown
    for word in ("deep", "classical", "fit", "params"):
        assert word not in shown


def test_output_files(folder):
    invoke(folder, "--predictions a.csv b.csv -t sick -o out.csv")
    frame = pd.read_csv(folder / "out.csv")
    assert frame["model"].tolist() == ["a", "b"]
    assert {"roc_auc", "roc_auc_low", "tied_with_best"} <= set(frame)
    invoke(folder, "--predictions a.csv b.csv -t sick -o out.json")
    assert json.loads((folder / "out.json").read_text("utf-8"))["verdict"]["outcome"] == "first"


@pytest.mark.parametrize("ending", ["html", "md", "json"])
def test_reports(folder, ending):
    result = invoke(folder, f"--predictions a.csv b.csv -t sick --report out.{ending} --json")
    assert result.exit_code == 0, result.output
    assert f"wrote out.{ending}" in result.stderr
    text = (folder / f"out.{ending}").read_text("utf-8")
    assert "a is better than b" in text
    if ending != "json":
        assert "deepworth verdict --predictions a.csv b.csv --target sick" in text
    if ending == "html":
        assert "which model predicts sick best?" in text
        assert "deep learning" not in text
        assert "classical" not in text.partition("</style>")[2].partition("<script>")[0].replace(
            'class="classical"', ""
        ).replace("key classical", "")


def test_reports_of_folds_and_values(folder):
    rng = np.random.default_rng(0)
    price = rng.normal(size=N)
    values = {"one<b>": price + rng.normal(0, 0.3, N), "two": price + rng.normal(0, 0.5, N)}
    pd.DataFrame({"price": price, "fold": np.arange(N) % 3, **values}).to_csv(folder / "v.csv", index=False)
    result = invoke(folder, "--predictions v.csv -t price --report v.html")
    assert result.exit_code == 0, result.output
    text = (folder / "v.html").read_text("utf-8")
    assert "Scores by fold" in text
    assert "one&lt;b&gt;" in text
    assert "one<b>" not in text


def test_scores_that_only_rank_have_no_confusion_matrix(folder):
    table(5).assign(score=lambda f: 9 * f["score"]).to_csv(folder / "b.csv", index=False)
    invoke(folder, "--predictions a.csv b.csv -t sick --report out.html")
    text = (folder / "out.html").read_text("utf-8")
    assert "The most frequent errors of a" in text
    assert "The most frequent errors of b" not in text
    assert "The checks found no problem" not in text


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (
            "--predictions a.csv b.csv",
            "no target given; name the column of true answers with --target COLUMN: id",
        ),
        ("--predictions a.csv b.csv -t sik", "did you mean sick"),
        ("--predictions a.csv -t sick", "only one model (a) has predictions"),
        ("--predictions a.csv e.csv -t sick", "no file"),
        ("--predictions a.csv b.csv -t sick --id nr", "no column in a.csv: 'nr'"),
        ("--predictions a.csv b.csv -t sick --between a a", "between names a twice"),
        (
            "--predictions patients.csv b.csv -t sick",
            "column 'patient' looks like names of rows",
        ),
        ("--predictions a.csv b.csv -t sick --fold part", "no column in a.csv: 'part'"),
        ("--predictions a.csv b.csv -t sick -m a,z", "no model in these predictions: 'z'"),
        ("--predictions a.csv b.csv -t sick --between a z", "no model"),
        ("--predictions a.csv b.csv -t sick --metric rmse", "does not apply to binary"),
        ("--predictions a.csv b.csv -t sick --positive maybe", "class 'maybe'"),
        ("--predictions a.csv b.csv -t sick --task regression", "not a number"),
        ("--predictions a.csv b.csv -t sick --margin -1", "margin must be"),
        ("--predictions a.csv b.csv -t sick --budget size=1MB", "budget is for a run"),
        ("--predictions a.csv b.csv -t sick --report out.pdf", "expected a name ending in"),
        ("--predictions a.csv b.csv -t sick -o out.html", "expected a name ending in"),
        ("last --target sick", "target is for predictions"),
    ],
)
def test_bad_questions_get_one_line(folder, words, problem):
    result = invoke(folder, words)
    assert result.exit_code == 2
    assert problem in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_run_and_predictions_are_two_questions(folder):
    result = invoke(folder, "last --predictions a.csv b.csv -t sick")
    assert result.exit_code == 2
    assert "RUN and --predictions are two questions; remove 'last'" in result.stderr
    result = invoke(folder, "last --report out.html")
    assert "deepworth report RUN writes that of a run" in result.stderr
    assert invoke(folder, "--predictions").exit_code == 2


def cell(column, row, value):
    def change(frame):
        frame[column] = frame[column].astype(object)
        frame.loc[row, column] = value
        return frame

    return change


def without(frame, *rows):
    return frame.drop(index=list(rows))


# What is wrong with b.csv, and what the error must name: file, column or row.
MALFORMED = {
    "empty score": (cell("score", 6, ""), ["b.csv", "'score'", "empty", "id 7"]),
    "word as score": (cell("score", 6, "high"), ["b.csv", "'score'", "'high'", "id 7"]),
    "infinite score": (cell("score", 6, "inf"), ["b.csv", "'score'", "id 7"]),
    "empty id": (cell("id", 6, ""), ["b.csv", "'id'", "row 7"]),
    "id twice": (cell("id", 6, 9), ["b.csv", "id 9", "row 7", "row 9", "--repeat"]),
    "a row less": (lambda f: without(f, 3, 5), ["b.csv lacks 2 of the 120 rows of a.csv", "first id 4"]),
    "other ids": (cell("id", 6, 999), ["b.csv lacks 1 of the 120 rows of a.csv", "first id 7"]),
    "other target": (cell("sick", 6, "yes"), ["id 7", "no in a.csv", "yes in b.csv"]),
    "empty target": (cell("sick", 6, ""), ["id 7", "b.csv"]),
    "no prediction": (lambda f: f.drop(columns="score"), ["only one model (a)"]),
    "a class too few": (
        lambda f: f.assign(probability_yes=0.5, probability_maybe=0.5).drop(columns="score"),
        ["b.csv", "'probability_no'"],
    ),
    "sum of probabilities": (
        lambda f: f.assign(yes=0.5, no=[0.4, *[0.5] * (N - 1)]).drop(columns="score"),
        ["b.csv", "id 1", "sum 0.9"],
    ),
    "percentages": (
        lambda f: f.assign(yes=87.5, no=12.5).drop(columns="score"),
        ["b.csv", "'yes'", "87.5", "id 1", "divide percentages by 100"],
    ),
    "unknown label": (
        lambda f: f.assign(score=["maybe", *f["sick"][1:]]),
        ["b.csv", "'score'", "'maybe'", "id 1"],
    ),
    "two columns of a class": (
        lambda f: f.assign(**{"p_yes": 0.5, "p_no": 0.5, "p_ yes": 0.5}).drop(columns="score"),
        ["b.csv has two columns of one class"],
    ),
}


@pytest.mark.parametrize("kind", MALFORMED)
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_malformed_files_are_refused_in_one_line(folder, kind, ending):
    change, words = MALFORMED[kind]
    frame = change(table(2, 3))
    if ending == "csv":
        frame.to_csv(folder / "b.csv", index=False)
        name = "b.csv"
    else:
        frame.replace("", None).astype({c: "string" for c in frame if frame[c].dtype == object}).to_parquet(
            folder / "b.parquet"
        )
        name = "b.parquet"
    result = invoke(folder, f"--predictions a.csv {name} -t sick")
    assert result.exit_code == 2, result.output
    assert len(result.stderr.strip().splitlines()) == 1
    for word in words:
        assert word.replace("b.csv", name) in result.stderr, result.stderr


TEXTS = {
    "nothing": ("", "empty"),
    "a header only": ("id,sick,score\n", "no rows"),
    "a ragged row": ("id,sick,score\n1,yes,0.5\n2,no\n", "row 2 has 2 cells"),
    "the same name twice": ("id,sick,score,score\n1,yes,0.5,0.5\n", "score"),
    "no table": ("\x00\x01\x02" * 50, "binary data"),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_files_that_are_no_table(folder, kind):
    text, words = TEXTS[kind]
    (folder / "b.csv").write_text(text, encoding="utf-8")
    result = invoke(folder, "--predictions a.csv b.csv -t sick")
    assert result.exit_code == 2
    assert "b.csv" in result.stderr
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_folds_must_agree_and_repeats_need_them(folder):
    one, other = table(1).assign(fold=np.arange(N) % 3), table(2).assign(fold=np.arange(N) % 4)
    one.to_csv(folder / "a.csv", index=False)
    other.to_csv(folder / "b.csv", index=False)
    result = invoke(folder, "--predictions a.csv b.csv -t sick")
    assert "the fold of id 4 is 0 in a.csv and 3 in b.csv" in result.stderr
    for name, seed in (("a", 1), ("b", 2)):
        twice = [table(seed + r).assign(run=r) for r in range(2)]
        pd.concat(twice).to_csv(folder / f"{name}.csv", index=False)
    result = invoke(folder, "--predictions a.csv b.csv -t sick --repeat run")
    assert result.exit_code == 2
    assert "name their column with --fold" in result.stderr


def test_a_missing_file_is_named(folder):
    result = invoke(folder, "--predictions a.csv nowhere/b.csv -t sick")
    assert result.exit_code == 2
    assert "nowhere/b.csv" in result.stderr


def test_files_with_odd_names(folder):
    Path(folder / "a.csv").rename(folder / "my model.v1.csv")
    result = invoke(folder, "--predictions './my model.v1.csv' b.csv -t sick --json")
    assert result.exit_code == 0, result.output
    assert {row["model"] for row in json.loads(result.stdout)["leaderboard"]} == {"my model.v1", "b"}
