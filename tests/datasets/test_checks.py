"""Findings: each code on data that has the fault, and silence on data that has not."""

from dataclasses import replace
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer

from deepworth import load_dataset
from deepworth.datasets import _checks_leaks, check_dataset
from deepworth.datasets._base import Dataset, Finding
from deepworth.datasets._leakage import single_column_scores
from deepworth.datasets._rows import row_hashes

N = 400


def made(task="binary", test=None, y=None, **columns):
    """A sound table, with the columns of a test added."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=N), "b": rng.normal(size=N), "c": rng.choice(list("uvw"), N)})
    X["c"] = X["c"].astype("category")
    noisy = X["a"] + rng.normal(size=N)
    if y is None:
        y = noisy.to_numpy() if task == "regression" else np.where(noisy > 0, "yes", "no")
    return Dataset("made", X.assign(**columns), y, task, "tabular", test=test)


def found(dataset, code):
    return [f for f in check_dataset(dataset) if f.code == code]


def one(dataset, code):
    (finding,) = found(dataset, code)
    return finding


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_a_sound_table_has_no_findings(task):
    assert check_dataset(made(task)) == []


def test_findings_of_loading_come_first_by_severity():
    dataset = made(k=1.0)
    dataset.findings.append(Finding("DW025", "warning", "a broken image"))
    assert [f.code for f in check_dataset(dataset)] == ["DW025", "DW002"]


def test_constant_and_empty_columns():
    dataset = made(k=1.0, e=np.nan)
    assert one(dataset, "DW002").columns == ("k",)
    assert one(dataset, "DW003").columns == ("e",)


def test_equal_columns():
    dataset = made()
    dataset.X["again"] = dataset.X["a"]
    dataset.X["c2"] = dataset.X["c"].astype(str).astype("category")
    assert [f.columns for f in found(dataset, "DW004")] == [("a", "again"), ("c", "c2")]


def repeat_rows(dataset, rows, of):
    for row, source in zip(rows, of, strict=True):
        dataset.X.iloc[row] = dataset.X.iloc[source]
        dataset.y[row] = dataset.y[source]
    return dataset


def test_duplicate_rows():
    finding = one(repeat_rows(made(), [10, 20], [3, 3]), "DW005")
    assert finding.rows == (10, 20)
    assert finding.severity == "info"
    assert one(repeat_rows(made(), range(100, 150), range(50)), "DW005").severity == "warning"


def test_rows_on_both_sides_of_the_official_split():
    test = np.arange(N) >= 300
    finding = one(repeat_rows(made(test=test), [310, 320, 5], [3, 4, 6]), "DW006")
    assert finding.rows == (310, 320)
    assert "2 rows of the test set (2.0%)" in finding.message


def test_equal_rows_of_different_classes():
    dataset = repeat_rows(made(), [10], [3])
    dataset.y[10] = "yes" if dataset.y[3] == "no" else "no"
    assert one(dataset, "DW007").rows == (3, 10)
    assert found(repeat_rows(made(), [10], [3]), "DW007") == []


def answer(kind):
    dataset = made("regression" if kind == "regression" else "binary")
    rng = np.random.default_rng(1)
    y = dataset.y
    columns = {
        "copy": lambda: pd.Categorical(y),
        "number": lambda: np.where(y == "yes", 5.0, 3.0) + rng.normal(size=N) / 10,
        "missing": lambda: np.where(y == "yes", np.nan, rng.normal(size=N)),
        "island": lambda: np.where(y == "yes", 0, rng.choice([-1, 1], N)) + rng.normal(size=N) / 20,
        "date": lambda: pd.Timestamp("2024-01-01") + pd.to_timedelta(np.where(y == "yes", 0, 99), unit="D"),
        "regression": lambda: y * 3 + 1 + rng.normal(size=N) / 100,
    }
    dataset.X["leak"] = columns[kind]()
    return dataset


@pytest.mark.parametrize("kind", ["copy", "number", "missing", "island", "date", "regression"])
def test_a_column_that_gives_the_answer_away(kind):
    finding = one(answer(kind), "DW008")
    assert finding.columns == ("leak",)
    assert finding.severity == "warning"


PATIENTS = np.repeat(np.arange(40), N // 40)


def of_patients(task="binary", **columns):
    """Ten rows of each of 40 patients, who have one label each."""
    labels = np.random.default_rng(2).permutation(np.arange(40.0))
    y = labels[PATIENTS] if task == "regression" else np.where(labels[PATIENTS] < 20, "yes", "no")
    return replace(made(task, y=y, **columns), groups=PATIENTS)


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_a_column_that_names_the_patient_does_not_give_the_answer_away_with_groups(task):
    names = np.random.default_rng(3).permutation(40)[PATIENTS]
    values = names.astype(float) if task == "regression" else pd.Categorical([f"w{name}" for name in names])
    dataset = of_patients(task, names=values)
    assert found(dataset, "DW008") == []
    assert one(replace(dataset, groups=None), "DW008").columns == ("names",)


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_a_column_that_gives_the_answer_of_new_patients_away_is_found_with_groups(task):
    dataset = of_patients(task)
    dataset.X["leak"] = dataset.y * 3 + 1 if task == "regression" else pd.Categorical(dataset.y)
    assert one(dataset, "DW008").columns == ("leak",)


def test_one_patient_for_a_class_leaves_the_columns_unjudged():
    dataset = made(y=np.repeat(["yes", "no"], N // 2))
    dataset.X["leak"] = pd.Categorical(dataset.y)
    assert found(replace(dataset, groups=np.repeat([0, 1], N // 2)), "DW008") == []


def test_a_code_for_each_row_does_not_seem_to_give_the_answer_away():
    dataset = made(code=pd.Categorical([f"k{i}" for i in range(N)]))
    scores = {name: score for name, score, _ in single_column_scores(dataset.X, dataset.y, "binary")}
    assert scores["code"] == pytest.approx(0.5, abs=0.1)
    assert scores["a"] == pytest.approx(0.8, abs=0.1)


def test_real_columns_that_are_only_good_are_not_accused():
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    scores = [score for _, score, _ in single_column_scores(X, y.to_numpy().astype(str), "binary")]
    assert len(scores) == 30
    assert 0.9 < max(scores) < _checks_leaks.LEAKS_FROM["ROC AUC"]


def test_few_cases_and_imbalance():
    y = np.array(["well"] * (N - 5) + ["ill"] * 5)
    finding = one(made(y=np.random.default_rng(0).permutation(y)), "DW009")
    assert "ill (5)" in finding.message
    assert "ill has 5 of 400 rows" in one(made(y=y), "DW010").message
    y[:4] = "ill"
    y[-5:] = ["well"] * 4 + ["rare"]
    assert one(made(y=y), "DW009").severity == "error"


def test_balanced_classes_of_many_are_no_imbalance():
    y = np.random.default_rng(0).permutation([f"c{i % 20:02}" for i in range(N)])
    assert found(made("multiclass", y=y), "DW010") == []


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_sorted_rows(task):
    dataset = made(task)
    assert one(dataset.take(np.argsort(dataset.y, kind="stable")), "DW011").severity == "info"


def test_very_many_levels():
    many = pd.Categorical([f"v{i % 250}" for i in range(N)])
    some = pd.Categorical([f"v{i % 90}" for i in range(N)])
    assert one(made(many=many, some=some), "DW012").columns == ("many",)


def test_many_missing_values():
    values = np.where(np.arange(N) % 2 == 0, np.nan, np.arange(N) % 17)
    assert "50% of the rows" in one(made(x=values), "DW013").message


def test_dates_hint_at_a_time_order():
    days = pd.date_range("2024-01-01", periods=N)
    assert one(made(day=days.to_numpy()), "DW014").columns == ("day",)


@pytest.mark.parametrize(
    ("values", "mark"),
    [
        (np.where(np.arange(N) % 50 == 0, 0, 80 + np.arange(N) % 40), "0"),
        (np.where(np.arange(N) % 50 == 0, -999, np.arange(N) % 40), "-999"),
        (np.where(np.arange(N) % 50 == 0, 9999, np.arange(N) % 40), "9999"),
    ],
)
def test_numbers_that_may_stand_for_missing(values, mark):
    finding = one(made(x=values.astype(float)), "DW015")
    assert f"rows hold {mark}, far from" in finding.message


@pytest.mark.parametrize(
    "values",
    [np.arange(N) % 40, np.arange(N) % 40 - 1, np.where(np.arange(N) % 3 < 2, 0, 1 + np.arange(N) % 60)],
)
def test_ordinary_zeros_are_numbers(values):
    assert found(made(x=values.astype(float)), "DW015") == []


def test_few_rows():
    assert one(made().take(np.arange(100)), "DW016").severity == "info"
    assert one(made().take(np.arange(40)), "DW016").severity == "warning"


def test_a_column_that_may_name_groups():
    dataset = made(patient_id=(np.arange(N) // 4).astype(float))
    assert "--groups patient_id" in one(dataset, "DW018").message


def test_equal_images_and_texts():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (N, 4, 4, 1), dtype=np.uint8)
    images[7] = images[2]
    y = np.array(["a", "b"] * (N // 2))
    assert one(Dataset("i", images, y, "binary", "image"), "DW005").rows == (7,)
    mixed = np.empty(N, dtype=object)
    mixed[:] = [rng.integers(0, 256, (4, 4 + i % 2, 1), dtype=np.uint8) for i in range(N)]
    mixed[9] = mixed[1].copy()
    assert one(Dataset("i", mixed, y, "binary", "image"), "DW005").rows == (9,)
    texts = pd.Series([f"text {i}" for i in range(N)], dtype=object)
    texts[5] = " text 1 "
    assert one(Dataset("t", texts, y, "binary", "text"), "DW005").rows == (5,)


def test_row_hashes_tell_shapes_apart():
    flat, tall = np.zeros((2, 3, 1), np.uint8), np.zeros((3, 2, 1), np.uint8)
    images = np.empty(2, dtype=object)
    images[:] = [flat, tall]
    assert len(set(row_hashes(images))) == 2


def test_fifty_thousand_rows_are_checked_in_seconds():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(50_000, 20)), columns=[f"x{i}" for i in range(20)])
    X["level"] = pd.Categorical(rng.integers(0, 3000, 50_000).astype(str))
    dataset = Dataset("big", X, np.where(X["x0"] > 1, "a", "b"), "binary", "tabular")
    start = process_time()
    assert [f.columns for f in check_dataset(dataset) if f.code == "DW008"] == [("x0",)]
    assert process_time() - start < 10


DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.skipif(not DATA.exists(), reason="the development data is not beside the checkout")
def test_published_faults_of_real_tables():
    wine = load_dataset(DATA / "tabular/wine_quality.csv.gz", target="quality")
    assert one(wine, "DW005").message.startswith("duplicates of earlier rows: 1177 ")
    assert "9 (5)" in one(wine, "DW009").message
    pima = load_dataset(DATA / "tabular/pima_diabetes.csv.gz")
    assert [f.columns[0] for f in found(pima, "DW015")] == ["plas", "pres", "skin", "insu", "mass"]
    assert found(load_dataset(DATA / "tabular/mushroom.csv.gz"), "DW008") == []
    assert one(load_dataset(DATA / "text/imdb_train.csv.gz"), "DW005").message.startswith(
        "duplicates of earlier texts: 96 "
    )
