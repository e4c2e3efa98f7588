"""Words about the answer for predictions of any models, the same in a terminal and in a report."""

from __future__ import annotations

from ..results.facts import DatasetFacts, PlanFacts
from ..results.predictions import ModelVerdict, PredictionsAnswer, RowsNeeded, rounded
from .words import OUTCOMES, _classes, _scored_on, small


def facts(answer: PredictionsAnswer) -> list[str]:
    """The rows, and how models were scored."""
    data = answer.dataset
    words = [f"{data.rows:,} rows", f"{data.task} task"]
    words += [_classes(data.class_counts)] if data.class_counts else []
    return [*words, _scored(answer.plan, data)]


def _scored(plan: PlanFacts, data: DatasetFacts) -> str:
    return "scored on one test set" if plan.official_test else _scored_on(plan, data)


def outcome_words(verdict: ModelVerdict) -> str:
    """The outcome in a few words."""
    better = {"first": f"{verdict.first} better", "second": f"{verdict.second} better"}
    words = better.get(verdict.outcome) or OUTCOMES[verdict.outcome]
    return words + (", if the target does not leak" if verdict.warnings else "")


def chances(verdict: ModelVerdict) -> list[tuple[str, str, float]]:
    """Side (empty for none), words and probability of each outcome; none without a gain."""
    found = (
        ("first", f"{verdict.first} better", verdict.p_first),
        ("", "equivalent", verdict.p_equivalent),
        ("second", f"{verdict.second} better", verdict.p_second),
    )
    return [(side, words, p) for side, words, p in found if p is not None]


def lines(answer: PredictionsAnswer) -> list[str]:
    """The gain, its test, and what rows can tell."""
    verdict, label = answer.verdict, answer.metric.label
    if verdict.gain is None or verdict.gain_low is None or verdict.gain_high is None:
        return []
    level = f"{verdict.confidence_level:.0%}"
    ends = f"{level} interval {small(verdict.gain_low)} to {small(verdict.gain_high)}"
    margin = f"differences up to {small(verdict.margin)} count as equivalent"
    gain = f"Gain of {verdict.first} over {verdict.second}: {small(verdict.gain)} {label}"
    found = [f"{gain}, {ends}; {margin}."]
    if verdict.test is not None:
        found.append(f"Test of no difference ({verdict.test.test}): p = {verdict.test.p_value:.3g}.")
    if verdict.selected:
        n = len(answer.leaderboard)
        found.append(f"They are the two best of {n} models; a verdict allows for this selection.")
    return found if verdict.rows_needed is None else [*found, *_rows(verdict.rows_needed, label)]


def _rows(plan: RowsNeeded, label: str) -> list[str]:
    """How many rows settle it, and what these rows can tell."""
    chance = f"with a probability of {plan.power:.0%}"
    found = []
    if plan.rows_needed is not None:
        rows = f"about {rounded(plan.rows_needed):,} rows"
        found.append(f"A true gain of {small(plan.gain)} {label} is settled by {rows} {chance}.")
    if plan.smallest_gain is not None:
        found.append(f"These {plan.rows:,} rows tell a gain of {small(plan.smallest_gain)} {chance}.")
    return found
