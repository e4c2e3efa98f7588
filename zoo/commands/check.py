"""`deepworth check`."""

from __future__ import annotations

import sys
from typing import Any

import click

from ._group import end
from ._options import JSON, LOAD, QUIET, SEED, options


@click.command()
@click.argument("data", required=False)
@options(*LOAD)
@click.option("--list", "list_all", is_flag=True, help="Explain every code.")
@options(SEED, JSON, QUIET)
def command(data: str | None, list_all: bool, as_json: bool, quiet: bool, **chosen: Any) -> None:
    """Check DATA and train nothing: copies, leaks, rare classes, time order, ...

    Exit code 1 if a finding forbids a comparison.
    """
    from ..report import catalogue, progress

    if list_all:
        from ...datasets import list_codes

        catalogue.show_codes(list_codes(), as_json=as_json)
        return
    if data is None:
        end("name the DATA to check, or say --list to see what is checked", 2)
        return
    from ...datasets import check_data

    with progress.patience(f"checking {data}", enabled=not quiet):
        answer = check_data(data, **chosen)
    catalogue.show_check(answer, as_json=as_json)
    sys.exit(int(answer["errors"] > 0))
