"""What rows can be told apart by, for data of every kind."""

import numpy as np
import pandas as pd
import pytest

from deepworth.datasets import Dataset
from deepworth.zoo.judging.slices import conditions
from deepworth.zoo.workflows._comparison import LONGEST, slice_features


def by_name(dataset):
    return {feature.name: feature for feature in slice_features(dataset)}


def table():
    return pd.DataFrame(
        {
            "age": [20.0, np.nan, 40.0, 60.0],
            "job": pd.Categorical(["cook", None, "baker", ""], categories=["", "baker", "cook"]),
            "since": pd.to_datetime(["1999-07-01", None, "2020-01-01", "1900-01-01"]).astype(
                "datetime64[us]"
            ),
            "note": pd.array(["one word", pd.NA, "", "three little words"], dtype="string"),
        }
    )


def test_columns_of_a_table():
    dataset = Dataset("d", table(), np.array(["no", "yes", "no", "yes"]), "binary", "tabular", target="sick")
    found = by_name(dataset)
    assert list(found) == ["sick", "age", "job", "year of since", "length of note"]
    assert found["sick"].values.tolist() == [0, 1, 0, 1]
    assert found["sick"].categories == ("no", "yes")
    np.testing.assert_array_equal(found["age"].values, [20, np.nan, 40, 60])
    assert found["job"].values.tolist() == [2, -1, 1, 0]
    assert found["job"].categories == ("''", "baker", "cook")
    assert found["year of since"].values == pytest.approx(
        [1999.5, np.nan, 2020.0, 1900.0], abs=0.01, nan_ok=True
    )
    np.testing.assert_array_equal(found["length of note"].values, [8, np.nan, 0, 18])


def test_a_regression_has_no_class():
    dataset = Dataset("d", table(), np.arange(4.0), "regression", "tabular")
    assert next(iter(by_name(dataset))) == "age"


def test_a_text_has_a_length():
    texts = pd.Series(["a", "abc", "", "ab"])
    found = by_name(Dataset("d", texts, np.array(["n", "y", "n", "y"]), "binary", "text"))
    assert found["length of the text"].values.tolist() == [1, 3, 0, 2]


@pytest.mark.parametrize("sizes", ["equal", "different"])
def test_an_image_has_a_brightness(sizes):
    images = np.zeros((4, 2, 2, 1), dtype=np.uint8)
    images[1] = 255
    if sizes == "different":
        grown = np.empty(4, dtype=object)
        grown[:] = [*images[:3], np.zeros((3, 2, 1), dtype=np.uint8)]
        images = grown
    found = by_name(Dataset("d", images, np.array(["n", "y", "n", "y"]), "binary", "image"))
    assert found["brightness of the image"].values.tolist() == [0, 255, 0, 0]
    assert ("pixels of the image" in found) == (sizes == "different")


def test_names_fit_a_sentence():
    X = pd.DataFrame({"two\nlines \x1b" + "x" * 100: np.arange(8.0)})
    feature = slice_features(Dataset("d", X, np.arange(8.0), "regression", "tabular"))[0]
    assert feature.name.startswith("two lines \ufffdxxx")
    assert len(feature.name) == LONGEST
    assert conditions([feature])
