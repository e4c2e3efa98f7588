"""Every code of a finding: data with the fault has it, the same data without the fault has not."""

import re
from pathlib import Path

import click
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from deepworth import load_dataset
from deepworth.datasets import _codes, check_dataset
from deepworth.datasets._codes import CODES, finding, list_codes

N = 400
WORDS = [f"word{i}" for i in range(900)]


def frame(**columns):
    """A sound table of patients, with the columns of a case added or replaced."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, N))
    sick = np.where(a + rng.normal(size=N) > 0, "yes", "no")
    return pd.DataFrame({"a": a, "b": b, "c": rng.choice(list("uvw"), N), "sick": sick}).assign(**columns)


def table(changed=None, **options):
    return load_dataset(frame() if changed is None else changed, target="sick", **options)


def with_copies(rows, of, mend=lambda row: row):
    data = frame()
    for row, source in zip(rows, of, strict=True):
        data.loc[row] = mend(data.loc[source].copy())
    return data


def other_answer(row):
    row["sick"] = "yes" if row["sick"] == "no" else "no"
    return row


def fewer_digits(row):
    row["a"], row["b"] = float(np.float32(row["a"])), float(np.float32(row["b"]))
    return row


def last_hundred(data, name="part"):
    return data.assign(**{name: np.where(np.arange(N) < 300, "train", "test")})


def number(i):
    return np.random.default_rng(i).normal(size=N)


def text_folder(path, empty):
    for label in ("bad", "good"):
        (path / label).mkdir(parents=True)
        for i in range(10):
            text = "" if empty and i == 3 else f"{label} {i} " + " ".join(WORDS[i * 20 : i * 20 + 20])
            (path / label / f"{i}.txt").write_text(text)
    return load_dataset(path)


def image_folder(path, fault=None, parts=("",), size=12):
    for part in parts:
        for label in ("cat", "dog"):
            folder = path / part / label
            folder.mkdir(parents=True)
            for i in range(12):
                pixels = np.random.default_rng([i, label == "cat", *map(ord, part)]).integers(
                    0, 255, (size, size, 3)
                )
                Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{i}.png")
    if fault:
        (path / parts[0] / "cat" / fault).write_text("no image")
    return load_dataset(path)


def missing(share, values=None):
    return np.where(np.arange(N) < share * N, np.nan, number(5) if values is None else values)


SORTED = frame().sort_values("sick", kind="stable", ignore_index=True)
RARE = np.array(["no"] * (N - 30) + ["yes"] * 30)
NEW_AT_THE_END = np.where(np.arange(N) < 300, frame()["sick"], "unknown")
SEQUENCE = np.random.default_rng(2).permutation(np.arange(N))
ODD = [f"{i}.5" for i in range(N - 1)]

NOTES = [" ".join(np.random.default_rng(i).choice(WORDS, 12)) for i in range(N)]

# code: (a dataset with the fault, one without it), each made in an empty folder
CASES = {
    "DW001": (lambda p: table(frame(id=SEQUENCE)), lambda p: table(frame(id=SEQUENCE % 7))),
    "DW002": (lambda p: table(frame(k=1)), lambda p: table(frame(k=SEQUENCE % 2))),
    "DW003": (lambda p: table(frame(k=np.nan)), lambda p: table(frame(k=missing(0.1)))),
    "DW004": (lambda p: table(frame(k=frame()["a"])), lambda p: table(frame(k=frame()["a"] * 2))),
    "DW005": (lambda p: table(with_copies([10, 20], [3, 3])), lambda p: table()),
    "DW006": (
        lambda p: table(last_hundred(with_copies([310], [3])), split_column="part"),
        lambda p: table(last_hundred(with_copies([310], [305])), split_column="part"),
    ),
    "DW007": (
        lambda p: table(with_copies([10], [3], other_answer)),
        lambda p: table(with_copies([10], [3])),
    ),
    "DW008": (
        lambda p: table(frame(k=np.where(frame()["sick"] == "yes", 9.0, 3.0) + number(3) / 9)),
        lambda p: table(frame(k=np.where(frame()["sick"] == "yes", 9.0, 3.0) + number(3) * 9)),
    ),
    "DW009": (
        lambda p: table(frame(sick=np.where(np.arange(N) < 5, "yes", "no"))),
        lambda p: table(frame(sick=np.where(np.arange(N) < 15, "yes", "no"))),
    ),
    "DW010": (lambda p: table(frame(sick=RARE)), lambda p: table()),
    "DW011": (lambda p: table(SORTED), lambda p: table()),
    "DW012": (
        lambda p: table(frame(k=[f"v{i % 250}" for i in range(N)])),
        lambda p: table(frame(k=[f"v{i % 50}" for i in range(N)])),
    ),
    "DW013": (lambda p: table(frame(k=missing(0.5))), lambda p: table(frame(k=missing(0.3)))),
    "DW014": (
        lambda p: table(frame(day=pd.date_range("2024-01-01", periods=N))),
        lambda p: table(frame(day=pd.date_range("2024-01-01", periods=N)), time="day"),
    ),
    "DW015": (
        lambda p: table(frame(k=np.where(SEQUENCE % 50 == 0, 0, 80 + SEQUENCE % 40))),
        lambda p: table(frame(k=SEQUENCE % 40)),
    ),
    "DW016": (lambda p: table(rows=100), lambda p: table()),
    "DW017": (
        lambda p: table(frame(sick=SEQUENCE % 5)),
        lambda p: table(frame(sick=SEQUENCE % 5), task="regression"),
    ),
    "DW018": (
        lambda p: table(frame(patient_id=SEQUENCE // 4)),
        lambda p: table(frame(patient_id=SEQUENCE // 4), groups="patient_id"),
    ),
    "DW020": (lambda p: table(frame(k=[[1, 2]] * N)), lambda p: table(frame(k=["1, 2", "3"] * (N // 2)))),
    "DW021": (lambda p: table(frame(k=[*ODD, "many"])), lambda p: table(frame(k=[*ODD, "7.5"]))),
    "DW022": (lambda p: table(frame(k=[*ODD, "inf"])), lambda p: table(frame(k=[*ODD, ""]))),
    "DW023": (lambda p: text_folder(p, empty=True), lambda p: text_folder(p, empty=False)),
    "DW024": (
        lambda p: table(frame(note=NOTES), text="note"),
        lambda p: table(frame(note=NOTES), text="note", drop=["a", "b", "c"]),
    ),
    "DW025": (lambda p: image_folder(p, "x.png"), lambda p: image_folder(p)),
    "DW026": (lambda p: image_folder(p, "x.doc"), lambda p: image_folder(p)),
    "DW027": (
        lambda p: image_folder(p, parts=("train", "val", "test")),
        lambda p: image_folder(p, parts=("train", "test")),
    ),
    "DW028": (
        lambda p: table(with_copies([10], [3], fewer_digits)),
        lambda p: table(with_copies([10], [3])),
    ),
    "DW029": (
        lambda p: table(last_hundred(with_copies([310], [3], fewer_digits)), split_column="part"),
        lambda p: table(last_hundred(with_copies([310], [305], fewer_digits)), split_column="part"),
    ),
    "DW030": (
        lambda p: table(last_hundred(frame(sick=NEW_AT_THE_END)), split_column="part"),
        lambda p: table(last_hundred(frame()), split_column="part"),
    ),
    "DW031": (
        lambda p: table(frame(day=pd.date_range("2024-01-01", periods=N)), time="day"),
        lambda p: table(frame(day=pd.date_range("2024-01-01", periods=N))),
    ),
    "DW032": (
        lambda p: table(frame(sick=frame()["a"] + frame()["b"]), task="regression"),
        lambda p: table(frame(sick=frame()["a"] + frame()["b"] + number(8) / 5), task="regression"),
    ),
    "DW033": (
        lambda p: table(frame(k=[f"{label}-{i % 60}" for i, label in enumerate(frame()["sick"])])),
        lambda p: table(frame(k=[f"{'yn'[i % 2]}-{i % 60}" for i in range(N)])),
    ),
    "DW035": (
        lambda p: table(frame(day=[f"0{i % 9 + 1}/0{i % 7 + 1}/2024" for i in range(N)])),
        lambda p: table(frame(day=[f"{i % 28 + 1}/0{i % 7 + 1}/2024" for i in range(N)])),
    ),
    "DW036": (
        lambda p: table(last_hundred(frame(k=np.where(np.arange(N) < 300, "u", "U"))), split_column="part"),
        lambda p: table(last_hundred(frame(k=np.where(SEQUENCE < 300, "u", "U"))), split_column="part"),
    ),
    "DW038": (
        lambda p: table(frame(k=[*["u"] * (N - 1), "Total"])),
        lambda p: table(frame(k=["u", "Total"] * (N // 2))),
    ),
    "DW037": (
        lambda p: table(frame(sick=np.where(np.arange(N) == 7, None, frame()["sick"]))),
        lambda p: table(),
    ),
    "DW040": (
        lambda p: table(frame(sick=np.cumsum(number(6))), task="regression"),
        lambda p: table(frame(sick=number(6)), task="regression"),
    ),
    "DW041": (
        lambda p: table(frame(k=[("red", "Red", "blue")[i % 3] for i in range(N)])),
        lambda p: table(frame(k=[("red", "blue")[i % 2] for i in range(N)])),
    ),
    "DW042": (
        lambda p: table(frame(match_result=number(7))),
        lambda p: table(frame(test_result=number(7))),
    ),
    "DW043": (
        lambda p: table(frame(k=[("None", "brick", "stone")[i % 3] for i in range(N)])),
        lambda p: table(frame(k=[("", "brick", "stone")[i % 3] for i in range(N)])),
    ),
}


def test_every_code_has_its_pair():
    assert set(CASES) == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_the_fault_is_found_and_clean_data_is_not_accused(code, tmp_path):
    plant, clean = CASES[code]
    found = [f for f in check_dataset(plant(tmp_path / "fault")) if f.code == code]
    assert found
    assert all(f.message and "\n" not in f.message for f in found)
    assert code not in {f.code for f in check_dataset(clean(tmp_path / "clean"))}


def test_every_code_in_the_source_is_in_the_table_and_the_other_way_round():
    folder = Path(_codes.__file__).parent
    source = "".join(p.read_text() for p in folder.glob("*.py") if p.name != "_codes.py")
    assert set(re.findall(r'"(DW\d{3})"', source)) == set(CODES)


def test_every_code_says_what_to_do():
    assert [c["code"] for c in list_codes()] == sorted(CODES)
    for code in CODES.values():
        assert 3 < len(code.title) < 60
        assert code.advice.endswith(".")


def test_the_table_of_codes_in_the_documentation_is_current():
    page = (Path(__file__).parents[2] / "docs" / "reference.md").read_text(encoding="utf-8")
    for code in list_codes():
        assert f"| `{code['code']}` | {code['title']} | {code['advice']} |" in page


def test_options_that_the_advice_names_exist():
    from deepworth.cli import main

    context = click.Context(main)
    commands = [main.get_command(context, name) for name in ("check", "compare")]
    options = {o for command in commands for p in command.params for o in (*p.opts, *p.secondary_opts)}
    named = set(re.findall(r"--[a-z][a-z-]+", " ".join(code.advice for code in CODES.values())))
    assert len(named) > 5
    assert named <= options


def test_a_finding_names_twenty_rows_at_most():
    assert finding("DW005", "info", "many", rows=np.arange(99)).rows == tuple(range(20))
