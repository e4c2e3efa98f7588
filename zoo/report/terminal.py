"""The answer of a comparison in a terminal: data, findings, leaderboard, verdict; and its picture as SVG."""

from __future__ import annotations

import io
import os
import shlex
import sys
from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ...datasets import Finding
from ..results.answer import Answer, LeaderboardRow, Verdict, flat_row
from .output import as_json, json_for, write_answer
from .safe_console import SafeConsole
from .words import (
    FAMILY_COLOURS,
    FRONT,
    MOST_SLICES,
    PRETRAINED,
    SEVERITIES,
    TUNING_HEADER,
    between_lines,
    budget_lines,
    cells,
    chances,
    columns,
    facts,
    front_note,
    is_tied,
    number,
    outcome_words,
    pretrained_note,
    seconds,
    slice_lines,
    tied_words,
    together_lines,
    tuning_rows,
    unsteady,
    verdict_lines,
    without_reference,
)

_SEVERITY = {"info": "dim", "warning": "yellow", "error": "red"}
_BAR = 16
_ROOMY = 110  # columns of a terminal that has room for the last column
_ROOMS = (127, 117, 109, 99, 85, 79)  # widths below which a column is left out
_TIED = " ≈"
_WIDE = 100  # columns of a terminal that has room for a second metric
Scale = tuple[float, float] | None  # left and right end of the interval plot


def console(**options: Any) -> Console:
    """Standard output; when piped, wide enough for a whole table.

    A column may be called "weight [kg]": what is printed as a string is plain text, and only ``Text`` has
    colours.
    """
    if not options:
        options["width"] = None if sys.stdout.isatty() else int(os.environ.get("COLUMNS", 110))
    return SafeConsole(highlight=False, markup=False, soft_wrap=False, **options)


def show(answer: Answer, *, as_json: bool = False) -> None:
    """Print a comparison."""
    if as_json:
        print_json(answer.to_dict())
        return
    out = console()
    for part in comparison(answer, out.width):
        out.print(part)


def comparison(answer: Answer, width: int = 100) -> list[RenderableType]:
    """The parts of a comparison as rich renderables, from top to bottom."""
    parts: list[RenderableType] = [_headline(answer)]
    if answer.findings:
        parts.append(_findings(answer.findings))
    room, board = _fitting(answer, width)
    legend = _fidelity_note(answer) if room >= _ROOMY else []
    parts += [board, *legend, *_notes(answer), _verdict(answer)]
    parts += [*_tuning(answer), *map(Text, together_lines(answer)), *_differences(answer)]
    parts += [*budget_lines(answer), *map(Text, between_lines(answer)), *_footer(answer)]
    return parts


def _headline(answer: Answer) -> Text:
    return Text.assemble((f"\n{answer.dataset.name}", "bold"), ": ", facts(answer))


def _findings(findings: Sequence[Finding], most: int = 8) -> Group:
    ranked = sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
    lines = [
        Text.assemble((f"  {f.code} ", _SEVERITY[f.severity]), (f.message, _SEVERITY[f.severity]))
        for f in ranked[:most]
    ]
    if len(ranked) > most:
        lines.append(Text(f"  ... and {len(ranked) - most} more; --json lists all findings", "dim"))
    return Group(Text("Findings about the data", "bold"), *lines)


def _fitting(answer: Answer, width: int) -> tuple[int, Table]:
    """The leaderboard with as many columns as fit uncut, and the width that these are made for."""
    out = console(width=1000)
    rooms = [width, *(room for room in _ROOMS if room < width)]
    for room in rooms:
        board = _leaderboard(answer, room)
        if Measurement.get(out, out.options, board).maximum <= width:
            break
    return room, board


def _leaderboard(answer: Answer, width: int) -> Table:
    metric = answer.metric
    table = Table(box=SIMPLE_HEAD, pad_edge=False, expand=False, padding=(0, 1, 0, 0))
    table.add_column("model", no_wrap=True)
    arrow = "↑" if metric.greater_is_better else "↓"
    table.add_column(f"{metric.label} {arrow}", justify="right", no_wrap=True)
    scale = _scale(answer)
    table.add_column(_scale_label(scale), no_wrap=True)
    if metric.second_label and width >= _WIDE:
        table.add_column(metric.second_label, justify="right", no_wrap=True)
    with_fidelity = width >= _ROOMY and _has_fidelity(answer)
    for name in (*columns(width, answer), *["fidelity"] * with_fidelity):
        table.add_column(name, justify="right", no_wrap=True)
    for row in answer.leaderboard:
        table.add_row(*_cells(row, answer, scale, width), *_fidelity(row, with_fidelity))
    if answer.best_reachable is not None:
        best = Text(number(answer.best_reachable), "italic dim")
        table.add_row(Text("best reachable", "italic dim"), best, _mark(answer.best_reachable, scale))
    return table


def _cells(row: LeaderboardRow, answer: Answer, scale: Scale, width: int) -> list[RenderableType]:
    metric = answer.metric
    own = PRETRAINED if row.family == "pretrained" and row.score is not None else ""
    signs = own + (_TIED if is_tied(row) else "") + (FRONT if row.pareto else "")
    name = Text.assemble((row.model, FAMILY_COLOURS[row.family]), signs)
    if row.score is None:
        return [name, "-", Text(row.status, "dim" if row.status == "skipped" else "red")]
    shown: list[RenderableType] = [name, number(row.score), _interval_bar(row, scale)]
    if metric.second and width >= _WIDE:
        shown.append(number(row.metrics.get(metric.second)))
    return [*shown, *cells(row, columns(width, answer))]


def _has_fidelity(answer: Answer) -> bool:
    return any(row.fidelity is not None for row in answer.leaderboard)


def _fidelity(row: LeaderboardRow, shown: bool) -> list[str]:
    """How well a small surrogate imitates the model; below zero is not at all."""
    return [f"{max(0.0, row.fidelity):.0%}"] if shown and row.fidelity is not None else []


def _notes(answer: Answer) -> list[Text]:
    """What is odd about single models, why some have no score, and how to add those left out."""
    rows = without_reference(answer.leaderboard)
    lines = [*_tied(answer), *front_note(rows), *pretrained_note(rows)]
    lines += [Text(f"  {row.model} {note}", "yellow") for row in rows for note in row.notes]
    broken = [row for row in rows if row.score is None and row.status != "skipped"]
    lines += [Text(f"  {row.model} {row.status}: {row.reason}", "red") for row in broken]
    hints: dict[str, list[str]] = {}
    for row in rows:
        if row.status == "skipped":
            hints.setdefault(row.reason.rpartition(": ")[2], []).append(row.model)
    return lines + [
        Text(f"  not installed: {', '.join(names)} ({hint})", "dim") for hint, names in hints.items()
    ]


def _fidelity_note(answer: Answer) -> list[Text]:
    """What the last column means."""
    surrogates = answer.explanations
    if not _has_fidelity(answer) or surrogates is None or surrogates.leaves is None:
        return []
    words = f"an {surrogates.leaves}-leaf tree or an {surrogates.terms}-term linear model that imitates it"
    return [Text(f"  fidelity: R² of {words}", "dim")]


def _tied(answer: Answer) -> list[Text]:
    """What the sign behind some names means, where it separates them from others."""
    scored = [row for row in answer.leaderboard if row.score is not None]
    if sum(map(is_tied, scored)) < 2:
        return []
    return [Text(f" {_TIED} {tied_words(answer.verdict.confidence_level)}", "dim")]


def _scale(answer: Answer) -> Scale:
    """The interval plot holds all models but the reference."""
    rows = without_reference(row for row in answer.leaderboard if row.score is not None)
    ends = [v for row in rows for v in (row.score, row.score_low, row.score_high) if v is not None]
    if answer.best_reachable is not None:
        ends.append(answer.best_reachable)
    return (min(ends), max(ends)) if ends and max(ends) > min(ends) else None


def _scale_label(scale: Scale) -> str:
    if scale is None:
        return ""
    low, high = number(scale[0]), number(scale[1])
    return low + "─" * max(1, _BAR - len(low) - len(high)) + high


def _position(value: float, scale: tuple[float, float]) -> int:
    share = (value - scale[0]) / (scale[1] - scale[0])
    return round(min(1.0, max(0.0, share)) * (_BAR - 1))


def _interval_bar(row: LeaderboardRow, scale: Scale) -> Text:
    """The interval as a line, the score as a dot, on the scale that all rows share."""
    if scale is None or row.score is None or row.reference:
        return Text("")
    bar = [" "] * _BAR
    if row.score_low is not None and row.score_high is not None:
        for i in range(_position(row.score_low, scale), _position(row.score_high, scale) + 1):
            bar[i] = "─"
    bar[_position(row.score, scale)] = "●"
    return Text("".join(bar), FAMILY_COLOURS[row.family])


def _mark(value: float, scale: Scale) -> Text:
    if scale is None:
        return Text("")
    return Text(" " * _position(value, scale) + "┆", "dim")


def _verdict(answer: Answer) -> Panel:
    verdict = answer.verdict
    lines: list[RenderableType] = [Text(verdict.sentence)]
    lines += [_chances(verdict)] if verdict.gain is not None else []
    lines += map(Text, verdict_lines(answer))
    if verdict.advice:
        lines.append(Text(f"What would help: {verdict.advice}.", "dim"))
    if verdict.missing:
        lines.append(Text(f"Missing: {', '.join(verdict.missing)}", "red"))
    title = Text(f"Verdict: {outcome_words(verdict)}", "bold")
    return Panel(Group(*lines), title=title, title_align="left", expand=False, padding=(0, 1))


def _tuning(answer: Answer) -> list[RenderableType]:
    """What tuning gained, a row a model."""
    rows = tuning_rows(answer)
    if not rows:
        return []
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in TUNING_HEADER:
        numbers = name in ("trials", "CPU time")
        table.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return [table]


def _differences(answer: Answer) -> list[Text]:
    """The rows on which the families differ, where there are any."""
    lines = slice_lines(answer, MOST_SLICES)
    return (
        [Text("Where the families differ", "bold"), *(Text(f"  {line}") for line in lines)] if lines else []
    )


def _chances(verdict: Verdict, width: int = 40) -> Text:
    """The three probabilities as one bar and in numbers."""
    parts = [(FAMILY_COLOURS.get(family, "white"), words, p) for family, words, p in chances(verdict)]
    bar = Text()
    for colour, _, p in parts:
        bar.append("█" * round(p * width), colour)
    for colour, words, p in parts:
        bar.append(f"  {words} {p:.0%}", colour)
    return bar


def _footer(answer: Answer) -> list[Text]:
    lines = [f"Took {seconds(answer.wall_seconds)}{_estimated(answer)}."]
    if answer.run:
        lines.append(f"To show it again: {shlex.join(['deepworth', 'runs', answer.run])}")
    if any(row.contended for row in answer.leaderboard):
        workers = answer.plan.limits.workers
        several = f" (--jobs {workers})" if workers > 1 else ""
        lines.append(f"Times were measured while other jobs were running{several}.")
    if busy := unsteady(answer):
        lines.append(busy)
    if _was_interrupted(answer):
        command = shlex.join(["deepworth", "compare", "--resume", answer.run])
        lines.append(f"Interrupted; to resume: {command}")
    elif answer.plan.preset == "quick" and not answer.plan.official_test:
        lines.append("For narrower intervals: --preset standard")
    return [Text(line, "dim") for line in lines]


def _estimated(answer: Answer) -> str:
    """The estimate that the time is held against."""
    estimate = answer.estimate
    if estimate is None or estimate.real_seconds is None:
        return ""
    return f", estimated {seconds(estimate.seconds)}"


def _was_interrupted(answer: Answer) -> bool:
    """Whether jobs, or measurements of costs, are still to do in a run that is kept."""
    states = {row.status for row in answer.leaderboard}
    states |= {row.costs.status for row in answer.leaderboard if row.costs}
    return bool(answer.run) and "interrupted" in states


def print_json(value: Any) -> None:
    """One JSON object on standard output."""
    sys.stdout.write(json_for(as_json(value), sys.stdout))


def write(answer: Answer, output: str | None) -> None:
    """The whole answer to .json, the leaderboard to .csv."""
    write_answer(answer.to_dict(), leaderboard_rows(answer), output)


def leaderboard_rows(answer: Answer) -> list[dict[str, object]]:
    """A row a model, with a column for each metric, for the ends of its interval and for each cost."""
    return [_without_notes(flat_row(row)) for row in answer.leaderboard]


def _without_notes(row: dict[str, object]) -> dict[str, object]:
    """A list has no place in a cell."""
    return {name: value for name, value in row.items() if name != "notes"}


def terminal_svg(answer: Answer, title: str = "deepworth compare", width: int = 112) -> str:
    """SVG of a comparison as a terminal shows it."""
    out = console(record=True, width=width, file=io.StringIO(), force_terminal=True)
    for part in comparison(answer, width):
        out.print(part)
    return out.export_svg(title=title)
