"""Names beside points, none over another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_SIDES = ((7, 0, "left"), (-7, 0, "right"), (0, 8, "center"), (0, -9, "center"))


def name_points(axis: Any, points: Sequence[tuple[float, float, str]], fontsize: float = 8.5) -> None:
    """Write the name of each (x, y, name) beside it, first ones first; one without a place is left out.

    The figure must have a canvas that can measure texts, and its final size.
    """
    axis.figure.canvas.draw()  # the layout must stand before places can be measured
    renderer = axis.figure.canvas.get_renderer()
    places = [axis.transData.transform((x, y)) for x, y, _ in points]
    taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in places]
    inside = axis.bbox.extents
    for x, y, name in points:
        for dx, dy, side in _SIDES:
            text = axis.annotate(
                name, (x, y), (dx, dy), textcoords="offset points", ha=side, va="center", fontsize=fontsize
            )
            box = tuple(text.get_window_extent(renderer).extents)
            within = box[0] >= inside[0] and box[2] <= inside[2] + 8 and box[1] >= inside[1] - 4
            if within and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                break
            text.remove()


def _overlap(one: Any, other: Any) -> bool:
    return bool(one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3])
