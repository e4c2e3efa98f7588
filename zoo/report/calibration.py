"""Confidence of the models of a run, in a terminal. Works from plain results only."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from .terminal import console, print_json
from .words import FAMILY_COLOURS, number


def show_calibration(answer: dict[str, Any], *, as_json: bool = False) -> None:
    """Print what `deepworth calibration` found."""
    if as_json:
        print_json(answer)
        return
    out = console()
    data = answer["dataset"]
    facts = f"{data['rows']:,} rows, {data['task']} task, run {answer['run']}"
    out.print(Text.assemble((data["name"], "bold"), f": {facts}"))
    numbers = data["task"] == "regression"
    for part in _of_values(answer) if numbers else _of_classes(answer):
        out.print(part)


def _of_classes(answer: dict[str, Any]) -> list[Any]:
    parts: list[Any] = [_calibrators(answer), *_reading(answer), _sets(answer)]
    if answer["costs"] is not None:
        parts += [_decisions(answer), _of_costs(answer)]
    return parts


def _table(*columns: str) -> Table:
    """Headers break where they say so; a number never does."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("model", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _name(model: dict[str, Any], answer: dict[str, Any]) -> Text:
    style = FAMILY_COLOURS[model["family"]]
    return Text(model["model"], f"bold {style}" if model["model"] in answer["champions"] else style)


def _calibrators(answer: dict[str, Any]) -> Table:
    """Calibration error and Brier score as they are, and after the calibrator that suits best."""
    table = _table(
        "calibration\nerror", "by\nchance", "Brier\nscore", "best\ncalibrator", "error\nthen", "Brier\nthen"
    )
    for model in answer["models"]:
        error, best = model["calibration_error"], model["best_calibrator"]
        after = model["calibrators"][best]
        then = ["", ""]
        if best != "none":
            then = [number(after[key]["value"]) for key in ("calibration_error", "brier")]
        shown = (_between(error), number(error["by_chance"]), _between(model["brier"]), best, *then)
        table.add_row(_name(model, answer), *shown)
    return table


def _between(value: dict[str, float]) -> str:
    return f"{number(value['value'])} [{number(value['low'])}, {number(value['high'])}]"


def _reading(answer: dict[str, Any]) -> list[Text]:
    words = "probability of the positive class" if answer["dataset"]["positive"] else "confidence"
    return [
        Text(
            f"Calibration error: by how much the {words} is off on average, less the part of chance; "
            "by chance: what perfect probabilities would show on these rows before that is taken off. "
            "Calibrators learned on the other folds. Intervals at 95%.",
            "dim",
        )
    ]


def _sets(answer: dict[str, Any]) -> Table:
    """Conformal sets with the best calibrator."""
    level = f"{answer['confidence_level']:.3g}"
    table = _table(
        f"coverage\n(stated {level})", "lowest\nby class", "set\nsize", "to a\nhuman", "accuracy\nof the rest"
    )
    for model in answer["models"]:
        sets = model["sets"]
        by_class = {c: v for c, v in sets["coverage_by_class"].items() if v is not None}
        worst = min(by_class, key=lambda c: by_class[c])
        table.add_row(
            _name(model, answer),
            _between(sets["coverage"]),
            f"{by_class[worst]:.3f} ({worst})",
            f"{sets['mean_set_size']:.2f}",
            f"{sets['referred']:.1%}",
            number(sets["accuracy_of_the_rest"]),
        )
    return table


def _decisions(answer: dict[str, Any]) -> Table:
    table = _table("cost\na row", "at\n1/2", "saved", "uncali-\nbrated", "called\npositive")
    for model in answer["models"]:
        found = model["decisions"]
        table.add_row(
            _name(model, answer),
            _between(found["expected_cost"]),
            number(found["expected_cost_at_half"]["value"]),
            _between(found["saved"]),
            number(found["expected_cost_uncalibrated"]["value"]),
            f"{found['share_called_positive']:.1%}",
        )
    return table


def _of_costs(answer: dict[str, Any]) -> Text:
    costs = answer["costs"]
    return Text(
        f"Says {answer['dataset']['positive']} from a probability of {costs['threshold']:.3g} on: a missed "
        f"case costs {costs['false_negative']:g}, a false alarm {costs['false_positive']:g}. Calibrated "
        "probabilities; uncalibrated ones at the same threshold beside.",
        "dim",
    )


def _of_values(answer: dict[str, Any]) -> list[Any]:
    table = _table(f"coverage (stated {answer['confidence_level']:.3g})", "interval: value ±")
    for model in answer["models"]:
        found = model["intervals"]
        table.add_row(_name(model, answer), _between(found["coverage"]), number(found["half_width"]))
    note = "Intervals from the residuals of the other folds, the same width for every row."
    return [table, Text(note, "dim")]


def show_confidence(found: dict[str, Any] | None) -> None:
    """How far a saved model's confidence held on labelled rows, below its scores."""
    lines = confidence_lines(found or {})
    if lines:
        console().print(Text("\n".join(lines)))


def confidence_lines(found: dict[str, Any]) -> list[str]:
    """Calibration error, coverage and costs in words."""
    lines = []
    if "calibration_error" in found:
        error = found["calibration_error"]
        kind = "" if found["calibrator"] == "none" else f" (calibrated by {found['calibrator']})"
        lines.append(
            f"Calibration error {_between(error)}{kind}; by chance alone {number(error['by_chance'])}"
        )
    if "coverage" in found:
        what = "Sets hold the true class" if "mean_set_size" in found else "Intervals hold the true value"
        lines.append(f"{what} in {_between(found['coverage'])} of the rows, {found['level']:.3g} was stated")
    if "referred" in found:
        lines.append(
            f"{found['referred']:.1%} of the rows are for a human, {found['mean_set_size']:.2f} classes a set"
        )
    if "expected_cost" in found:
        lines.append(
            f"Says {found['positive']} from {found['threshold']:.3g} on: cost a row "
            f"{number(found['expected_cost'])}, with one half {number(found['expected_cost_at_half'])}"
        )
    return lines
