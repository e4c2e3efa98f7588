"""Can the verdict be trusted? Simulated comparisons with known truth, and confidence on sick-healthy.

    python benchmarks/verdict.py [--quick] [--json] [--force] [--jobs N]

- ``false_alarm_rate``: share of "deep better" or "classical better" among comparisons of equal models, at
  the default margin of 0.01 ROC AUC. ``false_alarm_rate_without_margin``: the same at margin 0.
- ``interval_coverage``: how often the 95 % interval of the gain holds the expected gain, which is 0;
  ``interval_coverage_by`` tells it by learner, rows and preset.
- ``champion_bias_se``: mean score of the best of ten equal models on 150 rows, as deepworth gives it, less
  what these models score on fresh rows, in standard errors of one model's score;
  ``naive_champion_bias_se`` is that of the highest mean in the leaderboard.
- ``power``: how often a true gain of about 1, 2 and 5 points of ROC AUC is called, by rows; ``true_gain``
  what the gain was on fresh rows. At the default margin a gain of 1 point is "practically equivalent" at
  its edge, so ``power_without_margin`` stands beside it.
- ``conformal_coverage_error`` and ``calibration_error_against_truth``: see ``_conformal.py``.

Comparisons are trained for real (``_simulated.py``) on several processes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from typing import Any

import numpy as np
from _common import figure, keep, kept, parser, table
from _conformal import confidence_figures
from _simulated import LEARNERS, STRENGTH, Outcome, World, comparison

NAME = "verdict"
PRESETS = {"quick": {"folds": 5}, "standard": {"folds": 10}, "thorough": {"folds": 10, "repeats": 3}}
EQUAL_ROWS = (150, 600)
TEN = World((STRENGTH,) * 10, (STRENGTH,) * 10)
# Own columns this telling give gains of about 1, 2 and 5 points over a rival whose columns say little.
GAINS = {1: 0.194, 2: 0.259, 5: 0.411}
WEAK = 0.1
POWER_ROWS = (150, 500, 2000, 8000)


def outcome(task: tuple[World, str, int, int, dict[str, Any]]) -> Outcome:
    world, learner, rows, seed, options = task
    return comparison(world, learner, rows, seed, **options)


def all_outcomes(tasks: Iterable[Any], jobs: int, what: str) -> list[Outcome]:
    """In spawned processes: what is simulated must not depend on what ran before."""
    tasks = list(tasks)
    print(f"{what}: {len(tasks)} comparisons", file=sys.stderr, flush=True)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return list(pool.map(outcome, tasks, chunksize=max(1, len(tasks) // (8 * jobs))))


def equal_models(quick: bool, jobs: int) -> dict[str, Any]:
    """False alarms and coverage over learners, sizes and presets."""
    each = 2 if quick else 60
    cells = list(product(LEARNERS, EQUAL_ROWS, PRESETS))
    world, seeds = World(), range(each)
    tasks = [
        (world, learner, rows, seed, {**PRESETS[preset], "margin": margin, "fresh": 0})
        for margin in (0.01, 0.0)
        for learner, rows, preset in cells
        for seed in seeds
    ]
    found = all_outcomes(tasks, jobs, "equal models")
    half = len(found) // 2
    verdicts, without = ([o.verdict for o in part] for part in (found[:half], found[half:]))
    held = np.array([v.gain_low <= 0.0 <= v.gain_high for v in verdicts])
    return {
        "comparisons": half,
        "false_alarm_rate": _called(verdicts),
        "false_alarm_rate_without_margin": _called(without),
        "interval_coverage": float(held.mean()),
        "interval_coverage_by": {
            f"{learner}, {rows} rows, {preset}": float(held[i * each : (i + 1) * each].mean())
            for i, (learner, rows, preset) in enumerate(cells)
        },
    }


def _called(verdicts: list[Any]) -> float:
    return float(np.mean([v.outcome in ("deep", "classical") for v in verdicts]))


def champions(quick: bool, jobs: int) -> dict[str, float]:
    """Bias of the score of the best of ten equal models on 150 rows."""
    seeds = range(4 if quick else 300)
    found = all_outcomes([(TEN, "discriminant", 150, s, {"fresh": 1000}) for s in seeds], jobs, "champions")
    truth = float(np.mean([o.truth.mean() for o in found]))
    error = float(np.std([o.scores[:10].mean(axis=1) for o in found]))
    fair = np.mean([c.score for o in found for c in o.verdict.champions.values()])
    naive = np.mean([o.scores[part].mean(axis=1).max() for o in found for part in (slice(10), slice(10, 20))])
    return {
        "champion_bias_se": float((fair - truth) / error),
        "naive_champion_bias_se": float((naive - truth) / error),
    }


def power(quick: bool, jobs: int) -> dict[str, Any]:
    """How often a true gain is called, by its size and the number of rows."""
    seeds = range(2 if quick else 60)
    rows_of = POWER_ROWS[:2] if quick else POWER_ROWS
    cells = [(gain, rows) for gain in GAINS for rows in rows_of]
    tasks = [
        (World((GAINS[gain],), (WEAK,)), "discriminant", rows, seed, {"margin": margin})
        for margin in (0.01, 0.0)
        for gain, rows in cells
        for seed in seeds
    ]
    found = all_outcomes(tasks, jobs, "power")
    groups = [found[i : i + len(seeds)] for i in range(0, len(found), len(seeds))]
    rates = [float(np.mean([o.verdict.outcome == "deep" for o in group])) for group in groups]
    gains = [float(np.mean([o.truth[0] - o.truth[1] for o in group])) for group in groups]
    return {
        "power": _by_gain(cells, rates[: len(cells)]),
        "power_without_margin": _by_gain(cells, rates[len(cells) :]),
        "true_gain": _by_gain(cells, gains[: len(cells)]),
    }


def _by_gain(cells: list[tuple[int, int]], values: list[float]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for (gain, rows), value in zip(cells, values, strict=True):
        found.setdefault(str(gain), {})[str(rows)] = value
    return found


def measure(chosen: argparse.Namespace) -> dict[str, Any]:
    """Everything, from the kept result or anew."""
    found = None if chosen.quick or chosen.force else kept(NAME)
    if found is None:
        found = {
            **equal_models(chosen.quick, chosen.jobs),
            **champions(chosen.quick, chosen.jobs),
            **power(chosen.quick, chosen.jobs),
            **confidence_figures(chosen.quick),
        }
        if not chosen.quick:
            keep(NAME, found)
    return found


def lines(found: dict[str, Any]) -> list[str]:
    """Tables about the verdict, for people."""
    single = [[f"`{k}`", figure(v)] for k, v in found.items() if isinstance(v, float)]
    rows = list(next(iter(found["power"].values())))
    powers = [
        [
            f"{gain} ({figure(np.mean(list(found['true_gain'][gain].values())))})",
            kind,
            *map(_share, by.values()),
        ]
        for gain in found["power"]
        for kind, by in (("0.01", found["power"][gain]), ("0", found["power_without_margin"][gain]))
    ]
    by = list(found["interval_coverage_by"].values())
    extremes = f"Coverage by learner, rows and preset: from {figure(min(by))} to {figure(max(by))}."
    return [
        table(["figure", "value"], single),
        extremes,
        table(["true gain in points (measured)", "margin", *(f"{int(r):,} rows" for r in rows)], powers),
    ]


def confidence_lines(found: dict[str, Any]) -> list[str]:
    """Tables about stated probabilities and sets, for people."""
    sets = [
        [
            name,
            c["repeats"],
            figure(c["coverage"], 4),
            f"{c['error_points']:+.2f} ± {c['standard_error_points']:.2f}",
        ]
        for name, c in found["conformal"].items()
    ]
    truth = [
        [name, *(figure(e[m]["calibration_error"]) for m in ("none", "auto"))]
        for name, e in found["calibration_error_against_truth"].items()
    ]
    return [
        table(["prediction sets, level 90%", "samples", "coverage", "error in percentage points"], sets),
        table(["calibration error against true probabilities", "uncalibrated", "calibrated"], truth),
    ]


def _share(value: float) -> str:
    return f"{value:.0%}"


def main() -> None:
    options = parser(__doc__ or "")
    options.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: cores)")
    chosen = options.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    found = measure(chosen)
    print(json.dumps(found) if chosen.json else "\n\n".join(lines(found) + confidence_lines(found)))


if __name__ == "__main__":
    main()
