"""Where the deep curve falls below the classical one, with an interval, or that nobody can tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._fit import FittedCurve
from ._plan import REACH

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
