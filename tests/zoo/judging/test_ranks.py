"""Statistics over datasets, against published examples and scipy."""

import itertools

import numpy as np
import pytest
from scipy import stats

from deepworth.zoo.judging.suite import friedman, holm, nemenyi, ranking, signed_rank_p

# Demsar 2006, table 6: AUC of four variants of C4.5 on fourteen datasets.
NAMES = ["C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf"]
AUC = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975],  # printed as 0.975; the printed ranks 2 and 3 say which was larger
        [0.957, 0.978, 0.946, 0.970],
    ]
)


def test_the_example_of_demsar():
    """Ranks of its table 6. Its chi-squared of 9.28 and F of 3.69 are those without a correction for ties."""
    found = ranking(NAMES, AUC)
    ranks = dict(zip(found.models, found.mean_ranks, strict=True))
    assert [round(ranks[name], 3) for name in NAMES] == [3.143, 2.0, 2.893, 1.964]
    n, k = AUC.shape
    plain = 12 * n / (k * (k + 1)) * (sum(r**2 for r in ranks.values()) - k * (k + 1) ** 2 / 4)
    assert plain == pytest.approx(9.28, abs=0.01)
    assert (n - 1) * plain / (n * (k - 1) - plain) == pytest.approx(3.69, abs=0.01)
    assert found.friedman > plain, "ties make the ranks less variable, so the corrected one is larger"
    assert found.critical_difference == pytest.approx(1.25, abs=0.01)
    assert nemenyi(4, 14, 0.90) == pytest.approx(1.12, abs=0.01)


@pytest.mark.parametrize(("models", "q"), [(2, 1.960), (3, 2.343), (5, 2.728), (10, 3.164)])
def test_critical_values_of_nemenyi(models, q):
    """Table 5a of Demsar 2006."""
    assert nemenyi(models, 1, 0.95) == pytest.approx(q * np.sqrt(models * (models + 1) / 6), abs=2e-3)


def test_a_published_example_of_iman_and_davenport():
    """Nine algorithms on two datasets, as R's scmamp prints them: 11.733, p 0.1635; F 2.75, p 0.08697."""
    ranks = np.array([[1, 8, 6, 4, 7, 2, 5, 3, 9], [1, 6, 3, 9, 7, 2, 8, 4, 5]], dtype=float)
    assert friedman(ranks) == pytest.approx((11.733, 0.1635, 2.75, 0.08697), abs=5e-4)


@pytest.mark.parametrize("seed", range(5))
def test_friedman_and_wilcoxon_equal_scipy(seed):
    random = np.random.default_rng(seed)
    scores = random.integers(0, 6, (8, 3)) / 5  # with ties
    found = ranking(list("abc"), scores)
    said = stats.friedmanchisquare(*scores.T)
    assert (found.friedman, found.friedman_p) == pytest.approx((said.statistic, said.pvalue))
    for pair in found.pairs:
        first, second = (scores[:, "abc".index(name)] for name in (pair.first, pair.second))
        exact = stats.PermutationMethod(n_resamples=2**9)  # of eight signs: all
        gap = (first - second)[first != second]
        assert pair.p_value == pytest.approx(stats.wilcoxon(gap, method=exact).pvalue)
        assert pair.wins + pair.ties + pair.losses == 8


@pytest.mark.parametrize("n", [6, 15, 40])
def test_the_exact_signed_rank_test_equals_scipy_without_ties(n):
    differences = np.random.default_rng(n).normal(0.3, 1, n)
    assert signed_rank_p(differences) == pytest.approx(stats.wilcoxon(differences, method="exact").pvalue)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_pairs_do_not_depend_on_who_else_takes_part():
    """What Benavoli et al. ask for; the p before Holm's adjustment."""
    random = np.random.default_rng(1)
    scores = random.normal([0.8, 0, 0, 0, 0], size=(10, 5))
    few = {(p.first, p.second): p.p_value for p in ranking(["a", "b"], scores[:, :2]).pairs}
    many = {frozenset((p.first, p.second)): p.p_value for p in ranking(list("abcde"), scores).pairs}
    ((names, value),) = few.items()
    assert many[frozenset(names)] == value


def test_sign_test_where_metrics_differ():
    scores = np.array([[1.0, 0.0]] * 9 + [[0.0, 100.0]])
    found = ranking(["a", "b"], scores, same_metric=False)
    assert found.test == "sign"
    assert found.pairs[0].p_value == pytest.approx(stats.binomtest(9, 10).pvalue)


def test_no_difference_at_all_and_one_dataset():
    same = ranking(["a", "b", "c"], np.ones((4, 3)))
    assert same.friedman is None
    assert same.groups == (("a", "b", "c"),)
    assert [pair.p_holm for pair in same.pairs] == [1.0] * 3
    assert ranking(["a", "b"], np.array([[1.0, 2.0]])).models == ("b", "a")


def test_groups_are_the_longest_runs_that_hold_no_pair_that_differs():
    random = np.random.default_rng(3)
    steps = np.array([0.0, 0.0, 5.0, 5.0, 10.0])
    found = ranking(list("abcde"), -steps + 0.3 * random.normal(size=(20, 5)))
    apart = {frozenset((p.first, p.second)) for p in found.pairs if p.differs}
    assert found.groups
    for group in found.groups:
        assert not any(frozenset(pair) in apart for pair in itertools.combinations(group, 2))
    assert {frozenset(group) for group in found.groups} == {frozenset("ab"), frozenset("cd")}


def test_family_wise_error_under_no_difference():
    random = np.random.default_rng(2)
    wrong = [
        any(p.differs for p in ranking(list("abcd"), random.normal(size=(15, 4))).pairs) for _ in range(300)
    ]
    assert np.mean(wrong) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)
