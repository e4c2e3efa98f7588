"""What each section of the page shows: words and numbers in their final form; None leaves a section out."""

from __future__ import annotations

from typing import Any

from .._costs import unsteady
from .._words import count, number, seconds, size
from ..verdict_words import CHANCES, OUTCOMES, between_lines, facts, verdict_lines
from . import _plots
from ._board import board
from ._details import calibration, capacity, confusion, curve
from ._explanations import explanations


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
