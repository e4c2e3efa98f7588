"""The verdict: is deep learning better here, worse, the same, or can nobody tell?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..metrics import Metric
from ..results.answer import Champion, Posterior, Verdict
from .intervals import (
    ROUNDING,
    agreeing_rows_needed,
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
from .scores import ModelScores, Resampled
from .support import FEWEST_ROWS, Support, expansion


@dataclass(frozen=True)
class _Setting:
    metric: Metric
    margin: float
    level: float
    missing: tuple[str, ...]
    support: Support | None = None


def decide(
    models: Sequence[ModelScores],
    metric: Metric,
    *,
    margin: float,
    level: float,
    test_over_train: float,
    missing: tuple[str, ...],
    resampled: Resampled | None = None,
    support: Support | None = None,
) -> Verdict:
    """Compare the champions of the two families. A reference, such as a constant, is never a champion.

    Parameters
    ----------
    models : scores of every model
    margin : half the width of practical equivalence, in units of the metric
    level : the probability that a verdict needs
    resampled : bootstrap scores in the order of ``models`` where there is one official test part
    support : the rows that decide between classifiers; with too few of them there is no verdict
    """
    setting = _Setting(metric, margin, level, missing, support)
    defined = _defined_folds(models, metric)
    families = {f: _family(models, metric, f, defined) for f in ("deep", "classical")}
    lacking = [f for f, rows in families.items() if not len(rows)]
    if lacking:
        sentence = _nobody(models, lacking[0])
        advice = f"add {lacking[0]} models to the comparison, or fix those that failed"
        return _no_contest(setting, _champions(models, families, metric), sentence, advice)
    names = _champions(models, families, metric)
    if support is not None and not support.enough:
        return _no_contest(setting, names, *_too_few(support, metric))
    if resampled is not None:
        return _on_test_part(models, families, resampled, setting, names)
    fair, repeats = _fair_scores(models, families, metric, defined)
    differences = fair["deep"] - fair["classical"]
    if len(differences) < 2:
        sentence = f"Only one fold has a value of {metric.label}, which says nothing about its uncertainty."
        return _no_contest(setting, names, sentence, "use another metric, or fewer and larger folds")
    width = metric.bounds[1] - metric.bounds[0]
    size = size_of_scores(width, margin)
    if all_equal(differences, size) and abs(differences[0]) > ROUNDING * size:
        n_folds = len(differences)
        sentence = f"All {n_folds} folds show the same difference, which says nothing about its uncertainty."
        return _no_contest(setting, names, sentence, "use fewer folds, or more rows")
    rows, wider = models[0].rows_tested, expansion(support)
    posterior = correlated_t(differences, test_over_train, margin, level, rows, width, wider)
    n_repeats = len(np.unique(repeats))
    champions = {
        f: _champion_of(names[f], metric, float(np.mean(v)), *corrected_interval(v, test_over_train, level))
        for f, v in fair.items()
    }
    spoken = _spoken(
        setting, names, posterior, lambda: _advice(differences, test_over_train, setting, n_repeats)
    )
    return replace(spoken, champions=champions)


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


def _defined_folds(models: Sequence[ModelScores], metric: Metric) -> np.ndarray:
    """Folds where the metric has a value for some model: with one class only, say, it has none."""
    return np.flatnonzero(~np.isnan([m.folds[metric.name] for m in models]).all(axis=0))


def _family(models: Sequence[ModelScores], metric: Metric, family: str, defined: np.ndarray) -> np.ndarray:
    """Positions of the family's complete models with a score on every fold that has one; no references."""
    own = [
        i
        for i, m in enumerate(models)
        if m.family == family
        and not m.reference
        and m.complete
        and len(defined)
        and not np.isnan(m.folds[metric.name][defined]).any()
    ]
    return np.array(own, dtype=int)


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


def _fair_scores(
    models: Sequence[ModelScores], families: dict[str, np.ndarray], metric: Metric, defined: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """For each family its left-out champion on every defined fold, higher is better; the repeat of each."""
    repeats = models[0].repeats[defined]
    fair = {
        f: left_out_champion(_matrix(models, families[f], metric)[:, defined], repeats)
        for f in ("deep", "classical")
    }
    return fair, repeats


def fair_by_fold(
    models: Sequence[ModelScores], metric: Metric
) -> tuple[np.ndarray, dict[str, np.ndarray]] | None:
    """What the gain is made of: places of the folds, and each family's score on them, in the metric's units.

    None where a family has no complete model, or there is one official test part.
    """
    defined = _defined_folds(models, metric)
    families = {f: _family(models, metric, f, defined) for f in ("deep", "classical")}
    if len(defined) < 2 or any(not len(rows) for rows in families.values()):
        return None
    fair, _ = _fair_scores(models, families, metric, defined)
    return defined, {f: metric.sign * scores for f, scores in fair.items()}


def _champion_of(name: str | None, metric: Metric, score: float, low: float, high: float) -> Champion:
    """From numbers that rank upwards back to the metric's units, within its bounds."""
    ends = sorted(float(np.clip(metric.sign * end, *metric.bounds)) for end in (low, high))
    return Champion(name or "", metric.sign * score, *ends)


def _on_test_part(
    models: Sequence[ModelScores],
    families: dict[str, np.ndarray],
    resampled: Resampled,
    setting: _Setting,
    names: dict[str, str | None],
) -> Verdict:
    """Centres from the out-of-bag champions (no luck), spread of the gain from the best of each sample."""
    metric, level = setting.metric, setting.level
    inside, outside = metric.sign * resampled.in_bag, metric.sign * resampled.out_of_bag
    fair = {f: out_of_bag_champion(inside[families[f]], outside[families[f]]) for f in families}
    chosen = {f: inside[_champion(models, families[f], metric)] for f in families}
    known = ~np.isnan(fair["deep"] - fair["classical"])
    if not known.any():  # one case of a class, say, is in every bag and never outside
        sentence = f"The test set is too small to say how uncertain a difference in {metric.label} is."
        return _no_contest(setting, names, sentence, "use a larger test set")
    centres = {f: float(np.mean(v[known])) for f, v in fair.items()}
    tails = [0.5 - level / 2, 0.5 + level / 2]
    wider = expansion(setting.support)
    champions = {}
    for f, samples in chosen.items():
        ends = wider * (np.nanquantile(samples, tails) - np.nanmean(samples)) + centres[f]
        champions[f] = _champion_of(names[f], metric, centres[f], *ends)
    # each sample chooses again: the champions themselves may be close where the choice is not
    spread = _best_in_bag(inside, families["deep"]) - _best_in_bag(inside, families["classical"])
    gain = wider * (spread - np.nanmean(spread)) + centres["deep"] - centres["classical"]
    posterior = of_samples(gain[~np.isnan(gain)], setting.margin, level)
    spoken = _spoken(setting, names, posterior, lambda: "use a larger test set")
    return replace(spoken, champions=champions)


def _best_in_bag(inside: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The score of a family's best model in each bootstrap sample; NaN where a model has none."""
    best_scores: np.ndarray = inside[rows].max(axis=0)
    return best_scores


def _outcome(p: Posterior, level: float) -> str:
    chances = {"deep": p.p_above, "equivalent": p.p_inside, "classical": p.p_below}
    name = max(chances, key=lambda key: chances[key])
    return name if chances[name] >= level else "undecided"


def _spoken(
    setting: _Setting, names: dict[str, str | None], p: Posterior, advice: Callable[[], str]
) -> Verdict:
    outcome = _outcome(p, setting.level)
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
        setting.margin,
        setting.level,
        setting.missing,
        _sentence(outcome, setting, names, p),
        advice() if outcome == "undecided" else "",
    )


def _sentence(outcome: str, setting: _Setting, names: dict[str, str | None], p: Posterior) -> str:
    deep, classical, label = names["deep"], names["classical"], setting.metric.label
    if outcome == "deep":
        return f"Deep learning is better: {deep} improves {label} by {abs(p.mean):.3g} over {classical}."
    if outcome == "classical":
        return f"Classical learning is better: {classical} improves {label} by {abs(p.mean):.3g} over {deep}."
    if outcome == "equivalent":
        words = f"{deep} and {classical} are practically equivalent"
        return f"{words}: they differ by less than {setting.margin:.3g} in {label}."
    return f"The difference between {deep} and {classical} is too uncertain for a verdict."


def _advice(differences: np.ndarray, test_over_train: float, setting: _Setting, repeats: int) -> str:
    """What would probably settle an undecided verdict."""
    width = setting.metric.bounds[1] - setting.metric.bounds[0]
    if all_equal(differences, size_of_scores(width, setting.margin)):
        rows = agreeing_rows_needed(width, setting.margin, setting.level)
        if rows is None:
            return "set a margin above zero, since no number of rows shows that two models are exactly equal"
        return f"{rows} rows on which both models score the same, as they do here, would make them equivalent"
    folds = folds_needed(differences, test_over_train, setting.margin, setting.level)
    if folds is not None:
        needed = -(-folds * repeats // len(differences))
        return f"about {needed} repeats (now {repeats}) would settle it if the scores stay as they are"
    factor = rows_factor_needed(differences, test_over_train, setting.margin, setting.level)
    if factor is not None:
        return f"about {factor} times as many rows would settle it, more repeats would not"
    return "the difference is close to the margin, so that neither more repeats nor more rows settle it soon"


def _no_contest(setting: _Setting, names: dict[str, str | None], sentence: str, advice: str) -> Verdict:
    none = (None,) * 6
    return Verdict(
        "undecided",
        names["deep"],
        names["classical"],
        *none,
        setting.margin,
        setting.level,
        setting.missing,
        sentence,
        advice,
    )
