"""`deepworth datasets`."""

from __future__ import annotations

from typing import Any

import click

from ._group import Command
from ._options import JSON, LOAD, SEED, options

GROUP = "Data"
ORDER = 1


@click.command(cls=Command)
@click.argument("data", required=False)
@options(*LOAD, JSON, SEED)
def command(data: str | None, as_json: bool, **chosen: Any) -> None:
    """List the named datasets, or describe DATA.

    Shows the columns, how each was read and why, findings and the first rows. DATA is a file, a folder, or
    the name of a dataset. A table without --target is described too, with the columns that could be it.
    """
    from ...datasets import list_datasets
    from ..report import catalogue

    if data is None:
        catalogue.show_datasets(list_datasets(), as_json=as_json)
        return
    from ...datasets import describe_dataset

    catalogue.show_dataset(describe_dataset(data, **chosen), as_json=as_json)
