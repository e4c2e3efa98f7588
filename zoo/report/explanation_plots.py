"""Explanations as pictures, png or svg, from plain results only; every number is in the tables too."""

from __future__ import annotations

from typing import Any

from ...datasets._errors import InputError
from . import inside_plots
from ._labels import name_points
from .inside_plots import blank, short
from .learning_plots import _GREY, COLOURS, _save, check_plot

__all__ = ["check_plot", "plot"]

_MARKERS = {"deep": "o", "classical": "s"}
_MOST = 12
_SIZE = (10.0, 5.8)


def plot(answer: dict[str, Any], path: str) -> None:
    """Accuracy against readability of a run; of a model the row that was asked for, or its importance."""
    check_plot(path)
    _save(draw(answer), path)


def draw(answer: dict[str, Any]) -> Any:
    """The figure that suits what was found, without any state shared with other figures."""
    if "models" in answer:
        return readability(answer)
    rows = answer.get("gradients", {}).get("rows") if answer.get("gradients") else None
    if rows:
        return _pixels(answer, rows[0]) if "pixels" in rows[0] else _contributions(answer, rows[0])
    found = panels(answer)
    if not found:
        raise InputError(
            "there is nothing to draw: choose a method that this model has, or of pictures one (--row N)"
        )
    figure = blank(_SIZE[0], 4.6 * len(found))
    for part, (_, put) in zip(figure.subfigures(len(found), 1, squeeze=False)[:, 0], found, strict=True):
        put(part, answer)
    figure.suptitle(f"{answer['model']} on {answer['dataset']}", x=0.02, ha="left", fontsize=15)
    return figure


def panels(found: dict[str, Any]) -> list[tuple[str, Any]]:
    """What can be drawn of the explanations of one model: names, and functions of a figure (or a part of
    one) and the explanations."""
    own = {"importance": importance, "dependence": curves, **inside_plots.PANELS}
    return [(name, put) for name, put in own.items() if _anything(found.get(name))]


def _anything(found: Any) -> bool:
    """Whether there is something to draw: of pictures neither importance nor gradients may have parts."""
    return bool(found["parts"] if isinstance(found, dict) and "parts" in found else found)


def _figure(columns: int = 1) -> tuple[Any, Any]:
    figure = blank(*_SIZE)
    return figure, inside_plots.places(figure, columns)


def readability(answer: dict[str, Any], size: tuple[float, float] = _SIZE, *, titled: bool = True) -> Any:
    """The score of every model over what a small surrogate foretells of it.

    ``answer`` has ``leaderboard`` (``model``, ``family``, ``score``, ``fidelity``), ``metric`` and
    ``dataset``: the result of a comparison as well as that of ``deepworth explain RUN``.
    """
    rows = [r for r in answer["leaderboard"] if r.get("fidelity") is not None and r["score"] is not None]
    rows = [r for r in rows if r["model"] != "constant"]
    if not rows:
        raise InputError("no model of this run has a score and a surrogate")
    figure = blank(*size)
    (axes,) = inside_plots.places(figure)
    for family in COLOURS:
        own = [r for r in rows if r["family"] == family]
        look = {"color": COLOURS[family], "marker": _MARKERS[family], "label": f"{family} learning"}
        x, y = [max(0.0, r["fidelity"]) for r in own], [r["score"] for r in own]
        axes.plot(x, y, linestyle="", markersize=9, markeredgecolor="white", **look)
    if not answer["metric"]["greater_is_better"]:
        axes.invert_yaxis()
    axes.set_xlim(-0.02, 1.02)
    axes.margins(y=0.15)
    axes.grid(color="#e3e5e8", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_xlabel(
        "readable: share of its answers that eight rules or eight terms foretell (R²)", fontsize=12
    )
    axes.set_ylabel(f"{answer['metric']['label']} (better is up)", fontsize=12)
    figure.legend(frameon=False, fontsize=11, loc="outside lower right", ncols=2)
    if titled:
        title = f"{answer['dataset']['name']}: what does accuracy cost in readability?"
        axes.set_title(title, loc="left", fontsize=15)
    ranked = sorted(rows, key=lambda r: -r["fidelity"])
    name_points(axes, [(max(0.0, r["fidelity"]), r["score"], r["model"]) for r in ranked], fontsize=10)
    return figure


def importance(part: Any, answer: dict[str, Any]) -> None:
    """Importance of the most important parts with their intervals."""
    parts = answer["importance"]["parts"][:_MOST][::-1]
    (axes,) = inside_plots.places(part)
    values = [p["importance"] for p in parts]
    ends = [[p["importance"] - p["low"] for p in parts], [p["high"] - p["importance"] for p in parts]]
    colour = COLOURS[answer["family"]]
    axes.barh(range(len(parts)), values, xerr=ends, color=colour, alpha=0.85, ecolor="#222222", capsize=3)
    axes.set_yticks(range(len(parts)), [short(p["part"]) for p in parts])
    axes.axvline(0, color=_GREY, linewidth=0.8)
    axes.set_xlabel("importance: share of the target's variance that is explained no longer")


def curves(part: Any, answer: dict[str, Any]) -> None:
    """Partial dependence (thick) over single rows (thin), of the four columns that change the answer most."""
    found = sorted(answer["dependence"], key=lambda c: -c["range"])[:4]
    axes = inside_plots.places(part, len(found))
    colour = COLOURS[answer["family"]]
    for one, curve in zip(axes, found, strict=True):
        name = max(curve["mean"], key=lambda n: max(curve["mean"][n]) - min(curve["mean"][n]))
        x = curve["grid"] if curve["kind"] == "number" else list(range(len(curve["grid"])))
        first = name == next(iter(curve["mean"]))  # whose single rows are known
        for row in curve["curves"] if first else []:
            one.plot(x, row, color=_GREY, linewidth=0.6, alpha=0.5)
        one.fill_between(x, curve["low"][name], curve["high"][name], color=colour, alpha=0.25)
        one.plot(x, curve["mean"][name], color=colour, linewidth=2.6)
        if curve["kind"] == "category":
            one.set_xticks(x, [short(str(level), 14) for level in curve["grid"]], rotation=45, ha="right")
        one.set_xlabel(short(curve["column"], 28))
        one.set_title(short(name, 24), fontsize=11)
    axes[0].set_ylabel("answer")


def _contributions(answer: dict[str, Any], row: dict[str, Any]) -> Any:
    """What the strongest parts of one row add, for and against."""
    parts = sorted(row["parts"], key=lambda p: -abs(p["attribution"]))[:_MOST][::-1]
    figure, (axes,) = _figure()
    values = [p["attribution"] for p in parts]
    colours = [COLOURS["deep"] if v > 0 else COLOURS["classical"] for v in values]
    axes.barh(range(len(parts)), values, color=colours, hatch=None)
    axes.set_yticks(range(len(parts)), [short(p["part"]) for p in parts])
    axes.axvline(0, color=_GREY, linewidth=0.8)
    said = f" for {row['class']}" if row["class"] is not None else ""
    axes.set_xlabel(f"adds to the output{said} ({answer['gradients']['unit']})", fontsize=12)
    axes.set_title(f"{answer['model']}, row {row['row']}: integrated gradients", loc="left", fontsize=15)
    return figure


def _pixels(answer: dict[str, Any], row: dict[str, Any]) -> Any:
    """The picture beside its heat map, from against (magenta) over nothing (white) to for (cyan)."""
    from matplotlib.colors import LinearSegmentedColormap

    figure, (left, right) = _figure(2)
    left.imshow(row["picture"], cmap="gray", vmin=0, vmax=1)
    left.set_title("as the network sees it", fontsize=12)
    largest = max(abs(v) for line in row["pixels"] for v in line) or 1.0
    both = LinearSegmentedColormap.from_list("both", [COLOURS["classical"], "white", COLOURS["deep"]])
    shown = right.imshow(row["pixels"], cmap=both, vmin=-largest, vmax=largest)
    right.set_title(f"adds to the output for {row['class']}", fontsize=12)
    for axes in (left, right):
        axes.set_xticks([])
        axes.set_yticks([])
    figure.colorbar(shown, ax=right, shrink=0.7, label=answer["gradients"]["unit"])
    figure.suptitle(
        f"{answer['model']}, row {row['row']}: integrated gradients", x=0.02, ha="left", fontsize=15
    )
    return figure
