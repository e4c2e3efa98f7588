"""The mean of both champions against the better one alone."""

import numpy as np
import pytest

from deepworth.zoo.judging.champions import champions_by_fold, together
from deepworth.zoo.judging.scores import FEWEST_ROWS, score_models
from deepworth.zoo.metrics import METRICS, of_task

from .test_slices import results_of, two


def mean_of(results, metric, level=0.95):
    return together(results, score_models(results), METRICS[metric], level)


def noisy(n=2000, seed=0):
    """Numbers, and two estimates with errors of their own."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=n)
    return y, *(y + rng.normal(size=n) for _ in range(2))


def labelled(n=2000, seed=0):
    """Labels, and two probabilities that know different things."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.4).astype(int)
    return y, *(1 / (1 + np.exp(-(2 * y - 1 + rng.normal(size=n)))) for _ in range(2))


@pytest.mark.parametrize("folds", [1, 5])
def test_errors_that_are_independent_halve_in_the_mean(folds):
    found = mean_of(results_of(*noisy(), folds=folds), "rmse")
    assert found.score == pytest.approx(1 / np.sqrt(2), rel=0.05)
    assert found.alone == pytest.approx(1, rel=0.05)
    assert found.gain == pytest.approx(found.alone - found.score)
    assert 0 < found.gain_low < found.gain < found.gain_high
    assert found.low < found.score < found.high
    assert found.p_better > 0.99


@pytest.mark.parametrize("metric", [metric.name for metric in of_task("binary")])
def test_every_metric_has_a_mean(metric):
    found = mean_of(results_of(*labelled()), metric)
    sign = METRICS[metric].sign
    assert found.gain == pytest.approx(sign * (found.score - found.alone))
    assert found.gain_low <= found.gain <= found.gain_high
    if metric in ("roc_auc", "accuracy", "brier"):
        assert found.gain_low > 0


def test_the_mean_of_equal_models_is_that_model():
    y, one, _ = labelled()
    found = mean_of(results_of(y, one, one), "roc_auc")
    assert found.score == pytest.approx(found.alone)
    assert found.gain == found.gain_low == found.gain_high == 0 or found.gain_low < 0 < found.gain_high


def test_a_bad_model_spoils_the_mean():
    y, one, _ = labelled()
    found = mean_of(results_of(y, one, np.full(len(y), 0.999)), "log_loss")
    assert found.gain_high < 0
    assert found.p_better < 0.01


def test_exchanging_the_families_changes_nothing():
    y, one, other = labelled()
    first, second = (mean_of(results_of(y, *own), "accuracy") for own in ((one, other), (other, one)))
    assert (first.score, first.gain, first.gain_low) == pytest.approx(
        (second.score, second.gain, second.gain_low)
    )


def test_champions_do_not_choose_themselves():
    """Of many models that guess, the best on the other folds is no better than chance on this one."""
    rng = np.random.default_rng(0)
    gains = []
    for _ in range(40):
        y = (rng.random(300) < 0.5).astype(int)
        results = results_of(y, rng.random(300), rng.random(300))
        rows = list(results.rows)
        for number in range(8):
            p = {fold: two(rng.random(len(test))) for fold, test in results.test_rows.items()}
            own = [row for row in results.rows if row.family == "deep"]
            rows += [
                type(row)(f"deep-{number}", "deep", row.repeat, row.fold, prediction=p[row.repeat, row.fold])
                for row in own
            ]
        many = type(results)(tuple(rows), results.labels, results.test_rows, results.facts)
        gains.append(mean_of(many, "accuracy").alone)
    assert np.mean(gains) == pytest.approx(0.5, abs=0.015)


def test_without_both_families_or_with_few_rows_of_a_class_there_is_none():
    y, one, other = labelled()
    results = results_of(y, one, other)
    alone = type(results)(results.rows[:5], results.labels, results.test_rows, results.facts)
    assert mean_of(alone, "roc_auc") is None
    rare = np.zeros(400, dtype=int)
    rare[: int(FEWEST_ROWS) - 2] = 1
    assert mean_of(results_of(rare, one[:400], other[:400], folds=2), "roc_auc") is None


def test_folds_choose_by_the_other_folds():
    y, one, other = labelled()
    results = results_of(y, one, other)
    found = champions_by_fold(score_models(results), METRICS["roc_auc"])
    assert {name: set(own.tolist()) for name, own in found.items() if name != "any"} == {
        "deep": {0},
        "classical": {1},
    }
    assert len(found["any"]) == 5
