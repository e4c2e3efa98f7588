"""Findings about data: what was found, where, and what to do. Works from plain objects only."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .terminal import _SEVERITY, console, print_json

MOST_ROWS = 8  # row numbers that are shown


def show_check(answer: dict[str, Any], *, as_json: bool = False) -> None:
    """The findings of one dataset, most severe first, each with its advice."""
    if as_json:
        print_json(answer)
        return
    out = console()
    facts = (
        f": {answer['rows']:,} rows, {answer['task']} {answer['modality']} task, target {answer['target']}"
    )
    out.print(Text.assemble((answer["name"], "bold"), facts))
    for finding in answer["findings"]:
        colour = _SEVERITY[finding["severity"]]
        head = Text.assemble((f"{finding['code']} {finding['severity']}: ", colour), finding["message"])
        out.print(head)
        for line in (_rows(finding["rows"]), finding["advice"]):
            if line:
                out.print(Padding(Text(line, "dim"), (0, 0, 0, 6)))
    out.print(Text(_summary(answer["findings"]), "bold"))


def _rows(rows: Any) -> str:
    """Row numbers as people count them, from 1."""
    shown = ", ".join(str(row + 1) for row in rows[:MOST_ROWS])
    return f"rows {shown}{', ...' if len(rows) > MOST_ROWS else ''}" if rows else ""


def _summary(findings: list[dict[str, Any]]) -> str:
    if not findings:
        return "No findings."
    counts = {s: sum(f["severity"] == s for f in findings) for s in ("error", "warning", "info")}
    words = [f"{n} {s}{'s' if n > 1 and s != 'info' else ''}" for s, n in counts.items() if n]
    return f"{', '.join(words)}." + ("" if counts["error"] else " A comparison can be made.")


def show_codes(codes: list[dict[str, str]], *, as_json: bool = False) -> None:
    """Every code with its title and advice."""
    if as_json:
        print_json(codes)
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("code", "what was found", "what to do"):
        table.add_column(name, no_wrap=name == "code", overflow="fold")
    for code in codes:
        table.add_row(code["code"], code["title"], code["advice"])
    console().print(table)
