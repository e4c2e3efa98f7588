"""How often the interval of the crossover holds the truth, with learners whose crossover is known."""

from __future__ import annotations

from typing import Any

import numpy as np
from _learners import Pair

ROWS = 2000
SMALLEST = 96

# Where the crossover of each pair lies, in training rows; 1,600 of the 2,000 rows train at most.
SCENARIOS = {"inside": Pair.crossing_at(300), "beyond": Pair.crossing_at(4000), "never": Pair(hidden=0.0)}
TRUTHS = {"inside": 300.0, "beyond": 4000.0, "never": np.inf}


def run(pair: Pair, seed: int, repeats: int = 5, sizes: int = 8) -> Any:
    """One learning curve of the pair, from fresh rows to the crossover."""
    from deepworth.datasets import Dataset
    from deepworth.zoo.judging.crossover import find_crossover
    from deepworth.zoo.judging.curve_spread import ScoredUnits
    from deepworth.zoo.judging.power_law import ErrorCurve, fit_curves, spread_of
    from deepworth.zoo.results.curves import ScoringRows
    from deepworth.zoo.runs.sweep import make_curve_plan

    X, y = pair.sample(ROWS, np.random.default_rng(seed))
    dataset = Dataset("pair", X, y, "regression", "tabular")
    plan = make_curve_plan(
        dataset, models=["constant"], sizes=sizes, smallest=SMALLEST, repeats=repeats, seed=seed, params=None
    )
    squares = {
        (job.split.repeat, job.split.fold): pair.squared_errors(X, y, job.split.train, job.split.test)
        for job in plan.jobs
    }
    tests = {job.split.repeat: job.split.test for job in plan.jobs}
    units = ScoredUnits(ScoringRows(tuple(tests[repeat] for repeat in range(repeats))))
    curves = [ErrorCurve(np.array(plan.facts.sizes), *_errors(squares, family)) for family in range(2)]
    spread = spread_of(curves, units, plan.facts.test_over_train)
    return find_crossover(*fit_curves(curves, spread, seed))


def _errors(squares: dict[tuple[int, int], np.ndarray], family: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean errors of a learner by repeat and size, and what every row contributes to them."""
    repeats, sizes = (sorted({key[axis] for key in squares}) for axis in (0, 1))
    own = [[squares[repeat, size][family] for size in sizes] for repeat in repeats]
    errors = np.array([[values.mean() for values in row] for row in own])
    parts = [np.stack([(v - v.mean()) / len(v) for v in row], axis=1) for row in own]
    return errors, np.vstack(parts)


def holds(crossover: Any, truth: float) -> bool:
    """Whether the interval holds the truth; one that is open at both ends says nothing and does not."""
    if crossover.low is None and crossover.high is None:
        return False
    return (crossover.low or 0.0) <= truth <= (np.inf if crossover.high is None else crossover.high)


def simulated(runs: int) -> dict[str, Any]:
    """Named figures over so many runs of every scenario."""
    figures: dict[str, Any] = {"runs": runs}
    for name, pair in SCENARIOS.items():
        crossovers = [run(pair, seed) for seed in range(runs)]
        figures[name] = _figures(crossovers, TRUTHS[name])
    figures["interval_hit_rate"] = figures["inside"]["interval_hit_rate"]
    figures["interval_closed_share"] = figures["inside"]["closed_share"]
    figures["interval_high_over_low"] = figures["inside"]["median_high_over_low"]
    figures["interval_hit_rate_beyond"] = figures["beyond"]["interval_hit_rate"]
    figures["false_crossover_rate"] = figures["never"]["outcomes"].get("crossover", 0.0)
    return figures


def _figures(crossovers: list[Any], truth: float) -> dict[str, Any]:
    outcomes, counts = np.unique([c.outcome for c in crossovers], return_counts=True)
    closed = [c for c in crossovers if c.low is not None and c.high is not None]
    return {
        "truth": None if np.isinf(truth) else truth,
        "interval_hit_rate": float(np.mean([holds(c, truth) for c in crossovers])),
        "closed_share": len(closed) / len(crossovers),
        "open_share": float(np.mean([c.low is None and c.high is None for c in crossovers])),
        "median_high_over_low": float(np.median([c.high / c.low for c in closed])) if closed else None,
        "outcomes": dict(zip(outcomes.tolist(), (counts / len(crossovers)).tolist(), strict=True)),
    }
