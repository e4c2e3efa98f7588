"""The verdict: is deep learning better here, worse, the same, or can nobody tell?

It carries a warning where the data or the scores show signs of target leakage. Beside it stands what
pretraining gains: the best model on pretrained weights against the best of all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...datasets import Finding, Task
from ..metrics import METRICS, Metric
from ..results.answer import Champion, Posterior, PretrainingGain, Verdict
from .inference import Advice, Contest, Inference, NoContest
from .intervals import best
from .scores import FEWEST_ROWS, ModelScores, Support


def decide(
    inference: Inference, *, margin: float, missing: tuple[str, ...] = (), support: Support | None = None
) -> Verdict:
    """Compare the champions of the two families. A reference, such as a constant, is never a champion.

    Parameters
    ----------
    inference : how to get from the scores of every model to what holds in general
    margin : half the width of practical equivalence, in units of the metric
    missing : names of models that have no score
    support : the rows that decide between classifiers; with too few of them there is no verdict
    """
    models, metric = inference.models, inference.metric
    families = families_of(models, metric)
    names = _champions(models, families, metric)
    lacking = [family for family, rows in families.items() if not len(rows)]
    found: Contest | NoContest
    if lacking:
        fix = f"add {lacking[0]} models to the comparison, or fix those that failed"
        found = NoContest(_nobody(models, lacking[0]), fix)
    elif support is not None and not support.enough:
        found = NoContest(*_too_few(support, metric))
    else:
        found = inference.contest(families, margin)
    if isinstance(found, NoContest):
        return _no_contest(inference, margin, missing, names, found)
    outcome = _outcome(found.gain, inference)
    advice = inference.advice(found, families, margin) if outcome == "undecided" else Advice("")
    return _spoken(inference, margin, missing, names, found, outcome, advice)


def _nobody(models: Sequence[ModelScores], family: str) -> str:
    """Why a family has no champion."""
    references = [m.model for m in models if m.family == family and m.reference]
    but = f" but the reference {references[0]}" if references else ""
    return f"No {family} model{but} has a score on every fold, so the families cannot be compared."


def _too_few(support: Support, metric: Metric) -> tuple[str, str]:
    """Why few rows of a class allow no verdict, and what would help."""
    rows = f"{support.tested} row{'s' * (support.tested != 1)} of class {support.label}"
    each = f" ({support.per_fold} in a fold)" if 0 < support.per_fold < support.tested else ""
    sentence = f"Models were tested on only {rows}{each}: too few to tell them apart by {metric.label}."
    few = f"test more rows of class {support.label}: a verdict needs about {FEWEST_ROWS} of each class"
    return sentence, few


def defined_folds(models: Sequence[ModelScores], metric: Metric) -> np.ndarray:
    """Folds where the metric has a value for some model: with one class only, say, it has none."""
    return np.flatnonzero(~np.isnan([m.folds[metric.name] for m in models]).all(axis=0))


def families_of(models: Sequence[ModelScores], metric: Metric) -> dict[str, np.ndarray]:
    """:func:`positions_of` the two families that a verdict compares."""
    positions = positions_of(models, metric)
    return {family: positions[family] for family in ("deep", "classical")}


def positions_of(models: Sequence[ModelScores], metric: Metric) -> dict[str, np.ndarray]:
    """Positions of each family's complete models with a score on every fold that has one; no references."""
    defined = defined_folds(models, metric)
    usable = [
        m.complete
        and not m.reference
        and len(defined) > 0
        and not np.isnan(m.folds[metric.name][defined]).any()
        for m in models
    ]
    return {
        family: np.array([i for i, m in enumerate(models) if usable[i] and m.family == family], dtype=int)
        for family in ("deep", "classical", "pretrained")
    }


def _champions(
    models: Sequence[ModelScores], families: dict[str, np.ndarray], metric: Metric
) -> dict[str, str | None]:
    """The best model of each family over all folds, for its name only: its score would flatter it."""
    return {
        f: models[_champion(models, rows, metric)].model if len(rows) else None
        for f, rows in families.items()
    }


def _matrix(models: Sequence[ModelScores], rows: np.ndarray, metric: Metric) -> np.ndarray:
    return metric.sign * np.stack([models[i].folds[metric.name] for i in rows])


def _champion(models: Sequence[ModelScores], rows: np.ndarray, metric: Metric) -> int:
    scores = _matrix(models, rows, metric)
    return int(rows[best(scores[:, ~np.isnan(scores).all(axis=0)])])


def champions_by_fold(
    models: Sequence[ModelScores], metric: Metric
) -> tuple[np.ndarray, dict[str, np.ndarray]] | None:
    """Places of the folds, and the score of each family's champion on them, in the metric's units.

    None where a family has no complete model, or fewer than two folds have a score.
    """
    defined, families = defined_folds(models, metric), families_of(models, metric)
    if len(defined) < 2 or any(not len(rows) for rows in families.values()):
        return None
    champions = {family: models[_champion(models, rows, metric)] for family, rows in families.items()}
    return defined, {family: model.folds[metric.name][defined] for family, model in champions.items()}


def _champion_of(name: str | None, metric: Metric, score: float, low: float, high: float) -> Champion:
    """From numbers that rank upwards back to the metric's units, within its bounds."""
    ends = sorted(float(np.clip(metric.sign * end, *metric.bounds)) for end in (low, high))
    return Champion(name or "", metric.sign * score, *ends)


def _outcome(p: Posterior, inference: Inference) -> str:
    if p.p_inside >= inference.level:
        return "equivalent"
    for name, chance in (("deep", p.p_above), ("classical", p.p_below)):
        if chance >= inference.better:
            return name
    return "undecided"


def _spoken(
    inference: Inference,
    margin: float,
    missing: tuple[str, ...],
    names: dict[str, str | None],
    contest: Contest,
    outcome: str,
    advice: Advice,
) -> Verdict:
    p = contest.gain
    return Verdict(
        outcome,
        names["deep"],
        names["classical"],
        p.mean,
        p.low,
        p.high,
        p.p_above,
        p.p_inside,
        p.p_below,
        margin,
        inference.level,
        missing,
        _sentence(outcome, inference.metric.label, margin, names, p),
        advice.text,
        {f: _champion_of(names[f], inference.metric, *scores) for f, scores in contest.scores.items()},
        inference=inference.name,
        uncertainty=contest.uncertainty,
        needed=advice.needed,
    )


def _sentence(outcome: str, label: str, margin: float, names: dict[str, str | None], p: Posterior) -> str:
    deep, classical = names["deep"], names["classical"]
    if outcome == "deep":
        return f"Deep learning is better: {deep} improves {label} by {abs(p.mean):.3g} over {classical}."
    if outcome == "classical":
        return f"Classical learning is better: {classical} improves {label} by {abs(p.mean):.3g} over {deep}."
    if outcome == "equivalent":
        words = f"{deep} and {classical} are practically equivalent"
        return f"{words}: they differ by less than {margin:.3g} in {label}."
    return f"The difference between {deep} and {classical} is too uncertain for a verdict."


def _no_contest(
    inference: Inference,
    margin: float,
    missing: tuple[str, ...],
    names: dict[str, str | None],
    found: NoContest,
) -> Verdict:
    none = (None,) * 6
    return Verdict(
        "undecided",
        names["deep"],
        names["classical"],
        *none,
        margin,
        inference.level,
        missing,
        found.sentence,
        found.advice,
        inference=inference.name,
    )


# a column alone; several columns together; the class in a text or code
LEAKS = ("DW008", "DW032", "DW033")
# From these scores on nothing is left to predict. Each sees a rare class.
PERFECT: dict[Task, tuple[str, float]] = {
    "binary": ("roc_auc", 0.9995),
    "multiclass": ("balanced_accuracy", 0.9995),
    "regression": ("r2", 0.9995),
}
MOST_SHOWN = 3


def suspicions(
    findings: Sequence[Finding], models: Sequence[ModelScores], task: Task, support: Support | None
) -> tuple[str, ...]:
    """Why the scores may be too good to be true, each reason in a few words; none in most runs."""
    leaks = [_in_words(finding) for finding in findings if finding.code in LEAKS]
    return (*leaks, *_perfect(models, task, support))


def _in_words(finding: Finding) -> str:
    names = ", ".join(map(repr, finding.columns))
    if finding.code == "DW032":
        return f"columns {names} together give the target"
    holds = "contains" if finding.code == "DW033" else "alone predicts"
    return f"column {names} {holds} the target"


def _perfect(models: Sequence[ModelScores], task: Task, support: Support | None) -> list[str]:
    if support is not None and (not support.enough or (task == "binary" and support.tested < FEWEST_ROWS)):
        return []  # a handful of rows can all be right by chance
    name, least = PERFECT[task]
    scores = {m.model: m.mean(name) for m in models if m.complete and not m.reference and name in m.folds}
    known = {model: score for model, score in scores.items() if score is not None and score >= least}
    if not known:
        return []
    best = max(known, key=lambda model: known[model])
    return [f"{best} has {METRICS[name].label} {known[best]:.3f} on rows that it was not trained on"]


def with_warning(verdict: Verdict, reasons: Sequence[str]) -> Verdict:
    """The verdict with its reasons for caution in front of all other words."""
    if not reasons:
        return verdict
    more = len(reasons) - MOST_SHOWN
    shown = [*reasons[:MOST_SHOWN], *([f"{more} more in the findings"] if more > 0 else [])]
    warning = f"The target may leak, then no verdict holds ({'; '.join(shown)})."
    return replace(verdict, warnings=tuple(reasons), sentence=f"{warning} {verdict.sentence}")


def pretraining_gain(
    inference: Inference, margin: float, support: Support | None = None
) -> PretrainingGain | None:
    """The gain with its interval, both sides corrected for model selection as in the verdict.

    None where one side has no complete model, or nothing can be said of the uncertainty.
    """
    models, metric = inference.models, inference.metric
    positions = positions_of(models, metric)
    own = positions["pretrained"]
    others = np.concatenate([positions["deep"], positions["classical"]])
    if not len(own) or not len(others) or (support is not None and not support.enough):
        return None
    found = inference.contest({"deep": own, "classical": others}, margin)
    if isinstance(found, NoContest):
        return None

    def best(rows: np.ndarray) -> str:
        return models[int(max(rows, key=lambda i: _mean(models[i].folds[metric.name], metric.sign)))].model

    p = found.gain
    return PretrainingGain(
        best(own), best(others), p.mean, p.low, p.high, p.p_above, p.p_inside, p.p_below, inference.level
    )


def _mean(scores: np.ndarray, sign: float) -> float:
    return float(np.nanmean(sign * scores))
