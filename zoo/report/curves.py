"""Learning curves and capacity in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TypeVar

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ..results.curves import (
    CapacityAnswer,
    Crossover,
    CurvePlanFacts,
    FamilyCurve,
    FamilyScore,
    LearningCurveAnswer,
    NetworkScore,
    SizeScore,
    SweepMetric,
)
from ..results.rows import Family
from ..results.runs import SweepPreview
from .output import write_answer
from .terminal import _findings, console, print_json
from .words import FAMILY_COLOURS, about, count, data_facts, interval, number, seconds

Answer = LearningCurveAnswer | CapacityAnswer
Row = TypeVar("Row", SizeScore, NetworkScore)

_PATHS = {
    "deep": "deep ahead throughout",
    "deep_overtakes": "deep overtakes",
    "classical_overtakes": "classical overtakes",
    "classical": "classical ahead throughout",
}
_ANSWER_COLOURS = {"yes": "green", "no": "yellow", "undecided": "dim"}
_WIDE = {2: 105, 3: 150}  # columns of a terminal that has room for the time of a fit, by families
_NARROW = {2: 0, 3: 110}  # and for the names of champions


def show_learning_curve(answer: LearningCurveAnswer, *, as_json: bool = False) -> None:
    """Print a learning curve."""
    _show(answer, lambda width: learning_curve(answer, width), as_json)


def show_capacity(answer: CapacityAnswer, *, as_json: bool = False) -> None:
    """Print scores and times of a grid of networks."""
    _show(answer, lambda width: capacity(answer), as_json)


def _show(answer: Answer, parts: Callable[[int], list[RenderableType]], as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    out = console()
    for part in parts(out.width):
        out.print(part)


def show_sweep_preview(preview: SweepPreview, *, as_json: bool = False) -> None:
    """Print what a learning curve or a capacity grid would fit, a row for each model and size or network."""
    if as_json:
        print_json(preview.to_dict())
        return
    out = console()
    out.print(Text.assemble((preview.dataset.name, "bold"), ": ", ", ".join(data_facts(preview.dataset))))
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("model", "of", "fits", "rows", "estimated"):
        table.add_column(name, justify="left" if name in ("model", "of") else "right")
    for cell in preview.cells:
        rows, time = f"{cell.training_rows:,}", seconds(cell.estimated_seconds)
        table.add_row(cell.model, cell.label, str(cell.fits), rows, time)
    out.print(table)
    fits = sum(cell.fits for cell in preview.cells)
    out.print(Text(f"{fits} fits, {about(preview.estimate)}", "bold"))
    out.print(Text("Estimated from measured times by rows and columns. Nothing was run.", "dim"))


def write(answer: Answer, output: str | None) -> None:
    """The whole answer to .json, the scores of all models or networks to .csv."""
    rows = answer.networks if isinstance(answer, CapacityAnswer) else answer.models
    write_answer(answer, [asdict(row) for row in rows], output)


def learning_curve(answer: LearningCurveAnswer, width: int = 110) -> list[RenderableType]:
    """The parts from top to bottom: data, findings, scores by size, crossover, curves."""
    return [
        _headline(answer, _curve_plan(answer.plan)),
        *([_findings(answer.findings)] if answer.findings else []),
        _sizes(answer, width),
        *_failures(answer.models, lambda row: f"{row.model} on {row.size:,} rows"),
        _crossover(answer),
        *_footer(answer),
    ]


def capacity(answer: CapacityAnswer) -> list[RenderableType]:
    """The parts from top to bottom: data, findings, networks, answers."""
    plan = answer.plan
    scored = f"{plan.folds} parts of its test set" if plan.official_test else f"{plan.folds} folds"
    repeats = f", {plan.repeats} repeats" if plan.repeats > 1 else ""
    return [
        _headline(answer, f"{plan.model} on {scored}{repeats}"),
        *([_findings(answer.findings)] if answer.findings else []),
        _networks(answer),
        *_failures(answer.networks, lambda row: f"{row.layers} x {row.units or 0} units"),
        _sufficiency(answer),
        *_footer(answer),
    ]


def _headline(answer: Answer, plan: str) -> Text:
    facts = [*data_facts(answer.dataset), plan]
    return Text.assemble((f"\n{answer.dataset.name}", "bold"), ": ", ", ".join(facts))


def _curve_plan(plan: CurvePlanFacts) -> str:
    scored = "held-out rows"
    if plan.official_test:
        scored = "its test set"
    if plan.ordered:
        scored = "the last period"
    sizes = f"{len(plan.sizes)} training sizes from {plan.sizes[0]:,} to {plan.sizes[-1]:,} rows"
    return f"{sizes}, {plan.repeats} repeats, scored on {scored}"


def _arrow(metric: SweepMetric) -> str:
    return "↑" if metric.greater_is_better else "↓"


def _sizes(answer: LearningCurveAnswer, width: int) -> Table:
    """A row per size: all families with interval and champion, and the champion's seconds of a fit."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("rows", justify="right", no_wrap=True)
    known: tuple[Family, ...] = ("deep", "classical", "pretrained")
    families = known if answer.pretraining is not None else known[:2]
    wide, narrow = width >= _WIDE[len(families)], width < _NARROW[len(families)]
    n_cells = 1 if narrow else 3 if wide else 2
    for family in families:
        colour = FAMILY_COLOURS[family]
        head = Text(f"{family} {answer.metric.label} {_arrow(answer.metric)}", colour)
        table.add_column(head, no_wrap=True)
        if not narrow:
            table.add_column(Text("champion", colour), no_wrap=True, max_width=20 if wide else 12)
        if wide:
            table.add_column(Text("fit", colour), justify="right", no_wrap=True)
    rows = {(row.family, row.size): row for row in answer.families}
    fits = {(row.model, row.size): row.fit_seconds for row in answer.models}
    for size in answer.plan.sizes:
        rivals = [row for (_, own), row in rows.items() if own == size]
        cells = [
            cell
            for family in families
            for cell in _family_cells(rows.get((family, size)), rivals, answer.metric, fits)[:n_cells]
        ]
        table.add_row(f"{size:,}", *cells)
    return table


def _family_cells(
    row: FamilyScore | None,
    pair: Sequence[FamilyScore],
    metric: SweepMetric,
    fits: Mapping[tuple[str, int], float | None],
) -> list[RenderableType]:
    if row is None:
        return [Text("-", "red"), "", ""]
    leads = row.score is not None and row.score == _best((r.score for r in pair), metric)
    score = Text(_with_interval(row), "bold" if leads else "")
    return [score, row.champion, seconds(fits.get((row.champion, row.size)))]


def _best(scores: Iterable[float | None], metric: SweepMetric) -> float | None:
    known = [score for score in scores if score is not None]
    return (max if metric.greater_is_better else min)(known, default=None)


def _with_interval(row: FamilyScore | NetworkScore) -> str:
    if row.score_low is None:
        return number(row.score)
    return f"{number(row.score)} ({interval(row.score_low, row.score_high)})"


def _failures(rows: Iterable[Row], name: Callable[[Row], str]) -> list[Text]:
    return [Text(f"  {name(row)} {row.status}: {row.reason}", "red") for row in rows if row.status != "ok"]


def _crossover(answer: LearningCurveAnswer) -> Panel:
    crossover = answer.crossover
    lines = [_bold_claim(crossover.claim, crossover.sentence)]
    if answer.pretraining is not None:
        lines.append(_bold_claim(answer.pretraining.claim, answer.pretraining.sentence))
    smallest = answer.plan.sizes[0]
    lines += [_power_law(family, curve, smallest) for family, curve in answer.curves.items()]
    if crossover.probabilities:
        lines.append(_probabilities(crossover))
    title = Text("With more data", "bold")
    return Panel(Group(*lines), title=title, title_align="left", expand=False, padding=(0, 1))


def _bold_claim(claim: str, sentence: str) -> Text:
    return Text.assemble((claim, "bold"), sentence.removeprefix(claim))


def _power_law(family: str, curve: FamilyCurve, smallest: int) -> Text:
    """The formula of a curve, and where it holds."""
    low, high = curve.asymptote_interval
    text = (
        f"{family}: error {curve.asymptote:.3g} + {curve.scale:.3g} / rows^{curve.exponent:.2g}, "
        f"asymptote between {low:.3g} and {high:.3g}"
    )
    if curve.start > smallest:
        text += f", fitted from {curve.start:,} rows"
    if not curve.fits:
        text += "; a power law does not fit, so the curve is not extrapolated"
    return Text(text, FAMILY_COLOURS[family])


def _probabilities(crossover: Crossover) -> Text:
    shares = ", ".join(f"{text} {crossover.probabilities[key]:.0%}" for key, text in _PATHS.items())
    return Text(f"From {crossover.smallest:,} to {crossover.reach:,} rows: {shares}.", "dim")


def _networks(answer: CapacityAnswer) -> Table:
    """A row per network, the best in bold."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    score_name = f"{answer.metric.label} {_arrow(answer.metric)}"
    for name in ("hidden layers", "units per layer", score_name, "fit", "parameters"):
        table.add_column(name, justify="right", no_wrap=True)
    top = _best((row.score for row in answer.networks), answer.metric)
    for row in answer.networks:
        score = Text(_with_interval(row), "bold" if row.score is not None and row.score == top else "")
        units = "" if row.units is None else f"{row.units:,}"
        table.add_row(str(row.layers), units, score, seconds(row.fit_seconds), count(row.parameters))
    return table


def _sufficiency(answer: CapacityAnswer) -> Panel:
    """A line per depth and width."""
    lines = [_coloured(own.sentence, _ANSWER_COLOURS[own.outcome]) for own in answer.answers]
    body = lines or [Text("Only one size was tried: there is nothing to compare.")]
    title = Text("How deep, how wide", "bold")
    return Panel(Group(*body), title=title, title_align="left", expand=False, padding=(0, 1))


def _coloured(sentence: str, colour: str) -> Text:
    """A sentence with its answer, which stands before the colon, in a colour."""
    answer, colon, reason = sentence.partition(":")
    return Text.assemble((answer, colour), colon, reason)


def _footer(answer: Answer) -> list[Text]:
    lines = [Text(f"Took {seconds(answer.wall_seconds)}.", "dim")]
    if answer.interrupted:
        lines.insert(0, Text("Interrupted: only finished fits are shown.", "yellow"))
    return lines
