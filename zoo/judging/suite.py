"""From the answers on many datasets to how often each family won, and to rankings of models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..metrics import METRICS
from ..results.answer import Answer
from ..results.rows import Family
from ..results.suite import ModalityRanking, SuiteRow
from .ranks import ranking

OUTCOMES = ("deep", "equivalent", "undecided", "classical")


def suite_row(data: str, answer: Answer | None, reason: str, seconds: float) -> SuiteRow:
    """One dataset of the table; without an answer ``reason`` says why."""
    if answer is None:
        return SuiteRow(data, "failed", reason, seconds)
    verdict = answer.verdict
    deep, classical = (_best(answer, family) for family in ("deep", "classical"))
    scores = {row.model: row.score for row in answer.leaderboard}
    return SuiteRow(
        data,
        "ok" if answer.exit_code == 0 else "partial",
        reason,
        seconds,
        outcome=verdict.outcome,
        run=answer.run,
        rows=answer.dataset.rows,
        task=answer.dataset.task,
        modality=answer.dataset.modality,
        metric=answer.metric.name,
        gain=verdict.gain,
        gain_low=verdict.gain_low,
        gain_high=verdict.gain_high,
        best_deep=deep,
        best_classical=classical,
        score_deep=scores.get(deep or ""),
        score_classical=scores.get(classical or ""),
        missing=verdict.missing,
    )


def _best(answer: Answer, family: Family) -> str | None:
    """The leaderboard is in order of score."""
    names = [row.model for row in answer.leaderboard if row.family == family and row.score is not None]
    return names[0] if names else None


def count_verdicts(rows: Sequence[SuiteRow]) -> dict[str, int]:
    """How often each outcome came up."""
    return {outcome: sum(row.outcome == outcome for row in rows) for outcome in OUTCOMES}


def rankings(answers: Sequence[Answer], level: float) -> list[ModalityRanking]:
    """A ranking of models for each modality."""
    modalities = dict.fromkeys(answer.dataset.modality for answer in answers)
    return [_ranked(m, [a for a in answers if a.dataset.modality == m], level) for m in modalities]


def _ranked(modality: str, answers: Sequence[Answer], level: float) -> ModalityRanking:
    """Models with a score on every dataset are ranked; ``left_out`` says on how many the others have one."""
    scores = [{r.model: r.score for r in a.leaderboard if r.score is not None} for a in answers]
    families = {r.model: str(r.family) for a in answers for r in a.leaderboard}
    common = [name for name in families if all(name in own for own in scores)]
    counts = {name: sum(name in own for own in scores) for name in families if name not in common}
    left_out = {name: count for name, count in counts.items() if count}
    if len(common) < 2:
        return ModalityRanking(modality, families, left_out, len(answers), None)
    signs = [1.0 if a.metric.greater_is_better else -1.0 for a in answers]
    table = np.array([[sign * own[name] for name in common] for sign, own in zip(signs, scores, strict=True)])
    names = {a.metric.name for a in answers}  # errors in units of the target cannot be compared in size
    same = len(names) == 1 and not any(METRICS[name].relative for name in names)
    found = ranking(common, table, level, same_metric=same)
    return ModalityRanking(modality, families, left_out, len(answers), found)
