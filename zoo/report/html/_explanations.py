"""The section about what models answer by: readability of all, and the champions in detail."""

from __future__ import annotations

from typing import Any

from .. import explanation_plots
from .._words import number
from ._champions import champions
from ._figures import Picture, inline


def explanations(answer: dict[str, Any]) -> dict[str, Any] | None:
    """What `deepworth compare` measured of every model, and `deepworth explain RUN` of the champions."""
    found = answer.get("explanations") or {}
    if not found.get("surrogates") or not any(_plain(r) for r in answer["leaderboard"]):
        return None
    explained = found.get("champions") or {}
    return {
        "picture": _readability(answer, found),
        "rules": [rules for name in _champions(answer) if (rules := _rules(name, found["surrogates"]))],
        "champions": champions(explained),
        "agreement": _agreement(explained),
    }


def _plain(row: dict[str, Any]) -> bool:
    return row["model"] != "constant" and row["score"] is not None and row.get("fidelity") is not None


def _champions(answer: dict[str, Any]) -> list[str]:
    return [name for f in ("deep", "classical") if (name := answer["verdict"][f"{f}_champion"])]


def _readability(answer: dict[str, Any], found: dict[str, Any]) -> Picture:
    rows = [r for r in answer["leaderboard"] if _plain(r)]
    label = answer["metric"]["label"]
    return Picture(
        inline(
            explanation_plots.readability(answer, (9.0, 4.6), titled=False),
            "readability",
            f"{label} of every model against the share of its answers that a small surrogate foretells",
        ),
        "Accuracy against readability",
        f"A tree of at most {found['leaves']} leaves and a linear model of at most {found['terms']} terms "
        "learn what a model says; shown is the share of its answers (R²) that the better of them foretells "
        "on rows it was not fitted on.",
        ["model", "family", label, "tree", "linear model"],
        [
            [
                r["model"],
                r["family"],
                number(r["score"]),
                *(_share(r[f"fidelity_{k}"]) for k in ("tree", "linear")),
            ]
            for r in rows
        ],
    )


def _share(value: float) -> str:
    return f"{max(0.0, value):.0%}"


def _rules(name: str, surrogates: dict[str, Any]) -> dict[str, Any] | None:
    """The tree that stands for a champion, a line a leaf."""
    if name not in surrogates:
        return None
    own = surrogates[name]
    rows = [
        [_said(leaf["answer"]), f"{leaf['share']:.0%}", " and ".join(leaf["conditions"]) or "always"]
        for leaf in own["tree"]
    ]
    title = f"{name} in a few lines: these foretell {_share(own['fidelity_tree'])} of its answers"
    return {"title": title, "header": ["answer", "rows", "if"], "rows": rows}


def _said(answer: Any) -> str:
    if not isinstance(answer, dict):
        return f"{answer:.4g}"
    name = max(answer, key=answer.__getitem__)
    return f"{name} {answer[name]:.0%}"


def _agreement(explained: dict[str, Any]) -> list[list[str]]:
    if not explained:
        return []
    rows = [
        [f"{explained['seeds']} trainings of {m['model']}", _rho(m["agreement_between_seeds"])]
        for m in explained["models"]
    ]
    if len(rows) == 2:
        rows.append(["the champions of both families", _rho(explained["agreement_between_families"])])
    return rows


def _rho(value: float | None) -> str:
    return "-" if value is None else f"{value:+.2f}"
