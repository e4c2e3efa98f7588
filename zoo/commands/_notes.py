"""Python warnings as plain lines on standard error."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click


@contextmanager
def notes_on_stderr() -> Iterator[Callable[[str], None]]:
    """Show each warning once, as one line without its place in the code.

    Yields a function that shows a note in the same way.
    """
    shown: set[str] = set()

    def note(text: str) -> None:
        line = " ".join(str(text).split())
        if line not in shown:
            shown.add(line)
            click.echo(f"Note: {line}", err=True)

    def show(message: Any, category: Any, *location: Any, **more: Any) -> None:
        note(str(message))

    with warnings.catch_warnings():
        warnings.simplefilter("default", UserWarning)
        warnings.showwarning = show  # catch_warnings restores the old one
        yield note
