"""The answer about predictions of any models: leaderboard, and a verdict about two of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .answer import LeaderboardRow, Paired
from .facts import DatasetFacts, MetricFacts, PlanFacts
from .json import from_json, to_json

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class RowsNeeded:
    """How many tested rows would settle the verdict.

    Attributes
    ----------
    rows : int
        Tested rows of these predictions.
    power : float
        The probability of a verdict that is planned for.
    gain : float
        The true gain that is planned for, in units of the metric: the observed one unless another was given.
    rows_needed : int or None
        Rows that give a verdict with that probability if the gain is true; None if no number of rows does,
        because the gain is as large as the margin.
    smallest_gain : float or None
        The smallest true gain that a verdict would tell with that probability from as many rows as there are.
    """

    rows: int
    power: float
    gain: float
    rows_needed: int | None
    smallest_gain: float | None


def rounded(rows: int) -> int:
    """A planned number of rows with two significant digits."""
    return int(round(rows, -max(0, len(str(rows)) - 2)))


@dataclass(frozen=True)
class ModelVerdict:
    """Is one model better than another?

    Attributes
    ----------
    outcome : {"first", "second", "equivalent", "undecided"}
        The better model; "equivalent" for a gain within the margin, "undecided" for one that is uncertain.
    first, second : str
        Names of the two models: those that were asked for, or the two best of several.
    selected : bool
        Whether they were selected by their scores; then a verdict allows for the number of models.
    gain, gain_low, gain_high : float or None
        By how much the first one is better, in units of the metric, with its interval.
    p_first, p_equivalent, p_second : float or None
        Probability that the gain is above the margin, within it, or below it.
    margin : float
        Half the width of the region of practical equivalence, in units of the metric.
    confidence_level : float
        The level of the intervals. Equivalence needs this probability; a better model that of one end of an
        interval, such as 97.5 % for 95 %, since either model can be better by chance.
    sentence : str
        The verdict in words.
    advice : str
        What would settle an undecided verdict.
    test : Paired or None
        The test of the two models.
    rows_needed : RowsNeeded or None
        How many rows would settle it.
    warnings : tuple of str
        Signs that the target leaks into the predictions.
    """

    outcome: str
    first: str
    second: str
    selected: bool
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    p_first: float | None
    p_equivalent: float | None
    p_second: float | None
    margin: float
    confidence_level: float
    sentence: str
    advice: str
    test: Paired | None = None
    rows_needed: RowsNeeded | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class PredictionsAnswer:
    """The whole answer about predictions of any models.

    Attributes
    ----------
    created : str
        When it was made, UTC, ISO 8601.
    dataset : DatasetFacts
        The rows that were predicted; its name is that of the target.
    metric : MetricFacts
        The primary metric.
    plan : PlanFacts
        Models and folds.
    leaderboard : tuple of LeaderboardRow
        Models, best first. A metric is None where a model gives too little for it.
    verdict : ModelVerdict
        Whether one of two models is better.
    versions : dict
        Versions of Python and libraries, by name.
    wall_seconds : float
        Seconds that it took.
    schema_version : int
        Version of this schema.
    """

    created: str
    dataset: DatasetFacts
    metric: MetricFacts
    plan: PlanFacts
    leaderboard: tuple[LeaderboardRow, ...]
    verdict: ModelVerdict
    versions: dict[str, str | int | None]
    wall_seconds: float
    schema_version: int = SCHEMA_VERSION

    def to_dict(self) -> dict[str, object]:
        """The answer as one object that JSON can hold."""
        content: dict[str, object] = to_json(self)
        return content

    @classmethod
    def from_dict(cls, value: Mapping[str, object]) -> PredictionsAnswer:
        """The answer that :meth:`to_dict` wrote down."""
        return from_json(cls, value)
