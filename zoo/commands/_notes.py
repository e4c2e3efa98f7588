"""Warnings of Python as lines that a person reads, on standard error."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click


@contextmanager
def notes_on_stderr() -> Iterator[Callable[[str], None]]:
    """Each warning once, in one line without the place in the code; the function given says a note."""
    told: set[str] = set()

    def note(text: str) -> None:
        line = " ".join(str(text).split())
        if line not in told:
            told.add(line)
            click.echo(f"Note: {line}", err=True)

    def show(message: Any, category: Any, *where: Any, **more: Any) -> None:
        note(str(message))

    with warnings.catch_warnings():
        warnings.simplefilter("default", UserWarning)
        warnings.showwarning = show  # catch_warnings puts the old one back
        yield note
