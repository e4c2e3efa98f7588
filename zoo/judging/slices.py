"""Where do the families differ? Slices of rows, found on one half of the folds and tested on the other.

A slice is one condition on a column, or two that both hold: a path of a tree of depth 2. All of them are
tried, with the deciles of numbers as cuts. The most striking ones are then tested on the folds that had no
part in finding them, and the halves change places, so no row speaks for a slice that it helped to find.

A slice counts if its gain is not 0, and not that of all other rows, either: a family that is ahead everywhere
by the same amount gives no slice. Each half's slices are tested in the order of the evidence that found them,
each at half of the level, until one fails. So the probability of any false slice is at most 1 - level (fixed
sequence testing, Maurer, Hothorn and Lehmacher 1995), whatever the slices share, and the false discovery
rate is no greater. Rows of a group are one unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

import numpy as np
from scipy import special

from ..metrics import Metric
from ..results.rows import Family, Results, Slice, Slices
from .champions import RowGains, half_by_fold, row_gains
from .row_level import TRAINING, Units
from .scores import ModelScores

FEWEST_TESTED = 100  # rows, for any slice
FEWEST_ROWS, SMALLEST, LARGEST = 20, 0.02, 0.75  # rows of a slice in a half, and its share of them
CUTS = 10  # parts of a column of numbers
MOST_CATEGORIES, MOST_FEATURES = 12, 200
SEARCHED = 20_000  # rows that slices are looked for on
PAIRED = 150  # conditions that are tried in pairs
TRIED = 3  # slices of a half that are tested
STRIKING = 1.5  # z value, for being tested
SAME = 0.5  # share of the smaller slice's rows, of two that are told as one
PRIOR = 5.0  # rows of average spread that each slice is given


@dataclass(frozen=True)
class Feature:
    """A column, or a property of a text or an image, that slices can be made by.

    Attributes
    ----------
    name : str
    values : ndarray of shape (n_rows,)
        float64 numbers with NaN where missing, or int positions in ``categories`` with -1 where missing.
    categories : tuple of str or None
        None for numbers.
    in_pairs : bool
        Whether it may stand beside another condition. The class may not: rows of a class where a column
        speaks for the other one are those on which a model that relies on the column is wrong.
    """

    name: str
    values: np.ndarray
    categories: tuple[str, ...] | None = None
    in_pairs: bool = True


@dataclass(frozen=True)
class Condition:
    """A condition on one feature: its words, and on which of the feature's parts it holds.

    Attributes
    ----------
    feature : int
        Its position.
    words : str
    parts : int ndarray of shape (n_tested,)
        The part of the feature that each row is in.
    of : bool ndarray of shape (n_parts,)
    in_pairs : bool
        As the feature's.
    """

    feature: int
    words: str
    parts: np.ndarray
    of: np.ndarray
    in_pairs: bool = True

    @property
    def holds(self) -> np.ndarray:
        """The rows on which it holds, bool (n_tested,)."""
        rows: np.ndarray = self.of[self.parts]
        return rows


@dataclass(frozen=True)
class _Candidate:
    words: str
    inside: np.ndarray  # bool (n_tested,)
    sign: int


def find_slices(
    results: Results,
    models: Sequence[ModelScores],
    metric: Metric,
    level: float,
    features: Sequence[Feature],
) -> Slices | None:
    """The slices of rows on which the champions of the families differ.

    Parameters
    ----------
    results : Results
    models : sequence of ModelScores
        The scores of ``results``.
    metric : Metric
        The primary one.
    level : float
        The probability that all slices hold, and the level of their intervals.
    features : sequence of Feature
        What rows can be told apart by.

    Returns
    -------
    Slices or None
        None where a family has no complete model, or fewer than 100 rows were tested.
    """
    half = half_by_fold(results)
    gains = row_gains(results, models, metric, half)
    if gains is None or len(gains.rows) < FEWEST_TESTED:
        return None
    own = [replace(f, values=f.values[gains.rows]) for f in features[:MOST_FEATURES]]
    search = _Search(gains, conditions(own), half[gains.rows], Units(results))
    ratio = TRAINING * results.facts.plan.test_over_train
    found = [
        slice_
        for half in (search.first, ~search.first)
        for slice_ in search.tested_in_order(search.striking(half), ~half, level, 1 + ratio)
    ]
    told = _distinct(sorted(found, key=lambda each: each[0].p_value))
    return Slices(metric.name, gains.measure, level, len(own), tuple(told))


def conditions(features: Sequence[Feature]) -> list[Condition]:
    """All conditions on single features that split the rows in two parts of some size."""
    found = []
    for place, feature in enumerate(features):
        by = _by_number if feature.categories is None else _by_category
        parts, each = by(feature)
        shares = np.bincount(parts, minlength=len(each[0][1]) if each else 1) / max(1, len(parts))
        found += [
            Condition(place, words, parts, of, feature.in_pairs)
            for words, of in each
            if SMALLEST <= shares[of].sum() <= 1 - SMALLEST
        ]
    return found


_Parts = tuple[
    np.ndarray, list[tuple[str, np.ndarray]]
]  # the part of each row, and words with the parts they mean


def _by_number(feature: Feature) -> _Parts:
    """Parts between cuts, and one for what is missing."""
    missing = np.isnan(feature.values)
    known = feature.values[~missing]
    if not len(known):
        return np.zeros(len(missing), dtype=np.int8), []
    cuts = np.unique(np.quantile(_some(known), np.arange(1, CUTS) / CUTS, method="lower"))
    parts = np.searchsorted(cuts, feature.values).astype(np.int8)
    parts[missing] = len(cuts) + 1
    numbers = np.arange(len(cuts) + 2)
    each = []
    for place, cut in enumerate(cuts):
        above = (numbers > place) & (numbers <= len(cuts))
        each += [
            (f"{feature.name} <= {_shown(cut)}", numbers <= place),
            (f"{feature.name} > {_shown(cut)}", above),
        ]
    return parts, [*each, (f"{feature.name} is missing", numbers > len(cuts))]


def _by_category(feature: Feature) -> _Parts:
    """A part for each of the frequent categories, one for all others, and one for what is missing."""
    names = feature.categories or ()
    counts = np.bincount(feature.values + 1, minlength=len(names) + 1)[1:]
    kept = np.argsort(-counts, kind="stable")[:MOST_CATEGORIES]
    lookup = np.full(len(names) + 1, len(kept))
    lookup[kept], lookup[-1] = np.arange(len(kept)), len(kept) + 1
    numbers = np.arange(len(kept) + 2)
    each = [(f"{feature.name} is {names[code]}", numbers == place) for place, code in enumerate(kept)]
    return lookup[feature.values].astype(np.int8), [
        *each,
        (f"{feature.name} is missing", numbers == len(kept) + 1),
    ]


def _shown(value: float) -> str:
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}" if abs(value) < 1e10 else f"{value:.4g}"


class _Ranked(NamedTuple):
    """A slice of a half: how surprising it is, its z value, and the positions of its conditions."""

    surprise: float
    z: float
    conditions: tuple[int, ...]


@dataclass(frozen=True)
class _Search:
    """Rows with their gains, the conditions on them, and the half that each is in."""

    gains: RowGains
    conditions: list[Condition]
    first: np.ndarray
    units: Units

    def striking(self, half: np.ndarray) -> list[_Candidate]:
        """The most striking slices of a half that hardly share rows, the most striking first."""
        rows = _some(np.flatnonzero(half))
        if len(rows) < 2 * FEWEST_ROWS or not self.conditions:
            return []
        values = self.gains.signal[rows]
        singles = self._of_one(rows, values)
        order = np.argsort(-np.abs(singles), kind="stable")
        order = order[np.array([self.conditions[i].in_pairs for i in order], dtype=bool)][:PAIRED]
        pairs = self._of_two(order, rows, values)
        n = len(singles)
        ranked = [_Ranked(_surprise(z, n), z, (i,)) for i, z in enumerate(singles)]
        ranked += [
            _Ranked(_surprise(pairs[a, b], n * (n - 1) / 2), pairs[a, b], (order[a], order[b]))
            for a, b in zip(*np.triu_indices(len(order), 1), strict=True)
        ]
        striking = [own for own in ranked if abs(own.z) >= STRIKING]
        return self._chosen(sorted(striking, key=lambda own: -own.surprise), half)

    def _of_one(self, rows: np.ndarray, values: np.ndarray) -> np.ndarray:
        """z values of all conditions."""
        found = []
        for _, own in groupby(self.conditions, key=lambda condition: condition.feature):
            each = list(own)
            parts, of = each[0].parts[rows], np.array([condition.of for condition in each], dtype=float)
            counts, sums, squares = (
                of @ np.bincount(parts, w, of.shape[1]) for w in (None, values, values**2)
            )
            found.append(_evidence(counts, sums, squares, values))
        return np.concatenate(found)

    def _of_two(self, places: np.ndarray, rows: np.ndarray, values: np.ndarray) -> np.ndarray:
        """z values of all pairs of these conditions."""
        each = [self.conditions[i].of[self.conditions[i].parts[rows]] for i in places]
        holds = np.array(each, np.float32).reshape(len(places), len(rows))
        unit = float(np.std(values)) or 1.0
        scaled = (values / unit).astype(np.float32)
        counts, sums, squares = ((holds * w) @ holds.T for w in (np.float32(1), scaled, scaled**2))
        return _evidence(counts, sums, squares, scaled)

    def _chosen(self, ranked: Sequence[_Ranked], half: np.ndarray) -> list[_Candidate]:
        found: list[_Candidate] = []
        for own in ranked:
            if len(found) == TRIED:
                break
            both = [self.conditions[place] for place in sorted(own.conditions)]
            inside = np.logical_and.reduce([condition.holds for condition in both])
            if all(_overlap(inside[half], other.inside[half]) < SAME for other in found):
                words = " and ".join(condition.words for condition in both)
                found.append(_Candidate(words, inside, 1 if own.z > 0 else -1))
        return found

    def tested_in_order(
        self, candidates: Sequence[_Candidate], half: np.ndarray, level: float, inflation: float
    ) -> list[tuple[Slice, np.ndarray]]:
        """Slices that hold on the half that did not find them, up to the first that does not."""
        found: list[tuple[Slice, np.ndarray]] = []
        worst = 0.0
        for candidate in candidates:
            tested = self._tested(candidate, half, level, inflation)
            if tested is None:
                break
            worst = max(worst, min(1.0, 2 * tested.p_value))  # two halves
            if worst > 1 - level:
                break
            found.append((replace(tested, p_value=worst), candidate.inside))
        return found

    def _tested(
        self, candidate: _Candidate, half: np.ndarray, level: float, inflation: float
    ) -> Slice | None:
        inside, outside = half & candidate.inside, half & ~candidate.inside
        if min(inside.sum(), outside.sum()) < FEWEST_ROWS:
            return None
        values = candidate.sign * self.gains.gains
        gain, rest = float(values[inside].mean()), float(values[outside].mean())
        own = self._contributions(inside, values, candidate.sign)
        others = self._contributions(outside, values, candidate.sign)
        least = abs(gain) / np.count_nonzero(inside)  # one further row without a gain would show as much
        error, freedom = self._error(own, half, inflation, least)
        apart = self._error(own - others, half, inflation, least)
        p_value = max(_one_sided(gain, error, freedom), _one_sided(gain - rest, *apart))
        room = float(special.stdtrit(freedom, 0.5 + level / 2)) * error
        better: Family = "deep" if candidate.sign > 0 else "classical"
        widest = self.gains.widest
        unit, unit_rest = self._unit(inside), self._unit(outside)
        return Slice(
            candidate.words,
            better,
            int(candidate.inside.sum()),
            gain / unit,
            max(-widest, (gain - room) / unit),
            min(widest, (gain + room) / unit),
            rest / unit_rest,
            p_value,
        )

    def _contributions(self, rows: np.ndarray, values: np.ndarray, sign: int) -> np.ndarray:
        """What every row contributes to the mean over these rows."""
        weights = rows / np.count_nonzero(rows)
        own: np.ndarray = weights * (values - values[rows].mean()) + sign * self.gains.of_others(weights)
        return own

    def _error(
        self, contributions: np.ndarray, half: np.ndarray, inflation: float, least: float
    ) -> tuple[float, float]:
        """Standard error of a sum of contributions, at least that of one further row, and its freedom."""
        part = np.flatnonzero(half)
        variance, freedom = self.units.moments(contributions[part], self.gains.rows[part])
        return float(np.sqrt(variance * inflation + least**2)), freedom

    def _unit(self, rows: np.ndarray) -> float:
        """What turns a difference of mean squares into one of their roots: the sum of the roots."""
        if self.gains.losses is None:
            return 1.0
        return float(np.sqrt(self.gains.losses[rows].mean(axis=0)).sum()) or 1.0


def _some(rows: np.ndarray) -> np.ndarray:
    """At most so many rows that a search takes no time, evenly spread."""
    return rows[:: max(1, -(-len(rows) // SEARCHED))]


def _evidence(counts: np.ndarray, sums: np.ndarray, squares: np.ndarray, values: np.ndarray) -> np.ndarray:
    """z values of slices: the smaller of those against 0 and against all other rows, 0 if their signs differ.

    Parameters
    ----------
    counts, sums, squares : ndarray of any shape
        Of the rows of each slice: how many, the sum of their values, and that of their squares.
    values : ndarray of shape (n_rows,)
        Those of all rows.
    """
    spread = float(np.var(values)) or 1.0
    n, total, total_squares = len(values), float(values.sum()), float((values**2).sum())
    inside, inside_error = _mean_and_error(counts, sums, squares, spread)
    outside, outside_error = _mean_and_error(n - counts, total - sums, total_squares - squares, spread)
    against_zero = inside / inside_error
    against_rest = (inside - outside) / np.hypot(inside_error, outside_error)
    z = np.where(np.abs(against_zero) < np.abs(against_rest), against_zero, against_rest)
    usable = (counts >= max(FEWEST_ROWS, SMALLEST * n)) & (counts <= LARGEST * n)
    return np.where(usable & (against_zero * against_rest > 0), z, 0.0)


def _mean_and_error(
    counts: np.ndarray, sums: np.ndarray, squares: np.ndarray, spread: float
) -> tuple[np.ndarray, np.ndarray]:
    """Means of slices and their standard errors, which a few rows more of average spread keep above 0."""
    known = np.maximum(counts, 1.0)
    mean = sums / known
    variance = (np.maximum(0.0, squares - known * mean**2) + PRIOR * spread) / (known + PRIOR)
    return mean, np.sqrt(variance / known)


def _surprise(z: float, tries: float) -> float:
    """How much less probable than 1 / tries a z value is, as a logarithm."""
    return float(-special.log_ndtr(-abs(z)) - np.log(max(1.0, tries)))


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Shared rows of two slices over the rows of the smaller one."""
    smaller = min(np.count_nonzero(one), np.count_nonzero(other))
    return np.count_nonzero(one & other) / smaller if smaller else 1.0


def _one_sided(value: float, error: float, freedom: float) -> float:
    """The probability of so great a value by chance; without any spread nothing is known."""
    return float(special.stdtr(freedom, -value / error)) if error > 0 else 1.0


def _distinct(found: Sequence[tuple[Slice, np.ndarray]]) -> list[Slice]:
    """Without slices that are much the same as a more certain one."""
    told: list[tuple[Slice, np.ndarray]] = []
    for slice_, inside in found:
        if all(_overlap(inside, other) < SAME or slice_.better != kept.better for kept, other in told):
            told.append((slice_, inside))
    return [slice_ for slice_, _ in told]
