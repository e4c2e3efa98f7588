"""Files as other programs leave them: read alike whole and in parts, or refused with what to do."""

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepworth import InputError, load_dataset
from deepworth.datasets import _stream, open_rows
from deepworth.datasets._delimited import column_names, read_delimited
from deepworth.datasets._files import read_table

N = 60
ROWS = [f"{i % 7}.5,{'uv'[i % 2]},{['yes', 'no', 'no'][i % 3]}" for i in range(N)]
PLAIN = "x,z,y\n" + "\n".join(ROWS) + "\n"


@pytest.fixture(params=[1_000_000, 120], ids=["whole", "in parts"])
def read(request, tmp_path, monkeypatch):
    """A function that reads bytes as a table, as `compare` or as `predict` does."""
    monkeypatch.setattr(_stream, "_HEAD", request.param)
    monkeypatch.setattr(_stream, "ROWS", 16)

    def read_bytes(data):
        path = tmp_path / "a.csv"
        path.write_bytes(data)
        if request.param == 120:
            parts = [part.astype(object) for _, part in open_rows(str(path)).parts]
            return pd.concat(parts, ignore_index=True)
        return read_table(path).astype(object)

    return read_bytes


def expected():
    return pd.DataFrame([row.split(",") for row in ROWS], columns=["x", "z", "y"], dtype=object)


def with_line(number, line, text=PLAIN):
    lines = text.split("\n")
    return "\n".join([*lines[:number], line, *lines[number:]])


READ = {
    "plain": PLAIN,
    "Excel's first line": "sep=;\n" + PLAIN.replace(",", ";"),
    "Excel's first line in capitals and quotes": '"SEP=;"\r\n'
    + PLAIN.replace(",", ";").replace("\n", "\r\n"),
    "Excel's first line for tabs": "sep=\t\n" + PLAIN.replace(",", "\t"),
    "a delimiter that only the first line names": "sep=^\n" + PLAIN.replace(",", "^"),
    "byte order mark and Excel's first line": "\ufeffsep=,\n" + PLAIN,
    "byte order mark and quotes": "\ufeff" + PLAIN.replace("x,z,y", '"x","z","y"'),
    "blank lines": "\n\n" + PLAIN.replace("\n", "\n\n"),
    "no line end at the end": PLAIN.rstrip("\n"),
    "carriage returns": PLAIN.replace("\n", "\r"),
    "mixed line ends": PLAIN.replace("yes\n", "yes\r\n").replace("u,no\n", "u,no\r"),
    "everything in quotes": "\n".join(
        ",".join(f'"{cell}"' for cell in line.split(",")) for line in PLAIN.splitlines()
    ),
}


@pytest.mark.parametrize("case", READ)
def test_is_read(case, read):
    pd.testing.assert_frame_equal(read(READ[case].encode()), expected(), check_column_type=False)


@pytest.mark.parametrize("header", ["x,z,y", "x,z,y,"], ids=["not in the header", "also in the header"])
def test_a_delimiter_at_the_end_of_every_row(header, read):
    text = PLAIN.replace("\n", ",\n").replace("x,z,y,\n", header + "\n")
    frame = read(text.encode())
    pd.testing.assert_frame_equal(frame[["x", "z", "y"]], expected(), check_column_type=False)
    assert frame["Unnamed: 3"].tolist() == [""] * N


def test_quoted_line_ends(read):
    frame = read(PLAIN.replace("u", '"one\ntwo, ""three"""').encode())
    assert frame["z"][0] == 'one\ntwo, "three"'
    assert len(frame) == N


REFUSED = {
    "header again": (with_line(30, "x,z,y"), "row 30 repeats the header; were files put together"),
    "header again with a byte order mark": (with_line(30, "\ufeffx,z,y"), "row 30 repeats the header"),
    "a comment first": (
        "# exported, by a tool\n" + PLAIN,
        "if the first line, .*comment or a title, remove it",
    ),
    "a short comment first": (
        "# exported\n" + PLAIN,
        "the first line, '# exported', is a comment or a title",
    ),
    "a comment before semicolons": ("# exported\n" + PLAIN.replace(",", ";"), "is a comment or a title"),
    "a title first": ("Patients of 2023\n" + PLAIN, "'Patients of 2023', is a comment or a title, remove it"),
    "a comment between": (
        with_line(30, "# checked until here"),
        "row 30 has 1 cells.*'# checked until here'",
    ),
    "a row too long": (with_line(30, "1,2,3,4"), "row 30 has 4 cells, the header has 3 .*quote cells"),
    "a delimiter at the end of some rows": (with_line(30, "1,u,no,"), "row 30 has 4 cells"),
    "header only": ("x,z,y\n", "no rows"),
    "Excel's first line only": ("sep=;\n", "is empty"),
    "the same name twice": (PLAIN.replace("x,z,y", "x,x,y"), "'x' occurs 2 times, at positions 1, 2"),
    "a NUL byte": (with_line(30, "1,\0,no"), "line 31 holds a NUL byte"),
    "a NUL byte after Excel's first line": ("sep=,\n" + with_line(30, "1,\0,no"), "line 32 holds a NUL byte"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_is_refused_and_says_what_to_do(case, read):
    text, words = REFUSED[case]
    with pytest.raises(InputError, match=words) as error:
        read(text.encode())
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_byte_order_mark_is_named(encoding, read):
    with pytest.raises(InputError, match=f"looks like {encoding.upper().replace('-16-', '-16')}.*iconv -f"):
        read(PLAIN.encode(encoding))


def test_other_bytes_are_no_text(read):
    with pytest.raises(InputError, match="found binary data"):
        read(bytes(np.random.default_rng(0).integers(0, 4, 5000, dtype=np.uint8)))


def test_a_cell_that_equals_the_only_name_is_a_value():
    assert read_delimited(b"word\nverb\nword\n", "a.csv")["word"].tolist() == ["verb", "word"]


@given(st.lists(st.sampled_from(["", " ", "a", "Unnamed: 0", "Unnamed: 1", "Unnamed: 0.1"]), min_size=1))
def test_names_of_nameless_columns_never_collide(header):
    given_names = [name.strip() for name in header if name.strip()]
    if len(set(given_names)) < len(given_names):
        with pytest.raises(InputError, match="occurs"):
            column_names(header, "a.csv")
    else:
        names = column_names(header, "a.csv")
        assert len(set(names)) == len(names)
        assert [n for n, cell in zip(names, header, strict=True) if cell.strip()] == given_names


def indexed(**options):
    """A table as pandas writes it, with its index, read back and written again."""
    frame = read_delimited(PLAIN.encode(), "a.csv")
    again = pd.read_csv(io.StringIO(frame.to_csv(**options)))
    return again.to_csv().encode()


@pytest.mark.parametrize("options", [{}, {"index_label": "index"}, {"index_label": "level_0"}])
def test_the_index_of_pandas_is_an_identifier(options, tmp_path):
    (tmp_path / "a.csv").write_bytes(indexed(**options))
    dataset = load_dataset(tmp_path / "a.csv", target="y")
    assert list(dataset.X) == ["x", "z"]
    assert [c.role for c in dataset.schema.columns[:2]] == ["identifier"] * 2


def test_the_index_of_tables_put_together_is_an_identifier():
    frame = pd.concat([expected().head(30), expected().head(25)]).reset_index()
    assert list(load_dataset(frame, target="y").X) == ["x", "z"]
    frame.index = frame["index"] * 7 + 5
    assert list(load_dataset(frame.drop(columns="index").reset_index(), target="y").X) != ["x", "z"]


def test_a_nameless_column_of_measurements_is_a_feature():
    frame = expected().assign(**{"Unnamed: 3": [0, 1] * (N // 2), "Unnamed: 4": np.arange(N) / 7})
    assert list(load_dataset(frame, target="y").X) == ["x", "z", "Unnamed: 3", "Unnamed: 4"]


def test_a_total_row_without_a_target_is_left_out(tmp_path):
    (tmp_path / "a.csv").write_text(PLAIN + "Total,,\n")
    dataset = load_dataset(tmp_path / "a.csv", target="y")
    assert (len(dataset), dataset.X["x"].dtype) == (N, np.float64)
    assert any(f.code == "DW037" and f"row {N + 1}," in f.message for f in dataset.findings)
    (tmp_path / "a.csv").write_text(PLAIN + "9.5,Total,no\n")
    assert "DW038" in {f.code for f in load_dataset(tmp_path / "a.csv", target="y").findings}
    (tmp_path / "a.csv").write_text(PLAIN + "Total,,no\n")
    found = next(f for f in load_dataset(tmp_path / "a.csv", target="y").findings if f.code == "DW021")
    assert f"row {N + 1}: 'Total'" in found.message
