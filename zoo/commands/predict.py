"""`deepworth predict`."""

from __future__ import annotations

import click

from ._options import JSON, QUIET


@click.command()
@click.argument("artefact")
@click.argument("data", nargs=-1, required=True)
@click.option(
    "-o", "--output", metavar="FILE", help="A file, written whole or not at all; else standard output."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "parquet", "jsonl"]),
    help="Of the answers.  [default: by the ending of FILE, else csv]",
)
@JSON
@QUIET
def command(
    artefact: str, data: tuple[str, ...], output: str | None, form: str | None, as_json: bool, quiet: bool
) -> None:
    """Ask a saved model about new rows.

    DATA is a file (CSV, Parquet or JSON lines, of any length), a folder of images, - for standard input, or
    one row as NAME=VALUE pairs:

    \b
    deepworth predict model/ height_cm=180 weight_kg=80 body_temperature_c=39.5
    """
    from ..report.output import ROWS, check_output
    from ..report.progress import Rows

    check_output(output, ROWS)
    from ..artefact.loading import load
    from ..artefact.predicting import answers_to, predict_parts
    from ._notes import notes_on_stderr

    with notes_on_stderr() as note:
        model = load(artefact)
        with Rows(enabled=not quiet) as counted, answers_to(output, "json" if as_json else form) as write:
            for columns in predict_parts(model, data, note):
                write(columns)
                counted.add(len(columns["prediction"]))
