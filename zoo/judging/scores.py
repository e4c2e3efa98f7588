"""Result rows to scores, per fold and per model; how many rows decide, and how many would settle a verdict.

Scores of classes hang on the rows of the rarer class: where these are few, what is seen varies more than it
seems to.

With n rows the estimated gain is normal about the true one, with an error that falls with the root of n. A
verdict says "better" where the probability of a gain above the margin reaches that of one end of an interval,
and "equivalent" where that of a gain within the margin reaches the confidence level.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import special

from ..metrics import Metric, Truth, bootstrap_weights, evaluate, of_task, truth_of, weighted_scores
from ..results.rows import Fold, Labels, Result, Results


@dataclass(frozen=True)
class ModelScores:
    """All scores of one model: ``folds[metric]`` float64 (J,), NaN where it is not defined."""

    model: str
    family: str
    folds: dict[str, np.ndarray]
    rows: Sequence[Result] = field(repr=False, default=())
    rows_tested: int = 0  # by the folds of the first repeat together
    reference: bool = False  # ignores the features: never a champion

    def mean(self, metric: str) -> float | None:
        """Mean over the folds that have a score; None without any."""
        values = self.folds[metric][~np.isnan(self.folds[metric])]
        return float(values.mean()) if len(values) else None

    @property
    def complete(self) -> bool:
        """Every planned job of the model ended well."""
        return all(row.ok for row in self.rows)

    @property
    def repeats(self) -> np.ndarray:
        """The repeat of each fold, int (J,)."""
        return np.array([row.repeat for row in self.rows])


def score_models(results: Results) -> list[ModelScores]:
    """Every metric on every fold of every model."""
    by_model: dict[str, list[Result]] = {}
    for row in results.folds:
        by_model.setdefault(row.model, []).append(row)
    truths = {fold: truth_of(results.labels, rows) for fold, rows in results.test_rows.items()}
    return [_score(results, truths, name, own) for name, own in by_model.items()]


def _score(results: Results, truths: Mapping[Fold, Truth], name: str, rows: list[Result]) -> ModelScores:
    metrics = of_task(results.labels.task)
    folds = {m.name: np.array([_value(m, truths, row) for row in rows]) for m in metrics}
    tested = {fold: len(test) for fold, test in results.test_rows.items() if fold[0] == rows[0].repeat}
    is_reference = name in results.facts.plan.references
    return ModelScores(name, rows[0].family, folds, rows, sum(tested.values()), is_reference)


def _value(metric: Metric, truths: Mapping[Fold, Truth], row: Result) -> float:
    if not row.ok or row.prediction is None:
        return np.nan
    value = evaluate(metric, truths[row.repeat, row.fold], row.prediction)
    return np.nan if value is None else value


@dataclass(frozen=True)
class Resampled:
    """Bootstrap scores of models on the rows of an official test part, by the primary metric.

    ``in_bag`` and ``out_of_bag`` are float64 (n_models, n_samples). ``others`` holds the in-bag scores of
    the other metrics, of fewer samples: their intervals are read, not tested.
    """

    in_bag: np.ndarray
    out_of_bag: np.ndarray
    truth: Truth
    others: dict[str, np.ndarray] = field(default_factory=dict)

    def interval(self, metric: str, model: int, level: float) -> tuple[float, float] | tuple[None, None]:
        """Percentile interval of the model at this position; None where a sample has no score."""
        samples = self.others.get(metric, self.in_bag)[model]
        if np.isnan(samples).any():
            return None, None
        low, high = np.quantile(samples, [0.5 - level / 2, 0.5 + level / 2])
        return float(low), float(high)


def resample(
    labels: Labels, rows: np.ndarray, models: Sequence[ModelScores], metric: Metric, seed: int
) -> Resampled:
    """Scores of every model on the same bootstrap samples of test rows, and on the rows left out.

    Parameters
    ----------
    rows : int ndarray
        Of the official test part.
    """
    n_samples = int(np.clip(10_000_000 // len(rows), 300, 1000))
    truth = truth_of(labels, rows)
    weights = bootstrap_weights(truth.y, labels.task != "regression", n_samples, seed)
    predictions = [m.rows[0].prediction for m in models]
    few = weights[: int(np.clip(2_000_000 // len(rows), 100, n_samples))]
    return Resampled(
        _on_weights(metric, truth, predictions, weights),
        _on_weights(metric, truth, predictions, (weights == 0).astype(np.float32)),
        truth,
        {m.name: _on_weights(m, truth, predictions, few) for m in of_task(labels.task) if m != metric},
    )


def _on_weights(
    metric: Metric, truth: Truth, predictions: Sequence[np.ndarray | None], weights: np.ndarray
) -> np.ndarray:
    """(n_models, n_samples); NaN for a model without predictions."""
    none = np.full(len(weights), np.nan)
    return np.array([none if p is None else weighted_scores(metric, truth, p, weights) for p in predictions])


def one_class_only(scores: ModelScores, regression: bool) -> bool:
    """A classifier that predicts the same class for every test row has learned nothing to act on."""
    if regression:
        return False
    predicted = [row.prediction.argmax(axis=1) for row in scores.rows if row.prediction is not None]
    return bool(predicted) and len(np.unique(np.concatenate(predicted))) == 1


FEWEST_ROWS = 10  # below, scores of pure noise differ too often by more than any margin
MANY_ROWS = 50  # from here on what is seen is taken as it is


@dataclass(frozen=True)
class Support:
    """Rows that decide a difference in a metric, each counted once however often it was tested.

    ``label`` names the rarest class, ``per_fold`` its fewest rows in a fold. ``rows`` may be fractional: it
    is the number of rows of each class that as many equal classes would have.
    """

    rows: float
    label: str
    tested: int
    per_fold: int

    @property
    def enough(self) -> bool:
        """Whether a verdict can be given."""
        return self.rows >= FEWEST_ROWS


def expansion(support: Support | None) -> float:
    """By how much an uncertainty that was seen on a few rows must be spread out; 1 for many.

    A variance of n rows that are drawn again and again is too small by (n - 1) / n, and its tails are those
    of a normal distribution where they should be those of Student's t (Hesterberg 2015, What teachers should
    know about the bootstrap, section 5.2: the expanded percentile interval). Folds share the few rows, as
    bootstrap samples do. Both families can win by chance, so the tails are those of a two-sided test:
    simulated noise then gives a verdict in at most 5 % of all cases.
    """
    if support is None or support.rows >= MANY_ROWS:
        return 1.0
    freedom = max(1.0, support.rows - 1)
    tails = special.stdtrit(freedom, 0.975) / special.ndtri(0.95)
    return float(np.sqrt(support.rows / freedom) * tails)


def support_of(results: Results, metric: Metric) -> Support | None:
    """The rows that decide a difference in a metric; None for regression, where all rows do."""
    labels = results.labels
    parts = list(results.test_rows.values())
    if labels.task == "regression" or not parts:
        return None
    tested = _counts(labels.y[np.unique(np.concatenate(parts))], labels.classes)
    known = np.flatnonzero(tested)
    if not len(known):
        return None
    rarest = known[np.argmin(tested[known])]
    label = labels.classes[rarest]
    per_fold = min(int(np.sum(labels.y[rows] == label)) for rows in parts)
    return Support(_deciding(tested[known], metric), label, int(tested[rarest]), per_fold)


def _counts(y: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    return np.array([np.sum(y == name) for name in classes])


def feels_rare_classes(metric: Metric) -> bool:
    """Whether a few rows of a class can weigh as much as all others; in a mean of bounded values none can."""
    return metric.row_values is None or not np.isfinite(metric.bounds).all()


def _deciding(counts: np.ndarray, metric: Metric) -> float:
    """Rows outside the largest class; of a mean over many classes the harmonic mean of their rows.

    A mean over rows hardly feels a rare class of many, and if no row can weigh much, as in accuracy, all rows
    decide. A mean over classes feels each as much as any other: its variance is the mean of the classes'
    variances, which fall with their rows.
    """
    if not feels_rare_classes(metric):
        return float(counts.sum())
    if len(counts) <= 2 or metric.row_values is not None:
        return float(counts.sum() - counts.max())
    return float(len(counts) / np.sum(1.0 / counts))


POWER = 0.8  # the usual one of planned studies
MOST_ROWS = 10**9


@dataclass(frozen=True)
class Rule:
    """When a verdict is given.

    Parameters
    ----------
    margin : float
        Half the width of practical equivalence.
    level : float
        The confidence level.
    apart : float, default=0.0
        Errors by which the gain must differ from zero besides, where models were selected.
    """

    margin: float
    level: float
    apart: float = 0.0

    def power(self, gain: float, error: float) -> float:
        """The probability of a right verdict if this is the true gain and the error of its estimate."""
        if error <= 0:
            return float(abs(gain) != self.margin)
        size = abs(gain)
        one_sided = float(special.ndtri(0.5 + self.level / 2))
        needed = max(self.margin + one_sided * error, self.apart * error)
        if size > self.margin:
            return float(special.ndtr((size - needed) / error))
        border = self._equivalent_up_to(error)
        if border is None:
            return 0.0
        return float(special.ndtr((border - size) / error) - special.ndtr((-border - size) / error))

    def _equivalent_up_to(self, error: float) -> float | None:
        """The largest estimate that is called equivalent; None where even zero is not."""
        m = self.margin

        def inside(estimate: float) -> float:
            return float(special.ndtr((m - estimate) / error) - special.ndtr((-m - estimate) / error))

        if inside(0.0) < self.level:
            return None
        return _last(lambda estimate: inside(estimate) >= self.level, 0.0, m)


def rows_needed(rule: Rule, gain: float, error: float, rows: int, power: float = POWER) -> int | None:
    """The fewest rows with this power, if ``error`` is that of ``rows``; None where none are enough."""

    def enough(n: float) -> bool:
        return rule.power(gain, error * np.sqrt(rows / n)) >= power

    if error <= 0 or not enough(MOST_ROWS):
        return None
    log_n = _last(lambda x: not enough(np.exp(x)), 0.0, float(np.log(MOST_ROWS)))
    return int(np.ceil(np.exp(log_n)))


def smallest_gain(rule: Rule, error: float, power: float = POWER) -> float | None:
    """The smallest gain above the margin that this error tells with this power."""
    if error <= 0:
        return None
    one_sided = float(special.ndtri(0.5 + rule.level / 2))
    needed = max(rule.margin + one_sided * error, rule.apart * error)
    return needed + float(special.ndtri(power)) * error


def _last(holds: Callable[[float], bool], low: float, high: float) -> float:
    """The end of the stretch from ``low`` on which a condition holds; bisection."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return high
