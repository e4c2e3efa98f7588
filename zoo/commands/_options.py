"""Options that commands share, and how their values are read."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click


def names(ctx: Any, param: Any, values: tuple[str, ...]) -> tuple[str, ...]:
    """Repeated options and comma lists are the same."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


def numbers(ctx: Any, param: Any, values: tuple[str, ...]) -> tuple[int, ...]:
    """Whole numbers, repeated or in comma lists."""
    try:
        return tuple(int(name) for name in names(ctx, param, values))
    except ValueError:
        raise click.BadParameter(f"expected whole numbers such as 1,2,3, got {','.join(values)!r}") from None


def settings(ctx: Any, param: Any, values: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """``deep-mlp.epochs=50`` to ``{"deep-mlp": {"epochs": 50}}``."""
    import ast

    found: dict[str, dict[str, Any]] = {}
    for value in values:
        name, _, text = value.partition("=")
        model, _, key = name.partition(".")
        if not (model and key and text):
            raise click.BadParameter(f"expected MODEL.PARAMETER=VALUE, got {value!r}")
        try:
            found.setdefault(model, {})[key] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            found.setdefault(model, {})[key] = text
    return found


LOAD = (
    click.option("-t", "--target", metavar="COLUMN", help="What to predict."),
    click.option("--drop", multiple=True, callback=names, metavar="COLUMNS", help="Leave these columns out."),
    click.option(
        "--categorical", multiple=True, callback=names, metavar="COLUMNS", help="Read as categories."
    ),
    click.option("--text", metavar="COLUMN", help="Learn from this text column alone."),
    click.option(
        "--task", type=click.Choice(["binary", "multiclass", "regression"]), help="Overrides the guess."
    ),
    click.option("--test", metavar="PATH", help="Rows to score on, in a file (or folder) of their own."),
    click.option("--split-column", metavar="COLUMN", help="Column that says train or test."),
    click.option("--groups", metavar="COLUMN", help="Rows of one group never stand on both sides."),
    click.option("--time", metavar="COLUMN", help="Predict later rows from earlier ones; no feature."),
    click.option("--group-duplicates", is_flag=True, help="Keep equal and near-equal rows on one side."),
    click.option("--positive", metavar="CLASS", help="The class that counts as positive."),
    click.option("--rows", type=click.IntRange(min=2), help="Use a random part of this many rows."),
    click.option("--offline", is_flag=True, default=None, help="Never use the network."),
)
SEED = click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Same seed, same numbers."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
QUIET = click.option("-q", "--quiet", is_flag=True, help="No progress.")
BUDGET = click.option(
    "--budget",
    multiple=True,
    callback=names,
    metavar="LIMIT",
    help="Name the best model within latency=5ms (of one row), fit=10s, size=1MB, memory=500MB. Repeatable.",
)
STORE = click.option("--store", metavar="DIR", help="Where runs are kept.")
MLFLOW = click.option(
    "--mlflow", metavar="URI", help="Tell MLflow too: http://host:5000, sqlite:///mlflow.db."
)

COSTS = (
    click.option(
        "--cost-false-negative", type=float, metavar="COST", help="Of a positive case that is missed."
    ),
    click.option("--cost-false-positive", type=float, metavar="COST", help="Of a false alarm."),
)

RUNNER = (
    click.option(
        "-j",
        "--jobs",
        type=click.IntRange(min=0),
        help="Worker processes at a time, which share the cores; 0: none, all in this process.  [default: 1, "
        "or 2 in quick and standard comparisons that measure costs apart, from 4 cores on]",
    ),
    click.option(
        "--deterministic", is_flag=True, help="Repeat bit for bit: one thread a fit, deterministic kernels."
    ),
    click.option("--threads", type=click.IntRange(min=1), help="Of every fit.  [default: by rows and cores]"),
    click.option("--time-limit", metavar="TIME", help="Of one fit: 90, 5m, 2h."),
    click.option("--memory-limit", metavar="SIZE", help="Of a worker process: 2GB.  [default: what is free]"),
    click.option(
        "--cluster", metavar="ADDRESS", help="Run on the workers of a Dask scheduler: tcp://host:8786."
    ),
)


def usual_jobs(preset: str, costs: bool) -> int:
    """Worker processes where nobody says how many.

    Two fits at a time take time from each other, and both together less than one after the other. That is
    for runs whose times are measured afterwards, one model at a time, and that need not be the most exact.
    """
    from ..training.machine import usable_cores

    if os.name != "posix":
        return 0
    return 2 if costs and preset != "thorough" and usable_cores() >= 4 else 1


def told(tracker: Any, answer: dict[str, Any]) -> int:
    """Tell MLflow, if that was asked for. It cannot cost the results: 1 and a line where it fails."""
    if tracker is None:
        return 0
    try:
        tracker.log(answer)
    except OSError as error:
        again = f"; deepworth runs {answer['run']} --mlflow URI tells it again" if answer["run"] else ""
        click.echo(f"Error: {error}{again}", err=True)
        return 1
    return 0


def options(*chosen: Any) -> Callable[[Any], Any]:
    def add(command: Any) -> Any:
        for option in reversed(chosen):
            command = option(command)
        return command

    return add
