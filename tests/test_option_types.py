"""Arguments of the wrong type are refused in one line, by every function and for every option."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

import deepworth
from deepworth import InputError, Setup
from deepworth.zoo.setup import option_names

FUNCTIONS = {
    "compare": deepworth.compare,
    "preview": deepworth.preview,
    "Setup.of": Setup.of,
    "train": deepworth.train,
    "evaluate": deepworth.evaluate,
    "learning_curve": deepworth.learning_curve,
    "capacity": deepworth.capacity,
    "benchmark": deepworth.benchmark,
}
READING = deepworth.datasets.ReadOptions.__annotations__
RESOURCES = deepworth.zoo.setup.ResourceOptions.__annotations__
OF_KEYWORDS = {"options": option_names(), "reading": READING, "resources": RESOURCES}
BY_THE_READER = {"data", "test"}  # which says itself what it can read

# Values that no argument takes.
NEVER = st.sampled_from(
    [object(), StandardScaler(), b"iris", 1j, [object()], {"iris": object()}, {1: {}}, [["iris"]]]
)


def arguments_of(name: str) -> list[str]:
    """Every argument of a function, those of its ``**options`` included."""
    found: list[str] = []
    for parameter in inspect.signature(FUNCTIONS[name]).parameters.values():
        keywords = parameter.kind is parameter.VAR_KEYWORD
        found += OF_KEYWORDS[parameter.name] if keywords else [parameter.name]
    return [name for name in found if name not in BY_THE_READER]


ARGUMENTS = [(function, name) for function in FUNCTIONS for name in arguments_of(function)]


def message(function: str, **arguments: object) -> str:
    """The error of a call whose required arguments are there."""
    required = {
        "train": {"data": "iris", "output": "model"},
        "evaluate": {"artefact": "model", "data": "iris"},
    }
    given = {"benchmark": {"suite": {}}, **required}.get(function, {"data": "iris"})
    with pytest.raises(InputError) as error:
        FUNCTIONS[function](**{**given, **arguments})
    return str(error.value)


def test_the_list_of_arguments_is_whole():
    assert len(ARGUMENTS) > 150
    assert set(option_names()) - BY_THE_READER <= set(arguments_of("compare"))
    assert {"model", "output", "overwrite", "target"} <= set(arguments_of("train"))


@pytest.mark.parametrize(("function", "name"), ARGUMENTS)
@given(value=NEVER)
def test_a_value_that_cannot_be_used_is_refused_in_one_line(function, name, value):
    text = message(function, **{name: value})
    assert text.startswith(f"{name} must be ")
    assert ", got " in text
    assert "\n" not in text
    assert len(text) < 200


MISTAKES = {
    "models": [
        5,
        [5],
        [None],
        StandardScaler(),
        [StandardScaler()],
        {"constant": {}},
        pd.DataFrame({"a": [1]}),
    ],
    "params": [5, "epochs=5", {"constant": 5}, ["constant"]],
    "preset": [3, True],
    "metric": [5, ["f1"]],
    "folds": ["5", 2.5, True],
    "repeats": ["5", 2.5],
    "holdout": ["0.2", True],
    "train_rows": ["500", 2.5, True],
    "total_time": [True, [5]],
    "without": [5, [5]],
    "calibrate": [True],
    "costs": ["no", 1],
    "pretrained": ["no", 1],
    "weights": [5, True],
    "tune": [2.5, [5], True],
    "margin": ["0.1"],
    "confidence_level": ["0.95"],
    "budget": [5, [5]],
    "inference": [5, True],
    "jobs": ["2", 2.5],
    "threads": ["2"],
    "time_limit": [[5]],
    "memory_limit": [0.5],
    "cluster": [8786],
    "deterministic": ["yes"],
    "seed": ["7", None, 1.5],
    "store": [True, 5],
    "progress": [True, "bar"],
    "target": [4, ["y"]],
    "drop": [4, [["a"]]],
    "categorical": [True],
    "numeric": [{"a": 1}],
    "dayfirst": ["yes"],
    "decimal": [5],
    "thousands": [True],
    "missing": [-1],
    "keep_na": ["yes"],
    "strict": [1],
    "text": [["a"]],
    "task": [5],
    "split_column": [5],
    "groups": [["patient"]],
    "time": [5],
    "group_duplicates": ["yes"],
    "positive": [["yes"]],
    "rows": ["500", 0.5],
    "offline": [0],
}


def test_every_option_has_mistakes():
    assert set(MISTAKES) == {*option_names(), "store", "progress"} - BY_THE_READER


@pytest.mark.parametrize(("name", "value"), [(name, v) for name, values in MISTAKES.items() for v in values])
def test_a_mistake_is_refused_in_one_line(name, value):
    text = message("compare", **{name: value})
    assert text.startswith(f"{name} must be ")
    assert "\n" not in text


def test_an_error_says_what_is_expected():
    assert message("compare", models=[5]) == (
        "models must be names of models, estimators or functions that make one, such as "
        "['deep-mlp', Ridge()], got [5]"
    )
    assert message("train", model=5) == (
        "model must be the name of a model, an estimator or a function that makes one, such as Ridge(), got 5"
    )
    assert message("compare", preset=3) == "preset must be one of 'quick', 'standard', 'thorough', got 3"
    assert message("capacity", layers=3) == "layers must be a list of whole numbers, got 3"
    assert message("learning_curve", target=3) == "target must be the name of a column, got 3"
    assert message("benchmark", jobs="2") == "jobs must be a whole number or None, got '2'"


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if name != "benchmark"])
def test_an_unknown_option_names_the_nearest(function):
    assert "no option 'targte'; did you mean target" in message(function, targte="y")


USED = [
    ("folds", np.int64(3), 3),
    ("confidence_level", np.float32(0.5), 0.5),
    ("margin", 0, 0),
    ("costs", np.bool_(False), False),
    ("models", "constant", ("constant",)),
    ("models", ["constant"], ("constant",)),
    ("models", np.array(["constant", "svm"]), ("constant", "svm")),
    ("models", pd.Index(["constant"]), ("constant",)),
    ("drop", "a", "a"),
    ("drop", [1], (1,)),
    ("drop", np.array(["a", "b"]), ("a", "b")),
    ("drop", pd.Series(["a"]), ("a",)),
    ("categorical", {"a"}, ("a",)),
    ("missing", [-1, "none"], (-1, "none")),
    ("positive", 1, 1),
    ("params", {"constant": {}}, {"constant": {}}),
    ("time_limit", 2.5, 2.5),
    ("time_limit", "5m", "5m"),
    ("memory_limit", "1GB", "1GB"),
]


@pytest.mark.parametrize(("name", "value", "kept"), USED)
def test_what_can_be_used_is_taken(name, value, kept):
    assert Setup.of("iris", **{name: value}).options()[name] == kept


def test_none_is_an_option_that_is_not_given(tmp_path):
    nothing = dict.fromkeys(READING)
    trained = deepworth.train("iris", model="constant", output=tmp_path / "model", **nothing)
    assert trained.trained_rows == 150
    assert Setup.of("iris", **nothing, preset=None) == Setup.of("iris")
