"""Inference from every tested row: what each row contributes to a score, and how these contributions spread.

The score of a fold is, to first order, its expectation plus the mean of the influence values of its test rows
(Hampel 1974; for ROC AUC they are DeLong's placement values, LeDell, Petersen and van der Laan 2015). A mean
over folds is therefore a sum over rows, whose variance is seen within the folds (Bayle, Bayle, Janson and
Mackey 2020). A paired difference is the same with differences of influence values. Rows of a group are one
unit; rows in order of time may be correlated with their neighbours (Newey and West 1987). Repeats average the
contributions of a row first.

Three sources of uncertainty are kept apart:

- *rows*: which rows were tested;
- *training*: which rows the models were trained on. Trainings on random halves of an official training set
  show it. Folds share training rows, so they do not. Nadeau and Bengio (2003) take test and training rows to
  be correlated by n_test / (n_test + n_train); the half of their term is what simulations need
  (``benchmarks/inference.py``);
- *luck*: splits and seeds, as far as repeats differ from each other, or folds differ by more than their rows.
  Such an excess has the variance of Nadeau and Bengio's fold scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from ..metrics import Metric, Truth, bootstrap_weights, evaluate, influence_values, truth_of
from ..results.answer import Interval, Needed, Paired, Posterior, Uncertainty
from ..results.rows import Results
from ..setup import InferenceName
from .inference import CLOSE_TO_MARGIN, Advice, Contest, NoContest, ScoreWithInterval, agreeing_advice
from .intervals import all_equal, corrected_variance, nothing_apart, student
from .scores import MANY_ROWS, ModelScores, Support, feels_rare_classes

TRAINING = 0.5  # share of the term of Nadeau and Bengio
SURE_OF_LUCK = 0.9  # how sure it must be that folds differ by more than their rows
DRAWN, AT_ONCE = 20_000_000, 4_000_000  # rows of all bootstrap samples, and of those held at once
FEWEST_SAMPLES, MOST_SAMPLES = 100, 1000
POWER = 0.8  # of what is said to settle a verdict
MOST_REPEATS, MOST_TIMES = 20, 100  # that are worth being named: nobody collects more
ASSUMED = 2  # degrees of freedom of the assumed variance by training rows, beside retrainings
FEWEST_IN_FOLD = 5  # rows of a class; below, influence values of a fold tell too little


@dataclass(frozen=True)
class Evidence:
    """A mean score, or a difference of two, with the variance that each source of uncertainty gives it.

    ``freedom`` is the number of degrees of freedom of the variance, after Satterthwaite.
    """

    value: float
    rows: float
    training: float
    luck: float
    freedom: float

    @property
    def error(self) -> float:
        """The standard error."""
        return float(np.sqrt(self.rows + self.training + self.luck))

    @property
    def uncertainty(self) -> Uncertainty | None:
        """The shares of the sources; None without any uncertainty."""
        total = self.rows + self.training + self.luck
        shares = (float(part / total) if total > 0 else 0.0 for part in (self.rows, self.training, self.luck))
        return Uncertainty(*shares) if total > 0 else None


class Units:
    """What is drawn independently: rows, groups of rows, or moments with correlated neighbours."""

    def __init__(self, results: Results) -> None:
        labels, self._parts = results.labels, list(results.test_rows.values())
        tested = np.zeros(len(labels.y), dtype=bool)
        for rows in self._parts:
            tested[rows] = True
        self.tested = tested
        self.in_order = results.facts.plan.in_time_order and labels.times is not None
        self._groups = labels.times if self.in_order else labels.groups
        self._classes = None if labels.task == "regression" else np.searchsorted(labels.classes, labels.y)
        self._n_parts = max(1, len({fold for repeat, fold in results.test_rows}))

    def of_tested(self, contributions: np.ndarray) -> tuple[float, float]:
        """Variance of the sum of contributions (n_rows,) that are centred by fold, and its freedom."""
        return self._moments(contributions[self.tested], np.flatnonzero(self.tested), self._n_parts)

    def moments(self, contributions: np.ndarray, rows: np.ndarray) -> tuple[float, float]:
        """The same of contributions (n_test,) of the rows of one fold."""
        return self._moments(contributions, rows, 1)

    def _moments(self, own: np.ndarray, rows: np.ndarray, n_parts: int) -> tuple[float, float]:
        if self._groups is not None:
            sums = np.bincount(self._unit(rows), weights=own)
            variance = _in_order(sums) if self.in_order else float(np.sum(sums**2))
            return variance * _inflation(len(sums), n_parts), _freedom(sums)
        if self._classes is None:
            return float(np.sum(own**2)) * _inflation(len(own), n_parts), _freedom(own)
        return _by_class(own, self._classes[rows], n_parts), _freedom(own)

    def _unit(self, rows: np.ndarray) -> np.ndarray:
        """The number of each row's unit, without gaps."""
        assert self._groups is not None
        return np.unique(self._groups[rows], return_inverse=True)[1]

    def chosen(self, scores: np.ndarray, parts: np.ndarray, seed: int) -> tuple[float, np.ndarray]:
        """The score of choosing the best model, and how often each is chosen.

        In each bootstrap sample the model that is best on the units drawn is scored on those left out; to
        first order both are the score plus a weighted sum of contributions.

        Parameters
        ----------
        scores : ndarray of shape (n_models,), higher is better
        parts : ndarray of shape (n_rows, n_models)
            What every row contributes.
        seed : int
        """
        rows = np.flatnonzero(self.tested)
        own = parts[rows]
        if self._groups is not None:
            unit = self._unit(rows)
            own = np.stack([np.bincount(unit, weights=column) for column in own.T], axis=1)
        strata = self._classes[rows] if self._groups is None and self._classes is not None else None
        n = len(own)
        n_samples = int(np.clip(DRAWN // n, FEWEST_SAMPLES, MOST_SAMPLES))
        total, counts = 0.0, np.zeros(len(scores))
        step = max(1, AT_ONCE // n)
        for first in range(0, n_samples, step):
            size = min(step, n_samples - first)
            y = np.zeros(n) if strata is None else strata
            drawn = bootstrap_weights(y, strata is not None, size, seed + first)
            left = (drawn == 0).astype(np.float32)
            best = (scores + (drawn - 1) @ own).argmax(axis=1)
            outside = scores + (left @ own) * (n / np.maximum(1, left.sum(axis=1)))[:, None]
            total += float(outside[np.arange(size), best].sum())
            counts += np.bincount(best, minlength=len(scores))
        return total / n_samples, counts / n_samples


def _inflation(n: int, n_parts: int) -> float:
    """n / (n - 1) for each part: a mean was taken away from it."""
    return n / (n - n_parts) if n > n_parts else 2.0


def _by_class(values: np.ndarray, classes: np.ndarray, n_parts: int) -> float:
    """Sum of squares with the mean of each class, and the spread about it enlarged for the few rows of it."""
    counts = np.bincount(classes)
    known = np.flatnonzero(counts)
    means = np.bincount(classes, weights=values)[known] / counts[known]
    squares = np.bincount(classes, weights=values**2)[known]
    spread = np.maximum(0.0, squares - counts[known] * means**2)
    larger = np.array([_inflation(int(n), n_parts) for n in counts[known]])
    return float(np.sum(counts[known] * means**2 + spread * larger))


def _freedom(values: np.ndarray) -> float:
    """Degrees of freedom of a sum of squares from its fourth moment: few values that count give few.

    A sum of n squares of a normal variable has the variance 2 V² / n.
    """
    squares = float(np.sum(values**2))
    if squares == 0.0:
        return 1.0
    scaled = values**2 / squares
    spread = float(np.sum(scaled**2)) - 1.0 / len(values)
    return max(1.0, 2.0 / spread) if spread > 0 else max(1.0, float(len(values) - 1))


def _in_order(sums: np.ndarray) -> float:
    """Variance of the sum of correlated neighbours: Newey and West (1987) with Bartlett's weights.

    The number of lags is that of Andrews (1991), equation 6.4, for an autoregressive series.
    """
    n = len(sums)
    squares = float(sums @ sums)
    if n < 3 or squares == 0.0:
        return squares
    rho = float(np.clip(sums[1:] @ sums[:-1] / squares, -0.97, 0.97))
    alpha = 4 * rho**2 / ((1 - rho) ** 2 * (1 + rho) ** 2)
    lags = min(n // 3, int(1.1447 * (alpha * n) ** (1 / 3)))
    neighbours = [(1 - lag / (lags + 1)) * float(sums[lag:] @ sums[:-lag]) for lag in range(1, lags + 1)]
    return max(squares + 2 * sum(neighbours), squares / n)


class RowLevel:
    """Inference from the influence value of every tested row; see :class:`.inference.Inference`."""

    name: InferenceName = "rows"

    def __init__(
        self,
        results: Results,
        models: Sequence[ModelScores],
        metric: Metric,
        level: float,
        support: Support | None = None,
    ) -> None:
        self.models, self.metric, self.level = models, metric, level
        few = support is not None and support.rows < MANY_ROWS
        self.better = 0.5 + level / 2 if few else level  # both families can win by chance
        self._results, self._support = results, support
        self._units = Units(results)
        folds = [(row.repeat, row.fold) for row in models[0].rows] if models else []
        self._parts = [results.test_rows[fold] for fold in folds]
        self._repeats = np.array([repeat for repeat, _ in folds], dtype=int)
        self._truths: list[Truth] = [truth_of(results.labels, rows) for rows in self._parts]
        self._kept: dict[tuple[int, int], np.ndarray] = {}
        self._choices: dict[tuple[int, ...], tuple[float, np.ndarray]] = {}
        self._seed = results.facts.plan.seed
        self._retrained: dict[str, list[np.ndarray]] = {}
        for row in results.retrained:
            if row.prediction is not None:
                self._retrained.setdefault(row.model, []).append(row.prediction)

    def interval(self, model: int, metric: Metric) -> Interval:
        """Student t, within the bounds of the metric."""
        known = self.models[model].complete and len(self._defined([model], metric))
        if not known or self._too_few(metric):
            return None, None
        return self._clipped(self.evidence({model: 1.0}, metric), metric)

    def _too_few(self, metric: Metric) -> bool:
        """Whether the rows of a single split tell nothing, since a class has only a handful of them."""
        support = self._support
        few = support is not None and support.per_fold < FEWEST_IN_FOLD
        return few and len(self._parts) == 1 and feels_rare_classes(metric)

    def _clipped(self, evidence: Evidence, metric: Metric) -> tuple[float, float]:
        """Ends of the interval in units of the metric; a perfect score is as sure as its rows are many."""
        value, (worst, best) = metric.sign * evidence.value, metric.bounds
        if evidence.error == 0.0 and np.isfinite(best - worst) and value in metric.bounds:
            room = nothing_apart(best - worst, self._deciding(metric), self.level)
            return (value - room, value) if value == best else (value, value + room)
        half = self._half(evidence)
        return max(value - half, worst), min(value + half, best)

    def _half(self, evidence: Evidence) -> float:
        return float(special.stdtrit(evidence.freedom, 0.5 + self.level / 2) * evidence.error)

    def paired(self, first: int, second: int, margin: float) -> Paired | None:
        """None where the two have no fold with a score of both."""
        if not len(self._defined([first, second], self.metric)):
            return None
        evidence = self.evidence({first: 1.0, second: -1.0} if first != second else {first: 0.0}, self.metric)
        error = evidence.error or abs(evidence.value)  # all rows alike tell no spread
        p_value = _two_sided(evidence.value, error, evidence.freedom)
        names = self.models[first].model, self.models[second].model
        return Paired(
            *names,
            "row-level t",
            self._posterior(evidence, margin),
            error,
            evidence.freedom,
            p_value,
            evidence.uncertainty,
        )

    def _posterior(self, evidence: Evidence, margin: float) -> Posterior:
        width = self.metric.bounds[1] - self.metric.bounds[0]
        rows = self._deciding(self.metric)
        error = evidence.error or abs(evidence.value)
        return student(evidence.value, error, evidence.freedom, margin, self.level, rows, width)

    def errors(self, pairs: Sequence[Paired]) -> tuple[np.ndarray, float]:
        """As they are, with the fewest degrees of freedom of any pair."""
        return np.array([pair.error for pair in pairs]), min(
            (pair.freedom or np.inf for pair in pairs), default=np.inf
        )

    def best_of(self, own: Sequence[int]) -> ScoreWithInterval:
        """By the folds where all have a score."""
        if not len(self._defined(own, self.metric)):
            return np.nan, np.nan, np.nan
        score = self._score(self._selected([own]))
        return (score[0], np.nan, np.nan) if self._too_few(self.metric) else score

    def _score(self, evidence: Evidence) -> ScoreWithInterval:
        low, high = self._clipped(evidence, self.metric)
        ends = sorted(self.metric.sign * end for end in (low, high))
        return evidence.value, ends[0], ends[1]

    def contest(self, families: Mapping[str, np.ndarray], margin: float) -> Contest | NoContest:
        """Both champions corrected for model selection, by rows that are drawn again."""
        everyone = [int(i) for own in families.values() for i in own]
        if not len(self._defined(everyone, self.metric)):
            sentence = f"No fold has a value of {self.metric.label}."
            return NoContest(sentence, "use another metric, or fewer and larger folds")
        deep, classical = (families[family].tolist() for family in ("deep", "classical"))
        gain = self._selected([deep, classical])
        if gain.error == 0.0 and gain.value != 0.0:
            sentence = "All rows show the same difference, which says nothing about its uncertainty."
            return NoContest(sentence, "test more rows")
        scores = {family: self._score(self._selected([own.tolist()])) for family, own in families.items()}
        return Contest(self._posterior(gain, margin), scores, gain.uncertainty, gain.error)

    def _selected(self, families: Sequence[Sequence[int]]) -> Evidence:
        """Of the score of choosing the best model of the first family, less that of the second.

        Bootstrap bias correction (Tsamardinos, Greasidou and Borboudakis 2018): the best model on rows that
        were drawn is scored on the others. Models that are chosen equally often have an equal share in the
        uncertainty, too.
        """
        value, weights = 0.0, dict[int, float]()
        for sign, own in zip((1.0, -1.0), families, strict=False):
            score, shares = self._choice(tuple(own))
            value += sign * score
            weights |= {model: sign * share for model, share in zip(own, shares, strict=True) if share}
        return replace(self.evidence(weights, self.metric), value=value)

    def _choice(self, own: tuple[int, ...]) -> tuple[float, np.ndarray]:
        """The score of choosing the best of these, and how often each is chosen: float64 (n_models,)."""
        if own not in self._choices:
            defined = self._defined(own, self.metric)
            scores = np.array([self._values(model, defined, self.metric).mean() for model in own])
            if len(own) == 1:
                self._choices[own] = float(scores[0]), np.ones(1)
            else:
                parts = np.stack([self._contributions(model, defined, self.metric) for model in own], axis=1)
                self._choices[own] = self._units.chosen(scores, parts, self._seed)
        return self._choices[own]

    def advice(self, contest: Contest, families: Mapping[str, np.ndarray], margin: float) -> Advice:
        """More repeats where they are enough, since they only cost time; else more rows."""
        if not contest.error or contest.uncertainty is None:
            return Advice(agreeing_advice(self.metric.bounds[1] - self.metric.bounds[0], margin, self.level))
        facts, variance = self._results.facts, contest.error**2
        wanted = largest_variance(contest.gain.mean, margin, self.level)
        rows = _rows_needed(int(self._units.tested.sum()), variance, wanted)
        repeats = (
            None if facts.plan.official_test else self._repeats_needed(contest.uncertainty, variance, wanted)
        )
        if repeats is None:
            return Advice(_more_rows(rows, self._results), Needed(rows=rows))
        now = len(np.unique(self._repeats))
        seconds = facts.seconds / now * (repeats - now) or None
        return Advice(_more_repeats(repeats, seconds), Needed(rows, repeats, seconds))

    def _repeats_needed(self, uncertainty: Uncertainty, variance: float, wanted: float) -> int | None:
        """The repeats after which what they cannot reduce and the rest of the luck is small enough."""
        fixed, now = (1 - uncertainty.luck) * variance, len(np.unique(self._repeats))
        if fixed >= wanted or uncertainty.luck == 0.0:
            return None
        needed = max(now + 1, int(np.ceil(now * uncertainty.luck * variance / (wanted - fixed))))
        return needed if needed <= MOST_REPEATS else None

    def _defined(self, models: Sequence[int], metric: Metric) -> np.ndarray:
        """Places of the folds on which all of these have a score."""
        values = np.array([self.models[i].folds[metric.name] for i in models])
        return np.flatnonzero(~np.isnan(values).any(axis=0))

    def evidence(self, weights: Mapping[int, float], metric: Metric) -> Evidence:
        """Of a weighted sum of the scores of models; higher is better."""
        places = self._defined(list(weights), metric)
        values = np.sum([w * self._values(model, places, metric) for model, w in weights.items()], axis=0)
        parts = {int(p): self._weighted(weights, int(p), metric) for p in places}
        within = [self._units.moments(part, self._parts[p])[0] for p, part in parts.items()]
        by_repeat = [
            self._sum({p: parts[p] for p in places[self._repeats[places] == repeat].tolist()})
            for repeat in np.unique(self._repeats[places])
        ]
        singles = [self._units.of_tested(whole)[0] for whole in by_repeat]
        variance, freedom = self._units.of_tested(self._sum(parts))
        evidence = _apart(float(np.mean(values)), variance, float(np.mean(singles)), len(singles), freedom)
        evidence = self._with_training(evidence, values, float(np.mean(within)), float(np.mean(singles)))
        evidence = self._with_retraining(evidence, weights, metric)
        return self._if_rare(evidence, values, metric)

    def _sum(self, parts: Mapping[int, np.ndarray]) -> np.ndarray:
        """What every row contributes to the mean over these folds: float64 (n_rows,)."""
        whole = np.zeros(len(self._results.labels.y))
        for place, part in parts.items():
            whole[self._parts[place]] += part / len(parts)
        return whole

    def _weighted(self, weights: Mapping[int, float], place: int, metric: Metric) -> np.ndarray:
        """What the rows of a fold contribute to its weighted sum of scores."""
        own = [weight * self._influence(model, place, metric) for model, weight in weights.items()]
        return np.asarray(np.sum(own, axis=0)) / len(self._parts[place])

    def _contributions(self, model: int, places: np.ndarray, metric: Metric) -> np.ndarray:
        return self._sum({p: self._weighted({model: 1.0}, p, metric) for p in places.tolist()})

    def _values(self, model: int, places: np.ndarray, metric: Metric) -> np.ndarray:
        scores: np.ndarray = metric.sign * self.models[model].folds[metric.name][places]
        return scores

    def _with_training(
        self, evidence: Evidence, values: np.ndarray, within: float, single: float
    ) -> Evidence:
        """The variance that folds share, and that by which they differ beyond their rows."""
        ratio = self._results.facts.plan.test_over_train
        # repeats average a part of it, too: the geometric mean of none and all, by simulation
        stable = np.sqrt(evidence.rows / single) if single > 0 else 1.0
        luck = evidence.luck + excess(values, within) * (1 / len(values) + ratio)
        return replace(evidence, training=TRAINING * ratio * within * stable, luck=luck)

    def _with_retraining(self, evidence: Evidence, weights: Mapping[int, float], metric: Metric) -> Evidence:
        """With the variance of trainings on random halves, where there are some.

        To first order, the mean of a statistic over a random half of n rows varies about that over all of
        them as the latter varies about its expectation (the delete-d jackknife, Shao and Wu 1989, d = n / 2);
        seeds vary as they do.
        """
        trained = [self._retrained.get(self.models[model].model, []) for model in weights]
        again = min(map(len, trained), default=0)
        if again < 2:
            return evidence
        scores = np.array(
            [[_score(metric, self._truths[0], own[i]) for i in range(again)] for own in trained]
        )
        gains = np.array(list(weights.values())) @ scores
        if np.isnan(gains).any():
            return evidence
        seen = float(np.var(gains, ddof=1))
        training = ((again - 1) * seen + ASSUMED * evidence.training) / (again - 1 + ASSUMED)
        total = evidence.rows + training + evidence.luck
        parts = (evidence.rows**2 / evidence.freedom, training**2 / (again - 1 + ASSUMED))
        freedom = total**2 / sum(parts) if total > 0 else evidence.freedom
        return replace(evidence, training=training, freedom=max(1.0, freedom))

    def _if_rare(self, evidence: Evidence, values: np.ndarray, metric: Metric) -> Evidence:
        """With a handful of rows of a class in a fold, no surer than the scores of the folds are."""
        support = self._support
        if support is None or support.per_fold >= FEWEST_IN_FOLD or len(values) < 2:
            return evidence
        if not feels_rare_classes(metric):
            return evidence
        by_folds = corrected_variance(values, self._results.facts.plan.test_over_train)
        missing = by_folds - evidence.error**2
        if missing <= 0:
            return evidence
        return replace(
            evidence, luck=evidence.luck + missing, freedom=min(evidence.freedom, len(values) - 1.0)
        )

    def _influence(self, model: int, place: int, metric: Metric) -> np.ndarray:
        """Influence values of a fold's test rows, higher is better; those of the primary metric are kept."""
        if metric.name != self.metric.name:
            return self._computed(model, place, metric)
        if (model, place) not in self._kept:
            self._kept[model, place] = self._computed(model, place, metric)
        return self._kept[model, place]

    def _computed(self, model: int, place: int, metric: Metric) -> np.ndarray:
        prediction = self.models[model].rows[place].prediction
        assert prediction is not None, "a fold with a score has predictions"
        values = influence_values(metric, self._truths[place], prediction)
        return np.zeros(len(self._parts[place])) if values is None else metric.sign * values

    def _deciding(self, metric: Metric) -> int:
        """How many rows decide a score: of classifiers those of the rarer class."""
        if self._support is not None and metric.name == self.metric.name:
            return int(self._support.rows)
        return int(self._units.tested.sum())


def largest_variance(gain: float, margin: float, level: float, power: float = POWER) -> float:
    """The variance at which a gain is decided with a probability of ``power``; 0 at the very margin.

    "Better" needs the probability of the level beyond the margin, "equivalent" within it, which a gain near 0
    may miss on both sides.
    """
    distance = abs(gain) - margin
    tails = (level, power if distance > 0 else 0.5 + power / 2)
    return float((distance / float(np.sum(special.ndtri(tails)))) ** 2)


def _rows_needed(rows: int, variance: float, wanted: float) -> int | None:
    """Every variance falls with the number of rows."""
    factor = variance / wanted if wanted > 0 else np.inf
    return int(np.ceil(rows * max(1.0, factor))) if factor <= MOST_TIMES else None


def _more_rows(needed: int | None, results: Results) -> str:
    if needed is None:
        return CLOSE_TO_MARGIN
    now = len(np.unique(np.concatenate(list(results.test_rows.values()))))
    more, what = _rounded(max(1, needed - now)), "test rows" if results.facts.plan.official_test else "rows"
    return f"about {more:,} more {what} would probably settle it ({now:,} now)"


def _rounded(number: int) -> int:
    """Two significant digits, upwards: nobody knows more."""
    unit: int = 10 ** max(0, len(str(number)) - 2)
    return int(-(-number // unit) * unit)


def _more_repeats(needed: int, seconds: float | None) -> str:
    price = "" if seconds is None else f" (about {_duration(seconds)} more)"
    return f"--repeats {needed}{price} would probably settle it"


def _duration(seconds: float) -> str:
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(1, round(seconds))} s"


def _score(metric: Metric, truth: Truth, prediction: np.ndarray) -> float:
    value = evaluate(metric, truth, prediction)
    return np.nan if value is None else metric.sign * value


def _apart(value: float, whole: float, single: float, n_repeats: int, freedom: float) -> Evidence:
    """Rows and luck: with R repeats the variance is that of the rows and 1 / R of what a repeat adds."""
    luck = max(0.0, (single - whole) / (n_repeats - 1)) if n_repeats > 1 else 0.0
    luck = min(luck, whole)
    return Evidence(value, whole - luck, 0.0, luck, freedom)


def excess(values: np.ndarray, within: float) -> float:
    """By how much the variance of fold scores exceeds that of their rows, where that is no chance.

    Parameters
    ----------
    values : ndarray of shape (J,)
    within : float
        Mean variance of a fold's score by its rows.
    """
    freedom = len(values) - 1
    if freedom < 1 or all_equal(values):
        return 0.0
    by_chance = within * float(special.chdtri(freedom, 1 - SURE_OF_LUCK)) / freedom
    return max(0.0, float(np.var(values, ddof=1)) - by_chance)


def _two_sided(mean: float, error: float, freedom: float) -> float:
    if error == 0.0:
        return 1.0
    return float(2 * special.stdtr(freedom, -abs(mean) / error))
