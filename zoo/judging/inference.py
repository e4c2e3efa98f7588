"""What scores say of models beyond the tested rows: intervals, paired differences, the best of each family.

Two ways are kept. ``rows`` (:mod:`.row_level`) reads what every tested row contributes to a score.
``corrected-t`` (:mod:`.fold_level`) reads one score a fold, and bootstrap samples of an official test part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..metrics import Metric
from ..results.answer import Interval, Needed, Paired, Posterior, Uncertainty
from ..setup import InferenceName
from .intervals import agreeing_rows_needed
from .scores import ModelScores

ScoreWithInterval = tuple[float, float, float]  # score, low, high; higher is better
CLOSE_TO_MARGIN = (
    "the difference is close to the margin, so that neither more repeats nor more rows settle it soon"
)


@dataclass(frozen=True)
class Contest:
    """The gain of one family over the other, and the score of each, corrected for model selection.

    ``scores`` rank upwards. ``error`` is the standard error of the gain and ``uncertainty`` where it comes
    from, as far as they are known.
    """

    gain: Posterior
    scores: dict[str, ScoreWithInterval]
    uncertainty: Uncertainty | None = None
    error: float | None = None


@dataclass(frozen=True)
class NoContest:
    """Why there is no gain to speak of, in a sentence, and what would help."""

    sentence: str
    advice: str


@dataclass(frozen=True)
class Advice:
    """What would settle an undecided contest: in words, and in numbers where there are any."""

    text: str
    needed: Needed | None = None


class Inference(Protocol):
    """How to get from the scores of a run's models to what holds in general.

    Attributes
    ----------
    name : as ``--inference`` takes it
    models : scores of every model
    metric : the primary one
    level : of every interval, and the probability that an equivalence needs
    better : the probability that "better" needs
    """

    name: InferenceName
    models: Sequence[ModelScores]
    metric: Metric
    level: float
    better: float

    def interval(self, model: int, metric: Metric) -> Interval:
        """Of the mean score of the model at this position; (None, None) where it is not known."""

    def paired(self, first: int, second: int, margin: float) -> Paired | None:
        """The difference of two models, positive if the first is better; None where it is not known."""

    def errors(self, pairs: Sequence[Paired]) -> tuple[np.ndarray, float]:
        """Standard errors of pairs that share a model, and the degrees of freedom of their comparison."""

    def best_of(self, own: Sequence[int]) -> ScoreWithInterval:
        """What choosing the best of these models on other rows earns; NaN where unknown."""

    def contest(self, families: Mapping[str, np.ndarray], margin: float) -> Contest | NoContest:
        """The best models of both families against each other, given the positions of their models."""

    def advice(self, contest: Contest, families: Mapping[str, np.ndarray], margin: float) -> Advice:
        """What would probably settle an undecided contest."""


def agreeing_advice(width: float, margin: float, level: float) -> str:
    """How many rows would show that models that agree are equivalent."""
    rows = agreeing_rows_needed(width, margin, level)
    if rows is None:
        return "set a margin above zero, since no number of rows shows that two models are exactly equal"
    return f"{rows:,} rows on which both models score the same, as they do here, would make them equivalent"
