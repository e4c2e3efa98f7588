"""What every model costs on a small table: the cost sheet of a comparison, one model at a time.

python benchmarks/costs.py [--json] [--quick]

``sheets`` has a row for each model of both families: score, wall and CPU time of training, the peak of memory
above that of the process before, latency of 1, 10, 100 and 1000 rows (median and 95th percentile), size on
disk, parameters, operations of one prediction, and whether it stands on the front of score and cost.
"""

from __future__ import annotations

import json
from typing import Any

from _common import figure, keep, kept, parser, table

DATA = "sick-healthy"
BATCHES = ("1", "10", "100", "1000")
HEADER = [
    *("model", "family", "score", "training", "CPU", "memory"),
    *(f"{rows} row{'s' if rows != '1' else ''} (p95)" for rows in BATCHES),
    *("size", "parameters", "FLOPs"),
]


def measure(quick: bool) -> dict[str, Any]:
    """A comparison in worker processes, of which the costs are kept."""
    import deepworth

    few = {"models": ["constant", "logistic-regression", "perceptron"], "folds": 2} if quick else {}
    preset = "quick" if quick else "standard"
    answer = deepworth.compare(DATA, jobs=1, preset=preset, store=False, **few).to_dict()
    sheets = [sheet(row) for row in answer["leaderboard"]]
    return {"data": DATA, "metric": answer["metric"]["label"], "sheets": sheets}


def sheet(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the leaderboard with what the table shows of its costs."""
    names = ("model", "family", "score", "pareto", "size_bytes", "parameters")
    shown = ("threads", "rows", "fit_seconds", "fit_cpu_seconds", "fit_peak_bytes", "flops", "flops_by")
    costs = row["costs"] or {}
    latency = {
        rows: {name: one[name] for name in ("median", "p95")}
        for rows, one in (costs.get("latency") or {}).items()
    }
    kept = {name: costs.get(name) for name in shown}
    return {**{name: row[name] for name in names}, "costs": {**kept, "latency": latency}}


def lines(found: dict[str, Any]) -> list[list[str]]:
    """Rows of the table."""
    from deepworth.zoo.report.words import count, seconds, size

    def latency(sheet: dict[str, Any], rows: str) -> str:
        one = (sheet.get("latency") or {}).get(rows)
        return f"{seconds(one['median'])} ({seconds(one['p95'])})" if one else "-"

    rows = []
    for row in found["sheets"]:
        sheet = row["costs"] or {}
        rows.append(
            [
                row["model"] + (" ◆" if row["pareto"] else ""),
                row["family"],
                figure(row["score"]) if row["score"] is not None else "-",
                seconds(sheet.get("fit_seconds")),
                seconds(sheet.get("fit_cpu_seconds")),
                size(sheet.get("fit_peak_bytes")),
                *(latency(sheet, batch) for batch in BATCHES),
                size(row["size_bytes"]),
                count(row["parameters"]),
                count(sheet.get("flops")),
            ]
        )
    return rows


def main() -> None:
    chosen = parser(__doc__ or "").parse_args()
    found = None if chosen.quick or chosen.force else kept("costs")
    if found is None:
        found = measure(chosen.quick)
        if not chosen.quick:
            keep("costs", found)
    print(json.dumps(found) if chosen.json else table(HEADER, lines(found)))


if __name__ == "__main__":
    main()
