"""Answers as notebooks show them: a part of a page, without scripts and with styles of its own."""

from __future__ import annotations

from typing import Any

from .._words import number, seconds, size
from ..verdict_words import OUTCOMES, between_lines, data_facts, facts, verdict_lines
from ._details import capacity, curve
from ._figures import drawing
from ._page import cleaned, rendered


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
