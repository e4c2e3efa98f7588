"""The answer about predictions of any models: in words, a terminal, a page, Markdown and notebooks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from ..results.answer import Answer, flat_row
from ..results.facts import DatasetFacts, PlanFacts
from ..results.predictions import ModelVerdict, PredictionsAnswer, RowsNeeded, rounded
from .output import as_json as json_text
from .output import write_answer
from .terminal import _fitting, _notes, console, print_json
from .words import OUTCOMES, _classes, _scored_on, interval, is_tied, number, seconds, small, tied_words

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

    return page(answer, sheet)


def markdown(answer: PredictionsAnswer, sheet: ReportSheet) -> str:
    """The whole answer without pictures."""
    from .documents import escape, table

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


def facts(answer: PredictionsAnswer) -> list[str]:
    """The rows, and how models were scored."""
    data = answer.dataset
    words = [f"{data.rows:,} rows", f"{data.task} task"]
    words += [_classes(data.class_counts)] if data.class_counts else []
    return [*words, _scored(answer.plan, data)]


def _scored(plan: PlanFacts, data: DatasetFacts) -> str:
    return "scored on one test set" if plan.official_test else _scored_on(plan, data)


def outcome_words(verdict: ModelVerdict) -> str:
    """The outcome in a few words."""
    better = {"first": f"{verdict.first} better", "second": f"{verdict.second} better"}
    words = better.get(verdict.outcome) or OUTCOMES[verdict.outcome]
    return words + (", if the target does not leak" if verdict.warnings else "")


def chances(verdict: ModelVerdict) -> list[tuple[str, str, float]]:
    """Side (empty for none), words and probability of each outcome; none without a gain."""
    found = (
        ("first", f"{verdict.first} better", verdict.p_first),
        ("", "equivalent", verdict.p_equivalent),
        ("second", f"{verdict.second} better", verdict.p_second),
    )
    return [(side, words, p) for side, words, p in found if p is not None]


def lines(answer: PredictionsAnswer) -> list[str]:
    """The gain, its test, and what rows can tell."""
    verdict, label = answer.verdict, answer.metric.label
    if verdict.gain is None or verdict.gain_low is None or verdict.gain_high is None:
        return []
    level = f"{verdict.confidence_level:.0%}"
    ends = f"{level} interval {small(verdict.gain_low)} to {small(verdict.gain_high)}"
    margin = f"differences up to {small(verdict.margin)} count as equivalent"
    gain = f"Gain of {verdict.first} over {verdict.second}: {small(verdict.gain)} {label}"
    found = [f"{gain}, {ends}; {margin}."]
    if verdict.test is not None:
        found.append(f"Test of no difference ({verdict.test.test}): p = {verdict.test.p_value:.3g}.")
    if verdict.selected:
        n = len(answer.leaderboard)
        found.append(f"They are the two best of {n} models; a verdict allows for this selection.")
    return found if verdict.rows_needed is None else [*found, *_rows(verdict.rows_needed, label)]


def _rows(plan: RowsNeeded, label: str) -> list[str]:
    """How many rows settle it, and what these rows can tell."""
    chance = f"with a probability of {plan.power:.0%}"
    found = []
    if plan.rows_needed is not None:
        rows = f"about {rounded(plan.rows_needed):,} rows"
        found.append(f"A true gain of {small(plan.gain)} {label} is settled by {rows} {chance}.")
    if plan.smallest_gain is not None:
        found.append(f"These {plan.rows:,} rows tell a gain of {small(plan.smallest_gain)} {chance}.")
    return found


_COLOURS = {"first": "deep", "": "same", "second": "classical"}  # of the styles of a run's page


def page(answer: PredictionsAnswer, sheet: ReportSheet) -> str:
    """One self-contained HTML page, made of the sections of a run's page."""
    from .html.page import SECTIONS, cleaned, rendered_page, view
    from .html.plots import drawing

    answer, sheet = cleaned(answer), cleaned(sheet)
    with drawing():
        shown = view(sheet)
    shown |= {
        "question": f"which model predicts {answer.dataset.name} best?",
        "facts": ", ".join(facts(answer)),
        "verdict": _verdict(answer),
        "costs": None,
        "pareto": None,
        "failed": False,
        "checked": False,
        "made": [
            ("Created", answer.created),
            ("Files", answer.dataset.provenance.location),
            ("Margin", f"{answer.verdict.margin:.4g}"),
            ("Fingerprint of targets and predictions (SHA-256)", answer.dataset.fingerprint),
        ],
    }
    sections = [(key, name) for key, name, part in SECTIONS if shown[part] and part != "findings"]
    return rendered_page(shown, sections, str(answer.versions.get("deepworth") or ""))


def _verdict(answer: PredictionsAnswer) -> dict[str, Any]:
    verdict = answer.verdict
    return {
        "outcome": _COLOURS.get(verdict.outcome, verdict.outcome),
        "words": outcome_words(verdict),
        "sentence": verdict.sentence,
        "chances": [
            {"kind": _COLOURS[side], "words": words, "percent": round(100 * p, 2), "shown": f"{p:.0%}"}
            for side, words, p in chances(verdict)
        ],
        "lines": lines(answer),
        "advice": verdict.advice,
        "missing": "",
    }
