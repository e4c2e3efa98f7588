"""Kept runs: rows at once, one line for a folder that cannot be used, runs found again."""

import json
import sqlite3

import numpy as np
import pandas as pd
import pytest

from deepworth.datasets._errors import InputError
from deepworth.datasets._splits import Split
from deepworth.zoo.runs.fitting import Job
from deepworth.zoo.runs.store import RunStore, list_runs, load_run, store_folder

ROWS = np.arange(3)


def job(fold=0, **values):
    return Job(
        "svm", "classical", Split(0, fold, ROWS, ROWS), **{"status": "ok", "fit_seconds": 0.5, **values}
    )


def kept(folder, name="data", status="ok", result=None):
    with RunStore(folder, {"name": name}, {"folds": 5}) as record:
        record.add(job(), {"roc_auc": 0.8})
        answer = {
            "run": record.id,
            "metric": {"name": "roc_auc"},
            "verdict": {"outcome": "deep"},
            "leaderboard": [1],
        }
        record.finish(status, result or answer, pd.DataFrame({"row": [1, 2]}))
    return record


def test_rows_can_be_read_while_the_run_goes_on(tmp_path):
    with RunStore(tmp_path, {"name": "data"}, {}) as record:
        record.add(job(), {"roc_auc": 0.8, "f1": None})
        record.add(job(1, status="failed", reason="ValueError: no", fit_seconds=None), {})
        with sqlite3.connect(record.path / "run.sqlite") as db:
            rows = db.execute("SELECT model, fold, status, reason, fit_seconds, metrics FROM job").fetchall()
        db.close()
    assert rows[0][:5] == ("svm", 0, "ok", "", 0.5)
    assert json.loads(rows[0][5]) == {"roc_auc": 0.8, "f1": None}
    assert rows[1][1:4] == (1, "failed", "ValueError: no")


def test_a_run_that_never_ended_is_listed_so(tmp_path):
    with RunStore(tmp_path, {"name": "data"}, {}) as record:
        record.add(job(), {})
    (row,) = list_runs(tmp_path)
    assert (row["run"], row["status"], row["outcome"]) == (record.id, "unfinished", None)
    assert row["models"] == 1
    with pytest.raises(InputError, match=f"did not finish; deepworth compare --resume {tmp_path}"):
        load_run(record.id, tmp_path)


def test_a_finished_run_is_listed_and_loaded(tmp_path):
    record = kept(tmp_path, status="partial")
    (row,) = list_runs(tmp_path)
    assert (row["status"], row["outcome"], row["metric"], row["models"]) == ("partial", "deep", "roc_auc", 1)
    assert load_run(record.id, tmp_path)["verdict"]["outcome"] == "deep"
    assert load_run(str(record.path))["run"] == record.id
    assert load_run("last", tmp_path)["run"] == record.id
    assert load_run(record.id[:17], tmp_path)["run"] == record.id
    assert pd.read_parquet(record.path / "predictions.parquet")["row"].tolist() == [1, 2]
    assert sorted(p.name for p in record.path.iterdir()) == ["predictions.parquet", "run.sqlite"]


def test_newest_first(tmp_path):
    for name in ("20260102-000000-b-00", "20260101-000000-a-00"):
        kept(tmp_path, name).path.rename(tmp_path / name)
    assert [r["run"] for r in list_runs(tmp_path)] == ["20260102-000000-b-00", "20260101-000000-a-00"]


def test_a_broken_folder_does_not_hide_the_others(tmp_path):
    record = kept(tmp_path)
    (tmp_path / "0broken").mkdir()
    (tmp_path / "0broken" / "run.sqlite").write_bytes(b"not a database")
    assert [(r["run"], r["status"]) for r in list_runs(tmp_path)] == [
        (record.id, "ok"),
        ("0broken", "unreadable"),
    ]
    with pytest.raises(InputError, match="not a run of deepworth"):
        load_run("0broken", tmp_path)


def test_unknown_and_ambiguous_names(tmp_path):
    with pytest.raises(InputError, match="no runs in"):
        load_run("last", tmp_path)
    kept(tmp_path), kept(tmp_path)
    with pytest.raises(InputError, match="fits 2 runs"):
        load_run("20", tmp_path)
    with pytest.raises(InputError, match="no run 'nothing'"):
        load_run("nothing", tmp_path)
    with pytest.raises(InputError, match="no run ''"):
        load_run("", tmp_path)


def test_an_empty_or_absent_store_has_no_runs(tmp_path):
    assert list_runs(tmp_path) == list_runs(tmp_path / "absent") == []


def test_a_store_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"cannot keep the run in .*--store") as error:
        RunStore(tmp_path / "file", {"name": "data"}, {})
    assert "\n" not in str(error.value)


def test_a_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch):
    def full(*_, **__):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(sqlite3, "connect", full)
    with pytest.raises(InputError, match="disk is full; choose another folder"):
        RunStore(tmp_path, {"name": "data"}, {})
    assert list(tmp_path.iterdir()) == []


def test_where_runs_are_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPWORTH_HOME", str(tmp_path))
    assert store_folder() == tmp_path / "runs"
    assert store_folder(tmp_path / "other") == tmp_path / "other"
    monkeypatch.delenv("DEEPWORTH_HOME")
    assert store_folder().parts[-2:] == ("deepworth", "runs")


def test_a_run_that_was_killed_before_it_began_is_none(tmp_path):
    """Its folder has another name until all of its rows are there."""
    (tmp_path / ".20260101-000000-data-00").mkdir()
    (tmp_path / ".20260101-000000-data-00" / "run.sqlite").touch()
    assert list_runs(tmp_path) == []
    record = kept(tmp_path)
    assert load_run("last", tmp_path)["run"] == record.id


def test_names_of_runs_are_safe_folder_names(tmp_path):
    record = kept(tmp_path, "../Étrange / données?" + "x" * 100)
    assert record.path.parent == tmp_path
    assert all(c.isalnum() or c == "-" for c in record.id)
    assert len(record.id) < 70
