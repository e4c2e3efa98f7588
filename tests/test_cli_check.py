"""`deepworth check`, and the options of a plan, as a user meets them."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from deepworth.cli import main
from deepworth.datasets import list_codes
from deepworth.zoo.report import progress

N = 240


def run(*arguments, code=0):
    runner = CliRunner()
    runner.mix_stderr = False  # click 8.1 mixes the streams unless told; later versions never do
    result = runner.invoke(main, [str(a) for a in arguments])
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


@pytest.fixture
def sales(tmp_path):
    """A table with a day, a copy, and rows whose answers follow the weather."""
    rng = np.random.default_rng(0)
    sun = rng.normal(size=N)
    data = pd.DataFrame(
        {
            "sun": sun,
            "wind": rng.normal(size=N),
            "day": pd.date_range("2024-01-01", periods=N).strftime("%Y-%m-%d"),
            "many": np.where(sun + rng.normal(size=N) > 0, "yes", "no"),
        }
    )
    data.loc[9] = data.loc[3]
    data.to_csv(tmp_path / "sales.csv", index=False)
    return tmp_path / "sales.csv"


def test_findings_in_words(sales):
    shown = run("check", sales, "-t", "many").stdout
    assert "sales: 240 rows, binary tabular task, target many" in shown
    assert "DW005 info: duplicates of earlier rows: 1 " in shown
    assert "rows 10\n" in "\n".join(line.strip() for line in shown.splitlines()) + "\n"
    assert "DW014 warning" in shown
    assert "--time day" in shown.replace("\n", " ")
    assert shown.rstrip().endswith("A comparison can be made.")


def test_findings_as_json(sales):
    answer = json.loads(run("check", sales, "-t", "many", "--json").stdout)
    assert answer["errors"] == 0
    assert answer["rows"] == N
    by_code = {f["code"]: f for f in answer["findings"]}
    assert by_code["DW005"]["rows"] == [9]
    assert by_code["DW014"]["columns"] == ["day"]
    assert all(f["advice"] and f["title"] for f in answer["findings"])


def test_silence_on_clean_data():
    shown = " ".join(run("check", "triage-notes").stdout.split())
    assert "The checks found nothing" in shown
    assert "known only after the target" in shown  # what no check can see


def test_an_error_is_exit_code_1(sales):
    data = pd.read_csv(sales)
    data.loc[7, "many"] = "perhaps"
    data.to_csv(sales, index=False)
    shown = run("check", sales, "-t", "many", code=1).stdout
    assert shown.index("DW009 error") < shown.index("DW014 warning")
    assert json.loads(run("check", sales, "-t", "many", "--json", code=1).stdout)["errors"] == 1


def test_every_code_is_explained():
    shown = run("check", "--list").stdout
    assert all(code["code"] in shown for code in list_codes())
    assert json.loads(run("check", "--list", "--json").stdout) == list_codes()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "--list"),
        (["nothing.csv"], "nothing.csv"),
        (["irris"], "did you mean iris"),
        (["iris", "--time", "petal"], "petal"),
        (["sick-healthy", "--time", "sex"], "expected dates"),
        (["digits", "--time", "day"], "--time goes with tables"),
    ],
)
@pytest.mark.parametrize("command", ["check", "compare"])
def test_bad_input_is_one_line(command, arguments, expected):
    if command == "compare" and not arguments:
        pytest.skip("compare has a default")
    result = run(command, *arguments, "-q", code=2)
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert len(lines) == 1
    assert lines[0].startswith("Error: ")
    assert expected in lines[0]
    assert result.stdout == ""


def test_a_check_never_imports_tensorflow():
    code = (
        "import sys; sys.argv = ['deepworth', 'check', 'digits', '-q']\n"
        "try:\n    from deepworth.cli import main; main()\n"
        "except SystemExit:\n    print({'tensorflow', 'keras'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd="/"
    )
    assert result.stdout.splitlines()[-1] == "set()", result.stderr


def test_listing_the_codes_imports_nothing_heavy():
    code = (
        "import sys; sys.argv = ['deepworth', 'check', '--list']\n"
        "try:\n    from deepworth.cli import main; main()\n"
        "except SystemExit:\n    print({'pandas', 'sklearn', 'scipy', 'tensorflow'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd="/"
    )
    assert result.stdout.splitlines()[-1] == "set()", result.stderr


def test_patience_speaks_only_when_it_takes_long(capsys):
    with progress.patience("checking", seconds=5):
        pass
    assert capsys.readouterr().err == ""
    with progress.patience("checking", seconds=0.05):
        time.sleep(0.3)
    assert capsys.readouterr().err.startswith("checking ...\nchecking took 0 s")
    with progress.patience("checking", seconds=0.01, enabled=False):
        time.sleep(0.1)
    assert capsys.readouterr().err == ""


FAST = ["-q", "--no-store", "-m", "constant,logistic-regression"]


def test_compare_in_order_of_time(sales):
    shown = run("compare", sales, "-t", "many", "--time", "day", *FAST, "--folds", "4").stdout
    assert "scored on 4 later periods" in shown.replace("\n", " ")
    assert "cross-validation" not in shown
    answer = json.loads(run("compare", sales, "-t", "many", "--time", "day", *FAST, "--json").stdout)
    assert (answer["plan"]["folds"], answer["plan"]["repeats"]) == (5, 1)
    assert answer["dataset"]["columns"] == 2, "the day is no feature"
    assert all(row["score"] is not None for row in answer["leaderboard"])


def test_compare_with_copies_on_one_side(sales):
    base = ["compare", sales, "-t", "many", "--drop", "day", *FAST, "--folds", "3", "--json"]
    findings = json.loads(run(*base, "--group-duplicates").stdout)["findings"]
    (copies,) = [f for f in findings if f["code"] == "DW005"]
    assert "keep them on one side" in copies["message"]
    (copies,) = [f for f in json.loads(run(*base).stdout)["findings"] if f["code"] == "DW005"]
    assert "may be on both sides" in copies["message"]


def test_a_model_trained_with_a_time_column_takes_rows_with_and_without_it(sales, tmp_path):
    folder = tmp_path / "model"
    run("train", sales, "-t", "many", "--time", "day", "-m", "logistic-regression", "-o", folder, "-q")
    with_day = run("predict", folder, sales).stdout
    pd.read_csv(sales).drop(columns="day").to_csv(tmp_path / "bare.csv", index=False)
    assert run("predict", folder, tmp_path / "bare.csv").stdout == with_day
