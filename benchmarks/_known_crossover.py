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
    from deepworth.zoo.judging.crossover import ErrorCurve, find_crossover, fit_curves
    from deepworth.zoo.judging.curves import overlap
    from deepworth.zoo.runs.curve_plan import make_curve_plan

    X, y = pair.sample(ROWS, np.random.default_rng(seed))
    dataset = Dataset("pair", X, y, "regression", "tabular")
    plan = make_curve_plan(
        dataset, models=["constant"], sizes=sizes, smallest=SMALLEST, repeats=repeats, seed=seed, params=None
    )
    errors = np.empty((2, repeats, len(plan.facts.sizes)))
    for job in plan.jobs:
        split = job.split
        errors[:, split.repeat, split.fold] = pair.fit_and_score(X, y, split.train, split.test)
    shared = overlap(plan.facts)
    curves = [ErrorCurve(np.array(plan.facts.sizes), own, shared) for own in errors]
    return find_crossover(*fit_curves(curves, seed))


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
