"""`deepworth runs`."""

from __future__ import annotations

import sys

import click

from ._group import Command, option
from ._options import JSON, MLFLOW, STORE, log_to_mlflow, options

GROUP = "Compare and judge"
ORDER = 4


@click.command(cls=Command)
@click.argument("run", required=False)
@option(
    "--remove",
    group="Output",
    is_flag=True,
    help="Remove the run with all that is kept of it; its whole name.",
)
@options(MLFLOW, STORE, JSON)
def command(run: str | None, remove: bool, store: str | None, as_json: bool, mlflow: str | None) -> None:
    """List past runs, or show the result of one again.

    RUN is a run's name, its first characters, or `last`.
    """
    from ..report import catalogue
    from ..workflows.runs import remove_run, runs

    if remove:
        if run is None:
            raise click.UsageError("--remove needs the whole name of a run")
        catalogue.show_removed(remove_run(run, store=store), as_json=as_json)
        return
    if run is None:
        if mlflow is not None:
            raise click.UsageError("--mlflow logs one run; name it: deepworth runs last --mlflow URI")
        catalogue.show_runs(runs(store=store), as_json=as_json)
        return
    from ..report import terminal
    from ..report.tracking import Tracker

    answer = runs(run, store=store).answer
    tracker = Tracker(mlflow) if mlflow is not None else None
    terminal.show(answer, as_json=as_json)
    sys.exit(log_to_mlflow(tracker, answer))
