"""Can the verdict be trusted? Simulated comparisons with known truth, and confidence on sick-healthy.

    python benchmarks/verdict.py [--quick] [--json] [--force] [--jobs N]

Equal models, over learners, numbers of rows, plans and metrics (``interval_coverage_by`` names the cells):

- ``false_alarm_rate``: share of "deep better" or "classical better" at the default margin of 0.01;
  ``worst_cell`` is the highest of any cell, ``false_alarm_rate_without_margin`` that at margin 0.
- ``interval_coverage``: how often the 95 % interval of the gain holds the expected gain, which is 0;
  ``worst_cell_coverage`` is the lowest of any cell.
- ``mean_width_over_oracle``: width of the interval over that of the true sampling distribution of the gain.
- ``corrected_t_coverage`` and ``corrected_t_width_over_oracle``: the same of ``--inference corrected-t``.
- ``grouped_false_alarm_rate``: with rows of patients that stay together, at margin 0.01.
- ``official_test_coverage``: of the gain of equal algorithms by one test set, which saw one training of each;
  ``official_test_false_alarm_rate`` at margin 0.01.

Models that differ:

- ``champion_bias_se``: mean score of the best of equal models on 150 rows, as deepworth gives it, less what
  these models score on fresh rows, in standard errors of one model's score; the worst of 3, 10 and 20 models
  a family, and of 5 against 11. ``champion_gain_bias_se``: the same of the gain.
  ``naive_champion_bias_se`` is that of the highest mean of ten.
- ``power``: how often a true gain of about 1, 2 and 5 points of ROC AUC is called, by rows; ``true_gain``
  what the gain was on fresh rows. At the default margin a gain of 1 point is "practically equivalent" at
  its edge, so ``power_without_margin`` stands beside it. ``oracle_power``: that of a test that knows the true
  sampling distribution. ``corrected_t_power``: of ``--inference corrected-t``, at the margin.
- ``slices_found`` and ``false_slices``: see ``_slices.py``.
- ``conformal_coverage_error`` and ``calibration_error_against_truth``: see ``_conformal.py``.

Comparisons are trained for real (``_simulated.py``) on several processes, and none of them took part in the
choice of the estimator (``inference.py``).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

import numpy as np
from _common import figure, keep, kept, parser, table
from _conformal import confidence_figures
from _simulated import METRICS, STRENGTH, Design, Outcome, World, comparison
from _slices import slice_figures
from scipy import stats

NAME = "verdict"
EACH, QUICK_EACH = 500, 3
FIRST_SEED = 100_000  # the choice of the estimator used smaller ones
MARGIN = 0.01


@dataclass(frozen=True)
class Cell:
    """Comparisons that differ in their seed only."""

    learner: str
    rows: int
    world: World = field(default_factory=World)
    design: Design = field(default_factory=Design)

    @property
    def name(self) -> str:
        """What the cell is, in words."""
        d = self.design
        plan = (
            f"test set of {d.test}"
            if d.test
            else f"{d.folds} folds" + f", {d.repeats} times" * (d.repeats > 1)
        )
        kind = f", {self.world.share:.0%} positive" * (self.world.share < 0.4)
        return f"{self.learner}, {self.rows} rows{kind}, {plan}"


EQUAL = (
    *(Cell("discriminant", rows) for rows in (150, 600, 2000)),
    *(Cell("neighbours", rows) for rows in (150, 600)),
    *(Cell("tree", rows) for rows in (150, 600)),
    *(Cell("network", rows) for rows in (150, 600)),
    *(Cell(learner, 600, design=Design(10)) for learner in ("discriminant", "tree")),
    *(Cell(learner, 300, design=Design(5, 3)) for learner in ("discriminant", "tree", "network")),
    *(Cell(learner, 1000, World(share=0.05)) for learner in ("discriminant", "tree")),
)
GROUPED = tuple(
    Cell(learner, rows, World(in_group=10)) for learner in ("discriminant", "tree") for rows in (300, 1000)
)
OFFICIAL = tuple(
    Cell(learner, 600, design=Design(test=test))
    for learner in ("discriminant", "neighbours", "tree", "network")
    for test in (300, 1500)
)
FAMILIES = ((3, 3), (10, 10), (20, 20), (5, 11))
# Own columns this telling give gains of about 1, 2 and 5 points over a rival whose columns say little.
GAINS = {1: 0.194, 2: 0.259, 5: 0.411}
WEAK = 0.1
POWER_ROWS = (150, 500, 2000, 8000)

Task = tuple[Cell, int, dict[str, Any]]


def outcome(task: Task) -> Outcome | None:
    cell, seed, options = task
    return comparison(cell.world, cell.learner, cell.rows, seed, design=cell.design, **options)


def all_outcomes(tasks: Iterable[Task], jobs: int, what: str) -> list[Outcome | None]:
    """In spawned processes: what is simulated must not depend on what ran before."""
    tasks = list(tasks)
    print(f"{what}: {len(tasks)} comparisons", file=sys.stderr, flush=True)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return list(pool.map(outcome, tasks, chunksize=max(1, len(tasks) // (8 * jobs))))


def by_cell(
    cells: Iterable[Cell], each: int, jobs: int, what: str, **options: Any
) -> dict[Cell, list[Outcome]]:
    """The outcomes of every cell; samples with too few rows of a class have none."""
    cells = list(cells)
    tasks = [(cell, FIRST_SEED + i, options) for cell in cells for i in range(each)]
    found = all_outcomes(tasks, jobs, what)
    parts = [found[i : i + each] for i in range(0, len(found), each)]
    return {cell: [o for o in part if o is not None] for cell, part in zip(cells, parts, strict=True)}


def verdicts(outcomes: list[Outcome], metric: str, margin: float, inference: str = "rows") -> list[Any]:
    """Those that give a gain."""
    found = [o.verdicts[inference, metric, margin] for o in outcomes]
    return [verdict for verdict in found if verdict.gain is not None]


def called(found: list[Any]) -> float:
    return float(np.mean([v.outcome in ("deep", "classical") for v in found]))


def covered(found: list[Any]) -> float:
    return float(np.mean([v.gain_low <= 0.0 <= v.gain_high for v in found]))


def width_over_oracle(found: list[Any]) -> float:
    """Mean width of the intervals over that of the sampling distribution of the gain."""
    spread = np.std([v.gain for v in found])
    return float(np.mean([v.gain_high - v.gain_low for v in found]) / (2 * stats.norm.ppf(0.975) * spread))


def equal_models(each: int, jobs: int) -> dict[str, Any]:
    """False alarms, coverage and width over learners, sizes, plans and metrics."""
    found = by_cell(EQUAL, each, jobs, "equal models", fresh=0, inferences=("rows", "corrected-t"))
    cells = {(cell, metric): own for cell, own in found.items() for metric in METRICS}

    def of(inference: str, margin: float) -> dict[tuple[Cell, str], list[Any]]:
        return {(c, m): verdicts(own, m, margin, inference) for (c, m), own in cells.items()}

    rows, bare, old = of("rows", MARGIN), of("rows", 0.0), of("corrected-t", MARGIN)
    coverage = {f"{c.name}, {m}": covered(v) for (c, m), v in rows.items()}
    alarms = [called(v) for v in rows.values()]
    return {
        "comparisons": sum(map(len, found.values())),
        "false_alarm_rate": float(np.mean(alarms)),
        "worst_cell": max(alarms),
        "false_alarm_rate_without_margin": float(np.mean([called(v) for v in bare.values()])),
        "interval_coverage": float(np.mean(list(coverage.values()))),
        "worst_cell_coverage": min(coverage.values()),
        "mean_width_over_oracle": float(np.mean([width_over_oracle(v) for v in rows.values()])),
        "corrected_t_coverage": float(np.mean([covered(v) for v in old.values()])),
        "corrected_t_width_over_oracle": float(np.mean([width_over_oracle(v) for v in old.values()])),
        "interval_coverage_by": coverage,
    }


def grouped(each: int, jobs: int) -> dict[str, Any]:
    """False alarms where rows of a group stay together."""
    found = by_cell(GROUPED, each, jobs, "groups", fresh=0, margins=(MARGIN,))
    own = [verdicts(outcomes, metric, MARGIN) for outcomes in found.values() for metric in METRICS]
    return {
        "grouped_false_alarm_rate": float(np.mean([called(v) for v in own])),
        "grouped_coverage": float(np.mean([covered(v) for v in own])),
    }


def official(each: int, jobs: int) -> dict[str, Any]:
    """Equal algorithms on one test set."""
    found = by_cell(OFFICIAL, each, jobs, "official test sets", fresh=0, margins=(MARGIN,))
    own = [verdicts(outcomes, metric, MARGIN) for outcomes in found.values() for metric in METRICS]
    return {
        "official_test_coverage": float(np.mean([covered(v) for v in own])),
        "official_test_worst_cell_coverage": min(covered(v) for v in own),
        "official_test_false_alarm_rate": float(np.mean([called(v) for v in own])),
    }


def champions(each: int, jobs: int) -> dict[str, float]:
    """Bias of the score of the best of equal models on 150 rows, and of the gain."""
    cells = [Cell("discriminant", 150, World((STRENGTH,) * d, (STRENGTH,) * c)) for d, c in FAMILIES]
    options = {"fresh": 1000, "margins": (MARGIN,), "metrics": ("roc_auc",)}
    found = by_cell(cells, each, jobs, "champions", **options)
    biases, gains = [], []
    for outcomes in found.values():
        truth = float(np.mean([o.truth["roc_auc"].mean() for o in outcomes]))
        error = float(np.std([o.scores["roc_auc"].mean(axis=1) for o in outcomes]))
        own = verdicts(outcomes, "roc_auc", MARGIN)
        fair = [np.mean([v.champions[f].score for v in own]) for f in ("deep", "classical")]
        biases += [(score - truth) / error for score in fair]
        gains.append(float(np.mean([v.gain for v in own])) / error)
    ten = [o.scores["roc_auc"].mean(axis=1) for o in found[cells[1]]]
    naive = float(np.mean([[part.max() for part in (s[:10], s[10:])] for s in ten]))
    truth = float(np.mean([o.truth["roc_auc"].mean() for o in found[cells[1]]]))
    return {
        "champion_bias_se": float(max(biases, key=abs)),
        "champion_gain_bias_se": float(max(gains, key=abs)),
        "naive_champion_bias_se": (naive - truth) / float(np.std(ten)),
    }


def power(each: int, jobs: int, quick: bool) -> dict[str, Any]:
    """How often a true gain is called, by its size and the number of rows."""
    sizes = POWER_ROWS[:2] if quick else POWER_ROWS
    cells = [Cell("discriminant", rows, World((GAINS[gain],), (WEAK,))) for gain in GAINS for rows in sizes]
    places = [(gain, rows) for gain in GAINS for rows in sizes]
    options = {"metrics": ("roc_auc",), "inferences": ("rows", "corrected-t")}
    found = by_cell(cells, each, jobs, "power", **options)
    rates: dict[str, dict[str, dict[str, float]]] = {}
    for (gain, rows), outcomes in zip(places, found.values(), strict=True):
        own, bare = (verdicts(outcomes, "roc_auc", margin) for margin in (MARGIN, 0.0))
        old = verdicts(outcomes, "roc_auc", MARGIN, "corrected-t")
        true = float(np.mean([(o.truth["roc_auc"][0] - o.truth["roc_auc"][1]).mean() for o in outcomes]))
        figures = {
            "power": deep_share(own),
            "power_without_margin": deep_share(bare),
            "corrected_t_power": deep_share(old),
            "oracle_power": oracle_power(own, MARGIN),
            "oracle_power_without_margin": oracle_power(bare, 0.0),
            "true_gain": true,
        }
        for name, value in figures.items():
            rates.setdefault(name, {}).setdefault(str(gain), {})[str(rows)] = value
    return dict(rates)


def deep_share(found: list[Any]) -> float:
    return float(np.mean([v.outcome == "deep" for v in found]))


def oracle_power(found: list[Any], margin: float) -> float:
    """How often the gain is beyond the margin by 1.96 times its true standard error."""
    gains = np.array([v.gain for v in found])
    return float(np.mean(gains - stats.norm.ppf(0.975) * gains.std() > margin))


def measure(chosen: argparse.Namespace) -> dict[str, Any]:
    """Everything, from the kept result or anew."""
    found = None if chosen.quick or chosen.force else kept(NAME)
    if found is None:
        each, jobs = QUICK_EACH if chosen.quick else EACH, chosen.jobs
        few = each if chosen.quick else each // 2
        found = {
            **equal_models(each, jobs),
            **grouped(each, jobs),
            **official(few, jobs),
            **champions(few, jobs),
            **power(few, jobs, chosen.quick),
            **slice_figures(chosen.quick, jobs),
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
        for kind, by in (
            ("0.01", found["power"][gain]),
            ("0", found["power_without_margin"][gain]),
            ("0.01, corrected t", found["corrected_t_power"][gain]),
            ("0.01, oracle", found["oracle_power"][gain]),
        )
    ]
    by = list(found["interval_coverage_by"].values())
    extremes = f"Coverage by learner, rows, plan and metric: from {figure(min(by))} to {figure(max(by))}."
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
