"""`deepworth weights`."""

from __future__ import annotations

from typing import Any

import click

from ._group import Command, option
from ._options import JSON, options

GROUP = "Data"


@click.command(cls=Command)
@click.argument("path", required=False)
@option("--fetch", metavar="NAME", help="Fetch these known weights into the cache first.")
@option("--offline", is_flag=True, default=None, help="Do not use the network.")
@options(JSON)
def command(path: str | None, as_json: bool, **chosen: Any) -> None:
    """List pretrained weights: known ones, and others found on this machine or at PATH.

    Known weights are checked by their SHA-256. Nothing is fetched but what --fetch names.
    """
    from ..report import catalogue
    from ..workflows.weights import weights

    catalogue.show_weights(weights(path=path, **chosen), as_json=as_json)
