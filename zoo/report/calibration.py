"""Confidence in a terminal and as reliability diagrams: of the models of a run, and of a saved model."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from ...datasets import InputError
from ..results.saved import (
    CalibrationAnswer,
    CalibrationError,
    CalibrationErrorEstimate,
    ConfidenceReport,
    ModelCalibration,
    Share,
)
from .curve_plots import _save
from .terminal import console, print_json
from .words import FAMILY_COLOURS, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def show_calibration(answer: CalibrationAnswer, *, as_json: bool = False) -> None:
    """Print what `deepworth calibration` found."""
    if as_json:
        print_json(answer.to_dict())
        return
    out = console()
    data = answer.dataset
    facts = f"{data.rows:,} rows, {data.task} task, run {answer.run}"
    out.print(Text.assemble((data.name, "bold"), f": {facts}"))
    numbers = data.task == "regression"
    for part in _of_values(answer) if numbers else _of_classes(answer):
        out.print(part)


def _of_classes(answer: CalibrationAnswer) -> list[Any]:
    parts: list[Any] = [_calibrators(answer), *_reading(answer), _sets(answer)]
    if answer.costs is not None:
        parts += [_decisions(answer), _of_costs(answer)]
    return parts


def _table(*columns: str) -> Table:
    """Headers break where they say so; a number never does."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("model", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _name(model: ModelCalibration, answer: CalibrationAnswer) -> Text:
    style = FAMILY_COLOURS[model.family]
    return Text(model.model, f"bold {style}" if model.model in answer.champions else style)


def _calibrators(answer: CalibrationAnswer) -> Table:
    """Calibration error and Brier score as they are, and after the calibrator that suits best."""
    table = _table(
        "calibration\nerror", "by\nchance", "Brier\nscore", "best\ncalibrator", "error\nthen", "Brier\nthen"
    )
    for model in answer.models:
        error, best = model.calibration_error, model.best_calibrator
        assert error is not None
        assert best is not None
        assert model.calibrators is not None
        after = model.calibrators[best]
        then = ["", ""]
        if best != "none":
            then = [number(after.calibration_error.value), number(after.brier.value)]
        shown = (_between(error), number(error.by_chance), _between(model.brier), best, *then)
        table.add_row(_name(model, answer), *shown)
    return table


def _between(estimate: Share | CalibrationError | None) -> str:
    if estimate is None:
        return ""
    return f"{number(estimate.value)} [{number(estimate.low)}, {number(estimate.high)}]"


def _reading(answer: CalibrationAnswer) -> list[Text]:
    words = "probability of the positive class" if answer.dataset.positive else "confidence"
    return [
        Text(
            f"Calibration error: by how much the {words} is off on average, less the part of chance; "
            "by chance: what perfect probabilities would show on these rows before that is taken off. "
            "Calibrators learned on the other folds. Intervals at 95%.",
            "dim",
        )
    ]


def _sets(answer: CalibrationAnswer) -> Table:
    """Conformal sets with the best calibrator."""
    level = f"{answer.confidence_level:.3g}"
    table = _table(
        f"coverage\n(nominal {level})",
        "lowest\nby class",
        "set\nsize",
        "not\nsingle",
        "accuracy\nof the rest",
    )
    for model in answer.models:
        sets = model.sets
        assert sets is not None
        by_class = {c: v for c, v in sets.coverage_by_class.items() if v is not None}
        worst = min(by_class, key=lambda c: by_class[c])
        table.add_row(
            _name(model, answer),
            _between(sets.coverage),
            f"{by_class[worst]:.3f} ({worst})",
            f"{sets.mean_set_size:.2f}",
            f"{sets.referred:.1%}",
            number(sets.accuracy_of_the_rest),
        )
    return table


def _decisions(answer: CalibrationAnswer) -> Table:
    table = _table("cost\na row", "at\n1/2", "saved", "uncali-\nbrated", "called\npositive")
    for model in answer.models:
        decisions = model.decisions
        assert decisions is not None
        table.add_row(
            _name(model, answer),
            _between(decisions.expected_cost),
            number(decisions.expected_cost_at_half.value),
            _between(decisions.saved),
            number(decisions.expected_cost_uncalibrated.value),
            f"{decisions.share_called_positive:.1%}",
        )
    return table


def _of_costs(answer: CalibrationAnswer) -> Text:
    costs = answer.costs
    assert costs is not None
    return Text(
        f"Says {answer.dataset.positive} from a probability of {costs.threshold:.3g} on: a missed "
        f"case costs {costs.false_negative:g}, a false alarm {costs.false_positive:g}. Calibrated "
        "probabilities; uncalibrated ones at the same threshold beside.",
        "dim",
    )


def _of_values(answer: CalibrationAnswer) -> list[Any]:
    table = _table(f"coverage (nominal {answer.confidence_level:.3g})", "interval: value ±")
    for model in answer.models:
        intervals = model.intervals
        assert intervals is not None
        table.add_row(_name(model, answer), _between(intervals.coverage), number(intervals.half_width))
    note = "Intervals from the residuals of the other folds, the same width for every row."
    return [table, Text(note, "dim")]


def show_confidence(report: ConfidenceReport) -> None:
    """How far a saved model's confidence held on labelled rows, below its scores."""
    lines = confidence_lines(report)
    if lines:
        console().print(Text("\n".join(lines)))


def confidence_lines(report: ConfidenceReport) -> list[str]:
    """Calibration error, coverage and misclassification costs in words."""
    lines = []
    if (error := report.calibration_error) is not None:
        kind = "" if report.calibrator == "none" else f" (calibrated by {report.calibrator})"
        lines.append(f"Calibration error {_range(error)}{kind}; by chance alone {number(error.by_chance)}")
    if report.coverage is not None:
        sets = report.mean_set_size is not None
        what = "Prediction sets hold the true class" if sets else "Intervals hold the true value"
        lines.append(f"{what} in {_range(report.coverage)} of the rows (nominal level {report.level:.3g})")
    if report.referred is not None:
        lines.append(
            f"{report.referred:.1%} of the rows have no single plausible class; "
            f"{report.mean_set_size:.2f} classes a set on average"
        )
    if report.expected_cost is not None:
        lines.append(
            f"Predicts {report.positive} from a probability of {report.threshold:.3g}: misclassification "
            f"cost a row {number(report.expected_cost)}, with 0.5 {number(report.expected_cost_at_half)}"
        )
    return lines


def _range(estimate: Share | CalibrationErrorEstimate) -> str:
    return f"{number(estimate.value)} ({number(estimate.low)} to {number(estimate.high)})"


# Okabe and Ito (2008): told apart with any colour vision; marker and line differ as well.
# each family in shades of its own; the first is the one of all pictures
_COLOURS = {
    "deep": ("#007c9e", "#56b4e9", "#1b4f9c"),
    "classical": ("#b5178a", "#e69f00", "#d55e00"),
    "pretrained": ("#007a5a", "#009e73", "#6b8e23"),
}
_MARKERS = {"deep": "o^v", "classical": "sDP", "pretrained": "<>X"}
_LINES = ("-", "--", ":")
_GREY = "#707070"
_SUFFIXES = (".svg", ".png", ".pdf")
_MOST = 6


def check_plot(path: str | None) -> None:
    """Refuse a picture that cannot be written before the work begins."""
    if path is None:
        return
    file = Path(path)
    if file.suffix.lower() not in _SUFFIXES:
        raise InputError(f"cannot draw {path}: expected a name ending in {', '.join(_SUFFIXES)}")
    folder = file.absolute().parent
    if file.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise InputError(f"cannot draw {path}: its folder does not exist or is read-only")


def plot_calibration(answer: CalibrationAnswer, path: str) -> None:
    """Draw what `deepworth calibration` found: the champions of both families, or the chosen models."""
    check_plot(path)
    figure = draw(answer)
    figure.set_dpi(160)
    _save(figure, path)


def draw(answer: CalibrationAnswer) -> Figure:
    """The figure, without any state shared with other figures."""
    models = shown(answer)
    if answer.dataset.task == "regression":
        return _of_values_calibration_plots(answer, models)
    return _of_classes_calibration_plots(answer, models)


def shown(answer: CalibrationAnswer) -> Sequence[ModelCalibration]:
    """The champions where all models were judged, else the models asked for, at most six."""
    champions = [m for m in answer.models if m.model in answer.champions]
    models = champions if len(answer.models) > _MOST and champions else answer.models
    return models[:_MOST]


def _figure(width: float, height: float) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _styles(models: Sequence[ModelCalibration]) -> list[dict[str, Any]]:
    seen = dict.fromkeys(_MARKERS, 0)
    styles = []
    for model in models:
        family = model.family
        place = seen[family] % len(_LINES)
        seen[family] += 1
        styles.append(
            {
                "color": _COLOURS[family][place],
                "marker": _MARKERS[family][place],
                "linestyle": _LINES[place],
            }
        )
    return styles


def _of_classes_calibration_plots(answer: CalibrationAnswer, models: Sequence[ModelCalibration]) -> Figure:
    """As trained and calibrated, side by side; one panel where no model needs a calibrator."""
    panels = [("none", "as trained"), ("calibrated", "calibrated on the other folds")]
    if all(m.best_calibrator == "none" for m in models):
        panels = [("none", "as trained; no calibrator is better")]
    figure = _figure(5.6 * len(panels) + (0 if len(panels) > 1 else 1.6), 6.4)
    axes = figure.subplots(2, len(panels), height_ratios=(4, 1), sharex=True, sharey="row", squeeze=False)
    for column, (key, title) in enumerate(panels):
        _reliability(axes[0, column], models, key, title)
        _histogram(axes[1, column], models, key)
        axes[1, column].set_xlabel(_what(answer))
    axes[0, 0].set_ylabel("observed frequency")
    axes[1, 0].set_ylabel("share of rows")
    data = answer.dataset
    figure.suptitle(f"Are the probabilities calibrated?\n{data.name}, {data.rows:,} rows")
    return figure


def _what(answer: CalibrationAnswer) -> str:
    positive = answer.dataset.positive
    if positive and answer.dataset.task == "binary":
        return f"predicted probability of {positive}"
    return "predicted probability of the most probable class"


def _reliability(axis: Axes, models: Sequence[ModelCalibration], key: str, title: str) -> None:
    axis.plot([0, 1], [0, 1], color=_GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    for model, style in zip(models, _styles(models), strict=True):
        curve = getattr(model.reliability, key)
        bars = [
            [max(0.0, h - low) for h, low in zip(curve.happened, curve.low, strict=True)],
            [max(0.0, high - h) for h, high in zip(curve.happened, curve.high, strict=True)],
        ]
        axis.errorbar(
            curve.stated,
            curve.happened,
            yerr=bars,
            label=_label(model, key),
            linewidth=1.8,
            markersize=5.5,
            elinewidth=0.9,
            capsize=0,
            **style,
        )
    axis.set(
        xlim=(-0.02, 1.02), ylim=(-0.02, _room(len(models))), title=title, yticks=[k / 5 for k in range(6)]
    )
    note = "dashed: perfect calibration\nabove it: underestimated\nbelow it: overestimated"
    axis.annotate(note, (0.98, 0.03), xycoords="axes fraction", color=_GREY, fontsize=8.5, ha="right")
    axis.legend(loc="upper left", fontsize=9, framealpha=0.85, edgecolor="none")
    _clean(axis)


def _room(n_models: int) -> float:
    """The top of the axis: above 1, so that the legend hides no point."""
    return 1.06 + 0.062 * n_models


def _label(model: ModelCalibration, key: str) -> str:
    best = model.best_calibrator
    assert model.calibrators is not None
    assert best is not None
    error = model.calibrators["none" if key == "none" else best].calibration_error.value
    by = "" if key == "none" else (" (no calibrator is better)" if best == "none" else f" by {best}")
    return f"{model.model}{by}: error {error:.3f}"


def _histogram(axis: Axes, models: Sequence[ModelCalibration], key: str) -> None:
    for model, style in zip(models, _styles(models), strict=True):
        counts = getattr(model.reliability, key).histogram
        total = sum(counts) or 1
        edges = [i / len(counts) for i in range(len(counts) + 1)]
        shares = [count / total for count in counts]
        axis.stairs(shares, edges, color=style["color"], linewidth=1.4, linestyle=style["linestyle"])
    axis.set_ylim(bottom=0)
    _clean(axis)


def _of_values_calibration_plots(answer: CalibrationAnswer, models: Sequence[ModelCalibration]) -> Figure:
    figure = _figure(10.5, 4.6)
    left, right = figure.subplots(1, 2)
    left.plot([0.45, 1], [0.45, 1], color=_GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    for model, style in zip(models, _styles(models), strict=True):
        assert model.levels is not None
        levels = [point.level for point in model.levels]
        held = [point.coverage.value for point in model.levels]
        bars = [
            [max(0.0, p.coverage.value - p.coverage.low) for p in model.levels],
            [max(0.0, p.coverage.high - p.coverage.value) for p in model.levels],
        ]
        common = {"linewidth": 1.8, "markersize": 5.5, **style}
        left.errorbar(levels, held, yerr=bars, elinewidth=0.9, label=model.model, **common)
        widths = [point.half_width for point in model.levels]
        known = [(a, b) for a, b in zip(levels, widths, strict=True) if math.isfinite(b)]
        right.plot([a for a, _ in known], [b for _, b in known], label=model.model, **common)
    left.set(xlabel="stated level", ylabel="how often the interval held the truth", title="coverage")
    right.set(xlabel="stated level", ylabel="value ±, in the target's units", title="width of the interval")
    right.set_ylim(bottom=0)
    left.legend(loc="upper left", frameon=False, fontsize=9)
    for axis in (left, right):
        _clean(axis)
    data = answer.dataset
    figure.suptitle(f"Do the intervals hold the truth as often as stated?\n{data.name}, {data.rows:,} rows")
    return figure


def _clean(axis: Axes) -> None:
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(color="#e6e6e6", linewidth=0.7)
    axis.set_axisbelow(True)
