"""Pictures of what is inside a model: coefficients, gradients, single units, probes, loss by epoch.

Each function draws into a figure, or into a part of one, from plain results only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .learning_plots import _GREY, COLOURS

_MOST = 12
_MARKERS = ("o", "s", "^", "D", "v", "P")  # of classes: six at most
_SHADES = ("#007c9e", "#d55e00", "#e69f00", "#1b4f9c", "#56b4e9", "#b5178a")
_AGAINST_FOR = ["#d55e00", "white", "#0072b2"]  # pixels cannot follow the colours of a page
_KINDS = {"input": ("D", "#5f6368"), "learned": ("o", "#007c9e"), "made by hand": ("s", "#b5178a")}


def blank(width: float, height: float) -> Any:
    """An empty figure, inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=160, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)  # can measure texts
    return figure


def places(part: Any, columns: int = 1) -> Any:
    """Axes side by side in a figure or a part of one."""
    axes = part.subplots(1, columns, squeeze=False)[0]
    for each in axes:
        each.spines[["top", "right"]].set_visible(False)
        each.tick_params(labelsize=10, colors="#333333")
    return axes


def short(text: str, most: int = 40) -> str:
    """A name that fits beside an axis."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _beside(axes: Any) -> None:
    """The legend where no point can be under it."""
    axes.legend(frameon=False, fontsize=9.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def coefficients(part: Any, found: dict[str, Any]) -> None:
    """What a standard deviation of an input adds to the score, the largest first; a marker a class."""
    lines = sorted(found["coefficients"], key=_largest, reverse=True)[:_MOST][::-1]
    outputs = list(lines[0]["standardised"])[: len(_SHADES)]
    (axes,) = places(part)
    axes.axvline(0, color=_GREY, linewidth=0.8)
    for place, name in enumerate(outputs):
        values = [line["standardised"][name] for line in lines]
        axes.plot(
            values, range(len(lines)), _MARKERS[place], color=_SHADES[place], label=short(str(name), 20)
        )
    if len(outputs) == 1:
        axes.hlines(range(len(lines)), 0, values, color=_SHADES[0], linewidth=1.6)
    else:
        _beside(axes)
    axes.set_yticks(range(len(lines)), [short(line["feature"]) for line in lines])
    axes.grid(axis="x", color="#e3e5e8", linewidth=0.8)
    what = f" for {short(str(outputs[0]), 20)}" if outputs[0] != "value" and len(outputs) == 1 else ""
    axes.set_xlabel(f"coefficient: what a standard deviation adds to the score{what}")


def _largest(line: dict[str, Any]) -> float:
    return float(max(abs(v) for v in line["standardised"].values()))


def gradients(part: Any, found: dict[str, Any]) -> None:
    """Mean size of what each part adds to the output."""
    parts = found["gradients"]["parts"][:_MOST][::-1]
    (axes,) = places(part)
    axes.barh(range(len(parts)), [p["mean_absolute"] for p in parts], color=COLOURS["deep"], alpha=0.85)
    axes.set_yticks(range(len(parts)), [short(p["part"]) for p in parts])
    axes.set_xlabel(f"integrated gradients: mean size of what it adds ({found['gradients']['unit']})")


def units(part: Any, found: dict[str, Any]) -> None:
    """What is lost without a hidden unit, and what the unit responds to."""
    shown = sorted(found["units"], key=lambda u: -u["loss"])[:_MOST][::-1]
    (axes,) = places(part)
    axes.barh(range(len(shown)), [u["loss"] for u in shown], color=COLOURS["deep"], alpha=0.85)
    axes.set_yticks(range(len(shown)), [_unit(u) for u in shown])
    axes.axvline(0, color=_GREY, linewidth=0.8)
    axes.set_xlabel("share of the target's variance that is not explained without the unit")


def _unit(unit: dict[str, Any]) -> str:
    most = unit["responds_to"][0] if unit["responds_to"] else None
    words = "" if most is None else f": {short(most['feature'], 28)} ({most['correlation']:+.2f})"
    return f"{short(unit['layer'], 18)} {unit['unit']}{words}"


def probes(part: Any, found: dict[str, Any]) -> None:
    """What a linear model reads from each layer, beside features made by hand."""
    rows = found["probes"][::-1]
    (axes,) = places(part)
    for kind, (marker, colour) in _KINDS.items():
        own = [(i, p) for i, p in enumerate(rows) if p["kind"] == kind]
        axes.hlines(
            [i for i, _ in own],
            [p["low"] for _, p in own],
            [p["high"] for _, p in own],
            color=colour,
            linewidth=1.6,
        )
        axes.plot([p["score"] for _, p in own], [i for i, _ in own], marker, color=colour, label=kind)
    axes.set_yticks(range(len(rows)), [f"{short(p['features'], 30)} ({p['width']:,})" for p in rows])
    axes.grid(axis="x", color="#e3e5e8", linewidth=0.8)
    _beside(axes)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel("what a linear model reads from it (accuracy or R², cross-validated)")


def loss(part: Any, found: dict[str, Any]) -> None:
    """The loss by epoch, and the epoch that was kept."""
    from matplotlib.ticker import MaxNLocator

    training = found["training"]
    (axes,) = places(part)
    epochs = range(1, len(training["loss"]) + 1)
    axes.plot(epochs, training["loss"], "-", color=COLOURS["deep"], linewidth=2, label="training rows")
    if training.get("val_loss"):
        axes.plot(epochs, training["val_loss"], "--", color="#d55e00", linewidth=2, label="rows that watch")
    axes.axvline(training["best_epoch"] + 1, color=_GREY, linewidth=1, linestyle=":", label="kept")
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _beside(axes)


def examples(part: Any, found: dict[str, Any]) -> None:
    """Attributions of a few pictures, each over its heat map, or of texts, their strongest words."""
    from matplotlib.ticker import MaxNLocator

    rows = found["examples"]
    if "pixels" in rows[0]:
        top, below = part.subplots(2, len(rows), squeeze=False)
        for row, picture, heat in zip(rows, top, below, strict=True):
            _heat(row, picture, heat)
        return
    for row, axes in zip(rows, places(part, len(rows)), strict=True):
        words = strongest(row)[::-1]
        colours = [COLOURS["deep"] if w["attribution"] > 0 else COLOURS["classical"] for w in words]
        axes.barh(range(len(words)), [w["attribution"] for w in words], color=colours)
        axes.set_yticks(range(len(words)), [short(w["part"], 16) for w in words])
        axes.axvline(0, color=_GREY, linewidth=0.8)
        axes.xaxis.set_major_locator(MaxNLocator(3))
        axes.set_title(f"row {row['row']}: for {short(str(row['class']), 16)}", fontsize=10.5)


def strongest(row: dict[str, Any], most: int = 8) -> list[dict[str, Any]]:
    """The words of a text that add or take most."""
    return sorted(row["parts"], key=lambda p: -abs(p["attribution"]))[:most]


def _heat(row: dict[str, Any], picture: Any, heat: Any) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    largest = max(abs(v) for line in row["pixels"] for v in line) or 1.0
    both = LinearSegmentedColormap.from_list("both", _AGAINST_FOR)
    picture.imshow(row["picture"], cmap="gray", vmin=0, vmax=1)
    heat.imshow(row["pixels"], cmap=both, vmin=-largest, vmax=largest)
    picture.set_title(f"row {row['row']}: for {short(str(row['class']), 16)}", fontsize=10.5)
    for axes in (picture, heat):
        axes.set_xticks([])
        axes.set_yticks([])


PANELS: dict[str, Callable[[Any, dict[str, Any]], None]] = {
    "coefficients": coefficients,
    "gradients": gradients,
    "examples": examples,
    "units": units,
    "probes": probes,
    "training": loss,
}
