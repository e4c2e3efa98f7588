"""Setup: the one list of a comparison's options, from Python, the command line and JSON."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import FrozenInstanceError, fields, replace
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import deepworth
from deepworth import InputError, Setup
from deepworth.cli import main
from deepworth.datasets import ReadOptions
from deepworth.zoo.commands.compare import command
from deepworth.zoo.setup import (
    Calibration,
    Criteria,
    Design,
    InferenceName,
    Preset,
    Resources,
    SetupOptions,
    is_local,
    option_defaults,
    option_flag,
    option_names,
)

# What `deepworth compare` asks beside the comparison itself: where things go, and what is not run.
ONLY_COMMAND = {
    *("as_json", "quiet", "output", "report", "save_best", "mlflow", "store", "no_store"),
    *("dry_run", "resume", "retry", "config", "print_config"),
}

names = st.text(min_size=1, max_size=8)
columns = st.lists(names, min_size=1, max_size=3).map(tuple)
positive = st.integers(1, 50)
finite = st.floats(0, 1e6, allow_nan=False)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | finite | names, lambda own: st.lists(own, max_size=3)
)
OPTIONS = {
    "models": columns,
    "preset": st.sampled_from(get_args(Preset)),
    "folds": positive,
    "repeats": positive,
    "holdout": st.floats(0.05, 0.9),
    "train_rows": positive,
    "total_time": st.just("10m") | finite,
    "without": columns,
    "calibrate": st.sampled_from(get_args(Calibration)),
    "costs": st.booleans(),
    "pretrained": st.booleans(),
    "weights": names,
    "tune": st.just("10m") | positive,
    "params": st.dictionaries(names, st.dictionaries(names, plain, max_size=2), max_size=2),
    "metric": names,
    "margin": finite,
    "confidence_level": st.floats(0.5, 0.99),
    "budget": columns,
    "inference": st.sampled_from(get_args(InferenceName)),
    "jobs": st.integers(0, 8),
    "threads": positive,
    "time_limit": st.just("5m") | finite,
    "memory_limit": st.just("2GB") | positive,
    "cluster": names,
    "deterministic": st.booleans(),
    "seed": st.integers(0, 2**31),
    "target": names,
    "drop": columns,
    "categorical": columns,
    "numeric": columns,
    "dayfirst": st.booleans(),
    "decimal": st.sampled_from([".", ","]),
    "thousands": st.sampled_from([",", ".", " ", "'"]),
    "missing": columns,
    "keep_na": st.just(True),
    "strict": st.just(True),
    "text": names,
    "task": st.sampled_from(["binary", "multiclass", "classification", "regression"]),
    "test": names.map("no file ".__add__),  # a path that exists is made absolute
    "split_column": names,
    "groups": names,
    "time": names,
    "group_duplicates": st.just(True),
    "positive": names,
    "rows": positive,
    "offline": st.just(True),
}


def test_these_strategies_are_all_options():
    assert set(OPTIONS) == set(option_names())
    assert len(option_names()) == len(set(option_names()))


@given(st.fixed_dictionaries({}, optional=OPTIONS))
def test_json_gives_the_same_setup_again(options):
    setup = Setup.of("data.csv", **options)
    text = json.dumps(setup.to_json(), allow_nan=False)
    assert Setup.from_json(json.loads(text)) == setup


@given(st.fixed_dictionaries({}, optional=OPTIONS))
def test_every_option_is_kept_under_its_name(options):
    setup = Setup.of("data.csv", **options)
    assert {**option_defaults(), **options} == {**option_defaults(), **setup.options()}
    assert Setup.of("data.csv", **setup.options()) == setup


def test_options_of_each_part_are_those_that_type_checkers_see():
    parts = {f.name: f.type for part in (Design, Criteria, Resources) for f in fields(part)}
    assert {*parts, "seed", *ReadOptions.__annotations__} == set(option_names())
    assert set(SetupOptions.__annotations__) == set(option_names())


@pytest.mark.parametrize("function", [deepworth.compare, deepworth.preview], ids=lambda f: f.__name__)
def test_the_signature_lists_every_option_with_its_default(function):
    parameters = inspect.signature(function).parameters
    beside = {"data", "store", "progress"} & set(parameters)
    assert set(parameters) - beside == set(option_names())
    assert {name: parameters[name].default for name in option_names()} == option_defaults()
    assert all(parameters[name].kind is inspect.Parameter.KEYWORD_ONLY for name in option_names())
    assert parameters["data"].default == "sick-healthy"
    defaults = {name: parameters[name].default for name in option_names()}
    assert Setup.of("iris", **defaults) == Setup.of("iris"), "to state the defaults changes nothing"


def test_compare_documents_every_option():
    heads = re.findall(r"^([\w, ]+) : ", inspect.getdoc(deepworth.compare), re.MULTILINE)
    documented = {name.strip() for head in heads for name in head.split(",")}
    missing = set(option_names()) - documented
    assert missing <= set(ReadOptions.__annotations__), "load_dataset documents how data are read"
    assert documented <= {"data", "store", "progress", *option_names()}


@pytest.mark.parametrize("call", [Setup.of, deepworth.compare, deepworth.preview])
def test_an_unknown_option_names_the_nearest(call):
    with pytest.raises(InputError, match="no option 'fold'; did you mean folds") as error:
        call("iris", fold=3)
    assert "\n" not in str(error.value)


def test_one_name_is_a_tuple_of_one_and_none_is_the_default():
    assert Setup.of("iris", models="constant") == Setup.of("iris", models=["constant"])
    assert Setup.of("iris", budget="size=1MB").criteria.budget == ("size=1MB",)
    assert Setup.of("iris", **dict.fromkeys(set(option_names()) - {"seed"})) == Setup.of("iris")
    assert Setup.of("iris", models=[]).design.models == (), "no model is not the same as all models"


def test_a_setup_cannot_be_changed_but_copied():
    setup = Setup.of("iris", jobs=2, threads=3)
    with pytest.raises(FrozenInstanceError):
        setup.seed = 3
    changed = setup.with_resources(jobs=4, threads=None)
    assert (changed.resources.jobs, changed.resources.threads) == (4, 3)
    assert replace(changed, resources=setup.resources) == setup


def test_paths_are_known_from_any_folder(tmp_path, monkeypatch):
    (tmp_path / "data.csv").write_text("x,y\n1,a\n")
    monkeypatch.chdir(tmp_path)
    setup = Setup.of("data.csv", test="data.csv")
    assert (setup.data, setup.reading["test"]) == (str(tmp_path / "data.csv"),) * 2
    assert Setup.of(tmp_path / "data.csv", test=tmp_path / "data.csv") == setup
    assert Setup.of("iris").data == "iris"


def test_what_json_does_not_have_is_not_kept():
    frame = pd.DataFrame({"x": [1], "y": ["a"]})
    assert Setup.of(frame, target="y").data is None
    assert Setup.of(frame, target="y").to_json()["data"] is None
    assert Setup.of("iris", test=frame).to_json() is None
    assert Setup.of("iris", params={"deep-mlp": {"epochs": np.int64(3)}}).to_json() is None
    assert Setup.of("iris", margin=float("nan")).to_json() is None


@pytest.mark.parametrize("broken", [{}, {"design": {"folds": "many"}}, {"design": None}, {"reading": 3}])
def test_json_that_is_no_setup_is_refused(broken):
    whole = Setup.of("iris").to_json()
    with pytest.raises(InputError, match="the setup of the run cannot be read"):
        Setup.from_json({**whole, **broken} if broken else {})


# The command line


def test_every_option_of_the_command_is_one_of_a_setup_or_of_a_short_list():
    flags = {param.name: {word for word in param.opts if word.startswith("--")} for param in command.params}
    of_setup = {option_flag(name) for name in option_names()}
    assert {name for name, own in flags.items() if not own & of_setup} == {"data", *ONLY_COMMAND}
    assert of_setup <= set().union(*flags.values())


@pytest.fixture
def asked(monkeypatch):
    """The setup that a command line asks for, without running it."""

    def parsed(*words):
        caught = []

        def catch(setup, data, **_):
            caught.append(setup)
            raise InputError("that is all")

        monkeypatch.setattr("deepworth.zoo.workflows.compare.run_setup", catch)
        monkeypatch.delenv("DEEPWORTH_COMPARE_JOBS", raising=False)
        monkeypatch.delenv("DEEPWORTH_COMPARE_COSTS", raising=False)
        result = CliRunner().invoke(main, ["compare", *words])
        assert "that is all" in result.output, result.output
        return caught[0]

    return parsed


def test_the_defaults_of_the_command_are_those_of_python(asked):
    """But for worker processes, which protect a run from a model that hangs or crashes."""
    setup = asked()
    assert setup.resources.jobs in (0, 1, 2)
    assert replace(setup, resources=Resources()) == Setup.of("sick-healthy")
    assert asked("--cluster", "tcp://h:1").resources == Resources(cluster="tcp://h:1")


def test_every_option_of_the_command_reaches_the_setup(asked):
    words = {
        "models": ["-m", "constant,svm", "-m", "deep-mlp"],
        "params": ["--set", "deep-mlp.epochs=5", "--set", "deep-mlp.hidden_units=[8, 8]"],
        "preset": ["--preset", "standard"],
        "folds": ["--folds", "4"],
        "repeats": ["--repeats", "2"],
        "holdout": ["--holdout", "0.3"],
        "train_rows": ["--train-rows", "500"],
        "total_time": ["--total-time", "10m"],
        "without": ["--without", "tabm,rbf-svm"],
        "calibrate": ["--calibrate", "platt"],
        "costs": ["--no-costs"],
        "pretrained": ["--no-pretrained"],
        "weights": ["--weights", "/weights"],
        "tune": ["--tune", "10"],
        "metric": ["--metric", "f1"],
        "margin": ["--margin", "0.02"],
        "confidence_level": ["--confidence-level", "0.9"],
        "budget": ["--budget", "size=1MB,fit=10s"],
        "inference": ["--inference", "corrected-t"],
        "jobs": ["-j", "3"],
        "threads": ["--threads", "2"],
        "time_limit": ["--time-limit", "5m"],
        "memory_limit": ["--memory-limit", "2GB"],
        "cluster": ["--cluster", "tcp://h:1"],
        "deterministic": ["--deterministic"],
        "seed": ["--seed", "7"],
        "target": ["-t", "sick"],
        "drop": ["--drop", "a,b"],
        "categorical": ["--categorical", "c"],
        "numeric": ["--numeric", "n"],
        "dayfirst": ["--monthfirst"],
        "decimal": ["--decimal", ","],
        "thousands": ["--thousands", "."],
        "missing": ["--missing", "-,x"],
        "keep_na": ["--keep-na"],
        "strict": ["--strict"],
        "text": ["--text", "review"],
        "task": ["--task", "binary"],
        "test": ["--test", "later.csv"],
        "split_column": ["--split-column", "part"],
        "groups": ["--groups", "patient"],
        "time": ["--time", "day"],
        "group_duplicates": ["--group-duplicates"],
        "positive": ["--positive", "yes"],
        "rows": ["--rows", "500"],
        "offline": ["--offline"],
    }
    expected = {
        "models": ("constant", "svm", "deep-mlp"),
        "params": {"deep-mlp": {"epochs": 5, "hidden_units": [8, 8]}},
        "budget": ("size=1MB", "fit=10s"),
        "without": ("tabm", "rbf-svm"),
        "drop": ("a", "b"),
        "categorical": ("c",),
        "numeric": ("n",),
        "missing": ("-", "x"),
        **dict.fromkeys(("deterministic", "group_duplicates", "keep_na", "strict", "offline"), True),
        **dict.fromkeys(("costs", "dayfirst", "pretrained"), False),
    }
    assert set(words) == set(option_names())
    found = asked("data", *(word for own in words.values() for word in own)).options()
    for name, own in words.items():
        value = expected.get(name, own[-1])
        assert str(found[name]) == str(value), name
        assert found[name] != option_defaults()[name], "the test must ask for something else"


def test_what_only_fits_one_machine():
    assert [name for name in option_names() if is_local(name)] == ["jobs", "cluster"]
