"""Holdout repeats: shares, sides, classes, groups, and messages."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepworth.datasets._errors import InputError
from deepworth.datasets._splits import make_splits

Y = np.array(["a"] * 60 + ["b"] * 40)


@settings(max_examples=40, deadline=None)
@given(share=st.floats(0.1, 0.9), repeats=st.integers(1, 5), seed=st.integers(0, 99))
def test_every_repeat_holds_out_its_share_of_every_class(share, repeats, seed):
    splits = make_splits(Y, task="binary", holdout=share, repeats=repeats, seed=seed)
    assert [(s.repeat, s.fold) for s in splits] == [(r, 0) for r in range(repeats)]
    for s in splits:
        assert sorted([*s.train, *s.test]) == list(range(100))
        assert len(s.test) == pytest.approx(100 * share, abs=1)
        assert np.mean(Y[s.test] == "b") == pytest.approx(0.4, abs=0.06)


def test_repeats_differ_and_seeds_repeat():
    first, second = make_splits(Y, task="binary", holdout=0.3, repeats=2)
    assert set(first.test) != set(second.test)
    again = make_splits(Y, task="binary", holdout=0.3, repeats=1)[0]
    np.testing.assert_array_equal(first.test, again.test)


def test_groups_stand_on_one_side():
    groups = np.repeat(np.arange(20), 5)
    for s in make_splits(Y, task="binary", holdout=0.25, repeats=5, groups=groups):
        assert not set(groups[s.train]) & set(groups[s.test])
        assert set(Y[s.train]) == set(Y[s.test]) == {"a", "b"}


def test_values_need_no_classes():
    assert len(make_splits(np.arange(10.0), task="regression", holdout=0.2, repeats=1)[0].test) == 2


@pytest.mark.parametrize(
    ("y", "share", "groups", "words"),
    [
        (Y, 1.5, None, "between 0 and 1"),
        (Y, 0.001, None, "cannot hold out"),
        (np.array(["a"] * 9 + ["b"]), 0.5, None, "cannot hold out"),
        (Y, 0.3, np.array([0] * 60 + [1] * 40), "on one side only"),
    ],
)
def test_impossible_parts_are_refused(y, share, groups, words):
    with pytest.raises(InputError, match=words):
        make_splits(y, task="binary", holdout=share, repeats=2, groups=groups)
