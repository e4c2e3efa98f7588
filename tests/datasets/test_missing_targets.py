"""Rows without a target are left out of everything, and told; too many are refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from deepworth import InputError, check, load_dataset
from deepworth.cli import main
from deepworth.datasets import check_dataset, describe_dataset
from deepworth.datasets._load import _with_options
from deepworth.datasets._table import TableOptions

N = 60
rng = np.random.default_rng(0)


def table(missing=(), **columns):
    """A table of patients, where the rows of these numbers have no target."""
    columns = {
        "age": rng.normal(50, 10, N).round(2),
        "sex": rng.choice(["f", "m"], N),
        "ward": [f"w{i % 6}" for i in range(N)],
        "day": pd.date_range("2024-01-01", periods=N).astype(str),
        "sick": rng.choice(["yes", "no"], N),
        **columns,
    }
    frame = pd.DataFrame(columns).astype({"sick": object})
    frame.loc[list(missing), "sick"] = None
    return frame


def finding_of(dataset, code="DW037"):
    return next(f for f in dataset.findings if f.code == code)


@settings(deadline=None)  # not a test of speed
@given(st.sets(st.integers(0, N - 1), max_size=N // 5), st.sampled_from([None, "", " ", "NA", "?", np.nan]))
def test_rows_without_a_target_are_as_if_they_were_not_there(missing, mark):
    frame = table()
    frame.loc[list(missing), ["sick", "ward", "day"]] = mark
    options = {"target": "sick", "groups": "ward", "time": "day"}
    found = load_dataset(frame, **options)
    alone = load_dataset(frame.drop(index=list(missing)), **options)
    pd.testing.assert_frame_equal(found.X, alone.X)
    assert found.schema == alone.schema
    for part in ("y", "groups", "time"):
        assert getattr(found, part).tolist() == getattr(alone, part).tolist()
    assert [f.rows for f in found.findings if f.code == "DW037"] == [tuple(sorted(missing))] * bool(missing)
    if missing:
        assert found.row_numbers.tolist() == [i for i in range(N) if i not in missing]


def test_the_finding_says_how_many_and_which():
    dataset = load_dataset(table([4]), target="sick")
    assert finding_of(dataset).message == "target 'sick': 1 of 60 rows, row 5, has no value, left out"
    dataset = load_dataset(table([4, 8]), target="sick")
    assert finding_of(dataset).message == "target 'sick': 2 of 60 rows, first row 5, have no value, left out"
    assert (len(dataset), len(dataset.X), finding_of(dataset).rows) == (58, 58, (4, 8))


def test_a_mark_that_may_be_a_class_is_named():
    frame = table()
    frame.loc[:5, "sick"] = "None"
    assert "if 'None' is a class, use --keep-na" in finding_of(load_dataset(frame, target="sick")).message
    kept = load_dataset(frame, target="sick", keep_na=True)
    assert (len(kept), kept.classes) == (N, ("None", "no", "yes"))


@pytest.mark.parametrize(
    ("missing", "options", "expected"),
    [
        (range(13), {}, "13 of 60 rows, first row 1, have no value, more than 20%"),
        ([7], {"strict": True}, "1 of 60 rows, row 8, has no value; .* leave out --strict"),
        (range(N), {}, "no value in any row"),
    ],
)
def test_too_many_rows_without_a_target_are_refused(missing, options, expected):
    with pytest.raises(InputError, match=expected) as error:
        load_dataset(table(missing), target="sick", **options)
    assert "\n" not in str(error.value)


def test_a_fifth_may_be_missing_and_strict_data_are_read():
    assert len(load_dataset(table(range(12)), target="sick")) == 48
    assert len(load_dataset(table(), target="sick", strict=True)) == N


def test_a_test_set_without_answers_is_refused_however_small_it_is():
    with pytest.raises(InputError, match="9 of 9 test rows, first row 61, have no value"):
        load_dataset(table(), target="sick", test=table(range(9)).head(9))
    dataset = load_dataset(table([3]), target="sick", test=table([5]))
    assert (len(dataset), int(dataset.test.sum())) == (118, 59)
    assert not dataset.test[:59].any()


def test_columns_are_decided_by_the_rows_that_are_left():
    frame = table([0, 1], kind=["x", "x"] + ["7.5", "8.5"] * (N // 2 - 1))
    column = next(c for c in load_dataset(frame, target="sick").schema.columns if c.name == "kind")
    assert (column.role, column.n_unread) == ("numeric", 0)


def test_numbers_of_rows_are_those_of_the_source():
    frame = table([0, 1], dose=["1.5", "2.5"] * (N // 2))
    frame.loc[9, "dose"] = "many"
    dataset = load_dataset(frame, target="sick")
    assert finding_of(dataset, "DW021").rows == (9,)
    assert "first row 10: 'many'" in finding_of(dataset, "DW021").message
    frame.loc[9] = frame.loc[30]
    repeated = next(f for f in check_dataset(load_dataset(frame, target="sick")) if f.code == "DW005")
    assert repeated.rows == (30,)
    frame.loc[11, "ward"] = None
    with pytest.raises(InputError, match="first row 12; fill"):
        load_dataset(frame, target="sick", groups="ward")
    numbers = table(sick=[None, *range(N - 2), np.inf])
    with pytest.raises(InputError, match="row 60 is infinite"):
        load_dataset(numbers, target="sick")


def test_taken_rows_keep_their_numbers():
    dataset = load_dataset(table([0, 5]), target="sick")
    assert dataset.take(np.array([0, 4])).row_numbers.tolist() == [1, 6]


def test_labels_of_images(tmp_path):
    images = rng.integers(0, 255, (20, 4, 4)).astype(np.uint8)
    labels = np.where(np.arange(20) == 3, np.nan, np.arange(20) % 2)
    np.savez(tmp_path / "a.npz", images=images, labels=labels)
    dataset = load_dataset(tmp_path / "a.npz", task="classification")
    assert (len(dataset), dataset.classes, finding_of(dataset).rows) == (19, ("0", "1"), (3,))
    np.testing.assert_array_equal(dataset.X[..., 0], np.delete(images, 3, axis=0))
    with pytest.raises(InputError, match="leave out --strict"):
        load_dataset(tmp_path / "a.npz", task="classification", strict=True)


def test_the_command_line_goes_on_and_strict_stops_it(tmp_path):
    path = str(tmp_path / "a.csv")
    table([4, 8]).to_csv(path, index=False)
    assert check(path, target="sick")["rows"] == 58
    run = CliRunner().invoke(main, ["check", path, "-t", "sick"])
    assert (run.exit_code, "DW037" in run.output) == (0, True)
    run = CliRunner().invoke(main, ["check", path, "-t", "sick", "--strict"])
    assert (run.exit_code, len(run.output.strip().splitlines())) == (2, 1)


def test_another_target_leaves_the_same_rows_out_of_what_is_known_beside_the_cells():
    frame = table(ward=[None if i in (2, 7) else f"w{i % 3}" for i in range(N)])
    known = replace(load_dataset(frame, target="sick"), groups=np.arange(N).astype(str))
    again = _with_options(known, TableOptions(target="ward"))
    assert again.target == "ward"
    assert again.groups.tolist() == [str(i) for i in range(N) if i not in (2, 7)]


def test_a_column_with_few_gaps_may_be_the_target(tmp_path):
    path = str(tmp_path / "a.csv")
    table([4], ward=[None if i % 2 else "w" for i in range(N)]).to_csv(path, index=False)
    possible = {target["name"] for target in describe_dataset(path)["possible_targets"]}
    assert "sick" in possible
    assert "ward" not in possible
