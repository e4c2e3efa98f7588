"""`deepworth learning-curve`."""

from __future__ import annotations

from typing import Any

import click

from ._config import configured
from ._group import Command, option
from ._options import DRY_RUN, JSON, LOAD, MODELS, PRETRAINED, QUIET, SEED, WEIGHTS, options, repeats
from ._running import CURVE, run_curve

GROUP = "Understand"


@click.command(cls=Command)
@click.argument("data", default="sick-healthy")
@options(*LOAD, MODELS, WEIGHTS, PRETRAINED)
@option(
    "--sizes",
    group="Evaluation",
    type=click.IntRange(min=4),
    default=8,
    show_default=True,
    metavar="N",
    help="Number of training sizes.",
)
@option(
    "--smallest",
    group="Evaluation",
    type=click.IntRange(min=2),
    metavar="N",
    help="The smallest training size, in rows.",
)
@options(repeats(5, minimum=2), *CURVE, JSON, QUIET, SEED, DRY_RUN)
@configured
def command(data: str, model: Any, **chosen: Any) -> None:
    """Estimate with how much DATA deep learning would win.

    Trains both families on growing samples of the rows, fits their learning curves, and says where they
    cross, up to ten times the data.
    """
    from ..workflows.learning_curve import learning_curve as run

    run_curve(run, "learning_curve", data, models=model or None, **chosen)
