"""Whether a run repeats itself, in a terminal. Works from plain results only."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from ._words import FAMILY_COLOURS
from .catalogue import _table
from .terminal import console, print_json

_COLOURS = {"bit-equal": "green", "within tolerance": "yellow"}


def show(found: dict[str, Any], *, as_json: bool = False) -> None:
    """A row a model, and the level that the run reached by its settings."""
    if as_json:
        print_json(found)
        return
    table = _table("model", "repeated", "answer", "largest difference")
    for row in found["models"]:
        largest = "" if row["largest_difference"] is None else f"{row['largest_difference']:.3g}"
        answer = f"{row['answer']}: {row['reason']}" if row["reason"] else row["answer"]
        table.add_row(
            Text(row["model"], FAMILY_COLOURS[row["family"]]),
            f"repeat {row['repeat']}, fold {row['fold']} ({row['rows']:,} rows)",
            Text(answer, _COLOURS.get(row["answer"], "red")),
            largest,
        )
    level = found["determinism"]
    threads = f"{level['threads']} thread{'s' if level['threads'] > 1 else ''} a fit"
    changed = "; libraries have changed since" if found["versions_changed"] else ""
    out = console()
    out.print(Text(f"run {found['run']}: {level['level']}, {threads}{changed}", "bold"), table)
