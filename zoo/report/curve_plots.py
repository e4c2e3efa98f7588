"""Pictures of learning curves and of capacity, as png or svg, from plain results only.

Names beside points, none over another.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...datasets import InputError

# Cyan and magenta as in the terminal, dark enough for white paper; apart for every kind of colour blindness,
# and the markers differ too.
COLOURS = {"deep": "#007c9e", "classical": "#b5178a"}
DEPTHS = ("#80cce0", "#60a9be", "#40869c", "#206379", "#004059")
_MARKERS = {"deep": "o", "classical": "s"}
_NAMES = {"deep": "deep learning", "classical": "classical learning"}
_GREY = "#5f6368"
_SIZE = (10.0, 5.8)  # inches, close to 16:9


def check_plot(path: str | None) -> None:
    """Refuse a picture that cannot be written before the work begins."""
    if path is None:
        return
    target = Path(path)
    if target.suffix.lower() not in (".png", ".svg"):
        raise InputError(f"cannot draw {path}: expected a name ending in .png or .svg")
    if target.is_dir() or not target.absolute().parent.is_dir():
        raise InputError(f"cannot draw {path}: its folder does not exist")


def plot_learning_curve(answer: dict[str, Any], path: str) -> None:
    """Draw a learning curve into a file."""
    _save(draw_learning_curve(answer), path)


def draw_learning_curve(answer: dict[str, Any]) -> Any:
    """Both families' scores over the training rows, their curves with bands, and the crossover."""
    figure, (axes,) = _figure(1)
    sizes = answer["plan"]["sizes"]
    found = answer["crossover"]
    for family, curve in answer["curves"].items():
        _draw_curve(axes, family, curve, sizes[-1])
    for family in COLOURS:
        _draw_points(axes, family, [r for r in answer["families"] if r["family"] == family])
    axes.set_xscale("log")
    beyond = bool(answer["curves"]) and found["reach"] > sizes[-1]
    right = found["reach"] if beyond else sizes[-1] * 1.15
    axes.set_xlim(sizes[0] / 1.15, right)
    _frame_scores(axes, answer)
    if beyond:
        _draw_beyond(axes, answer, sizes[-1], right)
    _draw_crossover(axes, found, 0.965 if answer["metric"]["greater_is_better"] else 0.035)
    _label_families(axes, answer)
    _row_ticks(axes)
    axes.set_xlabel("training rows (logarithmic)")
    axes.set_ylabel(_score_label(answer["metric"]))
    _titles(figure, found["headline"], _curve_subtitle(answer))
    return figure


def _figure(columns: int) -> tuple[Any, Any]:
    """A figure of its own, without pyplot's global state, and its axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, dpi=160, facecolor="white")
    axes = figure.subplots(1, columns, squeeze=False)[0]
    for each in axes:
        each.spines[["top", "right"]].set_visible(False)
        each.grid(axis="y", color="#e3e5e8", linewidth=0.8)
        each.set_axisbelow(True)
        each.tick_params(labelsize=12, colors="#333333")
        each.xaxis.label.set_size(13)
        each.yaxis.label.set_size(13)
    return figure, axes


def _draw_curve(axes: Any, family: str, curve: dict[str, Any], largest: int) -> None:
    """Solid where it was measured, dashed where it is drawn on."""
    colour = COLOURS[family]
    axes.fill_between(
        curve["rows"], curve["score_low"], curve["score_high"], color=colour, alpha=0.14, linewidth=0
    )
    for style, part in (("-", _within(curve, 0, largest)), ((0, (4, 3)), _within(curve, largest, None))):
        axes.plot(*part, color=colour, linewidth=2.2, linestyle=style)


def _within(curve: dict[str, Any], low: float, high: float | None) -> tuple[list[float], list[float]]:
    """The part of a curve between two sizes, with one point more so that the parts meet."""
    rows = curve["rows"]
    first = max((i for i, n in enumerate(rows) if n <= low), default=0)
    last = len(rows) if high is None else max(i for i, n in enumerate(rows) if n <= high) + 1
    return rows[first:last], curve["score"][first:last]


def _draw_points(axes: Any, family: str, rows: list[dict[str, Any]]) -> None:
    known = [r for r in rows if r["score"] is not None]
    if known:
        axes.plot(
            [r["size"] for r in known],
            [r["score"] for r in known],
            _MARKERS[family],
            color=COLOURS[family],
            markersize=8,
            markeredgecolor="white",
            markeredgewidth=1.0,
            zorder=4,
        )


def _frame_scores(axes: Any, answer: dict[str, Any]) -> None:
    """Room for all points and curves, and for bands as far as they are not wild."""
    values = [r["score"] for r in answer["families"] if r["score"] is not None]
    values += [v for curve in answer["curves"].values() for v in curve["score"]]
    if not values:
        return
    span = (max(values) - min(values)) or max(abs(max(values)), 1e-3) * 0.1
    least, most = answer["metric"]["bounds"]
    low, high = min(values) - 0.22 * span, max(values) + 0.22 * span
    axes.set_ylim(
        low if least is None else max(low, least), high if most is None else min(high, most + 0.02 * span)
    )


def _draw_beyond(axes: Any, answer: dict[str, Any], largest: int, right: float) -> None:
    """What was not measured stands on grey."""
    axes.axvspan(largest, right, color="#f1f2f4", zorder=0, linewidth=0)
    rising = answer["metric"]["greater_is_better"]
    axes.annotate(
        "beyond the data:\nnot measured",
        ((largest * right) ** 0.5, 0.17 if rising else 0.83),  # beside the legend, away from the curves
        xycoords=axes.get_xaxis_transform(),
        ha="center",
        va="bottom" if rising else "top",
        fontsize=11.5,
        color=_GREY,
    )


def _draw_crossover(axes: Any, found: dict[str, Any], height: float) -> None:
    """A line at the crossover, and its interval as a bar across it."""
    if found["outcome"] != "crossover" or found["rows"] is None:
        return
    low = found["low"] or axes.get_xlim()[0]
    high = found["high"] or axes.get_xlim()[1]
    across = axes.get_xaxis_transform()
    axes.axvline(found["rows"], color="#222222", linewidth=1.4, linestyle=":")
    axes.plot([low, high], [height, height], color="#222222", linewidth=2.0, transform=across, clip_on=False)
    for end, known in ((low, found["low"]), (high, found["high"])):
        marker = "|" if known else ("<" if end == low else ">")
        axes.plot(end, height, marker, color="#222222", markersize=9, transform=across, clip_on=False)
    axes.plot(found["rows"], height, "D", color="#222222", markersize=7, transform=across)


def _label_families(axes: Any, answer: dict[str, Any]) -> None:
    """A legend with the champion's name at the largest size."""
    from matplotlib.lines import Line2D

    handles = []
    for family, colour in COLOURS.items():
        rows = [r for r in answer["families"] if r["family"] == family]
        if rows:
            best = max(rows, key=lambda r: r["size"])["champion"]
            label = f"{_NAMES[family]} (at last {best})"
            handles.append(Line2D([], [], color=colour, marker=_MARKERS[family], linewidth=2.2, label=label))
    place = "lower right" if answer["metric"]["greater_is_better"] else "upper right"
    if handles:
        axes.legend(handles=handles, loc=place, frameon=True, framealpha=0.9, edgecolor="none", fontsize=12)


def _row_ticks(axes: Any) -> None:
    """100, 200, 500, 1,000 and so on, as few as can be read."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    low, high = axes.get_xlim()
    wide = high / low > 3000
    axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1.0,) if wide else (1.0, 3.0)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda n, _: f"{n:,.0f}"))


def _score_label(metric: dict[str, Any]) -> str:
    return f"{metric['label']} ({'higher' if metric['greater_is_better'] else 'lower'} is better)"


def _curve_subtitle(answer: dict[str, Any]) -> str:
    plan, found = answer["plan"], answer["crossover"]
    text = f"{answer['dataset']['name']}: {len(plan['sizes'])} sizes, {plan['repeats']} repeats"
    level = f"{answer['confidence_level']:.0%}"
    if found["outcome"] == "crossover":
        return f"{text}; {level} interval of the crossover: {found['interval']} rows; bands: {level}"
    return f"{text}; bands: {level} of what the curve may be"


def plot_capacity(answer: dict[str, Any], path: str) -> None:
    """Draw a grid of networks into a file."""
    _save(draw_capacity(answer), path)


def draw_capacity(answer: dict[str, Any]) -> Any:
    """Score, and seconds of one fit, over the units of a layer; a line for each number of layers."""
    figure, (scores, times) = _figure(2)
    depths = sorted({r["layers"] for r in answer["networks"] if r["layers"]})
    for place, depth in enumerate(depths):
        rows = [r for r in answer["networks"] if r["layers"] == depth and r["score"] is not None]
        offset = (place - (len(depths) - 1) / 2) * 0.09
        look = {"color": _shade(place, len(depths)), "marker": "os^Dv"[place % 5], "linewidth": 2.2}
        _draw_depth(scores, times, answer, rows, offset, {**look, "markersize": 8, "label": _layers(depth)})
    _draw_linear(scores, times, answer)
    for axes in (scores, times):
        axes.set_xticks(range(len(answer["plan"]["units"])), [f"{n:,}" for n in answer["plan"]["units"]])
        axes.set_xlim(-0.4, len(answer["plan"]["units"]) - 0.6)
        axes.set_xlabel("units in each hidden layer")
    scores.set_ylabel(_score_label(answer["metric"]))
    times.set_ylabel("seconds to train one network")
    times.set_ylim(bottom=0)
    low, high = times.get_ylim()
    times.set_ylim(low, high + (high - low) * 0.09 * (len(depths) + 1))  # room for the legend
    times.legend(loc="upper left", frameon=True, framealpha=0.9, edgecolor="none", fontsize=12)
    level, folds = f"{answer['confidence_level']:.0%}", answer["plan"]["folds"] * answer["plan"]["repeats"]
    text = f"{answer['dataset']['name']}: {answer['plan']['model']}, {folds} folds, bars: {level} intervals"
    _titles(figure, answer["headline"], text)
    return figure


def _draw_depth(
    scores: Any, times: Any, answer: dict[str, Any], rows: list[dict[str, Any]], offset: float, look: Any
) -> None:
    places = [answer["plan"]["units"].index(r["units"]) + offset for r in rows]
    values = [r["score"] for r in rows]
    scores.plot(places, values, **look)
    for x, r in zip(places, rows, strict=True):
        if r["score_low"] is not None:
            scores.plot(
                [x, x], [r["score_low"], r["score_high"]], color=look["color"], linewidth=1.3, alpha=0.6
            )
    timed = [(x, r["fit_seconds"]) for x, r in zip(places, rows, strict=True) if r["fit_seconds"] is not None]
    times.plot([x for x, _ in timed], [s for _, s in timed], **look)


def _draw_linear(scores: Any, times: Any, answer: dict[str, Any]) -> None:
    """The network without hidden layers as a level line: it has no units."""
    for r in answer["networks"]:
        if r["layers"] == 0 and r["score"] is not None:
            look = {"color": _GREY, "linestyle": "--", "linewidth": 1.6, "label": "no hidden layer"}
            scores.axhline(r["score"], **look)
            if r["fit_seconds"] is not None:
                times.axhline(r["fit_seconds"], **look)


def _layers(depth: int) -> str:
    return f"{depth} hidden layer{'s' if depth > 1 else ''}"


def _shade(place: int, of: int) -> str:
    """From light to dark in the colour of deep learning."""
    return DEPTHS[round(place / max(1, of - 1) * (len(DEPTHS) - 1))]


def _titles(figure: Any, title: str, subtitle: str) -> None:
    figure.subplots_adjust(left=0.095, right=0.96, top=0.86, bottom=0.12, wspace=0.26)
    figure.text(0.02, 0.945, title, fontsize=17, fontweight="bold", color="#202124")
    figure.text(0.02, 0.893, subtitle, fontsize=11.5, color=_GREY)


_UNSIGNED: dict[str, dict[str, Any]] = {  # without dates, and without addresses of schemas
    "svg": {"Date": None, "Type": None, "Creator": None, "Format": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def _save(figure: Any, path: str) -> None:
    """Whole or not at all, and the same file for the same result."""
    import matplotlib

    target = Path(path)
    draft = target.with_name(f".{target.name}.part")
    kind = target.suffix.lower().lstrip(".")
    metadata = _UNSIGNED[kind]
    with matplotlib.rc_context({"svg.hashsalt": "deepworth"}):
        figure.savefig(draft, format=kind, metadata=metadata)
    draft.replace(target)


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
