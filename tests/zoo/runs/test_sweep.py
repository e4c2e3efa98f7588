"""Sizes, nested subsets and scoring rows of a learning curve."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepworth.datasets import Dataset, InputError
from deepworth.zoo.judging.curves import overlap
from deepworth.zoo.runs.sweep import geometric_sizes, make_curve_plan, nested_order


def table(n=400, task="binary", seed=0, **fields):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"a": rng.normal(size=n)})
    y = rng.normal(size=n) if task == "regression" else rng.choice(["x", "y"], n, p=[0.8, 0.2])
    return Dataset("made", X, y, task, "tabular", **fields)


def plan(dataset=None, **options):
    settled = {"models": ["constant"], "sizes": 5, "smallest": None, "repeats": 5, "seed": 0, "params": None}
    return make_curve_plan(table() if dataset is None else dataset, **{**settled, **options})


@settings(deadline=None, max_examples=80)
@given(st.integers(40, 100_000), st.integers(4, 12), st.integers(0, 5))
def test_sizes_are_geometric_and_end_with_all_rows(largest, n_sizes, n_classes):
    least = max(32, 8 * n_classes)
    if largest < 2 * least:
        with pytest.raises(InputError, match="add rows"):
            geometric_sizes(largest, n_sizes, None, n_classes)
        return
    sizes = geometric_sizes(largest, n_sizes, None, n_classes)
    assert sizes[-1] == largest
    assert len(sizes) == n_sizes
    assert sizes[0] >= least
    ratios = np.array(sizes[1:]) / sizes[:-1]
    assert ratios.max() <= 2.02
    assert ratios.max() / ratios.min() < 1.2


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.lists(st.integers(2, 60), min_size=2, max_size=5))
def test_every_beginning_is_stratified(seed, counts):
    y = np.repeat(np.arange(len(counts)), counts)
    order = nested_order(len(y), y, None, np.random.default_rng(seed))
    assert sorted(order) == list(range(len(y)))
    for n in range(2 * len(counts), len(y) + 1):
        shares = np.bincount(y[order[:n]], minlength=len(counts))
        expected = n * np.array(counts) / len(y)
        assert (shares >= 2).all()
        assert np.abs(shares - expected).max() <= 2 * len(counts) + 1
    assert (np.bincount(y[order[: 2 * len(counts)]]) == 2).all()


def test_subsets_are_nested_and_never_hold_a_scoring_row():
    found = plan()
    for repeat in range(5):
        jobs = sorted((j for j in found.jobs if j.split.repeat == repeat), key=lambda j: j.split.fold)
        assert [len(j.split.train) for j in jobs] == list(found.facts.sizes)
        for smaller, larger in pairwise(jobs):
            assert set(smaller.split.train) < set(larger.split.train)
            assert np.array_equal(smaller.split.test, larger.split.test)
        assert not set(jobs[-1].split.train) & set(jobs[-1].split.test)


def test_scoring_rows_of_five_repeats_are_disjoint_and_complete():
    tests = [j.split.test for j in plan().jobs if j.split.fold == 0]
    assert sorted(np.concatenate(tests)) == list(range(400))


def test_more_repeats_share_as_much_of_their_training_rows():
    """Their scoring rows are the same parts again, which inference by rows averages before it counts them."""
    five, ten = (overlap(plan(repeats=repeats).facts) for repeats in (5, 10))
    assert five == pytest.approx(ten)
    assert five[-1] == pytest.approx(0.25)  # n_test / n_train of five folds
    assert (np.diff(five) > 0).all()


def test_other_repeats_draw_other_rows_and_the_seed_decides():
    first = {j.split.repeat: tuple(j.split.train) for j in plan().jobs if j.split.fold == 0}
    assert len(set(first.values())) == 5
    again = {j.split.repeat: tuple(j.split.train) for j in plan().jobs if j.split.fold == 0}
    other = {j.split.repeat: tuple(j.split.train) for j in plan(seed=1).jobs if j.split.fold == 0}
    assert first == again != other


def test_groups_stay_on_one_side_and_join_whole():
    groups = np.repeat(np.arange(40), 10)
    found = plan(table(groups=groups))
    for job in found.jobs:
        assert not set(groups[job.split.train]) & set(groups[job.split.test])
    small = next(j for j in found.jobs if j.split.fold == 1)
    assert len(set(groups[small.split.train])) <= len(small.split.train) / 10 + 5


def test_an_official_test_part_scores_and_is_cut_into_parts():
    test = np.arange(400) >= 300
    found = plan(table(test=test))
    assert found.facts.sizes[-1] == 300
    assert all(j.split.train.max() < 300 <= j.split.test.min() for j in found.jobs)
    parts = [j.split.test for j in found.jobs if j.split.fold == 0]
    assert sorted(np.concatenate(parts)) == list(range(300, 400))


def test_a_test_part_with_a_lonely_class_is_still_scored():
    data = table(task="binary", test=np.arange(400) >= 390)
    data.y[390:] = "x"
    data.y[395] = "y"
    assert len({tuple(j.split.test) for j in plan(data).jobs}) == 5


def test_rows_in_order_of_time_are_scored_on_the_last_period():
    time = np.random.default_rng(0).permutation(400).astype(float)
    found = plan(table(time=time))
    for job in found.jobs:
        assert time[job.split.train].max() < time[job.split.test].min()
    assert found.facts.ordered == 1


def test_regression_needs_no_classes():
    assert plan(table(task="regression")).facts.sizes[0] >= 32


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sizes": 3}, "sizes must be at least 4"),
        ({"repeats": 1}, "repeats must be at least 2 to estimate uncertainty, got 1"),
        ({"smallest": 1}, "smallest must be at least 4"),
        ({"smallest": 300}, "there are 320"),
        ({"models": ["nope"]}, "nope"),
        ({"params": {"constant": {"depth": 3}}}, "depth"),
    ],
)
def test_what_cannot_be_planned_is_said_in_one_line(options, words):
    with pytest.raises(InputError, match=words):
        plan(**options)


def test_strong_models_of_both_families_by_default():
    names = plan(models=None).facts.models
    assert {"hist-gradient-boosting", "deep-mlp"} <= set(names)
    assert "constant" not in names
    assert "linear-regression" in plan(table(task="regression"), models=None).facts.models
