"""The answer about predictions of any models, in a terminal, as a page, as Markdown and in notebooks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from ..results.answer import Answer, flat_row
from ..results.predictions import ModelVerdict, PredictionsAnswer
from .output import as_json as json_text
from .output import write_answer
from .prediction_words import chances, facts, lines, outcome_words
from .terminal import _fitting, _notes, console, print_json
from .words import interval, is_tied, number, seconds, tied_words

if TYPE_CHECKING:  # takes as long to import as 20,000 rows to score
    from ..results.report import ReportSheet

_BAR = 40
_STYLES = {"first": "cyan", "": "white", "second": "magenta"}


def show(answer: PredictionsAnswer, basis: Answer, *, as_json: bool = False) -> None:
    """Print an answer; ``basis`` is what it was made from."""
    if as_json:
        print_json(answer.to_dict())
        return
    out = console()
    for part in parts(answer, basis, out.width):
        out.print(part)


def parts(answer: PredictionsAnswer, basis: Answer, width: int = 100) -> list[RenderableType]:
    """From top to bottom."""
    head = Text.assemble((f"\n{answer.dataset.name}", "bold"), ": ", ", ".join(facts(answer)))
    took = Text(f"Took {seconds(answer.wall_seconds)}.", "dim")
    return [head, _fitting(basis, width)[1], *_notes(basis), _panel(answer), took]


def _panel(answer: PredictionsAnswer) -> Panel:
    verdict = answer.verdict
    content: list[RenderableType] = [Text(verdict.sentence)]
    if chances(verdict):
        content.append(_bar(verdict))
    content += map(Text, lines(answer))
    if verdict.advice:
        content.append(Text(f"What would help: {verdict.advice}.", "dim"))
    title = Text(f"Verdict: {outcome_words(verdict)}", "bold")
    return Panel(Group(*content), title=title, title_align="left", expand=False, padding=(0, 1))


def _bar(verdict: ModelVerdict) -> Text:
    bar = Text()
    for side, _, p in chances(verdict):
        bar.append("█" * round(p * _BAR), _STYLES[side])
    for side, words, p in chances(verdict):
        bar.append(f"  {words} {p:.0%}", _STYLES[side])
    return bar


def write(answer: PredictionsAnswer, output: str | None) -> None:
    """The whole answer to .json, the leaderboard to .csv."""
    rows = [
        {name: value for name, value in flat_row(row).items() if name != "notes"}
        for row in answer.leaderboard
    ]
    write_answer(answer.to_dict(), rows, output)


def render(answer: PredictionsAnswer, sheet: ReportSheet, kind: str) -> str:
    """The text of a report; ``sheet`` holds what its pictures and tables are made from."""
    if kind == "json":
        return json_text(answer.to_dict())
    if kind == "md":
        return markdown(answer, sheet)
    from .html.predictions import page

    return page(answer, sheet)


def markdown(answer: PredictionsAnswer, sheet: ReportSheet) -> str:
    """The whole answer without pictures."""
    from .markdown import escape, table

    verdict = answer.verdict
    shares = ", ".join(f"{words} {p:.0%}" for _, words, p in chances(verdict))
    found = [
        f"# {escape(answer.dataset.name)}: {escape(outcome_words(verdict))}",
        escape(", ".join(facts(answer))) + ".",
        f"**{escape(verdict.sentence)}**",
        escape(shares),
        *map(escape, lines(answer)),
        f"What would help: {escape(verdict.advice)}." if verdict.advice else "",
        "## Leaderboard",
        table(*board(answer)),
        *(f"{escape(row.model)} {escape(note)}." for row in answer.leaderboard for note in row.notes),
        _tied(answer),
        "## How to reproduce it",
        f"```\n{sheet.command}\n```" if sheet.command else "",
        f"- predictions (SHA-256): {answer.dataset.fingerprint}",
    ]
    return "\n\n".join(filter(None, found)) + "\n"


def board(answer: PredictionsAnswer) -> tuple[list[str], Sequence[Sequence[str]]]:
    """Header and rows of the leaderboard."""
    metric, level = answer.metric, f"{answer.verdict.confidence_level:.0%}"
    header = ["model", f"{metric.label} {'↑' if metric.greater_is_better else '↓'}", f"{level} interval"]
    rows = [
        [
            row.model + (" ≈" if is_tied(row) else ""),
            number(row.score),
            interval(row.score_low, row.score_high),
            number(row.metrics.get(metric.second or "")),
        ]
        for row in answer.leaderboard
    ]
    return [*header, metric.second_label or ""], rows


def _tied(answer: PredictionsAnswer) -> str:
    if sum(map(is_tied, answer.leaderboard)) < 2:
        return ""
    return f"≈ {tied_words(answer.verdict.confidence_level)}."


def fragment(answer: PredictionsAnswer) -> str:
    """The verdict and the leaderboard as notebooks show them."""
    from .html.page import _fragment, cleaned

    answer = cleaned(answer)
    words = [answer.verdict.sentence, *lines(answer), *filter(None, [_tied(answer)])]
    title = f"{answer.dataset.name}: {outcome_words(answer.verdict)}."
    return _fragment(title, ", ".join(facts(answer)), words, *board(answer))


def check(report: str | os.PathLike[str] | None) -> None:
    """Refuse a report that cannot be written before the work begins."""
    from .documents import kind_of

    if report is not None:
        kind_of(report)
