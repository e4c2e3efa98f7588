"""`deepworth report`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ._options import STORE, options

JOIN = click.option(
    "--join",
    multiple=True,
    metavar="FILE",
    help="Show this too: what learning-curve or capacity wrote with -o FILE.json about the same data.",
)


@click.command()
@click.argument("run", default="last")
@click.option("-o", "--output", metavar="FILE", help="Where to write; - for standard output.")
@click.option("--format", type=click.Choice(["html", "md", "json"]), help="[default: by the file, or html]")
@JOIN
@options(STORE)
def command(run: str, output: str | None, format: str | None, **chosen: Any) -> None:
    """One page about a past RUN: HTML that works offline, Markdown or JSON. Trains nothing.

    RUN is its name, a start of it, or `last`. Without -o the page is RUN.html in this folder; as Markdown
    or JSON it is printed.
    """
    from ..runs.store import load_run
    from ..workflows.report import report

    if output is None and format in (None, "html"):
        output = f"{Path(load_run(run, chosen['store'])['run']).name}.html"
    target = None if output in (None, "-") else output
    text = report(run, target, format=format, **chosen)
    click.echo(text, nl=False) if target is None else click.echo(f"wrote {target}", err=True)
