"""Figures of matplotlib as part of a page: text stays text, colours follow the page's theme."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

# What the pictures are drawn with, and what the page calls it. Families are those of Okabe and Ito (2008) in
# the style sheet, lighter on dark ground; markers and lines differ as well.
THEME = {
    "#000000": "currentColor",
    "#202124": "currentColor",
    "#222222": "currentColor",
    "#262626": "currentColor",
    "#333333": "currentColor",
    "#5f6368": "var(--muted)",
    "#707070": "var(--muted)",
    "#e3e5e8": "var(--line)",
    "#cccccc": "var(--line)",
    "#e6e6e6": "var(--line)",
    "#f1f2f4": "var(--shade)",
    "#ffffff": "var(--paper)",
    "#007c9e": "var(--deep)",
    "#56b4e9": "var(--deep-2)",
    "#1b4f9c": "var(--deep-3)",
    "#b5178a": "var(--classical)",
    "#e69f00": "var(--classical-2)",
    "#d55e00": "var(--classical-3)",
    "#80cce0": "var(--depth-1)",
    "#60a9be": "var(--depth-2)",
    "#40869c": "var(--depth-3)",
    "#206379": "var(--depth-4)",
    "#004059": "var(--depth-5)",
}
DEEP, CLASSICAL, MUTED, LINE, TEXT = "#007c9e", "#b5178a", "#5f6368", "#e3e5e8", "#202124"
COLOURS = {"deep": DEEP, "classical": CLASSICAL}
MARKERS = {"deep": "o", "classical": "s"}

_SETTINGS: Any = {
    "svg.fonttype": "none",  # letters stay letters: they can be searched, read aloud and resized
    "svg.hashsalt": "deepworth",
    "text.parse_math": False,  # a dollar in somebody's class name is a dollar
    "text.color": TEXT,
    "axes.labelcolor": TEXT,
    "axes.edgecolor": MUTED,
    "xtick.color": TEXT,
    "ytick.color": TEXT,
    "font.size": 10.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
}


@dataclass(frozen=True)
class Picture:
    """A figure with the words that stand for it, and its numbers as a table."""

    svg: Markup
    title: str
    caption: str
    header: list[str]
    rows: list[list[str]]


@contextmanager
def drawing() -> Iterator[None]:
    """The look of every picture, whatever the user's own settings of matplotlib are."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


def canvas(height: float, columns: int = 1, width: float = 9.0, **options: Any) -> tuple[Any, Any]:
    """A figure of its own (inches), without pyplot's global state, and its axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)  # can measure texts
    axes = figure.subplots(1, columns, squeeze=False, **options)[0]
    return figure, axes


def inline(figure: Any, name: str, description: str) -> Markup:
    """The figure as SVG inside HTML; ``name`` keeps its ids apart from those of other figures."""
    stream = io.StringIO()
    nothing = {"Date": None, "Type": None, "Creator": None, "Format": None}
    figure.savefig(stream, format="svg", metadata=nothing, transparent=True)
    return Markup(_adopted(stream.getvalue(), name, description))  # matplotlib escapes the texts


def _adopted(text: str, name: str, description: str) -> str:
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r' xmlns(:xlink)?="[^"]*"', "", text).replace("xlink:href", "href")
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", text)
    text = re.sub(r"#[0-9a-f]{6}\b", lambda match: THEME.get(match.group(), match.group()), text)
    label = Markup.escape(description)
    return re.sub(r"<svg ", f'<svg role="img" aria-label="{label}" ', text, count=1)
