"""Verdicts from given scores: outcomes, gaps, names, and advice."""

import re
from dataclasses import replace

import numpy as np
import pytest

from deepworth.zoo.judging.fold_level import FoldLevel
from deepworth.zoo.judging.scores import ModelScores, Resampled
from deepworth.zoo.judging.verdict import decide
from deepworth.zoo.metrics import METRICS, Truth
from deepworth.zoo.results.rows import Result

AUC, LOSS = METRICS["roc_auc"], METRICS["log_loss"]


def scores(name, family, values, metric=AUC, status="ok", per_repeat=None):
    per_repeat = per_repeat or len(values)
    rows = [Result(name, family, i // per_repeat, i % per_repeat, status=status) for i in range(len(values))]
    tested = 2 * min(per_repeat, len(values))  # two rows a fold
    return ModelScores(name, family, {metric.name: np.array(values, dtype=float)}, rows, tested)


def verdict(models, metric=AUC, margin=0.01, level=0.95, test_over_train=0.25, resampled=None):
    missing = tuple(m.model for m in models if not m.complete)
    inference = FoldLevel(models, metric, level, test_over_train, resampled)
    return decide(inference, margin=margin, missing=missing)


NOISE = np.array([0.001, -0.002, 0.0, 0.002, -0.001])


@pytest.mark.parametrize(
    ("gain", "outcome"), [(0.1, "deep"), (-0.1, "classical"), (0.0, "equivalent"), (0.01, "undecided")]
)
def test_outcome(gain, outcome):
    found = verdict([scores("net", "deep", 0.8 + gain + NOISE), scores("svm", "classical", [0.8] * 5)])
    assert found.outcome == outcome
    assert found.gain == pytest.approx(gain)
    assert found.gain_low < gain < found.gain_high
    assert found.p_deep + found.p_equivalent + found.p_classical == pytest.approx(1)
    assert (found.deep_champion, found.classical_champion) == ("net", "svm")
    assert (found.advice != "") == (outcome == "undecided")


def test_models_that_agree_on_every_fold_are_equivalent_only_on_enough_rows():
    def on(rows):
        found = [scores("net", "deep", [0.8] * 5), scores("svm", "classical", [0.8] * 5)]
        return verdict([replace(model, rows_tested=rows) for model in found])

    few, many = on(10), on(500)
    assert (few.outcome, many.outcome) == ("undecided", "equivalent")
    assert few.p_equivalent < 0.2
    assert few.advice.startswith("298 rows")


@pytest.mark.parametrize("gain", [0.5, -0.5, 0.3])
def test_folds_that_all_show_the_same_difference_are_too_small_for_a_verdict(gain):
    found = verdict([scores("net", "deep", [0.4 + gain] * 5), scores("svm", "classical", [0.4] * 5)])
    assert found.outcome == "undecided"
    assert "All 5 folds show the same difference" in found.sentence
    assert "more rows" in found.advice


def test_gain_is_an_improvement_where_smaller_is_better():
    found = verdict(
        [scores("net", "deep", 0.3 + NOISE, LOSS), scores("svm", "classical", [0.5] * 5, LOSS)], LOSS
    )
    assert found.outcome == "deep"
    assert found.gain == pytest.approx(0.2)
    assert "net improves log loss by 0.2 over svm" in found.sentence


def test_a_certain_verdict_needs_the_confidence_level():
    models = [
        scores("net", "deep", [0.83, 0.80, 0.86, 0.84, 0.81]),
        scores("svm", "classical", [0.8] * 5),
    ]
    p = verdict(models).p_deep
    assert 0.5 < p < 0.95
    assert verdict(models).outcome == "undecided"
    assert verdict(models, level=p - 0.001).outcome == "deep"
    assert verdict(models, level=p + 0.001).outcome == "undecided"


def test_the_luck_of_the_best_of_many_is_taken_away():
    """Ten nets of one quality against one rival of that quality: the naive gain is not the gain."""
    rng = np.random.default_rng(0)
    gains, naive = [], []
    for _ in range(200):
        nets = [scores(f"net{i}", "deep", rng.normal(0.8, 0.02, 10)) for i in range(10)]
        rival = scores("svm", "classical", rng.normal(0.8, 0.02, 10))
        gains.append(verdict([*nets, rival], test_over_train=1 / 9).gain)
        naive.append(max(n.mean("roc_auc") for n in nets) - rival.mean("roc_auc"))
    error = np.std(gains, ddof=1) / np.sqrt(200)
    assert abs(np.mean(gains)) < 3 * error
    assert np.mean(naive) > 5 * error


def test_a_family_without_a_complete_model_cannot_be_judged():
    broken = scores("net", "deep", [0.9, 0.9, np.nan, 0.9, 0.9])
    failed = [replace(row, status="failed") if row.fold == 2 else row for row in broken.rows]
    broken = replace(broken, rows=failed)
    found = verdict([broken, scores("svm", "classical", [0.8] * 5)])
    assert found.outcome == "undecided"
    assert found.missing == ("net",)
    assert found.deep_champion is None
    assert found.classical_champion == "svm"
    assert found.gain is None
    assert "No deep model" in found.sentence


def test_missing_models_are_named_beside_a_verdict():
    failed = scores("cnn", "deep", [np.nan] * 5, status="failed")
    skipped = scores("xgboost", "classical", [np.nan] * 5, status="skipped")
    found = verdict(
        [scores("net", "deep", 0.9 + NOISE), scores("svm", "classical", [0.8] * 5), failed, skipped]
    )
    assert found.outcome == "deep"
    assert found.missing == ("cnn", "xgboost")


def test_a_fold_on_which_the_metric_is_undefined_for_all_is_left_out():
    """One class only in a test fold: no model has an AUC there, and nobody is at fault."""
    net, svm = 0.9 + NOISE, np.full(5, 0.8)
    net[3] = svm[3] = np.nan
    found = verdict([scores("net", "deep", net), scores("svm", "classical", svm)])
    assert found.outcome == "deep"
    assert found.gain == pytest.approx(np.nanmean(net) - 0.8)


def test_one_defined_fold_gives_no_verdict():
    one = [np.nan, 0.8, np.nan]
    found = verdict([scores("net", "deep", one), scores("svm", "classical", one)])
    assert found.outcome == "undecided"
    assert "one fold" in found.sentence


def test_no_defined_fold_at_all():
    none = [np.nan] * 3
    assert verdict([scores("net", "deep", none), scores("svm", "classical", none)]).outcome == "undecided"


def test_identical_models_are_equivalent_where_equal_scores_need_equal_answers():
    models = [scores("net", "deep", [0.8] * 5, LOSS), scores("svm", "classical", [0.8] * 5, LOSS)]
    found = verdict(models, LOSS)
    assert found.outcome == "equivalent"
    assert (found.gain, found.gain_low, found.gain_high) == pytest.approx((0, 0, 0))


def test_without_a_margin_no_agreement_is_shown():
    found = verdict([scores("net", "deep", [0.8] * 5), scores("svm", "classical", [0.8] * 5)], margin=0.0)
    assert found.outcome == "undecided"
    assert "a margin above zero" in found.advice


def test_a_reference_is_no_champion_even_if_it_is_the_best():
    net, constant = scores("net", "deep", [0.3] * 5), scores("constant", "classical", [0.5] * 5)
    constant = replace(constant, reference=True)
    assert verdict([net, constant]).classical_champion is None
    assert verdict([net, constant, scores("svm", "classical", [0.2] * 5)]).classical_champion == "svm"


def test_advice_counts_repeats():
    values = 0.8 + 0.02 + 0.03 * np.array([1.2, -1.1, 0.3, -0.7, 0.3])
    models = [scores("net", "deep", values), scores("svm", "classical", [0.8] * 5)]
    few = verdict(models, margin=0.0, test_over_train=0.02)
    assert few.outcome == "undecided"
    assert re.search(r"about \d+ repeats \(now \d+\) would settle it", few.advice)
    assert "times as many rows" in verdict(models, margin=0.0, test_over_train=2.0).advice


def bootstrap(deep, classical, seed=0, n=400, spread=0.01):
    rng = np.random.default_rng(seed)
    shared = rng.normal(0, spread, n)
    rows = [value + shared + rng.normal(0, spread / 10, n) for value in (deep, classical)]
    return Resampled(np.array(rows), np.array(rows), Truth(np.array([0, 1]), "binary", 2))


def test_an_official_test_part_is_judged_by_the_paired_bootstrap():
    """Both vary by 0.01 together; their difference is certain to a tenth of that."""
    models = [scores("net", "deep", [0.83]), scores("svm", "classical", [0.80])]
    found = verdict(models, resampled=bootstrap(0.83, 0.80))
    assert found.outcome == "deep"
    assert found.gain == pytest.approx(0.03, abs=0.002)
    assert found.gain_high - found.gain_low < 0.01


def test_an_official_test_part_can_leave_it_open():
    models = [scores("net", "deep", [0.81]), scores("svm", "classical", [0.80])]
    found = verdict(models, resampled=bootstrap(0.81, 0.80))
    assert found.outcome == "undecided"
    assert "larger test set" in found.advice


def test_verdict_is_frozen():
    found = verdict([scores("net", "deep", [0.8] * 5), scores("svm", "classical", [0.8] * 5)])
    with pytest.raises(AttributeError):
        found.outcome = "deep"
    assert replace(found, outcome="deep").outcome == "deep"
