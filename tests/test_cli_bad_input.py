"""Bad input ends in one line on standard error, exit code 2, and nothing left behind."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest
from click import Context
from click.testing import CliRunner
from PIL import Image

from deepworth.cli import main

N = 60
QUICK = ["-q", "-m", "constant,logistic-regression", "--folds", "2"]


def invoke(arguments):
    runner = CliRunner()
    runner.mix_stderr = False  # click 8.1 mixes the streams unless told; later versions never do
    return runner.invoke(main, arguments)


def frame(**columns):
    rng = np.random.default_rng(0)
    base = {
        "age": rng.integers(20, 80, N),
        "height": rng.normal(170, 9, N).round(1),
        "sick": rng.choice(["no", "yes"], N),
    }
    return pd.DataFrame({**base, **columns})


def csv(path, data, **options):
    data.to_csv(path / "data.csv", index=False, **options)
    return str(path / "data.csv")


def text(path, content, name="data.csv", encoding="utf-8"):
    (path / name).write_bytes(content.encode(encoding) if isinstance(content, str) else content)
    return str(path / name)


def folder(path, images):
    for name, content in images.items():
        (path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            (path / "photos" / name).write_bytes(content)
        else:
            Image.fromarray(content).save(path / "photos" / name)
    return str(path / "photos")


def pixels(seed, size=12):
    return np.random.default_rng(seed).integers(0, 255, (size, size, 3)).astype(np.uint8)


TARGET = ["-t", "sick"]
CASES = {
    "missing file": (lambda p: [str(p / "nothing.csv"), *TARGET], ["nothing.csv"]),
    "empty file": (lambda p: [text(p, ""), *TARGET], ["data.csv", "empty"]),
    "header only": (lambda p: [text(p, "age,sick\n"), *TARGET], ["data.csv"]),
    "no such target": (lambda p: [csv(p, frame()), "-t", "sik"], ["sik", "did you mean sick"]),
    "no target named": (lambda p: [csv(p, frame())], ["--target"]),
    "one class only": (lambda p: [csv(p, frame(sick="yes")), *TARGET], ["sick", "yes"]),
    "duplicate column names": (lambda p: [text(p, "age,age,sick\n1,2,no\n" * 2), *TARGET], ["age"]),
    "wrong encoding": (
        lambda p: [text(p, "alter,größe,sick\n" + "1,2,no\n3,4,yes\n" * 20, encoding="latin-1"), *TARGET],
        ["data.csv", "UTF-8"],
    ),
    "ragged rows": (
        lambda p: [text(p, "a,b,sick\n1,2,no\n1,2,3,4,yes\n" + "1,2,no\n" * 20), *TARGET],
        ["data.csv", "3"],
    ),
    "missing class names": (
        lambda p: [csv(p, frame(sick=[None, "no", "yes"] * (N // 3))), *TARGET],
        ["sick"],
    ),
    "NaN in a third of the target": (
        lambda p: [csv(p, frame(sick=[np.nan, 1.5, 2.5] * (N // 3))), *TARGET, "--task", "regression"],
        ["sick", "more than 20%"],
    ),
    "NaN in the target and --strict": (
        lambda p: [csv(p, frame(sick=[None, *["yes", "no"] * N][:N])), *TARGET, "--strict"],
        ["sick", "row 1,", "--strict"],
    ),
    "infinity in the target": (
        lambda p: [csv(p, frame(sick=[np.inf, *np.arange(N - 1) / 7])), *TARGET],
        ["sick"],
    ),
    "two rows": (lambda p: [csv(p, frame()[:2]), *TARGET], ["2 rows"]),
    "zero columns left": (lambda p: [csv(p, frame()), *TARGET, "--drop", "age,height"], ["column"]),
    "text column empty": (lambda p: [csv(p, frame(note="")), *TARGET, "--text", "note"], ["note"]),
    "no such text column": (lambda p: [csv(p, frame()), *TARGET, "--text", "nota"], ["nota"]),
    "folder without classes": (lambda p: [folder(p, {"a.png": pixels(0), "b.png": pixels(1)})], ["photos"]),
    "folder with one class": (lambda p: [folder(p, {f"cat/{i}.png": pixels(i) for i in range(12)})], ["cat"]),
    "only broken images": (
        lambda p: [folder(p, {f"{c}/{i}.png": b"broken" for c in "ab" for i in range(8)})],
        ["photos"],
    ),
    "unknown dataset": (lambda p: ["irris"], ["did you mean iris"]),
    "unknown model": (lambda p: [csv(p, frame()), *TARGET, "-m", "deep-mpl"], ["did you mean deep-mlp"]),
    "unsuited model": (lambda p: [csv(p, frame()), *TARGET, "-m", "cnn"], ["cnn", "tabular"]),
    "unknown metric": (lambda p: [csv(p, frame()), *TARGET, "--metric", "roc_uac"], ["did you mean roc_auc"]),
    "unsuited metric": (lambda p: [csv(p, frame()), *TARGET, "--metric", "rmse"], ["rmse", "binary"]),
    "unknown parameter": (
        lambda p: [csv(p, frame()), *TARGET, "--set", "logistic-regression.c=1"],
        ["did you mean C"],
    ),
    "folds of a test set": (
        lambda p: [
            csv(p, frame(part=["train", "test"] * (N // 2))),
            *TARGET,
            "--split-column",
            "part",
        ],
        ["--folds does not go with an official test part"],
    ),
    "no model left": (
        lambda p: [csv(p, frame()), *TARGET, "-m", "constant", "--without", "constant"],
        ["--without leaves no model"],
    ),
    "nothing to train on": (
        lambda p: [csv(p, frame()), *TARGET, "-m", "constant", "--holdout", "0.999"],
        ["choose another --holdout"],
    ),
    "bad margin": (lambda p: [csv(p, frame()), *TARGET, "--margin", "-1"], ["margin"]),
    "bad confidence": (lambda p: [csv(p, frame()), *TARGET, "--confidence-level", "1.5"], ["confidence"]),
    "output without ending": (lambda p: [csv(p, frame()), *TARGET, "-o", str(p / "out")], [".json"]),
    "output nowhere": (lambda p: [csv(p, frame()), *TARGET, "-o", str(p / "no" / "out.json")], ["out.json"]),
}


@pytest.mark.parametrize("name", CASES)
def test_one_line_and_exit_code_2(name, tmp_path, own_home):
    make, expected = CASES[name]
    arguments = make(tmp_path)
    before = set(tmp_path.rglob("*"))
    result = invoke(["compare", *arguments, *([] if "-m" in arguments else QUICK)])
    assert result.exit_code == 2, result.output
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("Error: ")
    assert "Traceback" not in result.stderr
    for words in expected:
        assert words.lower() in lines[0].lower(), lines[0]
    assert result.stdout == ""
    assert set(tmp_path.rglob("*")) == before, "nothing half written"
    assert not list(own_home.rglob("run.sqlite")), "no run is kept"


READING = {
    "no decimal mark": ["--decimal", ""],
    "a word as decimal mark": ["--decimal", "point"],
    "no thousands mark": ["--thousands", ""],
    "one mark for both": ["--decimal", ",", "--thousands", ","],
    "numbers in no column": ["--numeric", "hight"],
    "categories in no column": ["--categorical", "hight"],
    "the target as numbers": ["--numeric", "sick"],
    "the target as categories": ["--categorical", "sick"],
    "numbers and categories": ["--numeric", "age", "--categorical", "age"],
    "numbers left out": ["--numeric", "age", "--drop", "age"],
    "text left out": ["--text", "age", "--drop", "age"],
    "time in no column": ["--time", "when"],
    "time is the target": ["--time", "sick"],
    "groups in no column": ["--groups", "ward", "--time", "row-order"],
    "groups are the target": ["--groups", "sick"],
    "split column without split": ["--split-column", "age"],
    "two test sets": ["--test", "data.csv", "--split-column", "age"],
    "no test file": ["--test", "nothing.csv"],
    "another kind of task": ["--task", "clustering"],
    "no such class": ["--positive", "maybe"],
    "no row": ["--rows", "0"],
    "marks hide the target": ["--missing", "no,yes"],
    "a mark hides a class": ["--strict", "--missing", "yes"],
}
NOT_BY_SAVED_MODELS = {"marks hide the target", "a mark hides a class"}  # which read as in training
CONTEXT = Context(main)
OPTIONS = {
    name: {option for parameter in main.get_command(CONTEXT, name).params for option in parameter.opts}
    for name in main.list_commands(CONTEXT)
}
READERS = [name for name, options in OPTIONS.items() if "--decimal" in options]
BEHIND = {"train": ["-m", "logistic-regression", "-o", "new"], "compare": QUICK}


def test_commands_that_read_data_are_known():
    assert {"check", "compare", "datasets", "evaluate", "explain", "train"} <= set(READERS)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved")
    data = csv(path, frame())
    made = invoke(["train", data, *TARGET, "-m", "logistic-regression", "-o", str(path / "model")])
    assert made.exit_code == 0, made.output
    return path / "model"


@pytest.mark.parametrize("case", READING)
@pytest.mark.parametrize("command", READERS)
def test_wrong_reading_options_are_refused_by_every_command(command, case, saved, tmp_path, monkeypatch):
    if command == "evaluate" and case in NOT_BY_SAVED_MODELS:
        pytest.skip("saved models read as in training")
    monkeypatch.chdir(tmp_path)
    first = [str(saved)] if command == "evaluate" else []
    if not {word for word in READING[case] if word.startswith("--")} <= OPTIONS[command]:
        pytest.skip(f"{command} has no such option")
    result = invoke(
        [command, *first, csv(tmp_path, frame()), *TARGET, *BEHIND.get(command, []), *READING[case]]
    )
    assert result.exit_code == 2, result.output
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"], "nothing half written"


def test_a_cell_given_twice_is_refused(saved):
    result = invoke(["predict", str(saved), "age=1", "height=2", "age=3"])
    assert result.exit_code == 2
    assert result.stderr.splitlines() == ["Error: column 'age' is given twice, as '1' and '3'; remove one"]


GOOD = {
    "a row without a target": (
        lambda p: [csv(p, frame(sick=[None, *["yes", "no"] * N][:N])), *TARGET],
        ["DW037", "sick", "row 1,"],
    ),
    "all-missing column": (lambda p: [csv(p, frame(empty=np.nan)), *TARGET], ["DW003", "empty"]),
    "million-level category": (
        lambda p: [csv(p, frame(code=[f"k{i}x" for i in range(N)])), *TARGET],
        ["code"],
    ),
    "mixed types in a column": (
        lambda p: [csv(p, frame(dose=[*range(N - 1), "many"])), *TARGET],
        ["dose", "many"],
    ),
    "a broken image among good ones": (
        lambda p: [
            folder(
                p, {**{f"{c}/{i}.png": pixels(i) for c in "ab" for i in range(10)}, "a/bad.png": b"no image"}
            )
        ],
        ["bad.png"],
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_oddities_are_told_and_the_work_goes_on(name, tmp_path):
    make, expected = GOOD[name]
    models = "constant,random-forest" if "image" in name else "constant,logistic-regression"
    result = invoke(["compare", *make(tmp_path), "-q", "-m", models, "--folds", "2", "--no-store"])
    assert result.exit_code == 0, result.output
    for words in expected:
        assert words in result.stdout


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_store(tmp_path):
    tmp_path.chmod(0o500)
    result = invoke(["compare", "iris", *QUICK, "--store", str(tmp_path / "runs")])
    assert result.exit_code == 2
    assert "--store" in result.stderr


def test_store_that_is_a_file(tmp_path):
    result = invoke(["compare", "iris", *QUICK, "--store", text(tmp_path, "x", "runs")])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "--store" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["predict", "nowhere", "x=1"], "no saved model"),
        (["evaluate", "nowhere", "iris"], "no saved model"),
        (["train", "iris", "-m", "cnn", "-o", "model"], "cnn"),
        (["train", "nothing.csv", "-o", "model"], "nothing.csv"),
        (["runs", "20990101"], "no runs"),
        (["models", "deep-mpl"], "did you mean deep-mlp"),
        (["datasets", "irris"], "did you mean iris"),
    ],
)
def test_other_commands(arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = invoke(arguments)
    assert result.exit_code == 2, result.output
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())
