"""What the tests of runner and resume share: stand-in models in worker processes, small data, numbers."""

import os
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd

from deepworth import Setup, compare
from deepworth.datasets import Dataset
from deepworth.zoo.runs.limits import Limits
from deepworth.zoo.runs.plan import make_plan

STAND_INS = Path(__file__).parent
MEASURED = (
    *("fit_seconds", "fold_fit_seconds", "fleet_seconds", "predict_seconds", "size_bytes"),
    *("latency_seconds", "contended", "costs", "pareto"),
)


def install(monkeypatch):
    """The stand-in models, in this process until the end of the test and in every worker."""
    monkeypatch.syspath_prepend(str(STAND_INS))
    monkeypatch.setenv("PYTHONPATH", str(STAND_INS), prepend=os.pathsep)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    import stand_ins

    stand_ins.install(monkeypatch.setattr)
    return stand_ins


def table(n=90, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n)})
    y = np.where(X["a"] + rng.normal(size=n) > 0, "x", "y")
    return Dataset("made", X, y, "binary", "tabular")


def run(models, **options):
    return compare(table(), models=models, **{"store": False, "jobs": 1, "folds": 3, **options})


def plan_of(data, models, **options):
    """The plan of a comparison without measured costs."""
    return make_plan(data, Setup.of("data", models=models, **{"costs": False, **options}), Limits())


def results(result, model=None):
    """The result rows of the folds of a comparison, or of one model in it."""
    return [row for row in result.results.folds if model in (None, row.model)]


def numbers(answer):
    """What must not depend on where, when and in how many pieces a run was made."""
    board = [{k: v for k, v in row.items() if k not in MEASURED} for row in answer["leaderboard"]]
    return board, answer["verdict"], answer["best_reachable"]


def rows(folder):
    with closing(sqlite3.connect(folder / "run.sqlite")) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute("SELECT * FROM job ORDER BY position")]


def workers(parent):
    """Ids of the living worker processes that a process started, even if that is gone."""
    shown = subprocess.run(["ps", "-axo", "pid=,stat=,command="], capture_output=True, text=True, check=True)
    lines = [line.split(None, 2) for line in shown.stdout.splitlines()]
    mine = [cells for cells in lines if len(cells) == 3 and f'"parent": {parent},' in cells[2]]
    return {int(pid) for pid, state, _ in mine if not state.startswith("Z")}


def wait_until(condition, seconds=60.0):
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "waited in vain"
        time.sleep(0.02)
