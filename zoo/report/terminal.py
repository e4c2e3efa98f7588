"""The answer in a terminal: data, findings, leaderboard, verdict. Works from plain results only.

A plan before it runs: models, parts of the data, estimated times. Works from plain results only.

The terminal's picture as SVG, for pages that show what the tool says.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.measure import Measurement
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from .costs import FRONT, budget_lines, cells, columns, flat, front_note, unsteady
from .output import as_json, write_answer
from .words import (
    CHANCES,
    FAMILY_COLOURS,
    OUTCOMES,
    between_lines,
    facts,
    number,
    seconds,
    verdict_lines,
)

_SEVERITY = {"info": "dim", "warning": "yellow", "error": "red"}
_BAR = 18
_ROOMY = 110  # columns of a terminal that has room for the last column
_ROOMS = (127, 117, 109, 99, 85, 79)  # widths below which a column is left out
_TIED = " ≈"
_WIDE = 100  # columns of a terminal that has room for a second metric


def console() -> Console:
    """Standard output; when piped, wide enough for a whole table."""
    width = None if sys.stdout.isatty() else int(os.environ.get("COLUMNS", 110))
    return Console(width=width, highlight=False, soft_wrap=False)


def show(answer: dict[str, Any], *, as_json: bool = False) -> None:
    """Print a comparison."""
    if as_json:
        print_json(answer)
        return
    out = console()
    for part in comparison(answer, out.width):
        out.print(part)


def comparison(answer: dict[str, Any], width: int = 100) -> list[Any]:
    """The parts of a comparison as rich renderables, from top to bottom."""
    parts: list[Any] = [_headline(answer)]
    if answer["findings"]:
        parts.append(_findings(answer["findings"]))
    room, board = _fitting(answer, width)
    legend = _readable(answer) if room >= _ROOMY else []
    parts += [board, *legend, *_notes(answer), _verdict(answer)]
    parts += [*budget_lines(answer), *map(Text, between_lines(answer)), *_footer(answer)]
    return parts


def _headline(answer: dict[str, Any]) -> Text:
    return Text.assemble((f"\n{answer['dataset']['name']}", "bold"), ": ", ", ".join(facts(answer)))


def _findings(findings: list[dict[str, Any]], most: int = 8) -> Group:
    order = {"error": 0, "warning": 1, "info": 2}
    ranked = sorted(findings, key=lambda f: order[f["severity"]])
    lines = [
        Text.assemble((f"  {f['code']} ", _SEVERITY[f["severity"]]), (f["message"], _SEVERITY[f["severity"]]))
        for f in ranked[:most]
    ]
    if len(ranked) > most:
        lines.append(Text(f"  ... and {len(ranked) - most} more findings (--json has all)", "dim"))
    return Group(Text("What to know about the data", "bold"), *lines)


def _fitting(answer: dict[str, Any], width: int) -> tuple[int, Table]:
    """The leaderboard with as many columns as fit uncut, and the width that these are made for."""
    out = Console(width=1000)
    rooms = [width, *(room for room in _ROOMS if room < width)]
    for room in rooms:
        board = _leaderboard(answer, room)
        if Measurement.get(out, out.options, board).maximum <= width:
            break
    return room, board


def _leaderboard(answer: dict[str, Any], width: int) -> Table:
    metric = answer["metric"]
    table = Table(box=SIMPLE_HEAD, pad_edge=False, expand=False, padding=(0, 1, 0, 0))
    table.add_column("model", no_wrap=True)
    arrow = "↑" if metric["greater_is_better"] else "↓"
    table.add_column(f"{metric['label']} {arrow}", justify="right", no_wrap=True)
    scale = _scale(answer)
    table.add_column(_scale_label(scale), no_wrap=True)
    if metric["second_label"] and width >= _WIDE:
        table.add_column(metric["second_label"], justify="right", no_wrap=True)
    readable = width >= _ROOMY and _has_fidelity(answer)
    for name in (*columns(width, answer), *["plain"] * readable):
        table.add_column(name, justify="right", no_wrap=True)
    for row in answer["leaderboard"]:
        table.add_row(*_cells(row, answer, scale, width), *_fidelity(row, readable))
    if answer["best_reachable"] is not None:
        best = number(answer["best_reachable"])
        table.add_row(
            Text("best reachable", "italic dim"),
            Text(best, "italic dim"),
            _mark(answer["best_reachable"], scale),
        )
    return table


def _cells(
    row: dict[str, Any], answer: dict[str, Any], scale: tuple[float, float] | None, width: int
) -> list[Any]:
    metric = answer["metric"]
    signs = (_TIED if _is_tied(row) else "") + (FRONT if row.get("pareto") else "")
    name = Text.assemble((row["model"], FAMILY_COLOURS[row["family"]]), signs)
    if row["score"] is None:
        return [name, "-", Text(row["status"], "dim" if row["status"] == "skipped" else "red")]
    found: list[Any] = [name, number(row["score"]), _interval_bar(row, scale)]
    if metric["second_label"] and width >= _WIDE:
        found.append(number(row["metrics"].get(metric["second"])))
    return [*found, *cells(row, columns(width, answer))]


def _has_fidelity(answer: dict[str, Any]) -> bool:
    return any(row.get("fidelity") is not None for row in answer["leaderboard"])


def _fidelity(row: dict[str, Any], shown: bool) -> list[str]:
    """How much of a model eight leaves or eight terms foretell; below zero is nothing."""
    value = row.get("fidelity")
    return [f"{max(0.0, value):.0%}"] if shown and value is not None else []


def _is_tied(row: dict[str, Any]) -> bool:
    return bool(row.get("tied_with_best"))


def _notes(answer: dict[str, Any]) -> list[Text]:
    """What is odd about single models, why some have no score, and how to add those left out."""
    rows = [r for r in answer["leaderboard"] if r["model"] != "constant"]
    lines = [*_tied(answer), *front_note(rows)]
    lines += [Text(f"  {r['model']} {note}", "yellow") for r in rows for note in r["notes"]]
    broken = [r for r in rows if r["score"] is None and r["status"] != "skipped"]
    lines += [Text(f"  {r['model']} {r['status']}: {r['reason']}", "red") for r in broken]
    hints: dict[str, list[str]] = {}
    for r in rows:
        if r["status"] == "skipped":
            hints.setdefault(r["reason"].rpartition(": ")[2], []).append(r["model"])
    return lines + [
        Text(f"  not installed: {', '.join(names)} ({hint})", "dim") for hint, names in hints.items()
    ]


def _readable(answer: dict[str, Any]) -> list[Text]:
    """What the last column means."""
    facts = answer.get("explanations") or {}
    if not _has_fidelity(answer) or "leaves" not in facts:
        return []
    words = f"what {facts['leaves']} rules or {facts['terms']} terms foretell of a model's answers (R²)"
    return [Text(f"  plain: {words}", "dim")]


def _tied(answer: dict[str, Any]) -> list[Text]:
    """What the sign behind some names means, where it tells them apart."""
    scored = [r for r in answer["leaderboard"] if r["score"] is not None]
    if sum(map(_is_tied, scored)) < 2:
        return []
    level = f"{answer['verdict']['confidence_level']:.0%}"
    return [Text(f" {_TIED} cannot be told from the best at {level}, with all pairs in view", "dim")]


def _scale(answer: dict[str, Any]) -> tuple[float, float] | None:
    """Left and right end of the interval plot: all models but the constant one."""
    rows = [r for r in answer["leaderboard"] if r["score"] is not None and r["model"] != "constant"]
    ends = [v for r in rows for v in (r["score"], r["score_low"], r["score_high"]) if v is not None]
    if answer["best_reachable"] is not None:
        ends.append(answer["best_reachable"])
    return (min(ends), max(ends)) if ends and max(ends) > min(ends) else None


def _scale_label(scale: tuple[float, float] | None) -> str:
    if scale is None:
        return ""
    low, high = number(scale[0]), number(scale[1])
    return low + "─" * max(1, _BAR - len(low) - len(high)) + high


def _position(value: float, scale: tuple[float, float]) -> int:
    share = (value - scale[0]) / (scale[1] - scale[0])
    return round(min(1.0, max(0.0, share)) * (_BAR - 1))


def _interval_bar(row: dict[str, Any], scale: tuple[float, float] | None) -> Text:
    """The interval as a line, the score as a dot, on the scale that all rows share."""
    if scale is None or row["model"] == "constant":
        return Text("")
    cells = [" "] * _BAR
    if row["score_low"] is not None:
        for i in range(_position(row["score_low"], scale), _position(row["score_high"], scale) + 1):
            cells[i] = "─"
    cells[_position(row["score"], scale)] = "●"
    return Text("".join(cells), FAMILY_COLOURS[row["family"]])


def _mark(value: float, scale: tuple[float, float] | None) -> Text:
    if scale is None:
        return Text("")
    return Text(" " * _position(value, scale) + "┆", "dim")


def _verdict(answer: dict[str, Any]) -> Panel:
    verdict = answer["verdict"]
    lines: list[Any] = [Text(verdict["sentence"])]
    if verdict["gain"] is not None:
        lines += [_chances(verdict), *map(Text, verdict_lines(answer))]
    if verdict["advice"]:
        lines.append(Text(f"What would help: {verdict['advice']}.", "dim"))
    if verdict["missing"]:
        lines.append(Text(f"Missing: {', '.join(verdict['missing'])}", "red"))
    title = f"[bold]Verdict: {OUTCOMES[verdict['outcome']]}[/bold]"
    return Panel(Group(*lines), title=title, title_align="left", expand=False, padding=(0, 1))


def _chances(verdict: dict[str, Any], width: int = 40) -> Text:
    """The three probabilities as one bar and in numbers."""
    parts = [(key, words, FAMILY_COLOURS.get(family, "white")) for key, words, family in CHANCES]
    bar = Text()
    for key, _, colour in parts:
        bar.append("█" * round(verdict[key] * width), colour)
    for key, words, colour in parts:
        bar.append(f"  {words} {verdict[key]:.0%}", colour)
    return bar


def _foretold(answer: dict[str, Any]) -> str:
    """The estimate beside what it came to."""
    told = answer.get("estimate")
    return f", estimated {seconds(told['seconds'])}" if told and told["real_seconds"] is not None else ""


def _footer(answer: dict[str, Any]) -> list[Text]:
    lines = [f"Took {seconds(answer['wall_seconds'])}{_foretold(answer)}."]
    if answer["run"]:
        lines[0] += f" Kept as run {answer['run']}: deepworth runs last"
    workers = answer["plan"].get("limits", {}).get("workers", 0)
    if any(row.get("contended") for row in answer["leaderboard"]):
        several = f" (--jobs {workers})" if workers > 1 else ""
        lines.append(f"Times were taken while other jobs shared the machine{several}")
    if restless := unsteady(answer):
        lines.append(restless)
    if _was_interrupted(answer):
        lines.append(f"Interrupted; go on with: deepworth compare --resume {answer['run']}")
    elif answer["plan"]["preset"] == "quick" and not answer["plan"]["official_test"]:
        lines.append("A first answer; for a firmer one: --preset standard")
    return [Text(line, "dim") for line in lines]


def _was_interrupted(answer: dict[str, Any]) -> bool:
    """Whether jobs, or measurements of costs, are still to do in a run that is kept."""
    states = {row["status"] for row in answer["leaderboard"]}
    states |= {(row.get("costs") or {}).get("status") for row in answer["leaderboard"]}
    return bool(answer["run"]) and "interrupted" in states


def print_json(value: Any) -> None:
    """One JSON object on standard output."""
    sys.stdout.write(as_json(value))


def write(answer: dict[str, Any], output: str | None) -> None:
    """The whole answer to .json, the leaderboard to .csv."""
    write_answer(answer, leaderboard_rows(answer), output)


def leaderboard_rows(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """A row a model, with a column for each metric and for the ends of its interval."""
    return [_flat(row) for row in answer["leaderboard"]]


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """A column for each metric and for the ends of its interval."""
    ends = {
        f"{name}_{end}": value
        for name, pair in row["intervals"].items()
        for end, value in zip(("low", "high"), pair, strict=True)
    }
    nested = ("metrics", "intervals", "notes", "costs")
    own = {k: v for k, v in row.items() if k not in nested}
    return {**own, **row["metrics"], **ends, **flat(row.get("costs"))}


def terminal_svg(answer: dict[str, Any], title: str = "deepworth compare", width: int = 112) -> str:
    """SVG of a comparison as a terminal shows it."""
    out = Console(record=True, width=width, file=io.StringIO(), highlight=False, force_terminal=True)
    for part in comparison(answer, width):
        out.print(part)
    return out.export_svg(title=title)
