"""Where the deep curve falls below the classical one, with an interval, or that nobody can tell.

Doubt comes from repeats: the measured errors are moved along the repeats' own deviations (Student t, with
the correction for shared training rows), for both families and all sizes together, because they share
rows. Every such draw is fitted anew; the crossovers of the draws give the interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from ._curve_plan import FEWEST_SIZES, REACH
from ._power_law import PowerLaw, fit_power_law

N_DRAWS = 2000
_GRID = 400
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
    law explains all.
    """

    curve: ErrorCurve
    law: PowerLaw
    draws: PowerLaw = field(repr=False)
    start: int
    misfit: float


@dataclass(frozen=True)
class Crossover:
    """The answer.

    Attributes
    ----------
    outcome : str
        "deep" or "classical" (ahead at every size measured), "crossover", "none_in_reach" (classical
        ahead up to ten times the data), or "undecided".
    overtaker : str or None
        Who is ahead beyond the crossover; without one, who would be if there is any.
    rows, low, high : float or None
        Training rows at the crossover and its interval. ``low`` None: perhaps below the smallest
        size. ``high`` None: perhaps beyond the reach, or never.
    extrapolated : bool
        The crossover lies beyond the rows that were measured.
    probabilities : dict of str to float
        Shares of the draws over all sizes up to the reach: "deep" or "classical" ahead throughout,
        "deep_overtakes", "classical_overtakes".
    deep_ahead, compared_sizes : int
        At how many of the measured sizes the mean error of deep learning is the lower one.
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
    reason: str = ""


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
    tail, law, misfit = _fit_tail(curve)
    common = moves @ tail.common()
    own = moves @ ((tail.errors - tail.mean - tail.common()) * tail.mean_scale())
    # A misfit says that the law is wrong or the spread too small: either way there is more doubt.
    errors = tail.mean + common * tail.mean_scale() + max(1.0, misfit) * own
    draws = fit_power_law(tail.sizes, errors, tail.sigma(), refinements=2)
    return FittedCurve(curve, law, draws, int(tail.sizes[0]), misfit)


def _fit_tail(curve: ErrorCurve) -> tuple[ErrorCurve, PowerLaw, float]:
    """The law of all sizes, or of the large ones where no law goes through the small ones too.

    Learning curves follow a power law from some size on (Hestness et al. 2017): sizes are left out from below
    until the residuals are no larger than their standard errors explain, or five sizes are left, the
    nearest to what is to be foretold.
    """
    for first in range(max(1, len(curve.sizes) - _FEWEST_TAIL + 1)):
        tail = curve.beyond(first)
        sigma = tail.sigma()
        law = fit_power_law(tail.sizes, tail.mean, sigma)
        squares = float(np.sum(((tail.mean - law(tail.sizes)) / sigma) ** 2))
        freedom = max(1, len(tail.sizes) - 3)
        if squares <= stats.chi2.ppf(0.95, freedom):
            break
    return tail, law, float(np.sqrt(squares / freedom))


def find_crossover(deep: FittedCurve, classical: FittedCurve, level: float = 0.95) -> Crossover:
    """Compare two fitted curves from where both hold up to ten times the largest size."""
    smallest = max(deep.start, classical.start)
    largest = int(min(deep.curve.sizes[-1], classical.curve.sizes[-1]))
    reach = REACH * largest
    grid = np.geomspace(smallest, reach, _GRID)
    ahead = deep.draws(grid) < classical.draws(grid)
    measured = grid <= largest * (1 + 1e-9)
    here, everywhere = _paths(ahead[:, measured], grid), _paths(ahead, grid)
    outcome, paths = _decide(here, everywhere, level)
    who = _overtaker(outcome, paths)
    rows, low, high = _interval(paths, who, level)
    if outcome != "crossover":
        rows = None
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
        *_lead(deep.curve, classical.curve, smallest),
    )


def _lead(deep: ErrorCurve, classical: ErrorCurve, smallest: int) -> tuple[int, int]:
    """At how many of the compared sizes deep has the lower mean error, and how many these are."""
    sizes, here, there = np.intersect1d(deep.sizes, classical.sizes, return_indices=True)
    ahead = (deep.mean[here] < classical.mean[there])[sizes >= smallest]
    return int(ahead.sum()), len(ahead)


def too_few_sizes(curve: ErrorCurve) -> bool:
    """Whether there are not enough sizes to fit three parameters and doubt them."""
    return len(curve.sizes) < FEWEST_SIZES


_KINDS = ("deep", "classical", "deep_overtakes", "classical_overtakes")


@dataclass(frozen=True)
class _Paths:
    """What each draw does: its kind (n_draws,), and where it last changes (n_draws,), NaN if never."""

    kind: np.ndarray
    rows: np.ndarray

    def share(self, kind: str) -> float:
        return float(np.mean(self.kind == kind))


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
    return "undecided", everywhere


def _overtaker(outcome: str, paths: _Paths) -> str:
    if outcome in ("classical", "none_in_reach"):
        return "deep"
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
