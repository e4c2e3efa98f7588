"""Need anybody choose? The mean of both families' best models against the better one alone, on 14 tables.

    python benchmarks/together.py [--quick] [--json] [--force] [--rows N] [--datasets NAMES]

Needs the development tables (../shared/data beside the checkout; see its README). On each table a few models
of both families are compared by 5-fold cross-validation on at most ``--rows`` rows. In every fold the best
models are those of the other folds, for the mean and for the better one alone.

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

NAME = "together"
DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "tabular"
# Target of each table, and the columns that identify its rows.
TABLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "sick": ("Class", ()),
    "adult": ("income", ()),
    "titanic": ("Survived", ("PassengerId", "Name", "Ticket")),
    "telco_churn": ("Churn", ("customerID",)),
    "credit_g": ("class", ()),
    "pima_diabetes": ("class", ()),
    "heart_cleveland": ("num", ()),
    "mushroom": ("class", ()),
    "spambase": ("class", ()),
    "covertype_15k": ("Cover_Type", ("Id",)),
    "wine_quality": ("quality", ()),
    "california_housing": ("median_house_value", ()),
    "abalone": ("Rings", ()),
    "diamonds": ("price", ()),
}
REGRESSION = ("wine_quality", "california_housing", "abalone", "diamonds")
DEEP = ("shallow-mlp", "tabm")
CLASSIFIERS = ("logistic-regression", "random-forest", "hist-gradient-boosting")
REGRESSORS = ("linear-regression", "random-forest", "hist-gradient-boosting")
TIE = 1e-9  # a difference that only rounding makes
QUICK = ("heart_cleveland", "abalone")


def measured(name: str, rows: int, folds: int) -> dict[str, Any]:
    """The comparison on one table."""
    import pandas as pd

    import deepworth

    target, drop = TABLES[name]
    frame = pd.read_csv(DATA / f"{name}.csv.gz", na_values="?")
    frame = frame.drop(columns=list(drop)).dropna(subset=[target])
    frame = frame.sample(min(rows, len(frame)), random_state=0).reset_index(drop=True)
    regression = name in REGRESSION
    answer = deepworth.compare(
        frame,
        target=target,
        task="regression" if regression else "classification",
        models=[*DEEP, *(REGRESSORS if regression else CLASSIFIERS)],
        folds=folds,
        costs=False,
        store=False,
    ).answer
    found = answer.together
    assert found is not None, f"{name}: a family has no score"
    return {
        "metric": answer.metric.label,
        "rows": len(frame),
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
    names = QUICK if chosen.quick else (chosen.datasets or tuple(TABLES))
    found: dict[str, Any] = {} if chosen.quick or chosen.force else (kept(NAME) or {}).get("by_table", {})
    for name in names:
        if name not in found:
            print(f"comparing on {name} ...", file=sys.stderr, flush=True)
            found[name] = measured(name, 300 if chosen.quick else chosen.rows, 3 if chosen.quick else 5)
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
    chosen = options.parse_args()
    found = measure(chosen)
    print(json.dumps(found, indent=1) if chosen.json else "\n\n".join(lines(found)))


if __name__ == "__main__":
    main()
