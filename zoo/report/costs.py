"""Costs in words: cells of the leaderboard, columns of a file, a sheet of its own."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from .words import count, number, seconds, size

FRONT = " ◆"
_SINGLE = ("fit_cpu_seconds", "fit_peak_bytes", "load_seconds", "predict_peak_bytes", "flops")


def columns(width: int, answer: dict[str, Any]) -> list[str]:
    """Names of the costs that a terminal of this width has room for; without a cost sheet there are fewer."""
    if width < 80:
        return ["fit"]
    if not any(row.get("latency_seconds") for row in answer["leaderboard"]):
        return ["fit", "1k rows", "size", "params"] if width >= 100 else ["fit", "1k rows", "size"]
    if width >= 128:
        return ["fit", "memory", "1 row", "1k rows", "size", "params"]
    if width >= 118:
        return ["fit", "1 row", "1k rows", "size", "params"]
    if width >= 110:
        return ["fit", "1 row", "size", "params"]
    return ["fit", "1 row", "size"] if width >= 86 else ["fit", "1 row"]


def cells(row: dict[str, Any], names: list[str]) -> list[str]:
    """The costs of a model under these names."""
    costs = row.get("costs") or {}
    found = {
        "fit": seconds(row["fit_seconds"]),
        "memory": size(costs.get("fit_peak_bytes")),
        "1 row": seconds(row.get("latency_seconds")),
        "1k rows": seconds(row["predict_seconds"]),
        "size": size(row["size_bytes"]),
        "params": count(row["parameters"]),
    }
    return [found[name] for name in names]


def front_note(rows: list[dict[str, Any]]) -> list[Text]:
    """What the sign behind some names means."""
    known = [row["pareto"] for row in rows if row.get("pareto") is not None]
    if not any(known):
        return []
    words = "no other model is as good and as cheap (time of training, time of one row, size)"
    return [Text(f" {FRONT} {words}", "dim")]


def budget_lines(answer: dict[str, Any]) -> list[Text]:
    """The best model within the budget that was asked for, or what would have to give."""
    found = answer.get("budget")
    if found is None:
        return []
    limits = " and ".join(f"{kind} up to {_amount(kind, limit)}" for kind, limit in found["limits"].items())
    if found["model"] is None:
        least = ", ".join(
            f"{kind} {_amount(kind, cost) or 'unknown'}" for kind, cost in found["cheapest"].items()
        )
        return [Text(f"No model within {limits}; the least that any takes: {least}.", "bold red")]
    ends = "" if found["low"] is None else f" ({number(found['low'])} to {number(found['high'])})"
    score = f"{answer['metric']['label']} {number(found['score'])}{ends}"
    others = len(found["models"]) - 1
    chosen = f" without the luck of the best of {others + 1}" if others else ""
    return [Text(f"Best within {limits}: {found['model']}, {score}{chosen}.", "bold")]


def _amount(kind: str, value: float | None) -> str:
    return seconds(value) if kind in ("latency", "fit") else size(None if value is None else round(value))


def show_cost(sheet: dict[str, Any]) -> list[Any]:
    """The sheet of one saved model, from top to bottom."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("rows at once", "median", "95th percentile", "a row", "calls"):
        table.add_column(name, justify="right")
    for rows, one in sheet["latency"].items():
        each = seconds(one["median"] / one["rows"])
        table.add_row(f"{int(rows):,}", seconds(one["median"]), seconds(one["p95"]), each, str(one["calls"]))
    flops = "unknown" if sheet["flops"] is None else f"{count(sheet['flops'])} ({_FOUND[sheet['flops_by']]})"
    facts = {
        "size on disk": size(sheet["size_bytes"]),
        "parameters": count(sheet["parameters"]) or "unknown",
        "operations of one prediction": flops,
        "time to open": seconds(sheet["load_seconds"]),
        "memory to open and answer": size(sheet["peak_bytes"]) or "unknown",
    }
    lines = [Text(f"  {name}: {value}") for name, value in facts.items()]
    head = f"{sheet['model']} ({sheet['family']}, {sheet['task']} {sheet['modality']} task)"
    notes = [f"Rows {sheet['rows_from']}; {sheet['threads']} threads."]
    if not sheet["steady"]:
        notes.append("The machine was busy with something else meanwhile; measure again when it is quiet.")
    return [Text(head, "bold"), *lines, table, *(Text(note, "dim") for note in notes)]


_FOUND = {"graph": "counted in its graph", "estimate": "estimated from its fitted sizes", "unknown": ""}


def unsteady(answer: dict[str, Any]) -> str:
    """Which timings are less certain, since something outside of deepworth slowed the core down."""
    names = [row["model"] for row in answer["leaderboard"] if (row.get("costs") or {}).get("steady") is False]
    if not names:
        return ""
    return f"The machine was busy with something else while these were timed: {', '.join(names)}"


def flat(costs: dict[str, Any] | None) -> dict[str, Any]:
    """Figures of a cost sheet that the row of a leaderboard has not, a column each."""
    if costs is None:
        return {}
    latency = costs.get("latency") or {}
    ends = {f"latency_{rows}_{end}": v[end] for rows, v in latency.items() for end in ("median", "p95")}
    return {name: costs.get(name) for name in _SINGLE} | ends
