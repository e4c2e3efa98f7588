"""What fits of earlier runs on this machine took, read from their journals."""

from __future__ import annotations

import json
import platform
import sqlite3
import statistics
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from ... import registry
from ..store._runs import RUNS, _open
from ._shape import Shape, shape_of

_ENDED = "SELECT model, started, ended FROM job WHERE status = 'ok' AND NOT contended ORDER BY model, started"
_MOST = 60  # runs that are looked at, newest first


@dataclass(frozen=True)
class Past:
    """Seconds of one fit of a model (see :func:`fleet_factor`), with what they belong to."""

    model: str
    shape: Shape
    seconds: float
    fingerprint: str
    params: dict[str, Any]
    calibrate: str | None
    run: str
    rest: float | None = None  # seconds of its run in which no job ran


def fleet_factor(jobs: int, cores: int) -> float:
    """How many times as long as one alone so many networks take: the first is alone, the others share."""
    return 1.0 + (jobs - 1) / max(1, cores)


def past_fits(folder: Path, host: str | None = None) -> list[Past]:
    """Fits of the newest runs in a store that were made on a machine of this name, undisturbed ones."""
    files = sorted(folder.glob(RUNS), reverse=True) if folder.is_dir() else []
    found: list[Past] = []
    for file in files[:_MOST]:
        try:  # a run that cannot be read, or of another version, says nothing and disturbs nobody
            found += _fits(file, host or platform.node())
        except (sqlite3.Error, OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return found


def _fits(file: Path, host: str) -> Iterator[Past]:
    with closing(_open(file)) as db:
        run = db.execute("SELECT dataset, plan, host, result FROM run").fetchone()
        dataset, plan, own = (json.loads(run[name]) for name in ("dataset", "plan", "host"))
        rows = db.execute(_ENDED).fetchall()
        version = db.execute("PRAGMA user_version").fetchone()[0]
        costs = (
            db.execute("SELECT started, ended FROM cost WHERE status = 'ok'").fetchall()
            if version > 2
            else []
        )
    shape = shape_of(dataset, plan["test_over_train"])
    if own["name"] != host or "cluster" in own or shape is None:
        return
    rest = _rest(json.loads(run["result"] or "{}"), [*rows, *costs] if rows else [])
    cores = plan["limits"].get("threads") or own["usable_cores"]
    here = registry.entries()  # a model that was renamed or taken away foretells nothing
    for model, ended in groupby(rows, key=lambda row: row["model"]):
        seconds = _seconds_of_a_fit(ended, cores)
        if seconds is not None and model in here:
            params, run = plan["params"].get(model, {}), file.parent.name
            yield Past(model, shape, seconds, dataset["fingerprint"], params, plan["calibrate"], run, rest)


def _rest(result: dict[str, Any], rows: Sequence[Any]) -> float | None:
    """Imports, reading and judging, of a run whose jobs came one after the other."""
    took = (result.get("estimate") or {}).get("real_seconds")
    if took is None or not rows:
        return None
    spans = sorted((row["started"], row["ended"]) for row in rows)
    busy, until = 0.0, ""
    for start, end in spans:  # jobs of a fleet lie over each other
        if end > until:
            first = datetime.fromisoformat(max(start, until))
            busy += (datetime.fromisoformat(end) - first).total_seconds()
            until = end
    return max(0.1, took - busy)


def _seconds_of_a_fit(rows: Iterable[Any], cores: int) -> float | None:
    """Of the tasks of a model the median; jobs that began together were a fleet."""
    found = []
    for started, task in groupby(rows, key=lambda row: row["started"]):
        ends = [datetime.fromisoformat(row["ended"]) for row in task]
        took = (max(ends) - datetime.fromisoformat(started)).total_seconds()
        found.append(took / fleet_factor(len(ends), cores))
    return statistics.median(found) if found else None
