"""Few rows of a class: pure noise seldom gets a verdict, and references never win one."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from deepworth.zoo.judging.fold_level import FoldLevel
from deepworth.zoo.judging.row_level import RowLevel
from deepworth.zoo.judging.scores import (
    FEWEST_ROWS,
    MANY_ROWS,
    ModelScores,
    Resampled,
    Support,
    expansion,
    support_of,
)
from deepworth.zoo.judging.verdict import decide
from deepworth.zoo.metrics import METRICS, bootstrap_weights, evaluate, truth_of, weighted_scores
from deepworth.zoo.results.facts import PlanFacts
from deepworth.zoo.results.rows import Labels, Result, Results

AUC, LOSS, BALANCED = METRICS["roc_auc"], METRICS["log_loss"], METRICS["balanced_accuracy"]


def labels_of(*counts):
    classes = tuple(f"c{i}" for i in range(len(counts)))
    task = "binary" if len(counts) == 2 else "multiclass"
    return Labels(np.repeat(classes, counts), task, classes, classes[1] if task == "binary" else None)


def results_of(labels, parts, rows=(), ratio=0.25):
    plan = PlanFacts(len(parts), 1, "quick", 0, len(parts) == 1, ratio, {}, (), 1)
    facts = SimpleNamespace(plan=plan, seconds=0.0)
    return Results(tuple(rows), labels, {(0, i): part for i, part in enumerate(parts)}, facts)


def support(labels, metric=AUC, folds=5, repeats=1):
    parts = [
        np.flatnonzero(np.arange(len(labels.y)) % folds == i) for _ in range(repeats) for i in range(folds)
    ]
    return support_of(results_of(labels, parts), metric)


def test_of_two_classes_the_rarer_one_decides():
    found = support(labels_of(2995, 5))
    assert (found.rows, found.label, found.tested, found.per_fold) == (5, "c1", 5, 1)
    assert not found.enough
    assert support(labels_of(2995, 5), repeats=10).rows == 5  # the same five, asked ten times


def test_a_mean_over_rows_hardly_feels_one_rare_class_of_many():
    labels = labels_of(500, 500, 2)
    assert support(labels, LOSS).rows == 502
    assert support(labels, BALANCED).rows == pytest.approx(3 / (1 / 500 + 1 / 500 + 1 / 2))
    assert support(labels, LOSS).enough
    assert not support(labels, BALANCED).enough


def test_every_row_decides_about_accuracy():
    assert support(labels_of(2995, 5), METRICS["accuracy"]).rows == 3000
    assert support(labels_of(2995, 5), LOSS).rows == 5  # one row alone may weigh as much as all others


def test_every_row_decides_about_numbers():
    values = Labels(np.arange(5.0), "regression", (), None)
    assert support_of(results_of(values, [np.arange(5)]), METRICS["rmse"]) is None


def test_the_expansion_makes_a_bootstrap_of_few_rows_a_t_interval():
    """Of the mean of 10 normal values: the expanded percentiles cover it, the plain ones do not."""
    assert expansion(None) == expansion(Support(MANY_ROWS, "c", 1, 1)) == 1.0
    n = 10
    wider = expansion(Support(n, "c", n, 1))
    assert wider == pytest.approx(np.sqrt(10 / 9) * stats.t.ppf(0.975, 9) / stats.norm.ppf(0.95))
    rng = np.random.default_rng(0)
    covered = np.zeros(2)
    for _ in range(400):
        values = rng.normal(size=n)
        means = rng.choice(values, (400, n)).mean(axis=1)
        for i, factor in enumerate((1.0, wider)):
            low, high = factor * (np.quantile(means, [0.025, 0.975]) - means.mean()) + means.mean()
            covered[i] += low <= 0 <= high
    assert covered[0] / 400 < 0.93 < covered[1] / 400


# Pure noise: simple models are trained on the folds for real, so that few rows of a class mislead them all.


def directions(X, y):
    """Linear scores by the mean difference, with and without the spread of each column."""
    gap = X[y == 1].mean(axis=0) - X[y == 0].mean(axis=0)
    return gap, gap / X.var(axis=0)


def near(X, y, of):
    """Share of positives, weighted by distance."""
    weights = np.exp(-0.5 * ((X[:, None] - of[None]) ** 2).sum(axis=2) / 0.3)
    return (weights * y[:, None]).sum(axis=0) / weights.sum(axis=0)


def noise_scores(rng, X, y, test):
    train = ~test
    first, second = directions(X[train], y[train])
    return {
        "a": ("deep", X[test] @ first),
        "b": ("deep", near(X[train], y[train], X[test])),
        "c": ("deep", rng.normal(size=test.sum())),
        "d": ("classical", X[test] @ second),
        "e": ("classical", near(X[train, :1], y[train], X[test, :1])),
        "f": ("classical", rng.normal(size=test.sum())),
        "constant": ("classical", np.zeros(test.sum())),
    }


def probabilities(scores):
    shares = 1 / (1 + np.exp(-scores))
    return np.column_stack([1 - shares, shares])


def bootstrap(labels, rows, models, n_samples=200):
    """As `resample` does, by one metric."""
    truth = truth_of(labels, rows)
    weights = bootstrap_weights(truth.y, True, n_samples, 0)
    both = [
        np.array([weighted_scores(AUC, truth, m.rows[0].prediction, w) for m in models])
        for w in (weights, (weights == 0).astype(np.float32))
    ]
    return Resampled(*both, truth)


def noise_verdict(rng, k, n=150, folds=5, official=False, by_rows=True):
    y = rng.permutation(np.arange(n) < k).astype(int)
    X = rng.normal(size=(n, 2))
    labels = Labels(np.where(y == 1, "c1", "c0"), "binary", ("c0", "c1"), "c1")
    place = np.empty(n, dtype=int)
    order = np.argsort(y, kind="stable")
    place[order] = np.arange(n) % (2 if official else min(folds, k))
    parts = [np.flatnonzero(place == i) for i in range(1 if official else place.max() + 1)]
    rows = {}
    for fold, part in enumerate(parts):
        for name, (family, scores) in noise_scores(rng, X, y, np.isin(np.arange(n), part)).items():
            row = Result(name, family, 0, fold, prediction=probabilities(scores))
            rows.setdefault(name, []).append(row)
    models = []
    for name, own in rows.items():
        values = [evaluate(AUC, truth_of(labels, parts[row.fold]), row.prediction) for row in own]
        folded = {"roc_auc": np.array(values)}
        models.append(ModelScores(name, own[0].family, folded, own, n, reference=name == "constant"))
    ratio = 1.0 if official else 1 / (len(parts) - 1)
    results = results_of(labels, parts, [row for own in rows.values() for row in own], ratio)
    support = support_of(results, AUC)
    if by_rows:
        return decide(RowLevel(results, models, AUC, 0.95, support), margin=0.01, support=support)
    resampled = bootstrap(labels, parts[0], models) if official else None
    inference = FoldLevel(models, AUC, 0.95, ratio, resampled, support)
    return decide(inference, margin=0.01, support=support)


RUNS = 100


@pytest.mark.parametrize("by_rows", [True, False], ids=["rows", "corrected-t"])
@pytest.mark.parametrize("official", [False, True], ids=["folds", "test part"])
@pytest.mark.parametrize("k", [2, 5, 10, 20, 60])
def test_noise_seldom_gets_a_verdict(k, official, by_rows):
    """With k positive rows, at most 5 % false alarms (and two standard errors of this simulation)."""
    rng = np.random.default_rng([k, official])
    outcomes = [noise_verdict(rng, k, official=official, by_rows=by_rows).outcome for _ in range(RUNS)]
    alarms = sum(outcome in ("deep", "classical") for outcome in outcomes)
    assert alarms / RUNS <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / RUNS)
    if k < FEWEST_ROWS:
        assert set(outcomes) == {"undecided"}


def test_too_few_rows_of_a_class_are_named():
    found = noise_verdict(np.random.default_rng(0), 5)
    assert (found.outcome, found.gain) == ("undecided", None)
    assert found.sentence == (
        "Models were tested on only 5 rows of class c1 (1 in a fold): too few to tell them apart by ROC AUC."
    )
    assert "c1" in found.advice


def test_a_clear_gain_on_just_enough_rows_is_found():
    n, k = 400, FEWEST_ROWS
    labels = labels_of(n - k, k)
    parts = [np.flatnonzero(np.arange(n) % 5 == i) for i in range(5)]
    models = [
        ModelScores(
            name, family, {"roc_auc": np.array(values)}, [Result(name, family, 0, i) for i in range(5)], n
        )
        for name, family, values in (
            ("net", "deep", [0.95, 0.93, 0.96, 0.94, 0.95]),
            ("svm", "classical", [0.61, 0.66, 0.58, 0.63, 0.60]),
        )
    ]
    support = support_of(results_of(labels, parts), AUC)
    found = decide(FoldLevel(models, AUC, 0.95, 0.25, support=support), margin=0.01, support=support)
    assert found.outcome == "deep"


def test_a_reference_is_never_a_champion():
    one = noise_verdict(np.random.default_rng(1), 40)
    assert one.classical_champion in ("d", "e", "f")


def test_a_family_of_references_only_has_no_champion():
    rows = [Result("x", "deep", 0, i) for i in range(5)]
    net = ModelScores("net", "deep", {"roc_auc": np.linspace(0.2, 0.3, 5)}, rows, 100)
    constant = replace(
        net, model="constant", family="classical", folds={"roc_auc": np.full(5, 0.5)}, reference=True
    )
    found = decide(FoldLevel([net, constant], AUC, 0.95, 0.25), margin=0.01)
    assert (found.outcome, found.classical_champion) == ("undecided", None)
    assert "but the reference constant" in found.sentence
