"""Power laws of a family's errors, with joint draws of their doubt.

Doubt comes from repeats: the measured errors are moved along the repeats' own deviations (Student t, with
the correction for shared training rows), for both families and all sizes together, because they share
rows. Every such draw is fitted anew.

Where the deep curve falls below the classical one, with an interval, or that nobody can tell.

What a crossover means, in plain words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from ..runs.curve_plan import FEWEST_SIZES, REACH
from .power_law import PowerLaw, fit_power_law

N_DRAWS = 2000
_FEWEST_TAIL = 5  # sizes that a law must explain


@dataclass(frozen=True)
class ErrorCurve:
    """Errors of a family's champion: ``sizes`` int (S,), ``errors`` float64 (J, S), lower is better.

    ``overlap`` (S,) is what shared rows add to the variance of a mean over the J repeats.
    """

    sizes: np.ndarray
    errors: np.ndarray
    overlap: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Mean error by size (S,)."""
        return self.errors.mean(axis=0)

    def mean_scale(self) -> np.ndarray:
        """Standard error over standard deviation of a repeat, by size (S,)."""
        return np.sqrt(1.0 / len(self.errors) + self.overlap)

    def common(self) -> np.ndarray:
        """How far each repeat is off at all sizes alike (J, 1): easy or hard scoring rows."""
        return self.errors.mean(axis=1, keepdims=True) - self.errors.mean()

    def sigma(self) -> np.ndarray:
        """Standard errors of the curve's shape by size (S,).

        What a repeat is off at all sizes alike moves the asymptote and bends nothing, so it does not count.
        A line over the logarithms smooths them: few repeats say little about each size.
        """
        n_sizes = len(self.sizes)
        own = self.errors - self.mean - self.common()
        spread = own.std(axis=0, ddof=1) * np.sqrt(n_sizes / (n_sizes - 1))
        floor = max(1e-3 * float(np.median(spread)), 1e-9 * float(np.abs(self.mean).max()), 1e-12)
        x, y = np.log(self.sizes), np.log(np.maximum(spread, floor))
        slope = float(np.clip(np.polyfit(x, y, 1)[0], -1.0, 0.0))
        return np.exp(np.mean(y) + slope * (x - np.mean(x))) * self.mean_scale()

    def beyond(self, first: int) -> ErrorCurve:
        """The curve without the first so many sizes."""
        return ErrorCurve(self.sizes[first:], self.errors[:, first:], self.overlap[first:])


@dataclass(frozen=True)
class FittedCurve:
    """The power law of a family from ``start`` rows on, and the laws of the draws (n_draws,).

    ``misfit`` is the root mean square of the residuals over their standard errors, about 1 where a power
    law explains all; ``fits`` is False where such residuals would come up once in a hundred curves.
    ``drawn`` are the measured means of the draws themselves, (n_draws, S) for all sizes.
    """

    curve: ErrorCurve
    law: PowerLaw
    draws: PowerLaw = field(repr=False)
    start: int
    misfit: float
    fits: bool
    drawn: np.ndarray = field(repr=False)


def fit_curves(curves: Sequence[ErrorCurve], seed: int = 0, n_draws: int = N_DRAWS) -> list[FittedCurve]:
    """Power laws of several curves over the same repeats, with joint draws of their doubt."""
    moves = _moves(curves[0].errors.shape[0], n_draws, seed)
    return [_fit(curve, moves) for curve in curves]


def _moves(n_repeats: int, n_draws: int, seed: int) -> np.ndarray:
    """By how much each draw follows each repeat's deviation: (n_draws, n_repeats).

    Their sum over deviations has the covariance of the repeats, and Student's tails for having
    estimated it from so few.
    """
    rng = np.random.default_rng(seed)
    dof = n_repeats - 1
    normal = rng.normal(size=(n_draws, n_repeats)) / np.sqrt(dof)
    return normal * np.sqrt(dof / rng.chisquare(dof, size=(n_draws, 1)))


def _fit(curve: ErrorCurve, moves: np.ndarray) -> FittedCurve:
    tail, law, misfit, fits = _fit_tail(curve)
    common = moves @ tail.common()
    own = moves @ ((tail.errors - tail.mean - tail.common()) * tail.mean_scale())
    # A misfit says that the law is wrong or the spread too small: either way there is more doubt.
    errors = tail.mean + common * tail.mean_scale() + max(1.0, misfit) * own
    draws = fit_power_law(tail.sizes, errors, tail.sigma(), refinements=2)
    drawn = curve.mean + moves @ ((curve.errors - curve.mean) * curve.mean_scale())
    return FittedCurve(curve, law, draws, int(tail.sizes[0]), misfit, fits, drawn)


def _fit_tail(curve: ErrorCurve) -> tuple[ErrorCurve, PowerLaw, float, bool]:
    """The law of all sizes, or of the large ones where no law goes through the small ones too.

    Learning curves follow a power law from some size on (Hestness et al. 2017): sizes are left out from below
    until the residuals are no larger than their standard errors explain, or five sizes are left, the
    nearest to what is to be foretold.
    """
    for first in range(max(1, len(curve.sizes) - _FEWEST_TAIL + 1)):
        tail = curve.beyond(first)
        sigma = tail.sigma()
        law = fit_power_law(tail.sizes, tail.mean, sigma, refinements=8)
        squares = float(np.sum(((tail.mean - law(tail.sizes)) / sigma) ** 2))
        freedom = max(1, len(tail.sizes) - 3)
        if squares <= stats.chi2.ppf(0.95, freedom):
            break
    return tail, law, float(np.sqrt(squares / freedom)), bool(squares <= stats.chi2.ppf(0.99, freedom))


def too_few_sizes(curve: ErrorCurve) -> bool:
    """Whether there are not enough sizes to fit three parameters and doubt them."""
    return len(curve.sizes) < FEWEST_SIZES


_GRID = 400


@dataclass(frozen=True)
class Crossover:
    """The answer.

    Attributes
    ----------
    outcome : str
        "deep" or "classical" (ahead at every size compared), "crossover", "ahead_from" (one is ahead from
        ``high`` rows on, and with fewer nobody knows), "none_in_reach" (classical ahead up to ten times
        the data), or "undecided".
    overtaker : str or None
        Who is ahead beyond the crossover; without one, who would be if there is any.
    rows, low, high : float or None
        Training rows at the crossover and its interval. ``low`` None: perhaps below the smallest
        size. ``high`` None: perhaps beyond the reach, or never.
    extrapolated : bool
        The crossover lies beyond the rows that were measured.
    smallest, largest : int
        The measured sizes that were compared: from where both families follow a power law.
    reach : int
        Where every curve ends: ten times the largest size, or the largest where no power law fits.
    probabilities : dict of str to float
        Shares of the draws over all sizes up to the reach: "deep" or "classical" ahead throughout,
        "deep_overtakes", "classical_overtakes".
    deep_ahead, compared_sizes : int
        At how many of the compared sizes the mean error of deep learning is the lower one.
    """

    outcome: str
    overtaker: str | None
    rows: float | None
    low: float | None
    high: float | None
    extrapolated: bool
    smallest: int
    largest: int
    reach: int
    probabilities: dict[str, float]
    deep_ahead: int = 0
    compared_sizes: int = 0
    measured_from: int = 0
    reason: str = ""


def find_crossover(deep: FittedCurve, classical: FittedCurve, level: float = 0.95) -> Crossover:
    """Compare two fitted curves from where both hold up to ten times the largest size.

    Where no power law fits one of them, nothing is said beyond the sizes that were measured.
    """
    smallest = max(deep.start, classical.start)
    largest = int(min(deep.curve.sizes[-1], classical.curve.sizes[-1]))
    reach = largest * (REACH if deep.fits and classical.fits else 1)
    grid = np.geomspace(smallest, reach, _GRID)
    ahead = deep.draws(grid) < classical.draws(grid)
    measured = grid <= largest * (1 + 1e-9)
    here, everywhere = _paths(ahead[:, measured], grid), _paths(ahead, grid)
    outcome, paths = _decide(here, everywhere, level)
    if outcome == "none_in_reach" and reach == largest:
        outcome = "classical"
    who = _overtaker(outcome, paths)
    rows, low, high = _interval(paths, who, level)
    if outcome == "crossover" and not _was_behind(deep, classical, who, rows, level):
        outcome = "ahead_from"
    if outcome == "ahead_from" and (high is None or high > largest):
        outcome = "undecided"
    rows = rows if outcome == "crossover" else None
    return Crossover(
        outcome,
        who,
        rows,
        low,
        high,
        rows is not None and rows > largest,
        smallest,
        largest,
        reach,
        {name: float(np.mean(everywhere.kind == name)) for name in _KINDS},
        *_lead(deep, classical, smallest),
    )


def _shared_sizes(deep: FittedCurve, classical: FittedCurve) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The sizes that both families have, and their places in each."""
    return np.intersect1d(deep.curve.sizes, classical.curve.sizes, return_indices=True)


def _lead(deep: FittedCurve, classical: FittedCurve, smallest: int) -> tuple[int, int, int]:
    """At how many of the compared sizes deep has the lower mean error, of how many, and the first of all."""
    sizes, here, there = _shared_sizes(deep, classical)
    ahead = (deep.curve.mean[here] < classical.curve.mean[there])[sizes >= smallest]
    return int(ahead.sum()), len(ahead), int(sizes[0])


def _was_behind(
    deep: FittedCurve, classical: FittedCurve, who: str, rows: float | None, level: float
) -> bool:
    """Whether the errors measured before the crossover show the overtaker behind, and nowhere ahead.

    Asked of the measured means, not of the curves: the end of a curve is where it is worth least, and
    sizes that no curve goes through are measured all the same.
    """
    sizes, here, there = _shared_sizes(deep, classical)
    ahead = np.mean(deep.drawn[:, here] < classical.drawn[:, there], axis=0)[sizes < (rows or 0)]
    ahead = ahead if who == "deep" else 1 - ahead
    return bool(np.any(ahead <= 1 - level) and not np.any(ahead >= level))


_KINDS = ("deep", "classical", "deep_overtakes", "classical_overtakes")


@dataclass(frozen=True)
class _Paths:
    """What each draw does: its kind (n_draws,), and where it last changes (n_draws,), NaN if never."""

    kind: np.ndarray
    rows: np.ndarray

    def share(self, kind: str) -> float:
        """Of the draws of this kind."""
        return float(np.mean(self.kind == kind))

    def leads(self, family: str) -> float:
        """Share of the draws in which a family is ahead at the end, whatever was before."""
        return self.share(family) + self.share(f"{family}_overtakes")


def _paths(ahead: np.ndarray, grid: np.ndarray) -> _Paths:
    """Kinds of draws from who is ahead at each size; of several changes the last one counts."""
    changes = ahead[:, 1:] != ahead[:, :-1]
    changed = changes.any(axis=1)
    last = ahead.shape[1] - 2 - changes[:, ::-1].argmax(axis=1)
    where = np.sqrt(grid[last] * grid[last + 1])
    kind = np.where(ahead[:, -1], "deep", "classical").astype("<U19")
    kind[changed] = np.where(ahead[changed, -1], "deep_overtakes", "classical_overtakes")
    return _Paths(kind, np.where(changed, where, np.nan))


def _decide(here: _Paths, everywhere: _Paths, level: float) -> tuple[str, _Paths]:
    """The outcome, and the paths (measured, or up to the reach) that it rests on.

    What the measured sizes settle is not put in doubt again by what lies beyond them.
    """
    for kind in ("deep_overtakes", "classical_overtakes"):
        if here.share(kind) >= level:
            return "crossover", here
    for kind in ("deep_overtakes", "classical_overtakes"):
        if everywhere.share(kind) >= level:
            return "crossover", everywhere
    if here.share("deep") >= level:
        return "deep", here
    if everywhere.share("classical") >= level:
        return "none_in_reach", everywhere
    if here.share("classical") >= level:
        return "classical", everywhere
    if max(here.leads("deep"), here.leads("classical")) >= level:
        return "ahead_from", here
    return "undecided", everywhere


def _overtaker(outcome: str, paths: _Paths) -> str:
    if outcome in ("classical", "none_in_reach"):
        return "deep"
    if outcome == "ahead_from":
        return "deep" if paths.leads("deep") >= paths.leads("classical") else "classical"
    return "deep" if paths.share("deep_overtakes") >= paths.share("classical_overtakes") else "classical"


def _interval(paths: _Paths, overtaker: str, level: float) -> tuple[float | None, float | None, float | None]:
    """Median and quantiles of the size from which the overtaker is ahead; None at an open end.

    A draw in which it is ahead throughout has its crossover below the smallest size, one in which it
    never is has it beyond the reach.
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
    found = np.quantile(rows, [0.5, 0.5 - level / 2, 0.5 + level / 2], method="nearest")
    middle, low, high = (float(v) if 0 < v < np.inf else None for v in found)
    return middle, low, high


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
