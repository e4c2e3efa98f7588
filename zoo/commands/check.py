"""`deepworth check`."""

from __future__ import annotations

import sys
from typing import Any

import click

from ._group import Command, fail, option
from ._options import JSON, LOAD, QUIET, SEED, options

GROUP = "Data"


@click.command(cls=Command)
@click.argument("data", required=False)
@options(*LOAD, JSON, QUIET, SEED)
@option("--list", "list_all", is_flag=True, help="List what is checked, with advice, and stop.")
def command(data: str | None, list_all: bool, as_json: bool, quiet: bool, **chosen: Any) -> None:
    """Check DATA for leaks, duplicates, rare classes and more.

    Trains nothing. Exit code 1: a comparison is not possible.
    """
    from ..report import catalogue, progress

    if list_all:
        from ...datasets import list_codes

        catalogue.show_codes(list_codes(), as_json=as_json)
        return
    if data is None:
        fail("no DATA to check; give a file, a folder or a name, or --list to see what is checked", 2)
    from ..workflows.check import check

    with progress.patience(f"checking {data}", enabled=not quiet):
        answer = check(data, **chosen)
    catalogue.show_check(answer, as_json=as_json)
    sys.exit(int(answer["errors"] > 0))
