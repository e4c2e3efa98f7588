"""Kept runs: rows at once, one line for a folder that cannot be used, runs found again."""

import json
import sqlite3

import pandas as pd
import pytest

from deepworth import InputError
from deepworth.datasets import Provenance
from deepworth.zoo.results.answer import Answer, Verdict
from deepworth.zoo.results.facts import DatasetFacts, Determinism, MetricFacts, PlanFacts
from deepworth.zoo.results.rows import Result
from deepworth.zoo.runs.journal import RunStore
from deepworth.zoo.runs.store import store_folder
from deepworth.zoo.workflows.runs import runs

PLAN = PlanFacts(5, 1, "quick", 0, False, 0.25, {}, ("svm",), 1)


def data(name="data"):
    classes = (("x", "y"), {"x": 2, "y": 1}, "y")
    return DatasetFacts(
        name, 3, 1, 1.0, "binary", "tabular", "target", *classes, None, None, "0", Provenance("memory")
    )


def result(fold=0, **values):
    return Result("svm", "classical", 0, fold, **{"fit_seconds": 0.5, **values})


def answer(record, dataset):
    verdict = Verdict("deep", "net", "svm", *(None,) * 6, 0.01, 0.95, (), "", "")
    return Answer(
        run=record.id,
        created=record.created,
        path=str(record.path),
        dataset=dataset,
        metric=MetricFacts("roc_auc", "ROC AUC", True),
        plan=PLAN,
        leaderboard=(),
        best_reachable=None,
        verdict=verdict,
        budget=None,
        explanations=None,
        findings=(),
        versions={},
        wall_seconds=1.0,
        estimate=None,
        determinism=Determinism("seeded", 1),
        exit_code=0,
    )


def kept(folder, name="data", status="ok"):
    dataset = data(name)
    with RunStore(folder, dataset, PLAN) as record:
        record.add(result(), {"roc_auc": 0.8})
        record.finish(status, answer(record, dataset), pd.DataFrame({"row": [1, 2]}))
    return record


def test_rows_can_be_read_while_the_run_goes_on(tmp_path):
    with RunStore(tmp_path, data(), PLAN) as record:
        record.add(result(), {"roc_auc": 0.8, "f1": None})
        record.add(result(1, status="failed", reason="ValueError: no", fit_seconds=None), {})
        with sqlite3.connect(record.path / "run.sqlite") as db:
            rows = db.execute("SELECT model, fold, status, reason, fit_seconds, metrics FROM job").fetchall()
        db.close()
    assert rows[0][:5] == ("svm", 0, "ok", "", 0.5)
    assert json.loads(rows[0][5]) == {"roc_auc": 0.8, "f1": None}
    assert rows[1][1:4] == (1, "failed", "ValueError: no")


def test_a_run_that_never_ended_is_listed_so(tmp_path):
    with RunStore(tmp_path, data(), PLAN) as record:
        record.add(result(), {})
    (row,) = runs(store=tmp_path)
    assert (row.run, row.status, row.outcome) == (record.id, "unfinished", None)
    assert row.models == 1
    with pytest.raises(InputError, match=f"did not finish; deepworth compare --resume {tmp_path}"):
        runs(record.id, store=tmp_path)


def test_a_finished_run_is_listed_and_loaded(tmp_path):
    record = kept(tmp_path, status="partial")
    (row,) = runs(store=tmp_path)
    assert (row.status, row.outcome, row.metric, row.models) == ("partial", "deep", "roc_auc", 1)
    assert runs(record.id, store=tmp_path).verdict.outcome == "deep"
    assert runs(str(record.path)).run == record.id
    assert runs("last", store=tmp_path).run == record.id
    assert runs(record.id[:17], store=tmp_path).run == record.id
    assert pd.read_parquet(record.path / "predictions.parquet")["row"].tolist() == [1, 2]
    assert sorted(p.name for p in record.path.iterdir()) == ["predictions.parquet", "run.sqlite"]


def test_newest_first(tmp_path):
    for name in ("20260102-000000-b-00", "20260101-000000-a-00"):
        kept(tmp_path, name).path.rename(tmp_path / name)
    assert [r.run for r in runs(store=tmp_path)] == ["20260102-000000-b-00", "20260101-000000-a-00"]


def test_a_broken_folder_does_not_hide_the_others(tmp_path):
    record = kept(tmp_path)
    (tmp_path / "0broken").mkdir()
    (tmp_path / "0broken" / "run.sqlite").write_bytes(b"not a database")
    assert [(r.run, r.status) for r in runs(store=tmp_path)] == [
        (record.id, "ok"),
        ("0broken", "unreadable"),
    ]
    with pytest.raises(InputError, match="not a run of deepworth"):
        runs("0broken", store=tmp_path)


def test_unknown_and_ambiguous_names(tmp_path):
    with pytest.raises(InputError, match="no runs in"):
        runs("last", store=tmp_path)
    kept(tmp_path), kept(tmp_path)
    with pytest.raises(InputError, match="fits 2 runs"):
        runs("20", store=tmp_path)
    with pytest.raises(InputError, match="no run 'nothing'"):
        runs("nothing", store=tmp_path)
    with pytest.raises(InputError, match="no run ''"):
        runs("", store=tmp_path)


def test_an_empty_or_absent_store_has_no_runs(tmp_path):
    assert runs(store=tmp_path) == runs(store=tmp_path / "absent") == []


def test_a_store_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"cannot keep the run in .*--store") as error:
        RunStore(tmp_path / "file", data(), PLAN)
    assert "\n" not in str(error.value)


def test_a_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch):
    def full(*_, **__):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(sqlite3, "connect", full)
    with pytest.raises(InputError, match="disk is full; choose another folder"):
        RunStore(tmp_path, data(), PLAN)
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
    assert runs(store=tmp_path) == []
    record = kept(tmp_path)
    assert runs("last", store=tmp_path).run == record.id


def test_names_of_runs_are_safe_folder_names(tmp_path):
    record = kept(tmp_path, "../Étrange / données?" + "x" * 100)
    assert record.path.parent == tmp_path
    assert all(c.isalnum() or c == "-" for c in record.id)
    assert len(record.id) < 70
