"""Where two learning curves cross, and at which sizes either family is ahead.

The measured errors are drawn again with the uncertainty that scoring rows, training rows and seeds leave
(:mod:`.curve_spread`), for both families and all sizes together, because they share rows. A power law is
fitted to every such draw. A family is ahead where the band of the difference of both curves excludes 0.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import stats

from ..results.curves import FEWEST_SIZES, Crossover, GainCurve, Span
from ..results.rows import Family
from .crossover_words import in_words
from .curve_spread import Spread, estimate_spread
from .fit_rows import ScoredUnits
from .power_law import PowerLaw, fit_power_law

REACH = 10  # no curve is reported beyond so many times the rows that it was measured on
N_DRAWS = 2000
_FEWEST_TAIL = 5  # sizes that a law must fit
_GRID = 400  # sizes at which the draws are compared
_NARROWEST = 1.25  # last over first size of a lead between others
_BAND = 61  # measured sizes of the band of the gain, and as many beyond
_FAMILIES: tuple[Family, ...] = ("deep", "classical")


@dataclass(frozen=True)
class ErrorCurve:
    """Errors of a family's champion: ``sizes`` int (S,), ``errors`` float64 (J, S), lower is better.

    ``contributions`` (M, S) are what every scored unit contributes to the error of its repeat.
    """

    sizes: np.ndarray
    errors: np.ndarray
    contributions: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Mean error by size (S,)."""
        return np.asarray(self.errors.mean(axis=0))


@dataclass(frozen=True)
class FittedCurve:
    """The power law of a family from ``start`` rows on, and the laws of the draws (n_draws,).

    ``misfit`` is the root mean square of the residuals over their standard errors, about 1 where a power
    law holds; ``fits`` is False where residuals as large are rarer than one in a hundred. ``drawn`` holds
    the mean errors of the draws at all measured sizes, float64 (n_draws, S).
    """

    curve: ErrorCurve
    law: PowerLaw
    draws: PowerLaw = field(repr=False)
    start: int
    misfit: float
    fits: bool
    drawn: np.ndarray = field(repr=False)

    def errors(self, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Errors at these sizes (n,), and those of the draws (n_draws, n).

        Where no law holds, as below ``start``, they are those of the measured sizes, with straight lines
        between them.
        """
        between = _straight_lines(self.curve.sizes, sizes)
        holds = (sizes >= self.start) if self.fits else np.zeros(len(sizes), dtype=bool)
        known, drawn = self.curve.mean @ between, self.drawn @ between
        return np.where(holds, self.law(sizes), known), np.where(holds, self.draws(sizes), drawn)


def spread_of(curves: Sequence[ErrorCurve], units: ScoredUnits, ratio: float) -> Spread:
    """How much the mean errors of curves over the same repeats vary, one curve behind the other.

    Parameters
    ----------
    curves : sequence of ErrorCurve
        Of one family or two.
    units : ScoredUnits
        The rows that score them.
    ratio : float
        Scoring rows over training rows of the largest fit.
    """
    by_rows = units.covariance(np.hstack([curve.contributions for curve in curves]))
    errors = np.hstack([curve.errors for curve in curves])
    sizes = [curve.sizes for curve in curves]
    return estimate_spread(sizes, errors, by_rows.of_mean, by_rows.of_fit, ratio)


def fit_curves(
    curves: Sequence[ErrorCurve], spread: Spread, seed: int = 0, n_draws: int = N_DRAWS
) -> list[FittedCurve]:
    """Power laws of curves over the same repeats, with joint draws of their uncertainty."""
    moves = spread.draws(n_draws, seed)
    ends = np.cumsum([len(curve.sizes) for curve in curves])
    spans = [slice(end - len(curve.sizes), end) for end, curve in zip(ends, curves, strict=True)]
    return [
        _fit(curve, spread.total[own, own], moves[:, own]) for curve, own in zip(curves, spans, strict=True)
    ]


def _fit(curve: ErrorCurve, covariance: np.ndarray, moves: np.ndarray) -> FittedCurve:
    sigma = _shape_errors(covariance)
    first, law, misfit, fits = _fit_tail(curve, sigma)
    tail = moves[:, first:]
    common = tail.mean(axis=1, keepdims=True)
    # A misfit means that the law is wrong or the spread too small: the uncertainty is larger either way.
    errors = (
        curve.mean[first:]
        + common
        + (misfit if _beyond_chance(misfit, len(curve.sizes) - first) else 1.0) * (tail - common)
    )
    draws = fit_power_law(curve.sizes[first:], errors, sigma[first:], refinements=2)
    return FittedCurve(curve, law, draws, int(curve.sizes[first]), misfit, fits, curve.mean + moves)


def _beyond_chance(misfit: float, n_sizes: int, level: float = 0.95) -> bool:
    """Whether a misfit that large is rarer than 1 - level where a law of three parameters holds."""
    freedom = max(1, n_sizes - 3)
    return bool(misfit**2 * freedom > stats.chi2.ppf(level, freedom))


def _straight_lines(known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Weights (S, n) of known sizes that interpolate between their logarithms."""
    weights = [np.interp(np.log(wanted), np.log(known), unit) for unit in np.eye(len(known))]
    return np.array(weights)


def _shape_errors(covariance: np.ndarray) -> np.ndarray:
    """Standard errors of the curve's shape by size (S,).

    A deviation that is the same at all sizes moves the asymptote and not the shape, so it does not count.
    """
    n_sizes = len(covariance)
    centre = np.eye(n_sizes) - 1.0 / n_sizes
    own = np.diag(centre @ covariance @ centre) * (n_sizes / (n_sizes - 1))
    return np.sqrt(np.maximum(own, 1e-6 * own.max() or 1e-24))


def _fit_tail(curve: ErrorCurve, sigma: np.ndarray) -> tuple[int, PowerLaw, float, bool]:
    """The law of all sizes, or of the larger ones where none fits the smallest too.

    Learning curves follow a power law from some size on (Hestness et al. 2017): the smallest sizes are
    dropped until the residuals agree with their standard errors, or five sizes are left.
    """
    for first in range(max(1, len(curve.sizes) - _FEWEST_TAIL + 1)):
        sizes, mean, own = curve.sizes[first:], curve.mean[first:], sigma[first:]
        law = fit_power_law(sizes, mean, own, refinements=8)
        squares = float(np.sum(((mean - law(sizes)) / own) ** 2))
        misfit = float(np.sqrt(squares / max(1, len(sizes) - 3)))
        if not _beyond_chance(misfit, len(sizes)):
            break
    return first, law, misfit, not _beyond_chance(misfit, len(sizes), 0.99)


def too_few_sizes(curve: ErrorCurve) -> bool:
    """Whether there are too few sizes to fit three parameters and to check the fit."""
    return len(curve.sizes) < FEWEST_SIZES


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
