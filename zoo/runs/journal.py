"""The growing record of one run: a row a planned job from the start, predictions beside it at once.

An SQLite file with a write-ahead log is never half written, whenever the process is killed. Predictions
of a finished job are a small Parquet file, in its place before the row says "ok"; the end of the run
joins them. The run's folder is locked while a process works on it; the system ends the lock with the
process.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...datasets import InputError
from ..results.facts import DatasetFacts, PlanFacts
from ..results.json import to_json
from ..results.rows import Fold, Result
from ..setup import Setup
from .jobs import PlannedJob, fold_of

if TYPE_CHECKING:
    import pandas as pd

    from ..results.answer import Answer

Key = tuple[str, dict[str, Any]]

VERSION = 1
PARTS = "parts"
MEASURED = ("fit_seconds", "fleet_seconds", "predict_seconds", "size_bytes", "parameters")

_SCHEMA = f"""
CREATE TABLE run (
    id TEXT PRIMARY KEY, created TEXT, status TEXT, dataset TEXT, plan TEXT, result TEXT,
    setup TEXT, versions TEXT, host TEXT, splits TEXT
);
CREATE TABLE job (
    run TEXT NOT NULL REFERENCES run (id), model TEXT NOT NULL, family TEXT, repeat INTEGER, fold INTEGER,
    status TEXT NOT NULL, reason TEXT, fit_seconds REAL, predict_seconds REAL, metrics TEXT,
    position INTEGER, size_bytes INTEGER, parameters INTEGER, converged INTEGER, contended INTEGER,
    fleet_seconds REAL, started TEXT, ended TEXT, attempts INTEGER NOT NULL DEFAULT 0, trials TEXT,
    PRIMARY KEY (run, model, repeat, fold)
);
CREATE TABLE cost (
    run TEXT NOT NULL REFERENCES run (id), model TEXT NOT NULL, family TEXT, status TEXT NOT NULL,
    reason TEXT, figures TEXT, contended INTEGER, position INTEGER, started TEXT, ended TEXT,
    attempts INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (run, model)
);
PRAGMA user_version = {VERSION};
"""


class RunStore:
    """Writes a run: a new one, or with :meth:`reopen` one that did not end."""

    def __init__(
        self,
        folder: Path,
        dataset: DatasetFacts,
        plan: PlanFacts,
        jobs: Sequence[PlannedJob] = (),
        *,
        setup: Setup | None = None,
        versions: Mapping[str, object] | None = None,
        host: Mapping[str, object] | None = None,
        splits: str | None = None,
    ) -> None:
        created = datetime.now(UTC)
        name = re.sub(r"[^a-z0-9]+", "-", dataset.name.lower()).strip("-")[:40]
        self.id = f"{created:%Y%m%d-%H%M%S}-{name}-{secrets.token_hex(2)}"
        self.created = created.isoformat(timespec="seconds")
        self.path = folder / self.id
        draft = folder / f".{self.id}"  # a run is there with all of its rows, or not at all
        try:
            draft.mkdir(parents=True)
        except OSError as error:
            raise InputError(cannot_write(self.path, error)) from error
        try:
            self._lock = lock(draft)
            self._db = sqlite3.connect(draft / "run.sqlite")
            self._db.executescript(_SCHEMA)
            facts = [json.dumps(to_json(value)) for value in (dataset, plan)]
            kept = [json.dumps(v) for v in (setup and setup.to_json(), versions, host, splits)]
            row = (self.id, self.created, "running", *facts, None, *kept)
            self._write("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [row])
            self._plan(jobs)
            self._db.close()
            draft.rename(self.path)
            self._db = _connect(self.path)
        except (sqlite3.Error, OSError, InputError) as error:
            shutil.rmtree(draft, ignore_errors=True)
            raise InputError(cannot_write(self.path, error)) from error

    @classmethod
    def reopen(cls, path: Path) -> RunStore:
        """Go on with a run; refused while another process works on it."""
        self = cls.__new__(cls)
        self.path, self._lock = path, lock(path)
        try:
            self._db = _connect(path)
            self.id, self.created = self._db.execute("SELECT id, created FROM run").fetchone()
        except (sqlite3.Error, TypeError) as error:
            os.close(self._lock)
            raise InputError(cannot_write(path, error)) from error
        return self

    def restart(self) -> None:
        """The work goes on; what was judged before is out of date."""
        self._write("UPDATE run SET status = 'running', result = NULL WHERE id = ?", [(self.id,)])

    def __enter__(self) -> RunStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the work on the run, once."""
        if self._lock < 0:
            return
        # Without a write-ahead log the run is one file that can be read from a read-only folder too;
        # somebody who reads it right now prevents that, and no harm is done.
        with suppress(sqlite3.Error):
            self._db.execute("PRAGMA journal_mode = DELETE")
        self._db.close()
        os.close(self._lock)
        self._lock = -1

    def _plan(self, jobs: Sequence[PlannedJob]) -> None:
        names = ("family", "status", "reason")
        rows = [
            {**{n: getattr(job, n) for n in names}, "position": position} for position, job in enumerate(jobs)
        ]
        for kind in dict.fromkeys(job.kind for job in jobs):
            positions = [p for p, job in enumerate(jobs) if job.kind == kind]
            keys = [_key(jobs[p].model, kind, fold_of(jobs[p])) for p in positions]
            self._put(keys, [rows[p] for p in positions])

    def begin(self, jobs: Sequence[PlannedJob]) -> None:
        """Say that these jobs run."""
        keys = [_key(job.model, job.kind, fold_of(job)) for job in jobs]
        table, names = keys[0][0], ("run", *keys[0][1])
        where = " AND ".join(f"{name} = ?" for name in names)
        change = "SET status = 'running', started = ?, attempts = attempts + 1"
        rows = [(_now(), self.id, *key.values()) for _, key in keys]
        self._write(f"UPDATE {table} {change} WHERE {where}", rows)

    def add(
        self, result: Result, metrics: Mapping[str, float | None], predictions: pd.DataFrame | None = None
    ) -> None:
        """Write a result, its predictions first."""
        if predictions is not None:
            self._keep_part(result, predictions)
        key = _key(result.model, result.kind, (result.repeat, result.fold))
        values = {name: getattr(result, name) for name in ("family", "status", "reason")}
        values |= {"contended": int(result.contended), "ended": _now()}
        if result.kind == "cost":
            self._put([key], [values | {"figures": json.dumps(to_json(result.costs))}])
            return
        values |= {name: getattr(result, name) for name in MEASURED}
        values |= {"metrics": json.dumps(metrics), "converged": int(result.converged)}
        if result.trials:
            values["trials"] = json.dumps(to_json(result.trials))
        self._put([key], [values])

    def _put(self, keys: Sequence[Key], values: Sequence[dict[str, Any]]) -> None:
        """Write these columns of rows, which are of one kind."""
        table, key = keys[0][0], ("run", *keys[0][1])
        rows = [{"run": self.id, **own, **columns} for (_, own), columns in zip(keys, values, strict=True)]
        names, marks = ", ".join(rows[0]), ", ".join("?" * len(rows[0]))
        update = ", ".join(f"{name} = excluded.{name}" for name in rows[0])
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks}) "
        statement += f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {update}"
        self._write(statement, [tuple(row.values()) for row in rows])

    def finish(self, status: str, answer: Answer | None, predictions: pd.DataFrame | None) -> None:
        """Write predictions and the answer. Those of single jobs stay while some are missing."""
        if predictions is not None and len(predictions):
            self._keep(predictions, self.path / "predictions.parquet")
        text = None if answer is None else json.dumps(answer.to_dict(), allow_nan=False)
        self._write("UPDATE run SET status = ?, result = ? WHERE id = ?", [(status, text, self.id)])
        if status != "interrupted":
            shutil.rmtree(self.path / PARTS, ignore_errors=True)

    def _keep_part(self, result: Result, predictions: pd.DataFrame) -> None:
        folder = self.path / PARTS
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise InputError(cannot_write(self.path, error)) from error
        self._keep(predictions, folder / part_name(result.model, result.repeat, result.fold))

    def _keep(self, frame: pd.DataFrame, file: Path) -> None:
        """All of it or nothing."""
        draft = file.with_name(f".{file.name}.part")
        try:
            frame.to_parquet(draft, index=False)
            draft.replace(file)
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
            raise InputError(cannot_write(self.path, error)) from error

    def _write(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        try:
            with self._db:
                self._db.executemany(statement, rows)
        except sqlite3.Error as error:
            raise InputError(cannot_write(self.path, error)) from error


def _connect(path: Path) -> sqlite3.Connection:
    # networks that are trained here report from their threads, one at a time
    db = sqlite3.connect(path / "run.sqlite", check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")  # a log cannot be torn; only a power cut costs the last rows
    db.execute("PRAGMA foreign_keys = ON")
    return db


def _key(model: str, kind: str, fold: Fold) -> Key:
    """Table and key of a job's row; costs have a row a model."""
    if kind == "cost":
        return "cost", {"model": model}
    return "job", {"model": model, "repeat": fold[0], "fold": fold[1]}


def part_name(model: str, repeat: int, fold: int) -> str:
    """File of one job's predictions."""
    return f"{model}-{repeat}-{fold}.parquet"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def lock(path: Path) -> int:
    """A lock on the run's folder that ends with this process; refused where another one holds it."""
    descriptor = os.open(path, os.O_RDONLY)
    if not _locked(descriptor):
        os.close(descriptor)
        raise InputError(f"another process works on the run {path.name}; wait for it, or end it first")
    return descriptor


def in_use(path: Path) -> bool:
    """Whether a process works on the run."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not _locked(descriptor, shared=True)
    finally:
        os.close(descriptor)


def _locked(file: int, shared: bool = False) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows cannot lock a folder
        return True
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def cannot_write(path: Path, error: Exception) -> str:
    """One line for a folder that cannot be used; what was written before is still good."""
    return f"cannot keep the run in {path}: {error}; choose another folder with --store"
