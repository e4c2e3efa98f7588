"""Pictures of docs/images from kept results. Letters stay letters, and paths take few lines.

``reliability.svg`` is not among them, since the predictions that it shows are not kept. It is what
``deepworth calibration last --plot reliability.svg`` draws after
``deepworth compare -m deep-mlp,hist-gradient-boosting``, written by :func:`drawn`.
"""

from __future__ import annotations

import html
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _common import kept

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"

TERMINALS = {"sick-healthy": "deepworth compare", "triage-notes": "deepworth compare triage-notes"}
LEARNING_CURVES = ("adult", "covertype_15k", "imdb")


def pictures() -> dict[Path, str]:
    """The text of every picture whose result is kept, by its file."""
    from deepworth.zoo.report.curve_plots import plot_capacity, plot_learning_curve
    from deepworth.zoo.report.terminal import terminal_svg
    from deepworth.zoo.results.answer import Answer
    from deepworth.zoo.results.curves import CapacityAnswer, LearningCurveAnswer

    found: dict[str, str] = {}
    for name, command in TERMINALS.items():
        if result := kept(f"tradeoff-{name}"):
            found[name] = terminal_svg(Answer.from_dict(result), command)
    for name in LEARNING_CURVES:
        result = kept(f"crossover_{name}")
        if (
            result and "gains" in result
        ):  # kept before they were: the picture stays until it is measured again
            found[f"learning-curve-{name}"] = drawn(
                plot_learning_curve, LearningCurveAnswer.from_dict(result)
            )
    if result := kept("capacity"):
        found["capacity-sick-healthy"] = drawn(plot_capacity, CapacityAnswer.from_dict(result))
    return {IMAGES / f"{name}.svg": text for name, text in found.items()}


def drawn(plot: Callable[[Any, str], None], answer: Any) -> str:
    """What a function draws of an answer, as a compact SVG."""
    import matplotlib

    with tempfile.TemporaryDirectory() as folder, matplotlib.rc_context({"svg.fonttype": "none"}):
        path = Path(folder) / "picture.svg"
        plot(answer, str(path))
        return compact(path.read_text(encoding="utf-8"))


def compact(svg: str) -> str:
    """The same picture with each path in one line, to a hundredth of a point."""

    def path(match: re.Match[str]) -> str:
        numbers = re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", match[1])
        return f' d="{" ".join(numbers.split())}"'

    return re.sub(r' d="([^"]*)"', path, svg)


def words(svg: str) -> list[str]:
    """What a picture says; where it says it depends on the version of the library that drew it."""
    return [html.unescape(text).strip() for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]
