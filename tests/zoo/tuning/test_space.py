"""Search spaces: every one that a model states can be drawn from, and draws repeat themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepworth.datasets import InputError
from deepworth.zoo import registry
from deepworth.zoo.tuning import check_space, draw, in_words

TUNABLE = [name for name in registry.entries() if registry.space(name)]
ENDS = {
    "log": st.tuples(st.floats(1e-6, 1.0), st.floats(1.5, 1e6)),
    "uniform": st.tuples(st.floats(-10, 0), st.floats(0.5, 10)),
    "logint": st.tuples(st.integers(1, 9), st.integers(10, 9999)),
    "int": st.tuples(st.integers(-9, 0), st.integers(1, 9)),
}
RANGES = st.sampled_from(sorted(ENDS)).flatmap(lambda s: ENDS[s].map(lambda ends: (s, *ends)))
SPACES = st.dictionaries(st.sampled_from("abcd"), RANGES | st.lists(st.integers(), min_size=1, unique=True))


@pytest.mark.parametrize("name", TUNABLE)
def test_the_space_of_a_model_names_its_parameters_and_holds_their_defaults(name):
    space, known = registry.space(name), registry.parameters(name)
    check_space(space, known)
    assert set(in_words(space)) == set(space)
    for parameter, values in space.items():
        default = known[parameter]
        if isinstance(values, list):
            assert default in values or default is None
        elif isinstance(default, int | float) and default > 0:
            assert values[1] <= default <= values[2]


def test_every_strong_model_can_be_tuned():
    assert {"deep-mlp", "tabm", "hist-gradient-boosting", "catboost", "cnn", "nb-svm"} <= set(TUNABLE)


@given(SPACES, st.integers(1, 20), st.integers(0, 2**31))
def test_draws_repeat_themselves_and_more_only_add_to_fewer(space, n, seed):
    drawn = draw(space, n, seed)
    assert drawn == draw(space, n, seed)
    assert drawn == draw(space, n + 7, seed)[: len(drawn)]
    assert drawn[0] == {}
    assert len({str(params) for params in drawn}) == len(drawn) <= n
    for params in drawn[1:]:
        assert set(params) == set(space)
        for name, values in space.items():
            inside = params[name] in values if isinstance(values, list) else _inside(params[name], values)
            assert inside


def _inside(value, values):
    scale, low, high = values
    whole = not scale.endswith("int") or isinstance(value, int)
    return whole and low * (1 - 1e-3 * (low > 0)) <= value <= high * (1 + 1e-3)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"D": [1]}, "there is no parameter 'D'"),
        ({"C": []}, "has no choices"),
        ({"C": ("cubic", 1, 2)}, "must be a list of choices, or a scale"),
        ({"C": ("log", 0, 2)}, "ends that rise, above 0"),
        ({"C": ("uniform", 2, 2)}, "ends that rise"),
        ({"C": 5}, "must be a list"),
        ({"C": ("log", "a", 2)}, "must have numbers as ends"),
    ],
)
def test_a_space_that_cannot_be_drawn_from_is_refused(space, message):
    with pytest.raises(InputError, match=message):
        check_space(space, {"C": 1.0})
