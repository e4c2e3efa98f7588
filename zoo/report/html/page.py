"""The page: what each section shows, put into templates that escape whatever comes from the data.

Sections get words and numbers in their final form; None leaves a section out. Answers as notebooks show them
are a part of a page, without scripts and with styles of its own.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ...metrics import METRICS
from ...results.answer import Answer, LeaderboardRow, Tuning
from ...results.curves import CapacityAnswer, LearningCurveAnswer
from ...results.facts import DatasetFacts
from ...results.report import ReportSheet
from ...results.rows import CostSheet, Latency
from ..words import (
    SEVERITIES,
    TUNING_HEADER,
    between_lines,
    chances,
    count,
    data_facts,
    facts,
    family_words,
    interval,
    is_tied,
    number,
    outcome_words,
    seconds,
    size,
    slice_lines,
    slice_table,
    slices_note,
    tied_words,
    together_lines,
    tuning_rows,
    unsteady,
    verdict_lines,
    without_reference,
)
from .details import calibration, capacity, confusion, curve, explanations
from .plots import Picture, differences, drawing, folds, pareto, true_and_predicted

T = TypeVar("T")

_FOLDER = Path(__file__).resolve().parent / "templates"
# Only what browsers and XML know as text: a file name or a class may hold anything.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

SECTIONS = (
    ("leaderboard", "Leaderboard", "board"),
    ("cost", "Score against cost", "costs"),
    ("tuning", "Tuning", "tuning"),
    ("folds", "Scores by fold", "folds"),
    ("slices", "Where the families differ", "slices"),
    ("data-size", "Learning curve", "curve"),
    ("capacity", "Depth and width of networks", "capacity"),
    ("calibration", "Calibration", "calibration"),
    ("mistakes", "Prediction errors", "mistakes"),
    ("explanations", "Explanations", "explanations"),
    ("data", "Data and findings", "data"),
    ("failures", "Failed jobs", "failed"),
    ("reproduce", "How to reproduce it", "made"),
)


def page(sheet: ReportSheet) -> str:
    """One self-contained HTML page about a run."""
    clean = cleaned(sheet)
    with drawing():
        shown = view(clean)
    sections = [(key, name) for key, name, part in SECTIONS if shown[part]]
    return rendered_page(shown, sections, str(clean.result.versions.get("deepworth") or ""))


def rendered_page(shown: Mapping[str, Any], sections: Sequence[tuple[str, str]], version: str) -> str:
    """The page of what :func:`.board.view` shows, with these sections (key and title)."""
    script = _text("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return rendered(
        "page.html",
        "style.css",
        v=shown,
        title=f"{shown['name']}: {shown['verdict']['words']}",
        sections=sections,
        version=version,
        script=Markup(script),
        script_hash=Markup(digest),
    )


def rendered(template: str, style: str, **values: Any) -> str:
    """A template of this package with a style sheet of its own; all other values are escaped."""
    return _environment().get_template(template).render(style=Markup(_text(style)), **values)


def cleaned(value: T) -> T:
    """The same object without characters that no page can hold."""
    return _cleaned(value)  # type: ignore[no-any-return]


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _CONTROL.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {_cleaned(key): _cleaned(own) for key, own in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(_cleaned, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _cleaned(getattr(value, f.name)) for f in fields(value)})
    return value


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def comparison(answer: Answer) -> str:
    """The verdict and the leaderboard."""
    answer = cleaned(answer)
    metric, verdict = answer.metric, answer.verdict
    arrow = "↑" if metric.greater_is_better else "↓"
    header = ["model", "family", f"{metric.label} {arrow}", "interval", "fit", "1k rows", "size"]
    rows = [
        [
            row.model + (" ≈" if is_tied(row) else ""),
            family_words(row.family),
            row.status.replace("_", " ") if row.score is None else number(row.score),
            interval(row.score_low, row.score_high),
            seconds(row.fit_seconds) or "-",
            seconds(row.predict_seconds) or "-",
            size(row.size_bytes) or "-",
        ]
        for row in answer.leaderboard
    ]
    lines = [verdict.sentence, *verdict_lines(answer), *together_lines(answer), *between_lines(answer)]
    lines += [f"{line[:1].upper()}{line[1:]}." for line in slice_lines(answer)]
    if verdict.missing:
        lines.append(f"Missing: {', '.join(verdict.missing)}.")
    if sum(map(is_tied, answer.leaderboard)) > 1:
        lines.append(f"≈ {tied_words(verdict.confidence_level)}.")
    title = f"{answer.dataset.name}: {outcome_words(verdict)}."
    return _fragment(title, facts(answer), lines, header, rows)


def learning_curve(answer: LearningCurveAnswer) -> str:
    """Where the families cross, as a picture."""
    answer = cleaned(answer)
    with drawing():
        shown = curve(answer)
    assert shown is not None
    title, facts = answer.crossover.claim, _data_words(answer.dataset)
    return _fragment(title, facts, [shown["sentence"]], picture=shown["picture"])


def networks(answer: CapacityAnswer) -> str:
    """How deep and how wide a network must be, as a picture."""
    answer = cleaned(answer)
    with drawing():
        shown = capacity(answer)
    assert shown is not None
    facts = _data_words(answer.dataset)
    return _fragment(answer.headline, facts, shown["sentences"], picture=shown["picture"])


def _data_words(dataset: DatasetFacts) -> str:
    return ", ".join([dataset.name, *data_facts(dataset)])


def _fragment(
    title: str,
    facts: str,
    lines: Sequence[str],
    header: Sequence[str] = (),
    rows: Sequence[Sequence[str]] = (),
    picture: Picture | None = None,
) -> str:
    parts = {"title": title, "facts": facts, "lines": lines, "header": header, "rows": rows}
    return rendered("fragment.html", "fragment.css", f={**parts, "picture": picture})


View = dict[str, Any]  # the variables of a template
Scale = tuple[float, float] | None


def view(sheet: ReportSheet) -> View:
    """All sections of a page."""
    answer = sheet.result
    matrices, numbers = confusion(sheet), true_and_predicted(sheet)
    return {
        "question": "is deep learning worth it on these data?",
        "name": answer.dataset.name,
        "created": answer.created[:10],
        "facts": facts(answer),
        "verdict": _verdict(answer),
        "board": board(answer),
        "pareto": pareto(answer),
        "costs": _costs(answer),
        "tuning": _tuning(answer),
        "folds": folds(sheet),
        "differences": differences(sheet),
        "slices": _slices(answer),
        "curve": curve(sheet.learning_curve),
        "capacity": capacity(sheet.capacity),
        "calibration": calibration(sheet.calibration),
        "confusion": matrices,
        "numbers": numbers,
        "mistakes": matrices or numbers,
        "explanations": explanations(answer),
        "findings": _findings(answer),
        "checked": True,
        "data": _data(answer),
        "failures": _failures(sheet),
        "skipped": _skipped(answer),
        "failed": True,
        "command": sheet.command,
        "made": _made(sheet),
        "versions": [(name, str(v)) for name, v in answer.versions.items() if v is not None],
    }


def _verdict(answer: Answer) -> View:
    verdict = answer.verdict
    return {
        "outcome": verdict.outcome,
        "words": outcome_words(verdict),
        "sentence": verdict.sentence,
        "chances": [
            {"kind": family or "same", "words": words, "percent": round(100 * p, 2), "shown": f"{p:.0%}"}
            for family, words, p in chances(verdict)
        ],
        "lines": [
            *verdict_lines(answer),
            *together_lines(answer, always=True),
            *between_lines(answer),
        ],
        "advice": verdict.advice,
        "missing": ", ".join(verdict.missing),
    }


def _slices(answer: Answer) -> View | None:
    """The rows on which the families differ; None without any."""
    header, rows = slice_table(answer)
    return {"header": header, "rows": rows, "note": slices_note(answer)} if rows else None


def _costs(answer: Answer) -> View:
    """What every model takes: its cost sheet where one was measured, else what its folds took."""
    rows = [row for row in answer.leaderboard if row.fit_seconds is not None]
    measured = any(row.costs for row in rows)
    sizes = sorted({n for row in rows for n in _latencies(row)}, key=int)
    header = ["model", "family", "fit", *(["CPU time of a fit", "memory of a fit"] if measured else [])]
    header += [f"{int(n):,} row{'s' if n != '1' else ''}" for n in sizes] if measured else ["1,000 rows"]
    header += ["size", "parameters", *(["operations"] if measured else [])]
    lines = [[row.model, family_words(row.family), *_cost_cells(row, sizes, measured)] for row in rows]
    return {"header": header, "rows": lines, "note": _cost_note(answer, measured)}


def _tuning(answer: Answer) -> View | None:
    """What tuning gained; None where nothing was tuned."""
    rows = tuning_rows(answer)
    if not rows:
        return None
    spent = {
        family_words(family): seconds(own)
        for family, own in (answer.tuning or Tuning((), {})).cpu_seconds.items()
    }
    note = (
        "CPU time of the searches: " + ", ".join(f"{family} {time}" for family, time in spent.items()) + ". "
    )
    note += "Candidates see the training rows of a fold only; the first one has the default parameters."
    return {"header": list(TUNING_HEADER), "rows": rows, "note": note}


def _latencies(row: LeaderboardRow) -> dict[str, Latency]:
    return (row.costs.latency if row.costs else None) or {}


def _cost_cells(row: LeaderboardRow, sizes: Sequence[str], measured: bool) -> list[str]:
    costs, latency = row.costs or CostSheet(), _latencies(row)
    if measured:
        times = [_median_and_tail(latency.get(n)) for n in sizes]
        more = [seconds(costs.fit_cpu_seconds), size(costs.fit_peak_bytes)]
    else:
        times, more = [seconds(row.predict_seconds)], []
    parameters = "" if row.parameters is None else f"{row.parameters:,}"
    cells = [seconds(row.fit_seconds), *more, *times, size(row.size_bytes), parameters]
    return [cell or "-" for cell in [*cells, *([count(costs.flops)] if measured else [])]]


def _median_and_tail(latency: Latency | None) -> str:
    return "" if latency is None else f"{seconds(latency.median)} ({seconds(latency.p95)})"


def _cost_note(answer: Answer, measured: bool) -> str:
    if measured:
        note = (
            "Every model was fitted once more on all rows, alone on the machine, saved, loaded and used to "
            "predict. Fit: wall time, CPU time and peak memory (of a short fit the median of several). Rows: "
            "median time of one call that predicts so many rows, with the 95th percentile in brackets. Size: "
            "on disk. Operations: floating-point operations of one prediction. Imports are not counted."
        )
        return " ".join(filter(None, (note, unsteady(answer))))
    threads = answer.plan.threads
    note = (
        f"Fit: wall time of one fit with {threads} thread{'s' if threads != 1 else ''}, mean over the folds "
        "(for a network the first fold, which is trained alone). 1,000 rows: time of one call that predicts "
        "them. Size: of the saved model. Imports are not counted."
    )
    if any(row.contended for row in answer.leaderboard):
        note += " Times were measured while other jobs were running."
    return note


def _findings(answer: Answer) -> list[View]:
    kinds = {"error": "bad", "warning": "warn", "info": "quiet"}
    return [
        {
            "code": finding.code,
            "severity": finding.severity,
            "message": finding.message,
            "kind": kinds[finding.severity],
            "columns": ", ".join(finding.columns),
            "rows": ", ".join(map(str, finding.rows)),
        }
        for finding in sorted(answer.findings, key=lambda finding: SEVERITIES.index(finding.severity))
    ]


def _data(answer: Answer) -> list[tuple[str, str]]:
    data = answer.dataset
    source, counts = data.provenance, data.class_counts or {}
    return [
        ("Data", f"{data.name}, {data.rows:,} rows"),
        ("Target", data.target or ""),
        ("Positive class", data.positive or ""),
        ("Classes", ", ".join(f"{name}: {n:,}" for name, n in counts.items())),
        ("Source", " ".join(filter(None, [source.source, source.location]))),
        ("Licence", source.licence),
        ("Citation", source.citation),
    ]


def _failures(sheet: ReportSheet) -> list[list[str]]:
    """A row for each model and reason, with the number of jobs that ended so."""
    jobs: dict[tuple[str, str, str], int] = {}
    for job in sheet.jobs:
        if job.status not in ("ok", "skipped"):
            key = (job.model, job.status.replace("_", " "), job.reason)
            jobs[key] = jobs.get(key, 0) + 1
    planned = {row.model: row.jobs_planned for row in sheet.result.leaderboard}
    return [
        [model, status, f"{n} of {planned.get(model, n)}", reason]
        for (model, status, reason), n in jobs.items()
    ]


def _skipped(answer: Answer) -> list[str]:
    rows = [row for row in answer.leaderboard if row.status == "skipped"]
    return [f"{row.model} was skipped: {row.reason}." for row in rows]


def _made(sheet: ReportSheet) -> list[tuple[str, object]]:
    answer, host = sheet.result, sheet.host
    plan, cores = answer.plan, host.get("cores")
    machine = [str(host.get("system") or ""), f"{cores} cores" if cores else ""]
    ok = sum(job.status == "ok" for job in sheet.jobs)
    return [
        ("Run", answer.run),
        ("Created", answer.created),
        ("Took", seconds(answer.wall_seconds)),
        ("Seed", plan.seed),
        ("Jobs", f"{ok} of {len(sheet.jobs)} succeeded"),
        ("Worker processes", plan.limits.workers),
        ("Threads per fit", plan.threads),
        ("Time limit of a fit", seconds(plan.limits.seconds)),
        ("Memory limit of a worker", size(plan.limits.bytes)),
        ("Margin", number(answer.verdict.margin, 4)),
        ("Fingerprint of the data (SHA-256)", answer.dataset.fingerprint),
        ("Fingerprint of the splits (SHA-256)", sheet.splits),
        ("Machine", " ".join(filter(None, machine))),
    ]


def board(answer: Answer) -> View:
    """Rows in the order of the answer, with bars on one scale and numbers to sort by."""
    metric, verdict, rows = answer.metric, answer.verdict, answer.leaderboard
    scale = _scale(answer)
    best = (verdict.deep_champion, verdict.classical_champion)
    header, lines = _all_metrics(rows)
    return {
        "label": f"{metric.label} {'↑' if metric.greater_is_better else '↓'}",
        "order": _order(metric.greater_is_better),
        "level": f"{verdict.confidence_level:.0%}",
        "families": any(row.family != "unknown" for row in rows),
        "second": metric.second_label,
        "second_order": _order(_greater_is_better(metric.second)),
        "scale": None if scale is None else [number(end) for end in scale],
        "rows": [_row(row, answer, scale, row.model in best) for row in rows],
        "tied": tied_words(verdict.confidence_level) if sum(map(is_tied, rows)) > 1 else "",
        "best_reachable": None if answer.best_reachable is None else number(answer.best_reachable),
        "notes": [f"{row.model} {note}" for row in without_reference(rows) for note in row.notes],
        "all_header": header,
        "all_rows": lines,
    }


def _order(greater_is_better: bool) -> str:
    """How a column is sorted, best first."""
    return "descending" if greater_is_better else "ascending"


def _greater_is_better(name: str | None) -> bool:
    metric = METRICS.get(name or "")
    return metric is None or metric.greater_is_better


def _row(row: LeaderboardRow, answer: Answer, scale: Scale, is_best: bool) -> View:
    status = "" if row.status == "ok" else row.status.replace("_", " ")
    second = row.metrics.get(answer.metric.second or "")
    return {
        "model": row.model,
        "family": row.family,
        "family_words": family_words(row.family),
        "champion": is_best,
        "tied": is_tied(row),
        "score": _cell(row.score, lambda score: status if score is None else number(score)),
        "interval": interval(row.score_low, row.score_high),
        "bar": _bar(row, scale),
        "second": _cell(second, number),
        "costs": [
            _cell(row.fit_seconds, seconds),
            _cell(row.predict_seconds, seconds),
            _cell(row.size_bytes, size),
            _cell(row.parameters, lambda n: "" if n is None else f"{n:,}"),
        ],
    }


def _cell(value: float | None, shown: Callable[[Any], str]) -> View:
    """A number to sort by (or nothing), and what is read."""
    return {"value": "" if value is None else repr(value), "shown": shown(value) or "-"}


def _scale(answer: Answer) -> Scale:
    """Left and right end of the bars: all models but the reference."""
    rows = without_reference(row for row in answer.leaderboard if row.score is not None)
    ends = [v for row in rows for v in (row.score, row.score_low, row.score_high) if v is not None]
    return (min(ends), max(ends)) if ends and max(ends) > min(ends) else None


def _bar(row: LeaderboardRow, scale: Scale) -> View | None:
    if scale is None or row.score is None or row.reference:
        return None

    def position(value: float) -> float:
        return round(100 * (value - scale[0]) / (scale[1] - scale[0]), 1)

    if row.score_low is None or row.score_high is None:
        return {"low": None, "at": position(row.score)}
    low = position(row.score_low)
    return {"low": low, "width": round(position(row.score_high) - low, 1), "at": position(row.score)}


def _all_metrics(rows: Sequence[LeaderboardRow]) -> tuple[list[str], list[list[str]]]:
    names = list(rows[0].metrics) if rows else []
    lines = []
    for row in rows:
        cells = []
        for name in names:
            value, (low, high) = row.metrics[name], row.intervals[name]
            between = "" if low is None else f" [{number(low)}, {number(high)}]"
            cells.append("-" if value is None else f"{number(value)}{between}")
        lines.append([row.model, *cells])
    return ["model", *(METRICS[name].label if name in METRICS else name for name in names)], lines
