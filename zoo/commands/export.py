"""`deepworth export`."""

from __future__ import annotations

import sys

import click

from ._options import JSON, QUIET, names


@click.command()
@click.argument("artefact")
@click.option(
    "--format",
    "only",
    multiple=True,
    callback=names,
    metavar="NAMES",
    help="onnx, saved_model, litert, keras, skops.  [default: all that the model can have]",
)
@click.option(
    "-o", "--output", required=True, metavar="DIR", help="New folder: one folder a format, proof.json."
)
@click.option("--overwrite", is_flag=True, help="Replace earlier shown.")
@JSON
@QUIET
def command(
    artefact: str, only: tuple[str, ...], output: str, overwrite: bool, as_json: bool, quiet: bool
) -> None:
    """Write a saved model in other formats, and prove that each answers as it does.

    Every export is opened in a process that does not import deepworth and asked rows with missing, unseen,
    empty and extreme values. Exit code 1: a format that was asked for cannot hold the model, or differs.
    """
    from ..export._export import export
    from ..report import artefact as shown
    from ..report import progress

    with progress.spinner("exporting", enabled=not quiet):
        found = export(artefact, output, only=only, overwrite=overwrite)
    shown.show_exports(found, as_json=as_json)
    sys.exit(shown.exit_code(found, strict=bool(only)))
