"""Need anybody choose? The mean of both families' best models against the better one alone, on 14 tables.

    python benchmarks/together.py [--quick] [--json] [--force] [--rows N] [--datasets NAMES] [--models NAMES]

Needs the development tables (../shared/reference beside the checkout; see its README). On each table a few
models of both families are compared by 5-fold cross-validation on at most ``--rows`` rows. In every fold the
best models are those of the other folds, for the mean and for the better one alone.

- ``at_least_as_good``: on how many tables the mean scores at least as well as the better one alone, of
  ``tables``. ``surely_better`` and ``surely_worse``: where the 95 % interval of the difference says so.
- ``by_table``: metric, both scores, and the gain of the mean with its interval (positive if it is better).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from _common import figure, keep, kept, parser, table
from _fits import reference_module

NAME = "together"
REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference"
DEEP = ("shallow-mlp", "tabm")
CLASSICAL = ("linear", "random-forest", "hist-gradient-boosting")
TIE = 1e-9  # a difference that only rounding makes
QUICK = ("heart_cleveland", "abalone")


def models_for(task: str, asked: list[str] | None) -> list[str]:
    """Those that were asked for, or a few strong ones; linear is the linear model of the task."""
    linear = "linear-regression" if task == "regression" else "logistic-regression"
    return [linear if model == "linear" else model for model in asked or [*DEEP, *CLASSICAL]]


def measured(name: str, rows: int, folds: int, asked: list[str] | None) -> dict[str, Any]:
    """The comparison on some rows of one table."""
    import numpy as np

    import deepworth

    data = reference_module(str(REFERENCE)).load(name)
    some = np.random.default_rng(0).permutation(len(data.y))[:rows]
    frame = data.X.iloc[some].reset_index(drop=True)
    frame["the answer"] = data.y[some] if data.task == "regression" else np.array(data.classes)[data.y[some]]
    models = models_for(data.task, asked)
    answer = deepworth.compare(
        frame,
        target="the answer",
        task="regression" if data.task == "regression" else "classification",
        models=models,
        folds=folds,
        costs=False,
        store=False,
    ).answer
    found = answer.together
    assert found is not None, f"{name}: a family has no score"
    return {
        "metric": answer.metric.label,
        "rows": len(frame),
        "models": models,
        "deep": answer.verdict.deep_champion,
        "classical": answer.verdict.classical_champion,
        "together": found.score,
        "alone": found.alone,
        "gain": found.gain,
        "low": found.gain_low,
        "high": found.gain_high,
    }


def measure(chosen: argparse.Namespace) -> dict[str, Any]:
    """All tables, from the kept result or anew; every table is kept as soon as it is measured."""
    names = QUICK if chosen.quick else (chosen.datasets or reference_module(str(REFERENCE)).DATASETS)
    found: dict[str, Any] = {} if chosen.quick or chosen.force else (kept(NAME) or {}).get("by_table", {})
    for name in names:
        if name not in found:
            print(f"comparing on {name} ...", file=sys.stderr, flush=True)
            rows, folds = (300, 3) if chosen.quick else (chosen.rows, 5)
            found[name] = measured(name, rows, folds, chosen.models)
            if not chosen.quick:
                keep(NAME, summary(found))
    return summary(found)


def summary(by_table: dict[str, Any]) -> dict[str, Any]:
    """How often the mean is at least as good."""
    own = by_table.values()
    return {
        "tables": len(by_table),
        "at_least_as_good": sum(one["gain"] > -TIE for one in own),
        "surely_better": sum(one["low"] > 0 for one in own),
        "surely_worse": sum(one["high"] < 0 for one in own),
        "by_table": by_table,
    }


def lines(found: dict[str, Any]) -> list[str]:
    """The tables for people."""
    header = ["table", "rows", "metric", "both together", "the better one alone", "gain (95 % interval)"]
    rows = [
        [
            name,
            f"{one['rows']:,}",
            one["metric"],
            figure(one["together"], 4),
            figure(one["alone"], 4),
            f"{one['gain']:+.4g} ({one['low']:.4g} to {one['high']:.4g})",
        ]
        for name, one in found["by_table"].items()
    ]
    words = f"At least as good on {found['at_least_as_good']} of {found['tables']} tables."
    return [table(header, rows), words]


def main() -> None:
    """Print what was found."""
    options = parser(__doc__ or "")
    options.add_argument("--rows", type=int, default=2000, help="rows of a table, at most")
    options.add_argument("--datasets", type=lambda text: text.split(","), help="tables, by default all 14")
    options.add_argument(
        "--models", type=lambda text: text.split(","), help="models; linear is the linear one of the task"
    )
    chosen = options.parse_args()
    found = measure(chosen)
    print(json.dumps(found, indent=1) if chosen.json else "\n\n".join(lines(found)))


if __name__ == "__main__":
    main()
