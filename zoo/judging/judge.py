"""From result rows and criteria to an answer, the only way to a verdict.

:func:`judge` answers for the two families of a run, :func:`judge_predictions` for predictions of any models:
of two that were named, or of the two best of several.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ...datasets import InputError, unknown_name
from ..metrics import Metric, primary
from ..results.answer import Answer, LeaderboardRow, Paired, Posterior, Verdict
from ..results.facts import DatasetFacts, TimeEstimate
from ..results.predictions import ModelVerdict, PredictionsAnswer, RowsNeeded, rounded
from ..results.rows import Results, Slices
from ..setup import Criteria, InferenceName
from .champions import together
from .fold_level import FoldLevel
from .inference import Inference
from .intervals import check_level
from .leaderboard import leaderboard_rows, metric_facts, parse_budget, within_budget
from .row_level import RowLevel
from .scores import (
    POWER,
    ModelScores,
    Rule,
    Support,
    resample,
    rows_needed,
    score_models,
    smallest_gain,
    support_of,
)
from .slices import Feature, find_slices
from .tuning import judge_tuning
from .verdict import decide, pretraining_gain, suspicions, with_warning


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
        pretraining=pretraining_gain(inference, resolved.margin, support),
        tuning=judge_tuning(results, inference, resolved.margin, _without_tuning(results, criteria)),
    )


def _without_tuning(results: Results, criteria: Criteria) -> Verdict | None:
    """The verdict of the models with their default parameters; None where nothing was tuned."""
    tuned, known = results.facts.plan.tuned, dict.fromkeys(row.model for row in results.rows)
    others = [name for name in known if name not in tuned]
    if len(others) == len(known) or not others:
        return None
    own = _only(results, others)
    plan = replace(own.facts.plan, tuned={})
    return judge(replace(own, facts=replace(own.facts, plan=plan)), criteria).verdict


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
        ended = inference.models[known.index(name)].rows
        if not any(row.ok for row in ended):
            raise InputError(f"{name} has no scores in this run: {ended[0].reason or ended[0].status}")
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


@dataclass(frozen=True)
class JudgedPredictions:
    """What is said of predictions, and the answer of :func:`judge` that reports draw from."""

    answer: PredictionsAnswer
    basis: Answer


def judge_predictions(
    results: Results,
    criteria: Criteria,
    *,
    between: tuple[str, str] | None = None,
    gain: float | None = None,
    unusable: Mapping[str, Collection[str]] | None = None,
    notes: Mapping[str, str] | None = None,
) -> JudgedPredictions:
    """Judge predictions whose models have no family.

    Parameters
    ----------
    results : Results
        Of at least two models.
    criteria : Criteria
    between : pair of str, optional
        The two models that the verdict is about; by default the only two, in their order, or the two best.
    gain : float, optional
        The true gain to plan rows for, in units of the metric; by default the observed one.
    unusable : mapping of model to names of metrics, optional
        Metrics that mean nothing for a model, which its row leaves out.
    notes : mapping of model to str, optional
        What to know about a model.

    Raises
    ------
    InputError
        A criterion cannot be used, or there is no such model.
    """
    if between is not None and between[0] == between[1]:
        raise InputError(f"between names {between[0]} twice; name two models")
    names = list(dict.fromkeys(row.model for row in results.folds))
    two = between or ((names[0], names[1]) if len(names) == 2 else None)
    basis, problem = _judged(results, criteria, two)
    pair = basis.between
    if two is None:
        two = _best_two(basis)
        own = replace(results, rows=tuple(row for row in results.rows if row.model in two))
        paired, problem = _judged(own, criteria, two)
        pair = paired.between
    board = tuple(
        _own_row(row, (unusable or {}).get(row.model, ()), (notes or {}).get(row.model))
        for row in basis.leaderboard
    )
    basis = replace(basis, leaderboard=board, between=None)
    margin = resolve(criteria, results.facts.dataset).margin
    selected = between is None and len(names) > 2
    setting = _Setting(basis, margin, criteria.confidence_level, selected, len(names), _tested(results))
    verdict = _verdict(two, pair, problem, setting, gain)
    answer = PredictionsAnswer(
        created=basis.created,
        dataset=basis.dataset,
        metric=basis.metric,
        plan=basis.plan,
        leaderboard=board,
        verdict=verdict,
        versions=basis.versions,
        wall_seconds=results.facts.seconds,
    )
    return JudgedPredictions(answer, basis)


def _judged(results: Results, criteria: Criteria, two: tuple[str, str] | None) -> tuple[Answer, str]:
    """The answer, and why the two cannot be compared where they cannot."""
    if two is None:
        return judge(results, criteria), ""
    try:
        return judge(results, criteria, between=two), ""
    except InputError as error:
        if "cannot be compared" not in str(error):
            raise
        return judge(results, criteria), str(error).rpartition(": ")[2]


def _best_two(answer: Answer) -> tuple[str, str]:
    scored = [row.model for row in answer.leaderboard if row.score is not None]
    first, second = [*scored, *(row.model for row in answer.leaderboard if row.score is None)][:2]
    return first, second


def _own_row(row: LeaderboardRow, unusable: Collection[str], note: str | None) -> LeaderboardRow:
    """The row without metrics that mean nothing for its model, and with what to know about it."""
    return replace(
        row,
        metrics={name: None if name in unusable else value for name, value in row.metrics.items()},
        intervals={n: (None, None) if n in unusable else ends for n, ends in row.intervals.items()},
        notes=(*row.notes, *([note] if note else [])),
    )


def _tested(results: Results) -> int:
    return len(np.unique(np.concatenate(list(results.test_rows.values()))))


@dataclass(frozen=True)
class _Setting:
    basis: Answer
    margin: float
    level: float
    selected: bool
    n_models: int
    rows: int

    @property
    def label(self) -> str:
        return self.basis.metric.label

    def rule(self) -> Rule:
        """Of two models that were selected, the quantile of Tukey's range: the best of many is lucky."""
        if not self.selected:
            return Rule(self.margin, self.level)
        from scipy import stats

        range_ = float(stats.studentized_range.ppf(self.level, self.n_models, np.inf))
        return Rule(self.margin, self.level, range_ / float(np.sqrt(2)))


def _verdict(
    two: tuple[str, str], pair: Paired | None, problem: str, setting: _Setting, gain: float | None
) -> ModelVerdict:
    first, second = two
    if pair is None:
        sentence = (
            f"{first} and {second} cannot be compared by {setting.label}: {problem or 'no common rows'}."
        )
        nothing = (None,) * 6
        return ModelVerdict(
            *(
                "undecided",
                first,
                second,
                setting.selected,
                *nothing,
                setting.margin,
                setting.level,
                sentence,
            ),
            advice="use another metric, or test more rows",
            warnings=setting.basis.verdict.warnings,
        )
    p = pair.posterior
    outcome = _outcome(p, setting, second)
    rule = setting.rule()
    planned = abs(p.mean) if gain is None else gain
    plan = RowsNeeded(
        rows=setting.rows,
        power=POWER,
        gain=planned,
        rows_needed=rows_needed(rule, planned, pair.error, setting.rows),
        smallest_gain=smallest_gain(rule, pair.error),
    )
    return ModelVerdict(
        outcome=outcome,
        first=first,
        second=second,
        selected=setting.selected,
        gain=p.mean,
        gain_low=p.low,
        gain_high=p.high,
        p_first=p.p_above,
        p_equivalent=p.p_inside,
        p_second=p.p_below,
        margin=setting.margin,
        confidence_level=setting.level,
        sentence=_warned(_sentence(outcome, two, p, setting), setting.basis.verdict.warnings),
        advice=_advice(plan, pair) if outcome == "undecided" else "",
        test=pair,
        rows_needed=plan,
        warnings=setting.basis.verdict.warnings,
    )


def _outcome(p: Posterior, setting: _Setting, second: str) -> str:
    """Either model can be better by chance, and the best of several is lucky besides."""
    if p.p_inside >= setting.level:
        return "equivalent"
    better = "first" if p.p_above >= p.p_below else "second"
    tied = setting.selected and any(
        row.model == second and row.tied_with_best for row in setting.basis.leaderboard
    )
    return better if max(p.p_above, p.p_below) >= 0.5 + setting.level / 2 and not tied else "undecided"


def _sentence(outcome: str, two: tuple[str, str], p: Posterior, setting: _Setting) -> str:
    first, second = two
    if outcome == "equivalent":
        words = f"{first} and {second} are practically equivalent"
        return f"{words}: they differ by less than {setting.margin:.3g} in {setting.label}."
    if outcome == "undecided":
        return f"The difference between {first} and {second} is too uncertain for a verdict."
    better, worse = (first, second) if outcome == "first" else (second, first)
    return f"{better} is better than {worse}: it improves {setting.label} by {abs(p.mean):.3g}."


def _warned(sentence: str, warnings: Collection[str]) -> str:
    if not warnings:
        return sentence
    return (
        f"The target may leak into the predictions, then no verdict holds ({'; '.join(warnings)}). {sentence}"
    )


def _advice(plan: RowsNeeded, pair: Paired) -> str:
    """What would settle it, with its price in rows."""
    if pair.error == 0.0 == pair.posterior.mean:
        return "more rows: a few hundred without any difference show that the models are equivalent"
    close = "the gain is close to the margin, so that more rows do not settle it soon; another margin would"
    needed = plan.rows_needed
    if needed is None:
        return close
    if needed <= plan.rows:
        return (
            f"some more rows than these {plan.rows:,} (as many are enough in {plan.power:.0%} of all cases)"
        )
    return f"about {rounded(needed - plan.rows):,} more rows, {rounded(needed):,} in all"
