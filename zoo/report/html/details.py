"""The sections about probabilities, mistakes and curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...results.calibration import CalibrationAnswer, CalibrationError
from ...results.curves import CapacityAnswer, LearningCurveAnswer
from ...results.report import ReportSheet
from ...results.saved import Share
from .. import calibration as calibration_plots
from ..curve_plots import draw_capacity, draw_learning_curve
from ..words import interval, number, seconds
from .plots import Picture, inline

View = dict[str, Any]  # the variables of a template
Table = tuple[list[str], list[list[str]]]


def calibration(answer: CalibrationAnswer | None) -> View | None:
    """Reliability, calibration error and sets of the shown models; intervals for regression."""
    if answer is None or not answer.models:
        return None
    regression = answer.dataset.task == "regression"
    header, rows = _of_values(answer) if regression else _of_classes(answer)
    picture = Picture(
        inline(calibration_plots.draw(answer), "reliability", "Predicted against observed frequencies"),
        "Reliability diagram",
        "The best models; deepworth calibration shows all models of the run.",
        *(_levels(answer) if regression else _curves(answer)),
    )
    what = "Prediction intervals" if regression else "Prediction sets"
    return {
        "picture": picture,
        "header": header,
        "rows": rows,
        "note": f"{what} should hold the truth for {answer.confidence_level:.0%} of the rows. "
        f"Brackets are {answer.interval_level:.0%} intervals.",
        "lines": [] if regression else [_CLASSES_NOTE],
    }


_CLASSES_NOTE = (
    "Calibration error: mean difference between predicted probabilities and observed frequencies, without "
    "the part that is due to chance. Calibrators and prediction sets were fitted on the other folds."
)


def _of_classes(answer: CalibrationAnswer) -> Table:
    header = ["model", "calibration error", "by chance", "best calibrator", "calibrated error", "Brier score"]
    header += ["coverage of sets", "mean set size", "referred"]
    rows = []
    for model in answer.models:
        error, brier, sets = model.calibration_error, model.brier, model.sets
        if error is None or brier is None or sets is None:
            continue
        best = (model.calibrators or {}).get(model.best_calibrator or "")
        calibrated = None if best is None or model.best_calibrator == "none" else best.calibration_error.value
        rows.append(
            [
                model.model,
                _with_interval(error),
                number(error.by_chance),
                model.best_calibrator or "-",
                number(calibrated),
                _with_interval(brier),
                _with_interval(sets.coverage),
                f"{sets.mean_set_size:.2f}",
                f"{sets.referred:.1%}",
            ]
        )
    return header, rows


def _of_values(answer: CalibrationAnswer) -> Table:
    rows = [
        [
            model.model,
            _with_interval(model.intervals.coverage),
            f"± {number(model.intervals.half_width)}",
        ]
        for model in answer.models
        if model.intervals is not None
    ]
    return ["model", f"coverage (nominal {answer.confidence_level:.0%})", "width"], rows


def _with_interval(value: Share | CalibrationError) -> str:
    return f"{number(value.value)} [{number(value.low)}, {number(value.high)}]"


def _curves(answer: CalibrationAnswer) -> Table:
    rows = []
    for model in answer.models:
        if model.reliability is None:
            continue
        both = {"as trained": model.reliability.none, "calibrated": model.reliability.calibrated}
        for words, curve in both.items():
            columns = (curve.stated, curve.happened, curve.low, curve.high, curve.rows)
            for stated, happened, low, high, n in zip(*columns, strict=True):
                ends = interval(low, high)
                rows.append([model.model, words, number(stated), number(happened), ends, f"{n:,.0f}"])
    return ["model", "probabilities", "predicted", "observed", "95% interval", "rows"], rows


def _levels(answer: CalibrationAnswer) -> Table:
    rows = [
        [model.model, f"{point.level:.0%}", _with_interval(point.coverage), number(point.half_width)]
        for model in answer.models
        for point in model.levels or ()
    ]
    return ["model", "nominal coverage", "coverage", "value ±"], rows


def confusion(sheet: ReportSheet) -> list[View] | None:
    """Matrices of the shown models; of very many classes the most frequent mistakes only."""
    answer = sheet.confusion
    if answer is None or not answer.models:
        return None
    classes = answer.classes
    return [
        {
            "model": model.model,
            "mistakes": model.mistakes,
            "rows": f"{model.rows:,}",
            "right": f"{model.right:,}",
            "classes": classes,
            "matrix": None if model.counts is None or classes is None else _matrix(model.counts, classes),
        }
        for model in answer.models
    ]


def _matrix(counts: Sequence[Sequence[int]], classes: Sequence[str]) -> list[View]:
    return [
        {
            "name": name,
            "cells": [
                {"rows": f"{n:,}", "share": round(n / (sum(line) or 1), 3), "right": i == j}
                for j, n in enumerate(line)
            ],
        }
        for i, (name, line) in enumerate(zip(classes, counts, strict=True))
    ]


def curve(answer: LearningCurveAnswer | None) -> View | None:
    """A learning curve of the same data, and where the families cross."""
    if answer is None:
        return None
    sentence = answer.crossover.sentence
    rows = [
        [
            f"{row.size:,}",
            row.family,
            row.champion,
            number(row.score),
            interval(row.score_low, row.score_high),
        ]
        for row in sorted(answer.families, key=lambda row: (row.size, row.family))
    ]
    picture = Picture(
        inline(draw_learning_curve(answer), "curve", sentence),
        "Learning curves",
        "Points: the best model of each family by the number of training rows. Lines: power laws with an "
        "asymptote. Below: by how much deep learning is better, in the colour of the family that is ahead. "
        "Grey ground: beyond the measured sizes.",
        ["training rows", "family", "model", answer.metric.label, f"{answer.confidence_level:.0%} interval"],
        rows,
    )
    return {"sentence": sentence, "picture": picture}


def capacity(answer: CapacityAnswer | None) -> View | None:
    """A grid of networks on the same data."""
    if answer is None:
        return None
    rows = [
        [
            str(row.layers),
            "-" if row.units is None else f"{row.units:,}",
            number(row.score),
            interval(row.score_low, row.score_high),
            seconds(row.fit_seconds) or "-",
        ]
        for row in answer.networks
    ]
    picture = Picture(
        inline(draw_capacity(answer), "capacity", answer.headline),
        "Networks by depth and width",
        f"Scores, and seconds of one fit; bars are {answer.confidence_level:.0%} intervals.",
        ["hidden layers", "units per layer", answer.metric.label, "interval", "fit"],
        rows,
    )
    return {"sentences": [one.sentence for one in answer.answers], "picture": picture}
