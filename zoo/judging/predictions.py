"""The verdict about predictions of any models: of two that were named, or of the two best of several."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ...datasets import InputError
from ..results.answer import Answer, LeaderboardRow, Paired, Posterior
from ..results.predictions import ModelVerdict, PredictionsAnswer, RowsNeeded, rounded
from ..results.rows import Results
from ..setup import Criteria
from .judge import judge, resolve
from .planning import POWER, Rule, rows_needed, smallest_gain


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
