"""Names of columns and classes are shown as they are, whatever rich would make of their brackets."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from deepworth.cli import main

COLUMNS = ("weight [kg]", "plan [bold]", "size [/]")
CLASSES = ("[red]no", "yes [y]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("brackets")
    rng = np.random.default_rng(0)
    weight, size = rng.normal(size=(2, 120))
    plan, label = rng.choice(["[b]asic", "plus[]"], 120), np.where(weight + size > 0, *CLASSES)
    rows = [
        f"{w:.3f},{p},{s:.3f},{answer}" for w, p, s, answer in zip(weight, plan, size, label, strict=True)
    ]
    (folder / "own.csv").write_text("\n".join([",".join((*COLUMNS, "answer [?]")), *rows]) + "\n")
    said(folder, "train DATA -t LABEL -m logistic-regression -o MODEL")
    return folder


def said(folder, command: str) -> str:
    places = {"DATA": str(folder / "own.csv"), "LABEL": "answer [?]", "MODEL": str(folder / "model")}
    arguments = [places.get(word, word) for word in command.split()]
    shown = CliRunner(env={"COLUMNS": "160"}).invoke(main, arguments)
    assert shown.exit_code == 0, shown.output
    return shown.output


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("datasets DATA", (*COLUMNS, "answer [?]")),
        ("datasets DATA -t LABEL", (*COLUMNS, *CLASSES)),
        ("explain MODEL DATA", (*COLUMNS, *CLASSES, "[b]asic")),
        ("inspect MODEL", COLUMNS),
    ],
)
def test_brackets_are_shown(folder, command, names):
    shown = said(folder, command)
    assert [name for name in names if name not in shown] == []


def test_brackets_of_a_comparison_are_shown(folder):
    options = "--folds 2 -m constant,logistic-regression --no-costs --no-store"
    assert "own: 120 rows" in said(folder, f"compare DATA -t LABEL {options}")
    answer = json.loads(said(folder, f"compare DATA -t LABEL {options} --json -q"))
    assert sorted(answer["dataset"]["classes"]) == sorted(CLASSES)
    assert [name for name in CLASSES if name not in said(folder, f"compare DATA -t LABEL {options}")] == []
