"""Splits in order of time: never a future row in training, whole moments, clear refusals."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from deepworth import load_dataset
from deepworth.datasets import check_dataset
from deepworth.datasets._errors import InputError
from deepworth.datasets._splits import make_splits

N = 120


def assert_in_order(splits, time, groups=None):
    """What every plan in order of time promises."""
    assert [(s.repeat, s.fold) for s in splits] == [(0, i) for i in range(len(splits))]
    tested = np.concatenate([s.test for s in splits])
    assert len(np.unique(tested)) == len(tested), "every row is tested at most once"
    for split in splits:
        assert len(split.train)
        assert len(split.test)
        assert time[split.train].max() < time[split.test].min(), "no future row in training, ties whole"
        assert (np.diff(split.train) > 0).all()
        assert (np.diff(split.test) > 0).all()
        earlier = set(np.flatnonzero(time < time[split.test].min()).tolist())
        if groups is None:
            assert set(split.train.tolist()) == earlier, "the window grows: all earlier rows train"
        else:
            assert not set(groups[split.train]) & set(groups[split.test])
    for a, b in itertools.pairwise(splits):
        assert time[a.test].max() < time[b.test].min()


@settings(deadline=None, max_examples=150)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 25), st.sampled_from("ab"), st.integers(0, 12)), min_size=4, max_size=90
    ),
    folds=st.integers(2, 6),
    task=st.sampled_from(["binary", "regression"]),
    grouped=st.booleans(),
)
def test_no_row_of_the_future_trains(rows, folds, task, grouped):
    time = np.array([float(t) for t, _, _ in rows])
    y = np.array([c for _, c, _ in rows]) if task == "binary" else np.arange(len(rows), dtype=float)
    assume(task != "binary" or len(set(y)) == 2)
    groups = np.array([f"g{g}" for _, _, g in rows]) if grouped else None
    options = {"task": task, "folds": folds, "time": time, "groups": groups}
    try:
        splits = make_splits(y, **options)
    except InputError as error:
        if "--time" in str(error):
            return
        raise
    assert 2 <= len(splits) <= folds
    assert_in_order(splits, time, groups)
    for split in splits:
        if task == "binary":
            assert set(y[split.train]) == set(y), "every class is known before it is asked for"
            assert len(set(y[split.test])) == 2, "and both can be scored"
    again = make_splits(y, **options, seed=99, repeats=7)
    for a, b in zip(splits, again, strict=True):
        np.testing.assert_array_equal(a.train, b.train)
        np.testing.assert_array_equal(a.test, b.test)


def test_the_same_periods_as_scikit_learn():
    from sklearn.model_selection import TimeSeriesSplit

    order = np.random.default_rng(0).permutation(N)  # rows in any order
    splits = make_splits(np.zeros(N) + order, task="regression", folds=5, time=order.astype(float))
    expected = TimeSeriesSplit(5).split(np.zeros((N, 1)))
    for split, (train, test) in zip(splits, expected, strict=True):
        assert sorted(order[split.train]) == train.tolist()
        assert sorted(order[split.test]) == test.tolist()


def test_rows_of_one_day_stay_together():
    days = np.repeat(np.arange(7), [30, 3, 40, 10, 20, 7, 10])
    splits = make_splits(np.arange(float(N)), task="regression", folds=5, time=days)
    assert_in_order(splits, days)
    assert sum(len(s.test) for s in splits) + len(splits[0].train) == N


def test_a_class_that_comes_late_leaves_fewer_periods():
    y = np.array(["a", "b"] * (N // 2), dtype=object)
    y[70::5] = "new"
    splits = make_splits(y.astype(str), task="multiclass", folds=5, time=np.arange(N))
    assert len(splits) == 2
    assert splits[0].train.max() >= 70


def test_periods_of_one_class_are_made_longer():
    y = np.repeat(["a", "b"] * 5, N // 10)
    splits = make_splits(y, task="binary", folds=9, time=np.arange(N))
    assert 2 <= len(splits) < 9
    assert all(len(set(y[s.test])) == 2 for s in splits)


@pytest.mark.parametrize(
    ("y", "time", "groups", "expected"),
    [
        (
            np.repeat(["a", "b"], [100, 20]),
            np.arange(N),
            None,
            "class 'b' first occurs after 83% of the rows",
        ),
        (np.array(["a", "b"] * 60), np.arange(N) % 2, None, "2 different times are too few"),
        (np.array(["a", "b"] * 60), np.arange(N), np.array(["g"] * N), "remove --groups or --time"),
    ],
)
def test_impossible_plans_say_why(y, time, groups, expected):
    with pytest.raises(InputError, match=expected):
        make_splits(y, task="binary", time=time, groups=groups)


def table(time, **columns):
    rng = np.random.default_rng(0)
    a = rng.normal(size=N)
    y = np.where(a + rng.normal(size=N) > 0, "yes", "no")
    return pd.DataFrame({"a": a, "b": rng.normal(size=N), "when": time, "y": y}).assign(**columns)


MOMENTS = {
    "dates": pd.date_range("2024-01-01", periods=N).to_numpy(),
    "dates as words": pd.date_range("2024-01-01", periods=N).strftime("%d.%m.%Y").to_numpy(dtype=object),
    "years": 1900 + np.arange(N) // 3,
    "numbers as words": np.array([str(i) for i in range(N)], dtype=object),
    "counted rows": np.arange(N),
}


@pytest.mark.parametrize("kind", MOMENTS)
def test_time_columns_of_any_kind(kind):
    shuffled = table(MOMENTS[kind]).sample(frac=1, random_state=0, ignore_index=True)
    data = load_dataset(shuffled, target="y", time="when")
    assert "when" not in data.X.columns, "the moment is no feature"
    assert [c.role for c in data.schema.columns] == ["numeric", "numeric", "time", "target"]
    np.testing.assert_array_equal(data.X["a"], shuffled["a"], "rows keep their order")
    splits = make_splits(data.y, task="binary", time=data.time)
    assert len(splits) == 5
    assert_in_order(splits, data.time)
    assert "DW014" not in {f.code for f in check_dataset(data)}


def test_time_goes_along_with_rows():
    data = load_dataset(table(MOMENTS["years"]), target="y", time="when")
    some = data.take(np.array([5, 99, 7]))
    assert some.time.tolist() == [1901, 1933, 1902]
    assert len(load_dataset(table(MOMENTS["years"]), target="y", time="when", rows=50).time) == 50


@pytest.mark.parametrize(
    ("data", "options", "expected"),
    [
        (table(["soon", "late"] * 60), {}, "'when': expected dates .* or numbers, got words"),
        (table([None, *range(N - 1)]), {}, "no date or number in 1 of 120 rows, first row 1"),
        (table(["x", *range(N - 1)]), {}, "no date or number in 1 of 120 rows, first row 1"),
        (table(2024), {}, "same value in every row"),
        (table(range(N)), {"time": "wen"}, "did you mean when"),
        (table(range(N)), {"time": "y"}, "is the target"),
        (
            table(range(N), part=["train"] * 90 + ["test"] * 30),
            {"split_column": "part"},
            "official test set",
        ),
    ],
)
def test_unusable_time_columns(data, options, expected):
    with pytest.raises(InputError, match=expected):
        load_dataset(data, target="y", **{"time": "when", **options})


def test_the_check_names_the_option():
    (found,) = [
        f for f in check_dataset(load_dataset(table(MOMENTS["dates"]), target="y")) if f.code == "DW014"
    ]
    assert "--time when" in found.message
    years = load_dataset(table(MOMENTS["years"]).rename(columns={"when": "sale_year"}), target="y")
    (found,) = [f for f in check_dataset(years) if f.code == "DW014"]
    assert "in the order of column 'sale_year'" in found.message
    shuffled = table(np.random.default_rng(0).permutation(MOMENTS["years"])).rename(
        columns={"when": "sale_year"}
    )
    assert "DW014" not in {f.code for f in check_dataset(load_dataset(shuffled, target="y"))}
