"""`deepworth train`."""

from __future__ import annotations

import sys
from typing import Any

import click

from ._config import configured
from ._options import COSTS, JSON, LOAD, QUIET, SEED, options, settings


@click.command()
@click.argument("data")
@options(*LOAD)
@click.option("-m", "--model", default="deep-mlp", show_default=True, help="`deepworth models` lists them.")
@click.option("-o", "--output", required=True, metavar="DIR", help="Folder for the saved model.")
@click.option("--overwrite", is_flag=True, help="Replace a saved model.")
@click.option(
    "--set", "params", multiple=True, callback=settings, metavar="MODEL.PARAM=VALUE", help="Repeatable."
)
@click.option(
    "--calibrate",
    type=click.Choice(["auto", "none", "temperature", "platt", "isotonic"]),
    help="Learn honest probabilities; trains six times.  [default: auto with a level or costs, else none]",
)
@click.option(
    "--confidence-level", type=float, help="Answer with sets (or intervals) that hold the truth so often."
)
@options(*COSTS)
@options(SEED, JSON, QUIET)
@configured
def command(data: str, as_json: bool, quiet: bool, **chosen: Any) -> None:
    """Train one model on DATA and save it, ready for raw rows."""
    from ..report import progress
    from ..report.artefact import show_trained
    from ..workflows._single import train as run

    with progress.spinner(f"training {chosen['model']}", enabled=not quiet):
        summary = run(data, **chosen)
    show_trained(summary, as_json=as_json)
    sys.exit(0 if summary["proof"]["holds"] else 1)
