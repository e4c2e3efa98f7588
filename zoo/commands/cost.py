"""`deepworth cost`."""

from __future__ import annotations

import click

from ._group import Command
from ._options import JSON

GROUP = "Understand"


@click.command(cls=Command)
@click.argument("artefact")
@click.argument("data", required=False)
@JSON
def command(artefact: str, data: str | None, as_json: bool) -> None:
    """Measure latency, memory, size and FLOPs of a saved model.

    Rows come from DATA (a file, or a folder of images); without DATA they are synthetic.
    """
    from ..report.catalogue import show_model_cost
    from ..workflows.cost import cost

    show_model_cost(cost(artefact, data), as_json=as_json)
