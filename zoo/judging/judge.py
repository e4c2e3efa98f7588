"""judge(): from the result rows of a run and criteria to its answer, the only way to a verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ...datasets import InputError, unknown_name
from ..metrics import Metric, primary
from ..results.answer import Answer, Paired
from ..results.differences import Slices
from ..results.facts import DatasetFacts, TimeEstimate
from ..results.rows import Results
from ..setup import Criteria, InferenceName
from .fold_level import FoldLevel
from .inference import Inference
from .intervals import check_level
from .leaderboard import leaderboard_rows, metric_facts, parse_budget, within_budget
from .row_level import RowLevel
from .scores import ModelScores, resample, score_models
from .slices import Feature, find_slices
from .support import Support, support_of
from .suspicion import suspicions, with_warning
from .together import together
from .verdict import decide


def judge(
    results: Results,
    criteria: Criteria,
    *,
    models: Sequence[str] | None = None,
    between: tuple[str, str] | None = None,
    features: Sequence[Feature] | None = None,
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
    features : sequence of Feature, optional
        What rows can be told apart by, for the slices on which the families differ.

    Raises
    ------
    InputError
        A criterion cannot be used, or there is no such model.
    """
    if models:
        results = _only(results, models)
    facts, resolved = results.facts, resolve(criteria, results.facts.dataset)
    plan, metric = facts.plan, resolved.metric
    scores = score_models(results)
    support = support_of(results, metric)
    inference = inference_of(results, scores, resolved, support)
    missing = tuple(m.model for m in scores if not m.complete)
    verdict = decide(inference, margin=resolved.margin, missing=missing, support=support)
    verdict = with_warning(verdict, suspicions(facts.findings, scores, facts.dataset.task, support))
    board = leaderboard_rows(
        facts.dataset.task, inference, results.costs, facts.explanations, plan.references
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
        budget=within_budget(resolved.budget, board, inference) if resolved.budget else None,
        explanations=facts.explanations,
        findings=facts.findings,
        versions=facts.versions,
        wall_seconds=facts.seconds,
        estimate=_with_real_time(results),
        determinism=facts.determinism,
        exit_code=int(any(row.status not in ("ok", "skipped") for row in results.rows)),
        between=None if between is None else _between(between, inference, resolved.margin, support),
        together=together(results, scores, metric, resolved.level),
        slices=_slices(results, scores, resolved, features),
    )


def _only(results: Results, models: Sequence[str]) -> Results:
    """The rows of these models."""
    known = list(dict.fromkeys(row.model for row in results.rows))
    for name in models:
        if name not in known:
            raise unknown_name("model of this run", name, known)
    rows = tuple(row for row in results.rows if row.model in models)
    return replace(results, rows=rows, facts=replace(results.facts, slices=None))


def _slices(
    results: Results, scores: Sequence[ModelScores], resolved: Resolved, features: Sequence[Feature] | None
) -> Slices | None:
    """Those found by these features, or before by the same criteria: a run that was kept holds no columns."""
    metric, level, known = resolved.metric, resolved.level, results.facts.slices
    if features is not None:
        return find_slices(results, scores, metric, level, features)
    if known is None or (known.metric, known.confidence_level) != (metric.name, level):
        return None
    return known


def inference_of(
    results: Results, scores: Sequence[ModelScores], resolved: Resolved, support: Support | None
) -> Inference:
    """By rows, or by folds where that was asked for."""
    metric, level, plan = resolved.metric, resolved.level, results.facts.plan
    if resolved.inference == "rows":
        return RowLevel(results, scores, metric, level, support)
    resampled = None
    if plan.official_test:  # no folds to compare
        resampled = resample(results.labels, results.test_rows[0, 0], scores, metric, plan.seed)
    return FoldLevel(scores, metric, level, plan.test_over_train, resampled, support)


def _with_real_time(results: Results) -> TimeEstimate | None:
    """The estimate beside what the run took; an interrupted run took nothing that could be compared."""
    estimate = results.facts.estimate
    if estimate is None or estimate.real_seconds is not None:
        return estimate
    whole = all(row.status != "interrupted" for row in results.folds)
    return replace(estimate, real_seconds=results.facts.seconds if whole else None)


def _between(names: tuple[str, str], inference: Inference, margin: float, support: Support | None) -> Paired:
    known, metric = [m.model for m in inference.models], inference.metric
    for name in names:
        if name not in known:
            raise unknown_name("model of this run", name, known)
    pair = None
    if support is not None and not support.enough:
        rows = "row is" if support.tested == 1 else "rows are"
        why = f"only {support.tested} tested {rows} of class {support.label}"
    else:
        pair = inference.paired(known.index(names[0]), known.index(names[1]), margin)
        why = "too few folds have a score of both, or the test set is too small"
    if pair is None:
        raise InputError(f"{names[0]} and {names[1]} cannot be compared by {metric.label}: {why}")
    return pair


@dataclass(frozen=True)
class Resolved:
    """Criteria with the defaults of the task; ``margin`` is in units of the metric."""

    metric: Metric
    margin: float
    level: float
    budget: dict[str, float] = field(default_factory=dict)
    inference: InferenceName = "rows"


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
    return Resolved(
        metric, float(margin), criteria.confidence_level, parse_budget(criteria.budget), criteria.inference
    )


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
