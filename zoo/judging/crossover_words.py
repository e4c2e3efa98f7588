"""What two learning curves allow to say about the families, in words.

There is one claim. It is the title of the picture, and the sentence that the terminal and the report show
begins with it. No lead is claimed without its confidence level.
"""

from __future__ import annotations

from dataclasses import replace

from ..results.curves import Crossover, Span

_FAMILIES = {"deep": "Deep learning", "classical": "Classical learning"}


def in_words(crossover: Crossover, level: float) -> Crossover:
    """The crossover with its claim, its sentence and its interval in words."""
    claim = _claim(crossover, level)
    details = [text for text in _details(crossover) if text]
    return replace(
        crossover,
        claim=claim,
        sentence=" ".join([f"{claim}.", *details]),
        interval=_interval(crossover),
    )


def rows_in_words(rows: float) -> str:
    """Two significant digits, as a crossover is never more precise: 12345 as 12,000."""
    digits = len(str(int(rows))) - 2
    return f"{round(rows, -digits) if digits > 0 else round(rows):,.0f}"


def _claim(crossover: Crossover, level: float) -> str:
    """The answer in so few words that it fits above a picture."""
    if crossover.reason:
        return f"Cannot tell: {crossover.reason}"
    if crossover.outcome == "crossover":
        return _crossing(crossover, level)
    if crossover.outcome == "undecided":
        return f"Cannot tell from {crossover.smallest:,} to {crossover.largest:,} rows which family is ahead"
    sure = f"({level:.0%} confidence)"
    if crossover.outcome == "none_in_reach":
        reach = f"from {crossover.smallest:,} to {crossover.reach:,} rows"
        return f"Classical learning is ahead at every size {reach} {sure}"
    span = main_span(crossover)
    every = " at every size" if crossover.outcome in _FAMILIES else ""
    return f"{_FAMILIES[span.ahead or 'deep']} is ahead{every} {_from_to(crossover, span)} rows {sure}"


def main_span(crossover: Crossover) -> Span:
    """The sizes that the claim is about: the last ones, else the first, else the widest between."""
    spans = [span for span in crossover.spans if span.ahead]
    if crossover.outcome == "ahead_between":
        return max(spans, key=lambda span: span.last / span.first)
    return spans[0] if crossover.outcome == "ahead_to" else spans[-1]


def _crossing(crossover: Crossover, level: float) -> str:
    verb = "would overtake" if crossover.extrapolated else "overtakes"
    at = f"about {rows_in_words(crossover.rows)} rows" if crossover.rows else "an unknown size"
    return f"{_overtaking(crossover)} {verb} at {at} ({level:.0%} interval {_interval(crossover)})"


def _overtaking(crossover: Crossover) -> str:
    return _FAMILIES[crossover.overtaker or "deep"]


def _from_to(crossover: Crossover, span: Span) -> str:
    """The sizes of a span; ends that were not measured are rounded to the inside of a lead."""
    first = _end(crossover, span.first, up=span.ahead is not None)
    last = _end(crossover, span.last, up=span.ahead is None)
    return f"at {first}" if first == last else f"from {first} to {last}"


def _end(crossover: Crossover, rows: float, up: bool) -> str:
    if rows in (crossover.smallest, crossover.largest):
        return f"{rows:,.0f}"
    unit = 10 ** max(0, len(str(int(rows))) - 2)
    rounded = (-(-rows // unit) if up else rows // unit) * unit
    return f"{min(max(rounded, crossover.smallest), crossover.largest):,.0f}"


def _details(crossover: Crossover) -> list[str]:
    """What else is known, in sentences."""
    if crossover.reason:
        return []
    if crossover.outcome == "crossover":
        return [_measured(crossover, "This is an extrapolation")] if crossover.extrapolated else []
    if crossover.outcome == "deep":
        return []
    if crossover.outcome == "none_in_reach":
        return [_measured(crossover, "Beyond the data the curves are extrapolated")]
    if crossover.outcome == "classical":
        return [_beyond(crossover), _why_here(crossover)]
    if crossover.outcome == "undecided":
        return [_means(crossover), _if_overtakes(crossover), _why_here(crossover)]
    return [*_other_spans(crossover), _if_overtakes(crossover) if crossover.outcome == "ahead_to" else ""]


def _measured(crossover: Crossover, what: str) -> str:
    return f"{what}: at most {crossover.largest:,} rows were measured."


def _other_spans(crossover: Crossover) -> list[str]:
    """What holds at the sizes that the claim leaves out."""
    others = [span for span in crossover.spans if span != main_span(crossover)]
    unknown = [_from_to(crossover, span) for span in others if span.ahead is None]
    ahead = [f"{_FAMILIES[s.ahead]} is ahead {_from_to(crossover, s)} rows." for s in others if s.ahead]
    return [*ahead, *([f"Cannot tell {' and '.join(unknown)} rows."] if unknown else [])]


def _means(crossover: Crossover) -> str:
    share = f"{crossover.deep_ahead} of {crossover.compared_sizes} sizes"
    return f"Deep learning has the lower mean error at {share}, which may be chance."


def _if_overtakes(crossover: Crossover) -> str:
    if crossover.low is None and crossover.high is None:
        return ""
    return f"If {_overtaking(crossover).lower()} overtakes, it does so at {_interval(crossover)} rows."


def _beyond(crossover: Crossover) -> str:
    if crossover.low is None or crossover.low <= crossover.largest:
        return "With more data the order is uncertain."
    return f"Deep learning is unlikely to overtake before {rows_in_words(crossover.low)} rows."


def _why_here(crossover: Crossover) -> str:
    """Why curves end where they do."""
    if crossover.reach == crossover.largest:
        return "No power law fits the curves, so they are not extrapolated."
    return ""


def _interval(crossover: Crossover) -> str:
    """The interval of the crossover with its open ends named."""
    low, high = crossover.low, crossover.high
    first = f"fewer than {crossover.smallest:,}" if low is None else rows_in_words(low)
    last = f"more than {crossover.reach:,}" if high is None else rows_in_words(high)
    return f"{first} to {last}"
