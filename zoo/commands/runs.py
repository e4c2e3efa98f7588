"""`deepworth runs`."""

from __future__ import annotations

import click

from ._options import JSON, STORE, options


@click.command()
@click.argument("run", required=False)
@options(STORE, JSON)
def command(run: str | None, store: str | None, as_json: bool) -> None:
    """List past runs, or show one again (by its name, a start of it, or `last`)."""
    from ..comparison import list_runs, load_run
    from ..report import catalogue, terminal

    if run is None:
        catalogue.show_runs(list_runs(store), as_json=as_json)
    else:
        terminal.show(load_run(run, store), as_json=as_json)
