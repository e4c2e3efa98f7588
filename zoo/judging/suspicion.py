"""Signs of target leakage that a verdict must carry: findings about the data, and scores without error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...datasets import Finding, Task
from ..metrics import METRICS
from ..results.answer import Verdict
from .scores import ModelScores
from .support import FEWEST_ROWS, Support

# a column alone; several columns together; the class in a text or code
LEAKS = ("DW008", "DW032", "DW033")
# From these scores on nothing is left to predict. Each sees a rare class.
PERFECT: dict[Task, tuple[str, float]] = {
    "binary": ("roc_auc", 0.9995),
    "multiclass": ("balanced_accuracy", 0.9995),
    "regression": ("r2", 0.9995),
}
MOST_SHOWN = 3


def suspicions(
    findings: Sequence[Finding], models: Sequence[ModelScores], task: Task, support: Support | None
) -> tuple[str, ...]:
    """Why the scores may be too good to be true, each reason in a few words; none in most runs."""
    leaks = [_in_words(finding) for finding in findings if finding.code in LEAKS]
    return (*leaks, *_perfect(models, task, support))


def _in_words(finding: Finding) -> str:
    names = ", ".join(map(repr, finding.columns))
    if finding.code == "DW032":
        return f"columns {names} together give the target"
    holds = "contains" if finding.code == "DW033" else "alone predicts"
    return f"column {names} {holds} the target"


def _perfect(models: Sequence[ModelScores], task: Task, support: Support | None) -> list[str]:
    if support is not None and (not support.enough or (task == "binary" and support.tested < FEWEST_ROWS)):
        return []  # a handful of rows can all be right by chance
    name, least = PERFECT[task]
    scores = {m.model: m.mean(name) for m in models if m.complete and not m.reference and name in m.folds}
    known = {model: score for model, score in scores.items() if score is not None and score >= least}
    if not known:
        return []
    best = max(known, key=lambda model: known[model])
    return [f"{best} has {METRICS[name].label} {known[best]:.3f} on rows that it was not trained on"]


def with_warning(verdict: Verdict, reasons: Sequence[str]) -> Verdict:
    """The verdict with its reasons for caution in front of all other words."""
    if not reasons:
        return verdict
    more = len(reasons) - MOST_SHOWN
    shown = [*reasons[:MOST_SHOWN], *([f"{more} more in the findings"] if more > 0 else [])]
    warning = f"The target may leak, then no verdict holds ({'; '.join(shown)})."
    return replace(verdict, warnings=tuple(reasons), sentence=f"{warning} {verdict.sentence}")
