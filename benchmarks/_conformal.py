"""Confidence against known truth: do sets hold as often as stated, are probabilities the true ones?

Fresh samples of sick-healthy, whose true probabilities are known. Coverage is computed from these, not from
one draw of labels, so that nothing but the samples themselves makes it vary.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

LEVEL = 0.9
TRAIN_ROWS, TEST_ROWS = 1000, 4000
# The linear model is miscalibrated here for it is too simple, boosting for it is too sure.
COVERAGE = {  # repeats, of them quick
    "logistic-regression": (200, 10),
    "hist-gradient-boosting": (30, 2),
    "shallow-mlp": (15, 1),
}
TRUTH = ("shallow-mlp", "rbf-svm", "hist-gradient-boosting", "logistic-regression")


def confidence_figures(quick: bool = False) -> dict[str, Any]:
    """All figures of this file.

    Returns
    -------
    dict
        ``conformal_coverage_error``: points by which the mean coverage of the first model, over most
        repeats, misses the level; ``conformal`` by model; ``intervals`` of values whose noise is equal and
        whose noise grows; ``calibration_error_against_truth`` by model, without and with calibration.
    """
    coverage = {name: coverage_of(name, repeats[quick]) for name, repeats in COVERAGE.items()}
    truth = {name: errors_against_truth(name, 1 if quick else 2) for name in TRUTH[2 if quick else 0 :]}
    return {
        "conformal_coverage_error": next(iter(coverage.values()))["error_points"],
        "conformal": coverage,
        "intervals": {
            noise: coverage_of_intervals(noise, 5 if quick else 100) for noise in ("equal", "growing")
        },
        "calibration_error_against_truth": truth,
    }


def coverage_of(name: str, repeats: int) -> dict[str, float]:
    """Coverage of a model's sets over fresh samples, in shares; its error in points."""
    started = time.perf_counter()
    found = np.array([_coverage_once(name, seed) for seed in range(repeats)])
    mean = found.mean(axis=0)
    spread = float(found[:, 0].std(ddof=1)) if repeats > 1 else 0.0
    return {
        "repeats": repeats,
        "level": LEVEL,
        "coverage": float(mean[0]),
        "error_points": float(100 * (mean[0] - LEVEL)),
        "standard_error_points": 100 * spread / repeats**0.5,
        "coverage_healthy": float(mean[1]),
        "coverage_sick": float(mean[2]),
        "mean_set_size": float(mean[3]),
        "seconds": time.perf_counter() - started,
    }


def _coverage_once(name: str, seed: int) -> tuple[float, ...]:
    """Coverage, coverage by class and set size of one sample."""
    train, test = _samples(seed, TRAIN_ROWS, TEST_ROWS)
    model = _calibrated(name, seed, "auto").fit(train.X, train.y)
    sets, true = model.predict_set(test.X), test.true_probability
    by_class = (sets * true).sum(axis=0) / true.sum(axis=0)
    return float((sets * true).sum(axis=1).mean()), *by_class.tolist(), float(sets.sum(axis=1).mean())


def coverage_of_intervals(noise: str, repeats: int) -> dict[str, float]:
    """Coverage and widths of prediction intervals where the true spread of every row is known.

    ``width_correlation`` is that of the intervals' widths with the true spread, over test rows;
    ``width_over_plain`` compares their mean width with that of intervals of one width for all rows.
    """
    found = np.array([_intervals_once(noise, seed) for seed in range(repeats)])
    return {
        "repeats": repeats,
        "level": LEVEL,
        "coverage": float(found[:, 0].mean()),
        "standard_error_points": float(100 * found[:, 0].std(ddof=1) / repeats**0.5),
        "coverage_widest_tenth": float(found[:, 1].mean()),
        "width_correlation": float(found[:, 2].mean()),
        "width_over_plain": float(found[:, 3].mean()),
        "follows": float(found[:, 4].mean()),
    }


def _intervals_once(noise: str, seed: int) -> tuple[float, ...]:
    """Coverage, that of the tenth of the rows with most noise, correlation, relative width, if it follows."""
    from sklearn.linear_model import LinearRegression

    from deepworth.zoo import ConformalRegressor

    rng = np.random.default_rng(seed)
    X = rng.uniform(size=(TRAIN_ROWS + TEST_ROWS, 3))
    spread = 0.2 + 2 * X[:, 0] if noise == "growing" else np.ones(len(X))
    y = 10 * X[:, 0] + 3 * X[:, 1] + spread * rng.normal(size=len(X))
    model = ConformalRegressor(LinearRegression(), confidence_level=LEVEL).fit(X[:TRAIN_ROWS], y[:TRAIN_ROWS])
    low, high = model.predict_interval(X[TRAIN_ROWS:]).T
    y, spread, width = y[TRAIN_ROWS:], spread[TRAIN_ROWS:], high - low
    inside = (low <= y) & (y <= high)
    most = spread >= np.quantile(spread, 0.9)
    follows = not model.spread_.constant
    correlation = float(np.corrcoef(width, spread)[0, 1]) if follows and noise == "growing" else 0.0
    plain = 2 * np.quantile(np.abs(y - (low + high) / 2), LEVEL)
    return inside.mean(), inside[most].mean(), correlation, width.mean() / plain, float(follows)


def errors_against_truth(name: str, repeats: int) -> dict[str, dict[str, float]]:
    """How far stated probabilities are from the true ones, without and with calibration.

    ``mean_absolute`` counts what a model does not know as well; ``calibration_error`` is the mean over
    bins of stated less true probability, so a model that knows little but says so has none;
    ``calibration_error_by_labels`` is what can be estimated without the truth.
    """
    return {
        method: _mean([_errors_once(name, seed, method) for seed in range(repeats)])
        for method in ("none", "auto")
    }


def _errors_once(name: str, seed: int, method: str) -> dict[str, float]:
    from deepworth.zoo.calibration.reliability import bin_numbers, estimated_error, expected_error, summarise

    train, test = _samples(seed, 1500, 20_000)
    predicted = _calibrated(name, seed, method).fit(train.X, train.y).predict_proba(test.X)[:, 1]
    true = test.true_probability[:, 1]
    numbers = bin_numbers(predicted)
    return {
        "mean_absolute": float(np.abs(predicted - true).mean()),
        "calibration_error": expected_error(summarise(predicted, true, numbers)),
        "calibration_error_by_labels": estimated_error(summarise(predicted, test.y == "sick", numbers)).value,
    }


def _calibrated(name: str, seed: int, method: str) -> Any:
    from deepworth.zoo import Calibrated, registry

    model = registry.create(name, "binary", "tabular", random_state=seed)
    return Calibrated(model, method, confidence_level=LEVEL if method != "none" else None)


def _samples(seed: int, n_train: int, n_test: int) -> tuple[Any, Any]:
    """Patients to train on and patients to test on, from one draw so that columns are read alike."""
    from deepworth.datasets import sick_healthy

    drawn = sick_healthy.load(seed=10_000 + seed, rows=n_train + n_test)
    return drawn.take(np.arange(n_train)), drawn.take(np.arange(n_train, n_train + n_test))


def _mean(rows: list[dict[str, float]]) -> dict[str, float]:
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}


if __name__ == "__main__":
    import json

    print(json.dumps(confidence_figures(quick="--quick" in sys.argv), indent=1))
