"""A saved model in a terminal: what it is, its files, costs and scores. Works from plain results only.

Exports and their proofs on the terminal.

Whether a run repeats itself, in a terminal. Works from plain results only.
"""

from __future__ import annotations

import json
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from .catalogue import _table
from .costs import show_cost
from .terminal import console, print_json
from .words import FAMILY_COLOURS, number, seconds, size

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


def show_trained(summary: dict[str, Any], *, as_json: bool = False) -> None:
    """Say what was trained, where it is, and how to use it."""
    if as_json:
        print_json(summary)
        return
    out, path = console(), summary["path"]
    out.print(
        f"[bold]{summary['model']}[/bold] trained on {summary['trained_rows']:,} rows "
        f"in {seconds(summary['fit_seconds'])}, saved in [bold]{path}[/bold] ({size(summary['size_bytes'])})"
    )
    out.print(_proof(summary["proof"]), soft_wrap=True)
    inputs = " ".join(f"{c['name']}=..." for c in summary["inputs"])
    example = (
        f"deepworth predict {path} {inputs}"
        if summary["modality"] == "tabular"
        else f"deepworth predict {path} DATA"
    )
    out.print(f"[dim]Next: {example}[/dim]", soft_wrap=True)
    out.print(f"[dim]      deepworth evaluate {path} DATA[/dim]", soft_wrap=True)


def show_sheet(sheet: dict[str, Any], *, as_json: bool = False) -> None:
    """What a saved model takes."""
    if as_json:
        print_json(sheet)
        return
    out = console()
    for part in show_cost(sheet):
        out.print(part)


def show_scores(result: dict[str, Any], *, as_json: bool = False) -> None:
    """Scores of a saved model with their intervals."""
    if as_json:
        print_json(result)
        return
    out = console()
    out.print(f"[bold]{result['model']}[/bold] on {result['rows']:,} rows of {result['dataset']}")
    if result["seen_in_training"]:
        out.print("[yellow]The model was trained on these very rows: the scores are too good.[/yellow]")
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("metric", "value", f"{result['confidence_level']:.0%} interval"):
        table.add_column(name, justify="left" if name == "metric" else "right")
    for score in result["scores"].values():
        between = "-" if score["low"] is None else f"{number(score['low'])} to {number(score['high'])}"
        table.add_row(score["label"], number(score["value"]), between)
    out.print(table)


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


def _proof(row: dict[str, Any]) -> Text:
    """How the saved model answers, held against the trained one."""
    asked = f"opened again, it answers {row['rows']} made rows, odd ones among them,"
    if row["holds"]:
        return Text(f"Proof: {asked} as it did when it was trained (within {row['tolerance']:.0e})")
    return Text(f"No proof: {asked} otherwise than when it was trained; do not use it", "bold red")


def show_exports(found: dict[str, Any], *, as_json: bool) -> None:
    """One line a format, with the largest difference or the reason."""
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, default=str))
        return
    click.echo(f"{found['path']}")
    for name, row in found["formats"].items():
        click.echo(f"  {name:<12} {line(row)}")
        for rest in row.get("not_inside", ()):
            click.echo(f"  {'':<12} not inside: {rest}")


def line(row: dict[str, Any]) -> str:
    """What came of a format, in words."""
    if row.get("largest_difference") is None:
        return f"{row.get('status', '')}: {row.get('reason', '')}"
    batches = " and ".join(map(str, row["batches"]))
    return (
        f"{row['status']}: {row['rows']} rows in batches of {batches}, largest difference "
        f"{row['largest_difference']:.2g} (at most {row['tolerance']:.0e})"
    )


def show_verified(found: dict[str, Any], *, as_json: bool) -> None:
    """What a repeated proof gave."""
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, default=str))
        return
    for name, row in found["formats"].items():
        mark = {True: "holds", False: "DIFFERS"}.get(row.get("holds", ""), "-")
        why = f" {row['reason']}" if row.get("holds") is False and "reason" in row else ""
        click.echo(f"  {name:<12} {mark}  {line(row) if not why else why.strip()}")


def exit_code(found: dict[str, Any], *, strict: bool) -> int:
    """0 if all formats hold; with ``strict``, what cannot be held counts as failed."""
    wrong = ("failed", "cannot", "not tried") if strict else ("failed",)
    return int(any(row["status"] in wrong for row in found["formats"].values()))


_COLOURS = {"bit-equal": "green", "within tolerance": "yellow"}


def show_repeated_run(found: dict[str, Any], *, as_json: bool = False) -> None:
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
