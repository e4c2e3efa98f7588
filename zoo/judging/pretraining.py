"""With how few rows pretraining decides: the best pretrained model against the best of all others, in words.

The comparison is that of :mod:`.crossover`, in which the pretrained models take the place of deep learning
and all others that of classical learning.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ..results.curves import Crossover, PretrainingCurve, PretrainingSpan, SizeGain
from ..results.rows import Family
from .crossover import end_in_words

_WHO: dict[Family | None, Literal["pretrained", "others"]] = {"deep": "pretrained", "classical": "others"}
_STANDS = {"pretrained": "ahead", "others": "behind"}


def pretraining_curve(
    gains: Sequence[SizeGain], found: Crossover | None, label: str, level: float
) -> PretrainingCurve:
    """What pretraining gains by training size, with its claim in words.

    Parameters
    ----------
    gains : sequence of SizeGain
        Paired gain of the pretrained champion at each size.
    found : Crossover or None
        Its comparison, in which "deep" are the pretrained models and "classical" all others; None where
        there are too few sizes.
    label : str
        Name of the metric.
    level : float
        Confidence level.
    """
    spans = _spans(found)
    claim = _claim(spans, found, level)
    sentence = " ".join([f"{claim}.", *_others(spans, found), *_ends(gains, label, level)])
    first = spans[0] if spans else None
    decides_to = first.last if first is not None and first.ahead == "pretrained" else None
    return PretrainingCurve(
        gains=tuple(gains),
        band=None if found is None else found.gain,
        spans=tuple(spans),
        decides_to=decides_to,
        claim=claim,
        sentence=sentence,
    )


def _spans(found: Crossover | None) -> list[PretrainingSpan]:
    own = () if found is None else found.spans
    return [PretrainingSpan(_WHO.get(span.ahead), span.first, span.last) for span in own]


def _claim(spans: Sequence[PretrainingSpan], found: Crossover | None, level: float) -> str:
    """The sizes at which pretraining is ahead, else those at which it is behind."""
    if found is None:
        return "Cannot tell what pretraining gains: too few sizes have scores"
    main = _main(spans)
    if main is None:
        sizes = f"from {found.smallest:,} to {found.largest:,} rows"
        return f"Cannot tell {sizes} whether pretraining gains"
    every = " at every size" if len(spans) == 1 else ""
    return f"Pretraining is {_stands(main)}{every} {_where(main, found)} rows ({level:.0%} confidence)"


def _main(spans: Sequence[PretrainingSpan]) -> PretrainingSpan | None:
    """The sizes that the claim is about: the first at which pretraining is ahead, else any that are known."""
    ahead = [span for span in spans if span.ahead == "pretrained"]
    known = [span for span in spans if span.ahead]
    return next(iter([*ahead, *known]), None)


def _others(spans: Sequence[PretrainingSpan], found: Crossover | None) -> list[str]:
    """What holds at the sizes that the claim leaves out."""
    main = _main(spans)
    if found is None or main is None:
        return []
    rest = [span for span in spans if span != main]
    known = [f"It is {_stands(span)} {_where(span, found)} rows." for span in rest if span.ahead]
    unknown = [_where(span, found) for span in rest if span.ahead is None]
    return [*known, *([f"Cannot tell {' and '.join(unknown)} rows."] if unknown else [])]


def _stands(span: PretrainingSpan) -> str:
    return _STANDS[span.ahead or "pretrained"]


def _where(span: PretrainingSpan, found: Crossover) -> str:
    first = end_in_words(found, span.first, up=span.ahead is not None)
    last = end_in_words(found, span.last, up=span.ahead is None)
    return f"at {first}" if first == last else f"from {first} to {last}"


def _ends(gains: Sequence[SizeGain], label: str, level: float) -> list[str]:
    """The gain at the smallest and at the largest size."""
    if not gains:
        return []
    ends = [gains[0], gains[-1]] if len(gains) > 1 else [gains[0]]
    each = [f"{g.gain:+.3g} at {g.size:,} rows ({g.low:+.3g} to {g.high:+.3g})" for g in ends]
    return [f"Gain in {label}, with {level:.0%} intervals: {', '.join(each)}."]
