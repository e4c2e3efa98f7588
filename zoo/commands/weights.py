"""`deepworth weights`."""

from __future__ import annotations

from typing import Any

import click

from ._group import Command, option
from ._options import JSON, OFFLINE, options

GROUP = "Data"


@click.command(cls=Command)
@click.argument("path", required=False)
@option("--fetch", metavar="NAME", help="Fetch these known weights into the cache first.")
@options(OFFLINE, JSON)
def command(path: str | None, as_json: bool, **chosen: Any) -> None:
    """List pretrained weights, known ones and others found here.

    PATH is a folder or file to look in, too. Known weights are checked by their SHA-256. Nothing is fetched
    but what --fetch names.
    """
    from ..report import catalogue
    from ..workflows.weights import weights

    catalogue.show_weights(weights(path=path, **chosen), as_json=as_json)
