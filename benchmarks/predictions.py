"""What a verdict about predictions of any models takes, and whether the rows that it plans are right.

    python benchmarks/predictions.py [--json] [--quick]

``seconds_100k`` is the wall time of ``deepworth verdict --predictions a.csv b.csv`` with 100,000 rows each,
from the start of the process to its end, the median of several; ``cpu_seconds_100k`` its processor time, and
``import_seconds`` the wall time of what it imports alone. ``seconds_100k_parquet`` is that of Parquet files.
``load_average`` says whether the machine was idle: wall times of a busy one say nothing.

``planned_over_needed`` is the number of rows that small samples plan for a true gain over the number that is
needed: the one at which 80 % of simulated samples give the right verdict. ``worst_planned_over_needed`` is
the quotient that is farthest from 1.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _common import figure, keep, parser, table
from scipy.special import ndtri

import deepworth
from deepworth.zoo.judging.scores import POWER

IMPORTS = "import deepworth.zoo.workflows._compared_predictions, deepworth.zoo.report.predictions"
ROUNDS = 7
AROUND = (0.8, 0.9, 1.0, 1.1, 1.25)  # of the planned rows, to find where 80 % are reached


# Time


def scores(n: int, seed: int) -> Iterator[tuple[str, pd.DataFrame]]:
    """Two files of probabilities for the same rows."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    for name, noise in (("a", 1.2), ("b", 1.25)):
        score = 1 / (1 + np.exp(-(2 * y - 1 + rng.normal(0, noise, n))))
        yield name, pd.DataFrame({"id": np.arange(n), "sick": y, "score": score})


def process(command: list[str], folder: Path) -> tuple[float, float]:
    """Wall and processor time of a process."""
    before, started = os.times(), time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    wall, after = time.perf_counter() - started, os.times()
    return wall, after.children_user + after.children_system - before.children_user - before.children_system


def times(n: int, rounds: int) -> dict[str, float]:
    """Of whole processes, in turns."""
    program = [sys.executable, "-c", "from deepworth.cli import main; main()", "verdict", "--predictions"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for model, frame in scores(n, 0):
            frame.to_csv(folder / f"{model}.csv", index=False)
            frame.to_parquet(folder / f"{model}.parquet")
        commands = {
            "csv": [*program, "a.csv", "b.csv", "-t", "sick"],
            "parquet": [*program, "a.parquet", "b.parquet", "-t", "sick"],
            "import": [sys.executable, "-c", IMPORTS],
        }
        taken = [{kind: process(words, folder) for kind, words in commands.items()} for _ in range(rounds)]
    return {
        "seconds_100k": statistics.median(one["csv"][0] for one in taken),
        "cpu_seconds_100k": statistics.median(one["csv"][1] for one in taken),
        "seconds_100k_parquet": statistics.median(one["parquet"][0] for one in taken),
        "import_seconds": statistics.median(one["import"][0] for one in taken),
        "load_average": os.getloadavg()[0],
    }


# Planned rows


@dataclass(frozen=True)
class Cell:
    """A population of two models with a known gain."""

    name: str
    metric: str
    margin: float
    outcome: str
    draw: Callable[[np.random.Generator, int], pd.DataFrame]


def ranked(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Scores of two models that share a part of their noise."""
    y, shared = rng.integers(0, 2, n), rng.normal(size=n)
    own = rng.normal(size=(2, n))
    logits = [k * y + 0.7 * shared + 0.7 * noise for k, noise in zip((1.2, 1.0), own, strict=True)]
    one, other = (1 / (1 + np.exp(-value)) for value in logits)
    return pd.DataFrame({"y": y, "a": one, "b": other})


def labelled(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Predicted classes that are right in 82 and 79 of 100 cases, often for the same rows."""
    y, easy = rng.integers(0, 3, n), rng.random(n)
    right = [easy + 0.3 * rng.random(n) < level for level in (0.97, 0.94)]
    wrong = (y + 1) % 3
    return pd.DataFrame({"y": y, **{m: np.where(r, y, wrong) for m, r in zip("ab", right, strict=True)}})


def valued(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Values with heavy tails and equal errors."""
    y, shared = 3 * rng.normal(size=n), rng.standard_t(6, n)
    one, other = (y + shared + 0.5 * rng.standard_t(6, n) for _ in range(2))
    return pd.DataFrame({"y": y, "a": one, "b": other})


CELLS = (
    Cell("ROC AUC, better", "roc_auc", 0.01, "first", ranked),
    Cell("log loss, better, no margin", "log_loss", 0.0, "first", ranked),
    Cell("accuracy, better", "accuracy", 0.01, "first", labelled),
    Cell("RMSE, equivalent", "rmse", 0.05, "equivalent", valued),
)


def judged(cell: Cell, frame: pd.DataFrame, gain: float | None = None) -> Any:
    options: dict[str, Any] = {"metric": cell.metric, "margin": cell.margin, "gain": gain}
    task = "regression" if cell.draw is valued else None
    return deepworth.verdict(predictions=frame, target="y", task=task, **options).verdict


def planned_over_needed(cell: Cell, seed: int, pilots: int, samples: int) -> dict[str, float]:
    """Rows that samples of 1,000 plan, and the rows at which the verdict is right in 80 % of all cases."""
    rng = np.random.default_rng(seed)
    gain = abs(judged(cell, cell.draw(rng, 400_000)).gain) if cell.outcome == "first" else 0.0
    plans = [judged(cell, cell.draw(rng, 1000), gain).rows_needed.rows_needed for _ in range(pilots)]
    planned = float(np.exp(np.mean(np.log(plans))))
    sizes = [int(planned * factor) for factor in AROUND]
    right = [
        np.mean([judged(cell, cell.draw(rng, n)).outcome == cell.outcome for _ in range(samples)])
        for n in sizes
    ]
    probits = ndtri(np.clip(right, 0.5 / samples, 1 - 0.5 / samples))
    slope, start = np.polyfit(np.log(sizes), probits, 1)
    needed = float(np.exp((ndtri(POWER) - start) / slope))
    return {"gain": gain, "planned": planned, "needed": needed, "planned_over_needed": planned / needed}


def main() -> None:
    chosen = parser(__doc__ or "").parse_args()
    quick = chosen.quick
    found: dict[str, Any] = times(2_000 if quick else 100_000, 1 if quick else ROUNDS)
    cells = {}
    for seed, cell in enumerate(CELLS[:1] if quick else CELLS):
        cells[cell.name] = planned_over_needed(cell, seed, *((3, 8) if quick else (20, 150)))
        print(f"  {cell.name}: {cells[cell.name]['planned_over_needed']:.2f}", file=sys.stderr, flush=True)
    quotients = [own["planned_over_needed"] for own in cells.values()]
    found["worst_planned_over_needed"] = max(quotients, key=lambda value: abs(np.log(value)))
    found["planned_over_needed"] = cells
    if not quick:
        keep("predictions", found)
    if chosen.json:
        print(json.dumps(found))
        return
    rows = [[name, figure(value, 2)] for name, value in found.items() if isinstance(value, float)]
    print(table(["figure", "value"], rows))
    header = ["population", "planned rows", "needed rows", "quotient"]
    lines = [[n, *(f"{c[k]:,.0f}" for k in ("planned", "needed")), figure(c["planned_over_needed"], 2)]
             for n, c in cells.items()]  # fmt: skip
    print("\n" + table(header, lines))


if __name__ == "__main__":
    main()
