"""One file of any format to a table of the same cells, and one line for what cannot be read."""

import bz2
import csv
import gzip
import io
import json
import lzma
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepworth import InputError, load_dataset
from deepworth.datasets._arff import read_arff
from deepworth.datasets._delimited import read_delimited, sniff_delimiter
from deepworth.datasets._files import read_table
from deepworth.datasets._suffixes import stem_of, suffix_of

N = 30
TABLE = pd.DataFrame(
    {
        "age": [20.5 + i for i in range(N)],
        "sex": ["f", "m"] * (N // 2),
        "city": ["Ulm, south", 'the "old" town', "Köln"] * (N // 3),
        "class": ["well", "ill", "ill"] * (N // 3),
    }
)


def write_csv(path, delimiter=",", **options):
    TABLE.to_csv(path, sep=delimiter, index=False, **options)
    return path


def assert_same_table(dataset):
    assert dataset.X["age"].tolist() == TABLE["age"].tolist()
    assert dataset.X["sex"].astype(str).tolist() == TABLE["sex"].tolist()
    assert dataset.X["city"].astype(str).tolist() == TABLE["city"].tolist()
    assert dataset.y.tolist() == TABLE["class"].tolist()
    assert (dataset.task, dataset.classes, dataset.target) == ("binary", ("ill", "well"), "class")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_delimited(tmp_path, delimiter, newline):
    assert_same_table(load_dataset(write_csv(tmp_path / "a.csv", delimiter, lineterminator=newline)))


def test_spaces(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("a  b   class\n" + "".join(f"{i}   'x'  {'uv'[i % 2]}\n" for i in range(12)))
    dataset = load_dataset(path)
    assert dataset.X["a"].tolist() == list(range(12))
    assert dataset.schema.columns[1].role == "constant"


def test_byte_order_mark_and_utf16(tmp_path):
    assert_same_table(load_dataset(write_csv(tmp_path / "a.csv", encoding="utf-8-sig")))
    assert_same_table(load_dataset(write_csv(tmp_path / "b.csv", "\t", encoding="utf-16")))


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip), (".bz2", bz2), (".xz", lzma)])
def test_compressed(tmp_path, suffix, pack):
    plain = write_csv(tmp_path / "a.csv").read_bytes()
    packed = tmp_path / f"a.csv{suffix}"
    packed.write_bytes(pack.compress(plain))
    dataset = load_dataset(packed)
    assert_same_table(dataset)
    assert dataset.name == "a"


def test_zip_of_one_file(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(write_csv(tmp_path / "a.csv"), "a.csv")
    assert_same_table(load_dataset(tmp_path / "a.zip"))


@pytest.mark.parametrize("suffix", [".parquet", ".feather"])
def test_columnar(tmp_path, suffix):
    getattr(TABLE, f"to_{suffix[1:]}")(tmp_path / f"a{suffix}")
    assert_same_table(load_dataset(tmp_path / f"a{suffix}"))


def test_json_lines_and_a_json_list(tmp_path):
    records = TABLE.to_dict("records")
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(r) for r in records) + "\n")
    (tmp_path / "b.json").write_text(json.dumps(records))
    assert_same_table(load_dataset(tmp_path / "a.jsonl"))
    assert_same_table(load_dataset(tmp_path / "b.json"))


ARFF = r"""% a comment
@RELATION 'some things'
@attribute age numeric
@attribute 'the city' {Ulm, 'Bad \'Aibling\'', "New York"}
@Attribute note string
@attribute day date "yyyy-MM-dd"
@attribute class {ill,well}

@DATA
20.5, Ulm, 'a, b', 2024-01-01, ill
% between
?, 'Bad \'Aibling\'', ?, 2024-01-02, well
22,"New York",plain, ?,well
"""


def test_arff():
    frame = read_arff(ARFF.encode(), "a.arff")
    assert list(frame.columns) == ["age", "the city", "note", "day", "class"]
    assert frame["age"].dtype == np.float64
    assert frame["age"].tolist()[::2] == [20.5, 22]
    assert np.isnan(frame["age"][1])
    assert frame["the city"].tolist() == ["Ulm", "Bad 'Aibling'", "New York"]
    assert isinstance(frame["class"].dtype, pd.CategoricalDtype)
    assert frame["note"][0] == "a, b"
    assert pd.isna(frame["note"][1])
    assert pd.isna(frame["day"][2])


def test_arff_dataset(tmp_path):
    rows = "".join(f"{i},{'xy'[i % 2]},{i % 3},{'uv'[i % 2]}\n" for i in range(20))
    path = tmp_path / "a.arff"
    path.write_text(
        "@relation r\n@attribute n real\n@attribute c {x,y}\n@attribute g {0,1,2}\n"
        "@attribute class {u,v}\n@data\n" + rows
    )
    dataset = load_dataset(path)
    assert [(c.name, c.role) for c in dataset.schema.columns] == [
        ("n", "identifier"),
        ("c", "categorical"),
        ("g", "categorical"),
        ("class", "target"),
    ]


def test_nested_values_are_left_out(tmp_path):
    rows = [{"a": i % 7, "tags": ["x", "y"], "class": "uv"[i % 2]} for i in range(20)]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    dataset = load_dataset(tmp_path / "a.jsonl")
    assert list(dataset.X) == ["a"]
    assert [f.columns for f in dataset.findings if f.code == "DW020"] == [("tags",)]


def npz(path, **arrays):
    np.savez(path, **arrays)
    return path


LABELS = np.arange(20) % 2


def test_npz_images_with_an_official_test_part(tmp_path):
    images = np.arange(30 * 8 * 8, dtype=np.uint8).reshape(30, 8, 8)
    path = npz(
        tmp_path / "a.npz", x_train=images[:20], y_train=LABELS, x_test=images[20:], y_test=LABELS[:10]
    )
    dataset = load_dataset(path)
    assert dataset.X.shape == (30, 8, 8, 1)
    assert dataset.X.dtype == np.uint8
    assert (dataset.modality, dataset.task, dataset.classes) == ("image", "binary", ("0", "1"))
    assert dataset.test.tolist() == [False] * 20 + [True] * 10


def test_npz_images_of_other_scales_and_layouts(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 6, 5, 3))
    pixels[0, 0, 0] = 0, 1, 255
    expected = pixels.astype(np.uint8)
    for stored in (pixels / 255, pixels.astype(np.int64), pixels.astype(np.uint8).transpose(0, 3, 1, 2)):
        dataset = load_dataset(npz(tmp_path / "a.npz", images=stored, labels=LABELS[:, None]))
        np.testing.assert_array_equal(dataset.X, expected)


def test_npz_many_integer_labels_of_images_are_classes(tmp_path):
    labels = np.arange(60) % 20
    dataset = load_dataset(npz(tmp_path / "a.npz", X=np.zeros((60, 4, 4), np.uint8), y=labels))
    assert (dataset.task, len(dataset.classes)) == ("multiclass", 20)


def test_npz_table_and_texts(tmp_path):
    X = np.random.default_rng(0).normal(size=(20, 3))
    table = load_dataset(npz(tmp_path / "a.npz", X=X, y=X[:, 0] * 2))
    assert (table.modality, table.task, list(table.X)) == ("tabular", "regression", ["x0", "x1", "x2"])
    words = np.array([f"word number {i} of it" for i in range(20)])
    texts = load_dataset(npz(tmp_path / "b.npz", X=words, y=LABELS))
    assert texts.modality == "text"
    assert texts.X.tolist() == words.tolist()


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ({"a": LABELS}, "expected the arrays x_train"),
        ({"X": np.zeros((20, 2)), "y": np.eye(20)}, "not one-hot"),
        ({"X": np.zeros((20, 2)), "y": LABELS[:9]}, "20 rows of data and 9 labels"),
        ({"X": np.zeros((20, 4, 4, 7)), "y": LABELS}, "images of shape"),
        ({"X": np.full((20, 4, 4), -1), "y": LABELS}, "pixels from -1 to -1"),
        ({"X": np.array([{}] * 20), "y": LABELS}, "without pickled objects"),
        (
            {
                "x_train": np.zeros((9, 2)),
                "y_train": LABELS[:9],
                "x_test": np.zeros((9, 3)),
                "y_test": LABELS[:9],
            },
            "expected rows of the same shape",
        ),
    ],
)
def test_npz_errors(tmp_path, arrays, expected):
    with pytest.raises(InputError, match=expected):
        load_dataset(npz(tmp_path / "a.npz", **arrays))


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", b"", "a.csv is empty"),
        ("a.csv", b"\n \n", "a.csv is empty"),
        ("a.csv", b"a,b,class\n", "header .* but no rows"),
        ("a.csv", b"a,b,a,c,a\n1,2,3,4,5\n", "'a' occurs 3 times, at positions 1, 3, 5"),
        ("a.csv", b"a,b\n1,2\n1,2,3\n4\n", "row 2 has 3 cells, the header has 2 .2 such rows"),
        ("a.csv", "a,b\n1,2\nü,3\n".encode("latin-1"), "byte 0xfc in line 3 is not UTF-8"),
        ("a.csv", b"a,b\n\0\0,1\n", "binary data"),
        ("a.csv.gz", gzip.compress(b"a,b\n" * 99, mtime=0)[:20], "cannot be decompressed"),
        ("a.zip", b"PK\x03\x04rest", "cannot be decompressed"),
        ("a.parquet", b"no parquet at all", "cannot be read as parquet"),
        ("a.feather", b"no feather at all", "cannot be read as feather"),
        ("a.jsonl", b'{"a": 1}\n{"a": \n', "line 2 is not valid JSON"),
        ("a.json", b'[{"a": 1},\n 3', "line 2 is not valid JSON"),
        ("a.json", b"[1, 2]", "record 1 is not an object"),
        ("a.arff", b"a,b\n1,2\n", "no @data line"),
        ("a.arff", b"@data\n1,2\n", "no @attribute line"),
        ("a.arff", b"@attribute a real\n@data\n", "no rows"),
        ("a.arff", b"@attribute a real\n@data\n{0 1}\n", "line 3 is a sparse"),
        ("a.arff", b"@attribute a real\n@data\n1,2\n", "line 3 has 2 cells, but 1 columns"),
        ("a.arff", b"@attribute\n@data\n1\n", "line 1 is not a valid @attribute"),
        ("a.xlsx", b"PK\x03\x04", "spreadsheets are not supported"),
        ("a.npz", b"PK", "cannot be read as .npz"),
    ],
)
def test_unreadable_files(tmp_path, name, content, expected):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=expected) as error:
        load_dataset(tmp_path / name)
    assert "\n" not in str(error.value)


def test_zip_of_many_files_says_so(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.jpg", b"x")
        archive.writestr("b.jpg", b"x")
    with pytest.raises(InputError, match="no class folders"):
        load_dataset(tmp_path / "a.zip")


def test_read_table_refuses_folders_and_missing_files(tmp_path):
    with pytest.raises(InputError, match="is a folder; expected a file"):
        read_table(tmp_path)
    with pytest.raises(InputError, match="no file"):
        read_table(tmp_path / "a.csv")


def test_cells_of_semicolon_files_stay_as_they_are():
    frame = read_delimited(b"a;b;c\n1,5;x,y;3\n-2;1,5;4\n;2;NA\n", "a.csv")
    assert frame["a"].tolist() == ["1,5", "-2", ""]
    assert frame.attrs["delimiter"] == ";"


def test_thousands_commas_of_other_files_stay():
    assert read_delimited(b"a\tb\n1,500\t2\n", "a.tsv")["a"].tolist() == ["1,500"]


def test_lonely_quote_marks_in_tab_files():
    frame = read_delimited(b'label\ttext\nham\tan 8" pizza\nspam\t"free\n', "a.tsv")
    assert frame["text"].tolist() == ['an 8" pizza', '"free']


def test_quoted_newlines_and_nameless_columns():
    frame = read_delimited(b',text\n0,"two\nlines"\n1,one\n', "a.csv")
    assert frame.to_dict("list") == {"Unnamed: 0": ["0", "1"], "text": ["two\nlines", "one"]}


def test_names_of_files(tmp_path):
    assert suffix_of(tmp_path / "a.b.CSV.gz") == ".csv"
    assert stem_of(tmp_path / "a.b.csv.gz") == "a.b"
    assert suffix_of(tmp_path / "a.zip") == ""


# A cell may hold anything but NUL and the line ends that csv files cannot keep apart.
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\x1c\x1d\x1e\x1f"), max_size=8)


@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=3, max_size=8),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
)
def test_written_cells_come_back(rows, delimiter):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([("first", "second", "third"), *rows])
    frame = read_delimited(out.getvalue().encode(), "a.csv")
    assert sniff_delimiter(out.getvalue()) == delimiter
    read = [tuple(row) for row in frame.itertuples(index=False)]
    if delimiter == ";":  # a decimal comma becomes a point, in columns of numbers
        read, rows = ([tuple(c.strip().replace(",", ".") for c in row) for row in rs] for rs in (read, rows))
    assert read == rows
