"""Models and families over many datasets: standings, and the Bayesian hierarchical test.

Standings are win rates, improvability and Elo, with a bootstrap of the datasets. The definitions are those of
TabArena (N. Erickson and others, TabArena: A living benchmark for machine learning on tabular data, 2025),
and the numbers equal those of its package bencheval: every dataset counts alike, a tie is half a win, and Elo
is the maximum of the likelihood of R. A. Bradley and M. E. Terry (Rank analysis of incomplete block designs,
Biometrika 39, 1952).

The model of the test is that of G. Corani, A. Benavoli, J. Demsar, F. Mangili and M. Zaffalon, Statistical
comparison of classifiers through Bayesian hierarchical modelling, Machine Learning 106, 2017: the differences
of the folds of dataset i are normal around its true difference delta_i, with a deviation of its own and the
correlation that shared training rows give them; the delta_i are Student t with mean delta0, scale std0 and nu
degrees of freedom. The priors are theirs: flat for delta0, std0 and each deviation, and nu - 1 gamma with a
shape from 1 to 2 and a rate from 0.01 to 0.1.

They sample with Stan. Here the deviations are integrated out by hand, which leaves the likelihood of delta_i
a Student t, and the rest is three-dimensional: a grid over delta0, std0 and nu needs no compiler and no seed,
and has no chains that might not have converged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import special, stats
from scipy.sparse.csgraph import connected_components

from ..results.suite import Hierarchical, Standing, Standings

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


_NODES = 40  # of the integral over the true difference of a dataset
_FREEDOMS = 12  # values of nu, equally probable a priori
_MEANS, _SCALES = 61, 51  # of the final grid; the search for its range takes half of each
_FINER = 8  # steps between two means of the grid when outcomes are counted
_SMALLEST, _LARGEST = 1e-4, 1e3  # std0 over the spread of the datasets' means; the largest is Corani's
_TAIL = 1e-4  # of the posterior that may be outside of the grid


@dataclass(frozen=True)
class Measured:
    """What the folds of a dataset say of its true difference: Student t with these parameters."""

    mean: float
    scale: float
    freedom: float


def measured(differences: Sequence[float] | Array, test_over_train: float, margin: float) -> Measured | None:
    """The likelihood of a dataset's true difference, its deviation integrated out.

    Folds that all show the same difference tell no spread; it is then taken to be as large as the difference,
    or for none at all that of a uniform one within the margin.

    Parameters
    ----------
    differences : array-like of shape (n_folds,)
        Of the scores of both models, over the folds of all repeats.
    test_over_train : float
        Test rows over training rows of a fold. The correlation of two folds is the share of the test rows.
    margin : float
        Half the width of the region of practical equivalence.

    Returns
    -------
    Measured or None
        None below two folds.
    """
    values = np.asarray(differences, dtype=np.float64)
    n, share = len(values), test_over_train / (1.0 + test_over_train)
    if n < 2:
        return None
    mean = float(values.mean())
    spread = float(np.sum((values - mean) ** 2))
    if spread <= 1e-20 * (1.0 + mean**2) * n:
        spread = (n - 1) * (mean**2 or margin**2 / 3 or 1e-12)
    # a flat prior of the deviation takes one degree more than one of its logarithm; two folds have none left
    freedom = n - 2 if n > 2 else 1
    scale = np.sqrt(spread / (1 - share) * (1 + (n - 1) * share) / (n * freedom))
    return Measured(mean, float(scale), float(freedom))


def hierarchical(
    first: str, second: str, datasets: Sequence[Measured], margin: float, level: float, unit: str
) -> Hierarchical | None:
    """The test of two models, or families, from what each dataset says; None below two datasets.

    Parameters
    ----------
    first, second : str
        Their names; differences are positive where the first is better.
    datasets : sequence of Measured
    margin : float
        In the unit of the differences.
    level : float
        Of the interval of the mean difference, and of the decision.
    unit : str
        Of the differences: "margin", or the name of a metric.

    Returns
    -------
    Hierarchical or None

    Examples
    --------
    >>> from deepworth.zoo.judging.suite_statistics import Measured, hierarchical
    >>> seen = [Measured(mean, scale=0.5, freedom=8) for mean in (2.0, 3.1, 2.4, 2.9, 3.3)]
    >>> found = hierarchical("a", "b", seen, margin=1.0, level=0.95, unit="margin")
    >>> found.outcome, round(found.p_first, 2)
    ('first', 1.0)
    """
    if len(datasets) < 2:
        return None
    means, scales, weights = _between(*_posterior(datasets))
    below, inside, above = _regions(means, scales, margin)
    winner = np.argmax([below, inside, above], axis=0)
    shares = [float(weights[winner == place].sum()) for place in range(3)]
    p_second, p_equivalent, p_first = shares
    low, high = _quantiles(means, weights.sum(axis=(1, 2)), [0.5 - level / 2, 0.5 + level / 2])
    outcome = "undecided"
    for name, share in (("first", p_first), ("equivalent", p_equivalent), ("second", p_second)):
        outcome = name if share >= level else outcome
    return Hierarchical(
        first=first,
        second=second,
        datasets=len(datasets),
        unit=unit,
        margin=margin,
        mean=float(np.sum(weights.sum(axis=(1, 2)) * means)),
        low=low,
        high=high,
        p_first=p_first,
        p_equivalent=p_equivalent,
        p_second=p_second,
        next_first=float(np.sum(weights * above)),
        next_equivalent=float(np.sum(weights * inside)),
        next_second=float(np.sum(weights * below)),
        outcome=outcome,
    )


def _posterior(datasets: Sequence[Measured]) -> tuple[Array, Array, Array]:
    """Grid of delta0 and std0, and the posterior weight of each (delta0, std0, nu); nu as `_freedoms` has it.

    The grid narrows until it holds the posterior with points to spare: its width is not known beforehand.
    """
    centres = np.array([d.mean for d in datasets])
    reach = np.array([d.scale for d in datasets])
    spread = float(np.std(centres)) or float(reach.mean())
    widest = float(np.max(np.abs(centres) + 3 * reach))
    few, fewer = _MEANS // 2, _SCALES // 2
    means = np.linspace(-widest, widest, few)
    scales = spread * np.geomspace(_SMALLEST, _LARGEST, fewer)
    for _ in range(6):
        weights = _weights(datasets, means, scales)
        of_means, of_scales = weights.sum(axis=(1, 2)), weights.sum(axis=(0, 2))
        first, last = _support(of_means)
        bottom, top = _support(of_scales)
        wide = min((last - first) / few, (top - bottom) / fewer) > 0.6
        means = np.linspace(means[first], means[last], few)
        scales = np.geomspace(scales[bottom], scales[top], fewer)
        if wide:
            break
    means = np.linspace(means[0], means[-1], _MEANS)
    scales = np.geomspace(scales[0], scales[-1], _SCALES)
    return means, scales, _weights(datasets, means, scales)


def _between(means: Array, scales: Array, weights: Array) -> tuple[Array, Array, Array]:
    """The posterior at more means: which outcome is most probable changes within a step of the grid."""
    places = (np.arange((len(means) - 1) * _FINER) + 0.5) / _FINER
    left = places.astype(int)
    share = (places - left)[:, None, None]
    finer = (1 - share) * weights[left] + share * weights[left + 1]
    return np.interp(places, np.arange(len(means)), means), scales, finer / finer.sum()


def _support(weights: Array) -> tuple[int, int]:
    """First and last point of all but the tails, with one more on either side."""
    total = np.cumsum(weights)
    first = int(np.searchsorted(total, _TAIL))
    last = int(np.searchsorted(total, 1 - _TAIL))
    return max(0, first - 1), min(len(weights) - 1, last + 1)


def _weights(datasets: Sequence[Measured], means: Array, scales: Array) -> Array:
    """The posterior on a grid, (n_means, n_scales, n_freedoms), of sum one."""
    log = np.zeros((len(means), len(scales), _FREEDOMS))
    for own in datasets:
        log += np.log(np.maximum(_likelihood_of_dataset(own, means, scales), 1e-300))
    log += np.log(scales)[None, :, None]  # a grid even in the logarithm, and a prior flat in the scale
    weights = np.exp(log - log.max())
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _likelihood_of_dataset(own: Measured, means: Array, scales: Array) -> Array:
    """The density of a dataset's mean, its true difference integrated out: (n_means, n_scales, n_freedoms).

    Nodes are quantiles of the narrower distribution, on which the density of the wider one is smooth.
    """
    shares, weights = _nodes()
    found = np.empty((len(means), len(scales), _FREEDOMS))
    narrow = scales < own.scale
    steps = special.stdtrit(_freedoms()[:, None], shares[None, :])  # (n_freedoms, n_nodes)
    gap = own.mean - means[:, None, None, None] - scales[narrow][None, :, None, None] * steps
    found[:, narrow] = _density(gap / own.scale, own.freedom) @ weights / own.scale
    nodes = own.mean + own.scale * special.stdtrit(own.freedom, shares)
    wide = scales[~narrow][None, :, None, None]
    gap = (nodes[None, None, None, :] - means[:, None, None, None]) / wide
    found[:, ~narrow] = (_density(gap, _freedoms()[None, None, :, None]) / wide) @ weights
    return found


def _density(z: Array, freedom: float | Array) -> Array:
    """Student's t, standardised."""
    log = special.gammaln((freedom + 1) / 2) - special.gammaln(freedom / 2) - 0.5 * np.log(freedom * np.pi)
    return np.asarray(np.exp(log - (freedom + 1) / 2 * np.log1p(z**2 / freedom)), dtype=np.float64)


@cache
def _nodes() -> tuple[Array, Array]:
    """Nodes and weights of Gauss and Legendre on (0, 1)."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return (nodes + 1) / 2, weights / 2


@cache
def _freedoms() -> Array:
    """Values of nu that are equally probable a priori: midpoints in the distribution function."""
    shapes, rates = np.meshgrid(np.linspace(1, 2, 21), np.linspace(0.01, 0.1, 19))
    grid = np.geomspace(1e-3, 3e3, 2000)
    below = stats.gamma.cdf(grid[:, None], shapes.ravel(), scale=1 / rates.ravel()).mean(axis=1)
    middles = (np.arange(_FREEDOMS) + 0.5) / _FREEDOMS
    return np.asarray(1.0 + np.interp(middles, below, grid), dtype=np.float64)


def _regions(means: Array, scales: Array, margin: float) -> tuple[Array, Array, Array]:
    """Probability that another dataset's difference is below, within or above the margin, on the grid."""
    nu, scale, centre = _freedoms()[None, None, :], scales[None, :, None], means[:, None, None]
    below = special.stdtr(nu, (-margin - centre) / scale)
    above = special.stdtr(nu, (centre - margin) / scale)
    return below, np.maximum(0.0, 1 - below - above), above


def _quantiles(values: Array, weights: Array, shares: Sequence[float]) -> tuple[float, ...]:
    """Quantiles of weighted points, straight lines between the middles of their weights."""
    middles = np.cumsum(weights) - weights / 2
    return tuple(float(np.interp(share, middles, values)) for share in shares)
