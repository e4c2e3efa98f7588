"""Who is tied with the best: moderated variances by their paper, and false alarms by simulation."""

import numpy as np
import pytest
from scipy import stats

from deepworth.zoo.judging.fold_level import FoldLevel
from deepworth.zoo.judging.pairs import moderated, tied_with_best
from deepworth.zoo.judging.scores import ModelScores
from deepworth.zoo.metrics import METRICS
from deepworth.zoo.results.rows import Result

AUC = METRICS["roc_auc"]


def scores(name, values, status="ok"):
    rows = [Result(name, "classical", 0, i, status=status) for i in range(len(values))]
    return ModelScores(name, "classical", {"roc_auc": np.array(values, float)}, rows)


def ties(matrix, ratio=0.0):
    return tied_with_best(FoldLevel([scores(f"m{i}", v) for i, v in enumerate(matrix)], AUC, 0.95, ratio))


def test_moderation_finds_the_prior_of_its_own_model():
    """s^2 ~ s0^2 F(d, d0) with d = 4, d0 = 10, s0^2 = 0.3, as Smyth (2004) draws them."""
    drawn = 0.3 * stats.f(4, 10).rvs(40_000, random_state=0)
    variances, freedom = moderated(drawn, 4)
    assert freedom == pytest.approx(14, rel=0.1)
    np.testing.assert_allclose(variances, (10 * 0.3 + 4 * drawn) / 14, rtol=0.08)


def test_variances_of_one_size_are_joined():
    variances, freedom = moderated(np.array([0.1, 0.11, 0.09, 0.1]), 4)
    assert freedom == np.inf
    assert np.ptp(variances) == 0


def test_few_or_no_variances_stay_as_they_are():
    for given in ([], [0.2], [0.2, 0.3], [0.0, 0.0, 0.1]):
        variances, freedom = moderated(np.array(given), 4)
        assert (variances.tolist(), freedom) == (given, 4)


def test_the_best_is_tied_with_itself_and_a_clear_loser_is_not():
    rng = np.random.default_rng(0)
    fold = rng.normal(0, 0.02, 5)
    matrix = [0.9 + fold + rng.normal(0, 0.004, 5) for _ in range(4)] + [0.7 + fold]
    found = ties(matrix, 0.25)
    assert [found[f"m{i}"] for i in range(4)] == [True] * 4
    assert found["m4"] is False


def test_models_without_a_score_are_left_out():
    models = [scores("good", [0.9, 0.8]), scores("broken", [np.nan, 0.7], "failed")]
    assert tied_with_best(FoldLevel(models, AUC, 0.95, 1.0)) == {"good": True}
    assert tied_with_best(FoldLevel([scores("broken", [np.nan] * 2, "failed")], AUC, 0.95, 1.0)) == {}


@pytest.mark.parametrize("n_models", [2, 6, 15])
@pytest.mark.parametrize(("ratio", "most"), [(0.25, 0.05), (0.0, 0.10)])
def test_equal_models_are_rarely_told_apart(n_models, ratio, most):
    """Five folds of independent noise. With the correction that every run has, and without: there the
    moderated errors, which share the best model's noise, cost a few points of the 5 %."""
    rng = np.random.default_rng(n_models)
    runs = 300
    alarms = 0
    for _ in range(runs):
        fold = rng.normal(0, 0.05, 5)
        found = ties(0.8 + fold + rng.normal(0, 0.02, (n_models, 5)), ratio)
        alarms += not all(found.values())
    assert alarms / runs <= most
