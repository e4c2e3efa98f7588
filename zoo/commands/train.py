"""`deepworth train`."""

from __future__ import annotations

import sys
from typing import Any

import click

from ._config import configured
from ._group import Command
from ._options import (
    COSTS,
    JSON,
    LOAD,
    OUTPUT_FOLDER,
    OVERWRITE,
    QUIET,
    SEED,
    SET,
    WEIGHTS,
    calibrate,
    coverage,
    model,
    options,
)

GROUP = "Train and use"
ORDER = 1


@click.command(cls=Command)
@click.argument("data")
@options(*LOAD)
@options(
    model("deep-mlp"),
    SET,
    WEIGHTS,
    calibrate("auto with --confidence-level or costs, else none"),
)
@options(coverage(), *COSTS, OUTPUT_FOLDER, OVERWRITE, JSON, QUIET, SEED)
@configured
def command(data: str, as_json: bool, quiet: bool, **chosen: Any) -> None:
    """Train one model on DATA and save it.

    The saved model takes raw rows. Calibration trains it six times; with --confidence-level its predictions
    come with prediction sets, or intervals.
    """
    from ..report import progress
    from ..report.catalogue import show_trained
    from ..workflows.train import train

    with progress.training(chosen["model"], enabled=not quiet) as watch:
        trained = train(data, progress=watch, **chosen)
    show_trained(trained, as_json=as_json)
    sys.exit(0 if trained.proof.holds else 1)
