"""The command line. Its commands are the files of `zoo/commands`."""

from __future__ import annotations

if __name__ == "__main__":  # `python cli.py` hands over to the installed module
    import sys
    from importlib import import_module
    from pathlib import Path

    here = Path(__file__).resolve().parent
    sys.path[:] = [p for p in sys.path if Path(p).resolve() != here]
    sys.exit(import_module("deepworth.cli").main())

import click

from . import __version__
from .zoo.commands import Commands

_SETTINGS = {
    "help_option_names": ["-h", "--help"],
    "auto_envvar_prefix": "DEEPWORTH",
    "max_content_width": 100,
}


@click.group(cls=Commands, context_settings=_SETTINGS)
@click.version_option(__version__, prog_name="deepworth")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug: bool) -> None:
    """Is deep learning worth it on my data?

    \b
    deepworth compare                          embedded data, no download
    deepworth compare my.csv --target churn    a table
    deepworth compare photos/                  images, one sub-folder per class
    deepworth compare reviews.csv --target label --text review
    """
