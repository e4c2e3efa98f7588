"""The page: what the sections show, put into templates that escape whatever comes from the data.

Answers as notebooks show them: a part of a page, without scripts and with styles of its own.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..words import OUTCOMES, between_lines, data_facts, facts, number, seconds, size, verdict_lines
from .board import view
from .details import capacity, curve
from .figures import drawing

_FOLDER = Path(__file__).resolve().parent / "templates"
# Only what browsers and XML know as text: a file name or a class may hold anything.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

SECTIONS = (
    ("leaderboard", "Leaderboard", "board"),
    ("cost", "Accuracy against cost", "costs"),
    ("folds", "Fold by fold", "folds"),
    ("data-size", "With more data", "curve"),
    ("capacity", "How deep, how wide", "capacity"),
    ("calibration", "Can the probabilities be trusted?", "calibration"),
    ("mistakes", "What goes wrong", "mistakes"),
    ("explanations", "What the models answer by", "explanations"),
    ("data", "What to know about the data", "data"),
    ("failures", "What failed", "failed"),
    ("reproduce", "How to reproduce it", "made"),
)


def page(sheet: dict[str, Any]) -> str:
    """One self-contained HTML page of what :func:`deepworth.report` collects of a run."""
    clean = cleaned(sheet)
    with drawing():
        shown = view(clean)
    script = _text("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return rendered(
        "page.html",
        "style.css",
        v=shown,
        title=f"{shown['name']}: {shown['verdict']['words']}",
        sections=[(key, shown["titles"].get(key, name)) for key, name, part in SECTIONS if shown[part]],
        version=clean["result"]["versions"].get("deepworth") or "",
        script=Markup(script),
        script_hash=Markup(digest),
    )


def rendered(template: str, style: str, **values: Any) -> str:
    """A template of this package with a style sheet of its own; all other values are escaped."""
    return _environment().get_template(template).render(style=Markup(_text(style)), **values)


def cleaned(value: Any) -> Any:
    """The same object without characters that no page can hold."""
    if isinstance(value, str):
        return _CONTROL.sub("\ufffd", value)
    if isinstance(value, dict):
        return {cleaned(k): cleaned(v) for k, v in value.items()}
    return [cleaned(v) for v in value] if isinstance(value, list) else value


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


def comparison(answer: dict[str, Any]) -> str:
    """The verdict and the leaderboard."""
    answer = cleaned(answer)
    metric, verdict = answer["metric"], answer["verdict"]
    arrow = "↑" if metric["greater_is_better"] else "↓"
    header = ["model", "family", f"{metric['label']} {arrow}", "interval", "fit", "1k rows", "size"]
    rows = []
    for r in answer["leaderboard"]:
        low, high = r["score_low"], r["score_high"]
        rows.append(
            [
                r["model"] + (" ≈" if r.get("tied_with_best") else ""),
                r["family"],
                r["status"].replace("_", " ") if r["score"] is None else number(r["score"]),
                "-" if low is None else f"{number(low)} to {number(high)}",
                seconds(r["fit_seconds"]) or "-",
                seconds(r["predict_seconds"]) or "-",
                size(r["size_bytes"]) or "-",
            ]
        )
    lines = [verdict["sentence"], *verdict_lines(answer), *between_lines(answer)]
    if verdict["missing"]:
        lines.append(f"Missing: {', '.join(verdict['missing'])}.")
    title = f"{answer['dataset']['name']}: {OUTCOMES[verdict['outcome']]}."
    return _fragment(title, ", ".join(facts(answer)), lines, header, rows)


def learning_curve(answer: dict[str, Any]) -> str:
    """Where the families cross, as a picture."""
    answer = cleaned(answer)
    with drawing():
        found = curve(answer)
    assert found is not None
    return _fragment(
        answer["crossover"]["headline"], _data(answer), [found["sentence"]], picture=found["picture"]
    )


def networks(answer: dict[str, Any]) -> str:
    """How deep and how wide a network must be, as a picture."""
    answer = cleaned(answer)
    with drawing():
        found = capacity(answer)
    assert found is not None
    return _fragment(answer["headline"], _data(answer), found["sentences"], picture=found["picture"])


def _data(answer: dict[str, Any]) -> str:
    return ", ".join([answer["dataset"]["name"], *data_facts(answer["dataset"])])


def _fragment(
    title: str, told: str, lines: list[str], header: Any = (), rows: Any = (), picture: Any = None
) -> str:
    parts = {"title": title, "facts": told, "lines": lines, "header": header, "rows": rows}
    return rendered("fragment.html", "fragment.css", f={**parts, "picture": picture})
