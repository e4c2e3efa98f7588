"""Runs on disk: one folder a run, with an SQLite file and the kept predictions as Parquet."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from ...datasets import InputError, unknown_name
from ..workflows._answer import Answer
from .journal import FINISHED, PARTS, VERSION, RunStore, in_use, part_name

__all__ = [
    "RunStore",
    "kept_prediction",
    "list_runs",
    "load_jobs",
    "load_run",
    "load_unfinished",
    "read_run",
    "store_folder",
]

EXPLANATIONS = "explanations.json"
RUNS = "[!.]*/run.sqlite"  # a name with a dot is one that was killed before it began


def store_folder(store: str | os.PathLike[str] | None = None) -> Path:
    """Where runs are kept: the argument, DEEPWORTH_HOME, or the user's data folder."""
    if store is not None:
        return Path(store)
    if home := os.environ.get("DEEPWORTH_HOME"):
        return Path(home) / "runs"
    from platformdirs import user_data_path

    return user_data_path("deepworth") / "runs"


def list_runs(store: str | os.PathLike[str] | None = None) -> list[dict[str, Any]]:
    """Past runs, newest first: run, created, dataset, status, outcome, models."""
    folder = store_folder(store)
    files = sorted(folder.glob(RUNS), reverse=True) if folder.is_dir() else []
    return [_summary(path) for path in files]


def _summary(path: Path) -> dict[str, Any]:
    try:
        row = read_run(path)
    except InputError:  # one broken folder must not hide the others
        row = {"status": "unreadable"}
    result = row.get("result") or {}
    return {
        "run": path.parent.name,
        "created": row.get("created"),
        "dataset": (row.get("dataset") or {}).get("name"),
        "status": _status(path.parent, row["status"]),
        "jobs": row.get("planned"),
        "jobs_done": row.get("done"),
        "metric": (result.get("metric") or {}).get("name"),
        "outcome": (result.get("verdict") or {}).get("outcome"),
        "models": row.get("models", 0),
        "estimated_seconds": (result.get("estimate") or {}).get("seconds"),
        "real_seconds": (result.get("estimate") or {}).get("real_seconds"),
        "path": str(path.parent),
    }


def _status(folder: Path, status: str) -> str:
    """A run without an end goes on, or was killed: the lock on its folder tells which."""
    if status != "running":
        return status
    return "running" if in_use(folder) else "unfinished"


def load_run(run: str, store: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """The result of a past run, by its id, an unmistakable start of it, "last", or its folder.

    A dict of plain values that shows itself in a notebook.
    """
    folder = find_run(run, store)
    row = read_run(folder / "run.sqlite")
    if row["result"] is None:
        raise InputError(f"run {row['id']} did not finish; {resume_command(folder)} goes on with it")
    return Answer(_with_explanations(row["result"], folder / EXPLANATIONS))


def _with_explanations(result: dict[str, Any], file: Path) -> dict[str, Any]:
    """The result with what ``deepworth explain`` found, in ``explanations`` beside the surrogates."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return result
    return {**result, "explanations": {**(result.get("explanations") or {}), "champions": found}}


def load_jobs(run: str, store: str | os.PathLike[str] | None = None) -> tuple[list[dict[str, Any]], Any]:
    """The job rows of a past run in the order of its plan, and its kept predictions (a DataFrame).

    Raises
    ------
    InputError
        The run keeps no predictions.
    """
    import pandas as pd

    folder = find_run(run, store)
    file = folder / "predictions.parquet"
    if not file.is_file():
        raise InputError(f"{file} is missing: without kept predictions nothing can be judged again")
    try:
        with closing(_open(folder / "run.sqlite")) as db:
            jobs = _job_rows(db)
        return jobs, pd.read_parquet(file)
    except (sqlite3.Error, OSError, ValueError) as error:
        raise InputError(f"the run in {folder} cannot be read: {error}") from error


def load_record(
    run: str, store: str | os.PathLike[str] | None = None
) -> tuple[dict[str, Any], list[dict[str, Any]], Path]:
    """All that a run says of itself without its predictions: its facts, its job rows, its folder.

    Raises
    ------
    InputError
        There is no such run, or it has no result yet.
    """
    result = load_run(run, store)
    folder = find_run(run, store)
    facts = read_run(folder / "run.sqlite")
    with closing(_open(folder / "run.sqlite")) as db:
        rows = _job_rows(db)
    for row in rows:
        row["metrics"] = json.loads(row["metrics"]) if row["metrics"] else {}
    return {**facts, "result": result}, rows, folder


def job_rows_of(folder: Path) -> list[dict[str, Any]]:
    """The job rows of a run in the order of its plan."""
    with closing(_open(folder / "run.sqlite")) as db:
        return _job_rows(db)


def _job_rows(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """In the order of the plan; runs of the first version have them in the order in which they ended."""
    order = "rowid" if db.execute("PRAGMA user_version").fetchone()[0] < 2 else "place, rowid"
    return [dict(row) for row in db.execute(f"SELECT * FROM job ORDER BY {order}")]


def _cost_rows(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """What each model's costs are; ``figures`` is an object."""
    rows = [dict(row) for row in db.execute("SELECT * FROM cost ORDER BY place")]
    return [{**row, "kind": "cost", "figures": json.loads(row["figures"] or "null")} for row in rows]


def load_unfinished(
    run: str, store: str | os.PathLike[str] | None = None
) -> tuple[Path, dict[str, Any], list[dict[str, Any]]]:
    """Folder, facts and job rows (then cost rows, of ``kind`` "cost") of a run that may go on.

    Raises
    ------
    InputError
        It ended, or was made by a version that kept too little.
    """
    folder = find_run(run, store)
    row = read_run(folder / "run.sqlite")
    with closing(_open(folder / "run.sqlite")) as db:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        rows = _job_rows(db)
        rows += _cost_rows(db) if version == VERSION else []
    if version != VERSION:
        raise InputError(f"run {row['id']} was made by another version of deepworth, which cannot go on")
    if row["status"] in ("ok", "partial") and all(job["status"] in FINISHED for job in rows):
        raise InputError(f"run {row['id']} has ended; deepworth runs {row['id']} shows it")
    return folder, row, rows


def kept_prediction(folder: Path, job: dict[str, Any]) -> Any:
    """The predictions of a finished job as a DataFrame; None where they cannot be read."""
    import pandas as pd

    key = (job["model"], job["repeat"], job["fold"])
    try:
        return pd.read_parquet(folder / PARTS / part_name(*key))
    except (OSError, ValueError):
        pass
    try:
        joined = pd.read_parquet(folder / "predictions.parquet")
    except (OSError, ValueError):
        return None
    own = (joined["model"] == key[0]) & (joined["repeat"] == key[1]) & (joined["fold"] == key[2])
    return joined[own] if own.any() else None


def resume_command(folder: Path) -> str:
    """The line that goes on with the run of a folder."""
    usual = folder.parent.resolve() == store_folder().resolve()
    return f"deepworth compare --resume {folder.name if usual else folder}"


def find_run(run: str, store: str | os.PathLike[str] | None = None) -> Path:
    """The folder of a run, by its name, an unmistakable start of it, "last", or the folder itself."""
    return Path(run) if (Path(run) / "run.sqlite").is_file() else _find_run(run, store_folder(store))


def _find_run(run: str, folder: Path) -> Path:
    known = sorted(path.parent.name for path in folder.glob(RUNS)) if folder.is_dir() else []
    if not known:
        raise InputError(f"no runs in {folder}; deepworth compare makes one")
    matches = known[-1:] if run == "last" else [n for n in known if run and n.startswith(run)]
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


def _states(db: sqlite3.Connection) -> list[str]:
    """Of all planned jobs; before version 3 there were none for costs."""
    query = "SELECT status FROM job"
    if db.execute("PRAGMA user_version").fetchone()[0] >= 3:
        query += " UNION ALL SELECT status FROM cost"
    return [status for (status,) in map(tuple, db.execute(query))]


def read_run(path: Path) -> dict[str, Any]:
    """The facts of a run from its SQLite file, those in JSON read, with the number of its jobs."""
    try:
        with closing(_open(path)) as db:
            row = dict(db.execute("SELECT * FROM run").fetchone())
            states = _states(db)
            models = db.execute("SELECT COUNT(DISTINCT model) FROM job").fetchone()[0]
    except (sqlite3.Error, TypeError) as error:
        raise InputError(f"{path} is not a run of deepworth: {error}") from error
    texts = ("dataset", "plan", "result", "configuration", "versions", "host", "splits")
    read = {k: json.loads(row[k]) if row.get(k) else None for k in texts}
    counts = {"planned": len(states), "done": sum(state in FINISHED for state in states), "models": models}
    return {**row, **read, **counts}
