"""From the answers on many datasets to how often each family won, and to mean ranks of models.

Friedman's test with the correction of Iman and Davenport, and the critical difference of Nemenyi, as Demsar
recommends (J. Demsar, Statistical comparisons of classifiers over multiple data sets, JMLR 7, 2006).
Nemenyi's answer about two models depends on which others take part (A. Benavoli, G. Corani, F. Mangili,
Should we really use post-hoc tests based on mean-ranks?, JMLR 17, 2016); pairs are therefore tested by
themselves: Wilcoxon's signed-rank test, or the sign test where the datasets have different metrics, whose
differences cannot be compared in size. Holm's step-down keeps the family-wise error at 1 - level.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from ..metrics import METRICS
from ..results.answer import Answer
from ..results.rows import Family
from ..results.suite import ModalityRanking, Pair, Ranking, SuiteRow

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


def rankings(answers: Sequence[Answer], level: float) -> list[ModalityRanking]:
    """A ranking of models for each modality."""
    modalities = dict.fromkeys(answer.dataset.modality for answer in answers)
    return [_ranked(m, [a for a in answers if a.dataset.modality == m], level) for m in modalities]


def _ranked(modality: str, answers: Sequence[Answer], level: float) -> ModalityRanking:
    """Models with a score on every dataset are ranked; ``left_out`` says on how many the others have one."""
    scores = [{r.model: r.score for r in a.leaderboard if r.score is not None} for a in answers]
    families = {r.model: str(r.family) for a in answers for r in a.leaderboard}
    common = [name for name in families if all(name in own for own in scores)]
    counts = {name: sum(name in own for own in scores) for name in families if name not in common}
    left_out = {name: count for name, count in counts.items() if count}
    if len(common) < 2:
        return ModalityRanking(modality, families, left_out, len(answers), None)
    signs = [1.0 if a.metric.greater_is_better else -1.0 for a in answers]
    table = np.array([[sign * own[name] for name in common] for sign, own in zip(signs, scores, strict=True)])
    names = {a.metric.name for a in answers}  # errors in units of the target cannot be compared in size
    same = len(names) == 1 and not any(METRICS[name].relative for name in names)
    ranks = ranking(common, table, level, same_metric=same)
    return ModalityRanking(modality, families, left_out, len(answers), ranks)


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
