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
@option(
    "--safe-csv",
    group="Output",
    is_flag=True,
    help="In CSV, put ' before texts that spreadsheets would take for formulas (= + - @).",
)
@options(JSON, QUIET)
def command(
    artefact: str,
    data: tuple[str, ...],
    output: str | None,
    form: str | None,
    safe_csv: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Predict new rows with a saved model.

    DATA is a file (CSV, Parquet or JSON lines, of any length), a folder or zip archive of images, - for
    standard input, or one row as NAME=VALUE pairs:

    \b
    deepworth predict model/ height_cm=180 weight_kg=80 body_temperature_c=39.5
    """
    from ..artefact.one_row import is_one_row
    from ..report.output import ROWS, check_output
    from ._running import notes_on_stderr

    check_output(output, ROWS)
    with notes_on_stderr() as note:
        if is_one_row(data) and output is None and form != "parquet" and not safe_csv:
            from ..export import predict_one

            if predict_one(artefact, data, "json" if as_json else form or "csv", note):
                return
        from ..artefact import answers_to, load, predict_parts
        from ..report.progress import Rows

        model = load(artefact)
        with (
            Rows(enabled=not quiet) as counted,
            answers_to(output, "json" if as_json else form, no_formulas=safe_csv) as write,
        ):
            for columns in predict_parts(model, data, note):
                write(columns)
                counted.add(len(columns["prediction"]))
