"""A plan before it runs: models, parts of the data, estimated times. Works from plain results only."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from rich.text import Text

from ._words import FAMILY_COLOURS, about, seconds
from .catalogue import _table
from .terminal import console, print_json
from .verdict_words import data_facts


def show(answer: dict[str, Any], *, as_json: bool = False) -> None:
    """Print a plan: a row a model; --json has every job."""
    if as_json:
        print_json(answer)
        return
    out = console()
    out.print(
        Text.assemble((answer["dataset"]["name"], "bold"), ": ", ", ".join(data_facts(answer["dataset"])))
    )
    out.print(Text(parts(answer)))
    out.print(_models(answer["models"]))
    jobs = sum(row["jobs"] for row in answer["models"])
    out.print(Text(f"{jobs} fits, {about(answer['estimate'])}", "bold"))
    known = sum(row["runs_known"] > 0 for row in answer["models"])
    source = f"earlier runs on this machine (of {known} models) and " if known else ""
    out.print(Text(f"Estimated from {source}measured times by rows and columns. Nothing was run.", "dim"))


def parts(answer: dict[str, Any]) -> str:
    """On which parts of the data each model is trained and scored."""
    plan = answer["plan"]
    jobs = [job for job in answer["jobs"] if job.get("kind", "fold") == "fold"]
    then = "; then on all rows, to measure costs" if len(jobs) < len(answer["jobs"]) else ""
    train = sorted({job["training_rows"] for job in jobs})
    test = sorted({job["test_rows"] for job in jobs})
    times = f"{plan['repeats']} x {plan['folds']} parts" if plan["repeats"] > 1 else f"{plan['folds']} parts"
    return f"{times}: trained on {_range(train)} rows, scored on {_range(test)}; seed {plan['seed']}{then}"


def _range(values: list[int]) -> str:
    return f"{values[0]:,}" if len(values) == 1 else f"{values[0]:,} to {values[-1]:,}"


def _models(rows: list[dict[str, Any]]) -> Table:
    table = _table("model", "family", "fits", "estimated", "known from")
    for row in rows:
        colour = FAMILY_COLOURS[row["family"]]
        runs = row["runs_known"]
        known = f"{runs} run{'s' if runs > 1 else ''} here" if runs else "table"
        last = (seconds(row["seconds"]), known) if row["jobs"] else ("", row["reason"])
        table.add_row(Text(row["model"], colour), Text(row["family"], colour), str(row["jobs"]), *last)
    return table
