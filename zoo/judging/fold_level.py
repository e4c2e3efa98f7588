"""Inference from one score a fold, after Nadeau and Bengio (2003): ``--inference corrected-t``.

An official test part has no folds to compare; there the rows are drawn again (Efron's bootstrap).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..metrics import Metric
from ..results.answer import Interval, Needed, Paired
from ..setup import InferenceName
from .inference import (
    CLOSE_TO_MARGIN,
    Advice,
    Contest,
    NoContest,
    ScoreWithInterval,
    agreeing_advice,
    moderated,
    paired_by_folds,
    paired_on_test_part,
)
from .intervals import (
    ROUNDING,
    all_equal,
    best,
    corrected_interval,
    correlated_t,
    folds_needed,
    left_out_champion,
    of_samples,
    out_of_bag_champion,
    rows_factor_needed,
    size_of_scores,
)
from .scores import ModelScores, Resampled, Support, expansion


class FoldLevel:
    """Inference from fold scores; see :class:`.inference.Inference`.

    Parameters
    ----------
    models : scores of every model
    metric : the primary metric
    level : of every interval
    test_over_train : n_test / n_train of a fold
    resampled : bootstrap scores in the order of ``models`` where there is one official test part
    support : the rows that decide between classifiers
    """

    name: InferenceName = "corrected-t"

    def __init__(
        self,
        models: Sequence[ModelScores],
        metric: Metric,
        level: float,
        test_over_train: float,
        resampled: Resampled | None = None,
        support: Support | None = None,
    ) -> None:
        self.models, self.metric, self.level = models, metric, level
        self.better = level
        self._ratio, self._resampled, self._support = test_over_train, resampled, support

    def interval(self, model: int, metric: Metric) -> Interval:
        """Corrected interval within the bounds of the metric, or percentiles of bootstrap samples."""
        scores = self.models[model]
        if not scores.complete:
            return None, None
        if self._resampled is not None:
            return self._resampled.interval(metric.name, model, self.level)
        values = scores.folds[metric.name]
        values = values[~np.isnan(values)]
        if len(values) < 2:
            return None, None
        low, high = corrected_interval(values, self._ratio, self.level)
        return max(low, metric.bounds[0]), min(high, metric.bounds[1])

    def paired(self, first: int, second: int, margin: float) -> Paired | None:
        """None below two folds with both scores, or where the test part is too small."""
        models = self.models[first], self.models[second]
        if self._resampled is None:
            return paired_by_folds(*models, self.metric, self._ratio, margin, self.level)
        samples = self._resampled.in_bag[first], self._resampled.in_bag[second]
        return paired_on_test_part(*models, self.metric, self._resampled.truth, samples, margin, self.level)

    def errors(self, pairs: Sequence[Paired]) -> tuple[np.ndarray, float]:
        """Moderated where they come from folds: a handful of folds says little of a single error."""
        errors = np.array([pair.error for pair in pairs])
        known = [pair.freedom for pair in pairs if pair.freedom is not None]
        if not known:
            return errors, np.inf
        own = min(known)
        variances, freedom = moderated(errors**2, own)
        # all pairs share the best model's folds: no more freedom than a two-way table of folds by models has
        return np.sqrt(variances), min(freedom, own * max(1, int(np.sum(errors > 0))))

    def best_of(self, own: Sequence[int]) -> ScoreWithInterval:
        """By the folds where all have a score; from bootstrap samples on an official test part."""
        if self._resampled is not None:
            return self._best_in_samples(self._resampled, list(own))
        scores = self._scores(own)
        defined = ~np.isnan(scores).any(axis=0)
        fair = left_out_champion(scores[:, defined], self.models[own[0]].repeats[defined])
        if len(fair) < 2:
            return (float(fair[0]) if len(fair) else np.nan), np.nan, np.nan
        return float(fair.mean()), *corrected_interval(fair, self._ratio, self.level)

    def _best_in_samples(self, resampled: Resampled, own: list[int]) -> ScoreWithInterval:
        inside, outside = (self.metric.sign * part[own] for part in (resampled.in_bag, resampled.out_of_bag))
        fair = out_of_bag_champion(inside, outside)
        if np.isnan(fair).all():
            return np.nan, np.nan, np.nan
        score = float(np.nanmean(fair))
        chosen = best(self._scores(own))
        low, high = np.nanquantile(inside[chosen], self._tails()) - np.nanmean(inside[chosen]) + score
        return score, float(low), float(high)

    def _tails(self) -> list[float]:
        return [0.5 - self.level / 2, 0.5 + self.level / 2]

    def contest(self, families: Mapping[str, np.ndarray], margin: float) -> Contest | NoContest:
        """From the differences of left-out champions by fold, or of bootstrap samples."""
        if self._resampled is not None:
            return self._contest_in_samples(self._resampled, families, margin)
        fair, _ = self._fair(families)
        differences = fair["deep"] - fair["classical"]
        if len(differences) < 2:
            sentence = (
                f"Only one fold has a value of {self.metric.label}, which says nothing about its uncertainty."
            )
            return NoContest(sentence, "use another metric, or fewer and larger folds")
        width = self.metric.bounds[1] - self.metric.bounds[0]
        size = size_of_scores(width, margin)
        if all_equal(differences, size) and abs(differences[0]) > ROUNDING * size:
            n_folds = len(differences)
            sentence = (
                f"All {n_folds} folds show the same difference, which says nothing about its uncertainty."
            )
            return NoContest(sentence, "use fewer folds, or more rows")
        rows, wider = self.models[0].rows_tested, expansion(self._support)
        gain = correlated_t(differences, self._ratio, margin, self.level, rows, width, wider)
        scores = {
            f: (float(v.mean()), *corrected_interval(v, self._ratio, self.level)) for f, v in fair.items()
        }
        return Contest(gain, scores)

    def _fair(self, families: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """For each family its left-out champion on every fold that has a score; the repeat of each."""
        scores = {f: self._scores(own) for f, own in families.items()}
        defined = ~np.isnan(np.concatenate(list(scores.values()))).any(axis=0)
        repeats = self.models[0].repeats[defined]
        return {f: left_out_champion(values[:, defined], repeats) for f, values in scores.items()}, repeats

    def _scores(self, own: Sequence[int] | np.ndarray) -> np.ndarray:
        """Fold scores of these models, higher is better: float64 (n_models, J)."""
        return self.metric.sign * np.stack([self.models[i].folds[self.metric.name] for i in own])

    def _contest_in_samples(
        self, resampled: Resampled, families: Mapping[str, np.ndarray], margin: float
    ) -> Contest | NoContest:
        """Centres from the out-of-bag champions, spread of the gain from the best of each sample."""
        sign = self.metric.sign
        inside, outside = sign * resampled.in_bag, sign * resampled.out_of_bag
        fair = {f: out_of_bag_champion(inside[own], outside[own]) for f, own in families.items()}
        known = ~np.isnan(fair["deep"] - fair["classical"])
        if not known.any():  # one case of a class, say, is in every bag and never outside
            label = self.metric.label
            sentence = f"The test set is too small to say how uncertain a difference in {label} is."
            return NoContest(sentence, "use a larger test set")
        centres = {f: float(np.mean(v[known])) for f, v in fair.items()}
        wider = expansion(self._support)
        scores = {}
        for f, own in families.items():
            samples = inside[own[best(self._scores(own))]]
            low, high = wider * (np.nanquantile(samples, self._tails()) - np.nanmean(samples)) + centres[f]
            scores[f] = centres[f], float(low), float(high)
        # each sample chooses again: the champions themselves may be close where the choice is not
        spread = inside[families["deep"]].max(axis=0) - inside[families["classical"]].max(axis=0)
        gain = wider * (spread - np.nanmean(spread)) + centres["deep"] - centres["classical"]
        return Contest(of_samples(gain[~np.isnan(gain)], margin, self.level), scores)

    def advice(self, contest: Contest, families: Mapping[str, np.ndarray], margin: float) -> Advice:
        """What would probably settle it if scores stay as they are."""
        if self._resampled is not None:
            return Advice("use a larger test set")
        fair, repeats = self._fair(families)
        differences, level = fair["deep"] - fair["classical"], self.level
        width = self.metric.bounds[1] - self.metric.bounds[0]
        if all_equal(differences, size_of_scores(width, margin)):
            return Advice(agreeing_advice(width, margin, level))
        folds = folds_needed(differences, self._ratio, margin, level)
        if folds is not None:
            now = len(np.unique(repeats))
            needed = -(-folds * now // len(differences))
            text = f"about {needed} repeats (now {now}) would settle it if the scores stay as they are"
            return Advice(text, Needed(repeats=needed))
        factor = rows_factor_needed(differences, self._ratio, margin, level)
        if factor is not None:
            return Advice(f"about {factor} times as many rows would settle it, more repeats would not")
        return Advice(CLOSE_TO_MARGIN)
