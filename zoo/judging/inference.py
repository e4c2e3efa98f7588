"""What scores say of models beyond the tested rows: intervals, paired differences, the best of each family.

Two ways are kept. ``rows`` (:mod:`.row_level`) reads what every tested row contributes to a score.
``corrected-t`` (:mod:`.fold_level`) reads one score a fold, and bootstrap samples of an official test part.
What both need is here: two models on the same rows, and which models differ from the best.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import special

from ..metrics import Metric, Truth
from ..results.answer import Interval, Needed, Paired, Posterior, Uncertainty
from ..setup import InferenceName
from .intervals import agreeing_rows_needed, correlated_t, difference_variance, of_samples, size_of_scores
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


def paired_by_folds(
    first: ModelScores,
    second: ModelScores,
    metric: Metric,
    test_over_train: float,
    margin: float,
    level: float,
) -> Paired | None:
    """The corrected t test over folds (Nadeau and Bengio 2003); None below two folds with both scores."""
    differences = metric.sign * (first.folds[metric.name] - second.folds[metric.name])
    differences = differences[~np.isnan(differences)]
    if len(differences) < 2:
        return None
    width = metric.bounds[1] - metric.bounds[0]
    posterior = correlated_t(differences, test_over_train, margin, level, first.rows_tested, width)
    size = size_of_scores(width, margin)
    error = float(np.sqrt(difference_variance(differences, test_over_train, size)))
    freedom = len(differences) - 1
    p_value = _two_sided(posterior.mean, error, freedom)
    return Paired(first.model, second.model, "corrected t", posterior, error, freedom, p_value)


def paired_on_test_part(
    first: ModelScores,
    second: ModelScores,
    metric: Metric,
    truth: Truth,
    samples: tuple[np.ndarray, np.ndarray],
    margin: float,
    level: float,
) -> Paired | None:
    """On one official test part: DeLong for the AUC of two classes, McNemar for accuracy, else bootstrap.

    ``samples`` are the bootstrap scores (n_samples,) of both models; None where one has no predictions, or
    the rows are too few for the metric or its error.
    """
    one, other = first.rows[0].prediction, second.rows[0].prediction
    bootstrap = metric.sign * (samples[0] - samples[1])
    bootstrap = bootstrap[~np.isnan(bootstrap)]
    if one is None or other is None or not len(bootstrap):
        return None
    posterior = of_samples(bootstrap, margin, level)
    error, test = float(np.std(bootstrap, ddof=1)), "paired bootstrap"
    if metric.name == "roc_auc" and truth.task == "binary":
        column = truth.positive
        gain, variance = delong(truth.y == column, one[:, column], other[:, column])
        if np.isnan(variance):
            return None
        error, test = float(np.sqrt(variance)), "DeLong"
        posterior = _normal(gain, error, margin, level)
    p_value = _two_sided(posterior.mean, error, np.inf)
    if metric.name == "accuracy":
        test, p_value = "McNemar", mcnemar(one.argmax(axis=1) == truth.y, other.argmax(axis=1) == truth.y)
    return Paired(first.model, second.model, test, posterior, error, None, p_value)


def _two_sided(mean: float, error: float, freedom: float) -> float:
    if error == 0.0:
        return 1.0 if mean == 0.0 else 0.0
    return float(2 * _t_above(abs(mean) / error, freedom))


def _normal(mean: float, error: float, margin: float, level: float) -> Posterior:
    """The posterior of a mean with a known error."""
    if error == 0.0:
        return of_samples(np.array([mean]), margin, level)
    half = float(special.ndtri(0.5 + level / 2)) * error
    below, above = (float(special.ndtr(z / error)) for z in (-margin - mean, mean - margin))
    return Posterior(mean, mean - half, mean + half, below, max(0.0, 1 - below - above), above)


def _t_above(value: float, freedom: float) -> float:
    """Chance of Student's t above a value; of a normal variable with infinite freedom."""
    return float(special.ndtr(-value) if np.isinf(freedom) else special.stdtr(freedom, -value))


def delong(positive: np.ndarray, first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Difference of two correlated AUCs and its variance, which is NaN for one case of a class.

    DeLong, DeLong and Clarke-Pearson (1988), by the midranks of Sun and Xu (2014).

    Parameters
    ----------
    positive : bool (n_rows,)
    first, second : float (n_rows,), scores of both models, higher for positive
    """
    one, other = _placements(positive, first), _placements(positive, second)
    gain = float(one[0].mean() - other[0].mean())
    parts = [
        np.var(a - b, ddof=1) / len(a) if len(a) > 1 else np.nan for a, b in zip(one, other, strict=True)
    ]
    return gain, float(sum(parts))


def _placements(positive: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each positive row the share of negatives below it; for each negative of positives above it."""
    from scipy.stats import rankdata

    above, below = scores[positive], scores[~positive]
    ranks = rankdata(scores)
    own_above, own_below = rankdata(above), rankdata(below)
    return (
        (ranks[positive] - own_above) / len(below),
        1.0 - (ranks[~positive] - own_below) / len(above),
    )


def mcnemar(first_right: np.ndarray, second_right: np.ndarray) -> float:
    """Exact two-sided p of McNemar's (1947) test: a sign test of the rows that one model alone gets right."""
    only_first = int(np.sum(first_right & ~second_right))
    only_second = int(np.sum(second_right & ~first_right))
    if only_first + only_second == 0:
        return 1.0
    from scipy.stats import binomtest

    return float(binomtest(only_first, only_first + only_second).pvalue)


def tied_with_best(inference: Inference) -> dict[str, bool]:
    """Whether each model with a score is tied with the best, which is tied with itself.

    The best was chosen for its score, so every other is compared with it as Tukey's honest significant
    difference compares the largest of many means: |difference| / error times the root of 2 against the
    studentised range of as many models (Hsu 1996, chapter 5).
    """
    models, metric = inference.models, inference.metric
    usable = [i for i, m in enumerate(models) if m.complete and m.mean(metric.name) is not None]
    if not usable:
        return {}
    best = max(usable, key=lambda i: metric.sign * (models[i].mean(metric.name) or 0.0))
    pairs = {models[i].model: inference.paired(best, i, 0.0) for i in usable if i != best}
    known = [pair for pair in pairs.values() if pair is not None]
    errors, freedom = inference.errors(known)
    differences = np.abs([pair.posterior.mean for pair in known])
    apart = _apart(differences, errors, freedom, len(usable), 1 - inference.level)
    told = dict(zip((pair.second for pair in known), apart.tolist(), strict=True))
    # nothing is said against a pair without common folds
    return {models[best].model: True} | {name: not told.get(name, False) for name in pairs}


def moderated(variances: np.ndarray, freedom: float) -> tuple[np.ndarray, float]:
    """Variances drawn towards their common size, and the degrees of freedom that they then have.

    The empirical Bayes of Smyth (2004), section 6.2: with s^2 ~ s0^2 F(d, d0), the log variances have
    variance trigamma(d/2) + trigamma(d0/2), which gives d0; the posterior variance is
    (d0 s0^2 + d s^2) / (d0 + d) with d0 + d degrees of freedom.

    Parameters
    ----------
    variances : ndarray of shape (n,), each with ``freedom`` degrees; zeros have no say in the common size
    """
    known = variances[variances > 0]
    if len(known) < 3:
        return variances, freedom
    centred = np.log(known) - special.digamma(freedom / 2) + np.log(freedom / 2)
    excess = float(np.var(np.log(known), ddof=1) - special.polygamma(1, freedom / 2))
    prior = _inverse_trigamma(excess)
    if np.isinf(prior):
        return np.where(variances > 0, np.exp(centred.mean()), 0.0), np.inf
    common = float(np.exp(centred.mean() + special.digamma(prior / 2) - np.log(prior / 2)))
    drawn = (prior * common + freedom * variances) / (prior + freedom)
    return np.where(variances > 0, drawn, 0.0), freedom + prior


def _inverse_trigamma(value: float) -> float:
    """d0 with trigamma(d0 / 2) = value; infinite where the variances spread less than chance makes them."""
    if value <= special.polygamma(1, 1e6):
        return np.inf
    from scipy import optimize

    half = optimize.brentq(lambda x: float(special.polygamma(1, x)) - value, 1e-6, 1e6)
    return 2.0 * float(half)


def _apart(
    differences: np.ndarray, errors: np.ndarray, freedom: float, n_models: int, alpha: float
) -> np.ndarray:
    """Whether differences are as wide as the range of equal models is in a share ``alpha`` of all cases.

    The chance falls with the quotient, so that the widest one and a few on the way to the border decide
    about all.

    Parameters
    ----------
    differences, errors : ndarray of shape (n,), at least 0

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    nothing = np.where(differences > 0, np.inf, 0.0)  # of a difference without any error
    quotients = np.divide(differences, errors, out=nothing, where=errors > 0)
    order = np.argsort(quotients)

    def wide(place: int) -> bool:
        return _as_wide_as_a_range(float(quotients[order[place]]), freedom, max(2, n_models), alpha)

    if not len(order) or not wide(len(order) - 1):
        return np.zeros(len(order), dtype=bool)
    first = bisect.bisect_left(range(len(order) - 1), True, key=wide)
    return np.asarray(quotients >= quotients[order[first]])


def _as_wide_as_a_range(quotient: float, freedom: float, n_models: int, alpha: float) -> bool:
    """Whether the studentised range exceeds root 2 times a quotient with a chance of ``alpha`` at most.

    Its integrals take some 10 ms; most quotients are told by a bound on either side. With all freedom the
    range is narrower at any ``alpha`` up to one half, and the sum over all pairs is at least the chance.
    """
    q = np.sqrt(2.0) * quotient
    if n_models == 2:  # its range is that of one difference
        return 2 * _t_above(quotient, freedom) <= alpha
    from scipy.stats import studentized_range

    if studentized_range.sf(q, n_models, np.inf) > alpha:
        return False
    if n_models * (n_models - 1) * _t_above(quotient, freedom) <= alpha:
        return True
    return bool(studentized_range.sf(q, n_models, freedom) <= alpha)
