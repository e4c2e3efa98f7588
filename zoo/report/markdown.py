"""A report as Markdown, for notes, issues and pull requests."""

from __future__ import annotations

import re
from typing import Any

from .words import CHANCES, OUTCOMES, between_lines, count, facts, number, seconds, size, verdict_lines

_MOST_PARTS = 15
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&])")


def markdown(sheet: dict[str, Any]) -> str:
    """The whole answer without pictures."""
    answer = sheet["result"]
    parts = [
        f"# {escape(answer['dataset']['name'])}: {OUTCOMES[answer['verdict']['outcome']]}",
        escape(", ".join(facts(answer))) + ".",
        *_verdict(answer),
        "## Leaderboard",
        _leaderboard(answer),
        *_calibration(sheet["calibration"]),
        *_readability(answer),
        *_champions((answer.get("explanations") or {}).get("champions") or {}),
        *_findings(answer),
        *_failures(sheet),
        *_reproduce(sheet),
    ]
    return "\n\n".join(parts) + "\n"


def escape(text: Any) -> str:
    """Text that came from the data, as nothing but text, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def table(header: list[str], rows: list[list[str]]) -> str:
    """A table of GitHub's kind; cells are escaped."""
    lines = [header, ["---"] * len(header), *([escape(c) for c in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _verdict(answer: dict[str, Any]) -> list[str]:
    verdict = answer["verdict"]
    chances = [f"{words} {verdict[key]:.0%}" for key, words, _ in CHANCES if verdict[key] is not None]
    lines = [f"**{escape(verdict['sentence'])}**", escape(", ".join(chances))]
    lines += [escape(line) for line in (*verdict_lines(answer), *between_lines(answer))]
    if verdict["advice"]:
        lines.append(f"What would help: {escape(verdict['advice'])}.")
    if verdict["missing"]:
        lines.append(f"Missing: {escape(', '.join(verdict['missing']))}.")
    return [line for line in lines if line]


def _leaderboard(answer: dict[str, Any]) -> str:
    metric, level = answer["metric"], f"{answer['verdict']['confidence_level']:.0%}"
    arrow = "↑" if metric["greater_is_better"] else "↓"
    header = ["model", "family", f"{metric['label']} {arrow}", f"{level} interval"]
    header += ["fit", "1k rows", "size", "params"]
    rows = []
    for r in answer["leaderboard"]:
        low, high = r["score_low"], r["score_high"]
        tied = " ≈" if r.get("tied_with_best") else ""
        rows.append(
            [
                r["model"] + tied,
                r["family"],
                r["status"] if r["score"] is None else number(r["score"]),
                "-" if low is None else f"{number(low)} to {number(high)}",
                seconds(r["fit_seconds"]),
                seconds(r["predict_seconds"]),
                size(r["size_bytes"]),
                count(r["parameters"]),
            ]
        )
    return table(header, rows)


def _calibration(found: dict[str, Any] | None) -> list[str]:
    """How far probabilities, or intervals around values, can be trusted."""
    if not found:
        return []
    if found["dataset"]["task"] == "regression":
        header = ["model", f"coverage (stated {found['confidence_level']:.3g})", "interval: value ±"]
        rows = [
            [m["model"], _between(m["intervals"]["coverage"]), number(m["intervals"]["half_width"])]
            for m in found["models"]
        ]
        return ["## How far intervals can be trusted", table(header, rows)]
    header = ["model", "calibration error", "by chance", "Brier score", "best calibrator"]
    rows = [
        [
            m["model"],
            _between(m["calibration_error"]),
            number(m["calibration_error"]["by_chance"]),
            _between(m["brier"]),
            m["best_calibrator"],
        ]
        for m in found["models"]
    ]
    return ["## How far probabilities can be trusted", table(header, rows)]


def _between(value: dict[str, float]) -> str:
    return f"{number(value['value'])} ({number(value['low'])} to {number(value['high'])})"


def _readability(answer: dict[str, Any]) -> list[str]:
    """What a few lines foretell of every model's answers."""
    rows = [
        [r["model"], *(f"{max(0.0, r[f'fidelity_{kind}']):.0%}" for kind in ("tree", "linear"))]
        for r in answer["leaderboard"]
        if r.get("fidelity_tree") is not None and r.get("fidelity_linear") is not None
    ]
    header = ["model", "a tree of 8 leaves foretells", "8 linear terms foretell"]
    return ["## How much can be said in a few lines", table(header, rows)] if rows else []


def _champions(found: dict[str, Any]) -> list[str]:
    """What the champions' answers lean on."""
    parts: list[str] = []
    for model in found.get("models", []):
        importance = model["importance"]
        header = ["part", "importance", f"{importance['confidence_level']:.0%} interval"]
        rows = [
            [p["part"], number(p["importance"]), f"{number(p['low'])} to {number(p['high'])}"]
            for p in importance["parts"][:_MOST_PARTS]
        ]
        if rows:
            parts += [f"## What {escape(model['model'])} leans on", table(header, rows)]
    return parts


def _findings(answer: dict[str, Any]) -> list[str]:
    if not answer["findings"]:
        return []
    lines = [f"- {f['code']} ({f['severity']}): {escape(f['message'])}" for f in answer["findings"]]
    return ["## What to know about the data", "\n".join(lines)]


def _failures(sheet: dict[str, Any]) -> list[str]:
    rows = [
        [r["model"], r["status"], r["reason"]] for r in sheet["result"]["leaderboard"] if r["status"] != "ok"
    ]
    return ["## What failed", table(["model", "status", "why"], rows)] if rows else []


def _reproduce(sheet: dict[str, Any]) -> list[str]:
    answer = sheet["result"]
    command = sheet["command"] or "(the parameters cannot be written as a command)"
    versions = ", ".join(f"{k} {v}" for k, v in answer["versions"].items() if v is not None)
    lines = [
        f"- run {answer['run']} of {answer['created']}, seed {answer['plan']['seed']}",
        f"- data (SHA-256): {answer['dataset']['fingerprint']}",
        f"- splits (SHA-256): {sheet['splits']}",
        f"- {escape(versions)}",
    ]
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", command)), default=0))
    return ["## How to reproduce it", f"{fence}\n{command}\n{fence}", "\n".join(lines)]
