"""`deepworth inspect`."""

from __future__ import annotations

import sys

import click

from ._group import Command
from ._options import JSON

GROUP = "Train and use"


@click.command(cls=Command)
@click.argument("artefact")
@JSON
def command(artefact: str, as_json: bool) -> None:
    """Show what a saved model is, without loading it.

    Prints the manifest, the model card and the hashes of all files, which are checked. Nothing is executed
    and no library is loaded, so this is safe for models from any source. Exit code 1: a file was changed.
    """
    from ..report.catalogue import show_artefact
    from ..workflows.inspect import inspect

    found = inspect(artefact)
    show_artefact(found, as_json=as_json)
    sys.exit(0 if found.sound else 1)
