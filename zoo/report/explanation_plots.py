"""Explanations as pictures, png or svg; every number is in the tables too.

Each function draws into a figure, or into a part of one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ...datasets import InputError
from ..results.answer import Answer
from ..results.explanation import (
    AttributedRow,
    Attribution,
    Coefficient,
    ExplainedModel,
    Explanation,
    RunExplanation,
)
from ..results.network import Unit
from .curve_plots import _GREY, COLOURS, _save, check_plot, name_points

__all__ = ["check_plot", "plot"]

Explained = Explanation | ExplainedModel

_MARKERS = {"deep": "o", "classical": "s", "pretrained": "^"}
_MOST = 12
_SIZE = (10.0, 5.8)


def plot(answer: Explanation | RunExplanation, path: str) -> None:
    """Accuracy against readability of a run; of a model the row that was asked for, or its importance."""
    check_plot(path)
    _save(draw(answer), path)


def draw(answer: Explanation | RunExplanation) -> Any:
    """The figure that suits what was found, without any state shared with other figures."""
    if isinstance(answer, RunExplanation):
        return readability(answer)
    single = _single(answer)
    if single is not None:
        return (_pixels if "pixels" in single.row else _contributions)(answer, single)
    drawn = panels(answer)
    if not drawn:
        raise InputError(
            "there is nothing to draw: choose a method that this model has, or one image (--row N)"
        )
    figure = blank(_SIZE[0], 4.6 * len(drawn))
    for part, (_, put) in zip(figure.subfigures(len(drawn), 1, squeeze=False)[:, 0], drawn, strict=True):
        put(part, answer)
    figure.suptitle(f"{answer.model} on {answer.dataset}", x=0.02, ha="left", fontsize=15)
    return figure


def panels(model: Explained) -> list[tuple[str, Any]]:
    """What can be drawn of the explanations of one model: names, and functions of a figure (or a part of
    one) and the explanations."""
    own = {"importance": importance, "dependence": curves, **PANELS}
    return [(name, put) for name, put in own.items() if _anything(getattr(model, name, None))]


def _anything(found: Any) -> bool:
    """Whether there is something to draw: of images neither importance nor gradients may have parts."""
    return bool(getattr(found, "parts", found))


def _figure(columns: int = 1) -> tuple[Any, Any]:
    figure = blank(*_SIZE)
    return figure, places(figure, columns)


def readability(
    answer: Answer | RunExplanation, size: tuple[float, float] = _SIZE, *, titled: bool = True
) -> Any:
    """The score of every model over R² of a small surrogate that imitates it."""
    rows = [
        (row, max(0.0, row.fidelity), row.score)
        for row in answer.leaderboard
        if row.fidelity is not None and row.score is not None and not row.reference
    ]
    if not rows:
        raise InputError("no model of this run has a score and a surrogate")
    figure = blank(*size)
    (axes,) = places(figure)
    for family in _MARKERS:
        own = [(fidelity, score) for r, fidelity, score in rows if r.family == family]
        look = {"color": COLOURS[family], "marker": _MARKERS[family], "label": f"{family} learning"}
        x, y = [fidelity for fidelity, _ in own], [score for _, score in own]
        axes.plot(x, y, linestyle="", markersize=9, markeredgecolor="white", **look)
    if not answer.metric.greater_is_better:
        axes.invert_yaxis()
    axes.set_xlim(-0.02, 1.02)
    axes.margins(y=0.15)
    axes.grid(color="#e3e5e8", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_xlabel("R² of an 8-leaf tree or an 8-term linear model that imitates it", fontsize=12)
    axes.set_ylabel(f"{answer.metric.label} (better is up)", fontsize=12)
    figure.legend(frameon=False, fontsize=11, loc="outside lower right", ncols=2)
    if titled:
        title = f"{answer.dataset.name}: accuracy and readability"
        axes.set_title(title, loc="left", fontsize=15)
    ranked = sorted(rows, key=lambda each: -each[1])
    name_points(axes, [(x, y, row.model) for row, x, y in ranked], fontsize=10)
    return figure


def importance(part: Any, answer: Explained) -> None:
    """Importance of the most important parts with their intervals."""
    assert answer.importance is not None
    parts = answer.importance.parts[:_MOST][::-1]
    (axes,) = places(part)
    values = [p.importance for p in parts]
    ends = [[p.importance - p.low for p in parts], [p.high - p.importance for p in parts]]
    colour = COLOURS[answer.family]
    axes.barh(range(len(parts)), values, xerr=ends, color=colour, alpha=0.85, ecolor="#222222", capsize=3)
    axes.set_yticks(range(len(parts)), [short(p.part) for p in parts])
    axes.axvline(0, color=_GREY, linewidth=0.8)
    axes.set_xlabel("permutation importance (share of the target's variance)")


def curves(part: Any, answer: Explained) -> None:
    """Partial dependence (thick) over single rows (thin), of the four columns that change the answer most."""
    largest = sorted(answer.dependence or (), key=lambda c: -c.range)[:4]
    axes = places(part, len(largest))
    colour = COLOURS[answer.family]
    for one, curve in zip(axes, largest, strict=True):
        name = max(curve.mean, key=lambda n: max(curve.mean[n]) - min(curve.mean[n]))
        x = curve.grid if curve.kind == "number" else list(range(len(curve.grid)))
        first = name == next(iter(curve.mean))  # whose single rows are known
        for row in curve.curves if first else []:
            one.plot(x, row, color=_GREY, linewidth=0.6, alpha=0.5)
        one.fill_between(x, curve.low[name], curve.high[name], color=colour, alpha=0.25)
        one.plot(x, curve.mean[name], color=colour, linewidth=2.6)
        if curve.kind == "category":
            one.set_xticks(x, [short(str(level), 14) for level in curve.grid], rotation=45, ha="right")
        one.set_xlabel(short(curve.column, 28))
        one.set_title(short(name, 24), fontsize=11)
    axes[0].set_ylabel("answer")


class _Single(NamedTuple):
    """Attributions of one answer, by which method, and in which unit."""

    row: AttributedRow
    method: str
    unit: str


def _single(answer: Explanation) -> _Single | None:
    """The first row that is explained by gradients, or else by occlusion."""
    for found, method in ((answer.gradients, "integrated gradients"), (answer.occlusion, "occlusion")):
        if found is not None and found.rows:
            return _Single(found.rows[0], method, found.unit)
    return None


def _contributions(answer: Explanation, single: _Single) -> Any:
    """What the strongest parts of one row add, for and against."""
    row = single.row
    parts = sorted(row["parts"], key=lambda p: -abs(p.attribution))[:_MOST][::-1]
    figure, (axes,) = _figure()
    values = [p.attribution for p in parts]
    colours = [COLOURS["deep"] if v > 0 else COLOURS["classical"] for v in values]
    axes.barh(range(len(parts)), values, color=colours, hatch=None)
    axes.set_yticks(range(len(parts)), [short(p.part) for p in parts])
    axes.axvline(0, color=_GREY, linewidth=0.8)
    said = f" for {row['class']}" if row["class"] is not None else ""
    axes.set_xlabel(f"contribution to the output{said} ({single.unit})", fontsize=12)
    axes.set_title(f"{answer.model}, row {row['row']}: {single.method}", loc="left", fontsize=15)
    return figure


def _pixels(answer: Explanation, single: _Single) -> Any:
    """The picture beside its heat map, from against (magenta) over nothing (white) to for (cyan)."""
    from matplotlib.colors import LinearSegmentedColormap

    row = single.row
    figure, (left, right) = _figure(2)
    left.imshow(row["picture"], cmap="gray", vmin=0, vmax=1)
    left.set_title("image" if single.method == "occlusion" else "network input", fontsize=12)
    largest = max(abs(v) for line in row["pixels"] for v in line) or 1.0
    both = LinearSegmentedColormap.from_list("both", [COLOURS["classical"], "white", COLOURS["deep"]])
    shown = right.imshow(row["pixels"], cmap=both, vmin=-largest, vmax=largest)
    right.set_title(f"contribution to the output for {row['class']}", fontsize=12)
    for axes in (left, right):
        axes.set_xticks([])
        axes.set_yticks([])
    figure.colorbar(shown, ax=right, shrink=0.7, label=single.unit)
    figure.suptitle(f"{answer.model}, row {row['row']}: {single.method}", x=0.02, ha="left", fontsize=15)
    return figure


_CLASS_MARKERS = ("o", "s", "^", "D", "v", "P")  # of classes: six at most
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


def coefficients(part: Any, model: Explained) -> None:
    """What a standard deviation of an input adds to the score, the largest first; a marker a class."""
    lines = sorted(model.coefficients or (), key=_largest, reverse=True)[:_MOST][::-1]
    outputs = list(lines[0].standardised)[: len(_SHADES)]
    (axes,) = places(part)
    axes.axvline(0, color=_GREY, linewidth=0.8)
    for place, name in enumerate(outputs):
        values = [line.standardised[name] for line in lines]
        axes.plot(
            values,
            range(len(lines)),
            _CLASS_MARKERS[place],
            color=_SHADES[place],
            label=short(str(name), 20),
        )
    if len(outputs) == 1:
        axes.hlines(range(len(lines)), 0, values, color=_SHADES[0], linewidth=1.6)
    else:
        _beside(axes)
    axes.set_yticks(range(len(lines)), [short(line.feature) for line in lines])
    axes.grid(axis="x", color="#e3e5e8", linewidth=0.8)
    what = f" for {short(str(outputs[0]), 20)}" if outputs[0] != "value" and len(outputs) == 1 else ""
    axes.set_xlabel(f"coefficient per standard deviation{what}")


def _largest(line: Coefficient) -> float:
    return float(max(abs(v) for v in line.standardised.values()))


def gradients(part: Any, model: Explained) -> None:
    """Mean size of what each part adds to the output."""
    assert model.gradients is not None
    parts = model.gradients.parts[:_MOST][::-1]
    (axes,) = places(part)
    axes.barh(range(len(parts)), [p.mean_absolute for p in parts], color=COLOURS["deep"], alpha=0.85)
    axes.set_yticks(range(len(parts)), [short(p.part) for p in parts])
    axes.set_xlabel(f"mean absolute attribution of integrated gradients ({model.gradients.unit})")


def units(part: Any, model: Explained) -> None:
    """What is lost without a hidden unit, and what the unit responds to."""
    shown = sorted(model.units or (), key=lambda u: -u.loss)[:_MOST][::-1]
    (axes,) = places(part)
    axes.barh(range(len(shown)), [u.loss for u in shown], color=COLOURS["deep"], alpha=0.85)
    axes.set_yticks(range(len(shown)), [_unit(u) for u in shown])
    axes.axvline(0, color=_GREY, linewidth=0.8)
    axes.set_xlabel("loss without the unit (share of the target's variance)")


def _unit(unit: Unit) -> str:
    most = unit.responds_to[0] if unit.responds_to else None
    words = "" if most is None else f": {short(most.feature, 28)} ({most.correlation:+.2f})"
    return f"{short(unit.layer, 18)} {unit.unit}{words}"


def probes(part: Any, model: Explained) -> None:
    """What a linear model reads from each layer, beside features made by hand."""
    rows = (model.probes or ())[::-1]
    (axes,) = places(part)
    for kind, (marker, colour) in _KINDS.items():
        own = [(i, p) for i, p in enumerate(rows) if p.kind == kind]
        axes.hlines(
            [i for i, _ in own],
            [p.low for _, p in own],
            [p.high for _, p in own],
            color=colour,
            linewidth=1.6,
        )
        axes.plot([p.score for _, p in own], [i for i, _ in own], marker, color=colour, label=kind)
    axes.set_yticks(range(len(rows)), [f"{short(p.features, 30)} ({p.width:,})" for p in rows])
    axes.grid(axis="x", color="#e3e5e8", linewidth=0.8)
    _beside(axes)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel("cross-validated score of a linear model (accuracy or R²)")


def loss(part: Any, model: ExplainedModel) -> None:
    """The loss by epoch, and the epoch that was kept."""
    from matplotlib.ticker import MaxNLocator

    training = model.training
    assert training is not None
    (axes,) = places(part)
    epochs = range(1, len(training.loss) + 1)
    axes.plot(epochs, training.loss, "-", color=COLOURS["deep"], linewidth=2, label="training rows")
    if training.val_loss:
        axes.plot(epochs, training.val_loss, "--", color="#d55e00", linewidth=2, label="validation rows")
    axes.axvline(training.best_epoch + 1, color=_GREY, linewidth=1, linestyle=":", label="kept")
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _beside(axes)


def examples(part: Any, model: ExplainedModel) -> None:
    """Attributions of a few pictures, each over its heat map, or of texts, their strongest words."""
    from matplotlib.ticker import MaxNLocator

    rows = model.examples or ()
    if "pixels" in rows[0]:
        top, below = part.subplots(2, len(rows), squeeze=False)
        for row, picture, heat in zip(rows, top, below, strict=True):
            _heat(row, picture, heat)
        return
    for row, axes in zip(rows, places(part, len(rows)), strict=True):
        words = strongest(row)[::-1]
        colours = [COLOURS["deep"] if w.attribution > 0 else COLOURS["classical"] for w in words]
        axes.barh(range(len(words)), [w.attribution for w in words], color=colours)
        axes.set_yticks(range(len(words)), [short(w.part, 16) for w in words])
        axes.axvline(0, color=_GREY, linewidth=0.8)
        axes.xaxis.set_major_locator(MaxNLocator(3))
        axes.set_title(f"row {row['row']}: for {short(str(row['class']), 16)}", fontsize=10.5)


def strongest(row: AttributedRow, most: int = 8) -> list[Attribution]:
    """The words of a text that add or take most."""
    return sorted(row["parts"], key=lambda p: -abs(p.attribution))[:most]


def _heat(row: AttributedRow, picture: Any, heat: Any) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    largest = max(abs(v) for line in row["pixels"] for v in line) or 1.0
    both = LinearSegmentedColormap.from_list("both", _AGAINST_FOR)
    picture.imshow(row["picture"], cmap="gray", vmin=0, vmax=1)
    heat.imshow(row["pixels"], cmap=both, vmin=-largest, vmax=largest)
    picture.set_title(f"row {row['row']}: for {short(str(row['class']), 16)}", fontsize=10.5)
    for axes in (picture, heat):
        axes.set_xticks([])
        axes.set_yticks([])


PANELS: dict[str, Callable[[Any, Any], None]] = {
    "coefficients": coefficients,
    "gradients": gradients,
    "examples": examples,
    "units": units,
    "probes": probes,
    "training": loss,
}
