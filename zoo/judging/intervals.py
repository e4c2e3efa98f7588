"""Intervals and probabilities for scores that come from overlapping training sets.

The folds of a cross-validation share training rows, so their scores are correlated. Nadeau and Bengio
(2003) correct the variance of a mean over J folds to (1/J + n_test/n_train) s^2; Corani and Benavoli
(2015) show that, with that scale, the posterior of the mean difference is Student t with J - 1 degrees
of freedom.

The score of the best model of a family is corrected for model selection.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from ...datasets import InputError
from ..results.answer import Posterior

ROUNDING = 1e-12  # of scores, as a share of their size
_MARGINS = 100  # the default margin of an error is a hundredth of the target's standard deviation


def check_level(level: float) -> None:
    """Refuse what is no level of a verdict: below a half, two opposite answers could both hold."""
    if not 0.5 <= level < 1:
        raise InputError(f"confidence level must be from 0.5 to below 1, got {level}")


def corrected_variance(values: np.ndarray, test_over_train: float) -> float:
    """Variance of the mean of J fold values (Nadeau and Bengio 2003, equation 9)."""
    return (1.0 / len(values) + test_over_train) * float(np.var(values, ddof=1))


def difference_variance(differences: np.ndarray, test_over_train: float, size: float = 1.0) -> float:
    """The same of paired differences, which on small folds may all be equal by chance.

    A fold of two rows has few scores to choose from: ten rows of noise can give the same difference five
    times. Then the folds tell no spread, and it is taken to be as large as the difference itself; none is
    left only where there is no difference at all. ``size`` is that of the scores.
    """
    if all_equal(differences, size):
        return (1.0 / len(differences) + test_over_train) * float(np.mean(differences)) ** 2
    return corrected_variance(differences, test_over_train)


def all_equal(differences: np.ndarray, size: float = 1.0) -> bool:
    """Whether they differ by no more than the rounding of scores of this size."""
    return bool(np.ptp(differences) <= ROUNDING * (size + np.abs(differences).max()))


def size_of_scores(width: float, margin: float) -> float:
    """The range of a metric or, without one, a hundred margins: errors have the unit of the target."""
    return width if np.isfinite(width) else _MARGINS * margin


def corrected_interval(values: np.ndarray, test_over_train: float, level: float) -> tuple[float, float]:
    """Interval of the mean of J >= 2 fold values, Student t with J - 1 degrees of freedom."""
    half = special.stdtrit(len(values) - 1, 0.5 + level / 2) * np.sqrt(
        corrected_variance(values, test_over_train)
    )
    return float(np.mean(values) - half), float(np.mean(values) + half)


def correlated_t(
    differences: np.ndarray,
    test_over_train: float,
    margin: float,
    level: float,
    rows: int | None = None,
    width: float = np.inf,
    expansion: float = 1.0,
) -> Posterior:
    """Posterior of the mean difference with a region of practical equivalence [-margin, margin].

    Parameters
    ----------
    differences : ndarray of shape (J,), J >= 2
        Paired score differences over the folds of all repeats.
    test_over_train : float
        n_test / n_train of one fold.
    margin : float
    level : float
        Of the credible interval.
    rows : int, optional
        That all folds of a repeat test together: says how much it means if no fold shows any difference.
    width : float
        Of the metric's range; infinite where scores that agree leave no uncertainty, since all answers must.
    expansion : float
        Factor of the standard error: folds that share a few rows of a class know less than they show.
    """
    mean = float(np.mean(differences))
    size = size_of_scores(width, margin)
    scale = expansion * np.sqrt(difference_variance(differences, test_over_train, size))
    if scale == 0.0:
        return _agreement(rows, width, margin, level)
    return student(mean, float(scale), len(differences) - 1, margin, level)


def student(
    mean: float,
    error: float,
    freedom: float,
    margin: float,
    level: float,
    rows: int | None = None,
    width: float = np.inf,
) -> Posterior:
    """Posterior of a mean difference: Student t, or, with neither difference nor error, that of agreement.

    Parameters
    ----------
    mean, error, freedom : float
        Location, scale and degrees of freedom.
    margin, level : float
    rows, width : int, float
        Of :func:`correlated_t`.
    """
    if error == 0.0:
        return _agreement(rows, width, margin, level)
    # special functions: a frozen distribution takes ten times as long to be made as to answer
    p_below, p_above = (float(special.stdtr(freedom, z / error)) for z in (-margin - mean, mean - margin))
    half = float(special.stdtrit(freedom, 0.5 + level / 2) * error)
    return Posterior(mean, mean - half, mean + half, p_below, max(0.0, 1 - p_below - p_above), p_above)


def _agreement(rows: int | None, width: float, margin: float, level: float) -> Posterior:
    """What it says that two models were never told apart on so many rows.

    The share of rows on which they differ has the posterior Beta(1, rows + 1) (the rule of succession, from
    a uniform prior), and the difference of their scores is no larger than that share of the metric's range.
    """
    if rows is None or not np.isfinite(width):
        return Posterior(0.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    uncertainty = (1.0 - min(1.0, margin / width)) ** (rows + 1)
    most = nothing_apart(width, rows, level)
    return Posterior(0.0, -most, most, uncertainty / 2, 1.0 - uncertainty, uncertainty / 2)


def nothing_apart(width: float, rows: int, level: float) -> float:
    """How far apart scores may be that agree on so many rows: the quantile of the rule of succession."""
    return float(width * (1.0 - (1.0 - level) ** (1.0 / (rows + 1))))


def agreeing_rows_needed(width: float, margin: float, level: float) -> int | None:
    """How many rows two models must answer alike for :func:`correlated_t` to call them equivalent."""
    if not 0 < margin < width < np.inf:
        return None
    return int(np.ceil(np.log(1.0 - level) / np.log(1.0 - margin / width))) - 1


def of_samples(samples: np.ndarray, margin: float, level: float) -> Posterior:
    """The same reading of bootstrap samples of a difference."""
    low, high = np.quantile(samples, [0.5 - level / 2, 0.5 + level / 2])
    p_below, p_above = float(np.mean(samples < -margin)), float(np.mean(samples > margin))
    return Posterior(
        float(np.mean(samples)), float(low), float(high), p_below, 1 - p_below - p_above, p_above
    )


def folds_needed(
    differences: np.ndarray, test_over_train: float, margin: float, level: float, most: int = 1000
) -> int | None:
    """The fewest folds that would decide if mean and spread stay as they are; None if none would."""
    mean, spread = float(np.mean(differences)), float(np.std(differences, ddof=1))

    def decided(n: int) -> bool:
        scale = np.sqrt((1.0 / n + test_over_train) * spread**2)
        p_below, p_above = special.stdtr(n - 1, np.array([-margin - mean, mean - margin]) / scale)
        return bool(max(p_below, p_above, 1 - p_below - p_above) >= level)

    return _first(decided, len(differences), most)


def rows_factor_needed(
    differences: np.ndarray, test_over_train: float, margin: float, level: float, most: int = 1024
) -> int | None:
    """By how much the rows must grow (in doublings) if the spread of a fold shrinks with their root."""
    for factor in (1 << k for k in range(1, most.bit_length())):
        shrunk = np.mean(differences) + (differences - np.mean(differences)) / np.sqrt(factor)
        p = correlated_t(shrunk, test_over_train, margin, level)
        if max(p.p_below, p.p_inside, p.p_above) >= level:
            return factor
    return None


def _first(holds: Callable[[int], bool], low: int, high: int) -> int | None:
    """The smallest n in (low, high] for which a condition that stays true holds; bisection."""
    if not holds(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def left_out_champion(scores: np.ndarray, repeats: np.ndarray | None = None) -> np.ndarray:
    """For each fold the score of the model that is best on the other folds of the same repeat.

    Choosing and scoring never use the same rows, so a lucky fold cannot choose itself (the
    leave-one-fold-out form of nested selection; compare Tibshirani and Tibshirani 2009). The other
    repeats test the same rows once more, so they have no say.

    Parameters
    ----------
    scores : ndarray of shape (n_models, J), higher is better, NaN where a model has no score
    repeats : ndarray of shape (J,), optional
        The repeat of each fold; all folds are of one repeat by default.

    Returns
    -------
    ndarray of shape (J,)
    """
    left_out: np.ndarray = scores[left_out_choices(scores, repeats), np.arange(scores.shape[1])]
    return left_out


def left_out_choices(scores: np.ndarray, repeats: np.ndarray | None = None) -> np.ndarray:
    """The models that :func:`left_out_champion` scores: their positions, int (J,)."""
    n_folds = scores.shape[1]
    repeats = np.zeros(n_folds, dtype=int) if repeats is None else repeats
    return np.array([best(scores[:, _others(fold, repeats)]) for fold in range(n_folds)], dtype=int)


def _others(fold: int, repeats: np.ndarray) -> np.ndarray:
    """The other folds of the repeat; all others, or the fold itself, where there are none."""
    other: np.ndarray = np.arange(len(repeats)) != fold
    for rows in (other & (repeats == repeats[fold]), other):
        if rows.any():
            return rows
    return ~other


def best(scores: np.ndarray) -> int:
    """The model with the highest mean score over folds; one with a missing fold comes last."""
    means = scores.mean(axis=1)
    return int(np.argmax(np.where(np.isnan(means), -np.inf, means)))


def out_of_bag_champion(in_bag: np.ndarray, out_of_bag: np.ndarray) -> np.ndarray:
    """Bootstrap bias correction (Tsamardinos, Greasidou and Borboudakis 2018).

    In each bootstrap sample the best model in the bag is scored on the rows outside it.

    Parameters
    ----------
    in_bag, out_of_bag : ndarray of shape (n_models, n_samples), higher is better

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    ranked = np.where(np.isnan(in_bag), -np.inf, in_bag)
    champions: np.ndarray = out_of_bag[ranked.argmax(axis=0), np.arange(in_bag.shape[1])]
    return champions
