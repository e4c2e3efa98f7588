"""Delimited text as programs really write it: read as what it means, or refused in one line."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepworth import InputError, load_dataset
from deepworth.datasets import _stream, open_rows
from deepworth.datasets._delimited import read_delimited
from deepworth.datasets._files import read_table

ROWS = [("1.5", "a, b", "yes"), ("2.5", 'the "old"\ntown', "no"), ("-3", "Köln", "yes"), ("4", "x", "no")]
FRAME = pd.DataFrame(ROWS, columns=["x", "place", "y"])


def as_text(rows, delimiter=",", newline="\n", header=("x", "place", "y"), **options):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=newline, **options).writerows([header, *rows])
    return out.getvalue()


def assert_reads_as_frame(text, encoding="utf-8"):
    frame = read_delimited(text.encode(encoding), "a.csv")
    if "Unnamed: 3" in frame:  # a delimiter ends every row
        assert frame.pop("Unnamed: 3").eq("").all()
    assert frame.map(lambda cell: cell.replace("\r\n", "\n").replace("\r", "\n")).equals(FRAME)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^"])
@pytest.mark.parametrize("quotes", ["", '"'])
def test_the_line_of_excel_that_names_the_delimiter(newline, delimiter, quotes):
    text = as_text(ROWS, delimiter, newline)
    assert_reads_as_frame(f"{quotes}sep={delimiter}{quotes}{newline}{text}")
    assert_reads_as_frame(f"\ufeffSEP={delimiter}{newline}{text}")
    assert_reads_as_frame(f"sep={delimiter}{newline}{text}", "utf-16")


def test_a_column_named_sep_is_no_such_line():
    assert list(read_delimited(b"sep=1,b\n1,2\n2,3\n", "a.csv").columns) == ["sep=1", "b"]
    assert list(read_delimited(b"sep,b\n1,2\n2,3\n", "a.csv").columns) == ["sep", "b"]


# Each leaves the meaning of a text as it is; several are made in this order.
DISTURBANCES = {
    "a delimiter at the end of every line": lambda text, d, n: _at_line_ends(text, d, n),
    "a delimiter at the end of every row": lambda text, d, n: _at_line_ends(text, d, n, header=False),
    "blank lines between rows": lambda text, d, n: text.replace(f"yes{n}", f"yes{n}{n} {n}"),
    "other line ends in between": lambda text, d, n: text.replace(f"yes{n}", "yes\r\n", 1),
    "no line end at the end": lambda text, d, n: text.removesuffix(n),
    "blank lines at the end": lambda text, d, n: text + n + "  " + n + n,
    "the end of a DOS file": lambda text, d, n: text + n + "\x1a",
    "the line that names the delimiter": lambda text, d, n: f"sep={d}{n}{text}",
    "blank lines at the start": lambda text, d, n: n + " " + n + text,
    "a byte order mark": lambda text, d, n: "\ufeff" + text,
}


def _at_line_ends(text, delimiter, newline, header=True):
    for end in ("yes", "no", *(["y"] if header else [])):
        text = text.replace(f"{end}{newline}", f"{end}{delimiter}{newline}")
        text = text.replace(f'{end}"{newline}', f'{end}"{delimiter}{newline}')
    return text


@given(
    names=st.lists(st.sampled_from(sorted(DISTURBANCES)), max_size=4, unique=True),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
@settings(max_examples=200)
def test_disturbances_that_mean_nothing_change_nothing(names, delimiter, newline, quoting):
    text = as_text(ROWS, delimiter, newline, quoting=quoting)
    for name in DISTURBANCES:
        text = DISTURBANCES[name](text, delimiter, newline) if name in names else text
    assert_reads_as_frame(text)


def test_row_names_of_r_are_an_index():
    text = '"x","z","y"\n' + "".join(f'"{i + 5}",{i * 3 % 7}.5,{i % 5},"{"ab"[i % 2]}"\n' for i in range(30))
    frame = read_delimited(text.encode(), "a.csv")
    assert list(frame.columns) == ["Unnamed: 0", "x", "z", "y"]
    assert frame["x"].iloc[1] == "3.5"


def test_rows_with_decimal_commas_are_not_taken_for_rows_with_names():
    with pytest.raises(InputError, match="row 1 has 3 cells, the header has 2"):
        read_delimited(b"x,y\n" + b"".join(b"%d,5,a\n" % i for i in range(9)), "a.csv")


@pytest.mark.parametrize(
    "name", ["", "Unnamed: 0", "Unnamed: 0.1", "level_0", "level_1", "index", "__index_level_0__"]
)
def test_row_numbers_that_pandas_wrote_are_identifiers(tmp_path, name):
    numbers = [(i * 7) % 40 + 3 for i in range(40)]
    frame = pd.DataFrame({name: numbers, "x": [i % 9 for i in range(40)], "y": ["a", "b"] * 20})
    frame.to_csv(tmp_path / "a.csv", index=False)
    assert list(load_dataset(tmp_path / "a.csv").X.columns) == ["x"]


def test_index_columns_that_pandas_writes_again_and_again(tmp_path):
    frame = pd.DataFrame({"x": [i % 9 for i in range(40)], "y": ["a", "b"] * 20}).sample(
        frac=1, random_state=0
    )
    for _ in range(3):
        frame.to_csv(tmp_path / "a.csv")
        dataset = load_dataset(tmp_path / "a.csv")
        assert list(dataset.X.columns) == ["x"]
        frame = pd.read_csv(tmp_path / "a.csv").sample(frac=1, random_state=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"Report of May\n\nx;z;y\n1;2;a\n2;3;b\n", r"line 1 \('Report of May'\) has 1 cell, .* have 3"),
        (b"x,z,y\nm,kg,\n1,2,a\n2,3,b\n4,5,c\n", r"row 1 has words \('m', 'kg'\) in 2 columns of numbers"),
        (b"a,a,b\nx,z,y\n1,2,a\n2,3,b\n4,5,c\n", "'a' occurs 2 times"),
        ("x,y\n1,ä\n".encode("utf-16")[:-1], "not complete UTF-16"),
        (b"\xef\xbb\xbfx,y\n", "no rows"),
        (b"x,y\r", "no rows"),
        (b"sep=;\n", "is empty|no rows"),
        (b"sep=;\nx;y\n", "no rows"),
        (b'x,y\n1,"a\n2,b\n3,c\n', "the last cell of row 1 starts with a quote that does not end"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(tmp_path, text, expected):
    (tmp_path / "a.csv").write_bytes(text)
    with pytest.raises(InputError, match=expected) as error:
        read_table(tmp_path / "a.csv")
    assert "\n" not in str(error.value)


def test_one_strange_first_row_is_no_second_header(tmp_path):
    (tmp_path / "a.csv").write_text("x,z,y\nunknown,2,a\n1,3,b\n4,5,c\n")
    assert len(read_table(tmp_path / "a.csv")) == 3


@given(st.binary(max_size=200) | st.text(alphabet='ab1,;\t\r\n"\0 #=', max_size=80).map(str.encode))
@settings(max_examples=300)
def test_any_bytes_are_a_table_or_one_line(data):
    frame, message = table_or_message(data)
    assert "\n" not in message
    if not message:
        assert len(frame)
        assert frame.columns.is_unique
        assert frame.map(lambda cell: isinstance(cell, str)).all(axis=None)


def table_or_message(data):
    try:
        return read_delimited(data, "a.csv"), ""
    except InputError as error:
        return None, str(error)


LAYOUTS = ["sep=,\nN,x,y\nR", "N,x,y\rR", " \nN,x,y\nR", "N,x,y\nT", "N,x,y,\nT", "N,x,y\n \nR\n \n"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_long_tables_are_read_in_parts_as_short_ones_at_once(tmp_path, monkeypatch, layout):
    monkeypatch.setattr(_stream, "_HEAD", 200)
    newline = "\r" if "\r" in layout else "\n"
    rows = newline.join(f"{i},{i % 7},{'ab'[i % 2]}" for i in range(200))
    text = layout.replace("N", "").replace("T", rows.replace("\n", ",\n") + ",").replace("R", rows)
    (tmp_path / "a.csv").write_text(text, newline="")
    rows_read = open_rows(str(tmp_path / "a.csv"), ["x"], ["y"])
    parts = pd.concat([part.astype({"y": str}) for _, part in rows_read.parts])
    assert parts["x"].astype(float).tolist() == [i % 7 for i in range(200)]
    assert parts["y"].tolist() == ["a", "b"] * 100
