"""From the answers on many datasets to how often each family won, and to mean ranks of models.

Friedman's test with the correction of Iman and Davenport, and the critical difference of Nemenyi, as Demsar
recommends (J. Demsar, Statistical comparisons of classifiers over multiple data sets, JMLR 7, 2006).
Nemenyi's answer about two models depends on which others take part (A. Benavoli, G. Corani, F. Mangili,
Should we really use post-hoc tests based on mean-ranks?, JMLR 17, 2016); pairs are therefore tested by
themselves: Wilcoxon's signed-rank test, or the sign test where the datasets have different metrics, whose
differences cannot be compared in size. Holm's step-down keeps the family-wise error at 1 - level.

Beside ranks: win rates, improvability and Elo and the Bayesian hierarchical test, in which the margin is
the common measure of datasets with different metrics (:mod:`.suite_statistics`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy import stats

from ..metrics import METRICS
from ..results.answer import Answer
from ..results.rows import Family, Fold
from ..results.suite import (
    PLURALS,
    Hierarchical,
    ModalityRanking,
    Pair,
    Ranking,
    Standings,
    SuiteRow,
)
from .suite_statistics import Measured, hierarchical, measured, standings

FoldScores = Mapping[str, Mapping[Fold, float]]  # of the primary metric, by model

OUTCOMES = ("deep", "equivalent", "undecided", "classical")


def suite_row(data: str, answer: Answer | None, reason: str, seconds: float) -> SuiteRow:
    """One dataset of the table; without an answer ``reason`` says why."""
    if answer is None:
        return SuiteRow(data, "failed", reason, seconds)
    verdict = answer.verdict
    deep, classical = (_best(answer, family) for family in ("deep", "classical"))
    scores = {row.model: row.score for row in answer.leaderboard}
    return SuiteRow(
        data,
        "ok" if answer.exit_code == 0 else "partial",
        reason,
        seconds,
        outcome=verdict.outcome,
        run=answer.run,
        rows=answer.dataset.rows,
        task=answer.dataset.task,
        modality=answer.dataset.modality,
        metric=answer.metric.name,
        gain=verdict.gain,
        gain_low=verdict.gain_low,
        gain_high=verdict.gain_high,
        best_deep=deep,
        best_classical=classical,
        score_deep=scores.get(deep or ""),
        score_classical=scores.get(classical or ""),
        missing=verdict.missing,
        warnings=verdict.warnings,
    )


def _best(answer: Answer, family: Family) -> str | None:
    """The best of the family but for references; the leaderboard is in order of score."""
    own = [row for row in answer.leaderboard if row.family == family and row.score is not None]
    names = [row.model for row in own if not row.reference]
    return names[0] if names else None


def count_verdicts(rows: Sequence[SuiteRow]) -> dict[str, int]:
    """How often each outcome came up."""
    return {outcome: sum(row.outcome == outcome for row in rows) for outcome in OUTCOMES}


def rankings(
    answers: Sequence[Answer], level: float, folds: Sequence[FoldScores] = ()
) -> list[ModalityRanking]:
    """A ranking of models for each modality.

    Parameters
    ----------
    answers : sequence of Answer
        One for each dataset.
    level : float
        Of tests and intervals.
    folds : sequence of mapping, optional
        Scores of the folds of each answer; without them two models are not tested by their folds.
    """
    known = folds or [{} for _ in answers]
    together = list(zip(answers, known, strict=True))
    modalities = dict.fromkeys(answer.dataset.modality for answer in answers)
    return [_ranked(m, [own for own in together if own[0].dataset.modality == m], level) for m in modalities]


def _ranked(modality: str, together: Sequence[tuple[Answer, FoldScores]], level: float) -> ModalityRanking:
    """Models with a score on every dataset are ranked; ``left_out`` says on how many the others have one.

    References are not: that everything beats a constant would make Friedman's test significant.
    """
    answers = [answer for answer, _ in together]
    scores = [{r.model: r.score for r in a.leaderboard if r.score is not None} for a in answers]
    families = {r.model: str(r.family) for a in answers for r in a.leaderboard if not r.reference}
    common = [name for name in families if all(name in own for own in scores)]
    counts = {name: sum(name in own for own in scores) for name in families if name not in common}
    left_out = {name: count for name, count in counts.items() if count}
    ranks = places = between = None
    if len(common) > 1:
        signs = [1.0 if a.metric.greater_is_better else -1.0 for a in answers]
        values = np.array([[own[name] for name in common] for own in scores])
        ranks = ranking(common, np.array(signs)[:, None] * values, level, same_metric=_comparable(answers))
        perfect = np.array([_perfect(a) for a in answers])
        places = standings(common, families, np.abs(values - perfect[:, None]), level)
        between = _model_test(together, ranks, families, level)
    family_test = _family_test(answers, level)
    return ModalityRanking(
        modality,
        families,
        left_out,
        len(answers),
        ranks,
        places,
        family_test,
        between,
        _sentence(modality, len(answers), ranks, places, family_test, level),
    )


def _comparable(answers: Sequence[Answer]) -> bool:
    """Whether differences of datasets can be compared in size: errors in units of the target cannot."""
    names = {answer.metric.name for answer in answers}
    return len(names) == 1 and not any(METRICS[name].relative for name in names)


def _perfect(answer: Answer) -> float:
    """The score of a perfect prediction."""
    return METRICS[answer.metric.name].bounds[1 if answer.metric.greater_is_better else 0]


def _family_test(answers: Sequence[Answer], level: float) -> Hierarchical | None:
    """Deep against classical, by the gain of each verdict and its interval."""

    def of(answer: Answer, unit: float) -> Measured | None:
        verdict = answer.verdict
        if verdict.gain is None or verdict.gain_low is None or verdict.gain_high is None:
            return None
        z = float(stats.norm.ppf(0.5 + verdict.confidence_level / 2))
        error = (verdict.gain_high - verdict.gain_low) / (2 * z * unit)
        # an interval of no width says that the difference is known, which a thousandth of the margin is
        return Measured(verdict.gain / unit, max(error, 1e-3), _CERTAIN)

    return _tested("deep", "classical", answers, of, level)


_CERTAIN = 1e5  # degrees of freedom from which Student's t is normal


def _model_test(
    together: Sequence[tuple[Answer, FoldScores]], ranks: Ranking, families: Mapping[str, str], level: float
) -> Hierarchical | None:
    """The deep model of best mean rank against the classical one."""
    first = {families[name]: name for name in reversed(ranks.models)}
    deep, classical = first.get("deep"), first.get("classical")
    if deep is None or classical is None:
        return None
    by_run = {id(answer): folds for answer, folds in together}

    def of(answer: Answer, unit: float) -> Measured | None:
        one, other = (by_run[id(answer)].get(name, {}) for name in (deep, classical))
        sign = 1.0 if answer.metric.greater_is_better else -1.0
        gaps = [sign * (one[fold] - other[fold]) / unit for fold in one if fold in other]
        return measured(gaps, answer.plan.test_over_train, answer.verdict.margin / unit)

    return _tested(deep, classical, [answer for answer, _ in together], of, level)


def _tested(
    first: str,
    second: str,
    answers: Sequence[Answer],
    of: Callable[[Answer, float], Measured | None],
    level: float,
) -> Hierarchical | None:
    """The hierarchical test in units of the margin; without margins only where scores can be compared."""
    margins = [answer.verdict.margin for answer in answers]
    if min(margins) > 0:
        found = [of(answer, margin) for answer, margin in zip(answers, margins, strict=True)]
        margin, unit = 1.0, "margin"
    elif max(margins) == 0 and _comparable(answers):
        found = [of(answer, 1.0) for answer in answers]
        margin, unit = 0.0, answers[0].metric.name
    else:
        return None
    return hierarchical(first, second, [own for own in found if own is not None], margin, level, unit)


def _sentence(
    modality: str,
    datasets: int,
    ranks: Ranking | None,
    places: Standings | None,
    family_test: Hierarchical | None,
    level: float,
) -> str:
    """The result for a paper, with what a reader needs to judge it."""
    if ranks is None or places is None or datasets < 2:
        return ""
    words = f"On {datasets} {PLURALS[modality]}, {_leader_words(places, level)}"
    return ". ".join([words, *_friedman_words(ranks), *_family_words(family_test)]) + "."


def _leader_words(places: Standings, level: float) -> str:
    """Who leads, or shares the lead."""
    best = places.models[0]
    shared = [m.model for m in places.models if m.rank < best.rank + 1e-9]
    if len(shared) > 1:
        names = f"{', '.join(shared[:-1])} and {shared[-1]}"
        return f"{names} shared the best mean rank of {len(places.models)} models ({best.rank:.2f})"
    return (
        f"{best.model} had the best mean rank of {len(places.models)} models ({best.rank:.2f}, {level:.0%} "
        f"bootstrap interval over datasets {best.rank_low:.2f} to {best.rank_high:.2f}), a win rate of "
        f"{best.win_rate:.0%} and an improvability of {best.improvability:.1%}"
    )


def _friedman_words(ranks: Ranking) -> list[str]:
    if ranks.friedman is None:
        return []
    told = sum(pair.differs for pair in ranks.pairs)
    return [
        f"Friedman's test: chi-squared({len(ranks.models) - 1}) = {ranks.friedman:.2f}, "
        f"p = {ranks.friedman_p:.2g}; {told} of {len(ranks.pairs)} pairs differ significantly by the "
        f"{ranks.test} test with Holm's correction"
    ]


def _family_words(test: Hierarchical | None) -> list[str]:
    if test is None:
        return []
    return [
        "By the Bayesian hierarchical test of the best deep and the best classical model of each dataset, "
        f"deep learning is better with a probability of {test.p_first:.0%}, practically equivalent with "
        f"{test.p_equivalent:.0%} and worse with {test.p_second:.0%}"
    ]


def ranking(
    models: Sequence[str], scores: np.ndarray, level: float = 0.95, same_metric: bool = True
) -> Ranking:
    """Compare models over datasets.

    Parameters
    ----------
    scores : float64 ndarray of shape (n_datasets, n_models)
        Higher is better, none missing; at least one dataset and two models.
    same_metric : whether differences of different datasets can be compared in size
    """
    scores = np.asarray(scores, dtype=np.float64)
    ranks = stats.rankdata(-scores, axis=1)
    order = np.argsort(ranks.mean(axis=0), kind="stable")
    names, scores, ranks = [models[i] for i in order], scores[:, order], ranks[:, order]
    chi, chi_p, f, f_p = friedman(ranks)
    pairs = _pairs(names, scores, level, same_metric)
    return Ranking(
        models=tuple(names),
        mean_ranks=tuple(ranks.mean(axis=0).tolist()),
        datasets=len(scores),
        friedman=chi,
        friedman_p=chi_p,
        iman_davenport=f,
        iman_davenport_p=f_p,
        critical_difference=nemenyi(len(names), len(scores), level),
        test="Wilcoxon signed-rank" if same_metric else "sign",
        pairs=tuple(pairs),
        groups=_groups(names, pairs),
    )


def friedman(ranks: np.ndarray) -> tuple[float | None, float | None, float | None, float | None]:
    """Friedman's chi-squared (corrected for ties) and Iman and Davenport's F, each with its p.

    ``ranks`` has shape (n_datasets, n_models). None where all models tie everywhere, or there is one dataset.
    """
    n, k = ranks.shape
    ties = sum(
        float((counts**3 - counts).sum())
        for counts in (np.unique(row, return_counts=True)[1] for row in ranks)
    )
    correction = 1 - ties / (n * k * (k**2 - 1))
    if n < 2 or correction <= 0:
        return None, None, None, None
    sums = ((ranks.mean(axis=0) - (k + 1) / 2) ** 2).sum()
    chi = float(12 * n / (k * (k + 1)) * sums / correction)
    chi_p = float(stats.chi2.sf(chi, k - 1))
    left = n * (k - 1) - chi
    if left <= 1e-12:  # the same order everywhere
        return chi, chi_p, None, 0.0
    f = (n - 1) * chi / left
    return chi, chi_p, f, float(stats.f.sf(f, k - 1, (k - 1) * (n - 1)))


def nemenyi(models: int, datasets: int, level: float) -> float:
    """The difference of mean ranks from which Nemenyi's test tells two models apart."""
    q = stats.studentized_range.ppf(level, models, np.inf) / math.sqrt(2)
    return float(q * math.sqrt(models * (models + 1) / (6 * datasets)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted by Holm's step-down: below alpha where the pair is told apart at alpha."""
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty(len(order))
    largest = 0.0
    for place, i in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - place) * p_values[i]))
        adjusted[i] = largest
    return adjusted.tolist()


def pair_p(differences: np.ndarray, same_metric: bool) -> float:
    """Two-sided p of no difference; datasets without one are left out."""
    if not np.any(differences):
        return 1.0
    if same_metric:
        return signed_rank_p(differences[differences != 0])
    better, worse = int((differences > 0).sum()), int((differences < 0).sum())
    return float(stats.binomtest(better, better + worse).pvalue)


def signed_rank_p(differences: np.ndarray) -> float:
    """Wilcoxon's signed-rank test, two-sided and exact with ties too (none of the differences is zero).

    All 2^n signs are counted by convolution over doubled ranks, which are whole numbers: scipy enumerates
    them where there are ties, which takes seconds a pair.
    """
    ranks = np.rint(2 * stats.rankdata(np.abs(differences))).astype(int)
    ways = np.ones(1)
    for rank in ranks:
        ways = np.convolve(ways, np.concatenate([[0.5], np.zeros(rank - 1), [0.5]]))
    seen = int(ranks[differences > 0].sum())
    return float(min(1.0, 2 * min(ways[: seen + 1].sum(), ways[seen:].sum())))


def _pairs(names: list[str], scores: np.ndarray, level: float, same_metric: bool) -> list[Pair]:
    pairs = []
    for i, j in itertools.combinations(range(len(names)), 2):
        gap = scores[:, i] - scores[:, j]
        counts = (int((gap > 0).sum()), int((gap == 0).sum()), int((gap < 0).sum()))
        pairs.append((names[i], names[j], counts, pair_p(gap, same_metric)))
    adjusted = holm([p for *_, p in pairs])
    return [
        Pair(first, second, *counts, p, own, own < 1 - level)
        for (first, second, counts, p), own in zip(pairs, adjusted, strict=True)
    ]


def _groups(names: list[str], pairs: Sequence[Pair]) -> tuple[tuple[str, ...], ...]:
    """Longest runs of neighbours in rank without a pair that differs; single models need no bar."""
    apart = {frozenset((pair.first, pair.second)) for pair in pairs if pair.differs}
    groups: list[tuple[int, int]] = []
    for start in range(len(names)):
        end = start + 1
        while end < len(names) and all(frozenset((names[end], n)) not in apart for n in names[start:end]):
            end += 1
        if end - start > 1 and not (groups and groups[-1][1] >= end):
            groups.append((start, end))
    return tuple(tuple(names[start:end]) for start, end in groups)
