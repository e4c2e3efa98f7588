"""The terminal's picture as SVG, for pages that show what the tool says."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from .terminal import comparison


def terminal_svg(answer: dict[str, Any], title: str = "deepworth compare", width: int = 112) -> str:
    """SVG of a comparison as a terminal shows it."""
    out = Console(record=True, width=width, file=io.StringIO(), highlight=False, force_terminal=True)
    for part in comparison(answer, width):
        out.print(part)
    return out.export_svg(title=title)
