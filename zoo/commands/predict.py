"""`deepworth predict`."""

from __future__ import annotations

import click

from ._options import JSON


@click.command()
@click.argument("artefact")
@click.argument("data", nargs=-1, required=True)
@click.option(
    "-o", "--output", metavar="FILE", help="CSV, Parquet or JSON lines by its ending; else CSV on stdout."
)
@JSON
def command(artefact: str, data: tuple[str, ...], output: str | None, as_json: bool) -> None:
    """Ask a saved model about new rows.

    DATA is a file, a folder of images, - for CSV on stdin, or one row as NAME=VALUE pairs:

    \b
    deepworth predict model/ height_cm=180 weight_kg=80 body_temperature_c=39.5
    """
    from ..comparison import predict as run
    from ..report import terminal

    terminal.check_output(output)
    terminal.show_predictions(run(artefact, data), output, as_json=as_json)
