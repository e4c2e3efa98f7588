"""Costs in words: cells of the leaderboard, the answer to a budget, a sheet of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from ..results.answer import Answer, LeaderboardRow
from .words import count, interval, number, seconds, size

FRONT = " ◆"


def columns(width: int, answer: Answer) -> list[str]:
    """Names of the costs that a terminal of this width has room for; without a cost sheet there are fewer."""
    if width < 80:
        return ["fit"]
    if not any(row.latency_seconds for row in answer.leaderboard):
        return ["fit", "1k rows", "size", "params"] if width >= 100 else ["fit", "1k rows", "size"]
    if width >= 128:
        return ["fit", "memory", "1 row", "1k rows", "size", "params"]
    if width >= 118:
        return ["fit", "1 row", "1k rows", "size", "params"]
    if width >= 110:
        return ["fit", "1 row", "size", "params"]
    return ["fit", "1 row", "size"] if width >= 86 else ["fit", "1 row"]


def cells(row: LeaderboardRow, names: Sequence[str]) -> list[str]:
    """The costs of a model under these names."""
    shown = {
        "fit": seconds(row.fit_seconds),
        "memory": size(row.costs.fit_peak_bytes if row.costs else None),
        "1 row": seconds(row.latency_seconds),
        "1k rows": seconds(row.predict_seconds),
        "size": size(row.size_bytes),
        "params": count(row.parameters),
    }
    return [shown[name] for name in names]


def front_note(rows: Sequence[LeaderboardRow]) -> list[Text]:
    """What the sign behind some names means."""
    if not any(row.pareto for row in rows):
        return []
    return [Text(f" {FRONT} on the Pareto front of score, training time, latency and size", "dim")]


def budget_lines(answer: Answer) -> list[Text]:
    """The best model within the limits that were asked for, or what would have to give."""
    budget = answer.budget
    if budget is None:
        return []
    limits = " and ".join(f"{kind} up to {_amount(kind, limit)}" for kind, limit in budget.limits.items())
    if budget.model is None:
        lowest = {kind: _amount(kind, cost) or "unknown" for kind, cost in budget.cheapest.items()}
        least = ", ".join(f"{kind} {amount}" for kind, amount in lowest.items())
        return [Text(f"No model within {limits}; the lowest of any model: {least}.", "bold red")]
    ends = "" if budget.low is None else f" ({interval(budget.low, budget.high)})"
    corrected = ", corrected for model selection" if len(budget.models) > 1 else ""
    score = f"{answer.metric.label} {number(budget.score)}{ends}{corrected}"
    return [Text(f"Best within {limits}: {budget.model}, {score}.", "bold")]


def _amount(kind: str, value: float | None) -> str:
    return seconds(value) if kind in ("latency", "fit") else size(None if value is None else round(value))


def show_cost(sheet: dict[str, Any]) -> list[Any]:
    """The sheet of one saved model, from top to bottom."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("rows per call", "median", "95th percentile", "per row", "calls"):
        table.add_column(name, justify="right")
    for rows, one in sheet["latency"].items():
        each = seconds(one["median"] / one["rows"])
        table.add_row(f"{int(rows):,}", seconds(one["median"]), seconds(one["p95"]), each, str(one["calls"]))
    flops = "unknown" if sheet["flops"] is None else f"{count(sheet['flops'])} ({_SOURCE[sheet['flops_by']]})"
    facts = {
        "size on disk": size(sheet["size_bytes"]),
        "parameters": count(sheet["parameters"]) or "unknown",
        "operations of one prediction": flops,
        "time to load": seconds(sheet["load_seconds"]),
        "memory to load and predict": size(sheet["peak_bytes"]) or "unknown",
    }
    lines = [Text(f"  {name}: {value}") for name, value in facts.items()]
    head = f"{sheet['model']} ({sheet['family']}, {sheet['task']} {sheet['modality']} task)"
    notes = [f"Rows {sheet['rows_from']}; {sheet['threads']} threads."]
    if not sheet["steady"]:
        notes.append("Other processes slowed the machine down; measure again when it is idle.")
    return [Text(head, "bold"), *lines, table, *(Text(note, "dim") for note in notes)]


_SOURCE = {"graph": "counted in its graph", "estimate": "estimated from its fitted sizes", "unknown": ""}


def unsteady(answer: Answer) -> str:
    """Whose timings are less certain, since other processes slowed the machine down."""
    names = [row.model for row in answer.leaderboard if row.costs and row.costs.steady is False]
    if not names:
        return ""
    return f"Other processes slowed the machine down while these models were timed: {', '.join(names)}."
