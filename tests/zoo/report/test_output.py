"""Answers as files: refused early, written whole or not at all."""

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from deepworth.cli import main
from deepworth.datasets._errors import InputError
from deepworth.zoo.report.output import ROWS, as_csv, check_output, write_answer, write_whole

ANSWER = {"score": 0.5, "rows": [{"model": "a", "score": 0.5}, {"model": "b, c", "reason": "no"}]}


@pytest.mark.parametrize(
    ("name", "endings", "words"),
    [
        ("a.parquet", (".json", ".csv"), "a.parquet: expected a name ending in .json or .csv"),
        ("a", ROWS, "expected a name ending in .json, .jsonl, .csv or .parquet"),
        ("absent/a.csv", ROWS, "its folder does not exist or is read-only"),
        ("folder.csv", ROWS, "its folder does not exist or is read-only"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path, name, endings, words):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match=words):
        check_output(str(tmp_path / name), endings)


@pytest.mark.parametrize("name", [None, "a.json", "A.CSV"])
def test_what_can_be_written_is_not(tmp_path, name):
    output = None if name is None else str(tmp_path / name)
    check_output(output)
    write_answer(ANSWER, ANSWER["rows"], output)
    assert [file.name for file in tmp_path.iterdir()] == ([] if name is None else [name])


@pytest.mark.parametrize(
    "command", [["compare", "absent.csv"], ["verdict", "absent"], ["benchmark", "absent.yaml"]]
)
def test_commands_refuse_before_they_work(command):
    done = CliRunner().invoke(main, [*command, "-o", "answer.parquet"])
    assert done.exit_code == 2
    assert "cannot write answer.parquet: expected a name ending in .json or .csv" in done.stderr


def test_json_has_everything_and_csv_the_rows(tmp_path):
    write_answer(ANSWER, ANSWER["rows"], str(tmp_path / "a.json"))
    write_answer(ANSWER, ANSWER["rows"], str(tmp_path / "a.csv"))
    assert json.loads((tmp_path / "a.json").read_text()) == ANSWER
    rows = list(csv.DictReader((tmp_path / "a.csv").open(newline="")))
    assert rows == [
        {"model": "a", "score": "0.5", "reason": ""},
        {"model": "b, c", "score": "", "reason": "no"},
    ]


def test_no_rows_are_no_error():
    assert list(csv.DictReader(io.StringIO(as_csv([])))) == []


def test_a_name_that_was_no_text_is_an_escape(tmp_path):
    write_whole("caf\udce9", tmp_path / "a.json")
    assert (tmp_path / "a.json").read_bytes() == b"caf\\udce9"


def test_a_full_disk_leaves_the_old_file_and_no_draft(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text("old")

    def full(self, *_, **__):
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole("new", tmp_path / "a.csv")
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_bytes() == b"old"
