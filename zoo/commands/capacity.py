"""`deepworth capacity`."""

from __future__ import annotations

from typing import Any

import click

from ._config import configured
from ._curves import CURVE, run_curve
from ._options import JSON, LOAD, QUIET, SEED, numbers, options


@click.command()
@click.argument("data", default="sick-healthy")
@options(*LOAD)
@click.option("-m", "--model", default="plain-mlp", show_default=True, help="A network of hidden layers.")
@click.option(
    "--layers", multiple=True, callback=numbers, metavar="NUMBERS", help="Hidden layers.  [default: 0,1,2,3]"
)
@click.option(
    "--units", multiple=True, callback=numbers, metavar="NUMBERS", help="Units in each.  [default: 8,32,128]"
)
@click.option("--folds", type=click.IntRange(min=2), default=5, show_default=True, help="Of each round.")
@click.option("--repeats", type=click.IntRange(min=1), default=1, show_default=True, help="Rounds of folds.")
@click.option("--margin", type=float, help="Differences up to this do not matter.")
@options(*CURVE, SEED, JSON, QUIET)
@configured
def command(data: str, layers: Any, units: Any, **chosen: Any) -> None:
    """How deep and how wide must a network be on DATA?

    Cross-validates the textbook network over numbers of hidden layers and of units in each, and says
    whether one hidden layer is enough, or two.
    """
    from ..workflows.capacity import capacity as run

    grid = {name: value for name, value in (("layers", layers), ("units", units)) if value}
    run_curve(run, "capacity", data, **grid, **chosen)
