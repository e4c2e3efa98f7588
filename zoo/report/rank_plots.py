"""Critical-difference diagrams (Demsar 2006), as png or svg, from plain results only."""

from __future__ import annotations

from typing import Any

from ...datasets._errors import InputError
from .learning_plots import COLOURS, _save

_ROW = 0.32  # inches for a model


def plot_rankings(answer: dict[str, Any], path: str) -> None:
    """A diagram for each modality with a ranking, one below the other."""
    from matplotlib.figure import Figure

    found = [f for f in answer["rankings"] if f["ranking"] is not None]
    if not found:
        raise InputError(f"cannot draw {path}: nothing is ranked, which takes two models on two datasets")
    heights = [1.3 + _ROW * _rows(f) for f in found]
    figure = Figure(figsize=(10.0, sum(heights) + 0.2), dpi=160, facecolor="white")
    grid = figure.add_gridspec(
        len(found), 1, height_ratios=heights, left=0.02, right=0.98, top=0.97, bottom=0.03
    )
    for place, each in enumerate(found):
        _draw(figure.add_subplot(grid[place]), each, answer["confidence_level"])
    _save(figure, path)


def _rows(found: dict[str, Any]) -> float:
    ranked = found["ranking"]
    return (len(ranked["models"]) + 1) // 2 + 0.5 * len(ranked["groups"])


def _draw(axes: Any, found: dict[str, Any], level: float) -> None:
    """The axis of ranks, best on the left; bars join models of which no pair differs."""
    ranked, k = found["ranking"], len(found["ranking"]["models"])
    ranks = ranked["mean_ranks"]
    half, below = (k + 1) // 2, 0.4 + 0.5 * len(ranked["groups"])
    wide = 0.55 * (k - 1)
    axes.set_xlim(1 - wide, k + wide)
    axes.set_ylim(-(below + half + 0.3), 2.4)
    axes.axis("off")
    axes.plot([1, k], [0, 0], color="#333333", linewidth=1.2)
    for tick in range(1, k + 1):
        axes.plot([tick, tick], [0, 0.15], color="#333333", linewidth=1)
        axes.text(tick, 0.25, str(tick), ha="center", va="bottom", fontsize=10, color="#333333")
    for place, (name, rank) in enumerate(zip(ranked["models"], ranks, strict=True)):
        left = place < half
        depth = -(below + (place if left else k - 1 - place) + 0.3)
        end = 1 - 0.06 * k if left else k + 0.06 * k
        colour = COLOURS[found["families"][name]]
        axes.plot([rank, rank, end], [0, depth, depth], color=colour, linewidth=1.2)
        words = f"{name}  {rank:.2f}" if left else f"{rank:.2f}  {name}"
        axes.text(
            end, depth, f" {words} ", ha="right" if left else "left", va="center", fontsize=11, color=colour
        )
    by_name = dict(zip(ranked["models"], ranks, strict=True))
    for place, group in enumerate(ranked["groups"]):
        ends = [by_name[group[0]] - 0.02 * k, by_name[group[-1]] + 0.02 * k]
        axes.plot(ends, [-0.35 - 0.5 * place] * 2, color="#333333", linewidth=4, solid_capstyle="round")
    _draw_scale(axes, ranked, found, level)


def _draw_scale(axes: Any, ranked: dict[str, Any], found: dict[str, Any], level: float) -> None:
    k, width = len(ranked["models"]), ranked["critical_difference"]
    axes.text(
        1 - 0.55 * (k - 1),
        2.35,
        f"Mean ranks over {found['datasets']} datasets ({found['modality']}). Bars: no pair differs by the "
        f"{ranked['test']} test with Holm's correction, {level:.0%}",
        fontsize=10,
        va="top",
        color="#5f6368",
    )
    shown = min(width, k - 1.0)
    words = f"Nemenyi's critical difference {width:.2f}" + (" (wider than the axis)" if width > shown else "")
    axes.plot([1, 1 + shown], [1.1, 1.1], color="#5f6368", linewidth=1.2, marker="|")
    axes.text(1, 1.25, words, ha="left", va="bottom", fontsize=9, color="#5f6368")
