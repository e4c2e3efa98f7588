"""What the runner adds to the time of its jobs, and how well its cost sheets repeat themselves."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

# For --quick: it shows that the measurements work, its figures mean nothing.
QUICK = ["-m", "constant,logistic-regression", "--rows", "300", "--folds", "2"]


def answered(*words: str) -> dict[str, Any]:
    """What the command line says as JSON, with all models, as a user has them."""
    environment = {**os.environ, "DEEPWORTH_OFFLINE": "1"}
    command = [sys.executable, "-m", "deepworth.cli", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if not done.stdout:
        raise RuntimeError(f"{' '.join(words)} gave no answer: {done.stderr[-500:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def overhead(folder: Path, quick: bool) -> dict[str, Any]:
    """Wall times of the same comparison in a worker and in one process, the faster of two runs, in turns."""
    words = ["compare", "-q", "--json", "--no-costs", *(QUICK if quick else ["--folds", "14"])]
    walls: dict[str, list[float]] = {"runner": [], "bare": []}
    kinds = {"bare": ["-j", "0", "--no-store"], "runner": ["-j", "1", "--store", str(folder)]}
    for _ in range(1 if quick else 2):
        for kind, more in kinds.items():
            begin = time.monotonic()
            answered(*words, *more)
            walls[kind].append(time.monotonic() - begin)
    bare, runner = min(walls["bare"]), min(walls["runner"])
    return {"overhead": runner / bare - 1, "bare_seconds": bare, "runner_seconds": runner}


def repeat_errors(quick: bool) -> dict[str, Any]:
    """How much the cost sheets of two consecutive comparisons differ, by the median over models."""
    words = ["compare", "-q", "--json", "--no-store", *(QUICK if quick else [])]
    boards = [answered(*words)["leaderboard"] for _ in range(2)]
    answers = [{row["model"]: row for row in board} for board in boards]
    names = {"latency": "latency_seconds", "thousand_rows": "predict_seconds", "fit": "fit_seconds"}
    return {f"{kind}_repeat_error": _repeat_error(answers, name) for kind, name in names.items()}


def _repeat_error(answers: list[dict[str, Any]], name: str) -> float:
    first, second = answers
    pairs = [(first[m][name], second[m][name]) for m in first if first[m][name] and m != "constant"]
    return statistics.median(abs(a - b) / min(a, b) for a, b in pairs)
