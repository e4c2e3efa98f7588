"""Answers that were kept are still given: no number has changed.

``tests/fixtures/make_answers.py`` says which commands they answer, what is left out because it cannot repeat,
and how far numbers may be apart. Where a difference is intended, make the answers again and say so in the
commit.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parent / "fixtures"
KEPT = FIXTURES / "answers"


def load_script():
    spec = importlib.util.spec_from_file_location("make_answers", FIXTURES / "make_answers.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look it up there
    spec.loader.exec_module(module)
    return module


answers = load_script()


def record(name):
    return json.loads((KEPT / name).read_text(encoding="utf-8"))


def minor_versions(made_with):
    return {name: value.split(".")[:2] for name, value in made_with.items()}


@pytest.fixture(scope="module")
def again(tmp_path_factory):
    """All answers of the present code; other libraries or processors round otherwise."""
    then, here = (minor_versions(one) for one in (record(answers.MADE_WITH), answers.made_with()))
    if then != here:
        pytest.skip(f"the answers were kept with {record(answers.MADE_WITH)}; here are {answers.made_with()}")
    folder = tmp_path_factory.mktemp("answers")
    answers.make(folder)
    return folder


@pytest.mark.nightly
def test_every_answer_is_as_before(again):
    found = answers.compare(KEPT, again)
    assert not any(one.matters for one in found), answers.report(found)


def test_every_command_has_a_kept_answer():
    kept = {file.stem: record(file.name) for file in KEPT.glob("*.json") if file.name != answers.MADE_WITH}
    assert {name: f"deepworth {command}" for name, command in answers.COMMANDS.items()} == {
        name: one["command"] for name, one in kept.items()
    }
    assert sum(file.stat().st_size for file in KEPT.iterdir()) < 400_000


def test_kept_answers_cover_what_they_are_for():
    """Each way to an answer, and each test of two models, is among them."""
    tests = [record(f"verdict-{name}.json")["answer"]["between"]["test"] for name in ("delong", "mcnemar")]
    tests += [
        record(f"verdict-{name}.json")["answer"]["between"]["test"] for name in ("bootstrap", "between")
    ]
    assert tests == ["DeLong", "McNemar", "paired bootstrap", "row-level t"]
    failing = record("compare-failing.json")
    assert failing["exit_code"] == 1
    assert failing["answer"]["verdict"]["missing"] == ["logistic-regression"]
    tasks = {record(file.name)["answer"]["dataset"]["task"] for file in KEPT.glob("compare-*.json")}
    assert tasks == {"binary", "multiclass", "regression"}


ROWS = [
    {"model": "rbf-svm", "family": "classical", "score": 0.5, "rows": 30, "notes": ["few rows"]},
    {"model": "cnn", "family": "deep", "score": 0.25, "size_bytes": 1000, "sentence": "It is slow."},
]


def changed(place, **values):
    """The rows with other values in one of them; None takes a key away."""
    rows = [dict(row) for row in ROWS]
    rows[place] = {key: one for key, one in {**rows[place], **values}.items() if one is not None}
    return rows


@pytest.mark.parametrize(
    ("now", "matters", "kind"),
    [
        (changed(0, score=0.5 * (1 + 1e-6)), True, "number"),
        (changed(0, score=0.5 * (1 + 1e-8)), False, "number"),
        (changed(1, score=0.25 * (1 + 1e-6)), False, "number"),
        (changed(1, score=0.25 * (1 + 1e-3)), True, "number"),
        (changed(0, rows=31), True, "number"),
        (changed(1, size_bytes=1010), False, "number"),
        (changed(1, size_bytes=1100), True, "number"),
        (changed(0, score="0.5"), True, "value"),
        (changed(0, family="deep"), True, "value"),
        (changed(0, rows=None), True, "key"),
        (changed(0, added=1), False, "added"),
        (changed(1, sentence="It takes long."), False, "wording"),
        (changed(1, sentence=""), True, "value"),
        (changed(0, notes=[]), True, "value"),
        (ROWS[::-1], True, "value"),
    ],
)
def test_a_difference_is_seen_and_weighed(now, matters, kind):
    walk = answers.Walk(frozenset({"rbf-svm"}), answers.NETWORKS)
    found = list(walk.differences(ROWS, now, "rows"))
    assert any(one.matters for one in found) == matters
    assert kind in [one.kind for one in found]


def test_equal_answers_do_not_differ():
    assert not list(answers.Walk(frozenset()).differences(ROWS, changed(0), "rows"))


def test_only_what_cannot_repeat_is_left_out():
    answer = {"run": "20260101-000000-iris", "fit_seconds": 0.5, "fleet_seconds": None, "score": 0.5}
    answer |= {
        "versions": {"numpy": "2.4"},
        "seconds_per_row": 1,
        "files": [{"bytes": 10, "name": "card.md"}],
    }
    assert answers.masked(answer) == {
        "run": "masked",
        "fit_seconds": "masked",
        "fleet_seconds": None,
        "score": 0.5,
        "versions": {"numpy": "masked"},
        "seconds_per_row": 1,
        "files": [{"bytes": "masked", "name": "card.md"}],
    }


def test_layout_is_json():
    for file in KEPT.glob("*.json"):
        assert answers.laid_out(record(file.name)) + "\n" == file.read_text(encoding="utf-8")
