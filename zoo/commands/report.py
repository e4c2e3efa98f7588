"""`deepworth report`."""

from __future__ import annotations

import sys
from typing import Any, Literal

import click

from ..report.output import say
from ._group import Command, option
from ._options import STORE, options

GROUP = "Compare and judge"
ORDER = 3


@click.command(cls=Command)
@click.argument("run", default="last")
@option(
    "-o",
    "--output",
    group="Output",
    metavar="FILE",
    help="Write the report to FILE; - is standard output.",
)
@option(
    "--format",
    group="Output",
    type=click.Choice(["html", "md", "json"]),
    metavar="FORMAT",
    show_default="by the name of FILE, else html",
    help="html, md or json.",
)
@option(
    "--join",
    group="Data",
    multiple=True,
    metavar="FILE",
    help="Add a result of learning-curve or capacity on the same data, written with -o FILE.json; may be "
    "given more than once.",
)
@options(STORE)
def command(
    run: str, output: str | None, format: Literal["html", "md", "json"] | None, **chosen: Any
) -> None:
    """Write a report of a past RUN as HTML, Markdown or JSON.

    Trains nothing. RUN is a run's name, its first characters, or `last`. The HTML page works offline.
    Without -o it is RUN.html in the current folder; Markdown and JSON are printed.
    """
    from ..report.output import json_for
    from ..runs.store import find_run
    from ..workflows.report import report

    if output is None and format in (None, "html"):
        output = f"{find_run(run, chosen['store']).name}.html"
    target = None if output in (None, "-") else output
    text = report(run, target, format=format, **chosen)
    if target is not None:
        say(f"wrote {target}")
    else:
        click.echo(json_for(text, sys.stdout) if format == "json" else text, file=sys.stdout, nl=False)
