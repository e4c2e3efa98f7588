"""`deepworth export`."""

from __future__ import annotations

import sys

import click

from ..export import formats
from ._group import Command, option
from ._options import JSON, OUTPUT_FOLDER, OVERWRITE, QUIET, names, options

GROUP = "Train and use"


@click.command(cls=Command)
@click.argument("artefact")
@option(
    "--format",
    "only",
    group="Output",
    multiple=True,
    callback=names,
    metavar="NAMES",
    show_default="all that can hold the model",
    help=f"{', '.join(formats())}; several are separated by commas.",
)
@options(OUTPUT_FOLDER, OVERWRITE, JSON, QUIET)
def command(
    artefact: str, only: tuple[str, ...], output: str, overwrite: bool, as_json: bool, quiet: bool
) -> None:
    """Export a saved model to other formats and verify them.

    Every export is loaded in a process without deepworth and its predictions are compared with those of the
    saved model, on rows with missing, unseen, empty and extreme values among them. Each format has a folder
    in DIR, and proof.json holds the largest differences. Exit code 1: a requested format cannot hold the
    model, or its predictions differ.
    """
    from ..report import catalogue as shown
    from ..report import progress
    from ..workflows.export import export

    with progress.spinner("exporting", enabled=not quiet):
        found = export(artefact, output, format=only, overwrite=overwrite)
    shown.show_exports(found, as_json=as_json)
    sys.exit(shown.exit_code(found, strict=bool(only)))
