"""The sections about probabilities, mistakes and curves."""

from __future__ import annotations

from typing import Any

from .. import calibration_plots
from .. import curve_plots as learning_plots
from ..words import number, seconds
from .figures import Picture, inline


def calibration(found: dict[str, Any] | None, answer: dict[str, Any]) -> dict[str, Any] | None:
    """Reliability, calibration error and sets of the shown models; intervals of numbers."""
    if found is None or not found["models"]:
        return None
    numbers = found["dataset"]["task"] == "regression"
    header, rows = _of_values(found) if numbers else _of_classes(found)
    picture = Picture(
        inline(calibration_plots.draw(found), "reliability", "Stated against observed frequencies"),
        "Reliability",
        "Shown are the champions and the best others; deepworth calibration judges all of the run's models.",
        *(_levels(found) if numbers else _curves(found)),
    )
    level = f"{found['confidence_level']:.0%}"
    what = "Intervals" if numbers else "Sets of classes"
    return {
        "picture": picture,
        "header": header,
        "rows": rows,
        "question": "Does what was said with 70 % happen in 70 of 100 cases? " * (not numbers),
        "note": f"{what} are made to hold the truth in {level} of the rows; brackets are 95% intervals.",
        "lines": []
        if numbers
        else [
            "Calibration error: by how much stated probabilities are off on average, less the part of "
            "chance. Calibrators and sets were learned on the other folds."
        ],
    }


def _of_classes(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    header = ["model", "calibration error", "by chance", "best calibrator", "error then", "Brier score"]
    header += ["coverage of sets", "set size", "for a human"]
    rows = []
    for m in found["models"]:
        best = m["best_calibrator"]
        then = "-" if best == "none" else number(m["calibrators"][best]["calibration_error"]["value"])
        rows.append(
            [
                m["model"],
                _between(m["calibration_error"]),
                number(m["calibration_error"]["by_chance"]),
                best,
                then,
                _between(m["brier"]),
                _between(m["sets"]["coverage"]),
                f"{m['sets']['mean_set_size']:.2f}",
                f"{m['sets']['referred']:.1%}",
            ]
        )
    return header, rows


def _of_values(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    rows = [
        [m["model"], _between(m["intervals"]["coverage"]), f"± {number(m['intervals']['half_width'])}"]
        for m in found["models"]
    ]
    return ["model", f"coverage (stated {found['confidence_level']:.0%})", "width"], rows


def _between(value: dict[str, float]) -> str:
    return f"{number(value['value'])} [{number(value['low'])}, {number(value['high'])}]"


def _curves(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    rows = []
    for m in found["models"]:
        for kind in ("none", "calibrated"):
            c = m["reliability"][kind]
            for stated, happened, low, high, n in zip(
                c["stated"], c["happened"], c["low"], c["high"], c["rows"], strict=True
            ):
                between = f"{number(low)} to {number(high)}"
                words = "as trained" if kind == "none" else "calibrated"
                rows.append([m["model"], words, number(stated), number(happened), between, f"{n:,.0f}"])
    return ["model", "probabilities", "stated", "happened", "95% interval", "rows"], rows


def _levels(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    rows = [
        [m["model"], f"{p['level']:.0%}", _between(p["coverage"]), number(p["half_width"])]
        for m in found["models"]
        for p in m["levels"]
    ]
    return ["model", "stated", "held", "value ±"], rows


def confusion(sheet: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Matrices of the shown models; of very many classes the most frequent mistakes only."""
    found = sheet["confusion"]
    if not found or not found["models"]:
        return None
    classes = found["classes"]
    return [
        {
            **{k: m[k] for k in ("model", "mistakes")},
            "rows": f"{m['rows']:,}",
            "right": f"{m['right']:,}",
            "classes": classes,
            "matrix": None if m["counts"] is None else _matrix(m["counts"], classes),
        }
        for m in found["models"]
    ]


def _matrix(counts: list[list[int]], classes: list[str]) -> list[dict[str, Any]]:
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


def curve(answer: dict[str, Any] | None) -> dict[str, Any] | None:
    """A learning curve of the same data, and where the families cross."""
    if answer is None:
        return None
    label = answer["metric"]["label"]
    rows = [
        [
            f"{r['size']:,}",
            r["family"],
            r["champion"],
            number(r["score"]),
            "-" if r["score_low"] is None else f"{number(r['score_low'])} to {number(r['score_high'])}",
        ]
        for r in sorted(answer["families"], key=lambda r: (r["size"], r["family"]))
    ]
    picture = Picture(
        inline(learning_plots.draw_learning_curve(answer), "curve", answer["crossover"]["sentence"]),
        "Learning curves",
        "Points are the best of each family on growing parts of the data, lines are power laws with an "
        "asymptote. Grey ground was not measured.",
        ["training rows", "family", "champion", label, f"{answer['confidence_level']:.0%} interval"],
        rows,
    )
    return {"sentence": answer["crossover"]["sentence"], "picture": picture}


def capacity(answer: dict[str, Any] | None) -> dict[str, Any] | None:
    """A grid of networks on the same data."""
    if answer is None:
        return None
    rows = [
        [
            str(r["layers"]),
            "-" if r["units"] is None else f"{r['units']:,}",
            number(r["score"]),
            "-" if r["score_low"] is None else f"{number(r['score_low'])} to {number(r['score_high'])}",
            seconds(r["fit_seconds"]) or "-",
        ]
        for r in answer["networks"]
    ]
    picture = Picture(
        inline(learning_plots.draw_capacity(answer), "capacity", answer["headline"]),
        "Networks by depth and width",
        f"Scores and seconds of one fit; bars are {answer['confidence_level']:.0%} intervals.",
        ["hidden layers", "units each", answer["metric"]["label"], "interval", "fit"],
        rows,
    )
    return {"sentences": [a["sentence"] for a in answer["answers"]], "picture": picture}
