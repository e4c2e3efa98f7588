"""Both families at once, in words: the mean of both champions, and the rows on which they differ."""

from __future__ import annotations

from ..results.answer import Answer
from ..results.differences import Slice
from .words import interval, number, signed, small

MOST_SLICES = 3  # in a terminal


def together_lines(answer: Answer, *, always: bool = False) -> list[str]:
    """What the mean of both champions' predictions is worth; by default only where it is better."""
    found = answer.together
    if found is None or not (always or found.gain_low > 0):
        return []
    what = "values" if answer.dataset.task == "regression" else "probabilities"
    score = f"{answer.metric.label} {number(found.score)} ({interval(found.low, found.high)})"
    mean = f"Both together, by the mean of their {what}: {score}"
    ends = f"({small(found.gain_low)} to {small(found.gain_high)})"
    if found.gain_low > 0:
        return [f"{mean}, {small(found.gain)} {ends} better than the better one alone."]
    if found.gain_high < 0:
        return [f"{mean}, {small(-found.gain)} worse than the better one alone."]
    return [f"{mean}; no sure difference from the better one alone: {signed(found.gain)} {ends}."]


def slice_lines(answer: Answer, most: int | None = None) -> list[str]:
    """Where the families differ, a line a slice, the most certain first; nothing where that is not known."""
    found = () if answer.slices is None else answer.slices.found
    lines = [_slice(own, answer) for own in found[:most]]
    if most is not None and len(found) > most:
        lines.append(f"... and {len(found) - most} more; --json lists all of them")
    return lines


def _slice(own: Slice, answer: Answer) -> str:
    assert answer.slices is not None
    family = "deep learning" if own.better == "deep" else "classical learning"
    gain = f"{small(own.gain)} {answer.slices.measure} ({small(own.low)} to {small(own.high)})"
    elsewhere = f"elsewhere {signed(own.elsewhere)}"
    return f"{family} is better where {own.words}: {gain}, {own.rows:,} rows; {elsewhere}"


def slice_table(answer: Answer) -> tuple[list[str], list[list[str]]]:
    """The same as a table: its header and its rows."""
    if answer.slices is None:
        return [], []
    level = f"{answer.slices.confidence_level:.0%}"
    header = ["rows where", "better", f"gain in {answer.slices.measure}", f"{level} interval"]
    rows = [
        [
            own.words,
            own.better,
            small(own.gain),
            f"{small(own.low)} to {small(own.high)}",
            f"{own.rows:,}",
            signed(own.elsewhere),
        ]
        for own in answer.slices.found
    ]
    return [*header, "rows", "gain elsewhere"], rows


def slices_note(answer: Answer) -> str:
    """How the slices were found, for reports; empty without any."""
    if answer.slices is None or not answer.slices.found:
        return ""
    level = f"{answer.slices.confidence_level:.0%}"
    return f"Found on one half of the folds and tested on the other; all hold with a confidence of {level}."
