"""`deepworth learning-curve`."""

from __future__ import annotations

from typing import Any

import click

from ._config import configured
from ._curves import CURVE, run_curve
from ._options import JSON, LOAD, QUIET, SEED, names, options


@click.command()
@click.argument("data", default="sick-healthy")
@options(*LOAD)
@click.option("-m", "--model", multiple=True, callback=names, metavar="NAMES", help="Train only these.")
@click.option(
    "--sizes", type=click.IntRange(min=4), default=8, show_default=True, help="How many training sizes."
)
@click.option("--smallest", type=click.IntRange(min=2), help="The smallest training size, in rows.")
@click.option(
    "--repeats", type=click.IntRange(min=2), default=5, show_default=True, help="Draws of the rows."
)
@options(*CURVE, SEED, JSON, QUIET)
@configured
def command(data: str, model: Any, **chosen: Any) -> None:
    """With how much DATA would deep learning win?

    Trains both families on growing parts of the rows, fits their learning curves, and says where they
    cross, up to ten times the data.
    """
    from ..workflows.learning_curve import learning_curve as run

    run_curve(run, "learning_curve", data, models=model or None, **chosen)
