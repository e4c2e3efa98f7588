"""`deepworth datasets`."""

from __future__ import annotations

from typing import Any

import click

from ._options import JSON, LOAD, SEED, options


@click.command()
@click.argument("data", required=False)
@options(*LOAD)
@options(SEED, JSON)
def command(data: str | None, as_json: bool, **chosen: Any) -> None:
    """List the named datasets, or describe DATA: columns, what was inferred and why, first rows."""
    from ...datasets import list_datasets
    from ..report import catalogue

    if data is None:
        catalogue.show_datasets(list_datasets(), as_json=as_json)
        return
    from ...datasets import describe_dataset

    catalogue.show_dataset(describe_dataset(data, **chosen), as_json=as_json)
