"""Confidence in a terminal: of the models of a run, and of a saved model on labelled rows."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from ..results.calibration import CalibrationAnswer, CalibrationError, ModelCalibration
from ..results.saved import CalibrationErrorEstimate, ConfidenceReport, Share
from .terminal import console, print_json
from .words import FAMILY_COLOURS, number


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
        assert error is not None and best is not None and model.calibrators is not None
        after = model.calibrators[best]
        then = ["", ""]
        if best != "none":
            then = [number(after.calibration_error.value), number(after.brier.value)]
        shown = (_between(error), number(error.by_chance), _between(model.brier), best, *then)
        table.add_row(_name(model, answer), *shown)
    return table


def _between(found: Share | CalibrationError | None) -> str:
    if found is None:
        return ""
    return f"{number(found.value)} [{number(found.low)}, {number(found.high)}]"


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
        found = model.decisions
        assert found is not None
        table.add_row(
            _name(model, answer),
            _between(found.expected_cost),
            number(found.expected_cost_at_half.value),
            _between(found.saved),
            number(found.expected_cost_uncalibrated.value),
            f"{found.share_called_positive:.1%}",
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
        found = model.intervals
        assert found is not None
        table.add_row(_name(model, answer), _between(found.coverage), number(found.half_width))
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


def _range(found: Share | CalibrationErrorEstimate) -> str:
    return f"{number(found.value)} ({number(found.low)} to {number(found.high)})"
