"""`deepworth models`."""

from __future__ import annotations

import click

from ._group import Command
from ._options import JSON

GROUP = "Train and use"


@click.command(cls=Command)
@click.argument("name", required=False)
@JSON
def command(name: str | None, as_json: bool) -> None:
    """List the models, or show one with its parameters."""
    from ..report import catalogue
    from ..workflows.models import models

    if name is None:
        catalogue.show_models(models(), as_json=as_json)
    else:
        catalogue.show_model(models(name), as_json=as_json)
