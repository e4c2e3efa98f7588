"""What the rows of tabular.py say: ranks, normalised errors, CPU seconds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from typing import Any

from _fits import Cell, Row
from _rows import error_of

BASE, EASY, MARGIN = "HGB", "mushroom", 0.01

Errors = dict[str, dict[Cell, float]]  # by model


def errors_by_model(rows: Iterable[Row]) -> Errors:
    """Errors by model and cell; a later row replaces an earlier one."""
    found: Errors = {}
    for row in rows:
        found.setdefault(row["model"], {})[row["dataset"], row["split"]] = error_of(row)
    return found


def chosen_sources(measured: Errors, published: Errors, cells: list[Cell]) -> tuple[Errors, dict[str, str]]:
    """For each model the source that has more of the cells, its own measurement at a tie."""
    errors: Errors = {}
    sources = {}
    for name in sorted({*measured, *published}):
        ours, theirs = (
            {c: e for c, e in s.get(name, {}).items() if c in cells} for s in (measured, published)
        )
        if ours or theirs:
            sources[name] = "measured" if len(ours) >= len(theirs) else "reference"
            errors[name] = ours if len(ours) >= len(theirs) else theirs
    return errors, sources


def comparison(errors: Errors, cells: list[Cell]) -> dict[str, Any]:
    """Ranks and normalised errors of models that have all of the cells."""
    if BASE not in errors or not cells:
        return {}
    means = {table: table_means(errors, table, cells) for table in dict.fromkeys(d for d, _ in cells)}
    ranks = [ranked(by_model) for by_model in means.values()]
    hard = [c for c in cells if c[0] != EASY]
    return {
        "mean_rank": {m: statistics.mean(r[m] for r in ranks) for m in errors},
        "mean_normalised_error": {m: normalised(errors, m, cells) for m in errors},
        f"mean_normalised_error_without_{EASY}": {m: normalised(errors, m, hard) for m in errors},
        "errors": means,
    }


def table_means(errors: Errors, table: str, cells: list[Cell]) -> dict[str, float]:
    """Mean error of each model over the splits of a table."""
    return {m: statistics.mean(e[c] for c in cells if c[0] == table) for m, e in errors.items()}


def ranked(values: dict[str, float]) -> dict[str, float]:
    """Rank of each value, 1 the smallest; equal ones share the mean of their ranks."""
    ordered = sorted(values.values())
    return {m: ordered.index(v) + (ordered.count(v) + 1) / 2 for m, v in values.items()}


def normalised(errors: Errors, name: str, cells: list[Cell]) -> float | None:
    """Geometric mean of a model's error over that of HGB on the same splits, each raised by 0.01."""
    ratios = [(errors[name][c] + MARGIN) / (errors[BASE][c] + MARGIN) for c in cells]
    return geometric_mean(ratios)


def geometric_mean(values: list[float]) -> float | None:
    return math.exp(statistics.mean(map(math.log, values))) if values else None


def cpu_seconds(rows: list[Row], cells: list[Cell], threads: int) -> dict[str, dict[str, Any]]:
    """CPU seconds of fits measured here at equal threads: mean, and as a ratio to HGB's."""
    by_model: Errors = {}
    for row in rows:
        cell = (row["dataset"], row["split"])
        if cell in cells and int(row["threads"]) == threads:
            by_model.setdefault(row["model"], {})[cell] = float(row["fit_cpu"])
    base = by_model.get(BASE, {})
    return {
        name: {
            "mean": statistics.mean(seconds.values()),
            f"ratio_to_{BASE}": geometric_mean([s / base[c] for c, s in seconds.items() if c in base]),
            "fits": len(seconds),
        }
        for name, seconds in by_model.items()
    }


def partial(errors: Errors, full: list[str]) -> dict[str, Any]:
    """Each model that misses fits, with all full ones, on the tables it has: the first split only."""
    found = {}
    for name in sorted(set(errors) - set(full)):
        cells = [c for c in errors[name] if c[1] == 0 and all(c in errors[m] for m in full)]
        if cells:
            group = {m: errors[m] for m in (name, *full)}
            found[name] = {"tables": sorted(d for d, _ in cells), **comparison(group, cells)}
            found[name].pop("errors", None)
    return found
