"""What each section of the page shows: words and numbers in their final form; None leaves a section out.

The leaderboard of the page.
"""

from __future__ import annotations

from typing import Any

from ...metrics import METRICS
from ..costs import unsteady
from ..words import CHANCES, OUTCOMES, between_lines, count, facts, number, seconds, size, verdict_lines
from . import plots as _plots
from .details import calibration, capacity, confusion, curve
from .explanations import explanations


def view(sheet: dict[str, Any]) -> dict[str, Any]:
    """All sections of a page."""
    answer = sheet["result"]
    wrong, values = confusion(sheet), _plots.values(sheet)
    failures = _failures(sheet)
    return {
        "name": answer["dataset"]["name"],
        "created": answer["created"][:10],
        "facts": ", ".join(facts(answer)),
        "verdict": _verdict(answer),
        "board": board(answer),
        "pareto": _plots.pareto(answer),
        "costs": _costs(answer),
        "folds": _plots.folds(sheet),
        "differences": _plots.differences(sheet),
        "curve": curve(sheet["learning_curve"]),
        "capacity": capacity(sheet["capacity"]),
        "calibration": calibration(sheet["calibration"], answer),
        "confusion": wrong,
        "numbers": values,
        "mistakes": wrong or values,
        "explanations": explanations(answer),
        "findings": _findings(answer),
        "data": _data(answer),
        "failures": failures,
        "skipped": _skipped(answer),
        "failed": True,
        "titles": {"calibration": "Do the intervals hold the truth?"} if _is_regression(answer) else {},
        "command": sheet["command"],
        "made": _made(sheet),
        "versions": [(k, str(v)) for k, v in answer["versions"].items() if v is not None],
    }


def _is_regression(answer: dict[str, Any]) -> bool:
    return bool(answer["dataset"]["task"] == "regression")


def _verdict(answer: dict[str, Any]) -> dict[str, Any]:
    verdict = answer["verdict"]
    chances = [
        {
            "kind": family or "same",
            "words": words,
            "percent": round(100 * verdict[key], 2),
            "shown": f"{verdict[key]:.0%}",
        }
        for key, words, family in CHANCES
        if verdict[key] is not None
    ]
    return {
        "outcome": verdict["outcome"],
        "words": OUTCOMES[verdict["outcome"]],
        "sentence": verdict["sentence"],
        "chances": chances,
        "lines": [*verdict_lines(answer), *between_lines(answer)],
        "advice": verdict["advice"],
        "missing": ", ".join(verdict["missing"]),
    }


def _costs(answer: dict[str, Any]) -> dict[str, Any]:
    """What every model takes: its cost sheet where one was measured, else what its folds took."""
    rows = [r for r in answer["leaderboard"] if r["fit_seconds"] is not None]
    measured = any(r.get("costs") for r in rows)
    sizes = sorted({n for r in rows for n in _latencies(r)}, key=int)
    header = ["model", "family", "fit", *(["CPU of a fit", "memory of a fit"] if measured else [])]
    header += [f"{int(n):,} row{'s' if n != '1' else ''}" for n in sizes] if measured else ["1,000 rows"]
    header += ["size", "parameters", *(["operations"] if measured else [])]
    lines = [[r["model"], r["family"], *_cost_cells(r, sizes, measured)] for r in rows]
    return {"header": header, "rows": lines, "note": _cost_note(answer, measured)}


def _latencies(row: dict[str, Any]) -> dict[str, Any]:
    return (row.get("costs") or {}).get("latency") or {}


def _cost_cells(row: dict[str, Any], sizes: list[str], measured: bool) -> list[str]:
    costs, latency = row.get("costs") or {}, _latencies(row)
    if measured:
        times = [_median_and_tail(latency.get(n)) for n in sizes]
        more = [seconds(costs.get("fit_cpu_seconds")), size(costs.get("fit_peak_bytes"))]
    else:
        times, more = [seconds(row["predict_seconds"])], []
    parameters = "" if row["parameters"] is None else f"{row['parameters']:,}"
    found = [seconds(row["fit_seconds"]), *more, *times, size(row["size_bytes"]), parameters]
    return [cell or "-" for cell in [*found, *([count(costs.get("flops"))] if measured else [])]]


def _median_and_tail(one: dict[str, Any] | None) -> str:
    return "" if one is None else f"{seconds(one['median'])} ({seconds(one['p95'])})"


def _cost_note(answer: dict[str, Any], measured: bool) -> str:
    if measured:
        note = (
            "Every model fitted once more on all rows, alone, saved, opened and asked: wall and CPU time and "
            "memory of that fit (of a short one the median of several), the median time to predict so many "
            "rows at once (95th percentile in brackets), size on disk, floating-point operations of one "
            "prediction. Not counted: imports, and moments in which something else slowed the core down."
        )
        return " ".join(filter(None, (note, unsteady(answer))))
    threads = answer["plan"].get("threads")
    note = (
        f"Wall time of one fit with {threads} thread{'s' if threads != 1 else ''}, mean over the folds (of a "
        "network the first fold's, which is trained alone); the time to predict 1,000 rows in one call; the "
        "bytes of the saved model. Importing libraries is not counted."
    )
    if any(row.get("contended") for row in answer["leaderboard"]):
        note += " Times were taken while other jobs shared the machine."
    return note


def _findings(answer: dict[str, Any]) -> list[dict[str, Any]]:
    order = {"error": 0, "warning": 1, "info": 2}
    kinds = {"error": "bad", "warning": "warn", "info": "quiet"}
    return [
        {
            **{k: f[k] for k in ("code", "severity", "message")},
            "kind": kinds[f["severity"]],
            "columns": ", ".join(f["columns"]),
            "rows": ", ".join(map(str, f["rows"])),
        }
        for f in sorted(answer["findings"], key=lambda f: order[f["severity"]])
    ]


def _data(answer: dict[str, Any]) -> list[tuple[str, str]]:
    data = answer["dataset"]
    source = data["provenance"]
    counts = data["class_counts"] or {}
    return [
        ("Data", f"{data['name']}, {data['rows']:,} rows"),
        ("Target", data["target"] or ""),
        ("Positive class", data["positive"] or ""),
        ("Classes", ", ".join(f"{name}: {n:,}" for name, n in counts.items())),
        ("Source", " ".join(filter(None, [source["source"], source["location"]]))),
        ("Licence", source["licence"]),
        ("Citation", source["citation"]),
    ]


def _failures(sheet: dict[str, Any]) -> list[list[str]]:
    """A row a model and reason, with the jobs that it cost."""
    found: dict[tuple[str, str, str], int] = {}
    for job in sheet["jobs"]:
        if job["status"] not in ("ok", "skipped"):
            key = (job["model"], job["status"].replace("_", " "), job["reason"] or "")
            found[key] = found.get(key, 0) + 1
    planned = {r["model"]: r["jobs_planned"] for r in sheet["result"]["leaderboard"]}
    return [
        [model, status, f"{n} of {planned.get(model, n)}", why] for (model, status, why), n in found.items()
    ]


def _skipped(answer: dict[str, Any]) -> list[str]:
    rows = [r for r in answer["leaderboard"] if r["status"] == "skipped"]
    return [f"{r['model']} was left out: {r['reason']}." for r in rows]


def _made(sheet: dict[str, Any]) -> list[tuple[str, Any]]:
    answer, host = sheet["result"], sheet["host"]
    plan, limits = answer["plan"], answer["plan"].get("limits", {})
    cores = host.get("cores")
    return [
        ("Run", answer["run"]),
        ("Created", answer["created"]),
        ("Took", seconds(answer["wall_seconds"])),
        ("Seed", plan["seed"]),
        ("Jobs", f"{sum(j['status'] == 'ok' for j in sheet['jobs'])} of {len(sheet['jobs'])} ended well"),
        ("Worker processes", limits.get("workers")),
        ("Threads of a fit", plan.get("threads")),
        ("Time limit of a fit", seconds(limits.get("seconds"))),
        ("Memory limit of a worker", size(limits.get("bytes"))),
        ("Margin", number(answer["verdict"]["margin"], 4)),
        ("Fingerprint of the data (SHA-256)", answer["dataset"]["fingerprint"]),
        ("Fingerprint of the splits (SHA-256)", sheet["splits"]),
        ("Machine", " ".join(filter(None, [host.get("system"), f"{cores} cores" if cores else ""]))),
    ]


def board(answer: dict[str, Any]) -> dict[str, Any]:
    """Rows in the order of the answer, with bars on one scale and numbers to sort by."""
    metric, verdict = answer["metric"], answer["verdict"]
    scale = _scale(answer)
    best = (verdict["deep_champion"], verdict["classical_champion"])
    rows = answer["leaderboard"]
    arrow = "↑" if metric["greater_is_better"] else "↓"
    header, lines = _all_metrics(rows)
    return {
        "label": f"{metric['label']} {arrow}",
        "order": "descending" if metric["greater_is_better"] else "ascending",
        "level": f"{verdict['confidence_level']:.0%}",
        "second": metric["second_label"],
        "second_order": _order(metric["second"]),
        "scale": None if scale is None else [number(end) for end in scale],
        "rows": [_row(row, answer, scale, row["model"] in best) for row in rows],
        "tied": sum(bool(r.get("tied_with_best")) for r in rows) > 1,
        "best_reachable": None if answer["best_reachable"] is None else number(answer["best_reachable"]),
        "notes": [f"{r['model']} {note}" for r in rows if r["model"] != "constant" for note in r["notes"]],
        "all_header": header,
        "all_rows": lines,
    }


def _order(name: str | None) -> str:
    """How a column of that metric is sorted, best first."""
    metric = None if name is None else METRICS.get(name)
    return "ascending" if metric is not None and not metric.greater_is_better else "descending"


def _row(
    row: dict[str, Any], answer: dict[str, Any], scale: tuple[float, float] | None, champion: bool
) -> dict[str, Any]:
    status = "" if row["status"] == "ok" else row["status"].replace("_", " ")
    return {
        "model": row["model"],
        "family": row["family"],
        "champion": champion,
        "tied": bool(row.get("tied_with_best")),
        "score": _cell(row["score"], number(row["score"]) if row["score"] is not None else status),
        "interval": _between(row["score_low"], row["score_high"]),
        "bar": _bar(row, scale),
        "second": _cell(row["metrics"].get(answer["metric"]["second"]), number),
        "costs": [
            _cell(row["fit_seconds"], seconds),
            _cell(row["predict_seconds"], seconds),
            _cell(row["size_bytes"], size),
            _cell(row["parameters"], lambda n: "" if n is None else f"{n:,}"),
        ],
    }


def _cell(value: Any, shown: Any) -> dict[str, Any]:
    """A number to sort by (or nothing), and what is read."""
    text = shown(value) if callable(shown) else shown
    return {"value": "" if value is None else repr(value), "shown": text or "-"}


def _between(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{number(low)} to {number(high)}"


def _scale(answer: dict[str, Any]) -> tuple[float, float] | None:
    """Left and right end of the bars: all models but the constant one."""
    rows = [r for r in answer["leaderboard"] if r["score"] is not None and r["model"] != "constant"]
    ends = [v for r in rows for v in (r["score"], r["score_low"], r["score_high"]) if v is not None]
    return (min(ends), max(ends)) if ends and max(ends) > min(ends) else None


def _bar(row: dict[str, Any], scale: tuple[float, float] | None) -> dict[str, Any] | None:
    if scale is None or row["score"] is None or row["model"] == "constant":
        return None

    def place(value: float) -> float:
        return round(100 * (value - scale[0]) / (scale[1] - scale[0]), 1)

    if row["score_low"] is None:
        return {"low": None, "at": place(row["score"])}
    low = place(row["score_low"])
    return {"low": low, "width": round(place(row["score_high"]) - low, 1), "at": place(row["score"])}


def _all_metrics(rows: list[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    names = list(rows[0]["metrics"]) if rows else []
    lines = []
    for row in rows:
        cells = []
        for name in names:
            value, (low, high) = row["metrics"][name], row["intervals"][name]
            between = "" if low is None else f" [{number(low)}, {number(high)}]"
            cells.append("-" if value is None else f"{number(value)}{between}")
        lines.append([row["model"], *cells])
    return ["model", *(METRICS[n].label if n in METRICS else n for n in names)], lines
