"""`deepworth verify`."""

from __future__ import annotations

import sys

import click

from ._group import Command
from ._options import JSON, QUIET, STORE, options

GROUP = "Train and use"


@click.command(cls=Command)
@click.argument("target")
@options(STORE, JSON, QUIET)
def command(target: str, store: str | None, as_json: bool, quiet: bool) -> None:
    """Verify that a run, or a saved model, gives equal results.

    TARGET is a run (its name, its first characters, `last`, or its folder): one job of each model is
    repeated, and its results are bit-equal, within tolerance, or different. Or TARGET is the folder of a
    saved or exported model: its predictions are compared with the stored ones. Exit code 1: a result
    differs.
    """
    from ..report import catalogue, progress
    from ..results.runs import RunVerification
    from ..workflows.verify import is_model_folder, verify

    whole = progress.spinner("verifying", enabled=not quiet) if is_model_folder(target) else None
    with whole or progress.bar(enabled=not quiet) as watch:
        found = verify(target, store=store, progress=watch)
    if isinstance(found, RunVerification):
        catalogue.show_repeated_run(found, as_json=as_json)
    else:
        catalogue.show_verified(found, as_json=as_json)
    sys.exit(0 if found.holds else 1)
