"""Calibrators: maps from a model's probabilities to better ones, and the choice among them.

All of them work on log-odds, which are exact for small probabilities even in the single precision of a saved
network. Of more than two classes, Platt's and isotonic curves are fitted one against the rest and normalised
to the sum of one; temperature and matrix need no such step.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from ...datasets import InputError

LEAST = 1e-15  # smaller probabilities count as this one
FEWEST_ROWS = 20  # with fewer, not even a temperature can be estimated
_LOG_TEMPERATURES = (-4.0, 4.0)  # temperatures from 0.02 to 55
_STEEPEST = 1e4  # slope of Platt's curve; log-odds that separate the classes would let it grow without end
# Knots of an isotonic curve nearer than this in log-odds are merged: an exported network computes its
# log-odds to about 1e-5 only, and the curve between two such knots would magnify that.
_KNOT_DISTANCE = 0.05
_END_SLOPE = 0.05  # share of the outermost level by which its curve goes on


class Calibrator(ABC):
    """A map of probabilities (n_samples, n_classes), learned from rows that the model did not train on.

    Attributes
    ----------
    method : str
        Its name in options and files: "none", "temperature", "platt", "matrix" or "isotonic".
    fewest_classes : int
        With fewer classes "auto" does not try it.
    """

    method: ClassVar[str]
    fewest_classes: ClassVar[int] = 2

    @classmethod
    @abstractmethod
    def fit(cls, probabilities: np.ndarray, codes: np.ndarray) -> Self:
        """Learn from probabilities (n_samples, n_classes) and the true classes' codes (n_samples,)."""

    @abstractmethod
    def transform(self, probabilities: np.ndarray) -> np.ndarray:
        """Calibrated probabilities (n_samples, n_classes) that sum to one."""

    @abstractmethod
    def fault(self, n_classes: int) -> str | None:
        """Why these numbers are no calibrator of ``n_classes`` classes, or None."""

    def to_dict(self) -> dict[str, Any]:
        """The method's name and its numbers, as JSON has them."""
        values = asdict(self)  # type: ignore[call-overload]
        return {"method": self.method, **{name: _lists(value) for name, value in values.items()}}


@dataclass(frozen=True)
class Unchanged(Calibrator):
    """The probabilities as the model gave them."""

    method = "none"

    @classmethod
    def fit(cls, probabilities: np.ndarray, codes: np.ndarray) -> Self:
        return cls()

    def transform(self, probabilities: np.ndarray) -> np.ndarray:
        return np.asarray(probabilities, dtype=np.float64)

    def fault(self, n_classes: int) -> str | None:
        return None


@dataclass(frozen=True)
class Temperature(Calibrator):
    """Logits divided by one number, which keeps the order of classes (Guo et al. 2017)."""

    temperature: float
    method = "temperature"

    @classmethod
    def fit(cls, probabilities: np.ndarray, codes: np.ndarray) -> Self:
        from scipy.optimize import minimize_scalar

        logs, rows = np.log(np.maximum(probabilities, LEAST)), np.arange(len(codes))

        def loss(log_temperature: float) -> float:
            scaled = logs * np.exp(-log_temperature)
            return float(np.mean(_log_sum_exp(scaled) - scaled[rows, codes]))

        # The loss is convex in 1 / T, so it has one minimum in log T too.
        best = minimize_scalar(loss, bounds=_LOG_TEMPERATURES, method="bounded", options={"xatol": 1e-7})
        return cls(float(np.exp(best.x)))

    def transform(self, probabilities: np.ndarray) -> np.ndarray:
        scaled = np.log(np.maximum(probabilities, LEAST)) / self.temperature
        return np.exp(scaled - _log_sum_exp(scaled)[:, None])

    def fault(self, n_classes: int) -> str | None:
        return (
            None if _numbers([self.temperature]) and self.temperature > 0 else "temperature must be above 0"
        )


@dataclass(frozen=True)
class Platt(Calibrator):
    """A logistic curve of the log-odds that never falls, fitted to smoothed targets (Platt 1999)."""

    slopes: tuple[float, ...]
    intercepts: tuple[float, ...]
    method = "platt"

    @classmethod
    def fit(cls, probabilities: np.ndarray, codes: np.ndarray) -> Self:
        curves = [_logistic(odds, hits) for odds, hits in _against_the_rest(probabilities, codes)]
        return cls(tuple(a for a, _ in curves), tuple(b for _, b in curves))

    def transform(self, probabilities: np.ndarray) -> np.ndarray:
        odds = _judged_columns(log_odds(probabilities))
        return _normalised(_sigmoid(odds * np.array(self.slopes) + np.array(self.intercepts)))

    def fault(self, n_classes: int) -> str | None:
        n_curves = 1 if n_classes == 2 else n_classes
        if not (_numbers(self.slopes, n_curves) and _numbers(self.intercepts, n_curves)):
            return f"slopes and intercepts must be {n_curves} numbers"
        return "slopes must not be negative" if min(self.slopes) < 0 else None


@dataclass(frozen=True)
class StructuredMatrix(Calibrator):
    """Logits times a matrix that stays near the identity: structured matrix scaling (Berta et al. 2026).

    After a temperature, and a touch of the uniform distribution that bounds the logits, the change of the
    matrix and the intercepts have a ridge penalty of the number of their parameters over that of the rows:
    with few rows it is the temperature, with many the whole matrix, which can also move probability between
    two classes that a model confuses. The fit is convex.
    """

    temperature: float
    uniform: float
    weights: tuple[tuple[float, ...], ...]
    intercepts: tuple[float, ...]
    method = "matrix"
    fewest_classes = 3  # of two classes it is Platt's curve with a penalty

    @classmethod
    def fit(cls, probabilities: np.ndarray, codes: np.ndarray) -> Self:
        n_rows, k = probabilities.shape
        first, uniform = Temperature.fit(probabilities, codes), 1.0 / (n_rows + 1)
        logits = _bounded_logits(first.transform(probabilities), uniform)
        penalties = np.full((k, k + 1), k / n_rows)  # diagonal and intercepts
        penalties[:, :k][~np.eye(k, dtype=bool)] = k * (k - 1) / n_rows
        change = _least_loss(logits, codes, penalties)
        weights = np.eye(k) + change[:, :k]
        return cls(first.temperature, uniform, _tuples(weights.tolist()), tuple(change[:, k].tolist()))

    def transform(self, probabilities: np.ndarray) -> np.ndarray:
        logits = _bounded_logits(Temperature(self.temperature).transform(probabilities), self.uniform)
        z = logits @ np.array(self.weights).T + np.array(self.intercepts)
        return np.exp(z - _log_sum_exp(z)[:, None])

    def fault(self, n_classes: int) -> str | None:
        if not (_numbers([self.temperature, self.uniform]) and self.temperature > 0 < self.uniform <= 1):
            return "temperature must be above 0, and uniform a share"
        if len(self.weights) != n_classes or not all(_numbers(row, n_classes) for row in self.weights):
            return f"weights must be {n_classes} rows of {n_classes} numbers"
        return None if _numbers(self.intercepts, n_classes) else f"intercepts must be {n_classes} numbers"


def _bounded_logits(probabilities: np.ndarray, uniform: float) -> np.ndarray:
    """Log of the probabilities mixed with a share of the uniform distribution."""
    return np.log((1.0 - uniform) * probabilities + uniform / probabilities.shape[1])


def _least_loss(logits: np.ndarray, codes: np.ndarray, penalties: np.ndarray) -> np.ndarray:
    """The change of matrix and intercepts, (k, k + 1), of least log loss plus penalties times its squares.

    Newton's method by conjugate gradients in a trust region: ten steps, where L-BFGS needs hundreds.
    """
    from scipy.optimize import minimize

    n_rows, k = logits.shape
    inputs = np.hstack([logits, np.ones((n_rows, 1))])
    rows = np.arange(n_rows)

    def log_shares(flat: np.ndarray) -> np.ndarray:
        z = logits + inputs @ flat.reshape(k, k + 1).T
        return z - _log_sum_exp(z)[:, None]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        change, logs = flat.reshape(k, k + 1), log_shares(flat)
        gap = np.exp(logs)
        gap[rows, codes] -= 1.0
        value = -logs[rows, codes].mean() + np.sum(penalties * change**2)
        return float(value), (gap.T @ inputs / n_rows + 2 * penalties * change).ravel()

    def curvature(flat: np.ndarray, direction: np.ndarray) -> np.ndarray:
        shares, step = np.exp(log_shares(flat)), direction.reshape(k, k + 1)
        along = inputs @ step.T
        turned = shares * (along - np.sum(shares * along, axis=1, keepdims=True))
        return (turned.T @ inputs / n_rows + 2 * penalties * step).ravel()

    options = {"gtol": 1e-6, "maxiter": 200}
    start = np.zeros(k * (k + 1))
    best = minimize(loss, start, jac=True, hessp=curvature, method="trust-ncg", options=options)
    return np.asarray(best.x).reshape(k, k + 1)


@dataclass(frozen=True)
class Isotonic(Calibrator):
    """The best rising curve of the log-odds (Zadrozny and Elkan 2002), in its centred form.

    Pooled blocks become knots at their centres with straight lines between (Oron and Flournoy 2017), so
    two different probabilities stay different. With n rows probabilities lie between 1 / (n + 2) and
    (n + 1) / (n + 2).
    """

    knots: tuple[tuple[float, ...], ...]
    shares: tuple[tuple[float, ...], ...]
    method = "isotonic"

    @classmethod
    def fit(cls, probabilities: np.ndarray, codes: np.ndarray) -> Self:
        curves = [_rising(odds, hits) for odds, hits in _against_the_rest(probabilities, codes)]
        return cls(tuple(x for x, _ in curves), tuple(y for _, y in curves))

    def transform(self, probabilities: np.ndarray) -> np.ndarray:
        odds = _judged_columns(log_odds(probabilities))
        curves = [np.interp(odds[:, k], self.knots[k], self.shares[k]) for k in range(odds.shape[1])]
        return _normalised(np.stack(curves, axis=1))

    def fault(self, n_classes: int) -> str | None:
        n_curves = 1 if n_classes == 2 else n_classes
        if len(self.knots) != n_curves or len(self.shares) != n_curves:
            return f"knots and shares must be of {n_curves} curves"
        for x, y in zip(self.knots, self.shares, strict=True):
            if not (len(x) and _numbers(x) and _numbers(y, len(x)) and 0 < min(y) <= max(y) < 1):
                return "every knot needs one share between 0 and 1"
            if any(b <= a for a, b in pairwise(x)) or list(y) != sorted(y):
                return "knots and shares must rise"
        return None


CALIBRATORS: dict[str, type[Calibrator]] = {
    c.method: c for c in (Unchanged, Temperature, Platt, StructuredMatrix, Isotonic)
}
METHODS = ("auto", *CALIBRATORS)


def candidates(n_classes: int) -> list[type[Calibrator]]:
    """The calibrators that "auto" tries, simplest first."""
    return [kind for kind in CALIBRATORS.values() if n_classes >= kind.fewest_classes]


def calibrator(description: object, n_classes: int) -> Calibrator:
    """The calibrator that :meth:`Calibrator.to_dict` described.

    Parameters
    ----------
    description : dict
        ``method`` and the numbers of that calibrator, as a file has them.
    n_classes : int
        Number of classes.

    Returns
    -------
    Calibrator

    Raises
    ------
    InputError
        The method is unknown, or a number is missing or impossible.

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo.calibration import calibrator
    >>> softer = calibrator({"method": "temperature", "temperature": 2.0}, n_classes=2)
    >>> softer.transform(np.array([[0.1, 0.9]])).round(2)
    array([[0.25, 0.75]])
    """
    values = dict(description) if isinstance(description, dict) else {}
    kind = CALIBRATORS.get(str(values.pop("method", "")))
    if kind is None:
        raise InputError(f"unknown calibrator; expected one of {', '.join(CALIBRATORS)}")
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    if set(values) != set(names):
        raise InputError(f"calibrator {kind.method}: expected {', '.join(names) or 'no numbers'}")
    described = kind(**{name: _tuples(value) for name, value in values.items()})
    try:
        fault = described.fault(n_classes)
    except TypeError:
        fault = "expected numbers"
    if fault:
        raise InputError(f"calibrator {kind.method}: {fault}")
    return described


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    """Log-odds of each class against the rest, (n_samples, n_classes).

    The rest is a sum, not ``1 - p``, so that the log-odds of a nearly certain class are exact.
    """
    p = np.asarray(probabilities, dtype=np.float64)
    rest = p @ (1.0 - np.eye(p.shape[1]))
    return np.log(np.maximum(p, LEAST)) - np.log(np.maximum(rest, LEAST))


def _against_the_rest(probabilities: np.ndarray, codes: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Log-odds and hits of every class, or of the second of two classes."""
    odds = log_odds(probabilities)
    classes = [1] if odds.shape[1] == 2 else range(odds.shape[1])
    return [(odds[:, k], codes == k) for k in classes]


def _judged_columns(odds: np.ndarray) -> np.ndarray:
    return odds[:, 1:] if odds.shape[1] == 2 else odds


def _normalised(shares: np.ndarray) -> np.ndarray:
    """Probabilities that sum to one, from the share of each class or of the second of two."""
    if shares.shape[1] == 1:
        return np.concatenate([1.0 - shares, shares], axis=1)
    return shares / shares.sum(axis=1, keepdims=True)


def _logistic(odds: np.ndarray, hits: np.ndarray) -> tuple[float, float]:
    """Slope and intercept of least log loss against Platt's smoothed targets."""
    from scipy.optimize import minimize

    n_hits, n_rest = int(hits.sum()), int((~hits).sum())
    target = np.where(hits, (n_hits + 1) / (n_hits + 2), 1 / (n_rest + 2))
    scale = max(1.0, float(np.abs(odds).max(initial=0.0)) / 30)  # keeps both numbers of a size

    def loss(ab: np.ndarray) -> tuple[float, np.ndarray]:
        z = ab[0] * odds / scale + ab[1]
        gap = _sigmoid(z) - target
        value = np.mean(np.logaddexp(0.0, z) - target * z)
        return float(value), np.array([np.mean(gap * odds / scale), np.mean(gap)])

    options = {"ftol": 1e-14, "gtol": 1e-9, "maxiter": 1000}
    bounds = [(0.0, _STEEPEST), (None, None)]
    best = minimize(loss, [scale, 0.0], jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return float(best.x[0] / scale), float(best.x[1])


def _rising(odds: np.ndarray, hits: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Knots and shares of the centred isotonic curve."""
    from sklearn.isotonic import isotonic_regression

    x, inverse, counts = np.unique(odds, return_inverse=True, return_counts=True)
    shares = np.bincount(inverse, weights=hits) / counts
    fitted = isotonic_regression(shares, sample_weight=counts.astype(np.float64))
    blocks = np.concatenate([[0], np.cumsum(np.diff(fitted) > 0)]).astype(int)
    rows = np.bincount(blocks, weights=counts)
    centres = np.bincount(blocks, weights=x * counts) / rows
    levels = np.bincount(blocks, weights=fitted * counts) / rows
    centres, levels = _apart(centres, levels, rows)
    levels = np.clip(levels, 1 / (len(odds) + 2), (len(odds) + 1) / (len(odds) + 2))
    centres, levels = _with_ends(centres, np.maximum.accumulate(levels), x[0], x[-1])
    return tuple(centres.tolist()), tuple(levels.tolist())


def _with_ends(
    centres: np.ndarray, levels: np.ndarray, first: float, last: float
) -> tuple[np.ndarray, np.ndarray]:
    """A slight slope to the outermost rows: flat ends of wide blocks would tie many rows."""
    if centres[0] - first >= _KNOT_DISTANCE:
        centres, levels = np.r_[first, centres], np.r_[levels[0] * (1 - _END_SLOPE), levels]
    if last - centres[-1] >= _KNOT_DISTANCE:
        top = 1 - (1 - levels[-1]) * (1 - _END_SLOPE)
        centres, levels = np.r_[centres, last], np.r_[levels, top]
    return centres, levels


def _apart(centres: np.ndarray, levels: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The knots, those too near to one another merged."""
    kept = [[centres[0], levels[0], rows[0]]]
    for x, y, n in zip(centres[1:], levels[1:], rows[1:], strict=True):
        last = kept[-1]
        if x - last[0] >= _KNOT_DISTANCE:
            kept.append([x, y, n])
        else:
            total = last[2] + n
            kept[-1] = [(last[0] * last[2] + x * n) / total, (last[1] * last[2] + y * n) / total, total]
    return np.array([k[0] for k in kept]), np.array([k[1] for k in kept])


def _log_sum_exp(values: np.ndarray) -> np.ndarray:
    top = values.max(axis=1)
    return top + np.log(np.exp(values - top[:, None]).sum(axis=1))


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return 0.5 * (1.0 + np.tanh(0.5 * z))


def _numbers(values: Sequence[Any], length: int | None = None) -> bool:
    plain = all(type(v) in (int, float) and math.isfinite(v) for v in values)
    return plain and (length is None or len(values) == length)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, (list, tuple)) else value


def _lists(value: Any) -> Any:
    return [_lists(v) for v in value] if isinstance(value, tuple) else value


def cross_fitted(
    method: type[Calibrator], probabilities: np.ndarray, codes: np.ndarray, folds: np.ndarray
) -> np.ndarray:
    """Probabilities of each fold, calibrated by what was learned from the other folds.

    Parameters
    ----------
    method : type of Calibrator
    probabilities : ndarray of shape (n_samples, n_classes)
    codes : int ndarray of shape (n_samples,)
        Codes of the true classes.
    folds : int ndarray of shape (n_samples,)
        The fold of each row; at least two folds.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)
    """
    calibrated = np.empty(probabilities.shape, dtype=np.float64)
    for fold in np.unique(folds):
        inside = folds == fold
        learned = method.fit(probabilities[~inside], codes[~inside])
        calibrated[inside] = learned.transform(probabilities[inside])
    return calibrated


def choose(
    probabilities: npt.NDArray[np.float64], codes: npt.NDArray[np.intp], folds: npt.NDArray[np.intp]
) -> type[Calibrator]:
    """The simplest calibrator whose cross-validated log loss is within a standard error of the best.

    The simplest comes first in none, temperature, Platt, matrix (from three classes on), isotonic. The
    standard error is that of the paired difference, the rule of Breiman, Friedman, Olshen and Stone (1984)
    for trees: "none" stays unless another is clearly better.

    Parameters
    ----------
    probabilities : ndarray of shape (n_samples, n_classes)
        Of a model that did not train on these rows.
    codes : int ndarray of shape (n_samples,)
        Codes of the true classes.
    folds : int ndarray of shape (n_samples,)
        The fold of each row.

    Returns
    -------
    type of Calibrator
        No calibration where there are fewer than 20 rows, or less than two classes or folds.

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo.calibration import choose
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.random(500)
    >>> codes = (rng.random(500) < truth).astype(int)
    >>> overconfident = truth**3 / (truth**3 + (1 - truth) ** 3)
    >>> method = choose(np.stack([1 - overconfident, overconfident], axis=1), codes, np.arange(500) % 5)
    >>> method.__name__
    'Temperature'
    """
    if len(codes) < FEWEST_ROWS or len(np.unique(codes)) < 2 or len(np.unique(folds)) < 2:
        return Unchanged
    return simplest(
        {
            method: log_losses(cross_fitted(method, probabilities, codes, folds), codes)
            for method in candidates(probabilities.shape[1])
        }
    )


def simplest(losses: dict[type[Calibrator], np.ndarray]) -> type[Calibrator]:
    """The first calibrator whose losses by row are on average within a standard error of the best."""
    best = min(losses.values(), key=lambda loss: float(loss.mean()))
    return next(method for method, loss in losses.items() if _as_good(loss, best))


def log_losses(probabilities: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Minus the log of each row's true class, (n_samples,)."""
    return -np.log(np.maximum(probabilities[np.arange(len(codes)), codes], LEAST))


def _as_good(loss: np.ndarray, best: np.ndarray) -> bool:
    worse = loss - best
    return bool(worse.mean() <= worse.std(ddof=1) / np.sqrt(len(worse)))
