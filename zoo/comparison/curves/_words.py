"""What a crossover means, in plain words."""

from __future__ import annotations

from ._crossover import Crossover
from ._plan import REACH

_AHEAD = {"deep": "Deep learning", "classical": "Classical learning"}


def rows_in_words(rows: float) -> str:
    """Two significant digits: a crossover is never known better. 12345 as 12,000."""
    digits = len(str(int(rows))) - 2
    return f"{round(rows, -digits) if digits > 0 else round(rows):,.0f}"


def sentence(found: Crossover) -> str:
    """The answer, and how far it reaches."""
    span = f"from {found.smallest:,} to {found.largest:,} training rows"
    refusal = f"no curve is drawn beyond {found.reach:,} rows, {REACH} times the data"
    if found.reach == found.largest:
        refusal = "no power law fits the curves, so none is drawn further"
    if found.outcome == "crossover":
        return _crossing(found)
    if found.outcome == "deep":
        return f"Deep learning is ahead at every size compared, {span}."
    if found.outcome == "none_in_reach":
        return (
            f"Classical learning is ahead at every size compared, {span}, and the curves do not cross within "
            f"ten times the data; {refusal}."
        )
    if found.outcome == "classical":
        return f"Classical learning is ahead at every size compared, {span}. {_beyond(found)}; {refusal}."
    if found.outcome == "ahead_from":
        who = _AHEAD[found.overtaker or "deep"]
        return (
            f"{who} is ahead from {rows_in_words(found.high or 0)} to {found.largest:,} training rows; "
            f"with fewer the order is not settled."
        )
    if found.reason:
        return f"Cannot tell: {found.reason}."
    lead = f"by their means deep learning is ahead at {found.deep_ahead} of {found.compared_sizes} sizes"
    end = " No power law fits the curves, so none is drawn further." if found.reach == found.largest else ""
    return f"Cannot tell: the doubt is larger than the distance of the curves; {lead}.{_hint(found)}{end}"


def headline(found: Crossover) -> str:
    """The answer in so few words that it fits above a picture."""
    if found.outcome == "crossover" and found.rows:
        who = _AHEAD[found.overtaker or "deep"]
        sure = "would overtake" if found.extrapolated else "overtakes"
        return f"{who} {sure} at about {rows_in_words(found.rows)} rows"
    if found.outcome == "ahead_from":
        return f"{_AHEAD[found.overtaker or 'deep']} is ahead from {rows_in_words(found.high or 0)} rows on"
    where = "at every size measured"
    if found.smallest > found.measured_from:
        where = f"at every size from {found.smallest:,} rows on"
    return {
        "deep": f"Deep learning is ahead {where}",
        "classical": f"Classical learning is ahead {where}",
        "none_in_reach": "No crossover within ten times the data: classical learning stays ahead",
        "crossover": f"{_AHEAD[found.overtaker or 'deep']} overtakes",
    }.get(found.outcome, "Too close to tell who is ahead")


def _crossing(found: Crossover) -> str:
    who = _AHEAD[found.overtaker or "deep"]
    at = f"about {rows_in_words(found.rows)} training rows" if found.rows else "some size"
    text = f"{who} overtakes at {at} ({interval_in_words(found)})"
    if found.extrapolated:
        return f"{text}, an extrapolation: {found.largest:,} rows were measured."
    return f"{text}."


def _beyond(found: Crossover) -> str:
    if found.low is None or found.low <= found.largest:
        return "With more data it cannot be told"
    return f"If deep learning overtakes, then hardly before {rows_in_words(found.low)} rows"


def _hint(found: Crossover) -> str:
    """Where a crossover could be, as far as that is known at all."""
    if found.low is None and found.high is None:
        return ""
    return (
        f" If {_AHEAD[found.overtaker or 'deep'].lower()} overtakes, then at {interval_in_words(found)} rows."
    )


def interval_in_words(found: Crossover) -> str:
    """The interval with its open ends named."""
    low = f"fewer than {found.smallest:,}" if found.low is None else rows_in_words(found.low)
    high = f"more than {found.reach:,}" if found.high is None else rows_in_words(found.high)
    return f"{low} to {high}"
