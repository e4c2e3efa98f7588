"""Pictures of learning curves and of capacity, as png or svg; and names beside points without overlap."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from ...datasets import InputError
from ..results.curves import (
    CapacityAnswer,
    Crossover,
    FamilyCurve,
    FamilyScore,
    GainCurve,
    LearningCurveAnswer,
    NetworkScore,
    SizeGain,
    SweepMetric,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Cyan and magenta as in the terminal, dark enough for white paper and distinct for every kind of colour
# blindness; the markers differ too.
COLOURS = {"deep": "#007c9e", "classical": "#b5178a", "pretrained": "#007a5a"}
DEPTHS = ("#80cce0", "#60a9be", "#40869c", "#206379", "#004059")
_MARKERS = {"deep": "o", "classical": "s", "pretrained": "^"}
_NAMES = {
    "deep": "deep learning",
    "classical": "classical learning",
    "pretrained": "deep learning (pretrained)",
}
_GREY = "#5f6368"
_OTHERS = "#9a5b00"  # all models but the pretrained ones
_SIZE = (10.0, 5.8)  # inches, close to 16:9
_HIGH = (10.0, 7.4)
_TITLE, _LETTERS = 17.0, 66  # size of a title, and how many letters of that size fit


def check_plot(path: str | None) -> None:
    """Refuse a picture that cannot be written before the work begins."""
    if path is None:
        return
    target = Path(path)
    if target.suffix.lower() not in (".png", ".svg"):
        raise InputError(f"cannot draw {path}: expected a name ending in .png or .svg")
    if target.is_dir() or not target.absolute().parent.is_dir():
        raise InputError(f"cannot draw {path}: its folder does not exist")


def plot_learning_curve(answer: LearningCurveAnswer, path: str) -> None:
    """Draw a learning curve into a file."""
    _save(draw_learning_curve(answer), path)


def draw_learning_curve(answer: LearningCurveAnswer) -> Figure:
    """All families' scores over the training rows, and below them the gains that are spoken of."""
    crossover, gains = answer.crossover, _gains(answer)
    figure, (axes, *below) = _stacked(len(gains)) if gains else _figure(1)
    _draw_families(axes, answer)
    for each, gain in zip(below, gains, strict=True):
        _draw_gain(each, gain, crossover.largest)
        each.set_xlim(axes.get_xlim())
    for each in (axes, *below):
        _row_ticks(each)
        each.tick_params(labelbottom=each is (axes, *below)[-1])
    lowest = (axes, *below)[-1]
    lowest.set_xlabel("training rows (logarithmic)")
    _titles(figure, crossover.claim, _curve_subtitle(answer))
    return figure


def _draw_families(axes: Axes, answer: LearningCurveAnswer) -> None:
    sizes, crossover = answer.plan.sizes, answer.crossover
    for family, curve in answer.curves.items():
        _draw_curve(axes, family, curve, sizes[-1])
    for name in COLOURS:
        _draw_points(axes, name, [row for row in answer.families if row.family == name])
    axes.set_xscale("log")
    beyond = bool(answer.curves) and crossover.reach > sizes[-1]
    right = crossover.reach if beyond else sizes[-1] * 1.15
    axes.set_xlim(sizes[0] / 1.15, right)
    _frame_scores(axes, answer)
    if beyond:
        n_families = len({row.family for row in answer.families})
        _draw_beyond(axes, answer.metric, sizes[-1], right, 0.07 * n_families + 0.03)
    _draw_crossover(axes, crossover, 0.965 if answer.metric.greater_is_better else 0.035)
    _label_families(axes, answer)
    _row_ticks(axes)
    axes.set_ylabel(_score_label(answer.metric))


class _Gain(NamedTuple):
    """A drawn gain: name, curve with band, measured points, and sizes by the colour of who is ahead."""

    name: str
    curve: GainCurve
    points: Sequence[SizeGain]
    spans: Sequence[tuple[str, float, float]]
    claim: str = ""


def _gains(answer: LearningCurveAnswer) -> list[_Gain]:
    """Of deep over classical models, and of pretrained models over all others, where they are known."""
    gains, crossover, pretraining = [], answer.crossover, answer.pretraining
    if crossover.gain is not None:
        spans = [(COLOURS.get(s.ahead or "", _GREY), s.first, s.last) for s in crossover.spans]
        gains.append(_Gain("gain of deep", crossover.gain, answer.gains, spans))
    if pretraining is not None and pretraining.band is not None:
        colours = {"pretrained": COLOURS["pretrained"], "others": _OTHERS, None: _GREY}
        spans = [(colours[s.ahead], s.first, s.last) for s in pretraining.spans]
        gains.append(
            _Gain("gain of pretraining", pretraining.band, pretraining.gains, spans, pretraining.claim)
        )
    return gains


def _draw_gain(axes: Axes, shown: _Gain, largest: int) -> None:
    """The paired gain with its band, in the colour of the family that is ahead; grey where none is."""
    gain = shown.curve
    rows, low, high = (np.array(values) for values in (gain.rows, gain.low, gain.high))
    measured = rows <= largest
    for colour, first, last in shown.spans:
        own = measured & (rows >= first) & (rows <= last)
        axes.fill_between(rows[own], low[own], high[own], color=colour, alpha=0.3, linewidth=0)
    beyond = rows >= largest
    axes.fill_between(rows[beyond], low[beyond], high[beyond], color=_GREY, alpha=0.12, linewidth=0)
    if beyond.sum() > 1:
        axes.axvspan(largest, rows[-1], color="#f1f2f4", zorder=0, linewidth=0)
    axes.axhline(0.0, color="#222222", linewidth=1.2)
    line: dict[str, Any] = {"color": "#222222", "linewidth": 1.6}
    middle = np.array(gain.gain)
    axes.plot(rows[measured], middle[measured], linestyle="-", **line)
    axes.plot(rows[beyond], middle[beyond], linestyle=(0, (4, 3)), **line)
    sizes, points = [own.size for own in shown.points], [own.gain for own in shown.points]
    axes.plot(sizes, points, "o", color="#222222", markersize=6, markeredgecolor="white", zorder=4)
    _frame_gain(axes, points, low[measured], high[measured])
    axes.set_xscale("log")
    axes.set_ylabel(shown.name)
    if shown.claim:
        axes.yaxis.label.set_fontsize(11)
        axes.set_title(shown.claim, loc="left", fontsize=12, fontweight="bold", color="#202124", pad=5)


def _frame_gain(axes: Axes, points: Sequence[float], low: np.ndarray, high: np.ndarray) -> None:
    """Room for the points and for most of the band: at the ends it may be very wide."""
    ends = [*points, float(np.quantile(low, 0.1)), float(np.quantile(high, 0.9)), 0.0]
    room = 0.15 * ((max(ends) - min(ends)) or 1e-3)
    axes.set_ylim(min(ends) - room, max(ends) + room)


def _figure(columns: int) -> tuple[Figure, Sequence[Axes]]:
    """A figure of its own, without pyplot's global state, and its axes beside each other."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, dpi=160, facecolor="white")
    axes = figure.subplots(1, columns, squeeze=False)[0]
    _plain(axes)
    return figure, axes


def _stacked(n_low: int) -> tuple[Figure, Sequence[Axes]]:
    """The same with so many low axes under a high one."""
    from matplotlib.figure import Figure

    size = (_HIGH[0], _HIGH[1] + (n_low - 1) * (_HIGH[1] - _SIZE[1]))
    figure = Figure(figsize=size, dpi=160, facecolor="white")
    axes = figure.subplots(1 + n_low, 1, height_ratios=(3, *[1.15] * n_low))
    _plain(axes)
    return figure, axes


def _plain(axes: Sequence[Axes]) -> None:
    for each in axes:
        each.spines[["top", "right"]].set_visible(False)
        each.grid(axis="y", color="#e3e5e8", linewidth=0.8)
        each.set_axisbelow(True)
        each.tick_params(labelsize=12, colors="#333333")
        each.xaxis.label.set_fontsize(13)
        each.yaxis.label.set_fontsize(13)


def _draw_curve(axes: Axes, family: str, curve: FamilyCurve, largest: int) -> None:
    """Solid where it was measured, dashed where it is extrapolated."""
    colour = COLOURS[family]
    axes.fill_between(curve.rows, curve.score_low, curve.score_high, color=colour, alpha=0.14, linewidth=0)
    axes.plot(*_between(curve, 0, largest), color=colour, linewidth=2.2, linestyle="-")
    axes.plot(*_between(curve, largest, None), color=colour, linewidth=2.2, linestyle=(0, (4, 3)))


def _between(curve: FamilyCurve, low: float, high: float | None) -> tuple[Sequence[float], Sequence[float]]:
    """The part of a curve between two sizes, with one point more so that the parts meet."""
    rows = curve.rows
    first = max((i for i, n in enumerate(rows) if n <= low), default=0)
    last = len(rows) if high is None else max(i for i, n in enumerate(rows) if n <= high) + 1
    return rows[first:last], curve.score[first:last]


def _draw_points(axes: Axes, family: str, rows: Sequence[FamilyScore]) -> None:
    known = [(row.size, row.score) for row in rows if row.score is not None]
    if known:
        axes.plot(
            [size for size, _ in known],
            [score for _, score in known],
            _MARKERS[family],
            color=COLOURS[family],
            markersize=8,
            markeredgecolor="white",
            markeredgewidth=1.0,
            zorder=4,
        )


def _frame_scores(axes: Axes, answer: LearningCurveAnswer) -> None:
    """Room for all points and curves; wide bands are cut."""
    values = [row.score for row in answer.families if row.score is not None]
    values += [score for curve in answer.curves.values() for score in curve.score]
    if not values:
        return
    span = (max(values) - min(values)) or max(abs(max(values)), 1e-3) * 0.1
    least, most = answer.metric.bounds
    low, high = min(values) - 0.22 * span, max(values) + 0.22 * span
    axes.set_ylim(
        low if least is None else max(low, least), high if most is None else min(high, most + 0.02 * span)
    )


def _draw_beyond(axes: Axes, metric: SweepMetric, largest: int, right: float, above: float) -> None:
    """A grey ground where nothing was measured, with a note so far above (or below) the legend's edge."""
    axes.axvspan(largest, right, color="#f1f2f4", zorder=0, linewidth=0)
    rising = metric.greater_is_better
    axes.annotate(
        "beyond the data:\nextrapolated",
        ((largest * right) ** 0.5, above if rising else 1 - above),  # beside the legend, away from the curves
        xycoords=axes.get_xaxis_transform(),
        ha="center",
        va="bottom" if rising else "top",
        fontsize=11.5,
        color=_GREY,
    )


def _draw_crossover(axes: Axes, crossover: Crossover, height: float) -> None:
    """A line at the crossover, and its interval as a bar across it."""
    if crossover.outcome != "crossover" or crossover.rows is None:
        return
    low = crossover.low or axes.get_xlim()[0]
    high = crossover.high or axes.get_xlim()[1]
    across = axes.get_xaxis_transform()
    axes.axvline(crossover.rows, color="#222222", linewidth=1.4, linestyle=":")
    axes.plot([low, high], [height, height], color="#222222", linewidth=2.0, transform=across, clip_on=False)
    for end, known in ((low, crossover.low), (high, crossover.high)):
        marker = "|" if known else ("<" if end == low else ">")
        axes.plot(end, height, marker, color="#222222", markersize=9, transform=across, clip_on=False)
    axes.plot(crossover.rows, height, "D", color="#222222", markersize=7, transform=across)


def _label_families(axes: Axes, answer: LearningCurveAnswer) -> None:
    """A legend with each family's champion at the largest size."""
    from matplotlib.lines import Line2D

    handles = []
    for family, colour in COLOURS.items():
        rows = [row for row in answer.families if row.family == family]
        if rows:
            last = max(rows, key=lambda row: row.size)
            label = f"{_NAMES[family]} ({last.champion} at {last.size:,} rows)"
            handles.append(Line2D([], [], color=colour, marker=_MARKERS[family], linewidth=2.2, label=label))
    corner: Literal["lower right", "upper right"] = (
        "lower right" if answer.metric.greater_is_better else "upper right"
    )
    if handles:
        axes.legend(handles=handles, loc=corner, frameon=True, framealpha=0.9, edgecolor="none", fontsize=12)


def _row_ticks(axes: Axes) -> None:
    """Ticks at 100, 300, 1,000 and so on, fewer on a wide axis."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    low, high = axes.get_xlim()
    wide = high / low > 3000
    axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1.0,) if wide else (1.0, 3.0)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda n, _: f"{n:,.0f}"))


def _score_label(metric: SweepMetric) -> str:
    return f"{metric.label} ({'higher' if metric.greater_is_better else 'lower'} is better)"


def _curve_subtitle(answer: LearningCurveAnswer) -> str:
    plan = answer.plan
    text = f"{answer.dataset.name}: {len(plan.sizes)} training sizes, {plan.repeats} repeats"
    level = f"{answer.confidence_level:.0%}"
    if not _gains(answer):
        return f"{text}; bands: {level} intervals of the curves"
    return f"{text}; {level} bands, above of each curve, below of the gain at all sizes at once"


def plot_capacity(answer: CapacityAnswer, path: str) -> None:
    """Draw a grid of networks into a file."""
    _save(draw_capacity(answer), path)


def draw_capacity(answer: CapacityAnswer) -> Figure:
    """Score, and seconds of one fit, over the units of a layer; a line for each number of layers."""
    figure, (scores, times) = _figure(2)
    units, plan = answer.plan.units, answer.plan
    depths = sorted({row.layers for row in answer.networks if row.layers})
    for position, depth in enumerate(depths):
        rows = [row for row in answer.networks if row.layers == depth and row.score is not None]
        offset = (position - (len(depths) - 1) / 2) * 0.09
        look = {"color": _shade(position, len(depths)), "marker": "os^Dv"[position % 5], "linewidth": 2.2}
        _draw_depth(scores, times, units, rows, offset, {**look, "markersize": 8, "label": _layers(depth)})
    _draw_linear(scores, times, answer)
    for axes in (scores, times):
        axes.set_xticks(range(len(units)), [f"{n:,}" for n in units])
        axes.set_xlim(-0.4, len(units) - 0.6)
        axes.set_xlabel("units per hidden layer")
    scores.set_ylabel(_score_label(answer.metric))
    times.set_ylabel("seconds to train one network")
    times.set_ylim(bottom=0)
    low, high = times.get_ylim()
    times.set_ylim(low, high + (high - low) * 0.09 * (len(depths) + 1))  # room for the legend
    times.legend(loc="upper left", frameon=True, framealpha=0.9, edgecolor="none", fontsize=12)
    bars = f"bars: {answer.confidence_level:.0%} intervals"
    _titles(
        figure,
        answer.headline,
        f"{answer.dataset.name}: {plan.model}, {plan.folds * plan.repeats} folds, {bars}",
    )
    return figure


def _draw_depth(
    scores: Axes,
    times: Axes,
    units: Sequence[int],
    rows: Sequence[NetworkScore],
    offset: float,
    look: dict[str, Any],
) -> None:
    positions = [units.index(row.units or 0) + offset for row in rows]
    scores.plot(positions, [row.score or 0.0 for row in rows], **look)
    for x, row in zip(positions, rows, strict=True):
        if row.score_low is not None and row.score_high is not None:
            scores.plot(
                [x, x], [row.score_low, row.score_high], color=look["color"], linewidth=1.3, alpha=0.6
            )
    timed = [
        (x, row.fit_seconds) for x, row in zip(positions, rows, strict=True) if row.fit_seconds is not None
    ]
    times.plot([x for x, _ in timed], [s for _, s in timed], **look)


def _draw_linear(scores: Axes, times: Axes, answer: CapacityAnswer) -> None:
    """The network without hidden layers as a level line: it has no units."""
    for row in answer.networks:
        if row.layers == 0 and row.score is not None:
            look: dict[str, Any] = {"color": _GREY, "linestyle": "--", "linewidth": 1.6}
            look["label"] = "no hidden layer"
            scores.axhline(row.score, **look)
            if row.fit_seconds is not None:
                times.axhline(row.fit_seconds, **look)


def _layers(depth: int) -> str:
    return f"{depth} hidden layer{'s' if depth > 1 else ''}"


def _shade(position: int, number: int) -> str:
    """From light to dark in the colour of deep learning."""
    return DEPTHS[round(position / max(1, number - 1) * (len(DEPTHS) - 1))]


def _titles(figure: Figure, title: str, subtitle: str) -> None:
    high = figure.get_figheight() / _SIZE[1]
    top, middle, room = (1 - share / high for share in (0.14, 0.107, 0.055))
    figure.subplots_adjust(
        left=0.095, right=0.96, top=top, bottom=0.12 / high, wspace=0.26, hspace=0.08 if high < 1.5 else 0.2
    )
    size = min(_TITLE, _TITLE * _LETTERS / len(title))
    figure.text(0.02, room, title, fontsize=size, fontweight="bold", color="#202124")
    figure.text(0.02, middle, subtitle, fontsize=11.5, color=_GREY)


_UNSIGNED: dict[str, dict[str, Any]] = {  # without dates, and without addresses of schemas
    "svg": {"Date": None, "Type": None, "Creator": None, "Format": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def _save(figure: Figure, path: str) -> None:
    """Write a complete file or none, and the same file for the same answer."""
    import matplotlib

    target = Path(path)
    draft = target.with_name(f".{target.name}.part")
    kind = target.suffix.lower().lstrip(".")
    metadata = _UNSIGNED[kind]
    with matplotlib.rc_context({"svg.hashsalt": "deepworth"}):
        figure.savefig(draft, format=kind, metadata=metadata)
    draft.replace(target)


_SIDES = ((7, 0, "left"), (-7, 0, "right"), (0, 8, "center"), (0, -9, "center"))


def name_points(axis: Axes, points: Sequence[tuple[float, float, str]], fontsize: float = 8.5) -> None:
    """Write the name of each (x, y, name) beside it, in order; names that do not fit are omitted.

    The figure must have a canvas that can measure texts, and its final size.
    """
    canvas: Any = axis.figure.canvas  # Agg's has a renderer
    canvas.draw()  # positions are known once the layout is final
    renderer = canvas.get_renderer()
    centres = [axis.transData.transform((x, y)) for x, y, _ in points]
    taken: list[Sequence[float]] = [(x - 5, y - 5, x + 5, y + 5) for x, y in centres]
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


def _overlap(one: Sequence[float], other: Sequence[float]) -> bool:
    return bool(one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3])
