"""A saved model in a terminal: what it is, its files, its card. Works from plain results only."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from ._words import size
from .terminal import console, print_json

MOST_COLUMNS = 12


def show_artefact(found: dict[str, Any], *, as_json: bool = False) -> None:
    """Print what :func:`deepworth.zoo.artefact.inspect` found."""
    if as_json:
        print_json(found)
        return
    out, manifest = console(), found["manifest"]
    out.print(Text(f"{printable(manifest['model'])} on {printable(manifest['dataset']['name'])}", "bold"))
    for name, value in _facts(manifest):
        out.print(Text(f"  {name:<12} {value}"), soft_wrap=True)
    out.print(_files(found["files"]))
    for note in found["notes"]:
        out.print(Text(note, "yellow"), soft_wrap=True)
    words = "all files are the ones that were saved" if found["sound"] else "the model cannot be trusted"
    out.print(Text(words, "green" if found["sound"] else "bold red"))
    if found["card"]:
        out.print(Text("\ncard.md", "bold"))
        out.print(Text(printable(found["card"], lines=True)), soft_wrap=True)


def printable(text: Any, *, lines: bool = False) -> str:
    """Without signs that would steer the terminal: a card may come from anybody."""
    return "".join(c if c.isprintable() or (lines and c == "\n") else "\ufffd" for c in str(text))


def _facts(manifest: dict[str, Any]) -> list[tuple[str, str]]:
    columns = [f"{c['name']} ({c['kind']})" for c in manifest["inputs"]]
    more = f", ... {len(columns) - MOST_COLUMNS} more" if len(columns) > MOST_COLUMNS else ""
    facts = {
        "format": manifest["format"],
        "created": manifest["created"],
        "family": manifest["family"],
        "task": f"{manifest['task']}, {manifest['modality']}",
        "inputs": ", ".join(columns[:MOST_COLUMNS]) + more,
        "answer": f"{manifest['target']}: {', '.join(manifest['classes'][:MOST_COLUMNS]) or 'a number'}",
        "data": _data(manifest["dataset"]),
        "made with": ", ".join(f"{k} {v}" for k, v in manifest["versions"].items() if v and k != "cores"),
    }
    return [(name, printable(value)) for name, value in facts.items()]


def _data(data: dict[str, Any]) -> str:
    rows = f"{data['rows']:,} rows" if data["rows"] is not None else "rows not counted"
    return f"{data['name']}, {rows}, fingerprint {data['fingerprint'] or 'not kept'}"


def _files(files: list[dict[str, Any]]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("file", "size", "sha256", ""):
        table.add_column(name, justify="right" if name == "size" else "left", overflow="fold")
    for file in files:
        shown = "" if file["bytes"] is None else size(file["bytes"])
        colour = "green" if file["state"] == "ok" else "red" if file["sha256"] else "dim"
        cells = (printable(file["name"]), shown, printable(file["sha256"] or ""))
        table.add_row(*(Text(cell) for cell in cells), Text(printable(file["state"]), colour))
    return table
