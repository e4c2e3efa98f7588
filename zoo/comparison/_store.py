"""Runs on disk: one folder a run, with an SQLite file and the kept predictions as Parquet."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...datasets._errors import InputError, unknown_name

_SCHEMA = """
CREATE TABLE run (id TEXT PRIMARY KEY, created TEXT, status TEXT, dataset TEXT, plan TEXT, result TEXT);
CREATE TABLE job (
    run TEXT NOT NULL REFERENCES run (id), model TEXT, family TEXT, repeat INTEGER, fold INTEGER,
    status TEXT, reason TEXT, fit_seconds REAL, predict_seconds REAL, metrics TEXT,
    PRIMARY KEY (run, model, repeat, fold)
);
PRAGMA user_version = 1;
"""


def store_folder(store: str | os.PathLike[str] | None = None) -> Path:
    """Where runs are kept: the argument, DEEPWORTH_HOME, or the user's data folder."""
    if store is not None:
        return Path(store)
    if home := os.environ.get("DEEPWORTH_HOME"):
        return Path(home) / "runs"
    from platformdirs import user_data_path

    return user_data_path("deepworth") / "runs"


class RunStore:
    """The growing record of one run. Rows are written at once."""

    def __init__(self, folder: Path, dataset: dict[str, Any], plan: dict[str, Any]) -> None:
        created = datetime.now(UTC)
        name = re.sub(r"[^a-z0-9]+", "-", dataset["name"].lower()).strip("-")[:40]
        self.id = f"{created:%Y%m%d-%H%M%S}-{name}-{secrets.token_hex(2)}"
        self.created = created.isoformat(timespec="seconds")
        self.path = folder / self.id
        try:
            self.path.mkdir(parents=True)
        except OSError as error:
            raise InputError(_cannot_write(self.path, error)) from error
        try:
            self._db = sqlite3.connect(self.path / "run.sqlite")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.executescript(_SCHEMA)
            row = (self.id, self.created, "running", json.dumps(dataset), json.dumps(plan), None)
            self._write("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?)", row)
        except (sqlite3.Error, InputError) as error:
            shutil.rmtree(self.path, ignore_errors=True)  # nothing half written
            raise InputError(_cannot_write(self.path, error)) from error

    def __enter__(self) -> RunStore:
        return self

    def __exit__(self, *_: object) -> None:
        # Without a write-ahead log the run is one file that can be read from a read-only folder too;
        # somebody who reads it right now prevents that, and no harm is done.
        with suppress(sqlite3.OperationalError):
            self._db.execute("PRAGMA journal_mode = DELETE")
        self._db.close()

    def add(self, job: Any, metrics: dict[str, float | None]) -> None:
        """Write a finished job."""
        row = (self.id, job.model, job.family, job.split.repeat, job.split.fold, job.status, job.reason)
        costs = (job.fit_seconds, job.predict_seconds, json.dumps(metrics))
        self._write("INSERT INTO job VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row + costs)

    def finish(self, status: str, result: dict[str, Any] | None, predictions: Any) -> None:
        """Write predictions and the result."""
        try:
            if predictions is not None and len(predictions):
                predictions.to_parquet(self.path / "predictions.parquet", index=False)
        except OSError as error:
            raise InputError(_cannot_write(self.path, error)) from error
        text = None if result is None else json.dumps(result, allow_nan=False)
        self._write("UPDATE run SET status = ?, result = ? WHERE id = ?", (status, text, self.id))

    def _write(self, statement: str, values: Iterable[Any]) -> None:
        try:
            with self._db:
                self._db.execute(statement, tuple(values))
        except sqlite3.Error as error:
            raise InputError(_cannot_write(self.path, error)) from error


def _cannot_write(path: Path, error: Exception) -> str:
    return f"cannot keep the run in {path}: {error}; choose another folder with --store"


def list_runs(store: str | os.PathLike[str] | None = None) -> list[dict[str, Any]]:
    """Past runs, newest first: run, created, dataset, status, outcome, models."""
    folder = store_folder(store)
    files = sorted(folder.glob("*/run.sqlite"), reverse=True) if folder.is_dir() else []
    return [_summary(path) for path in files]


def _summary(path: Path) -> dict[str, Any]:
    try:
        row = _read(path)
    except InputError:  # one broken folder must not hide the others
        row = {"status": "unreadable"}
    result = row.get("result") or {}
    return {
        "run": path.parent.name,
        "created": row.get("created"),
        "dataset": (row.get("dataset") or {}).get("name"),
        # a run without an end goes on, or was killed: its file cannot tell which
        "status": "unfinished" if row["status"] == "running" else row["status"],
        "metric": (result.get("metric") or {}).get("name"),
        "outcome": (result.get("verdict") or {}).get("outcome"),
        "models": len(result.get("leaderboard", [])),
        "path": str(path.parent),
    }


def load_run(run: str, store: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """The result of a past run, by its id, an unmistakable start of it, "last", or its folder."""
    folder = _folder_of(run, store)
    row = _read(folder / "run.sqlite")
    if row["result"] is None:
        raise InputError(f"run {row['id']} did not finish; its jobs are in {folder / 'run.sqlite'}")
    return row["result"]


def load_jobs(run: str, store: str | os.PathLike[str] | None = None) -> tuple[list[dict[str, Any]], Any]:
    """The job rows of a past run in the order in which they ended, and its kept predictions (a DataFrame).

    Raises
    ------
    InputError
        The run keeps no predictions.
    """
    import pandas as pd

    folder = _folder_of(run, store)
    file = folder / "predictions.parquet"
    if not file.is_file():
        raise InputError(f"{file} is missing: without kept predictions nothing can be judged again")
    try:
        with closing(_open(folder / "run.sqlite")) as db:
            jobs = [dict(row) for row in db.execute("SELECT * FROM job ORDER BY rowid")]
        return jobs, pd.read_parquet(file)
    except (sqlite3.Error, OSError, ValueError) as error:
        raise InputError(f"the run in {folder} cannot be read: {error}") from error


def _folder_of(run: str, store: str | os.PathLike[str] | None) -> Path:
    return Path(run) if (Path(run) / "run.sqlite").is_file() else _find_run(run, store_folder(store))


def _find_run(run: str, folder: Path) -> Path:
    known = sorted(path.parent.name for path in folder.glob("*/run.sqlite")) if folder.is_dir() else []
    if not known:
        raise InputError(f"no runs in {folder}; deepworth compare makes one")
    matches = known[-1:] if run == "last" else [name for name in known if name.startswith(run)]
    if len(matches) > 1 and run not in matches:
        raise InputError(f"{run!r} fits {len(matches)} runs: {', '.join(matches[:5])}; give more of its name")
    if not matches:
        raise unknown_name("run", run, known[::-1])
    return folder / (run if run in matches else matches[0])


def _open(path: Path) -> sqlite3.Connection:
    """For reading only."""
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    return db


def _read(path: Path) -> dict[str, Any]:
    try:
        with closing(_open(path)) as db:
            row = dict(db.execute("SELECT * FROM run").fetchone())
    except (sqlite3.Error, TypeError) as error:
        raise InputError(f"{path} is not a run of deepworth: {error}") from error
    return {**row, **{k: json.loads(row[k]) if row[k] else None for k in ("dataset", "plan", "result")}}
