"""`deepworth capacity`."""

from __future__ import annotations

from typing import Any

import click

from ._config import configured
from ._group import Command, option
from ._options import DRY_RUN, JSON, LOAD, MARGIN, QUIET, SEED, folds, model, numbers, options, repeats
from ._running import CURVE, run_curve

GROUP = "Understand"


@click.command(cls=Command)
@click.argument("data", default="sick-healthy")
@options(*LOAD, model("plain-mlp"))
@option(
    "--layers",
    group="Models",
    multiple=True,
    callback=numbers,
    metavar="NUMBERS",
    show_default="0,1,2,3",
    help="Numbers of hidden layers to try, separated by commas.",
)
@option(
    "--units",
    group="Models",
    multiple=True,
    callback=numbers,
    metavar="NUMBERS",
    show_default="8,32,128",
    help="Numbers of units per hidden layer to try, separated by commas.",
)
@options(folds(5), repeats(1), MARGIN, *CURVE, JSON, QUIET, SEED, DRY_RUN)
@configured
def command(data: str, layers: Any, units: Any, **chosen: Any) -> None:
    """Find how deep and wide a network must be on DATA.

    Cross-validates a network with every combination of --layers and --units and says whether one hidden
    layer, or two, is enough. The model must have the parameter hidden_units.
    """
    from ..workflows.capacity import capacity as run

    grid = {name: value for name, value in (("layers", layers), ("units", units)) if value}
    run_curve(run, "capacity", data, **grid, **chosen)
