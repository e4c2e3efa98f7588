"""Reports as files: HTML, JSON, or Markdown for notes, issues and pull requests."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from ...datasets import InputError
from ..results.answer import Answer
from ..results.report import ReportSheet
from ..results.saved import CalibrationAnswer, CalibrationError, Share
from .output import as_json, check_place, safe
from .words import (
    TUNING_HEADER,
    between_lines,
    chances,
    count,
    facts,
    family_words,
    interval,
    is_tied,
    number,
    outcome_words,
    seconds,
    size,
    slice_table,
    slices_note,
    tied_words,
    together_lines,
    tuning_rows,
    verdict_lines,
)

KINDS = {"html": (".html", ".htm"), "md": (".md", ".markdown"), "json": (".json",)}


def kind_of(output: str | os.PathLike[str] | None, given: str | None = None) -> str:
    """The format by name or by the file's ending; refused before any work where it cannot be written."""
    if given is not None and given not in KINDS:
        raise InputError(f"unknown format {given!r}; expected {', '.join(KINDS)}")
    if output is None:
        return given or "html"
    path = Path(output)
    check_place(path)
    known_kind = next((kind for kind, endings in KINDS.items() if path.suffix.lower() in endings), None)
    if given is None and known_kind is None:
        endings = ", ".join(ending for known in KINDS.values() for ending in known)
        raise InputError(f"cannot write {path}: expected a name ending in {endings}, or --format")
    return given or str(known_kind)


def render(sheet: ReportSheet, kind: str) -> str:
    """The text of a report."""
    if kind == "json":
        return as_json(sheet.to_dict())
    if kind == "md":
        return markdown(sheet)
    from .html.page import page

    return page(sheet)


_MOST_PARTS = 15
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&])")


def markdown(sheet: ReportSheet) -> str:
    """The whole answer without pictures."""
    answer = sheet.result
    parts = [
        f"# {escape(answer.dataset.name)}: {outcome_words(answer.verdict)}",
        escape(facts(answer)) + ".",
        *_verdict(answer),
        "## Leaderboard",
        _leaderboard(answer),
        *_tied(answer),
        *_tuning(answer),
        *_slices(answer),
        *_calibration(sheet.calibration),
        *_fidelity(answer),
        *_importance(answer),
        *_findings(answer),
        *_failures(answer),
        *_reproduce(sheet),
    ]
    return safe("\n\n".join(parts) + "\n")


def escape(text: object) -> str:
    """Text that came from the data, as nothing but text, on one line."""
    return _SPECIAL.sub(r"\\\1", safe(" ".join(str(text).split())))


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of GitHub's kind; cells are escaped."""
    lines = [header, ["---"] * len(header), *([escape(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _verdict(answer: Answer) -> list[str]:
    verdict = answer.verdict
    shares = [f"{words} {p:.0%}" for _, words, p in chances(verdict)]
    lines = [f"**{escape(verdict.sentence)}**", escape(", ".join(shares))]
    together = together_lines(answer, always=True)
    lines += [escape(line) for line in (*verdict_lines(answer), *together, *between_lines(answer))]
    if verdict.advice:
        lines.append(f"What would help: {escape(verdict.advice)}.")
    if verdict.missing:
        lines.append(f"Missing: {escape(', '.join(verdict.missing))}.")
    return [line for line in lines if line]


def _tuning(answer: Answer) -> list[str]:
    rows = tuning_rows(answer)
    return [f"## Tuning\n\n{table(TUNING_HEADER, rows)}"] if rows else []


def _leaderboard(answer: Answer) -> str:
    metric, level = answer.metric, f"{answer.verdict.confidence_level:.0%}"
    arrow = "↑" if metric.greater_is_better else "↓"
    header = ["model", "family", f"{metric.label} {arrow}", f"{level} interval"]
    rows = [
        [
            row.model + (" ≈" if is_tied(row) else ""),
            family_words(row.family),
            row.status if row.score is None else number(row.score),
            interval(row.score_low, row.score_high),
            seconds(row.fit_seconds),
            seconds(row.predict_seconds),
            size(row.size_bytes),
            count(row.parameters),
        ]
        for row in answer.leaderboard
    ]
    return table([*header, "fit", "1k rows", "size", "params"], rows)


def _tied(answer: Answer) -> list[str]:
    """What the sign behind some names means."""
    if sum(map(is_tied, answer.leaderboard)) < 2:
        return []
    return [f"≈ {tied_words(answer.verdict.confidence_level)}."]


def _slices(answer: Answer) -> list[str]:
    """The rows on which the families differ."""
    header, rows = slice_table(answer)
    return ["## Where the families differ", table(header, rows), slices_note(answer)] if rows else []


def _calibration(answer: CalibrationAnswer | None) -> list[str]:
    """How far probabilities, or intervals around values, can be trusted."""
    if answer is None:
        return []
    if answer.dataset.task == "regression":
        header = ["model", f"coverage (nominal {answer.confidence_level:.3g})", "interval: value ±"]
        rows = [
            [model.model, _with_interval(model.intervals.coverage), number(model.intervals.half_width)]
            for model in answer.models
            if model.intervals is not None
        ]
        return ["## Calibration of intervals", table(header, rows)]
    header = ["model", "calibration error", "by chance", "Brier score", "best calibrator"]
    rows = [
        [
            model.model,
            _with_interval(model.calibration_error),
            number(model.calibration_error.by_chance),
            _with_interval(model.brier),
            model.best_calibrator or "-",
        ]
        for model in answer.models
        if model.calibration_error is not None and model.brier is not None
    ]
    return ["## Calibration of probabilities", table(header, rows)]


def _with_interval(value: Share | CalibrationError) -> str:
    return f"{number(value.value)} ({interval(value.low, value.high)})"


def _fidelity(answer: Answer) -> list[str]:
    """How well small surrogates imitate every model."""
    rows = [
        [row.model, f"{max(0.0, row.fidelity_tree):.0%}", f"{max(0.0, row.fidelity_linear):.0%}"]
        for row in answer.leaderboard
        if row.fidelity_tree is not None and row.fidelity_linear is not None
    ]
    surrogates = answer.explanations
    if not rows or surrogates is None:
        return []
    header = ["model", f"R² of an {surrogates.leaves}-leaf tree"]
    header.append(f"R² of an {surrogates.terms}-term linear model")
    return ["## Surrogate models that imitate each model", table(header, rows)]


def _importance(answer: Answer) -> list[str]:
    """The features that the best models depend on, where ``deepworth explain`` was asked."""
    explained = None if answer.explanations is None else answer.explanations.champions
    parts: list[str] = []
    for model in () if explained is None else explained.models:
        importance = model.importance
        header = ["feature", "importance", f"{importance.confidence_level:.0%} interval"]
        rows = [
            [part.part, number(part.importance), interval(part.low, part.high)]
            for part in importance.parts[:_MOST_PARTS]
        ]
        if rows:
            parts += [f"## Feature importance of {escape(model.model)}", table(header, rows)]
    return parts


def _findings(answer: Answer) -> list[str]:
    if not answer.findings:
        return []
    lines = [f"- {f.code} ({f.severity}): {escape(f.message)}" for f in answer.findings]
    return ["## Findings about the data", "\n".join(lines)]


def _failures(answer: Answer) -> list[str]:
    rows = [[row.model, row.status, row.reason] for row in answer.leaderboard if row.status != "ok"]
    return ["## What failed", table(["model", "status", "reason"], rows)] if rows else []


def _reproduce(sheet: ReportSheet) -> list[str]:
    answer = sheet.result
    command = sheet.command or "(the parameters cannot be written as a command)"
    versions = ", ".join(f"{name} {v}" for name, v in answer.versions.items() if v is not None)
    lines = [
        f"- run {answer.run} of {answer.created}, seed {answer.plan.seed}",
        f"- data (SHA-256): {answer.dataset.fingerprint}",
        f"- splits (SHA-256): {sheet.splits}",
        f"- {escape(versions)}",
    ]
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", command)), default=0))
    return ["## How to reproduce it", f"{fence}\n{command}\n{fence}", "\n".join(lines)]
