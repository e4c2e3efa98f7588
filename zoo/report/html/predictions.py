"""The page about predictions of any models, made of the sections of a run's page."""

from __future__ import annotations

from typing import Any

from ...results.predictions import PredictionsAnswer
from ...results.report import ReportSheet
from ..prediction_words import chances, facts, lines, outcome_words
from .board import view
from .page import SECTIONS, cleaned, rendered_page
from .plots import drawing

_COLOURS = {"first": "deep", "": "same", "second": "classical"}  # of the styles of a run's page


def page(answer: PredictionsAnswer, sheet: ReportSheet) -> str:
    """One self-contained HTML page."""
    answer, sheet = cleaned(answer), cleaned(sheet)
    with drawing():
        shown = view(sheet)
    shown |= {
        "question": f"which model predicts {answer.dataset.name} best?",
        "facts": ", ".join(facts(answer)),
        "verdict": _verdict(answer),
        "costs": None,
        "pareto": None,
        "failed": False,
        "checked": False,
        "made": [
            ("Created", answer.created),
            ("Files", answer.dataset.provenance.location),
            ("Margin", f"{answer.verdict.margin:.4g}"),
            ("Fingerprint of targets and predictions (SHA-256)", answer.dataset.fingerprint),
        ],
    }
    sections = [(key, name) for key, name, part in SECTIONS if shown[part] and part != "findings"]
    return rendered_page(shown, sections, str(answer.versions.get("deepworth") or ""))


def _verdict(answer: PredictionsAnswer) -> dict[str, Any]:
    verdict = answer.verdict
    return {
        "outcome": _COLOURS.get(verdict.outcome, verdict.outcome),
        "words": outcome_words(verdict),
        "sentence": verdict.sentence,
        "chances": [
            {"kind": _COLOURS[side], "words": words, "percent": round(100 * p, 2), "shown": f"{p:.0%}"}
            for side, words, p in chances(verdict)
        ],
        "lines": lines(answer),
        "advice": verdict.advice,
        "missing": "",
    }
