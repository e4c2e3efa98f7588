"""`deepworth runs`."""

from __future__ import annotations

import sys

import click

from ._options import JSON, MLFLOW, STORE, options, told


@click.command()
@click.argument("run", required=False)
@options(MLFLOW, STORE, JSON)
def command(run: str | None, store: str | None, as_json: bool, mlflow: str | None) -> None:
    """List past runs, or show one again (by its name, a start of it, or `last`)."""
    from ..report import catalogue, terminal
    from ..runs.store import list_runs, load_run

    if run is None:
        if mlflow is not None:
            raise click.UsageError("--mlflow tells one run; name it: deepworth runs last --mlflow URI")
        catalogue.show_runs(list_runs(store), as_json=as_json)
        return
    from ..report.tracking import Tracker

    answer = load_run(run, store)
    tracker = Tracker(mlflow) if mlflow is not None else None
    terminal.show(answer, as_json=as_json)
    sys.exit(told(tracker, answer))
