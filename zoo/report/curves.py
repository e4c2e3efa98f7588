"""Learning curves and capacity in a terminal. Works from plain results only."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from .output import write_answer
from .terminal import _findings, console, print_json
from .words import FAMILY_COLOURS, count, data_facts, number, seconds

_OUTCOMES = {
    "deep": "deep learning ahead at every size",
    "classical": "classical ahead at every size",
    "crossover": "a crossover",
    "ahead_from": "one is ahead",
    "none_in_reach": "no crossover within ten times the data",
    "undecided": "cannot tell",
}
_ENOUGH = {"yes": ("enough", "green"), "no": ("not enough", "yellow"), "undecided": ("cannot tell", "dim")}


def show_learning_curve(answer: dict[str, Any], *, as_json: bool = False) -> None:
    """Print a learning curve."""
    _show(answer, learning_curve, as_json)


def show_capacity(answer: dict[str, Any], *, as_json: bool = False) -> None:
    """Print scores and times of a grid of networks."""
    _show(answer, capacity, as_json)


def _show(answer: dict[str, Any], parts: Any, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    out = console()
    for part in parts(answer, out.width):
        out.print(part)


def write(answer: dict[str, Any], output: str | None) -> None:
    """The whole answer to .json, the scores of all models or networks to .csv."""
    write_answer(answer, answer["networks"] if "networks" in answer else answer["models"], output)


def learning_curve(answer: dict[str, Any], width: int = 110) -> list[Any]:
    """The parts from top to bottom: data, findings, scores by size, crossover, curves."""
    return [
        _headline(answer, _curve_plan(answer["plan"])),
        *([_findings(answer["findings"])] if answer["findings"] else []),
        _sizes(answer, wide=width >= 105),
        *_failures(answer["models"], lambda r: f"{r['model']} on {r['size']:,} rows"),
        _crossover(answer),
        *_footer(answer),
    ]


def capacity(answer: dict[str, Any], width: int = 110) -> list[Any]:
    """The parts from top to bottom: data, findings, networks, answers."""
    plan = answer["plan"]
    folds = f"{plan['folds']} parts of the test part" if plan["official_test"] else f"{plan['folds']} folds"
    again = f", {plan['repeats']} times" if plan["repeats"] > 1 else ""
    return [
        _headline(answer, f"{plan['model']} on {folds}{again}"),
        *([_findings(answer["findings"])] if answer["findings"] else []),
        _networks(answer),
        *_failures(answer["networks"], lambda r: f"{r['layers']} x {r['units'] or 0} units"),
        _answers(answer),
        *_footer(answer),
    ]


def _headline(answer: dict[str, Any], plan: str) -> Text:
    facts = [*data_facts(answer["dataset"]), plan]
    return Text.assemble((f"\n{answer['dataset']['name']}", "bold"), ": ", ", ".join(facts))


def _curve_plan(plan: dict[str, Any]) -> str:
    scored = "its test part" if plan["official_test"] else "rows held out"
    scored = "the last period" if plan["ordered"] else scored
    sizes = plan["sizes"]
    return f"{len(sizes)} sizes from {sizes[0]:,} to {sizes[-1]:,} rows, {plan['repeats']} times, on {scored}"


def _sizes(answer: dict[str, Any], wide: bool) -> Table:
    """A row a size: both families with interval and champion, and the models' seconds of a fit."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("rows", justify="right", no_wrap=True)
    arrow = "↑" if answer["metric"]["greater_is_better"] else "↓"
    for family, colour in FAMILY_COLOURS.items():
        head = Text(f"{family} {answer['metric']['label']} {arrow}", colour)
        table.add_column(head, no_wrap=True)
        table.add_column(Text("champion", colour), no_wrap=True, max_width=20 if wide else 12)
        if wide:
            table.add_column(Text("fit", colour), justify="right", no_wrap=True)
    rows = {(r["family"], r["size"]): r for r in answer["families"]}
    fits = {(r["model"], r["size"]): r["fit_seconds"] for r in answer["models"]}
    for size in answer["plan"]["sizes"]:
        pair = [rows.get((family, size)) for family in FAMILY_COLOURS]
        cells = [_family_cells(row, pair, answer, fits)[: 3 if wide else 2] for row in pair]
        table.add_row(f"{size:,}", *cells[0], *cells[1])
    return table


def _family_cells(
    row: dict[str, Any] | None, pair: list[Any], answer: dict[str, Any], fits: dict[Any, Any]
) -> list[Any]:
    if row is None:
        return [Text("-", "red"), "", ""]
    style = "bold" if _leads(row, pair, answer["metric"]["greater_is_better"]) else ""
    score = Text(_with_interval(row), style)
    return [score, row["champion"], seconds(fits.get((row["champion"], row["size"])))]


def _leads(row: dict[str, Any], pair: list[Any], greater_is_better: bool) -> bool:
    scores = [r["score"] for r in pair if r is not None]
    return bool(row["score"] == (max(scores) if greater_is_better else min(scores)))


def _with_interval(row: dict[str, Any]) -> str:
    if row["score"] is None:
        return "-"
    if row["score_low"] is None:
        return number(row["score"])
    return f"{number(row['score'])} ({number(row['score_low'])} to {number(row['score_high'])})"


def _failures(rows: list[dict[str, Any]], name: Any) -> list[Text]:
    return [Text(f"  {name(r)} {r['status']}: {r['reason']}", "red") for r in rows if r["status"] != "ok"]


def _crossover(answer: dict[str, Any]) -> Panel:
    found = answer["crossover"]
    lines: list[Any] = [Text(found["sentence"])]
    lines += [_law(family, curve, answer) for family, curve in answer["curves"].items()]
    if found["probabilities"]:
        lines.append(_chances(found))
    title = f"[bold]With more data: {_OUTCOMES[found['outcome']]}[/bold]"
    return Panel(Group(*lines), title=title, title_align="left", expand=False, padding=(0, 1))


def _law(family: str, curve: dict[str, Any], answer: dict[str, Any]) -> Text:
    """Where a curve ends in the long run, and how fast it gets there."""
    low, high = curve["asymptote_interval"]
    text = (
        f"{family}: error {curve['asymptote']:.3g} + {curve['scale']:.3g} / rows^{curve['exponent']:.2g}, "
        f"the floor between {low:.3g} and {high:.3g}"
    )
    if curve["start"] > answer["plan"]["sizes"][0]:
        text += f", fitted from {curve['start']:,} rows on"
    if not curve["fits"]:
        text += "; no power law fits: the curve ends with the data"
    return Text(text, FAMILY_COLOURS[family])


def _chances(found: dict[str, Any]) -> Text:
    words = {
        "deep": "deep ahead throughout",
        "deep_overtakes": "deep overtakes",
        "classical_overtakes": "classical overtakes",
        "classical": "classical ahead throughout",
    }
    shares = ", ".join(f"{text} {found['probabilities'][key]:.0%}" for key, text in words.items())
    return Text(f"From {found['smallest']:,} to {found['reach']:,} rows: {shares}.", "dim")


def _networks(answer: dict[str, Any]) -> Table:
    """A row a network, the best in bold."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    arrow = "↑" if answer["metric"]["greater_is_better"] else "↓"
    names = ("hidden layers", "units each", f"{answer['metric']['label']} {arrow}", "fit", "params")
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    scores = [r["score"] for r in answer["networks"] if r["score"] is not None]
    top = (max if answer["metric"]["greater_is_better"] else min)(scores) if scores else None
    for r in answer["networks"]:
        score = Text(_with_interval(r), "bold" if r["score"] is not None and r["score"] == top else "")
        units = "" if r["units"] is None else f"{r['units']:,}"
        table.add_row(str(r["layers"]), units, score, seconds(r["fit_seconds"]), count(r["parameters"]))
    return table


def _answers(answer: dict[str, Any]) -> Panel:
    lines = []
    for a in answer["answers"]:
        word, colour = _ENOUGH[a["outcome"]]
        lines.append(Text.assemble((f"{word:12}", colour), a["sentence"]))
    body: list[Any] = lines or [Text("One size only was tried: nothing to compare.")]
    title = "[bold]How deep, how wide[/bold]"
    return Panel(Group(*body), title=title, title_align="left", expand=False, padding=(0, 1))


def _footer(answer: dict[str, Any]) -> list[Text]:
    lines = [Text(f"Took {seconds(answer['wall_seconds'])}.", "dim")]
    if answer["interrupted"]:
        lines.insert(0, Text("Interrupted: this is what was finished.", "yellow"))
    return lines
