"""`deepworth cost`."""

from __future__ import annotations

import click

from ._options import JSON


@click.command()
@click.argument("artefact")
@click.argument("data", required=False)
@JSON
def command(artefact: str, data: str | None, as_json: bool) -> None:
    """Measure what a saved model takes: latency by number of rows, memory, size, operations.

    Rows come from DATA (a file, or a folder of images), or are made up after the model's inputs.
    """
    from ..comparison import cost
    from ..report.artefact import show_sheet

    show_sheet(cost(artefact, data), as_json=as_json)
