"""Resampling plans: disjoint, complete, stratified, groups whole, the same for the same seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepworth.datasets._errors import InputError
from deepworth.datasets._splits import Split, make_splits


def labels(*counts):
    y = np.repeat([f"c{i}" for i in range(len(counts))], counts)
    return np.random.default_rng(0).permutation(y)


def assert_partition(splits, n):
    """Within each repeat every row is tested once and never stands on both sides."""
    for repeat in {s.repeat for s in splits}:
        own = [s for s in splits if s.repeat == repeat]
        assert [s.fold for s in own] == list(range(len(own)))
        assert sorted(np.concatenate([s.test for s in own]).tolist()) == list(range(n))
        for split in own:
            assert sorted([*split.train, *split.test]) == list(range(n))
            assert (np.diff(split.test) > 0).all()


@settings(deadline=None)
@given(
    counts=st.lists(st.integers(2, 40), min_size=2, max_size=4).filter(lambda c: sum(c) >= 4),
    folds=st.integers(2, 7),
    repeats=st.integers(1, 3),
    seed=st.integers(0, 2**32),
)
def test_stratified_folds(counts, folds, repeats, seed):
    y = labels(*counts)
    splits = make_splits(y, task="multiclass", folds=folds, repeats=repeats, seed=seed)
    made = len(splits) // repeats
    assert 2 <= made <= folds
    assert made == min(folds, *counts, len(y) // 2)
    assert_partition(splits, len(y))
    for split in splits:
        for name, count in zip(*np.unique(y, return_counts=True), strict=True):
            assert abs((y[split.test] == name).sum() - count / made) < 1
            assert (y[split.train] == name).any()


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 8), st.sampled_from("ab")), min_size=4, max_size=80),
    folds=st.integers(2, 5),
    task=st.sampled_from(["binary", "regression"]),
)
def test_groups_stay_whole(rows, folds, task):
    groups = np.array([f"g{g}" for g, _ in rows])
    y = np.array([c for _, c in rows]) if task == "binary" else np.arange(len(rows), dtype=float)
    try:
        splits = make_splits(y, task=task, folds=folds, groups=groups)
    except InputError as error:
        if "is missing from training" in str(error):
            return
        few = min((len(set(groups[y == c])) for c in set(y)), default=0) if task == "binary" else 2
        assert len(set(groups)) < 2 or few < 2
        return
    assert_partition(splits, len(y))
    for split in splits:
        assert not set(groups[split.train]) & set(groups[split.test])
        assert len(split.train)
        assert len(split.test)
        if task == "binary":
            assert set(y[split.train]) == set(y)


def test_grouped_folds_keep_the_shares_of_the_classes():
    rng = np.random.default_rng(1)
    groups = rng.integers(0, 60, 1200)
    y = np.where(rng.random(1200) < 0.2, "sick", "well")
    for split in make_splits(y, task="binary", folds=5, groups=groups):
        assert (y[split.test] == "sick").mean() == pytest.approx((y == "sick").mean(), abs=0.05)


def test_regression_folds_are_even():
    splits = make_splits(np.arange(23.0), task="regression", folds=5)
    assert sorted(len(s.test) for s in splits) == [4, 4, 5, 5, 5]
    assert_partition(splits, 23)


def test_the_same_seed_gives_the_same_plan_and_repeats_differ():
    y = labels(30, 30)
    first, again, other = (make_splits(y, task="binary", repeats=2, seed=s) for s in (4, 4, 5))
    for a, b in zip(first, again, strict=True):
        assert (a.repeat, a.fold) == (b.repeat, b.fold)
        np.testing.assert_array_equal(a.test, b.test)
    assert not np.array_equal(first[0].test, first[5].test)
    assert not np.array_equal(first[0].test, other[0].test)
    assert not np.array_equal(first[5].test, other[0].test)


def test_the_plan_of_a_repeat_does_not_depend_on_how_many_follow():
    y = labels(30, 30)
    one, three = (make_splits(y, task="binary", repeats=r, seed=1) for r in (1, 3))
    for a, b in zip(one, three, strict=False):
        np.testing.assert_array_equal(a.test, b.test)


def test_an_official_part_is_one_split():
    test = np.arange(20) >= 15
    (split,) = make_splits(labels(10, 10), task="binary", folds=5, test=test)
    assert isinstance(split, Split)
    assert (split.repeat, split.fold) == (0, 0)
    assert split.train.tolist() == list(range(15))
    assert split.test.tolist() == list(range(15, 20))


@settings(deadline=None)
@given(
    counts=st.lists(st.integers(1, 30), min_size=2, max_size=4).filter(lambda c: sum(c) >= 6),
    repeats=st.integers(2, 5),
    in_group=st.integers(1, 3),
    seed=st.integers(0, 2**32),
)
def test_repeats_of_an_official_part_train_on_halves(counts, repeats, in_group, seed):
    y = np.concatenate([labels(*counts), labels(*([1] * len(counts)))])  # every class is in both parts
    test = np.arange(len(y)) >= sum(counts)
    first, *others = make_splits(y, task="multiclass", test=test, repeats=repeats, seed=seed)
    assert [split.repeat for split in others] == list(range(1, repeats))
    for split in others:
        assert split.test.tolist() == first.test.tolist()
        assert set(split.train) <= set(first.train)
        for c in np.unique(y):
            assert np.sum(y[split.train] == c) == -(-np.sum(y[first.train] == c) // 2)
    groups = np.where(test, -1 - np.arange(len(y)), np.arange(len(y)) // in_group)
    numbers = np.arange(len(y), dtype=float)
    for split in make_splits(
        numbers, task="regression", test=test, repeats=repeats, seed=seed, groups=groups
    )[1:]:
        rest = np.setdiff1d(first.train, split.train)
        assert not set(groups[split.train]) & set(groups[rest])
    again = make_splits(y, task="multiclass", test=test, repeats=repeats + 1, seed=seed)[1:repeats]
    assert [s.train.tolist() for s in again] == [s.train.tolist() for s in others]


def test_no_fold_trains_without_a_class():
    y = np.array(list("aaaaaaaabc"))
    groups = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 8])
    with pytest.raises(InputError, match="class 'b' has 1 group"):
        make_splits(y, task="multiclass", groups=groups)
    with pytest.raises(InputError, match="some class is missing from training"):
        make_splits(np.array(list("abab")), task="binary", folds=2, groups=np.array([0, 0, 1, 2]))


def test_few_cases_of_a_class_lower_the_folds():
    splits = make_splits(labels(50, 3), task="binary", folds=5)
    assert len(splits) == 3


@pytest.mark.parametrize(
    ("y", "options", "expected"),
    [
        (labels(20, 1), {}, "class 'c1' has 1 row, but training and scoring need 2"),
        (labels(20, 5), {"groups": np.array(["a"] * 25)}, "1 group is too few"),
        (np.array(list("aaaabb")), {"groups": np.array(list("xxyyzz"))}, "class 'b' has 1 group"),
        (labels(9, 9), {"folds": 1}, "at least 2 folds"),
        (labels(9, 9), {"repeats": 0}, "1 repeat"),
        (labels(9, 9), {"test": np.ones(18, bool)}, "0 training and 18 test rows"),
        (np.array(list("aaab")), {"test": np.array([0, 0, 1, 1])}, "class 'b' is in the test set only"),
        (
            np.array(list("abab")),
            {"test": np.array([0, 0, 1, 1]), "groups": np.array(list("xyyz"))},
            "group 'y' is in the training and in the test set",
        ),
        (np.array(list("ab") * 1), {}, "class 'a' has 1 row"),
    ],
)
def test_impossible_plans(y, options, expected):
    with pytest.raises(InputError, match=expected):
        make_splits(y, task="binary", **options)


def test_too_few_rows_for_regression():
    with pytest.raises(InputError, match="3 rows are too few"):
        make_splits(np.arange(3.0), task="regression")
