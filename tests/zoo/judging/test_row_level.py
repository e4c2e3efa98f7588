"""Inference by rows: against closed forms and other people's tests, and by simulations with known truth."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from deepworth.datasets import make_splits
from deepworth.zoo.judging import row_level
from deepworth.zoo.judging.inference import Contest, delong, tied_with_best
from deepworth.zoo.judging.row_level import RowLevel, excess, largest_variance
from deepworth.zoo.judging.scores import score_models, support_of
from deepworth.zoo.judging.verdict import decide
from deepworth.zoo.metrics import METRICS, of_task
from deepworth.zoo.results.facts import PlanFacts
from deepworth.zoo.results.rows import Labels, Result, Results

AUC, ACCURACY, LOSS, RMSE = (METRICS[name] for name in ("roc_auc", "accuracy", "log_loss", "rmse"))
FAMILIES = {"d": "deep", "c": "classical"}


def results_of(y, predictions, parts, *, groups=None, times=None, ratio=0.25, in_order=False, seconds=0.0):
    """A run whose models, named d1, c1, ..., predict ``predictions[name][repeat]`` for all rows.

    ``parts`` are the test rows by (repeat, fold).
    """
    y = np.asarray(y)
    task = "regression" if y.dtype.kind == "f" else ("binary" if len(np.unique(y)) <= 2 else "multiclass")
    classes = () if task == "regression" else tuple(map(str, range(max(2, int(y.max()) + 1))))
    labels = Labels(
        y if task == "regression" else y.astype(str), task, classes, "1" if task == "binary" else None,
        groups, times,
    )  # fmt: skip
    rows = [
        Result(name, FAMILIES[name[0]], repeat, fold, prediction=np.asarray(own[repeat])[test])
        for name, own in predictions.items()
        for (repeat, fold), test in parts.items()
    ]
    folds = 1 + max(fold for _, fold in parts)
    repeats = 1 + max(repeat for repeat, _ in parts)
    official = len(parts) == 1
    plan = PlanFacts(folds, repeats, "quick", 0, official, ratio, {}, (), 1, in_time_order=in_order)
    return Results(tuple(rows), labels, parts, SimpleNamespace(plan=plan, seconds=seconds))


def folds_of(n, k=5, repeats=1, seed=0, y=None):
    y = np.zeros(n) if y is None else y
    task = "regression" if np.asarray(y).dtype.kind == "f" else "binary"
    splits = make_splits(y, task=task, folds=k, repeats=repeats, seed=seed)
    return {(split.repeat, split.fold): split.test for split in splits}


def by_rows(results, metric, level=0.95):
    return RowLevel(results, score_models(results), metric, level, support_of(results, metric))


def two(positive):
    positive = np.clip(positive, 0.001, 0.999)
    return np.column_stack([1 - positive, positive])


def sick(n, rng, share=0.4):
    """Labels and two informative scores."""
    y = (rng.random(n) < share).astype(int)
    return y, *(two(stats.norm.cdf(y - 0.5 + rng.normal(size=n))) for _ in range(2))


def test_on_one_test_part_it_is_delongs_test(monkeypatch):
    monkeypatch.setattr(row_level, "TRAINING", 0.0)
    y, one, other = sick(200, np.random.default_rng(0))
    inference = by_rows(results_of(y, {"d": [one], "c": [other]}, {(0, 0): np.arange(200)}), AUC)
    gain, variance = delong(y == 1, one[:, 1], other[:, 1])
    pair = inference.paired(0, 1, 0.0)
    assert pair.posterior.mean == pytest.approx(gain)
    assert pair.error**2 == pytest.approx(variance)


@pytest.mark.parametrize("metric", [ACCURACY, LOSS], ids=lambda m: m.name)
def test_of_a_mean_over_rows_it_is_the_paired_t_test(metric, monkeypatch):
    """Up to the rows of each class, whose number is taken as known."""
    monkeypatch.setattr(row_level, "TRAINING", 0.0)
    y, one, other = sick(400, np.random.default_rng(1))
    results = results_of(y, {"d": [one], "c": [other]}, {(0, 0): np.arange(400)})
    pair = by_rows(results, metric).paired(0, 1, 0.0)
    truth = row_level.truth_of(results.labels, np.arange(400))
    differences = metric.sign * (metric.row_values(truth, one) - metric.row_values(truth, other))
    expected = stats.ttest_1samp(differences, 0.0)
    assert pair.posterior.mean == pytest.approx(differences.mean())
    assert pair.p_value == pytest.approx(expected.pvalue, rel=0.02)


def test_training_rows_weigh_half_of_the_term_of_nadeau_and_bengio():
    y, one, other = sick(300, np.random.default_rng(2))
    parts = folds_of(300, y=y)
    uncertainty = by_rows(results_of(y, {"d": [one], "c": [other]}, parts), AUC).paired(0, 1, 0.0).uncertainty
    assert uncertainty.rows + uncertainty.training + uncertainty.luck == pytest.approx(1)
    assert uncertainty.training / uncertainty.rows == pytest.approx(0.5 * 0.25 * 5, rel=0.02)


@pytest.mark.parametrize("metric", [AUC, ACCURACY, LOSS], ids=lambda m: m.name)
def test_copies_of_a_row_in_one_group_say_no_more_than_the_row(metric):
    y, one, other = sick(120, np.random.default_rng(3))
    parts = folds_of(120, y=y)
    groups = np.arange(120)
    single = by_rows(results_of(y, {"d": [one], "c": [other]}, parts, groups=groups), metric)
    again = {fold: np.concatenate([3 * test, 3 * test + 1, 3 * test + 2]) for fold, test in parts.items()}
    copied = {"d": [np.repeat(one, 3, axis=0)], "c": [np.repeat(other, 3, axis=0)]}
    tripled = by_rows(results_of(np.repeat(y, 3), copied, again, groups=np.repeat(groups, 3)), metric)
    known = [inference.paired(0, 1, 0.0) for inference in (single, tripled)]
    assert known[0].error == pytest.approx(known[1].error)
    careless = by_rows(results_of(np.repeat(y, 3), copied, again), metric).paired(0, 1, 0.0)
    assert careless.error < 0.7 * known[0].error


def test_neighbours_in_time_are_correlated():
    """The mean of an AR(1) series with rho = 0.7 has (1 + rho) / (1 - rho) times the variance of noise."""
    rng, n, rho, errors = np.random.default_rng(4), 2000, 0.7, []
    for _ in range(20):
        noise = rng.normal(size=n)
        series = np.empty(n)
        series[0] = noise[0] / np.sqrt(1 - rho**2)
        for i in range(1, n):
            series[i] = rho * series[i - 1] + noise[i]
        y = np.zeros(n)
        parts = {(0, 0): np.arange(n)}
        run = results_of(
            y, {"d": [1 + 0.2 * series], "c": [np.ones(n)]}, parts,
            times=np.arange(n), in_order=True, ratio=0.0,
        )  # fmt: skip
        errors.append(by_rows(run, METRICS["mae"]).paired(0, 1, 0.0).error)
    expected = 0.2 * np.sqrt(1 / (1 - rho**2) * (1 + rho) / (1 - rho) / n)
    assert np.median(errors) == pytest.approx(expected, rel=0.2)


def test_a_repeat_that_says_the_same_again_changes_nothing():
    y, one, other = sick(200, np.random.default_rng(5))
    parts = folds_of(200, y=y)
    twice = parts | {(1, fold): test for (_, fold), test in parts.items()}
    once = by_rows(results_of(y, {"d": [one], "c": [other]}, parts), AUC).paired(0, 1, 0.0)
    again = by_rows(results_of(y, {"d": [one] * 2, "c": [other] * 2}, twice), AUC).paired(0, 1, 0.0)
    assert again.error == pytest.approx(once.error, rel=1e-6)
    assert again.uncertainty.luck == pytest.approx(0, abs=1e-9)


def test_what_repeats_do_not_share_is_luck():
    """Row values with variance 1 that stay, and 4 that are drawn anew in each of 3 repeats."""
    rng, n = np.random.default_rng(6), 3000
    stay, parts = rng.normal(size=n), folds_of(n, repeats=3, y=np.zeros(n))
    predictions = [10 + stay + 2 * rng.normal(size=n) for _ in range(3)]
    run = results_of(np.zeros(n), {"d": predictions, "c": [np.full(n, 10.0)] * 3}, parts, ratio=0.0)
    uncertainty = by_rows(run, METRICS["mae"]).paired(0, 1, 0.0).uncertainty
    assert uncertainty.luck == pytest.approx((4 / 3) / (1 + 4 / 3), abs=0.05)


def test_folds_that_differ_by_more_than_their_rows_are_luck():
    assert excess(np.array([0.1, 0.1, 0.1, 0.1, 0.5]), within=0.001) > 0.02
    noise = np.random.default_rng(0).normal(0, 0.1, (4000, 5))
    assert np.mean([excess(values, within=0.01) > 0 for values in noise]) == pytest.approx(0.1, abs=0.015)


def test_every_metric_has_an_interval_around_its_score():
    rng = np.random.default_rng(7)
    numbers = rng.normal(size=150)
    cases = {"binary": sick(150, rng)[:2], "regression": (numbers, numbers + rng.normal(size=150))}
    three = rng.integers(0, 3, 150)
    votes = np.eye(3)[three] + 3 * rng.random((150, 3))
    cases["multiclass"] = three, votes / votes.sum(axis=1, keepdims=True)
    for task, (y, predicted) in cases.items():
        splits = make_splits(y, task=task, folds=5, seed=0)
        parts = {(split.repeat, split.fold): split.test for split in splits}
        results = results_of(y, {"d": [predicted]}, parts)
        for metric in of_task(task):
            inference = by_rows(results, metric)
            low, high = inference.interval(0, metric)
            assert low < inference.models[0].mean(metric.name) < high, metric.name
            assert metric.bounds[0] <= low
            assert high <= metric.bounds[1]


def test_a_perfect_score_is_as_sure_as_its_rows_are_many():
    for n, room in ((40, 0.15), (400, 0.02)):
        y = np.arange(n) % 2
        run = results_of(y, {"d": [two(y.astype(float))]}, folds_of(n, y=y))
        low, high = by_rows(run, AUC).interval(0, AUC)
        assert high == 1.0
        assert 1 - room < low < 1.0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.sampled_from([0.1, 0.4]), k=st.sampled_from([2, 5]))
def test_exchanging_the_families_mirrors_the_verdict(seed, share, k):
    rng = np.random.default_rng(seed)
    y, one, other = sick(150, rng, share)
    third = two(rng.random(150))
    parts = folds_of(150, k, y=y)

    def of(deep, classical):
        named = {f"d{i}": [p] for i, p in enumerate(deep)} | {f"c{i}": [p] for i, p in enumerate(classical)}
        run = results_of(y, named, parts)
        return decide(by_rows(run, AUC), margin=0.01, support=support_of(run, AUC))

    there, back = of([one, third], [other]), of([other], [one, third])
    mirrored = {"deep": "classical", "classical": "deep"}
    assert mirrored.get(there.outcome, there.outcome) == back.outcome
    if there.gain is not None:
        assert (there.gain, there.gain_low, there.p_deep) == pytest.approx(
            (-back.gain, -back.gain_high, back.p_classical)
        )


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_the_rows_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    y, one, other = sick(100, rng)
    parts = folds_of(100, y=y)
    order = rng.permutation(100)
    place = np.argsort(order)  # where each row has gone
    moved = {fold: place[test] for fold, test in parts.items()}
    first = by_rows(results_of(y, {"d": [one], "c": [other]}, parts), AUC).paired(0, 1, 0.0)
    again = by_rows(results_of(y[order], {"d": [one[order]], "c": [other[order]]}, moved), AUC)
    assert again.paired(0, 1, 0.0).error == pytest.approx(first.error)


def test_the_best_of_many_equal_models_is_not_flattered():
    """3 deep against 20 classical models, all alike: neither the score of the best nor the gain is biased."""
    rng, scores, gains, errors = np.random.default_rng(8), [], [], []
    n, runs = 150, 60
    for _ in range(runs):
        y = (rng.random(n) < 0.5).astype(int)
        names = [f"d{i}" for i in range(3)] + [f"c{i}" for i in range(20)]
        predictions = {m: [two(stats.norm.cdf((y - 0.5) * 1.2 + rng.normal(size=n)))] for m in names}
        inference = by_rows(results_of(y, predictions, folds_of(n, y=y)), AUC)
        found = inference.contest({"deep": np.arange(3), "classical": np.arange(3, 23)}, 0.0)
        assert isinstance(found, Contest)
        scores.append([found.scores[f][0] for f in ("deep", "classical")])
        gains.append(found.gain.mean)
        errors.append([np.std([m.mean("roc_auc") for m in inference.models[3:]])])
    truth = stats.norm.cdf(1.2 / np.sqrt(2))
    error = float(np.mean(errors))
    tolerance = 0.2 * error + 2.5 * np.std(gains) / np.sqrt(runs)
    assert np.abs(np.mean(scores, axis=0) - truth).max() < tolerance
    assert abs(np.mean(gains)) < tolerance


def test_intervals_hold_the_truth_and_equal_models_are_seldom_told_apart():
    """The gain of independent scores with the same law is 0; no model is trained, so no training luck."""
    rng, held, called, tied = np.random.default_rng(9), 0, 0, 0
    runs = 200
    for _ in range(runs):
        y, one, other = sick(200, rng, 0.3)
        run = results_of(y, {"d": [one], "c": [other]}, folds_of(200, y=y))
        inference = by_rows(run, AUC)
        found = decide(inference, margin=0.0)
        held += found.gain_low <= 0 <= found.gain_high
        called += found.outcome in ("deep", "classical")
        tied += all(tied_with_best(inference).values())
    assert held / runs >= 0.95  # wider by the training rows, which play no part here
    assert called / runs <= 0.07
    assert tied / runs >= 0.95


def test_so_many_rows_would_settle_it():
    """The variance that is asked for decides with a chance of 80 %: by the normal distribution itself."""
    rng = np.random.default_rng(10)
    for gain, margin in ((0.03, 0.0), (0.03, 0.01), (0.0, 0.01)):
        error = np.sqrt(largest_variance(gain, margin, 0.95))
        seen = rng.normal(gain, error, 20_000)
        if gain > margin:
            decided = seen - stats.norm.ppf(0.95) * error > margin
        else:
            inside = stats.norm.cdf((margin - seen) / error) - stats.norm.cdf((-margin - seen) / error)
            decided = inside >= 0.95
        assert np.mean(decided) == pytest.approx(0.8, abs=0.02)


def retrained(y, predictions, again, ratio=0.5):
    """A run on one test part, with further trainings of every model."""
    run = results_of(y, predictions, {(0, 0): np.arange(len(y))}, ratio=ratio)
    rows = [
        Result(name, FAMILIES[name[0]], repeat, 0, prediction=p)
        for name, own in again.items()
        for repeat, p in enumerate(own, 1)
    ]
    return replace(run, rows=(*run.rows, *rows))


def test_trainings_on_halves_show_what_other_training_rows_change():
    """Trainings whose scores vary by 0.05 by luck alone, on a test set of which the rows agree."""
    rng, n = np.random.default_rng(14), 5000
    y = np.zeros(n)
    noise = 0.1 * rng.normal(size=n)

    def trained(shift):
        return 10 + shift + noise

    again = {"d1": [trained(shift) for shift in 0.05 * rng.normal(size=60)], "c1": [trained(0)] * 60}
    first = {"d1": [trained(0.01)], "c1": [trained(0)]}
    run = retrained(y, first, again)
    assert [row.repeat for row in run.folds] == [0, 0]
    assert len(run.retrained) == 120
    pair = by_rows(run, METRICS["mae"]).paired(0, 1, 0.0)
    assert pair.error == pytest.approx(0.05, rel=0.2)
    assert pair.uncertainty.training > 0.95
    alone = by_rows(retrained(y, first, {}), METRICS["mae"]).paired(0, 1, 0.0)
    assert alone.error < 0.01


def test_a_failed_retraining_is_left_out():
    y, one, other = sick(200, np.random.default_rng(15))
    run = retrained(y, {"d1": [one], "c1": [other]}, {"d1": [one, None, one], "c1": [other] * 3})
    assert by_rows(run, AUC).paired(0, 1, 0.0).error > 0


def around(mean, n, parts, rng, spread):
    """Noise with exactly this mean in every fold."""
    values = spread * rng.normal(size=n)
    for test in parts:
        values[test] += mean - values[test].mean()
    return values


def test_advice_names_how_many_more_rows():
    rng, n = np.random.default_rng(11), 100
    parts = folds_of(n, y=np.zeros(n))
    errors = around(10.0, n, parts.values(), rng, 0.5)
    run = results_of(np.zeros(n), {"d": [errors], "c": [np.full(n, 10.05)]}, parts)
    found = decide(by_rows(run, METRICS["mae"]), margin=0.0)
    assert (found.outcome, found.needed.repeats) == ("undecided", None)
    assert found.gain == pytest.approx(0.05)
    variance = 0.25 * (1 + 0.5 * 0.25 * 5) / n
    wanted = (0.05 / (stats.norm.ppf(0.95) + stats.norm.ppf(0.8))) ** 2
    assert found.needed.rows == pytest.approx(n * variance / wanted, rel=0.2)
    assert "more rows would probably settle it (100 now)" in found.advice


def test_advice_names_more_repeats_with_their_price():
    rng, n = np.random.default_rng(12), 3000
    parts = folds_of(n, repeats=2, y=np.zeros(n))
    repeats = [[test for (repeat, _), test in parts.items() if repeat == r] for r in range(2)]
    lucky = [around(10.0, n, own, rng, 0.5) for own in repeats]
    run = results_of(np.zeros(n), {"d": lucky, "c": [np.full(n, 10.0105)] * 2}, parts, seconds=120.0)
    found = decide(by_rows(run, METRICS["mae"]), margin=0.0)
    assert found.outcome == "undecided"
    assert found.uncertainty.luck > 0.5
    assert found.needed.repeats > 2
    assert found.advice.startswith(f"--repeats {found.needed.repeats} (about ")
    assert found.needed.seconds == pytest.approx(60.0 * (found.needed.repeats - 2))


def test_gains_at_the_margin_are_not_said_to_be_settled_by_rows():
    rng, n = np.random.default_rng(13), 100
    parts = folds_of(n, y=np.zeros(n))
    run = results_of(
        np.zeros(n), {"d": [around(10.0, n, parts.values(), rng, 0.5)], "c": [np.full(n, 10.05)]}, parts
    )
    found = decide(by_rows(run, METRICS["mae"]), margin=0.05)
    assert found.needed.rows is None
    assert "close to the margin" in found.advice
