"""judge(): from the result rows of a run and criteria to its answer, the only way to a verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ...datasets import InputError, unknown_name
from ..metrics import Metric, primary
from ..results.answer import Answer, Paired
from ..results.facts import DatasetFacts, TimeEstimate
from ..results.rows import Results
from ..setup import Criteria
from .intervals import check_level
from .leaderboard import leaderboard_rows, metric_facts, parse_budget, within_budget
from .pairs import paired_by_folds, paired_on_test_part
from .scores import ModelScores, Resampled, resample, score_models
from .support import Support, support_of
from .suspicion import suspicions, with_warning
from .verdict import decide


def judge(
    results: Results,
    criteria: Criteria,
    *,
    models: Sequence[str] | None = None,
    between: tuple[str, str] | None = None,
) -> Answer:
    """The answer that result rows give by some criteria; trains nothing and asks no model.

    Parameters
    ----------
    results : Results
        Of a run that just ended, or of one that was kept.
    criteria : Criteria
    models : sequence of str, optional
        Judge these only.
    between : pair of str, optional
        Two models to compare with each other as well, whatever their families.

    Raises
    ------
    InputError
        A criterion cannot be used, or there is no such model.
    """
    if models:
        results = _only(results, models)
    facts, resolved = results.facts, resolve(criteria, results.facts.dataset)
    plan, metric, level = facts.plan, resolved.metric, resolved.level
    scores = score_models(results)
    resampled = _resampled(results, scores, resolved)
    support = support_of(results, metric)
    verdict = decide(
        scores,
        metric,
        margin=resolved.margin,
        level=level,
        test_over_train=plan.test_over_train,
        missing=tuple(m.model for m in scores if not m.complete),
        resampled=resampled,
        support=support,
    )
    verdict = with_warning(verdict, suspicions(facts.findings, scores, facts.dataset.task, support))
    setting = (metric, plan.test_over_train, level, resampled)
    board = leaderboard_rows(
        facts.dataset.task, scores, *setting, results.costs, facts.explanations, plan.references
    )
    return Answer(
        run=facts.run,
        created=facts.created,
        path=facts.path,
        dataset=facts.dataset,
        metric=metric_facts(metric, facts.dataset.task),
        plan=plan,
        leaderboard=tuple(board),
        best_reachable=facts.best_reachable.get(metric.name),
        verdict=verdict,
        budget=within_budget(resolved.budget, board, scores, *setting) if resolved.budget else None,
        explanations=facts.explanations,
        findings=facts.findings,
        versions=facts.versions,
        wall_seconds=facts.seconds,
        estimate=_with_real_time(results),
        determinism=facts.determinism,
        exit_code=int(any(row.status not in ("ok", "skipped") for row in results.rows)),
        between=None if between is None else _between(between, scores, resolved, results, resampled, support),
    )


def _only(results: Results, models: Sequence[str]) -> Results:
    """The rows of these models."""
    known = list(dict.fromkeys(row.model for row in results.rows))
    for name in models:
        if name not in known:
            raise unknown_name("model of this run", name, known)
    return replace(results, rows=tuple(row for row in results.rows if row.model in models))


def _resampled(results: Results, scores: Sequence[ModelScores], resolved: Resolved) -> Resampled | None:
    """Bootstrap scores, where there is one official test part and therefore no folds to compare."""
    plan = results.facts.plan
    if not plan.official_test:
        return None
    return resample(results.labels, results.test_rows[0, 0], scores, resolved.metric, plan.seed)


def _with_real_time(results: Results) -> TimeEstimate | None:
    """The estimate beside what the run took; an interrupted run took nothing that could be compared."""
    estimate = results.facts.estimate
    if estimate is None or estimate.real_seconds is not None:
        return estimate
    whole = all(row.status != "interrupted" for row in results.folds)
    return replace(estimate, real_seconds=results.facts.seconds if whole else None)


def _between(
    names: tuple[str, str],
    models: Sequence[ModelScores],
    resolved: Resolved,
    results: Results,
    resampled: Resampled | None,
    support: Support | None,
) -> Paired:
    known = [m.model for m in models]
    for name in names:
        if name not in known:
            raise unknown_name("model of this run", name, known)
    i, j = (known.index(name) for name in names)
    first, second = models[i], models[j]
    metric, margin, level = resolved.metric, resolved.margin, resolved.level
    if support is not None and not support.enough:
        rows = "row is" if support.tested == 1 else "rows are"
        why = f"only {support.tested} tested {rows} of class {support.label}"
        raise InputError(f"{first.model} and {second.model} cannot be compared by {metric.label}: {why}")
    if resampled is None:
        ratio = results.facts.plan.test_over_train
        pair = paired_by_folds(first, second, metric, ratio, margin, level)
    else:
        samples = (resampled.in_bag[i], resampled.in_bag[j])
        pair = paired_on_test_part(first, second, metric, resampled.truth, samples, margin, level)
    if pair is None:
        why = (
            "they have no two folds with a score of both"
            if resampled is None
            else "the test set is too small"
        )
        raise InputError(f"{first.model} and {second.model} cannot be compared by {metric.label}: {why}")
    return pair


@dataclass(frozen=True)
class Resolved:
    """Criteria with the defaults of the task; ``margin`` is in units of the metric."""

    metric: Metric
    margin: float
    level: float
    budget: dict[str, float] = field(default_factory=dict)


def resolve(criteria: Criteria, dataset: DatasetFacts) -> Resolved:
    """Criteria for a dataset.

    Raises
    ------
    InputError
        There is no such metric for the task, or a number cannot be used.
    """
    check_criteria(criteria)
    metric = primary(dataset.task, criteria.metric)
    margin = criteria.margin
    if margin is None:  # of errors by default a share of the target's deviation
        margin = metric.margin * ((dataset.target_std or 0.0) if metric.relative else 1.0)
    return Resolved(metric, float(margin), criteria.confidence_level, parse_budget(criteria.budget))


def check_criteria(criteria: Criteria) -> None:
    """Refuse what can be used with no data at all.

    Raises
    ------
    InputError
        A number is out of its range, or a budget cannot be read.
    """
    check_level(criteria.confidence_level)
    parse_budget(criteria.budget)
    margin = criteria.margin
    if margin is not None and (not math.isfinite(margin) or margin < 0):
        raise InputError(f"margin must be a number of at least 0, got {margin!r}")
