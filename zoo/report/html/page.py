"""The page: what the sections show, put into templates that escape whatever comes from the data.

Answers as notebooks show them: a part of a page, without scripts and with styles of its own.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ...results.answer import Answer
from ...results.curves import CapacityAnswer, LearningCurveAnswer
from ...results.facts import DatasetFacts
from ...results.report import ReportSheet
from ..words import (
    between_lines,
    data_facts,
    facts,
    interval,
    is_tied,
    number,
    outcome_words,
    seconds,
    size,
    slice_lines,
    tied_words,
    together_lines,
    verdict_lines,
)
from .board import view
from .details import capacity, curve
from .plots import Picture, drawing

T = TypeVar("T")

_FOLDER = Path(__file__).resolve().parent / "templates"
# Only what browsers and XML know as text: a file name or a class may hold anything.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

SECTIONS = (
    ("leaderboard", "Leaderboard", "board"),
    ("cost", "Score against cost", "costs"),
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
            row.family,
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
    return _fragment(title, ", ".join(facts(answer)), lines, header, rows)


def learning_curve(answer: LearningCurveAnswer) -> str:
    """Where the families cross, as a picture."""
    answer = cleaned(answer)
    with drawing():
        shown = curve(answer)
    assert shown is not None
    title, facts = answer.crossover.claim, _data(answer.dataset)
    return _fragment(title, facts, [shown["sentence"]], picture=shown["picture"])


def networks(answer: CapacityAnswer) -> str:
    """How deep and how wide a network must be, as a picture."""
    answer = cleaned(answer)
    with drawing():
        shown = capacity(answer)
    assert shown is not None
    facts = _data(answer.dataset)
    return _fragment(answer.headline, facts, shown["sentences"], picture=shown["picture"])


def _data(dataset: DatasetFacts) -> str:
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
