"""Saved models in a terminal: what they are, their scores and costs, their exports, and repeated runs."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from ..results.json import to_json
from ..results.models import (
    ExportReport,
    FileState,
    FormatResult,
    Inspection,
    Manifest,
    TrainingData,
    Verification,
)
from ..results.runs import RunVerification
from ..results.saved import Evaluation, SavedModelCost, Trained
from .catalogue import _table
from .terminal import console, print_json
from .words import FAMILY_COLOURS, number, seconds, show_cost, size

MOST_COLUMNS = 12


def show_artefact(inspection: Inspection, *, as_json: bool = False) -> None:
    """Manifest, files and model card of a saved model."""
    if as_json:
        print_json(to_json(inspection))
        return
    out, manifest = console(), inspection.manifest
    out.print(Text(f"{printable(manifest['model'])} on {printable(manifest['dataset']['name'])}", "bold"))
    for name, value in _facts(manifest):
        out.print(Text(f"  {name:<12} {value}"), soft_wrap=True)
    out.print(_files(inspection.files))
    for note in inspection.notes:
        out.print(Text(note, "yellow"), soft_wrap=True)
    words = "all files are unchanged" if inspection.sound else "files were changed: do not use this model"
    out.print(Text(words, "green" if inspection.sound else "bold red"))
    if inspection.card:
        out.print(Text("\ncard.md", "bold"))
        out.print(Text(printable(inspection.card, lines=True)), soft_wrap=True)


def show_trained(trained: Trained, *, as_json: bool = False) -> None:
    """What was trained, where it was saved, and how to use it."""
    if as_json:
        print_json(trained.to_dict())
        return
    out, path, manifest = console(), trained.path, trained.manifest
    out.print(
        Text.assemble(
            (manifest["model"], "bold"),
            f" trained on {trained.trained_rows:,} rows in {seconds(trained.fit_seconds)}, saved in ",
            (path, "bold"),
            f" ({size(trained.size_bytes)})",
        )
    )
    out.print(_proof(trained.proof), soft_wrap=True)
    rows = [f"{c['name']}=..." for c in manifest["inputs"]] if manifest["modality"] == "tabular" else ["DATA"]
    for start, words in (("Next: ", ["predict", path, *rows]), ("      ", ["evaluate", path, "DATA"])):
        out.print(Text(start + shlex.join(["deepworth", *words]), "dim"), soft_wrap=True)


def show_model_cost(cost: SavedModelCost, *, as_json: bool = False) -> None:
    """Size, speed and memory of a saved model."""
    if as_json:
        print_json(cost.to_dict())
        return
    out = console()
    for part in show_cost(cost):
        out.print(part)


def show_scores(result: Evaluation, *, as_json: bool = False) -> None:
    """Scores of a saved model with their intervals."""
    if as_json:
        print_json(result.to_dict())
        return
    out = console()
    out.print(Text.assemble((result.model, "bold"), f" on {result.rows:,} rows of {result.dataset}"))
    if result.seen_in_training:
        out.print(Text("The model was trained on these rows: the scores are too optimistic.", "yellow"))
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("metric", "value", f"{result.confidence_level:.0%} interval"):
        table.add_column(name, justify="left" if name == "metric" else "right")
    for score in result.scores.values():
        between = "-" if score.low is None else f"{number(score.low)} to {number(score.high)}"
        table.add_row(score.label, number(score.value), between)
    out.print(table)


def printable(text: Any, *, lines: bool = False) -> str:
    """Untrusted text without control characters."""
    return "".join(c if c.isprintable() or (lines and c == "\n") else "\ufffd" for c in str(text))


def _facts(manifest: Manifest) -> list[tuple[str, str]]:
    columns = [f"{c['name']} ({c['kind']})" for c in manifest["inputs"]]
    more = f", ... {len(columns) - MOST_COLUMNS} more" if len(columns) > MOST_COLUMNS else ""
    facts = {
        "format": manifest["format"],
        "created": manifest["created"],
        "family": manifest["family"],
        "task": f"{manifest['task']}, {manifest['modality']}",
        "inputs": ", ".join(columns[:MOST_COLUMNS]) + more,
        "target": f"{manifest['target']}: {', '.join(manifest['classes'][:MOST_COLUMNS]) or 'a number'}",
        "data": _data(manifest["dataset"]),
        "made with": ", ".join(f"{k} {v}" for k, v in manifest["versions"].items() if v and k != "cores"),
    }
    return [(name, printable(value)) for name, value in facts.items()]


def _data(data: TrainingData) -> str:
    rows = f"{data['rows']:,} rows" if data["rows"] is not None else "number of rows unknown"
    return f"{data['name']}, {rows}, fingerprint {data['fingerprint'] or 'unknown'}"


def _files(files: Sequence[FileState]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("file", "size", "sha256", ""):
        table.add_column(name, justify="right" if name == "size" else "left", overflow="fold")
    for file in files:
        n_bytes = "" if file.bytes is None else size(file.bytes)
        colour = "green" if file.state == "ok" else "red" if file.sha256 else "dim"
        cells = (printable(file.name), n_bytes, printable(file.sha256 or ""))
        table.add_row(*(Text(cell) for cell in cells), Text(printable(file.state), colour))
    return table


def _proof(row: FormatResult) -> Text:
    """Whether the saved model predicts as the trained one did."""
    rows = f"on {row.rows} synthetic rows including edge cases"
    if row.holds:
        within = f"(within {row.tolerance:.0e})"
        return Text(f"Proof: {rows}, the saved model predicts the same as the trained one {within}")
    return Text(f"Do not use it: {rows}, it predicts differently from the trained model", "bold red")


def show_exports(exports: ExportReport, *, as_json: bool) -> None:
    """One line per format, with the largest difference or the reason."""
    if as_json:
        print_json(to_json(exports))
        return
    click.echo(exports.path, file=sys.stdout)
    for name, row in exports.formats.items():
        click.echo(f"  {name:<12} {line(row)}", file=sys.stdout)
        for rest in row.not_inside:
            click.echo(f"  {'':<12} not inside: {rest}", file=sys.stdout)


def line(row: FormatResult) -> str:
    """The result of a format in words."""
    if row.largest_difference is None:
        return f"{row.status}: {row.reason or ''}"
    batches = " and ".join(map(str, row.batches))
    return (
        f"{row.status}: {row.rows} rows in batches of {batches}, largest difference "
        f"{row.largest_difference:.2g} (at most {row.tolerance:.0e})"
    )


def show_verified(verification: Verification, *, as_json: bool) -> None:
    """One line per format of a repeated proof."""
    if as_json:
        print_json(to_json(verification))
        return
    for name, row in verification.formats.items():
        mark = {True: "holds", False: "DIFFERS", None: "-"}[row.holds]
        failed = row.reason if row.holds is False else None
        click.echo(f"  {name:<12} {mark}  {failed or line(row).removeprefix('works: ')}", file=sys.stdout)


def exit_code(exports: ExportReport, *, strict: bool) -> int:
    """0 if no format failed; with ``strict``, every format must work."""
    wrong = ("failed", "cannot", "not tried") if strict else ("failed",)
    return int(any(row.status in wrong for row in exports.formats.values()))


_COLOURS = {"bit-equal": "green", "within tolerance": "yellow"}


def show_repeated_run(verification: RunVerification, *, as_json: bool = False) -> None:
    """One row per model, and how deterministic the settings of the run are."""
    if as_json:
        print_json(verification.to_dict())
        return
    table = _table("model", "repeated", "result", "largest difference")
    for job in verification.models:
        largest = "" if job.largest_difference is None else f"{job.largest_difference:.3g}"
        result = f"{job.answer}: {job.reason}" if job.reason else job.answer
        table.add_row(
            Text(job.model, FAMILY_COLOURS[job.family]),
            f"repeat {job.repeat}, fold {job.fold} ({job.rows:,} rows)",
            Text(result, _COLOURS.get(job.answer, "red")),
            largest,
        )
    threads = verification.determinism.threads
    setting = f"{verification.determinism.level}, {threads} thread{'s' if threads > 1 else ''} per fit"
    changed = "; other library versions are installed now" if verification.versions_changed else ""
    console().print(Text(f"run {verification.run}: {setting}{changed}", "bold"), table)
