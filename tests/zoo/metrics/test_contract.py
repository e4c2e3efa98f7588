"""What every metric promises. A file that is added to zoo/metrics is tested without being named here."""

import ast
import math
import pickle
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepworth.datasets import catalogue
from deepworth.zoo.metrics import (
    METRICS,
    Truth,
    chance_level,
    default_margin,
    evaluate,
    influence_values,
    primary,
    second,
    weighted_scores,
)

FILES = {e.name.replace("-", "_"): e for e in catalogue("deepworth.zoo.metrics", "value").values()}
FACTS = {
    "LABEL",
    "TASKS",
    "GREATER_IS_BETTER",
    "BOUNDS",
    "MARGIN",
    "RELATIVE",
    "SECOND",
    "PRIMARY_FOR",
    "NEEDS",
    "CHANCE",
    "ORDER",
}
HEAVY = {"numpy", "scipy", "sklearn", "pandas", "tensorflow", "keras"}
CLASSES = {"binary": (2,), "multiclass": (3, 5), "regression": (0,)}

pytestmark = pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")


def for_tasks(metrics):
    """A case a metric, task and number of classes."""
    cases = [(m, task, k) for m in metrics for task in m.tasks for k in CLASSES[task]]
    ids = [f"{m.name}-{task}-{k}" for m, task, k in cases]
    return pytest.mark.parametrize(("metric", "task", "n_classes"), cases, ids=ids)


every_metric = pytest.mark.parametrize("metric", METRICS.values(), ids=lambda m: m.name)
every_task = for_tasks(METRICS.values())
means_over_rows = for_tasks(m for m in METRICS.values() if m.row_values)
with_weighted_formula = for_tasks(m for m in METRICS.values() if m.row_values or m.weighted)
with_influence_formula = for_tasks(m for m in METRICS.values() if m.row_values or m.influence)
several_draws = [
    settings(deadline=None, max_examples=25),
    given(seed=st.integers(0, 10_000), n=st.integers(2, 40), ties=st.booleans()),
]


def varied(test):
    for decorate in reversed(several_draws):
        test = decorate(test)
    return test


def drawn(task, n_classes, n, seed=0, ties=False):
    """Rows and predictions that know something of them; classes may be absent from few rows."""
    rng = np.random.default_rng(seed)
    if task == "regression":
        y = rng.normal(size=n)
        noise = rng.normal(size=n)
        return Truth(y, task), y + (np.round(noise) if ties else noise)
    y = rng.integers(0, n_classes, n)
    p = rng.dirichlet(np.ones(n_classes), n) + 0.5 * np.eye(n_classes)[y] * rng.random((n, 1))
    if ties:
        p = np.round(p * 4) + 0.5
    positive = int(rng.integers(0, 2)) if task == "binary" else 1
    return Truth(y, task, n_classes, positive), p / p.sum(axis=1, keepdims=True)


def perfect(truth):
    return truth.y if truth.task == "regression" else np.eye(truth.n_classes)[truth.y]


def constant(truth):
    """The class shares, or the mean, for every row."""
    n = len(truth.y)
    if truth.task == "regression":
        return np.full(n, truth.y.mean())
    return np.tile(np.bincount(truth.y, minlength=truth.n_classes) / n, (n, 1))


# ---------------------------------------------------------------- what the file says


@every_task
def test_a_metric_needs_no_more_than_it_says(metric, task, n_classes):
    """Ranks of scores, or predicted classes, give the score of the probabilities that they come from."""
    assert metric.needs in ("probabilities", "ranks", "labels")
    truth, prediction = drawn(task, n_classes, 60)
    if metric.needs == "ranks":
        less = prediction**3
    elif metric.needs == "labels":
        less = np.eye(n_classes)[prediction.argmax(axis=1)]
    else:
        return
    assert evaluate(metric, truth, less) == pytest.approx(evaluate(metric, truth, prediction), abs=1e-12)


@every_metric
def test_file_has_a_card_and_known_facts(metric):
    entry = FILES[metric.name]
    assert re.match(r"[A-Z].{20,}\.$", entry.card), "the first docstring line is one sentence"
    said = {name for name in vars(entry.module) if name.isupper() and not name.startswith("_")}
    assert said - {"TYPE_CHECKING", "NAME"} <= FACTS, "a misspelt fact would be ignored"
    assert metric.tasks
    assert set(metric.tasks) <= set(CLASSES)
    assert set(metric.primary_for) <= set(metric.tasks)
    assert metric.label.strip() == metric.label != ""
    assert metric.margin > 0


@every_metric
def test_file_is_light(metric):
    """Heavy libraries are imported inside functions, as whoever lists the metrics reads every file."""
    imported = set()
    for node in ast.parse(Path(FILES[metric.name].module.__file__).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add("." * node.level or (node.module or "").partition(".")[0])
    assert not imported & (HEAVY | {"."})


@every_metric
def test_is_found_by_its_name_and_has_a_metric_beside_it(metric):
    for task in metric.tasks:
        assert primary(task, metric.name) is metric
        assert primary(task, metric.name.replace("_", "-").upper()) is metric
        beside = second(metric, task)
        assert beside is None or (task in beside.tasks and beside != metric)


@every_metric
def test_is_a_value(metric):
    """It goes to worker processes, and stands in sets and dictionaries."""
    copy = pickle.loads(pickle.dumps(metric))
    assert copy == metric
    assert len({copy, metric}) == 1
    assert "0x" not in repr(metric)


# ---------------------------------------------------------------- direction and range


@every_task
def test_a_perfect_prediction_scores_the_better_bound(metric, task, n_classes):
    truth, prediction = drawn(task, n_classes, 60)
    best = metric.bounds[1] if metric.greater_is_better else metric.bounds[0]
    assert math.isfinite(best), "learning curves measure the distance from it"
    assert metric(truth, perfect(truth)) == pytest.approx(best)
    assert metric.sign * metric(truth, prediction) < metric.sign * best


@every_task
@varied
def test_values_stay_within_the_bounds(metric, task, n_classes, seed, n, ties):
    truth, prediction = drawn(task, n_classes, n, seed, ties)
    shuffled = Truth(np.random.default_rng(seed).permutation(truth.y), task, n_classes, truth.positive)
    for rows in (truth, shuffled):
        value = evaluate(metric, rows, prediction)
        assert value is None or metric.bounds[0] <= value <= metric.bounds[1]
        assert value is None or type(value) is float


@every_task
def test_ordinary_rows_have_a_score(metric, task, n_classes):
    """evaluate() takes a ValueError for "undefined"; here it would be a mistake."""
    assert math.isfinite(metric(*drawn(task, n_classes, 60)))


@every_task
def test_rows_without_variety_have_a_score_or_none(metric, task, n_classes):
    same = np.full(12, 3.0) if task == "regression" else np.zeros(12, int)
    truth = Truth(same, task, n_classes)
    for prediction in (perfect(truth), drawn(task, n_classes, 12)[1]):
        value = evaluate(metric, truth, prediction)
        assert value is None or metric.bounds[0] <= value <= metric.bounds[1]
        ones = weighted_scores(metric, truth, prediction, np.ones((1, 12)))[0]
        assert np.isnan(ones) if value is None else ones == pytest.approx(value)
        effects = influence_values(metric, truth, prediction)
        assert (effects is None) == (value is None)


@every_task
def test_the_order_of_rows_does_not_matter(metric, task, n_classes):
    truth, prediction = drawn(task, n_classes, 50, ties=True)
    rows = np.random.default_rng(1).permutation(50)
    assert metric(truth.part(rows), prediction[rows]) == pytest.approx(metric(truth, prediction))


@every_task
def test_only_shares_of_rows_matter(metric, task, n_classes):
    """Three copies of every row score as one does."""
    truth, prediction = drawn(task, n_classes, 30, ties=True)
    copies = np.tile(np.arange(30), 3)
    assert metric(truth.part(copies), prediction[copies]) == pytest.approx(metric(truth, prediction))


@every_task
def test_a_constant_prediction_scores_the_chance_level(metric, task, n_classes):
    for seed in range(5):
        truth = drawn(task, n_classes, 60, seed)[0]
        assert chance_level(metric, truth) == pytest.approx(evaluate(metric, truth, constant(truth)))
        assert metric.sign * chance_level(metric, truth) <= metric.sign * metric(truth, perfect(truth))


@every_metric
def test_default_margin_grows_with_the_target_only_if_relative(metric):
    y = np.array([0.0, 1.0, 5.0])
    factor = default_margin(metric, 10 * y, None) / default_margin(metric, y, None)
    assert factor == pytest.approx(10 if metric.relative else 1)


# ---------------------------------------------------------------- weights


@every_task
@varied
def test_a_weight_counts_rows(metric, task, n_classes, seed, n, ties):
    truth, prediction = drawn(task, n_classes, n, seed, ties)
    weights = np.random.default_rng(seed + 1).integers(0, 3, (4, n)).astype(np.float32)
    weights[:, 0] = 1  # a sample without rows is never asked for
    expected = []
    for counts in weights.astype(int):
        rows = np.repeat(np.arange(n), counts)
        expected.append(evaluate(metric, truth.part(rows), prediction[rows]))
    found = weighted_scores(metric, truth, prediction, weights)
    np.testing.assert_allclose(found, np.array(expected, float), rtol=1e-9, atol=1e-9)


@with_weighted_formula
def test_only_the_proportions_of_weights_matter(metric, task, n_classes):
    truth, prediction = drawn(task, n_classes, 40, ties=True)
    weights = np.random.default_rng(0).integers(0, 4, (5, 40)).astype(float)
    thirds = weighted_scores(metric, truth, prediction, weights / 3)
    np.testing.assert_allclose(thirds, weighted_scores(metric, truth, prediction, weights), rtol=1e-9)


@means_over_rows
def test_the_score_is_the_mean_of_row_values(metric, task, n_classes):
    truth, prediction = drawn(task, n_classes, 40)
    values = metric.row_values(truth, prediction)
    assert values.shape == (40,)
    assert values.dtype == np.float64
    assert values.mean() == pytest.approx(metric(truth, prediction))


# ---------------------------------------------------------------- influence


def jackknife(metric, truth, prediction, rows, copies):
    """Mean change of the score when a row is left out and added, in a table where each stands so often."""
    n = len(truth.y) * copies
    repeated = np.repeat(np.arange(len(truth.y)), copies)

    def score(chosen):
        return metric(truth.part(chosen), prediction[chosen])

    whole = score(repeated)
    changes = []
    for row in rows:
        less = (n - 1) * (whole - score(np.delete(repeated, row * copies)))
        more = (n + 1) * (score(np.append(repeated, row)) - whole)
        changes.append((less + more) / 2)
    return np.array(changes)


def is_close(metric, effects, rows, expected):
    """To a thousandth of the size of the effects; where all are 0, to the bend of the metric."""
    size = np.sqrt(np.mean(effects**2))
    return np.abs(effects[rows] - expected).max() <= 1e-3 * size + 1e-4


@every_task
@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000), n=st.integers(3, 40), ties=st.booleans())
def test_influence_equals_the_jackknife(metric, task, n_classes, seed, n, ties):
    truth, prediction = drawn(task, n_classes, n, seed, ties)
    effects = influence_values(metric, truth, prediction)
    if evaluate(metric, truth, prediction) is None:
        assert effects is None
        return
    assert effects.shape == (n,)
    assert effects.mean() == pytest.approx(0, abs=1e-9 * (1 + np.abs(effects).max()))
    rows = np.random.default_rng(seed).choice(n, size=min(n, 6), replace=False)
    assert is_close(metric, effects, rows, jackknife(metric, truth, prediction, rows, copies=100))


@with_influence_formula
def test_influence_equals_leave_one_out_on_many_rows(metric, task, n_classes):
    n = 20_000
    truth, prediction = drawn(task, n_classes, n, seed=3, ties=True)
    effects, score, rows = (
        influence_values(metric, truth, prediction),
        metric(truth, prediction),
        np.arange(n),
    )
    for row in range(0, n, 1000):
        without = np.delete(rows, row)
        expected = (n - 1) * (score - metric(truth.part(without), prediction[without]))
        assert is_close(metric, effects, row, expected)


@every_task
def test_influence_gives_the_standard_error(metric, task, n_classes):
    """The spread of the score over samples of a population is that of its influence values."""
    truth, prediction = drawn(task, n_classes, 300, seed=5)
    counts = np.random.default_rng(0).multinomial(300, np.full(300, 1 / 300), size=2000)
    scores = weighted_scores(metric, truth, prediction, counts)
    effects = influence_values(metric, truth, prediction)
    assert effects.std() / np.sqrt(300) == pytest.approx(scores.std(), rel=0.08)


def test_the_contract_is_about_the_files_of_the_package():
    assert set(FILES) == set(METRICS)
    assert "deepworth.zoo.metrics" in sys.modules
