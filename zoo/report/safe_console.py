"""A Rich console for texts that nobody has checked: names of columns, classes and models, messages."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from .output import safe


class SafeConsole(Console):
    """A console whose text holds no characters that terminals obey, wherever it came from."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As Rich renders it; colours and movements are Rich's own."""
        for part in super().render(renderable, options):
            yield part if part.control else Segment(safe(part.text), part.style)

    def on_broken_pipe(self) -> None:
        """The program that read the output has ended; that is no failure."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())
        sys.exit(0)
