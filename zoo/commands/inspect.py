"""`deepworth inspect`."""

from __future__ import annotations

import sys

import click

from ._options import JSON


@click.command()
@click.argument("artefact")
@JSON
def command(artefact: str, as_json: bool) -> None:
    """Show what a saved model is, without opening it.

    Prints the manifest, the model card and the hashes of all files, which are checked. Nothing is executed
    and no library is loaded, so this is safe for models from anywhere. Ends with 1 if a file was changed.
    """
    from ..artefact.inspecting import inspect
    from ..report.artefact import show_artefact

    found = inspect(artefact)
    show_artefact(found, as_json=as_json)
    sys.exit(0 if found["sound"] else 1)
