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
    from ..report.artefact import show_sheet
    from ..workflows.cost import cost

    show_sheet(cost(artefact, data), as_json=as_json)
