"""Power laws of both families' errors, and the training size at which the curves cross.

The uncertainty is that of the repeats: the measured errors are moved along the deviations of the repeats
(Student t, with the correction for shared training rows), for both families and all sizes together, because
they share rows. A power law is fitted to every such draw.

Learning curves as power laws with an asymptote: error(n) = a + b n^-c.

The form is that of Cortes et al. (1993, "Learning Curves: Asymptotic Values and Rate of Convergence") and
Hestness et al. (2017); Viering and Loog (2023, "The Shape of Learning Curves: a Review") find it among the
forms that extrapolate best, and warn of curves that it does not fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import stats

from ..results.curves import FEWEST_SIZES, Crossover

REACH = 10  # no curve is reported beyond so many times the rows that it was measured on
N_DRAWS = 2000
_FEWEST_TAIL = 5  # sizes that a law must fit
_GRID = 400


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
        return np.asarray(self.errors.mean(axis=0))

    def mean_scale(self) -> np.ndarray:
        """Standard error over standard deviation of a repeat, by size (S,)."""
        return np.sqrt(1.0 / len(self.errors) + self.overlap)

    def common(self) -> np.ndarray:
        """Deviation of each repeat that is the same at all sizes (J, 1): easy or hard scoring rows."""
        return np.asarray(self.errors.mean(axis=1, keepdims=True) - self.errors.mean())

    def sigma(self) -> np.ndarray:
        """Standard errors of the curve's shape by size (S,).

        A deviation that is the same at all sizes moves the asymptote and not the shape, so it does not
        count. A line over the logarithms smooths them, because there are few repeats for each size.
        """
        n_sizes = len(self.sizes)
        own = self.errors - self.mean - self.common()
        spread = own.std(axis=0, ddof=1) * np.sqrt(n_sizes / (n_sizes - 1))
        floor = max(1e-3 * float(np.median(spread)), 1e-9 * float(np.abs(self.mean).max())) or 1e-12
        x, y = np.log(self.sizes), np.log(np.maximum(spread, floor))
        slope = float(np.clip(np.polyfit(x, y, 1)[0], -1.0, 0.0))
        smoothed = np.exp(np.mean(y) + slope * (x - np.mean(x)))
        return np.asarray(smoothed * self.mean_scale())

    def beyond(self, first: int) -> ErrorCurve:
        """The curve without its ``first`` smallest sizes."""
        return ErrorCurve(self.sizes[first:], self.errors[:, first:], self.overlap[first:])


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


def fit_curves(curves: Sequence[ErrorCurve], seed: int = 0, n_draws: int = N_DRAWS) -> list[FittedCurve]:
    """Power laws of several curves over the same repeats, with joint draws of their uncertainty."""
    moves = _moves(curves[0].errors.shape[0], n_draws, seed)
    return [_fit(curve, moves) for curve in curves]


def _moves(n_repeats: int, n_draws: int, seed: int) -> np.ndarray:
    """Weights of the repeats' deviations in each draw: float64 (n_draws, n_repeats).

    The weighted sum of deviations has the covariance of the repeats, and the tails of Student's t because
    that covariance is estimated from few repeats.
    """
    rng = np.random.default_rng(seed)
    dof = n_repeats - 1
    normal = rng.normal(size=(n_draws, n_repeats)) / np.sqrt(dof)
    return np.asarray(normal * np.sqrt(dof / rng.chisquare(dof, size=(n_draws, 1))))


def _fit(curve: ErrorCurve, moves: np.ndarray) -> FittedCurve:
    tail, law, misfit, fits = _fit_tail(curve)
    common = moves @ tail.common()
    own = moves @ ((tail.errors - tail.mean - tail.common()) * tail.mean_scale())
    # A misfit means that the law is wrong or the spread too small: the uncertainty is larger either way.
    errors = tail.mean + common * tail.mean_scale() + max(1.0, misfit) * own
    draws = fit_power_law(tail.sizes, errors, tail.sigma(), refinements=2)
    drawn = curve.mean + moves @ ((curve.errors - curve.mean) * curve.mean_scale())
    return FittedCurve(curve, law, draws, int(tail.sizes[0]), misfit, fits, drawn)


def _fit_tail(curve: ErrorCurve) -> tuple[ErrorCurve, PowerLaw, float, bool]:
    """The law of all sizes, or of the larger ones where none fits the smallest too.

    Learning curves follow a power law from some size on (Hestness et al. 2017): the smallest sizes are
    dropped until the residuals agree with their standard errors, or five sizes are left.
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
    """Whether there are too few sizes to fit three parameters and to check the fit."""
    return len(curve.sizes) < FEWEST_SIZES


def find_crossover(deep: FittedCurve, classical: FittedCurve, level: float = 0.95) -> Crossover:
    """Compare two fitted curves, from where both laws hold up to ten times the largest size.

    Where no power law fits one of them, only the measured sizes are compared.
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
    deep_ahead, compared_sizes, measured_from = _lead(deep, classical, smallest)
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
        deep_ahead=deep_ahead,
        compared_sizes=compared_sizes,
        measured_from=measured_from,
    )
    return in_words(crossover, level)


def _shared_sizes(deep: FittedCurve, classical: FittedCurve) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The sizes that both families have, and their positions in each."""
    return np.intersect1d(deep.curve.sizes, classical.curve.sizes, return_indices=True)


def _lead(deep: FittedCurve, classical: FittedCurve, smallest: int) -> tuple[int, int, int]:
    """At how many sizes deep has the lower mean error, the number compared, and the smallest shared size."""
    sizes, here, there = _shared_sizes(deep, classical)
    ahead = (deep.curve.mean[here] < classical.curve.mean[there])[sizes >= smallest]
    return int(ahead.sum()), len(ahead), int(sizes[0])


def _was_behind(
    deep: FittedCurve, classical: FittedCurve, who: str, rows: float | None, level: float
) -> bool:
    """Whether the errors measured before the crossover show the overtaker behind, and nowhere ahead.

    The measured means decide, not the curves: a curve is least reliable at its ends, and the sizes below
    its start were measured too.
    """
    sizes, here, there = _shared_sizes(deep, classical)
    ahead = np.mean(deep.drawn[:, here] < classical.drawn[:, there], axis=0)[sizes < (rows or 0)]
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


def _paths(ahead: np.ndarray, grid: np.ndarray) -> _Paths:
    """Kinds of draws from which family is ahead at each size; the last change of the lead counts."""
    changes = ahead[:, 1:] != ahead[:, :-1]
    changed = changes.any(axis=1)
    last = ahead.shape[1] - 2 - changes[:, ::-1].argmax(axis=1)
    where = np.sqrt(grid[last] * grid[last + 1])
    kind = np.where(ahead[:, -1], "deep", "classical").astype("<U19")
    kind[changed] = np.where(ahead[changed, -1], "deep_overtakes", "classical_overtakes")
    return _Paths(kind, np.where(changed, where, np.nan))


def _decide(here: _Paths, everywhere: _Paths, level: float) -> tuple[str, _Paths]:
    """The outcome, and the paths (measured, or up to the reach) that it is based on.

    What lies beyond the measured sizes cannot overrule what they show.
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


_FAMILIES = {"deep": "Deep learning", "classical": "Classical learning"}


def in_words(crossover: Crossover, level: float) -> Crossover:
    """The crossover with its headline, its sentence and its interval in words."""
    return replace(
        crossover,
        headline=_headline(crossover),
        sentence=_sentence(crossover, level),
        interval=_interval_in_words(crossover),
    )


def rows_in_words(rows: float) -> str:
    """Two significant digits, as a crossover is never more precise: 12345 as 12,000."""
    digits = len(str(int(rows))) - 2
    return f"{round(rows, -digits) if digits > 0 else round(rows):,.0f}"


def _overtaking(crossover: Crossover) -> str:
    return _FAMILIES[crossover.overtaker or "deep"]


def _sentence(crossover: Crossover, level: float) -> str:
    """The answer, and how far it reaches."""
    span = f"at every size compared, from {crossover.smallest:,} to {crossover.largest:,} training rows"
    if crossover.outcome == "crossover":
        return _crossing(crossover, level)
    if crossover.outcome == "deep":
        return f"Deep learning is ahead {span}."
    if crossover.outcome == "none_in_reach":
        ahead = f"Classical learning is ahead {span}"
        return f"{ahead}, and the curves do not cross within ten times the data. {_end(crossover)}"
    if crossover.outcome == "classical":
        return f"Classical learning is ahead {span}. {_beyond(crossover)} {_end(crossover)}"
    if crossover.outcome == "ahead_from":
        since = f"from {rows_in_words(crossover.high or 0)} to {crossover.largest:,} training rows"
        return f"{_overtaking(crossover)} is ahead {since}; with fewer rows the order is uncertain."
    if crossover.reason:
        return f"Cannot tell: {crossover.reason}."
    return _undecided(crossover)


def _crossing(crossover: Crossover, level: float) -> str:
    verb = "would overtake" if crossover.extrapolated else "overtakes"
    at = f"about {rows_in_words(crossover.rows)} training rows" if crossover.rows else "an unknown size"
    interval = f"{level:.0%} interval {_interval_in_words(crossover)}"
    text = f"{_overtaking(crossover)} {verb} at {at} ({interval})."
    if crossover.extrapolated:
        return f"{text} This is an extrapolation: at most {crossover.largest:,} rows were measured."
    return text


def _undecided(crossover: Crossover) -> str:
    share = f"{crossover.deep_ahead} of {crossover.compared_sizes} sizes"
    parts = [
        "Cannot tell: the uncertainty is larger than the difference between the curves.",
        f"Deep learning has the lower mean error at {share}.",
    ]
    if crossover.low is not None or crossover.high is not None:
        who = _overtaking(crossover).lower()
        parts.append(f"If {who} overtakes, it does so at {_interval_in_words(crossover)} rows.")
    if crossover.reach == crossover.largest:
        parts.append(_end(crossover))
    return " ".join(parts)


def _beyond(crossover: Crossover) -> str:
    if crossover.low is None or crossover.low <= crossover.largest:
        return "With more data the order is uncertain."
    return f"Deep learning is unlikely to overtake before {rows_in_words(crossover.low)} rows."


def _end(crossover: Crossover) -> str:
    """Why curves end where they do."""
    if crossover.reach == crossover.largest:
        return "No power law fits the curves, so they are not extrapolated."
    return f"Curves are extrapolated to at most {crossover.reach:,} rows, {REACH} times the data."


def _headline(crossover: Crossover) -> str:
    """The answer in so few words that it fits above a picture."""
    who = _overtaking(crossover)
    if crossover.reason:
        return f"Cannot tell: {crossover.reason}"
    if crossover.outcome == "crossover" and crossover.rows:
        verb = "would overtake" if crossover.extrapolated else "overtakes"
        return f"{who} {verb} at about {rows_in_words(crossover.rows)} rows"
    if crossover.outcome == "ahead_from":
        return f"{who} is ahead from {rows_in_words(crossover.high or 0)} rows"
    where = "at every size measured"
    if crossover.smallest > crossover.measured_from:
        where = f"at every size from {crossover.smallest:,} rows"
    return {
        "deep": f"Deep learning is ahead {where}",
        "classical": f"Classical learning is ahead {where}",
        "none_in_reach": "No crossover within ten times the data: classical learning stays ahead",
        "crossover": f"{who} overtakes",
    }.get(crossover.outcome, "Too close to tell which family is better")


def _interval_in_words(crossover: Crossover) -> str:
    """The interval with its open ends named."""
    low, high = crossover.low, crossover.high
    first = f"fewer than {crossover.smallest:,}" if low is None else rows_in_words(low)
    last = f"more than {crossover.reach:,}" if high is None else rows_in_words(high)
    return f"{first} to {last}"


# A slower fall than n^-0.05 looks like a logarithm, a faster one than n^-2 like a step.
EXPONENTS = (0.05, 2.0)
_GRID_POWER_LAW = 33
_HUBER = 1.345  # loses 5 % of efficiency where all is normal (Huber 1981)


@dataclass(frozen=True)
class PowerLaw:
    """a + b n^-c; floats, or arrays of the same shape for many curves at once."""

    asymptote: np.ndarray
    scale: np.ndarray
    exponent: np.ndarray

    def __call__(self, sizes: np.ndarray) -> np.ndarray:
        """Errors at these sizes: shape (..., len(sizes))."""
        n = np.asarray(sizes, dtype=np.float64)
        a, b, c = (np.asarray(v)[..., None] for v in (self.asymptote, self.scale, self.exponent))
        errors: np.ndarray = a + b * n**-c
        return errors


def fit_power_law(
    sizes: np.ndarray,
    errors: np.ndarray,
    sigma: np.ndarray | None = None,
    *,
    reweightings: int = 3,
    refinements: int = 3,
) -> PowerLaw:
    """Weighted least squares under a >= 0, b >= 0, 0.05 <= c <= 2, robust against single sizes.

    For a fixed exponent the problem is linear and has a closed solution, so the exponent alone is
    searched: a grid, refined around its best point. Huber's weights reduce the influence of sizes that no
    power law fits.

    Parameters
    ----------
    sizes : ndarray of shape (S,), S >= 3
    errors : ndarray of shape (..., S)
        One curve a row.
    sigma : ndarray of shape (S,), optional
        Standard errors of the errors; all equal by default.

    Returns
    -------
    PowerLaw with parameters of shape ``errors.shape[:-1]``
    """
    errors = np.asarray(errors, dtype=np.float64)
    curves = errors.reshape(-1, errors.shape[-1])
    centre = float(np.exp(np.mean(np.log(sizes))))
    x = np.log(np.asarray(sizes, dtype=np.float64) / centre)
    known = sigma is not None
    precision = np.ones(len(x)) if sigma is None else 1.0 / np.asarray(sigma, dtype=np.float64) ** 2
    precision = precision / precision.max()
    unit = 1.0 if sigma is None else float(np.min(sigma))  # so that residuals / unit are in sigmas
    weights = np.broadcast_to(precision, curves.shape)
    for turn in range(reweightings + 1):
        a, b, c = _least_squares(x, curves, weights, refinements)
        if turn == reweightings:
            break
        residuals = (curves - a[:, None] - b[:, None] * np.exp(-c[:, None] * x)) * np.sqrt(precision) / unit
        weights = precision * _huber(residuals, known)
    shape = errors.shape[:-1]
    return PowerLaw(a.reshape(shape), (b * centre**c).reshape(shape), c.reshape(shape))


def _huber(residuals: np.ndarray, known: bool) -> np.ndarray:
    """Weight 1 up to 1.345 standard deviations, then falling; of the residuals' own scale if larger."""
    dof = max(residuals.shape[1] - 3, 1)
    scale = np.median(np.abs(residuals), axis=1) / 0.6745 * np.sqrt(residuals.shape[1] / dof)
    scale = np.maximum(scale, 1.0 if known else 1e-12)[:, None]
    weights: np.ndarray = 1.0 / np.maximum(1.0, np.abs(residuals) / (_HUBER * scale))
    return weights


def _least_squares(
    x: np.ndarray, curves: np.ndarray, weights: np.ndarray, refinements: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """a, b, c of each curve, with n measured in units of the middle size: y = a + b exp(-c x)."""
    low, high = np.log(EXPONENTS)
    step = (high - low) / (_GRID_POWER_LAW - 1)
    grid = np.broadcast_to(np.linspace(low, high, _GRID_POWER_LAW), (len(curves), _GRID_POWER_LAW))
    rows = np.arange(len(curves))
    for turn in range(refinements + 1):
        a, b, loss = _linear(np.exp(grid), x, curves, weights)
        best = loss.argmin(axis=1)
        if turn == refinements:
            break
        grid = np.clip(grid[rows, best][:, None] + step * np.linspace(-1, 1, 9), low, high)
        step /= 4
    return a[rows, best], b[rows, best], np.exp(grid[rows, best])


def _linear(
    exponents: np.ndarray, x: np.ndarray, curves: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Best a >= 0 and b >= 0, and the loss, for each exponent: arrays (n_curves, n_exponents).

    The loss is convex: where the free solution has a negative part, the best one has it at zero.
    """
    u = np.exp(-exponents[:, :, None] * x)
    w = weights[:, None, :]
    y = curves[:, None, :]
    sw, swu, swuu = weights.sum(axis=1)[:, None], (w * u).sum(axis=2), (w * u * u).sum(axis=2)
    swy, swuy = (weights * curves).sum(axis=1)[:, None], (w * u * y).sum(axis=2)
    determinant = np.maximum(sw * swuu - swu**2, 1e-300)
    b = (sw * swuy - swu * swy) / determinant
    a = (swy - b * swu) / sw
    no_floor = a < 0
    a = np.where(no_floor, 0.0, a)
    b = np.where(no_floor, swuy / swuu, b)
    flat = b < 0
    b = np.where(flat, 0.0, b)
    a = np.where(flat, np.maximum(swy / sw, 0.0), a)
    loss = (w * (y - a[:, :, None] - b[:, :, None] * u) ** 2).sum(axis=2)
    return a, b, loss
