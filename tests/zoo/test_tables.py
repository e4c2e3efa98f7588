"""Tables to arrays: each kind of column by hand values, and both paths against each other."""

from functools import cache

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from deepworth.zoo.preprocessing.tables import MAX_LEVELS, ONE_HOT_LEVELS, TablePreprocessor


def fit(**columns):
    return TablePreprocessor().fit(pd.DataFrame(columns))


def numeric(preprocessor, **columns):
    return preprocessor.transform(pd.DataFrame(columns))["numeric"]


def clipped(x):
    return x / np.sqrt(1 + (x / 3) ** 2)


def text(*cells):
    return pd.array(cells, "string")


def test_numbers_are_centred_by_the_median_and_scaled_by_the_quartiles():
    train = [1.0, 2.0, 3.0, 4.0, 100.0]  # median 3, quartiles 2 and 4
    found = numeric(fit(a=train), a=[3.0, 5.0, 2.0, 1e12])
    np.testing.assert_allclose(found[:, 0], [0.0, clipped(1.0), clipped(-0.5), 3.0], rtol=1e-6)


def test_equal_quartiles_fall_back_on_the_usual_distance_of_other_values():
    found = numeric(fit(a=[0.0] * 20 + [1.0, 2.0, 900.0]), a=[2.0, 4.0])
    np.testing.assert_allclose(found[:, 0], [clipped(1.0), clipped(2.0)], rtol=1e-6)


def test_a_constant_column_says_nothing_whatever_comes_later():
    assert not numeric(fit(a=[7.0] * 5), a=[7.0, 1e9, -3.0]).any()


def test_numbers_at_the_limits_of_float_are_clipped_too():
    largest = np.finfo(float).max
    found = numeric(fit(a=[1.0, 2.0, 3.0]), a=[largest, -largest])
    np.testing.assert_allclose(found[:, 0], [3.0, -3.0], rtol=1e-6)
    found = numeric(fit(a=[largest, -largest, 0.0, 5e-324]), a=[largest, -largest, 1.0])
    assert np.isfinite(found).all()
    tiny = numeric(fit(a=[0.0, 5e-324, 1e-323]), a=[largest, 0.0])
    assert np.isfinite(tiny).all()


def test_missing_and_infinite_are_the_median_with_a_mark_where_training_had_missing_ones():
    marked = numeric(fit(a=[1.0, 2.0, 3.0, np.nan]), a=[np.nan, np.inf, -np.inf, 2.0])
    np.testing.assert_array_equal(marked, [[0, 1], [0, 1], [0, 1], [0, 0]])
    unmarked = numeric(fit(a=[1.0, 2.0, 3.0]), a=[np.nan, np.inf])
    np.testing.assert_array_equal(unmarked, [[0], [0]])


def test_a_column_without_any_value_is_no_trouble():
    found = numeric(fit(a=[np.nan] * 4, b=[1.0, 2.0, 3.0, 4.0]), a=[5.0], b=[np.nan])
    assert np.isfinite(found).all()


def test_few_levels_are_one_hot_by_frequency_and_unknown_ones_are_zeros():
    found = numeric(fit(c=list("bbbaac")), c=["b", "a", "c", "zebra"])
    np.testing.assert_array_equal(found, [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]])


def test_a_missing_category_is_a_level_of_its_own_if_training_had_it():
    found = numeric(fit(c=["a", "a", "b", None, None, None]), c=[None, "a", "q"])
    np.testing.assert_array_equal(found[:, 0], [1, 0, 0])
    assert not found[2].any()


def test_many_levels_are_codes_for_an_embedding():
    levels = [f"town {i % 40}" for i in range(400)]
    preprocessor = fit(c=levels)
    assert ONE_HOT_LEVELS < 40
    codes = preprocessor.transform(pd.DataFrame({"c": ["town 3", "Atlantis", None]}))["categories"]
    assert codes.dtype == np.int32
    assert codes[0, 0] > 0
    assert codes[1:, 0].tolist() == [0, 0]
    assert preprocessor.spec.cardinalities[0] >= 41


def test_a_million_levels_stay_bounded():
    frequent = [f"k{i % 1500}" for i in range(4500)]
    values = pd.Series(pd.Categorical(frequent + [f"rare{i}" for i in range(1_000_000)]))
    preprocessor = TablePreprocessor().fit(pd.DataFrame({"c": values}))
    assert len(preprocessor.columns[0].levels) == MAX_LEVELS
    assert set(preprocessor.columns[0].levels) <= set(frequent)
    assert preprocessor.transform(pd.DataFrame({"c": ["rare5"]}))["categories"].tolist() == [[0]]


def test_levels_seen_once_among_many_rows_are_rare():
    preprocessor = fit(c=["a"] * 150 + ["b"] * 100 + ["once"])
    np.testing.assert_array_equal(numeric(preprocessor, c=["once"]), [[0, 0]])


@pytest.mark.parametrize("cells", [[1, 0, 1, 0], [True, False, True, False]])
def test_whole_floats_booleans_and_integers_are_read_as_in_training(cells):
    preprocessor = fit(c=pd.Series(cells, dtype="category"))
    same = numeric(preprocessor, c=pd.Series(cells, dtype=object))
    np.testing.assert_array_equal(same, numeric(preprocessor, c=pd.Series(cells, dtype="category")))
    assert (same.sum(axis=1) == 1).all()
    if cells[0] is not True:
        np.testing.assert_array_equal(numeric(preprocessor, c=[float(v) for v in cells]), same)


def test_dates_are_a_number_and_their_phases():
    days = pd.date_range("2020-01-01", periods=1000, freq="D")
    found = numeric(fit(d=days), d=[days[0], days[7], pd.NaT])
    assert found.shape[1] == 1 + 2 * 2  # number, year, week; every hour is the same
    np.testing.assert_allclose(found[0, 3:5], found[1, 3:5], atol=1e-6)  # a week later
    assert (found[0, 1:3] != found[1, 1:3]).any()
    assert not found[2].any()
    np.testing.assert_allclose(np.hypot(found[0, 1], found[0, 2]), 1.0, rtol=1e-6)


def test_dates_with_hours_get_the_phase_of_the_day():
    hours = pd.date_range("2020-01-01", periods=100, freq="7h")
    assert numeric(fit(d=hours), d=hours).shape == (100, 5)  # four weeks: no year


def test_words_of_a_text_are_marked():
    preprocessor = fit(t=text("red wine", "white wine", "red rose", "odd"))
    assert preprocessor.columns[0].words == ("red", "wine")
    found = numeric(preprocessor, t=text("WINE! wine, red.", "odd", "", None))
    np.testing.assert_array_equal(found, [[1, 1], [0, 0], [0, 0], [0, 0]])


def test_characters_and_emoji_are_words_too():
    preprocessor = fit(t=text("很好 ❤", "不好 ❤", "ดี", "odd"))
    assert preprocessor.columns[0].words == ("❤", "好")


def test_an_identifier_is_ignored():
    preprocessor = fit(patient_id=range(1, 31), a=np.linspace(0, 1, 30))
    assert [c.name for c in preprocessor.columns] == ["a"]


def test_nothing_but_identifiers_still_makes_a_network_input():
    preprocessor = fit(patient_id=range(1, 31))
    assert numeric(preprocessor, patient_id=[5]).tolist() == [[0.0]]


def test_columns_are_found_by_name_in_any_order_and_a_missing_one_is_named():
    train = pd.DataFrame({"a": [1.0, 2.0, 5.0], "b": [9.0, 7.0, 5.0], "c": list("xyx")})
    preprocessor = TablePreprocessor().fit(train)
    shuffled = train[["c", "b", "a"]].assign(more=1)
    np.testing.assert_array_equal(
        preprocessor.transform(shuffled)["numeric"], preprocessor.transform(train)["numeric"]
    )
    with pytest.raises(ValueError, match="column 'b' is missing"):
        preprocessor.transform(train[["a", "c"]])


def test_words_where_numbers_were_are_missing():
    preprocessor = fit(a=[1.0, 2.0, 3.0, np.nan])
    np.testing.assert_array_equal(numeric(preprocessor, a=["2", "many"]), [[0, 0], [0, 1]])


def frame(n=60, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "Größe (cm)": rng.normal(170, 10, n),
            "size cm": np.where(rng.random(n) < 0.2, np.nan, rng.lognormal(0, 3, n)),
            "size/cm": rng.integers(0, 5, n),
            "kind": rng.choice(["a", "b", None], n),
            "street": [f"street {i % 17}" for i in range(n)],
            "when": pd.Timestamp("1999-12-31 23:59") + pd.to_timedelta(rng.integers(0, 10**6, n), "min"),
            "said": pd.array(rng.choice(["Not bad, not good.", "so-so", ""], n), "string"),
            "empty": np.nan,
        }
    )


@cache
def both():
    preprocessor = TablePreprocessor().fit(frame())
    raw, encoded = preprocessor.raw_layers()
    return preprocessor, keras.Model(raw, encoded)


odd_rows = st.fixed_dictionaries(
    {
        "Größe (cm)": st.floats(width=64) | st.none(),
        "size cm": st.floats(width=64),
        "size/cm": st.integers(-(10**9), 10**9),
        "kind": st.sampled_from(["a", "b", " a ", "", None, "c", "[UNK]"]),
        "street": st.text(max_size=8) | st.just("street 3") | st.none(),
        "when": st.datetimes(pd.Timestamp("1700-01-01"), pd.Timestamp("2200-01-01")) | st.none(),
        "said": st.text(max_size=20) | st.just("NOT so,good") | st.none(),
        "empty": st.floats() | st.none(),
    }
)


@given(st.lists(odd_rows, min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_both_paths_give_the_same_numbers(rows):
    preprocessor, model = both()
    X = pd.DataFrame(rows, columns=list(frame(3).columns))
    arrays = preprocessor.transform(X)
    raw = {name: tf.constant(values) for name, values in preprocessor.raw_arrays(X).items()}
    layers = model(raw)
    assert set(layers) == set(arrays) == {name for name, _, _ in preprocessor.spec.arrays}
    for name, values in arrays.items():
        assert np.isfinite(values).all()
        np.testing.assert_allclose(layers[name].numpy(), values, atol=1e-5)


def test_the_specification_fits_the_arrays_and_is_the_same_for_folds():
    X = frame(200)
    specs = []
    for fold in range(3):
        preprocessor = TablePreprocessor().fit(X[np.arange(200) % 3 != fold])
        specs.append(preprocessor.spec)
        arrays = preprocessor.transform(X)
        for name, shape, dtype in preprocessor.spec.arrays:
            assert arrays[name].shape == (200, *shape)
            assert arrays[name].dtype == dtype
        assert arrays["categories"].max() < preprocessor.spec.cardinalities[0]
    assert len(set(specs)) == 1


def test_nothing_is_learned_outside_of_fit():
    preprocessor = TablePreprocessor().fit(frame())
    before = preprocessor.columns
    preprocessor.transform(frame(40, seed=5))
    assert preprocessor.columns == before


def test_half_a_surrogate_pair_in_a_category_or_a_text_is_replaced():
    X = pd.DataFrame({"colour": pd.Series(["red", "blue\ud83d"] * 6, dtype=object)})
    raw = TablePreprocessor().fit(X).raw_arrays(X)["colour"][:, 0]
    assert set(raw) == {"red", "blue\ufffd"}
