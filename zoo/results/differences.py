"""How two families go together: the mean of both champions, and the rows on which they differ."""

from __future__ import annotations

from dataclasses import dataclass

from .facts import Family


@dataclass(frozen=True)
class Together:
    """The mean of the predictions of both champions, as one more model.

    Champions are chosen on other folds than they are scored on, and so is the better one alone.

    Attributes
    ----------
    score, low, high : float
        Its score with the interval, in units of the metric.
    alone : float
        Score of the better champion alone.
    gain, gain_low, gain_high : float
        By how much the mean is better than that, with the interval; negative if it is worse.
    p_better : float
        Probability that it is better.
    """

    score: float
    low: float
    high: float
    alone: float
    gain: float
    gain_low: float
    gain_high: float
    p_better: float


@dataclass(frozen=True)
class Slice:
    """Rows on which one family is better, and by another amount than on all other rows.

    Attributes
    ----------
    words : str
        Which rows, ``age > 60 and job is retired``.
    better : {"deep", "classical"}
        The better family on these rows.
    rows : int
        How many tested rows these are.
    gain, low, high : float
        By how much it is better there, with the interval, on the folds that did not help to find the slice.
    elsewhere : float
        By how much it is better on all other rows of these folds; negative if it is worse.
    p_value : float
        Probability of so much evidence without any difference, corrected for the number of slices.
    """

    words: str
    better: Family
    rows: int
    gain: float
    low: float
    high: float
    elsewhere: float
    p_value: float


@dataclass(frozen=True)
class Slices:
    """What the search for slices found.

    Attributes
    ----------
    metric : str
        Name of the primary metric.
    measure : str
        What gains are measured by, as readers see it: the metric, or the nearest one that each row has.
    confidence_level : float
        Level of the intervals; all slices hold together with this probability.
    features : int
        Columns, or properties of a text or an image, that were looked at.
    found : tuple of Slice
        The most certain first; empty if no difference is certain enough.
    """

    metric: str
    measure: str
    confidence_level: float
    features: int
    found: tuple[Slice, ...] = ()
