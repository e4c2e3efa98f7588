"""Win rates, improvability and Elo of models over datasets, with a bootstrap of the datasets.

The definitions are those of TabArena (N. Erickson and others, TabArena: A living benchmark for machine
learning on tabular data, 2025), and the numbers equal those of its package bencheval: every dataset counts
alike, a tie is half a win, and Elo is the maximum of the likelihood of R. A. Bradley and M. E. Terry (Rank
analysis of incomplete block designs, Biometrika 39, 1952).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy import stats
from scipy.sparse.csgraph import connected_components

from ..results.suite import Standing, Standings

Array = npt.NDArray[np.float64]

SAMPLES = 1000  # of the datasets; more change the third digit of an interval
_ELO = 400 / np.log(10)  # of one unit of log strength
_MIDDLE = 1000.0
# bencheval's penalty on squared log strengths. It moves no rating that the wins determine, and is what makes
# the others finite.
_PENALTY = 0.5 / (1e6 * np.log(10) ** 2)
_STEPS = 100


def standings(
    models: Sequence[str],
    families: Mapping[str, str],
    errors: Array,
    level: float,
    *,
    samples: int = SAMPLES,
    seed: int = 0,
) -> Standings:
    """How models stand over datasets, best mean rank first.

    Parameters
    ----------
    models : sequence of str
        Their names.
    families : mapping of str
        Family by model.
    errors : ndarray of shape (n_datasets, n_models)
        How far scores are from that of a perfect prediction, at least 0, none missing.
    level : float
        Of the bootstrap's percentile intervals.
    samples : int, default=1000
        Bootstrap samples of the datasets.
    seed : int, default=0
        Of the bootstrap.

    Returns
    -------
    Standings
    """
    ranks = stats.rankdata(errors, axis=1)
    rates = _win_rates(ranks)
    gaps = improvability(errors)
    drawn = _draws(len(errors), samples, seed)
    wins = rates * (len(models) - 1)
    found = {
        "rank": (ranks.mean(axis=0), drawn @ ranks / len(errors)),
        "win_rate": (rates.mean(axis=0), drawn @ rates / len(errors)),
        "improvability": (gaps.mean(axis=0), drawn @ gaps / len(errors)),
        "elo": (elo(wins.sum(axis=0)[None], len(errors))[0], elo(drawn @ wins, len(errors))),
    }
    rows = [
        Standing(name, families[name], **_with_intervals(found, place, level))
        for place, name in enumerate(models)
    ]
    bounded = _one_component(errors)
    return Standings(
        tuple(sorted(rows, key=lambda row: (row.rank, row.improvability))), samples, level, bounded
    )


def _with_intervals(found: Mapping[str, tuple[Array, Array]], place: int, level: float) -> dict[str, float]:
    """Each figure of a model with the ends of its interval, by the names that :class:`Standing` has."""
    figures: dict[str, float] = {}
    for name, (values, resampled) in found.items():
        low, high = np.quantile(resampled[:, place], [0.5 - level / 2, 0.5 + level / 2])
        figures |= {name: float(values[place]), f"{name}_low": float(low), f"{name}_high": float(high)}
    return figures


def _win_rates(ranks: Array) -> Array:
    """Share of the others that each model beats on each dataset, a tie half: (n_datasets, n_models)."""
    others = ranks.shape[1] - 1
    return np.asarray((others + 1 - ranks) / others, dtype=np.float64)


def improvability(errors: Array) -> Array:
    """1 - smallest error / own error on each dataset; 0 for an error of 0: (n_datasets, n_models)."""
    best = errors.min(axis=1, keepdims=True)
    return np.asarray(
        1.0 - np.divide(best, errors, out=np.ones_like(errors), where=errors > 0), dtype=np.float64
    )


def _draws(datasets: int, samples: int, seed: int) -> Array:
    """How often each sample holds each dataset: (n_samples, n_datasets)."""
    rng = np.random.default_rng(seed)
    chosen = [rng.choice(datasets, size=datasets, replace=True) for _ in range(samples)]
    return np.array([np.bincount(own, minlength=datasets) for own in chosen], dtype=np.float64)


def elo(wins: Array, datasets: int) -> Array:
    """Ratings of the largest likelihood, the mean of all models at 1000.

    Where every pair meets on every dataset, wins against all others together are all that the likelihood
    needs. Newton's steps, halved where they go too far, for all samples at once.

    Parameters
    ----------
    wins : ndarray of shape (n_samples, n_models)
        Over all datasets and opponents, ties half.
    datasets : int

    Returns
    -------
    ndarray of shape (n_samples, n_models)
    """
    strengths = np.zeros_like(wins)
    active = np.arange(len(wins))
    for _ in range(_STEPS):
        own, target = strengths[active], wins[active]
        gradient, step = _newton(own, target, datasets)
        value = _likelihood(own, target, datasets)
        size = np.ones(len(active))
        for _ in range(30):  # halve until no sample falls
            worse = _likelihood(own + size[:, None] * step, target, datasets) < value - 1e-12 * np.abs(value)
            if not worse.any():
                break
            size[worse] /= 2
        strengths[active] = own + size[:, None] * step
        active = active[np.abs(gradient).max(axis=1) > 1e-9]
        if not len(active):
            break
    return np.asarray(_MIDDLE + _ELO * (strengths - strengths.mean(axis=1, keepdims=True)), dtype=np.float64)


def _likelihood(strengths: Array, wins: Array, datasets: int) -> Array:
    """The penalised log likelihood of each sample, (n_samples,)."""
    upper = np.triu_indices(strengths.shape[1], 1)
    together = np.logaddexp(strengths[:, upper[0]], strengths[:, upper[1]]).sum(axis=1)
    penalty = _PENALTY * (strengths**2).sum(axis=1)
    return np.asarray((wins * strengths).sum(axis=1) - datasets * together - penalty, dtype=np.float64)


def _newton(strengths: Array, wins: Array, datasets: int) -> tuple[Array, Array]:
    """Gradient and Newton's step of each sample, (n_samples, n_models) both."""
    models = strengths.shape[1]
    gaps = strengths[:, :, None] - strengths[:, None, :]
    shares = 0.5 * (1.0 + np.tanh(0.5 * gaps))
    shares[:, range(models), range(models)] = 0.0
    gradient = wins - datasets * shares.sum(axis=2) - 2 * _PENALTY * strengths
    curvature = datasets * shares * shares.transpose(0, 2, 1)
    hessian = -curvature
    hessian[:, range(models), range(models)] = curvature.sum(axis=2) + 2 * _PENALTY
    return gradient, np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]


def _one_component(errors: Array) -> bool:
    """Whether wins or ties lead from every model to every other, if by others: then ratings have a limit."""
    beats = (errors[:, :, None] <= errors[:, None, :]).any(axis=0)
    return bool(connected_components(beats, directed=True, connection="strong")[0] == 1)
