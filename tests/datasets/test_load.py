"""load_dataset: words of the user, official parts, subsets, and one line for every unusable table."""

import inspect
from pathlib import Path

import click
import numpy as np
import pandas as pd
import pytest

from deepworth import InputError, list_datasets, load_dataset
from deepworth.datasets import _load
from deepworth.datasets._base import Dataset, Provenance
from deepworth.datasets._subset import subset

N = 40
rng = np.random.default_rng(0)


def table(**columns):
    frame = pd.DataFrame(
        {
            "age": rng.normal(40, 10, N).round(1),
            "sex": ["f", "m"] * (N // 2),
            "note": [f"patient number {i} slept well and ate little" for i in range(N)],
            "part": ["train", "train", "train", "test"] * (N // 4),
            "ward": [f"w{i // 4}" for i in range(N)],
            "sick": ["yes", "no", "no", "yes"] * (N // 4),
        }
    )
    return frame.assign(**columns)


@pytest.fixture
def path(tmp_path):
    table().to_csv(tmp_path / "patients.csv", index=False)
    return tmp_path / "patients.csv"


def roles(dataset):
    return {c.name: c.role for c in dataset.schema.columns}


def codes(dataset):
    return {f.code for f in dataset.findings}


def test_a_file_becomes_a_dataset(path):
    dataset = load_dataset(str(path), target="sick")
    assert roles(dataset) == {
        "age": "numeric",
        "sex": "categorical",
        "note": "text",
        "part": "categorical",
        "ward": "categorical",
        "sick": "target",
    }
    assert [str(t) for t in dataset.X.dtypes] == ["float64", "category", "string", "category", "category"]
    assert dataset.provenance == Provenance("file", str(path))
    assert (dataset.name, dataset.target, dataset.positive) == ("patients", "sick", "yes")
    assert all(column.reason for column in dataset.schema.columns)


def test_a_frame_gives_the_same_as_its_file(path):
    frame = pd.read_csv(path)
    before = frame.copy()
    from_frame, from_file = load_dataset(frame, target="sick"), load_dataset(path, target="sick")
    pd.testing.assert_frame_equal(from_frame.X, from_file.X)
    pd.testing.assert_frame_equal(frame, before)
    assert from_frame.fingerprint() == from_file.fingerprint()


def test_columns_may_be_named_by_numbers():
    frame = pd.DataFrame(rng.normal(size=(N, 3))).assign(y=["a", "b"] * (N // 2))
    assert list(load_dataset(frame, drop=[1]).X) == ["0", "2"]


def test_drop_categorical_groups_split_and_positive(path):
    dataset = load_dataset(
        path,
        target="sick",
        drop="note",
        categorical=["age"],
        groups="ward",
        split_column="part",
        positive="no",
    )
    assert roles(dataset) == {
        "age": "categorical",
        "sex": "categorical",
        "note": "dropped",
        "part": "split",
        "ward": "group",
        "sick": "target",
    }
    assert list(dataset.X) == ["age", "sex"]
    assert dataset.groups.tolist() == [f"w{i // 4}" for i in range(N)]
    assert dataset.test.tolist() == [False, False, False, True] * (N // 4)
    assert dataset.positive == "no"


def test_text_option_names_what_it_leaves_out(path):
    dataset = load_dataset(path, target="sick", text="note", split_column="part")
    assert dataset.modality == "text"
    assert isinstance(dataset.X, pd.Series)
    assert dataset.X[3] == "patient number 3 slept well and ate little"
    left_out = next(f for f in dataset.findings if f.code == "DW024")
    assert left_out.columns == ("age", "sex", "ward")
    assert "age, sex, ward" in left_out.message


def test_a_lone_text_column_is_text_even_beside_an_identifier():
    frame = table()[["note", "sick"]].assign(row_id=range(N))
    dataset = load_dataset(frame, target="sick")
    assert dataset.modality == "text"
    assert roles(dataset)["row_id"] == "identifier"


def test_empty_texts_become_empty_strings_and_are_told():
    notes = table()["note"].tolist()
    notes[3], notes[7] = None, "  "
    dataset = load_dataset(table(note=notes)[["note", "sick"]], target="sick")
    assert dataset.X[3] == dataset.X[7] == ""
    found = next(f for f in dataset.findings if f.code == "DW023")
    assert found.rows == (3, 7)
    assert "2 of 40 rows, first row 4" in found.message


@pytest.mark.parametrize("name", ["target", "Class", "LABEL", "y"])
def test_the_target_is_guessed_by_name_and_told(name):
    dataset = load_dataset(table().rename(columns={"sick": name}))
    assert dataset.target == name
    assert any(f.code == "DW017" and repr(name) in f.message for f in dataset.findings)


def test_numeric_targets():
    grades = [i % 7 for i in range(N)]
    assert load_dataset(table(y=grades)).task == "multiclass"
    assert "DW017" in codes(load_dataset(table(y=grades), target="y"))
    again = load_dataset(table(y=grades), task="regression")
    assert (again.task, again.y.dtype, again.classes) == ("regression", np.float64, ())
    assert load_dataset(table(y=rng.normal(size=N))).task == "regression"
    assert load_dataset(table(y=[1.0, 0.0] * (N // 2))).classes == ("0", "1")
    assert load_dataset(table(y=list(range(20)) * 2), task="classification").task == "multiclass"


def test_what_is_left_out_is_told():
    dataset = load_dataset(table(empty=[None] * N, same=["x"] * N, row_id=range(N)), target="sick")
    assert {"DW001", "DW002", "DW003"} <= codes(dataset)
    assert [roles(dataset)[c] for c in ("empty", "same", "row_id")] == ["dropped", "constant", "identifier"]
    assert not {"empty", "same", "row_id"} & set(dataset.X)


def test_words_among_numbers_and_infinity_are_told():
    ages = [str(i % 23) for i in range(N)]
    ages[5] = "old"
    dataset = load_dataset(table(age=ages, dose=[np.inf, *range(1, N)]), target="sick")
    words = next(f for f in dataset.findings if f.code == "DW021")
    assert (words.columns, words.rows) == (("age",), (5,))
    assert "1 of 40 cells could not be read as numbers, first row 6: 'old'" in words.message
    assert next(f for f in dataset.findings if f.code == "DW022").columns == ("dose",)
    assert dataset.X["age"].isna().sum() == 1


def test_separate_test_file(path, tmp_path):
    table()[:12][["sick", "age", "sex", "note", "part", "ward"]].to_csv(
        tmp_path / "t.tsv", sep="\t", index=False
    )
    dataset = load_dataset(path, target="sick", test=tmp_path / "t.tsv")
    assert (len(dataset), dataset.test.sum()) == (N + 12, 12)
    assert dataset.test[-12:].all()
    assert dataset.X["sex"].notna().all()
    both = load_dataset(table(), target="sick", test=table()[:12])
    assert both.test.sum() == 12


def test_separate_test_file_with_other_columns(path, tmp_path):
    table().drop(columns="ward").to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(InputError, match=r"t\.csv has no column 'ward'"):
        load_dataset(path, target="sick", test=tmp_path / "t.csv")
    with pytest.raises(InputError, match=r"t\.csv has no column 'ward'"):
        load_dataset(tmp_path / "t.csv", target="sick", test=path, drop=["note"])


@pytest.mark.parametrize(
    ("values", "name", "test_rows"),
    [
        (["Train", "TEST"], "fold", [1]),
        (["training", "val", "test", "test"], "part", [2, 3]),
        ([0, 1], "is_test", [1]),
        ([True, False], "train_row", [1]),
    ],
)
def test_split_columns(values, name, test_rows):
    frame = table().drop(columns="part").assign(**{name: values * (N // len(values))})
    dataset = load_dataset(frame, target="sick", split_column=name)
    assert np.flatnonzero(dataset.test)[: len(test_rows)].tolist() == test_rows


INVALID = [
    ({"target": "sik"}, "no column 'sik'; did you mean sick"),
    ({}, "no target given; choose one with --target COLUMN: age, sex"),
    ({"target": "sick", "drop": ["agee"]}, "no column 'agee'; did you mean age"),
    ({"target": "sick", "drop": ["sick"]}, "is the target and cannot be dropped"),
    ({"target": "sick", "text": "nots"}, "did you mean note"),
    ({"target": "sick", "groups": "wart"}, "did you mean ward"),
    ({"target": "sick", "split_column": "sex"}, "expected the values train and test, got 'f', 'm'"),
    ({"target": "sick", "positive": "maybe"}, "no class 'maybe'"),
    ({"target": "age", "positive": "yes"}, "this one is regression"),
    ({"target": "sick", "task": "regresion"}, "no task 'regresion'; did you mean regression"),
    ({"target": "sick", "task": "regression"}, "40 of 40 rows, first row 1, are not a number .such as 'yes'"),
    ({"target": "ward", "task": "binary"}, "has 10 classes"),
    ({"target": "note"}, "40 values in 40 rows"),
    ({"target": "sick", "drop": ["age", "sex", "note", "part", "ward"]}, "no feature column is left"),
    ({"target": "sick", "test": table(), "split_column": "part"}, "remove one of them"),
    ({"target": "sick", "rows": 5}, "--rows 5 is too few"),
]


@pytest.mark.parametrize(("words", "expected"), INVALID, ids=[m for _, m in INVALID])
def test_words_that_do_not_fit(words, expected):
    with pytest.raises(InputError, match=expected) as error:
        load_dataset(table(), **words)
    assert "\n" not in str(error.value)


def with_cell(row, value):
    y = rng.normal(size=N)
    y[row] = value
    return y


UNUSABLE = [
    (
        table(y=with_cell([4, 8, *range(20, 27)], np.nan)),
        "9 of 40 rows, first row 5, have no value, more than",
    ),
    (table(y=with_cell(6, np.inf)), "target 'y': row 7 is infinite"),
    (table(y=[None] * N), "has no value in any row"),
    (table(y=["a", "?"] * (N // 2)), "20 of 40 rows, first row 2, have no value, more than 20%"),
    (table(y=["a"] * N), "has only one class .'a'."),
    (table(y=[3] * N), "has the same value 3 in every row"),
    (table(y=[*map(str, rng.normal(size=N - 1)), "n/k"]), "row 40 is not a number .such as 'n/k'"),
    (table(y=list("ab") * (N // 2))[:2], "2 rows with a target are too few"),
    (table(y=["a", "b"] * (N // 2), label=["u", "v"] * (N // 2)), "several columns could be"),
    (table()[["sick"]].rename(columns={"sick": "y"}), "no feature column is left"),
    (
        table(y=list("ab") * (N // 2))[["y"]].assign(id=range(N), k=1),
        "left out: id .identifier., k .constant.",
    ),
    (pd.DataFrame(np.zeros((20, 3)), columns=["a", "a", "y"]), "'a' occurs 2 times, at positions 1, 2"),
    (pd.DataFrame(), "no columns"),
    (pd.DataFrame({"a": [], "y": []}), "no rows"),
]


@pytest.mark.parametrize(("frame", "expected"), UNUSABLE, ids=[m for _, m in UNUSABLE])
def test_unusable_tables(frame, expected):
    with pytest.raises(InputError, match=expected) as error:
        load_dataset(frame)
    assert "\n" not in str(error.value)


def test_groups_must_be_complete_and_several():
    with pytest.raises(InputError, match="has no value in 1 of 40 rows, first row 3"):
        load_dataset(table(ward=["a", "b", None, *["c"] * (N - 3)]), target="sick", groups="ward")
    with pytest.raises(InputError, match="the same value in every row"):
        load_dataset(table(ward="a"), target="sick", groups="ward")


def test_text_column_empty_in_every_row():
    with pytest.raises(InputError, match="text column 'note' is empty in every row"):
        load_dataset(table(note=[" "] * N), target="sick", text="note")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("patient.csv", "did you mean patients.csv"),
        ("zzzz.parquet", "check the path"),
        ("nowhere/a.csv", "there is no folder"),
    ],
)
def test_missing_paths(path, name, expected):
    with pytest.raises(InputError, match=expected):
        load_dataset(str(path.parent / name))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, "got NoneType"),
        (np.zeros((3, 3)), "got ndarray"),
        (" ", "empty string"),
        ("https://example.org/a.csv", "is a web address; download"),
    ],
)
def test_what_is_no_data_at_all(data, expected):
    with pytest.raises(InputError, match=expected):
        load_dataset(data)


def test_a_file_without_a_header_line(tmp_path):
    (tmp_path / "a.csv").write_text("5.1,3.5,1.4,0\n" * 20)
    with pytest.raises(InputError, match=r"first line \(5.1, 3.5, 1.4, 0\) has only numbers; add a line"):
        load_dataset(tmp_path / "a.csv")


def test_unknown_name_offers_near_ones(monkeypatch):
    monkeypatch.setattr(_load, "catalogue", lambda package, function: {"digits": None, "iris": None})
    with pytest.raises(InputError, match="no dataset 'digit'; did you mean digits"):
        load_dataset("digit")


def test_a_path_wins_over_a_name(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path.rename(tmp_path / "iris")
    assert load_dataset("iris", target="sick").provenance.source == "file"


class FakeEntry:
    """A named dataset with a known truth, as an embedded one is."""

    card = "a card"

    @property
    def parameters(self):
        return {"seed": 0}

    def constant(self, name):
        return name.lower()

    def call(self, seed=0):
        frame = table(y=["a", "b"] * (N // 2)).drop(columns=["part", "sick"])
        made = load_dataset(frame, target="y")
        made.true_probability, made.name = np.full((N, 2), 0.5), f"fake{seed}"
        return made


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setattr(_load, "catalogue", lambda package, function: {"fake": FakeEntry()})


def test_named_sets_take_the_words_that_make_sense(fake):
    assert load_dataset("fake", seed=3, offline=True).name == "fake3"
    dataset = load_dataset("fake", drop=["note"], groups="ward", positive="a")
    assert list(dataset.X) == ["age", "sex"]
    assert dataset.groups is not None
    assert dataset.positive == "a"
    assert dataset.true_probability is not None
    other = load_dataset("fake", target="sex", drop=["note"])
    assert other.classes == ("f", "m")
    assert other.true_probability is None
    assert "y" in other.X


def test_named_sets_refuse_a_test_file(fake, path):
    with pytest.raises(InputError, match="--test needs a file or folder"):
        load_dataset("fake", test=path)


def test_list_datasets(fake):
    assert list_datasets() == [
        {
            "name": "fake",
            "card": "a card",
            "task": "task",
            "modality": "modality",
            "rows": "rows",
            "source": "source",
            "licence": "licence",
        }
    ]


def labelled(counts, test=None):
    y = np.repeat([f"c{i}" for i in range(len(counts))], counts)
    X = pd.DataFrame({"x": np.arange(len(y), dtype=float)})
    return Dataset("made", X, y, "multiclass", "tabular", test=test)


def test_subset_keeps_shares_and_rare_classes():
    small = subset(labelled([700, 295, 5]), 100, seed=1)
    assert len(small) == 100
    assert np.unique(small.y, return_counts=True)[1].tolist() == pytest.approx([70, 29, 2], abs=1)
    assert small.classes == ("c0", "c1", "c2")
    assert (np.diff(small.X["x"]) > 0).all()


def test_subset_keeps_the_share_of_the_test_part():
    test = np.zeros(1000, dtype=bool)
    test[::4] = True
    small = subset(labelled([500, 500], test), 200)
    assert small.test.sum() == pytest.approx(50, abs=1)


def test_subset_is_the_same_for_the_same_seed():
    whole = labelled([500, 500])
    assert subset(whole, 50, 1).fingerprint() == subset(whole, 50, 1).fingerprint()
    assert subset(whole, 50, 1).fingerprint() != subset(whole, 50, 2).fingerprint()
    assert subset(whole, 5000) is whole


DATA = Path(__file__).parents[3] / "shared" / "data"
SHARED = [
    ("tabular/sick", "Class", 3772, "binary", {"numeric": 6, "categorical": 21, "constant": 1, "dropped": 1}),
    (
        "tabular/titanic",
        "Survived",
        891,
        "binary",
        {"numeric": 5, "categorical": 4, "text": 1, "identifier": 1},
    ),
    ("tabular/telco_churn", "Churn", 7043, "binary", {"numeric": 4, "categorical": 15, "identifier": 1}),
    (
        "tabular/california_housing",
        "median_house_value",
        20640,
        "regression",
        {"numeric": 8, "categorical": 1},
    ),
    ("tabular/adult", "income", 48842, "binary", {"numeric": 6, "categorical": 8}),
    ("tabular/wine_quality", "quality", 6497, "multiclass", {"numeric": 11, "categorical": 1}),
    ("tabular/mushroom", "class", 8124, "binary", {"categorical": 21, "constant": 1}),
    ("tabular/credit_g", "class", 1000, "binary", {"numeric": 7, "categorical": 13}),
    (
        "tabular/covertype_15k",
        "Cover_Type",
        15120,
        "multiclass",
        {"numeric": 52, "identifier": 1, "constant": 2},
    ),
    ("tabular/abalone", "Rings", 4177, "regression", {"numeric": 7, "categorical": 1}),
    ("tabular/diamonds", "price", 53940, "regression", {"numeric": 6, "categorical": 3}),
    ("tabular/pima_diabetes", "class", 768, "binary", {"numeric": 8}),
    ("text/sms_spam", "label", 5574, "binary", {"text": 1}),
    ("text/ag_news_test", "label", 7600, "multiclass", {"text": 1}),
    ("text/movie_reviews_mr", "label", 10662, "binary", {"text": 1}),
]
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the development data is not beside the checkout")


@needs_data
@pytest.mark.parametrize(("name", "target", "rows", "task", "expected"), SHARED, ids=[s[0] for s in SHARED])
def test_real_tables(name, target, rows, task, expected):
    dataset = load_dataset(DATA / f"{name}.csv.gz", target=target)
    assert (len(dataset), dataset.task) == (rows, task)
    counts = pd.Series([c.role for c in dataset.schema.columns if c.role != "target"]).value_counts()
    assert counts.to_dict() == expected
    assert dataset.modality == ("text" if name.startswith("text") else "tabular")


@needs_data
def test_real_columns_that_are_easily_misread():
    titanic = load_dataset(DATA / "tabular/titanic.csv.gz", target="Survived")
    expected = {"PassengerId": "identifier", "Name": "text", "Ticket": "categorical", "Cabin": "categorical"}
    assert {name: roles(titanic)[name] for name in expected} == expected
    assert titanic.X["Age"].isna().sum() == 177
    telco = load_dataset(DATA / "tabular/telco_churn.csv.gz", target="Churn")
    assert telco.X["TotalCharges"].dtype == np.float64
    assert telco.X["TotalCharges"].isna().sum() == 11
    sick = load_dataset(DATA / "tabular/sick.csv.gz")
    assert sick.X["TSH"].isna().sum() == 369
    assert "TBG" not in sick.X


@needs_data
def test_real_train_and_test_files():
    dataset = load_dataset(DATA / "text/reuters_r8_train.csv.gz", test=DATA / "text/reuters_r8_test.csv.gz")
    assert (len(dataset), dataset.test.sum(), len(dataset.classes)) == (7674, 2189, 8)


@needs_data
def test_real_images():
    dataset = load_dataset(DATA / "images/fashion_mnist.npz", rows=700)
    assert dataset.X.shape == (700, 28, 28, 1)
    assert dataset.test.sum() == pytest.approx(100, abs=5)
    assert len(dataset.classes) == 10


def test_a_reading_option_is_listed_in_three_places_alike():
    """In the signature of load_dataset, in ReadOptions, and as an option of the command line."""
    from deepworth.datasets import ReadOptions
    from deepworth.zoo.commands._options import LOAD, options

    parameters = inspect.signature(load_dataset).parameters
    keywords = [name for name, p in parameters.items() if p.kind is p.KEYWORD_ONLY]
    assert list(ReadOptions.__annotations__) == [
        k for k in keywords if k not in ("seed", "cache_dir", "readers")
    ]
    command = options(*LOAD)(click.Command("any"))
    assert {p.name for p in command.params} == set(ReadOptions.__annotations__)
