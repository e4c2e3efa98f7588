"""Stores of runs that were changed: fields, JSON in fields, bytes of databases and predictions, files."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from _mutations import ODD, changed_bytes, changed_json

_JSON = ("dataset", "plan", "result", "result", "setup", "versions", "host", "splits")
RUNS = 2  # of a sound store: one stays as it is


def sound_store(folder: Path) -> None:
    """Small runs of both kinds of tasks."""
    import deepworth

    options: dict[str, Any] = {"folds": 2, "jobs": 0, "store": folder}
    deepworth.compare("iris", models=["constant", "naive-bayes"], **options)
    deepworth.compare("diabetes", models=["constant", "linear-regression"], costs=False, **options)


def changed_store(store: Path, rng: random.Random) -> tuple[str, str]:
    """Change one run of a store in place: its name, and how it was changed."""
    run = rng.choice(sorted(p for p in store.iterdir() if not p.name.startswith(".")))
    kind = rng.choice(list(KINDS))
    try:
        KINDS[kind](run, rng)
    except (ValueError, KeyError, IndexError, TypeError, RecursionError, OverflowError, sqlite3.Error):
        return run.name, f"{kind} (as it was)"
    return run.name, kind


def _row(run: Path, rng: random.Random) -> tuple[sqlite3.Connection, str, str, int, Any]:
    db = sqlite3.connect(run / "run.sqlite")
    table = rng.choice(["run", "run", "job", "cost"])
    columns = [name for _, name, *_ in db.execute(f"PRAGMA table_info({table})")]
    column = rng.choice(columns)
    rows = db.execute(f"SELECT rowid, {column} FROM {table}").fetchall()
    number, value = rng.choice(rows)
    return db, table, column, number, value


def _field(run: Path, rng: random.Random) -> None:
    db, table, column, number, value = _row(run, rng)
    others = [b"\xff\xfe", b"", value, str(value), 2.5]
    new = rng.choice([*[v for v in ODD if not isinstance(v, (list, dict))], *others])
    with closing(db), db:
        db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (new, number))


def _json(run: Path, rng: random.Random) -> None:
    """A part of an answer, a plan, a setup, metrics or costs."""
    column = rng.choice([*_JSON, "metrics", "figures"])
    table = {"metrics": "job", "figures": "cost"}.get(column, "run")
    with closing(sqlite3.connect(run / "run.sqlite")) as db, db:
        number, text = rng.choice(db.execute(f"SELECT rowid, {column} FROM {table}").fetchall())
        changed = json.dumps(changed_json(json.loads(text), rng, run, rng.choice([1, 1, 2, 4])))
        db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (changed, number))


def _rows(run: Path, rng: random.Random) -> None:
    """Rows and tables too few or too many, other versions, views."""
    with closing(sqlite3.connect(run / "run.sqlite")) as db, db:
        table = rng.choice(["run", "job", "cost"])
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS status FROM n"
        for statement in rng.choice(
            [
                [f"DELETE FROM {table} WHERE rowid = (SELECT min(rowid) FROM {table})"],
                [f"DELETE FROM {table}"],
                [f"DROP TABLE {table}"],
                [f"ALTER TABLE {table} RENAME COLUMN status TO other"],
                ["PRAGMA user_version = 99"],
                ["DROP TABLE cost", f"CREATE VIEW cost AS {endless}"],
            ]
        ):
            db.execute(statement)


def _bytes(run: Path, rng: random.Random) -> None:
    path = rng.choice([p for p in sorted(run.rglob("*")) if p.is_file()])
    path.write_bytes(changed_bytes(path.read_bytes(), rng))


def _predictions(run: Path, rng: random.Random) -> None:
    """Columns that are missing, of other types, or with values that no run has."""
    import pandas as pd

    path = run / "predictions.parquet"
    frame = pd.read_parquet(path)
    name = rng.choice(list(frame.columns))
    way = rng.randrange(4)
    if way == 0:
        frame = frame.drop(columns=name)
    elif way == 1:
        frame = frame.iloc[: rng.choice([0, 1, len(frame) // 2])]
    else:
        odd = [v for v in ODD if not isinstance(v, (list, dict)) and v != 10**30 and v != "\ud83d"]
        frame[name] = [rng.choice(odd)] * len(frame)
    frame.to_parquet(path, index=False)


def _files(run: Path, rng: random.Random) -> None:
    name = rng.choice(sorted(p.name for p in run.iterdir()))
    way = rng.randrange(4)
    if way == 0:
        (run / name).write_bytes(b"")
    elif way == 1:
        (run / "explanations.json").write_text(rng.choice(["[" * 10**5, "{}", "[]", '{"a": 1e999}', "\x00"]))
    else:
        _gone(run / name)
    if way == 2:
        (run / name).mkdir()
    elif way == 3:
        (run / name).symlink_to(rng.choice(["/etc/passwd", "/dev/zero", str(run)]))


def _gone(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


KINDS: dict[str, Callable[[Path, random.Random], None]] = {
    "field": _field,
    "json": _json,
    "rows": _rows,
    "bytes": _bytes,
    "predictions": _predictions,
    "files": _files,
}


def use_store(store: Path, changed: str) -> list[str]:
    """What a user does with a store; what became of each. Other errors than InputError are faults.

    Raises
    ------
    AssertionError
        A sound run is not listed, or the changed one cannot be removed.
    """
    import deepworth
    from deepworth.zoo.report import catalogue, terminal
    from deepworth.zoo.workflows.runs import remove_run

    said = []
    listed = deepworth.runs(store=store)
    catalogue.show_runs(listed)
    sound = [run for run in listed if run.run != changed]
    assert [run.status for run in sound] == ["ok"] * (RUNS - 1), "a sound run is not listed"
    for attempt in (
        lambda: terminal.show(deepworth.runs(changed, store=store).answer),
        lambda: deepworth.verdict(changed, store=store, margin=0.02),
        lambda: deepworth.resume(changed, store=store, jobs=0),
        lambda: remove_run(changed, store=store),
    ):
        try:
            attempt()
            said.append("opened")
        except deepworth.InputError as error:
            said.append("refused" if "\n" not in str(error) else "refused in many lines")
    assert "refused in many lines" not in said, "a message of many lines"
    assert [run.run for run in deepworth.runs(store=store)] == [sound[0].run], "the run is still there"
    return said
