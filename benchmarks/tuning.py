"""What tuning is worth on the development tables, and what it costs.

    python benchmarks/tuning.py [--models NAMES] [--datasets NAMES] [--report] [--json]

Each model is fitted with its defaults (D) and tuned (T, 25 trials) on the first split of the tables of
``--reference``, which benchmarks/tabular.py uses as well. A fit is one row of benchmarks/results/tuning.csv,
written at once; a row that stands there is not computed again.

``error_over_hgb_default`` is exp(mean ln((e + 0.01) / (e_HGB + 0.01))) over the tables, where e is 1 - AUC,
log loss, or RMSE over the standard deviation; ``trials_over_one_fit`` the geometric mean of the CPU time of
the search with its last fit over that of one fit with the defaults.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from _common import RESULTS, figure, keep, parser, table
from _fits import reference_module
from _rows import error_of, read
from tabular import REFERENCE, measure

MODELS = ("hist-gradient-boosting", "deep-mlp", "random-forest")
BASE = "hist-gradient-boosting"
QUICK = {"datasets": ["titanic"], "models": ["k-nearest-neighbours"]}
SLACK = 0.01
HEADER = ["model", "tables", "D", "T", "T better on", "CPU of T over D"]


def summary(rows: Sequence[Mapping[str, Any]], models: Sequence[str]) -> dict[str, Any]:
    """Errors over those of the base model at its defaults, on the tables that have all three."""
    errors = {(row["model"], row["dataset"]): error_of(row) for row in rows}
    cpu = {(row["model"], row["dataset"]): float(row["fit_cpu"]) for row in rows}
    found: dict[str, Any] = {
        "error_over_hgb_default": {},
        "trials_over_one_fit": {},
        "better": {},
        "tables": {},
    }
    for model in models:
        tuned = f"{model}-tuned"
        tables = [d for m, d in errors if m == tuned and (model, d) in errors and (BASE, d) in errors]
        if not tables:
            continue
        found["tables"][model] = len(tables)
        found["error_over_hgb_default"][model] = {
            kind: math.exp(_mean([_log_ratio(errors[name, d], errors[BASE, d]) for d in tables]))
            for kind, name in (("D", model), ("T", tuned))
        }
        found["better"][model] = sum(errors[tuned, d] < errors[model, d] for d in tables)
        ratios = [math.log(cpu[tuned, d] / cpu[model, d]) for d in tables]
        found["trials_over_one_fit"][model] = math.exp(_mean(ratios))
    return found


def _log_ratio(error: float, base: float) -> float:
    return math.log((error + SLACK) / (base + SLACK))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def lines(found: Mapping[str, Any]) -> list[list[str]]:
    """Rows of the table."""
    return [
        [
            model,
            str(found["tables"][model]),
            figure(errors["D"], 3),
            figure(errors["T"], 3),
            str(found["better"][model]),
            figure(found["trials_over_one_fit"][model], 1),
        ]
        for model, errors in found["error_over_hgb_default"].items()
    ]


def options() -> argparse.Namespace:
    found = parser(__doc__ or "")
    found.add_argument("--models", nargs="+", default=list(MODELS))
    found.add_argument("--datasets", nargs="+", help="by default all development tables")
    found.add_argument("--threads", type=int, default=1)
    found.add_argument("--reference", type=Path, default=REFERENCE)
    found.add_argument("--report", action="store_true", help="compute nothing, read what is kept")
    chosen = found.parse_args()
    if chosen.quick:
        chosen.models, chosen.datasets = QUICK["models"], QUICK["datasets"]
    return chosen


def main() -> None:
    chosen = options()
    if not chosen.reference.is_dir():
        print(json.dumps({}) if chosen.json else f"no development tables in {chosen.reference}")
        return
    if chosen.datasets is None:
        chosen.datasets = list(reference_module(str(chosen.reference)).SPECS)
    file = RESULTS / ("tuning-quick.csv" if chosen.quick else "tuning.csv")
    both = [name for model in dict.fromkeys([BASE, *chosen.models]) for name in (model, f"{model}-tuned")]
    both = both if not chosen.quick else [BASE, *(n for m in chosen.models for n in (m, f"{m}-tuned"))]
    request = argparse.Namespace(
        file=file,
        datasets=chosen.datasets,
        models=both,
        splits=1,
        force=chosen.force,
        redo=[],
        reference=chosen.reference,
        threads=chosen.threads,
        pytabkit=None,
    )
    failed = 0 if chosen.report else measure(request)
    found = summary(read(file), chosen.models)
    if chosen.quick:
        file.unlink(missing_ok=True)
    elif not failed:
        keep("tuning", found)
    print(json.dumps(found) if chosen.json else table(HEADER, lines(found)))
    raise SystemExit(min(failed, 1))


if __name__ == "__main__":
    main()
