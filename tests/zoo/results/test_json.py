"""Typed answers and their JSON: what is written can be read back, and JSON holds nothing else than JSON."""

import importlib
import json
import math
import pkgutil
from dataclasses import dataclass, fields, is_dataclass, replace
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import deepworth.zoo.results
from deepworth.zoo.results.answer import Answer, flat_row
from deepworth.zoo.results.curves import CapacityAnswer, LearningCurveAnswer
from deepworth.zoo.results.facts import DatasetFacts, PlanFacts
from deepworth.zoo.results.json import from_json, schema_of, to_json
from deepworth.zoo.results.predictions import PredictionsAnswer
from deepworth.zoo.results.report import ReportSheet
from deepworth.zoo.results.rows import CostSheet

texts = st.text(max_size=4)
numbers = st.floats(-1e9, 1e9)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | texts,
    lambda own: st.lists(own, max_size=2) | st.dictionaries(texts, own, max_size=2),
    max_leaves=3,
)
SCALARS = {str: texts, int: st.integers(-9, 9), float: numbers, bool: st.booleans()}
SCALARS |= dict.fromkeys((object, Any), plain)


def values(kind):
    """Values of an annotation that the fields of answers have."""
    origin, parts = get_origin(kind), get_args(kind)
    if kind in SCALARS:
        return SCALARS[kind]
    if kind in (None, NoneType):
        return st.none()
    if origin is Literal:
        return st.sampled_from(parts)
    if origin in (Union, UnionType):
        return st.one_of(*map(values, parts))
    if origin is dict:
        return st.dictionaries(values(parts[0]), values(parts[1]), max_size=2)
    if origin is tuple and parts[-1] is ...:
        return st.lists(values(parts[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, parts))
    if origin is list:
        return st.lists(values(parts[0]), max_size=2)
    assert is_dataclass(kind) or is_typeddict(kind), kind
    hints = {name: values(hint) for name, hint in get_type_hints(kind).items()}
    return st.fixed_dictionaries(hints) if is_typeddict(kind) else st.builds(kind, **hints)


few = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
READ_BACK = [Answer, LearningCurveAnswer, CapacityAnswer, PredictionsAnswer, ReportSheet]


@pytest.mark.parametrize("kind", READ_BACK, ids=lambda kind: kind.__name__)
def test_an_answer_is_read_back_as_it_was(kind):
    @few
    @given(values(kind))
    def check(answer):
        text = json.dumps(answer.to_dict(), allow_nan=False)
        assert kind.from_dict(json.loads(text)) == answer

    check()


def with_method(name):
    """Every class of the package that has a method of this name."""
    found = {}
    for module in pkgutil.iter_modules(deepworth.zoo.results.__path__):
        content = importlib.import_module(f"deepworth.zoo.results.{module.name}")
        found |= {c.__name__: c for c in vars(content).values() if isinstance(c, type) and hasattr(c, name)}
    return [found[key] for key in sorted(found)]


def test_all_kinds_that_can_be_read_back_are_tested():
    assert with_method("from_dict") == sorted(READ_BACK, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", with_method("to_dict"), ids=lambda kind: kind.__name__)
def test_what_is_written_is_valid_by_the_schema_of_the_type(kind):
    """Of its fields; some answers leave out what they do not have, or have the fields of a part."""
    validator = Draft202012Validator(schema_of(kind))

    @few
    @given(values(kind))
    def check(answer):
        validator.validate(to_json(answer))
        json.dumps(answer.to_dict(), allow_nan=False)

    check()


# Numbers that JSON does not have, and those of NumPy


@dataclass(frozen=True)
class Sheet:
    name: str
    share: float | None
    by_class: dict[str, float | None]
    ends: tuple[float | None, float | None] = (None, None)
    rows: int = 0
    good: bool = True


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, np.float64("nan"), np.float32("inf")])
def test_numbers_that_json_does_not_have_are_null(number):
    sheet = Sheet("x", number, {"a": number, "b": 1.0}, (number, 2.0))
    known = {"name": "x", "rows": 0, "good": True}
    assert to_json(sheet) == {**known, "share": None, "by_class": {"a": None, "b": 1.0}, "ends": [None, 2.0]}
    assert from_json(Sheet, to_json(sheet)) == Sheet("x", None, {"a": None, "b": 1.0}, (None, 2.0))


def test_numbers_of_numpy_are_plain_ones():
    sheet = Sheet(np.str_("x"), np.float64(0.5), {np.str_("a"): np.float32(0.25)}, rows=np.int64(3),
                  good=np.bool_(False))  # fmt: skip
    found = to_json(sheet)
    types = {name: type(value) for name, value in found.items()}
    assert types == {"name": str, "share": float, "by_class": dict, "ends": list, "rows": int, "good": bool}
    assert type(found["by_class"]["a"]) is float
    assert from_json(Sheet, found) == Sheet("x", 0.5, {"a": 0.25}, rows=3, good=False)
    assert to_json(np.array([[1.0, np.nan], [2.0, 3.0]])) == [[1.0, None], [2.0, 3.0]]
    assert to_json({"a": (np.arange(2), {"b": np.float64("nan")})}) == {"a": [[0, 1], {"b": None}]}


def test_every_digit_of_a_number_is_kept():
    rng = np.random.default_rng(0)
    for value in [0.1 + 0.2, 5e-324, 1.7976931348623157e308, *rng.normal(size=200)]:
        text = json.dumps(to_json(Sheet("x", value, {})))
        again = from_json(Sheet, json.loads(text)).share
        assert np.float64(again).tobytes() == np.float64(value).tobytes()


def test_keys_are_text():
    assert to_json({3: 1, np.int64(4): 2, True: 3}) == {"3": 1, "4": 2, "True": 3}
    assert all(isinstance(key, str) for key in to_json({np.str_("a"): 1}))


def test_a_whole_number_is_a_float_where_one_is_expected():
    again = from_json(Sheet, {"name": "x", "share": 1, "by_class": {}})
    assert type(again.share) is float


def test_keys_of_a_later_version_are_ignored_and_defaults_filled_in():
    assert from_json(Sheet, {"name": "x", "share": None, "by_class": {}, "new": 1}) == Sheet("x", None, {})


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"share": "much"}, r"got `str` - at `\$\.share`"),
        ({"by_class": {"a": []}}, r"got `array` - at `\$\.by_class\[\.\.\.\]`"),
        ({"ends": [1.0]}, r"`array` of length 2, got 1 - at `\$\.ends`"),
        ({"good": 1}, r"Expected `bool`, got `int` - at `\$\.good`"),
        ({"name": None}, r"Expected `str`, got `null` - at `\$\.name`"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place(broken, words):
    whole = to_json(Sheet("x", 0.5, {}))
    with pytest.raises(ValueError, match=words):
        from_json(Sheet, {**whole, **broken})


def test_what_is_missing_is_named():
    with pytest.raises(ValueError, match="missing required field `by_class`"):
        from_json(Sheet, {"name": "x", "share": None})


@pytest.mark.parametrize("kind", [DatasetFacts, PlanFacts, CostSheet], ids=lambda kind: kind.__name__)
def test_parts_that_a_store_keeps_are_read_back(kind):
    @few
    @given(values(kind))
    def check(part):
        assert from_json(kind, json.loads(json.dumps(to_json(part)))) == part

    check()


def test_a_row_of_a_table_has_a_column_for_each_metric_end_and_cost():
    @few
    @given(values(Answer))
    def check(answer):
        for row in answer.leaderboard:
            flat = flat_row(row)
            assert not {"metrics", "intervals", "costs"} & set(flat)
            assert not any(is_dataclass(value) for value in flat.values())
            for name, ends in row.intervals.items():
                assert (flat[f"{name}_low"], flat[f"{name}_high"]) == ends
            for rows, latency in ((row.costs and row.costs.latency) or {}).items():
                assert flat[f"latency_{rows}_p95"] == latency.p95

    check()


def test_answers_cannot_be_changed():
    for kind in READ_BACK:
        assert kind.__dataclass_params__.frozen
        assert all(not isinstance(f.default, (list, dict)) for f in fields(kind))
    sheet = Sheet("x", None, {})
    assert replace(sheet, share=0.5) != sheet
