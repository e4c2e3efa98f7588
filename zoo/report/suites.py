"""The answer over many datasets in a terminal. Works from plain results only."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from rich.table import Table
from rich.text import Text

from ._output import write_answer
from ._words import FAMILY_COLOURS, number, seconds
from .catalogue import _table
from .terminal import console, print_json

_STATES = {"done": "done before, read from the store", "unfinished": "goes on", "new": "begins"}


def teller(total: int, enabled: bool = True) -> Callable[[int, Any, str], None]:
    """Says on standard error which dataset is next."""

    def tell(number: int, item: Any, state: str) -> None:
        if enabled:
            print(
                f"dataset {number + 1} of {total}: {item.name} {_STATES[state]}", file=sys.stderr, flush=True
            )

    return tell


def show(answer: dict[str, Any], *, as_json: bool = False) -> None:
    """Print a suite: its datasets, who won how often, mean ranks and what cannot be told apart."""
    if as_json:
        print_json(answer)
        return
    out = console()
    out.print(Text(f"\n{answer['suite']}: {len(answer['datasets'])} datasets", "bold"))
    out.print(_datasets(answer["datasets"]))
    won = answer["verdicts"]
    out.print(
        Text(
            f"Deep against classical by verdict: {won['deep']} won, {won['equivalent']} equivalent, "
            f"{won['classical']} lost, {won['undecided']} cannot tell",
            "bold",
        )
    )
    for found in answer["rankings"]:
        for part in _ranking(found, answer["confidence_level"]):
            out.print(part)
    out.print(Text(f"Took {seconds(answer['wall_seconds'])}. Runs are in {answer['store']}", "dim"))


def _datasets(rows: list[dict[str, Any]]) -> Table:
    table = _table("data", "metric", "best deep", "best classical", "gain of deep", "verdict")
    for row in rows:
        if row["status"] == "failed":
            table.add_row(row["data"], "", "", "", "", Text(f"failed: {row['reason']}", "red"))
            continue
        gain = ""
        if row["gain"] is not None:
            gain = f"{row['gain']:.3g} [{row['gain_low']:.3g}, {row['gain_high']:.3g}]"
        best = [f"{row[f'best_{f}'] or '-'} {number(row[f'score_{f}'])}" for f in ("deep", "classical")]
        missing = f" (missing: {', '.join(row['missing'])})" if row["missing"] else ""
        table.add_row(row["data"], row["metric"], *best, gain, f"{row['outcome']}{missing}")
    return table


def _ranking(found: dict[str, Any], level: float) -> list[Any]:
    ranked, n = found["ranking"], found["datasets"]
    what = {"tabular": "tables", "image": "sets of images", "text": "sets of texts"}[found["modality"]]
    if ranked is None or n < 2:
        return [
            Text(f"\n{n} {what}: mean ranks need two datasets and two models that all of them have", "dim")
        ]
    table = _table("model", "mean rank")
    for name, rank in zip(ranked["models"], ranked["mean_ranks"], strict=True):
        table.add_row(Text(name, FAMILY_COLOURS[found["families"][name]]), f"{rank:.2f}")
    lines = [
        Text(f"\nMean ranks over {n} {what} (1 is best)", "bold"),
        table,
        Text(_friedman(ranked)),
        Text(
            f"Critical difference {ranked['critical_difference']:.2f} (Nemenyi, {level:.0%}); pairs by the "
            f"{ranked['test']} test with Holm's correction: {_apart(ranked)}"
        ),
    ]
    if found["left_out"]:
        left = ", ".join(f"{name} ({count} of {n})" for name, count in found["left_out"].items())
        lines.append(Text(f"Not ranked, for want of a score on some: {left}", "dim"))
    return lines


def _friedman(ranked: dict[str, Any]) -> str:
    if ranked["friedman"] is None:
        return "All models tie on every dataset."
    words = f"Friedman chi-squared {ranked['friedman']:.2f}, p = {ranked['friedman_p']:.2g}"
    if ranked["iman_davenport"] is not None:
        words += f"; Iman-Davenport F {ranked['iman_davenport']:.2f}, p = {ranked['iman_davenport_p']:.2g}"
    return words


def _apart(ranked: dict[str, Any], most: int = 6) -> str:
    apart = [f"{p['first']} before {p['second']}" for p in ranked["pairs"] if p["differs"]]
    if not apart:
        return "no pair can be told apart"
    more = f", and {len(apart) - most} more (--json has all)" if len(apart) > most else ""
    return ", ".join(apart[:most]) + more


def show_preview(told: dict[str, Any], *, as_json: bool = False) -> None:
    """Print what a suite would do."""
    if as_json:
        print_json(told)
        return
    table = _table("data", "state", "fits", "estimated")
    for row in told["datasets"]:
        state = Text(row["reason"], "red") if row["state"] == "failed" else row["state"]
        known = (str(row["fits"]), seconds(row["seconds"])) if row["fits"] else ("", "")
        table.add_row(row["data"], state, *known)
    out = console()
    out.print(Text(f"{told['suite']}: {len(told['datasets'])} datasets", "bold"), table)
    out.print(Text(f"{told['fits']} fits, about {seconds(told['seconds'])}. Nothing was run.", "bold"))


def write(answer: dict[str, Any], output: str | None) -> None:
    """The whole answer to .json, a row a dataset to .csv."""
    write_answer(answer, answer["datasets"], output)
