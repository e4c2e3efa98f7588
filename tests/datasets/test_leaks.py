"""Leaks, series, and marks of missing values: found where they are planted, and nowhere in sound data."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepworth import load_dataset
from deepworth.datasets import InputError, check_dataset
from deepworth.datasets._checks_leaks import is_afterwards
from deepworth.datasets._checks_spelling import _UNKNOWN
from deepworth.datasets._together import find_formula

N = 400
SHARED = Path(__file__).parents[3] / "shared"
NEW = {"DW032", "DW033", "DW041", "DW042", "DW043"}


def numbers(n=N, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.lognormal(size=(n, 6)), columns=list("abcdef"))
    X["g"] = rng.poisson(3, n).astype(float)
    return X


def formula(X, y, task="regression"):
    return find_formula(X, np.asarray(y), task)


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize(
    ("columns", "of"),
    [
        ("ab", lambda X: X.a + X.b),
        ("ab", lambda X: X.a - X.b),
        ("ab", lambda X: X.a * X.b),
        ("ab", lambda X: X.a / X.b),
        ("ab", lambda X: 100 * X.a / X.b),
        ("abc", lambda X: X.a + X.b + X.c),
        ("abcd", lambda X: 2 * X.a - X.b + 0.5 * X.c + X.d + 7),
        ("abc", lambda X: X.a * X.b / X.c**2),
    ],
)
def test_a_target_computed_from_columns_is_found_in_any_unit(columns, of, unit):
    X = numbers()
    found = formula(X, of(X) * unit)
    if unit == 1.0:
        assert set(found.columns) == set(columns)
        assert found.share == 1.0
    else:  # sums of other units are linear combinations
        assert found is not None
        assert set(found.columns) == set(columns)


def test_a_rounded_target_and_one_with_wrong_rows_are_found():
    X = numbers()
    assert formula(X, (X.a * X.b).round(2)).columns == ("a", "b")
    y = (X.a + X.b).to_numpy().copy()
    y[:4] = 99.0
    found = formula(X, y)
    assert (found.columns, found.share) == (("a", "b"), 0.99)


def test_missing_values_and_copies_do_not_hide_a_sum():
    X = numbers()
    y = X.a + X.b
    X["again"] = X.a
    X.loc[:30, "a"] = np.nan
    assert formula(X, y) is not None


def people(n=N):
    """Rounded measures, dates, indicators and goals, with cells missing here and there."""
    rng = np.random.default_rng(20)
    start = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 10**7, n), unit="s")
    kind = rng.integers(0, 3, n)
    X = pd.DataFrame({"kilos": rng.normal(75, 15, n).round(1), "metres": rng.normal(1.7, 0.1, n).round(2)})
    return X.assign(
        start=start,
        end=start + pd.to_timedelta(rng.integers(60, 7200, n), unit="s"),
        first=pd.Categorical(np.where(kind == 0, "Y", "N")),
        second=pd.Categorical(np.where(kind == 1, "Y", "N")),
        home=rng.poisson(1.5, n).astype(float),
        away=rng.poisson(1.2, n).astype(float),
        other=np.where(rng.random(n) < 0.6, np.nan, 1.0 * rng.integers(0, 9, n)),
    )


@pytest.mark.parametrize(
    ("columns", "of"),
    [
        ({"kilos", "metres"}, lambda X: (X.kilos / X.metres**2).round(1)),
        ({"kilos", "metres"}, lambda X: (100 * X.kilos / (X.kilos + X.metres)).round(2)),
        ({"kilos", "metres"}, lambda X: (X.kilos - X.metres) / X.kilos),
        ({"start", "end"}, lambda X: (X.end - X.start).dt.total_seconds() / 60),
        ({"kilos", "home", "away"}, lambda X: ((X.kilos + 9 * X.home + 9 * X.away) / 3).round(1)),
    ],
)
def test_formulas_with_rounding_offsets_and_dates(columns, of):
    X = people()
    y = of(X).to_numpy().copy()
    assert set(formula(X, y).columns) == columns
    for name in columns - {"start", "end"}:
        X.loc[np.arange(N) % 15 == len(name), name] = np.nan
    y[::100] += 50 * y.std()
    found = formula(X, y)
    assert set(found.columns) == columns
    assert 0.98 <= found.share < 1
    assert formula(X, np.random.default_rng(0).permutation(y)) is None


def test_classes_told_by_indicators_and_by_the_order_of_numbers():
    X = people()
    third = np.where((X["first"] == "N") & (X["second"] == "N"), "third", "not")
    assert set(formula(X, third, "binary").columns) == {"first", "second"}
    result = np.array(["away", "draw", "home"])[np.sign(X.home - X.away).astype(int) + 1]
    assert set(formula(X, result, "multiclass").columns) == {"home", "away"}
    for y, task in ((third, "binary"), (result, "multiclass")):
        noisy = np.where(
            np.random.default_rng(1).random(N) < 0.05, np.random.default_rng(2).permutation(y), y
        )
        assert formula(X, noisy, task) is None


@pytest.mark.parametrize(
    "joined", [lambda X: X.a - X.b > 0, lambda X: X.a * X.b > 1, lambda X: X.a + X.b > 3]
)
def test_two_classes_on_the_sides_of_a_threshold(joined):
    X = numbers()
    found = formula(X, np.where(joined(X), "loss", "gain"), "binary")
    assert found.columns == ("a", "b")
    assert "threshold" in found.words


def test_classes_that_are_sums_of_counts():
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.integers(0, 3, (N, 4)), columns=list("abcd")).astype(float)
    assert formula(X, (X.a + X.b).astype(int).astype(str), "multiclass").columns == ("a", "b")


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("task", ["regression", "binary"])
def test_noise_has_no_formula(seed, task):
    """Neither a good but not exact prediction, nor mostly zeros, nor few rows of a class."""
    X, rng = numbers(seed=seed), np.random.default_rng(100 + seed)
    if task == "binary":
        assert formula(X, np.where(X.a - X.b + 0.3 * rng.normal(size=N) > 0, "x", "y"), "binary") is None
        assert formula(X > 1.5, np.where(rng.random(N) < 0.02, "1", "0"), "binary") is None
    else:
        assert formula(X, X.a + X.b + 0.05 * rng.normal(size=N)) is None
        sparse = (rng.random((N, 30)) < 0.02) * rng.integers(1, 4, (N, 30))
        assert formula(pd.DataFrame(sparse.astype(float)), (rng.random(N) < 0.02) * 2.0) is None


def codes(frame, target="y", **options):
    return {f.code: f for f in check_dataset(load_dataset(frame, target=target, **options))}


def labelled(**columns):
    rng = np.random.default_rng(3)
    X = pd.DataFrame({"a": rng.normal(size=N), "b": rng.normal(size=N)})
    y = np.where(X.a + rng.normal(size=N) > 0, "spam", "ham")
    return X.assign(**{"y": y, **columns})


WORDS = [
    a + b for a in ("be", "do", "ka", "li", "mo", "ru") for b in ("ta", "ne", "si", "fo", "gu", "vel", "rin")
]


def notes(end):
    rng = np.random.default_rng(4)
    return [" ".join([*rng.choice(WORDS, 8), *([end(i)] if end(i) else [])]) for i in range(N)]


def test_a_text_that_names_its_class():
    y = labelled()["y"]
    assert codes(labelled(note=notes(lambda i: f"(judged: {y[i].upper()})")))["DW033"].columns == ("note",)
    assert "DW033" in codes(labelled(note=notes(lambda i: y[i] if i % 4 == 0 else "")))
    either = np.random.default_rng(5).choice(["spam", "ham"], N)
    assert "DW033" not in codes(labelled(note=notes(lambda i: either[i])))
    alone = pd.DataFrame({"note": notes(lambda i: y[i]), "y": y})
    assert "DW033" in codes(alone)


def test_a_text_that_holds_its_number():
    price = np.random.default_rng(6).integers(1000, 99999, N)
    frame = pd.DataFrame(
        {"note": notes(lambda i: f"for {price[i]:,} EUR"), "a": np.arange(N) % 7, "y": price}
    )
    assert "DW033" in codes(frame)
    frame["y"] = np.random.default_rng(7).permutation(price)
    assert "DW033" not in codes(frame)


@pytest.mark.parametrize("form", ["{0}{1}", "{1}-{0}", "{0}/{1}", "{1}{0}"])
def test_a_code_of_which_a_part_is_the_class(form):
    marks = labelled()["y"].map({"spam": "S", "ham": "H"})
    code = [form.format(mark, i % 90 + 10) for i, mark in enumerate(marks)]
    assert codes(labelled(code=code))["DW033"].columns == ("code",)
    shuffled = np.random.default_rng(8).permutation(marks)
    code = [form.format(mark, i % 90 + 10) for i, mark in enumerate(shuffled)]
    assert "DW033" not in codes(labelled(code=code))


@pytest.mark.parametrize(
    "name", ["outcome", "matchResult", "discharge_date", "Settled", "call duration", "time_after_visit"]
)
def test_names_of_hindsight(name):
    assert is_afterwards(name)
    found = codes(labelled(**{name: np.arange(N) % 17 / 3}))["DW042"]
    assert (found.severity, found.columns) == ("info", (name,))


@pytest.mark.parametrize(
    "name",
    ["duration", "poutcome", "previous_outcome", "test_result", "shaft", "afternoon", "resultant", "age"],
)
def test_ordinary_names(name):
    assert not is_afterwards(name)


def series(task, n=1000):
    rng = np.random.default_rng(9)
    walk = np.convolve(rng.normal(size=n + 30), np.ones(30), "valid")[:n]
    y = walk if task == "regression" else np.where(walk > 0, "up", "down")
    return pd.DataFrame({"a": rng.normal(size=n), "y": y})


@pytest.mark.parametrize("task", ["regression", "binary"])
def test_a_series_is_told_from_rows_sorted_by_the_target(task):
    frame = series(task)
    found = codes(frame)
    assert "--time row-order" in found["DW040"].message
    assert "DW011" not in found
    in_order = codes(frame.sort_values("y", ignore_index=True))
    assert "DW011" in in_order
    assert "DW040" not in in_order
    shuffled = codes(frame.sample(frac=1, random_state=0, ignore_index=True))
    assert not {"DW011", "DW040"} & set(shuffled)


def test_two_sorted_files_in_one_are_sorted():
    part = labelled().sort_values("y", ignore_index=True)
    assert "DW011" in codes(pd.concat([part, part.assign(a=part.a + 1)], ignore_index=True))


def test_a_sum_is_found_beside_a_column_that_is_nearly_the_target():
    rng = np.random.default_rng(17)
    X = pd.DataFrame({"a": rng.normal(size=N), "few": rng.poisson(3, N), "many": rng.poisson(900, N) ** 1.2})
    found = codes(X.assign(y=X.few + X.many))
    assert found["DW008"].columns == ("many",)
    assert set(found["DW032"].columns) == {"few", "many"}
    copy = codes(X.assign(y=2 * X.many))
    assert "DW008" in copy
    assert "DW032" not in copy


def test_a_column_of_times_is_better_than_the_order_of_the_rows():
    found = codes(series("regression").assign(year=np.arange(1000) / 12))
    assert "--time year" in found["DW014"].message
    assert "DW040" not in found


def test_row_order_is_a_time():
    dataset = load_dataset(series("regression"), target="y", time="row-order")
    assert dataset.time.tolist() == list(range(1000))
    assert list(dataset.X) == ["a"]
    (found,) = [f for f in check_dataset(dataset) if f.code == "DW031"]
    assert "in the order of the rows" in found.message
    assert dataset.take(np.array([5, 2])).time.tolist() == [5, 2]


def test_a_column_of_that_name_comes_first():
    values = np.random.default_rng(0).normal(size=1000)
    dataset = load_dataset(series("regression").assign(**{"row-order": values}), target="y", time="row-order")
    assert dataset.time.tolist() == values.tolist()
    assert list(dataset.X) == ["a"]


def test_the_name_is_not_a_column_for_other_options():
    with pytest.raises(InputError, match="row-order"):
        load_dataset(series("regression"), target="y", groups="row-order")


def bank(**columns):
    return codes(labelled(**columns)).get("DW015")


def test_marks_of_missing_values_are_named():
    rng = np.random.default_rng(10)
    days = np.where(rng.random(N) < 0.82, -1, rng.integers(0, 400, N))
    assert "the only value below zero" in bank(pdays=days).message
    assert "999" in bank(pdays=np.where(rng.random(N) < 0.9, 999, rng.integers(0, 28, N))).message
    assert "99" in bank(grade=np.where(rng.random(N) < 0.1, 99, rng.integers(1, 6, N))).message
    assert "'unknown'" in bank(job=rng.choice(["clerk", "unknown", "cook"], N)).message
    assert "0000-00-00" in bank(born=rng.choice(["1980-01-01 x", "0000-00-00", "1990-01-01 y"], N)).message
    dates = pd.Series(pd.date_range("2020-01-01", periods=N))
    dates[rng.random(N) < 0.1] = pd.Timestamp("1900-01-01")
    assert "1900-01-01" in bank(when=dates).message


def test_a_number_that_means_missing_does_so_in_files_and_frames_alike(tmp_path):
    rng = np.random.default_rng(18)
    days = np.where(rng.random(N) < 0.82, -1, rng.integers(0, 400, N))
    frame = labelled(days=days, share=np.where(days < 0, -1.0, days / 7))
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / "a.parquet")
    for data in (frame, tmp_path / "a.csv", tmp_path / "a.parquet"):
        dataset = load_dataset(data, target="y", missing=["-1"])
        assert dataset.X[["days", "share"]].isna().sum().tolist() == [int((days < 0).sum())] * 2
        assert "DW015" not in {f.code for f in check_dataset(dataset)}
        reader = dataset.schema.readers()["days"]
        assert reader.read(pd.Series([-1, 5])).values.isna().tolist() == [True, False]
        assert reader.read(pd.Series(["-1", "5"])).values.isna().tolist() == [True, False]


def test_frequent_marks_among_other_values_are_named():
    """Not far from the other values, but much more often than any of them; also in texts and targets."""
    rng = np.random.default_rng(15)
    assert "999" in bank(days=np.where(rng.random(N) < 0.1, 999, rng.integers(0, 900, N))).message
    assert "-1" in bank(days=np.where(rng.random(N) < 0.04, -1, rng.integers(0, 900, N))).message
    lost = np.where(rng.random(N) < 0.3, "unknown", notes(lambda i: ""))
    assert "'unknown'" in bank(note=lost).message
    assert "'unknown'" in codes(labelled(y=rng.choice(["a", "b", "unknown"], N)))["DW015"].message
    values = np.where(rng.random(N) < 0.03, -999, rng.normal(50, 9, N))
    assert codes(labelled(y=values))["DW015"].columns == ("y",)


def test_zeros_of_a_target_and_signs_of_classes_are_values():
    rng = np.random.default_rng(16)
    sold = np.where(rng.random(N) < 0.2, 0, rng.normal(500, 9, N).round())
    assert "DW015" not in codes(labelled(y=sold), task="regression")
    assert "DW015" not in codes(labelled(y=rng.choice(["+", "-"], N)))
    assert "DW015" not in codes(labelled(y=rng.choice(["+", "-", "0"], N)))


def test_sound_values_are_not_taken_for_missing():
    rng = np.random.default_rng(11)
    assert bank(grade=rng.integers(-1, 2, N), points=rng.integers(-50, 50, N)) is None
    assert bank(job=rng.choice(["none", "other", "cook"], N)) is None
    assert bank(when=pd.date_range("1899-12-20", periods=N)) is None
    assert not [w for w in ("no", "none", "other", "unknown artist", "0", "A-1") if _UNKNOWN.fullmatch(w)]


def test_names_that_differ_in_case_or_blanks():
    rng = np.random.default_rng(12)
    answers = rng.choice(["Yes", "yes", "YES", "no", "No"], N)
    found = codes(pd.DataFrame({"a": rng.normal(size=N), "y": answers}))["DW041"]
    assert (found.severity, found.columns) == ("warning", ("y",))
    assert "not merged" in found.message
    assert codes(labelled(k=rng.choice(["new  york", "New York", "Rome"], N)))["DW041"].columns == ("k",)
    assert "DW041" not in codes(labelled(k=rng.choice(["A", "B", "AB"], N)))


@pytest.mark.parametrize(
    "names",
    [("non-smoker", "non smoker"), ("<=50K", "<=50K."), ("Dr. No", "Dr.No"), ("Ａ1", "a-1"), ("x", "X")],
)
def test_names_that_differ_in_punctuation(names):
    rng = np.random.default_rng(13)
    found = codes(labelled(k=rng.choice([*names, "other"], N)))["DW041"]
    assert all(repr(name) in found.message for name in names)


@pytest.mark.parametrize(
    "names",
    [("A", "A-", "A+"), ("<0", "0", ">0"), ("1-2", "12", "1.2"), ("C", "C++", "C#"), ("a", "ä"), ("+", "-")],
)
def test_punctuation_that_means_something(names):
    rng = np.random.default_rng(14)
    assert "DW041" not in codes(labelled(k=rng.choice([*names, "other", "more"], N)))


def shared_cases():
    file = SHARED / "cases" / "reader" / "cases.csv"
    if file.is_file():
        for case in csv.DictReader(file.open(encoding="utf-8")):
            words = case["options"].split()
            if words[0] == "-t":
                yield str(file.with_name(case["file"])), words[1]


TABLES = {
    "sick": "Class", "adult": "income", "titanic": "Survived", "telco_churn": "Churn", "credit_g": "class",
    "pima_diabetes": "class", "heart_cleveland": "num", "mushroom": "class", "spambase": "class",
    "covertype_15k": "Cover_Type", "wine_quality": "quality", "california_housing": "median_house_value",
    "abalone": "Rings", "diamonds": "price",
}  # fmt: skip
TEXTS = (
    "ag_news_test", "ag_news_train_subset", "movie_reviews_mr", "reuters_r8_test", "reuters_r8_train",
    "sms_spam",
)  # fmt: skip
FILES = [
    *((str(SHARED / "data" / "tabular" / f"{name}.csv.gz"), target) for name, target in TABLES.items()),
    *((str(SHARED / "data" / "text" / f"{name}.csv.gz"), "label") for name in TEXTS),
    *shared_cases(),
]
EMBEDDED = [
    "iris",
    "wine",
    "breast-cancer",
    "digits",
    "diabetes",
    "sick-healthy",
    "triage-notes",
    "docstrings",
]


# Files that must not be read; a refusal of any other one is a fault.
REFUSED = ("none_label.csv", "latin1.csv", "comment_head.csv")


@pytest.mark.parametrize(("file", "target"), FILES, ids=[Path(file).name for file, _ in FILES])
def test_real_files_are_not_accused(file, target):
    if not Path(file).is_file():
        pytest.skip("the shared data are not here")
    try:
        dataset = load_dataset(file, target=target)
    except InputError:
        assert Path(file).name in REFUSED
        return
    found = {f.code for f in check_dataset(dataset)}
    allowed = {"none_label.csv": {"DW043"}, "california_housing.csv.gz": {"DW040"}}  # it is in order of place
    assert not (found & (NEW | {"DW040"})) - allowed.get(Path(file).name, set())


@pytest.mark.parametrize("name", EMBEDDED)
def test_embedded_data_are_not_accused(name):
    assert not {f.code for f in check_dataset(load_dataset(name))} & (NEW | {"DW040"})
