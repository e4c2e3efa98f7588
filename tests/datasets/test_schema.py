"""Column roles, missing marks and tasks, judged by values."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deepworth.datasets import ColumnReader, NumberFormat, _numbers, infer_role, inspect_column, parse_number
from deepworth.datasets._numbers import numbers_of
from deepworth.datasets._reader import distinct
from deepworth.datasets._schema import infer_task
from deepworth.datasets._spellings import as_strings

CODES = [f"{i:04d}-{chr(65 + i % 26)}{chr(65 + i % 7)}QZX" for i in range(100)]
REVIEWS = [f"the film number {i} was good but the end was {i % 9} minutes too long" for i in range(100)]
NAMES = [f"Braund, Mr. {a} {b}" for a in ("Owen", "John", "Carl") for b in ("Harris", "Lee", "Cox")] * 4


@pytest.mark.parametrize(
    ("values", "name", "role"),
    [
        ([1.5, 2, None, 4], "x", "numeric"),
        (["1.5", " 2", "", "?", "-3e2"], "x", "numeric"),
        ([3, 1, 2] * 10, "Pclass", "numeric"),
        (list(range(1, 101)), "x", "identifier"),
        (list(range(1, 101)), "week", "numeric"),
        ([7, 3, 12, 5], "PassengerId", "identifier"),
        ([7, 3, 12, 5], "customer_id", "identifier"),
        ([7, 3, 12, 5], "patientid", "identifier"),
        ([7, 3, 12, 5], "humid", "numeric"),
        ([7, 3, 12, 5], 0, "numeric"),
        ([7.5, 3, 12, 5], "id", "numeric"),
        ([7, 3, 3, 5], "id", "numeric"),
        (CODES, "code", "identifier"),
        (CODES[:5], "customerID", "identifier"),
        (CODES[:5], "code", "categorical"),
        (["yes", "no"] * 20, "smokes", "categorical"),
        (["True", "False"] * 5, "flag", "categorical"),
        (REVIEWS, "x", "text"),
        (NAMES[:9], "Name", "text"),
        (
            ["bank transfer (automatic)", "electronic check", "mailed check now"] * 30,
            "payment",
            "categorical",
        ),
        ([f"A/5 {i}" for i in range(100)], "ticket", "identifier"),
        ([f"A/5 {i // 2}" for i in range(100)], "ticket", "categorical"),
        ([f"今天天气真好我们去公园{i}吧" for i in range(30)], "x", "text"),
        (["02139", "10001", "94105"] * 10, "zip", "categorical"),
        (["2024-01-31", "2023-12-01", ""], "x", "datetime"),
        (["31.01.2024", "01.12.2023"], "x", "datetime"),
        (["12/31/2024", "01/02/2023"], "x", "datetime"),
        (["31/12/2024", "01/02/2023"], "x", "datetime"),
        (["2024-01-31 10:00", "2024-01-31 11:30:15"], "x", "datetime"),
        (["31 Jan 2024", "1 Feb 2024"], "x", "datetime"),
        (["2024-01-31", "sometime"], "x", "categorical"),
        (["2024-13-45", "2024-14-01"], "x", "categorical"),
        (["", "?", None], "x", "categorical"),
    ],
)
def test_role_of_object_cells(values, name, role):
    found, reason = infer_role(pd.Series(values, dtype=object), name)
    assert found == role
    assert reason


@pytest.mark.parametrize(
    ("series", "role"),
    [
        (pd.Series(["1", "2", "3"], dtype="category"), "categorical"),
        (pd.Series([True, False, True]), "categorical"),
        (pd.Series([True, None, False], dtype="boolean"), "categorical"),
        (pd.Series(["a", None, "b"], dtype="string"), "text"),
        (pd.Series(pd.to_datetime(["2024-01-01", None])), "datetime"),
        (pd.Series(pd.to_datetime(["2024-01-01", None], utc=True)), "datetime"),
        (pd.Series(pd.period_range("2024-01", periods=3, freq="M")), "datetime"),
        (pd.Series([1, 2, None], dtype="Int64"), "numeric"),
        (pd.Series(pd.to_timedelta([1, 2, 4], unit="h")), "numeric"),
        (pd.Series([np.nan, np.nan]), "numeric"),
    ],
)
def test_role_of_typed_columns(series, role):
    assert infer_role(series)[0] == role


def test_values_have_the_dtype_of_their_role():
    number = inspect_column(pd.Series(["1", " ", "3"])).values
    assert number.dtype == np.float64
    assert number.isna().tolist() == [False, True, False]
    category = inspect_column(pd.Series(["b", "a", "NA", " b"] * 2)).values
    assert list(category.cat.categories) == ["a", "b"]
    assert category.isna().sum() == 2
    text = inspect_column(pd.Series([*REVIEWS, "", None])).values
    assert text.dtype == "string"
    assert text.isna().sum() == 2
    moment = inspect_column(pd.Series(["2024-01-31T10:00:00+02:00"])).values
    assert moment[0] == pd.Timestamp("2024-01-31 08:00")


def test_hours_become_seconds():
    assert inspect_column(pd.Series(pd.to_timedelta([1, 2], unit="h"))).values.tolist() == [3600, 7200]


@pytest.mark.parametrize("mark", ["", "NA", "N/A", "NaN", "nan", "null", "None", "?", "  ", "\t"])
def test_missing_marks(mark):
    found = inspect_column(pd.Series(["1", mark, "2"]))
    assert (found.role, found.n_missing, found.n_unique) == ("numeric", 1, 2)


def test_none_in_small_letters_is_a_level():
    found = inspect_column(pd.Series(["none", "guarantor"] * 5))
    assert (found.n_missing, found.n_unique) == (0, 2)


def test_few_words_among_numbers_become_missing_and_are_told():
    cells = [str(i % 37) for i in range(97)] + ["about 5", "unknown", "unknown"]
    found = inspect_column(pd.Series(cells))
    assert found.role == "numeric"
    assert set(found.strange) == {"about 5", "unknown"}
    assert found.strange_rows == (97, 98, 99)
    assert found.n_missing == 3


def test_many_words_among_numbers_make_categories():
    found = inspect_column(pd.Series(["1", "2", "3", "many"] * 10))
    assert (found.role, found.mixed) == ("categorical", True)


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["$1,200", "$950", "$12,000.50"], [1200, 950, 12000.5]),
        (["12%", "7.5 %", "-3%"], [12, 7.5, -3]),
        (["1,234", "56", "1,234,567"], [1234, 56, 1234567]),
        (["5 €", "€7", "-$3"], [5, 7, -3]),
    ],
)
def test_amounts_and_percentages_are_numbers(cells, values):
    found = inspect_column(pd.Series(cells))
    assert found.role == "numeric"
    assert found.values.tolist() == values


@pytest.mark.parametrize("cells", [["A$", "B%"], ["1-2", "3-4"], ["5A", "7B"], ["$3", "4%"], ["5A", "7A"]])
def test_what_only_resembles_an_amount_stays_a_category(cells):
    assert infer_role(pd.Series(cells))[0] == "categorical"


def test_infinity_becomes_missing_and_is_told():
    found = inspect_column(pd.Series([1.5, np.inf, -np.inf, 2]))
    assert found.values.isna().sum() == 2
    assert found.strange_rows == (1, 2)
    assert set(found.strange) == {"inf", "-inf"}


def test_asked_for_categories_keep_whole_numbers_readable():
    found = inspect_column(pd.Series([3.0, 1.0, np.nan]), role="categorical")
    assert list(found.values.cat.categories) == ["1", "3"]
    assert found.values.isna().tolist() == [False, False, True]


def test_mixed_python_objects_are_read_as_one_column():
    found = inspect_column(pd.Series([1, "1", 1.0, "x", None, ["a"]] * 10, dtype=object))
    assert found.n_unique == 3
    assert found.n_missing == 10


def test_a_million_codes_are_read_in_seconds():
    from time import process_time

    codes = pd.Series([f"u{i:07x}" for i in range(1_000_000)])
    start = process_time()
    assert infer_role(codes, "user")[0] == "identifier"
    twice = pd.concat([codes[:300_000], codes[:300_000]], ignore_index=True)
    assert infer_role(twice, "user")[0] == "categorical"
    assert process_time() - start < 60


@pytest.mark.parametrize(
    ("y", "task"),
    [
        (["a", "b"] * 5, "binary"),
        (["a", "b", "c"] * 5, "multiclass"),
        ([True, False] * 5, "binary"),
        ([0, 1] * 5, "binary"),
        ([1.5, 2.5] * 5, "binary"),
        (list(range(10)) * 5, "multiclass"),
        (list(range(11)) * 5, "regression"),
        ([1, 2, 3, 4, 5], "regression"),
        ([0.5, 1.0, 1.5] * 5, "regression"),
    ],
)
def test_task_of_a_target(y, task):
    found, reason = infer_task(y)
    assert found == task
    assert reason


@given(st.lists(st.one_of(st.none(), st.text(max_size=4), st.integers(-5, 5), st.floats(-2, 2)), min_size=1))
def test_strings_keep_every_cell(cells):
    strings = as_strings(pd.Series(cells, dtype=object))
    assert len(strings.codes) == len(cells)
    assert len(set(strings.levels)) == len(strings.levels)
    for cell, code in zip(cells, strings.codes, strict=True):
        if isinstance(cell, int):
            assert strings.levels[code] == str(cell)
        if cell is None:
            assert code == -1


@given(st.lists(st.one_of(st.text(max_size=5), st.from_regex(r"[+-]?[0-9._eExX]{1,6}", fullmatch=True))))
def test_numbers_are_what_python_reads(cells):
    levels = np.array(cells, dtype=object)
    for cell, value in zip(cells, numbers_of(levels), strict=True):
        if not np.isnan(value):
            assert float(cell) == value


NUMBER_LIKE = st.one_of(
    st.text(alphabet="0123456789.,eE+-|_ \n", max_size=8),
    st.sampled_from(
        ["", "nan", "inf", "-0", "1e999", "12345678901234567", "9" * 25, "\u0663", "\uff12", "NA"]
    ),
)


@given(st.lists(NUMBER_LIKE))
@example(["0E310", "1 234"])
def test_numbers_of_many_cells_are_those_of_each(cells):
    together = numbers_of(np.array(cells, dtype=object))
    alone = [numbers_of(np.array([cell], dtype=object))[0] for cell in cells]
    assert together.tobytes() == np.array(alone, dtype=np.float64).tobytes()


@given(st.text(alphabet="0123456789.eE+-", min_size=1, max_size=8))
def test_numbers_in_usual_characters_are_for_python_to_read(cell):
    try:
        expected = float(cell)
    except ValueError:
        expected = np.nan
    assert np.array_equal(numbers_of(np.array([cell], dtype=object)), [expected], equal_nan=True)


@given(
    st.lists(st.one_of(NUMBER_LIKE, st.sampled_from(["TRUE", "true ", " 1.00", "y", "No"]), st.booleans()))
)
def test_levels_of_many_cells_are_those_of_each(cells):
    for booleans in (False, True):
        reader = ColumnReader("categorical", booleans=booleans)
        found = distinct(pd.Series(cells, dtype=object))
        assert reader.levels(found).tolist() == [reader.level(value) for value in found.values]


@given(st.text(alphabet="0123456789.,' €-", max_size=9))
def test_a_cell_proves_the_decimal_mark_that_alone_can_read_it(cell):
    parts = _numbers._split(cell)
    core = parts.core if parts else ""
    marks = {f.decimal for f in _numbers._FORMATS if parts and _numbers._fits(parts, f)}
    proof = "" if not {",", "."} & set(core) else marks.pop() if len(marks) == 1 else "?"
    assert _numbers.decimal_evidence([cell]) == proof


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
def test_written_numbers_come_back(values):
    found = inspect_column(pd.Series([repr(v) for v in values], dtype=object), "x")
    assert found.role in ("numeric", "identifier")
    assert found.values.tolist() == values


FORMATS = st.builds(
    NumberFormat,
    st.sampled_from([".", ","]),
    st.sampled_from(["", ",", ".", " ", "'"]),
    st.sampled_from([(), ("$",), ("kg",)]),
).filter(lambda form: form.decimal != form.thousands)


@given(
    FORMATS,
    st.from_regex(r"[+-]?\$? ?[0-9]{1,3}([., '][0-9]{2,3}){0,3}([.,][0-9]{1,3})? ?(kg|\$)?", fullmatch=True),
)
def test_the_quick_way_to_read_a_number_gives_what_the_other_gives(form, cell):
    quick = parse_number(cell, form)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_numbers, "_usual", lambda form: re.compile("(?!)"))
        assert repr(parse_number(cell, form)) == repr(quick)


@pytest.mark.parametrize(
    "words",
    [
        "อาหาร อร่อย ไม่ ชอบ ร้าน แย่",
        "ຂ້ອຍ ຮັກ ອາຫານ ດີ",
        "ខ្ញុំ ស្រលាញ់ អ្នក ល្អ",
        "ကောင်း အစား မြန်မာ",
        "我们 喜欢 质量 快递",
        "とても ラーメン です",
    ],
    ids=["Thai", "Lao", "Khmer", "Burmese", "Chinese", "Japanese"],
)
def test_sentences_without_spaces_are_text_and_repeated_words_categories(words):
    rng = np.random.default_rng(0)
    sentences = ["".join(rng.choice(words.split(), 6)) + f"{i}" for i in range(60)]
    assert infer_role(pd.Series(sentences), "x")[0] == "text"
    assert infer_role(pd.Series(words.split() * 20), "x")[0] == "categorical"
