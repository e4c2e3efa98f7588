"""Tables of polars and pyarrow are read as the same tables of pandas are."""

import datetime
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from deepworth import InputError, load_dataset
from deepworth.datasets import as_pandas

N = 60
rng = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {
        "age": rng.normal(50, 10, N).round(2),
        "visits": rng.integers(0, 9, N),
        "ward": rng.choice(["a", "b"], N),
        "kind": pd.Categorical(rng.choice(["u", "v"], N)),
        "old": rng.random(N) < 0.5,
        "day": pd.date_range("2024-01-01", periods=N).as_unit("us")[rng.permutation(N)],
        "sick": rng.choice(["yes", "no"], N),
    }
)
TABLE.loc[3, ["age", "ward", "day"]] = None


def of_polars(frame):
    return pytest.importorskip("polars").from_pandas(frame)


FORMS = {
    "polars": of_polars,
    "polars, lazily": lambda frame: of_polars(frame).lazy(),
    "pyarrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "a batch of pyarrow": lambda frame: pa.RecordBatch.from_pandas(frame, preserve_index=False),
}


@pytest.fixture(params=FORMS)
def form(request):
    return FORMS[request.param]


def test_a_dataset_is_the_same(form):
    expected = load_dataset(TABLE, target="sick")
    found = load_dataset(form(TABLE), target="sick")
    pd.testing.assert_frame_equal(found.X, expected.X)
    assert found.fingerprint() == expected.fingerprint()
    assert [(c.name, c.role, c.n_missing) for c in found.schema.columns] == [
        (c.name, c.role, c.n_missing) for c in expected.schema.columns
    ]


def test_a_test_set_of_another_library(form):
    found = load_dataset(TABLE, target="sick", test=form(TABLE.head(20)))
    assert int(found.test.sum()) == 20


def test_a_data_frame_stays_itself():
    assert as_pandas(TABLE) is TABLE
    assert as_pandas(TABLE["age"]) is not None
    for other in ("a.csv", None, [1], np.zeros(3)):
        assert as_pandas(other) is other


def test_series_and_arrays_keep_name_and_values():
    polars = pytest.importorskip("polars")
    series = as_pandas(polars.Series("note", ["a", None, "b"]))
    assert series.name == "note"
    assert series.isna().tolist() == [False, True, False]
    for values in (pa.chunked_array([["a"], ["b"]]), pa.array(["a", "b"])):
        assert as_pandas(values).tolist() == ["a", "b"]


def test_long_whole_numbers_beside_missing_ones_are_not_rounded():
    ids = [2**60 + 1, None, 2**60 + 3, 2**60 + 1] * 10
    frame = as_pandas(pa.table({"account": ids, "y": ["a", "b"] * 20}))
    assert frame["account"].dropna().astype(object).unique().tolist() == [2**60 + 1, 2**60 + 3]
    dataset = load_dataset(
        pa.table({"account": ids, "x": np.arange(40) % 7, "y": ["a", "b"] * 20}), target="y"
    )
    assert str(2**60 + 1) in dataset.X["account"].cat.categories


def test_every_type_of_polars_is_read_or_left_out():
    polars = pytest.importorskip("polars")
    n = 20
    frame = polars.DataFrame(
        {
            "category": polars.Series(["u", "v"] * 10, dtype=polars.Categorical),
            "enum": polars.Series(["u", "v"] * 10, dtype=polars.Enum(["u", "v"])),
            "decimal": polars.Series([f"{i}.25" for i in range(n)]).cast(polars.Decimal(10, 2)),
            "date": [datetime.date(2024, 1, 1 + i) for i in range(n)],
            "zone": polars.Series([datetime.datetime(2024, 1, 1 + i) for i in range(n)]).dt.replace_time_zone(
                "UTC"
            ),
            "span": [datetime.timedelta(hours=i * i) for i in range(n)],
            "truth": [True, False, None, True] * 5,
            "list": [[1, 2]] * n,
            "struct": [{"a": 1}] * n,
            "empty": [None] * n,
            "y": ["a", "b"] * 10,
        }
    )
    roles = {c.name: c.role for c in load_dataset(frame, target="y").schema.columns}
    assert roles == {
        "category": "categorical",
        "enum": "categorical",
        "decimal": "numeric",
        "date": "datetime",
        "zone": "datetime",
        "span": "numeric",
        "truth": "categorical",
        "list": "dropped",
        "struct": "dropped",
        "empty": "dropped",
        "y": "target",
    }


def test_what_has_columns_and_is_no_table_is_refused():
    class Strange:
        columns = ("a", "b")

    with pytest.raises(InputError, match="expected a DataFrame of pandas, polars or pyarrow, got Strange"):
        load_dataset(Strange())


def test_polars_is_not_imported():
    code = "import sys, deepworth; deepworth.load_dataset('iris'); assert 'polars' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
