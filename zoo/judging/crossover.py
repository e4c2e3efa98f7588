"""Where two learning curves cross, at which sizes either family is ahead, and both in words.

A family is ahead where the band of the difference of both fitted curves (:mod:`.power_law`) excludes 0. Both
are drawn together, for all sizes, because they share rows.

There is one claim. It is the title of the picture, and the sentence that the terminal and the report show
begins with it. No lead is claimed without its confidence level.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..results.curves import Crossover, GainCurve, Span
from ..results.rows import Family
from .power_law import FittedCurve

REACH = 10  # no curve is reported beyond so many times the rows that it was measured on
_GRID = 400  # sizes at which the draws are compared
_NARROWEST = 1.25  # last over first size of a lead between others
_BAND = 61  # measured sizes of the band of the gain, and as many beyond
_FAMILIES: tuple[Family, ...] = ("deep", "classical")


def find_crossover(deep: FittedCurve, classical: FittedCurve, level: float = 0.95) -> Crossover:
    """Compare two fitted curves, from the smallest size that both have up to ten times the largest.

    Where no power law fits one of them, only the measured sizes are compared.
    """
    smallest = int(max(deep.curve.sizes[0], classical.curve.sizes[0]))
    largest = int(min(deep.curve.sizes[-1], classical.curve.sizes[-1]))
    reach = largest * (REACH if deep.fits and classical.fits else 1)
    gain = _gain_curve(deep, classical, (smallest, largest, reach), level)
    spans = _spans(gain, deep, classical, largest, level)
    here = _paths(deep, classical, smallest, largest)
    everywhere = _paths(deep, classical, smallest, reach)
    outcome = _outcome(spans, (here, everywhere), (deep, classical), level)
    paths = here if outcome == "ahead_from" or _crossing_measured(outcome, spans) else everywhere
    who = _overtaker(outcome, spans, everywhere)
    rows, low, high = _interval(paths, who, level)
    rows = rows if outcome == "crossover" else None
    deep_ahead, compared_sizes = _lead(deep, classical)
    crossover = Crossover(
        outcome=outcome,
        overtaker=who,
        rows=rows,
        low=low,
        high=high,
        extrapolated=rows is not None and rows > largest,
        smallest=smallest,
        largest=largest,
        reach=reach,
        probabilities={kind: everywhere.share(kind) for kind in _KINDS},
        spans=spans,
        gain=gain,
        deep_ahead=deep_ahead,
        compared_sizes=compared_sizes,
    )
    return in_words(crossover, level)


def _gain_curve(
    deep: FittedCurve, classical: FittedCurve, ends: tuple[int, int, int], level: float
) -> GainCurve:
    """The difference of the laws, with a band that holds all measured sizes at once."""
    smallest, largest, reach = ends
    beyond = np.geomspace(largest, reach, _BAND)[1:] if reach > largest else np.empty(0)
    grid = np.concatenate([np.geomspace(smallest, largest, _BAND), beyond])
    grid[[0, _BAND - 1]] = smallest, largest
    (own, own_draws), (other, other_draws) = deep.errors(grid), classical.errors(grid)
    low, high = _envelope(other_draws - own_draws, _BAND, level)
    middle = other - own
    columns = (grid, middle, np.minimum(low, middle), np.maximum(high, middle))
    return GainCurve(*(tuple(values.tolist()) for values in columns))


def _envelope(draws: np.ndarray, n_first: int, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Ends between which a share of ``level`` of the draws (n_draws, n) lies throughout the first columns.

    In each column as many of the lowest draws lie outside as of the highest, and as many in every column:
    the simultaneous band of Montiel Olea and Plagborg-Moller (2019).
    """
    n_draws = len(draws)
    ranks = draws[:, :n_first].argsort(axis=0).argsort(axis=0)
    outermost = np.minimum(ranks, n_draws - 1 - ranks).min(axis=1)
    outside = int(np.quantile(outermost, 1 - level, method="lower"))
    ordered = np.sort(draws, axis=0)
    return ordered[outside], ordered[n_draws - 1 - outside]


def _spans(
    gain: GainCurve, deep: FittedCurve, classical: FittedCurve, largest: int, level: float
) -> tuple[Span, ...]:
    """The measured sizes by the family that is ahead: where the band of the gain excludes 0.

    A lead is not claimed where the scores of a single size, without any curve, show the other one ahead, nor
    between others over so few sizes that the band may exclude 0 there by the chance of its draws.
    """
    known: list[tuple[Family | None, float]] = []
    for rows, low, high in zip(gain.rows, gain.low, gain.high, strict=True):
        if rows <= largest:
            known.append(("deep" if low > 0 else "classical" if high < 0 else None, rows))
    runs = [list(run) for _, run in itertools.groupby(known, key=lambda each: each[0])]
    spans = [Span(run[0][0], run[0][1], run[-1][1]) for run in runs]
    sizes, shares = _measured_lead(deep, classical)
    ends = {known[0][1], known[-1][1]}
    checked = [
        span
        if (_wide(span) or ends & {span.first, span.last}) and _agree(span, sizes, shares, level)
        else replace(span, ahead=None)
        for span in spans
    ]
    return _joined(checked)


def _wide(span: Span) -> bool:
    """Whether a span between others is no chance of the draws."""
    return span.last >= _NARROWEST * span.first


def _agree(span: Span, sizes: np.ndarray, shares: np.ndarray, level: float) -> bool:
    """Whether no measured size of a span shows the other family ahead; ``shares`` are those of deep."""
    own = shares[(sizes >= span.first) & (sizes <= span.last)]
    against = 1 - own if span.ahead == "deep" else own
    return span.ahead is None or not np.any(against >= 0.5 + level / 2)


def _joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Neighbours about which the same is known as one; what cannot be told fills the gaps."""
    joined: list[Span] = []
    for _, group in itertools.groupby(spans, key=lambda span: span.ahead):
        own = list(group)
        first = own[0].first if own[0].ahead or not joined else joined[-1].last
        joined.append(Span(own[0].ahead, first, own[-1].last))
    closed = [
        replace(span, last=after.first) if span.ahead is None else span
        for span, after in itertools.pairwise(joined)
    ]
    return (*closed, *joined[-1:])


def _measured_lead(deep: FittedCurve, classical: FittedCurve) -> tuple[np.ndarray, np.ndarray]:
    """The sizes that both families have, and how surely the mean error of deep is the lower one at each."""
    sizes, here, there = _shared_sizes(deep, classical)
    return sizes, np.mean(deep.drawn[:, here] < classical.drawn[:, there], axis=0)


def _shared_sizes(deep: FittedCurve, classical: FittedCurve) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The sizes that both families have, and their positions in each."""
    return np.intersect1d(deep.curve.sizes, classical.curve.sizes, return_indices=True)


def _lead(deep: FittedCurve, classical: FittedCurve) -> tuple[int, int]:
    """At how many sizes deep has the lower mean error, and the number compared."""
    _, here, there = _shared_sizes(deep, classical)
    ahead = deep.curve.mean[here] < classical.curve.mean[there]
    return int(ahead.sum()), len(ahead)


def _was_behind(
    deep: FittedCurve, classical: FittedCurve, who: str, rows: float | None, level: float
) -> bool:
    """Whether the errors measured before the crossover show the overtaker behind, and nowhere ahead.

    The measured means decide, not the curves: a curve is least reliable at its ends, and the sizes below
    its start were measured too.
    """
    sizes, shares = _measured_lead(deep, classical)
    ahead = shares[sizes < (rows or 0)]
    ahead = ahead if who == "deep" else 1 - ahead
    return bool(np.any(ahead <= 1 - level) and not np.any(ahead >= level))


_KINDS = ("deep", "classical", "deep_overtakes", "classical_overtakes")


@dataclass(frozen=True)
class _Paths:
    """The kind of each draw (n_draws,), and where its lead last changes (n_draws,), NaN if it never does."""

    kind: np.ndarray
    rows: np.ndarray

    def share(self, kind: str) -> float:
        """Share of the draws that are of this kind."""
        return float(np.mean(self.kind == kind))

    def leads(self, family: str) -> float:
        """Share of the draws in which a family is ahead at the end."""
        return self.share(family) + self.share(f"{family}_overtakes")


def _paths(deep: FittedCurve, classical: FittedCurve, first: int, last: int) -> _Paths:
    """Kinds of draws by which family is ahead at each size; the last change of the lead counts."""
    grid = np.geomspace(first, last, _GRID)
    ahead = deep.errors(grid)[1] < classical.errors(grid)[1]
    changes = ahead[:, 1:] != ahead[:, :-1]
    changed = changes.any(axis=1)
    last_change = ahead.shape[1] - 2 - changes[:, ::-1].argmax(axis=1)
    where = np.sqrt(grid[last_change] * grid[last_change + 1])
    kind = np.where(ahead[:, -1], "deep", "classical").astype("<U19")
    kind[changed] = np.where(ahead[changed, -1], "deep_overtakes", "classical_overtakes")
    return _Paths(kind, np.where(changed, where, np.nan))


def _outcome(
    spans: Sequence[Span], paths: tuple[_Paths, _Paths], curves: tuple[FittedCurve, FittedCurve], level: float
) -> str:
    """What the measured sizes show; what lies beyond them cannot overrule it."""
    here, everywhere = paths
    first, last = spans[0].ahead, spans[-1].ahead
    claimed = {span.ahead for span in spans} - {None}
    if last and len(claimed) == 2:
        seen = _was_behind(*curves, last, _interval(here, last, level)[0], level)
        return "crossover" if seen else "ahead_from"
    for who in _FAMILIES:
        if last != who and everywhere.share(f"{who}_overtakes") >= level:
            rows = _interval(everywhere, who, level)[0]
            if _was_behind(*curves, who, rows, level):
                return "crossover"
    if last:
        if len(spans) > 1:
            return "ahead_from"
        extrapolated = all(curve.fits for curve in curves)
        sure = last == "classical" and extrapolated and everywhere.share(last) >= 0.5 + level / 2
        return "none_in_reach" if sure else last
    return "undecided" if not claimed else "ahead_to" if first else "ahead_between"


def _crossing_measured(outcome: str, spans: Sequence[Span]) -> bool:
    """Whether a crossover is seen within the measured sizes, not by extrapolation."""
    return (
        outcome == "crossover" and spans[-1].ahead is not None and len({s.ahead for s in spans} - {None}) == 2
    )


def _overtaker(outcome: str, spans: Sequence[Span], everywhere: _Paths) -> Family:
    """The family that is, or would be, ahead with more rows."""
    last = spans[-1].ahead
    if outcome in ("classical", "none_in_reach"):
        return "deep"
    if last and (outcome == "ahead_from" or _crossing_measured(outcome, spans)):
        return last
    if outcome == "ahead_to":
        return "deep" if spans[0].ahead == "classical" else "classical"
    return (
        "deep"
        if everywhere.share("deep_overtakes") >= everywhere.share("classical_overtakes")
        else "classical"
    )


def _interval(paths: _Paths, overtaker: str, level: float) -> tuple[float | None, float | None, float | None]:
    """Median and quantiles of the size from which the overtaker is ahead; None at an open end.

    A draw in which it is ahead throughout has its crossover below the smallest size, one in which it is
    never ahead beyond the reach.
    """
    rows = paths.rows.copy()
    rows[paths.kind == overtaker] = 0.0
    rows[paths.kind == ("classical" if overtaker == "deep" else "deep")] = np.inf
    rows = rows[
        (paths.kind != "deep_overtakes") & (paths.kind != "classical_overtakes")
        | (paths.kind == f"{overtaker}_overtakes")
    ]
    if not len(rows):
        return None, None, None
    ends = np.quantile(rows, [0.5, 0.5 - level / 2, 0.5 + level / 2], method="nearest")
    middle, low, high = (float(v) if 0 < v < np.inf else None for v in ends)
    return middle, low, high


_LEARNING = {"deep": "Deep learning", "classical": "Classical learning"}


def in_words(crossover: Crossover, level: float) -> Crossover:
    """The crossover with its claim, its sentence and its interval in words."""
    claim = _claim(crossover, level)
    details = [text for text in _details(crossover) if text]
    return replace(
        crossover,
        claim=claim,
        sentence=" ".join([f"{claim}.", *details]),
        interval=_interval_in_words(crossover),
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
    every = " at every size" if crossover.outcome in _LEARNING else ""
    return f"{_LEARNING[span.ahead or 'deep']} is ahead{every} {_from_to(crossover, span)} rows {sure}"


def main_span(crossover: Crossover) -> Span:
    """The sizes that the claim is about: the last ones, else the first, else the widest between."""
    spans = [span for span in crossover.spans if span.ahead]
    if crossover.outcome == "ahead_between":
        return max(spans, key=lambda span: span.last / span.first)
    return spans[0] if crossover.outcome == "ahead_to" else spans[-1]


def _crossing(crossover: Crossover, level: float) -> str:
    verb = "would overtake" if crossover.extrapolated else "overtakes"
    at = f"about {rows_in_words(crossover.rows)} rows" if crossover.rows else "an unknown size"
    return f"{_overtaking(crossover)} {verb} at {at} ({level:.0%} interval {_interval_in_words(crossover)})"


def _overtaking(crossover: Crossover) -> str:
    return _LEARNING[crossover.overtaker or "deep"]


def _from_to(crossover: Crossover, span: Span) -> str:
    """The sizes of a span; ends that were not measured are rounded to the inside of a lead."""
    first = end_in_words(crossover, span.first, up=span.ahead is not None)
    last = end_in_words(crossover, span.last, up=span.ahead is None)
    return f"at {first}" if first == last else f"from {first} to {last}"


def end_in_words(crossover: Crossover, rows: float, up: bool) -> str:
    """Two digits of an end that was not measured, never outside of the measured sizes."""
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
    ahead = [f"{_LEARNING[s.ahead]} is ahead {_from_to(crossover, s)} rows." for s in others if s.ahead]
    return [*ahead, *([f"Cannot tell {' and '.join(unknown)} rows."] if unknown else [])]


def _means(crossover: Crossover) -> str:
    share = f"{crossover.deep_ahead} of {crossover.compared_sizes} sizes"
    return f"Deep learning has the lower mean error at {share}, which may be chance."


def _if_overtakes(crossover: Crossover) -> str:
    if crossover.low is None and crossover.high is None:
        return ""
    return (
        f"If {_overtaking(crossover).lower()} overtakes, it does so at {_interval_in_words(crossover)} rows."
    )


def _beyond(crossover: Crossover) -> str:
    if crossover.low is None or crossover.low <= crossover.largest:
        return "With more data the order is uncertain."
    return f"Deep learning is unlikely to overtake before {rows_in_words(crossover.low)} rows."


def _why_here(crossover: Crossover) -> str:
    """Why curves end where they do."""
    if crossover.reach == crossover.largest:
        return "No power law fits the curves, so they are not extrapolated."
    return ""


def _interval_in_words(crossover: Crossover) -> str:
    """The interval of the crossover with its open ends named."""
    low, high = crossover.low, crossover.high
    first = f"fewer than {crossover.smallest:,}" if low is None else rows_in_words(low)
    last = f"more than {crossover.reach:,}" if high is None else rows_in_words(high)
    return f"{first} to {last}"
