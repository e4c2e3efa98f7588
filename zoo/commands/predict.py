"""`deepworth predict`."""

from __future__ import annotations

import click

from ._group import Command, option
from ._options import JSON, QUIET, options

GROUP = "Train and use"
ORDER = 3


@click.command(cls=Command)
@click.argument("artefact")
@click.argument("data", nargs=-1, required=True)
@option(
    "-o",
    "--output",
    group="Output",
    metavar="FILE",
    show_default="standard output",
    help="Write the predictions to FILE, which appears only when it is complete.",
)
@option(
    "--format",
    "form",
    group="Output",
    type=click.Choice(["csv", "parquet", "jsonl"]),
    metavar="FORMAT",
    show_default="by the name of FILE, else csv",
    help="csv, parquet or jsonl.",
)
@options(JSON, QUIET)
def command(
    artefact: str, data: tuple[str, ...], output: str | None, form: str | None, as_json: bool, quiet: bool
) -> None:
    """Predict new rows with a saved model.

    DATA is a file (CSV, Parquet or JSON lines, of any length), a folder or zip archive of images, - for
    standard input, or one row as NAME=VALUE pairs:

    \b
    deepworth predict model/ height_cm=180 weight_kg=80 body_temperature_c=39.5
    """
    from ..report.output import ROWS, check_output
    from ..report.progress import Rows

    check_output(output, ROWS)
    from ..artefact import answers_to, load, predict_parts
    from ._running import notes_on_stderr

    with notes_on_stderr() as note:
        model = load(artefact)
        with Rows(enabled=not quiet) as counted, answers_to(output, "json" if as_json else form) as write:
            for columns in predict_parts(model, data, note):
                write(columns)
                counted.add(len(columns["prediction"]))
