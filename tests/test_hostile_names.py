"""Names of columns, classes and data full of what terminals and spreadsheets obey: commands write text."""

from __future__ import annotations

import csv
import io
import json
import re

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from deepworth.cli import main
from deepworth.zoo.commands import _group

pytestmark = pytest.mark.xdist_group("hostile names")

# Clears the screen, sets a title, rings, goes back, turns the direction of text, ends a line, is half a sign.
OBEYED = ["\x1b[2J", "\x1b]0;owned\x07", "\x9b31m", "\x7f", "\u202e", "\u2066", "\u2028", "\x08\x08", "\x85"]
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
HTML = "<img src=x onerror=alert(1)>"
NAMES = ["".join(OBEYED) + "a", f"=1+1 {HTML}", "@c\x1b[31m", "-2+3\u202e"]


def run(*words, code=0):
    done = CliRunner().invoke(main, list(map(str, words)))
    assert code is None or done.exit_code in (code, 1), (words, done.output, done.exception)
    return done


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A dataset, a run, a saved model and its exports, all with such names."""
    folder = tmp_path_factory.mktemp("names")
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(60, 3)), columns=NAMES[:3])
    X[NAMES[3]] = rng.choice(["=HYPERLINK(1)\x1b[31m", "@b\u202e", HTML], 60)
    classes = np.where(X[NAMES[0]] > 0, "=2+2\x1b[32m", f"+{HTML}\x07")
    data = folder / "da\x1b[35mta.csv"
    X.assign(target=classes).to_csv(data, index=False)
    store = folder / "runs"
    small = ["-m", "constant,logistic-regression", "--folds", "2", "-j", "0", "--no-costs", "-q"]
    compared = run("compare", data, "-t", "target", *small, "--store", store)
    trained = run("train", data, "-t", "target", "-m", "logistic-regression", "-o", folder / "model", "-q")
    return {"folder": folder, "data": data, "store": store, "said": [compared, trained]}


COMMANDS = {
    "datasets": lambda p: ["datasets", p["data"], "-t", "target"],
    "check": lambda p: ["check", p["data"], "-t", "target"],
    "compare --dry-run": lambda p: ["compare", p["data"], "-t", "target", "-m", "constant", "--dry-run"],
    "runs": lambda p: ["runs", "--store", p["store"]],
    "runs last": lambda p: ["runs", "last", "--store", p["store"]],
    "report": lambda p: ["report", "last", "--store", p["store"], "--format", "md"],
    "verdict": lambda p: ["verdict", "last", "--store", p["store"]],
    "calibration": lambda p: ["calibration", "last", "--store", p["store"]],
    "verify a run": lambda p: ["verify", "last", "--store", p["store"], "-q"],
    "inspect": lambda p: ["inspect", p["folder"] / "model"],
    "verify": lambda p: ["verify", p["folder"] / "model"],
    "cost": lambda p: ["cost", p["folder"] / "model"],
    "evaluate": lambda p: ["evaluate", p["folder"] / "model", p["data"]],
    "explain": lambda p: ["explain", p["folder"] / "model", p["data"]],
    "export": lambda p: ["export", p["folder"] / "model", "-o", p["folder"] / "x", "--format", "skops"],
    "predict": lambda p: ["predict", p["folder"] / "model", p["data"], "-q", "--format", "jsonl"],
    "a column that is not there": lambda p: ["compare", p["data"], "-t", "\x1b[31mnothing"],
    "a model that is not there": lambda p: ["compare", p["data"], "-t", "target", "-m", "\x1b[31mmodel"],
    "a run that is not there": lambda p: ["runs", "\x1b[31mrun", "--store", p["store"]],
    "a file that is not there": lambda p: ["datasets", "\x1b[31mfile.csv"],
    "a model folder that is not there": lambda p: ["inspect", "\x1b[31mfolder"],
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_prints_what_a_terminal_obeys(name, place):
    done = run(*COMMANDS[name](place), code=None)
    if "not there" not in name and name != "predict":
        assert done.exit_code in (0, 1), done.output
    assert "fault" not in done.output
    assert "internal error" not in done.output
    assert done.output.strip()
    assert not CONTROLS.findall(done.output), done.output


def test_compare_and_train_print_none_either(place):
    for done in place["said"]:
        assert not CONTROLS.findall(done.output), done.output


@pytest.mark.parametrize("name", ["datasets", "runs", "runs last", "inspect", "verdict"])
def test_json_has_the_names_as_they_are(name, place):
    done = run(*COMMANDS[name](place), "--json")
    assert not CONTROLS.findall(done.stdout)
    found = json.loads(done.stdout)
    if name == "inspect":
        assert {c["name"] for c in found["manifest"]["inputs"]} == set(NAMES)


def test_every_command_is_among_them_or_says_nothing_of_data():
    known = {words.split()[0] for words in COMMANDS} | {"train"}
    quiet = {"models", "weights", "benchmark", "capacity", "learning-curve", "a"}
    assert _group._files() <= known | quiet, "add new commands above"


def test_the_card_has_no_html_of_names(place):
    card = (place["folder"] / "model" / "card.md").read_text(encoding="utf-8")
    assert not re.search(r"<(?!https?:)[a-zA-Z/!]", card)
    assert "&lt;img src=x" in card
    assert not CONTROLS.findall(card)


def test_predictions_are_no_formulas_when_asked(place):
    model, data = place["folder"] / "model", place["data"]
    plain = run("predict", model, data, "-q").stdout
    quoted = run("predict", model, data, "-q", "--safe-csv").stdout
    before, after = (list(csv.reader(io.StringIO(text, newline=""))) for text in (plain, quoted))
    assert len(before) == len(after) == 61
    texts = [cell for row in after for cell in row if not re.fullmatch(r"-?[\d.e+-]+", cell)]
    assert not [cell for cell in texts if cell.startswith(("=", "+", "-", "@"))]
    assert [cell.removeprefix("'") for row in after for cell in row] == [c for row in before for c in row]
    assert any(cell.startswith("'") for row in after for cell in row)
