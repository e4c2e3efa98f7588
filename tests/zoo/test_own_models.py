"""Models of the user's own: estimators, functions and files are entries like those of the catalogue."""

from __future__ import annotations

import inspect
import json
import pickle
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression, Perceptron, Ridge, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

import deepworth
from deepworth import InputError, Setup
from deepworth.cli import main
from deepworth.datasets import Dataset
from deepworth.zoo import ShallowMLPClassifier, registry
from deepworth.zoo.baselines import over_raw_rows
from deepworth.zoo.own_models import given_again, is_file, joined, key_of, name_models
from deepworth.zoo.results.json import to_json
from deepworth.zoo.runs.store import read_run
from deepworth.zoo.workflows.report import command_of

FILE = '''
"""Models of a user."""

import os

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

print("this file says something")


class Shares(ClassifierMixin, BaseEstimator):
    """Class shares, by a class that no saved model may hold."""

    def fit(self, X, y):
        self.classes_, counts = np.unique(y, return_counts=True)
        self.shares_ = counts / counts.sum()
        return self

    def predict_proba(self, X):
        return np.tile(self.shares_, (len(X), 1))

    def predict(self, X):
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]


class Dies(Shares):
    def fit(self, X, y):
        os._exit(3)


class Fails(Shares):
    def fit(self, X, y):
        raise ValueError("no luck today")


def make_model(C=1.0):
    """A logistic regression."""
    return LogisticRegression(C=C, max_iter=1000)


def by_task(task, random_state=None):
    assert task == "binary"
    return LogisticRegression(random_state=random_state)


def net(inputs, units, *, width=8):
    """A network."""
    import keras

    from deepworth.zoo.models import table_features

    layers, x = table_features(inputs)
    hidden = keras.layers.Dense(width, activation="relu")(x)
    return keras.Model(layers, keras.layers.Dense(units)(hidden))


def layered(inputs, units):
    import keras

    @keras.saving.register_keras_serializable(package="users")
    class Twice(keras.layers.Layer):
        def call(self, x):
            return 2 * x

    layers = inputs.layers()
    return keras.Model(layers, keras.layers.Dense(units)(Twice()(layers["numeric"])))


def nothing(inputs, units):
    return None


def squashed(inputs, units):
    import keras

    layers = inputs.layers()
    return keras.Model(layers, keras.layers.Dense(units, activation="sigmoid")(layers["numeric"]))


def too_wide(inputs, units):
    import keras

    layers = inputs.layers()
    return keras.Model(layers, keras.layers.Dense(units + 1)(layers["numeric"]))


estimator = LogisticRegression(C=0.5)
'''
FEW = {"folds": 2, "costs": False, "store": False}
TRAINING = {"epochs": 3}  # of the networks of this module


class Seen(ClassifierMixin, BaseEstimator):
    """Remembers what rows it was given, and is worth nothing else."""

    rows: list[type] = []  # noqa: RUF012 (clones share it)

    def fit(self, X, y):
        self.rows.append(type(X))
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


class Tables(Seen):
    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        return tags


def my_build(inputs, units, *, width: int = 8):
    """A network of one hidden layer."""
    import keras

    from deepworth.zoo.models import table_features

    layers, x = table_features(inputs)
    return keras.Model(layers, keras.layers.Dense(units)(keras.layers.Dense(width, "relu")(x)))


def make_forest(n_estimators=5, random_state=None):
    return RandomForestClassifier(n_estimators=n_estimators, random_state=random_state)


def nothing():
    return None


def breaks():
    raise OSError("no such weights")


def needs_more(colour, size, taste):
    return LogisticRegression()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "my.py"
    path.write_text(FILE, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    x, group = rng.normal(size=160), rng.choice(["red", "green", "blue"], 160)
    y = np.where(x + 0.5 * (group == "red") + rng.normal(size=160) > 0, "yes", "no")
    X = pd.DataFrame({"x": np.where(rng.random(160) < 0.1, np.nan, x), "group": pd.Categorical(group)})
    return Dataset("rows", X, y, "binary", "tabular", classes=("no", "yes"), positive="yes", target="y")


def rows_of(comparison):
    return {row["model"]: row for row in comparison.to_dict()["leaderboard"]}


def refused(*models):
    with pytest.raises(InputError) as error:
        name_models(models)
    text = str(error.value)
    assert "\n" not in text
    assert len(text) < 300
    return text


def run(*arguments, code=0):
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


# Names


def test_a_name_is_that_of_the_function_the_class_or_the_file(file):
    pipeline = make_pipeline(StandardScaler(), Ridge())
    names, own = name_models(
        [
            "deep-mlp",
            Ridge(alpha=2.0),
            pipeline,
            make_forest,
            RandomForestClassifier,
            f"{file}:net",
            f"{file}:estimator",
        ]
    )
    assert names == (
        "deep-mlp",
        "Ridge",
        "Ridge-2",
        "make_forest",
        "RandomForestClassifier",
        "net",
        "estimator",
    )
    assert [model.name for model in own] == list(names[1:])
    assert own[0].source == "Ridge(alpha=2.0)"
    assert own[-2].source == f"{file}:net"


def test_a_name_of_the_catalogue_is_never_taken(file):
    """Neither by another spelling of it, which would name the same file."""
    (file.parent / "deep_mlp.py").write_text("from my import make_model as build", encoding="utf-8")
    names, _ = name_models([Perceptron(), "perceptron", f"{file.parent / 'deep_mlp.py'}", "constant"])
    assert names == ("Perceptron-2", "perceptron", "deep-mlp-2", "constant")
    assert len({key_of(name) for name in names}) == len(names)


def test_a_model_that_is_given_twice_is_one_model(file):
    names, own = name_models([f"{file}:net", f"{file}:net", Ridge(), Ridge(), Ridge(alpha=3.0)])
    assert names == ("net", "net", "Ridge", "Ridge", "Ridge-2")
    assert [model.name for model in own] == ["net", "Ridge", "Ridge-2"]


def test_a_file_may_state_its_name_and_facts(tmp_path):
    path = tmp_path / "a_file.py"
    path.write_text(
        'NAME, TASKS, FAMILY = "gauss", ("binary",), "deep"\n'
        "def build():\n    from sklearn.naive_bayes import GaussianNB\n    return GaussianNB()\n",
        encoding="utf-8",
    )
    names, own = name_models([str(path)])
    assert names == ("gauss",)
    assert own[0].family == "deep"
    with joined(own):
        assert registry.suited("multiclass", "tabular").count("gauss") == 0
        assert registry.suited("binary", "tabular").count("gauss") == 1
    path.write_text(path.read_text().replace('NAME, TASKS, FAMILY = "gauss", ("binary",), "deep"', ""))
    assert name_models([str(path)])[0] == ("a-file",)


def test_the_family_is_deep_where_keras_is_inside(file):
    models = [my_build, ShallowMLPClassifier(), make_pipeline(StandardScaler(), ShallowMLPClassifier())]
    assert [own.family for own in name_models([*models, f"{file}:layered"])[1]] == ["deep"] * 4
    others = [LogisticRegression(), make_forest, f"{file}:make_model", f"{file}:by_task"]
    assert [own.family for own in name_models(others)[1]] == ["classical"] * 4


ENTRIES = registry.entries()


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_file_is_the_same_model_from_any_folder(name, tmp_path):
    """What stands in a file of the zoo is what a file of the user may hold."""
    source = Path(inspect.getfile(ENTRIES[name].module))
    copy = tmp_path / source.name
    copy.write_bytes(source.read_bytes())
    lacking = registry.missing_requirement(name)
    (found,), own = name_models([str(copy)])
    assert found == f"{name}-2"
    assert registry.missing_requirement(name) == lacking, "the copy is not the library"
    if registry.missing_requirement(name):
        return
    with joined(own):
        for fact in (registry.family, registry.is_reference, registry.takes_threads, registry.parameters):
            assert fact(found) == fact(name), fact
        facts, usual = registry.describe(found), registry.describe(name)
        assert {k: facts[k] for k in ("modalities", "tasks", "card")} == {
            k: usual[k] for k in ("modalities", "tasks", "card")
        }
        for task in usual["tasks"]:
            assert registry.offers_fleets(found, task) == registry.offers_fleets(name, task)
    assert found not in registry.entries()


# What is refused


REFUSED = [
    (nothing, "nothing returned None; expected a scikit-learn estimator, a function that"),
    (breaks, "breaks cannot be called: OSError: no such weights"),
    (needs_more, "needs_more needs colour, size, taste, which nobody gives it"),
    (lambda colour: None, "needs colour, which nobody gives it"),
    (str, "returned ''"),
    (VotingClassifier([("a", LogisticRegression())]), "has neither predict_proba nor decision_function"),
    ("no.py:model", "No such file"),
]


@pytest.mark.parametrize(("model", "words"), REFUSED, ids=[words[:20] for _, words in REFUSED])
def test_what_makes_no_model_is_refused_in_one_line(model, words):
    assert words in refused(model)


def test_a_class_without_parameters_of_scikit_learn_is_refused():
    class Plain:
        def fit(self, X, y):
            return self

        def predict(self, X):
            return X

    assert "Plain has no get_params; derive the class from sklearn.base.BaseEstimator" in refused(Plain())


def test_a_built_network_is_no_model():
    import keras

    assert "a network is built anew for every fold" in refused(keras.Sequential([keras.layers.Dense(1)]))


FILES = [
    ("def build(:", "my.py line 1 is not Python: SyntaxError"),
    ("x = 1\nraise SystemExit(5)", "my.py cannot be run: SystemExit: 5 (line 2)"),
    ("import no_such_library_at_all", "my.py cannot be run: ModuleNotFoundError: No module named"),
    ("from ._pipelines import nothing_of_this_name", "my.py cannot be run: ImportError"),
    ("def other(): pass", "my.py has no build; it has my.py:other"),
    ("build = 5", "my.py:build is 5; expected a scikit-learn estimator"),
    ("NAME = 'two words'\ndef build(inputs, units): pass", "NAME must be a name such as 'my-model'"),
    (
        "TASKS = 'binary'\ndef build(inputs, units): pass",
        "TASKS must be some of binary, multiclass, regression",
    ),
    (
        "FAMILY = 'large'\ndef build(inputs, units): pass",
        "FAMILY must be 'deep', 'pretrained' or 'classical', got 'large'",
    ),
    ("TRAINING = [1]\ndef build(inputs, units): pass", "TRAINING must be a dict, got [1]"),
]


@pytest.mark.parametrize(("content", "words"), FILES)
def test_a_file_that_makes_no_model_is_refused_in_one_line(file, content, words):
    file.write_text(content, encoding="utf-8")
    assert words in refused(str(file))


@pytest.mark.parametrize("name", ["absent.py:x", "my.py:absent", "my.py"])
def test_the_command_refuses_with_exit_code_2(file, name, monkeypatch):
    monkeypatch.chdir(file.parent)
    for command in (["compare", "iris"], ["train", "iris", "-o", "model"], ["learning-curve", "iris"]):
        result = run(*command, "-m", name, code=2)
        assert result.output.count("Error: ") == 1


def test_a_regressor_is_not_for_classes(data):
    with pytest.raises(InputError, match="model Ridge is not for binary on tabular data"):
        deepworth.compare(data, models=[Ridge()], **FEW)


def test_what_cannot_travel_is_refused_before_anything_is_kept(data, tmp_path):
    import threading

    model = LogisticRegression()
    model.lock = model.C = threading.Lock()
    with pytest.raises(InputError, match=r"cannot be sent to worker processes .*jobs=0"):
        deepworth.compare(data, models=[model], folds=2, costs=False, jobs=1, store=tmp_path)
    assert not list(tmp_path.iterdir())


# What a model is given


def test_a_bare_classifier_is_the_baseline_of_the_same_steps(data):
    models = [LogisticRegression(max_iter=1000), "logistic-regression"]
    rows = rows_of(deepworth.compare(data, models=models, **FEW))
    assert rows["LogisticRegression"]["score"] == rows["logistic-regression"]["score"] > 0.6


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        (Seen(), np.ndarray),
        (make_pipeline("passthrough", Seen()), pd.DataFrame),
        (Tables(), pd.DataFrame),
        (GridSearchCV(Seen(), {}), np.ndarray),
    ],
    ids=["bare", "pipeline", "tags", "search"],
)
def test_a_pipeline_gets_raw_rows_and_anything_else_numbers(model, kind, data):
    Seen.rows.clear()
    over_raw_rows(model, "binary", "tabular").fit(data.X, data.y)
    assert set(Seen.rows) == {kind}


@pytest.mark.parametrize(
    "model", [RidgeClassifier(), LinearSVC(), make_pipeline(StandardScaler(), LinearSVC())]
)
def test_scores_become_probabilities(model, data):
    X = data.X[["x"]].fillna(0)
    probabilities = over_raw_rows(model, "binary", "tabular").fit(X, data.y).predict_proba(X)
    assert probabilities.shape == (160, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert np.corrcoef(probabilities[:, 1], X["x"])[0, 1] > 0.5


def test_a_bare_model_takes_texts_and_images():
    texts, y = pd.Series(["a dull film", "a lovely book", ""] * 10), np.resize(["no", "yes", "no"], 30)
    model = over_raw_rows(LogisticRegression(), "binary", "text").fit(texts, y)
    assert model.score(texts, y) == 1
    dark = np.arange(30) % 2
    images = (
        np.random.default_rng(0).integers(0, 100, (30, 9, 7, 3), np.uint8) + (dark * 100)[:, None, None, None]
    )
    model = over_raw_rows(LogisticRegression(), "binary", "image").fit(
        images.astype(np.uint8), dark.astype(str)
    )
    assert model.score(images.astype(np.uint8), dark.astype(str)) == 1


def test_a_target_stays_in_its_units():
    """A regressor is the user's own: its target is not scaled."""
    X, y = pd.DataFrame({"x": np.arange(20.0)}), np.arange(20.0) * 1000
    model = over_raw_rows(Ridge(), "regression", "tabular")
    assert not isinstance(model.steps[-1][1], TransformedTargetRegressor)
    assert np.abs(model.fit(X, y).predict(X) - y).max() < 2000


def test_open_random_states_are_fixed_by_the_seed_and_parameters_are_set():
    _, own = name_models([RandomForestClassifier(3), RandomForestClassifier(3, random_state=5), make_forest])
    with joined(own):
        first, second, made = (
            registry.create(model.name, "binary", "tabular", random_state=7, **params).steps[-1][1]
            for model, params in zip(own, ({"max_depth": 2}, {}, {"n_estimators": 4}), strict=True)
        )
        assert registry.parameters("make_forest") == {"random_state": 0, "n_estimators": 5}
    assert (first.random_state, first.max_depth) == (7, 2)
    assert second.random_state == 5
    assert (made.random_state, made.n_estimators) == (7, 4)


def test_the_estimator_that_was_given_is_never_fitted(data):
    model = RandomForestClassifier(3)
    deepworth.compare(data, models=[model], **FEW)
    assert not hasattr(model, "classes_")


def test_an_unknown_parameter_is_refused(data):
    with pytest.raises(InputError, match="no parameter of my_build 'widht'; did you mean width"):
        deepworth.compare(data, models=[my_build], params={"my_build": {"widht": 3}}, **FEW)


# Comparisons


@pytest.mark.xdist_group("own models")
def test_every_kind_is_compared_and_a_failing_one_costs_its_own_row(data, file):
    names = ("make_model", "by_task", "Fails", "net", "nothing", "squashed", "too_wide")
    models = [*(f"{file}:{name}" for name in names), my_build, make_forest, "constant"]
    few = {name: {"epochs": 2} for name in ("net", "my_build")}
    result = deepworth.compare(data, models=models, params=few, jobs=0, **FEW)
    rows = rows_of(result)
    assert {name for name, row in rows.items() if row["status"] == "ok"} == {
        *("make_model", "by_task", "net", "my_build", "make_forest", "constant")
    }
    assert {name for name, row in rows.items() if row["family"] == "deep"} == {
        *("net", "my_build", "nothing", "squashed", "too_wide")
    }
    assert rows["Fails"]["reason"] == "ValueError: no luck today"
    assert "my.py:nothing returned None; expected a Keras model" in rows["nothing"]["reason"]
    assert "its outputs must be linear: remove the activation" in rows["squashed"]["reason"]
    assert "has outputs of shape (None, 2); expected (None, 1)" in rows["too_wide"]["reason"]
    assert result.exit_code == 1
    assert result.verdict.deep_champion in ("net", "my_build")
    assert registry.entries() == ENTRIES


@pytest.mark.xdist_group("own models")
@pytest.mark.skipif(sys.platform == "win32", reason="worker processes need Linux or macOS")
def test_workers_give_the_same_numbers_and_survive_a_model_that_dies(data, file):
    scale = 2.0

    def from_here():
        return LogisticRegression(C=scale)

    models = [from_here, make_forest, LogisticRegression(), f"{file}:make_model"]
    apart = rows_of(deepworth.compare(data, models=[*models, f"{file}:Dies"], jobs=1, **FEW))
    here = rows_of(deepworth.compare(data, models=models, jobs=0, **FEW))
    assert apart.pop("Dies")["status"] == "crashed"
    assert {name: row["score"] for name, row in apart.items()} == {n: row["score"] for n, row in here.items()}
    assert set(here) == {"from_here", "make_forest", "LogisticRegression", "make_model"}


def test_an_own_model_reaches_another_process_without_its_file_or_module(file):
    _, own = name_models([f"{file}:make_model", LogisticRegression(C=3.0), my_build])
    content = pickle.dumps(own)
    file.unlink()
    code = """
        import pickle, sys
        from deepworth.zoo import registry
        from deepworth.zoo.own_models import joined
        own = pickle.loads(sys.stdin.buffer.read())
        with joined(own):
            for model in own[:2]:
                print(registry.create(model.name, "binary", "tabular").steps[-1][1].C)
            print(registry.parameters("my_build")["epochs"])
    """
    shown = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], input=content, capture_output=True, check=True
    )
    assert shown.stdout.split() == [b"1.0", b"3.0", b"3"]


def test_what_no_saved_model_may_hold_is_measured_all_the_same(data, file):
    result = deepworth.compare(data, models=[f"{file}:Shares"], folds=2, store=False, jobs=0)
    costs = rows_of(result)["Shares"]["costs"]
    assert (result.exit_code, costs["status"]) == (0, "ok")
    assert costs["latency"]["1"]["median"] > 0
    assert costs["size_bytes"] is None
    assert "cannot be saved without pickle" in costs["reason"]


def test_two_comparisons_may_have_models_of_one_name(data):
    """What a name means belongs to its comparison."""
    first = Setup.of(data, models=[LogisticRegression(C=1e-6)], **{k: FEW[k] for k in ("folds", "costs")})
    second = Setup.of(data, models=[LogisticRegression(C=1.0)], **{k: FEW[k] for k in ("folds", "costs")})
    assert first.design.models == second.design.models
    from deepworth.zoo.workflows.compare import run_setup

    losses = [
        rows_of(run_setup(setup, data, store=False))["LogisticRegression"]["metrics"]["log_loss"]
        for setup in (first, second)
    ]
    assert losses[0] > losses[1] + 0.01


# What is kept


def test_a_setup_keeps_facts_and_no_code(file):
    setup = Setup.of("iris", models=[f"{file}:make_model", Ridge(), "constant"])
    kept = setup.to_json()
    assert kept["design"]["models"] == ["make_model", "Ridge", "constant"]
    assert [set(own) for own in kept["own"]] == [{"name", "source", "digest", "family"}] * 2
    assert "LogisticRegression" not in json.dumps(kept)
    again = Setup.from_json(kept)
    assert again == setup
    assert [own.definition for own in again.own] == [None, None]
    old = {name: value for name, value in kept.items() if name != "own"}
    assert Setup.from_json(old).own == (), "runs of before had none"


def test_models_are_named_again_and_must_not_have_changed(file):
    _, kept = name_models([f"{file}:make_model", Ridge(alpha=2.0)])
    again = given_again(kept, [Ridge(alpha=2.0), f"{file}:make_model"], "r")
    assert [(own.name, own.definition is None) for own in again] == [("make_model", False), ("Ridge", False)]
    with pytest.raises(InputError, match="a model of your own, Ridge; name it again: models="):
        given_again(kept, [f"{file}:make_model"], "r")
    with pytest.raises(InputError, match="Ridge has changed since run r began; start a new run"):
        given_again(kept, [f"{file}:make_model", Ridge(alpha=3.0)], "r")
    with pytest.raises(InputError, match="has no model make_forest of your own"):
        given_again(kept, [f"{file}:make_model", Ridge(alpha=2.0), make_forest], "r")
    file.write_text(FILE + "\n# another line\n", encoding="utf-8")
    with pytest.raises(InputError, match="make_model has changed"):
        given_again(kept, [f"{file}:make_model", Ridge(alpha=2.0)], "r")


@pytest.mark.xdist_group("own models")
def test_an_interrupted_run_goes_on_where_its_models_are_named_again(file, tmp_path, monkeypatch):
    monkeypatch.chdir(file.parent)

    def interrupt(event):
        if event.kind == "fold":
            raise KeyboardInterrupt

    options = {"models": ["my.py:make_model", "constant"], "folds": 2, "costs": False}
    whole = deepworth.compare("iris", store=False, **options)
    with pytest.raises(KeyboardInterrupt, match=r"compare --resume \S+ -m \S+my.py:make_model"):
        deepworth.compare("iris", store=tmp_path / "runs", progress=interrupt, **options)
    (folder,) = (tmp_path / "runs").iterdir()
    refused = run("compare", "--resume", folder, code=2).output
    assert "has a model of your own, make_model; name it again: -m" in refused
    assert "this file says something" not in refused, "no run executes a file that nobody named"
    run("compare", "--resume", folder, "-m", "my.py:make_model", "-q")
    resumed = deepworth.runs(str(folder))
    assert to_json(resumed.leaderboard()["score"].tolist()) == to_json(whole.leaderboard()["score"].tolist())
    with pytest.raises(InputError, match="a model of your own, make_model, which is not kept with it"):
        deepworth.verify(str(folder))


def test_the_command_that_repeats_a_run_names_the_models(file):
    shell = Setup.of("iris", models=[f"{file}:make_model", "constant"], params={"make_model": {"C": 2.0}})
    assert command_of(shell) == (
        "deepworth compare iris --model my.py:make_model,constant --set make_model.C=2.0"
    )
    python = Setup.of("iris", models=[Ridge(alpha=2.0), f"{file}:make_model", my_build])
    assert command_of(python) == (
        "deepworth.compare('iris', models=(Ridge(alpha=2.0), 'my.py:make_model', my_build))"
    )


@pytest.mark.xdist_group("own models")
def test_the_command_line_compares_reports_and_saves(file, tmp_path, monkeypatch):
    monkeypatch.chdir(file.parent)
    options = ["--folds", "2", "--no-costs", "-q", "--store", tmp_path / "runs"]
    models = ["-m", "my.py:make_model,constant,my.py:estimator"]
    dry = run("compare", "iris", *models, *options, "--dry-run", "--json")
    assert [row["model"] for row in json.loads(dry.stdout)["models"]] == [
        "make_model",
        "constant",
        "estimator",
    ]
    assert "this file says something" in dry.stderr
    run("compare", "iris", *models, *options, "--report", "page.html", "--save-best", "best", "-o", "a.json")
    page = Path("page.html").read_text(encoding="utf-8")
    assert "deepworth compare iris --model my.py:make_model,constant,my.py:estimator" in page
    (folder,) = (tmp_path / "runs").iterdir()
    assert {"make_model", "constant", "estimator"} == set(read_run(folder).plan.models)
    kept = [f for f in folder.rglob("*") if f.is_file()]
    assert not [f for f in kept if b"LogisticRegression(" in f.read_bytes()], "code is not kept"
    file.unlink()
    assert deepworth.load("best").predict(deepworth.load_dataset("iris").X).shape == (150,)


@pytest.mark.xdist_group("own models")
def test_one_model_is_trained_saved_and_exported(file, tmp_path, data):
    trained = deepworth.train(
        data, model=f"{file}:make_model", output=tmp_path / "a", params={"make_model": {"C": 2}}
    )
    assert trained.proof.holds
    assert (trained.manifest["model"], trained.manifest["family"]) == ("make_model", "classical")
    network = deepworth.train(data, model=my_build, output=tmp_path / "b", params={"my_build": {"epochs": 2}})
    assert network.proof.holds
    assert network.manifest["family"] == "deep"
    exported = deepworth.export(tmp_path / "b", tmp_path / "c", format=["keras"])
    assert exported.formats["keras"].status.startswith("works")


@pytest.mark.xdist_group("own models")
@pytest.mark.parametrize("name", ["Shares", "layered"])
def test_a_model_that_only_its_own_code_could_open_is_not_saved(name, file, tmp_path, data):
    few = {"layered": {"epochs": 1}} if name == "layered" else {}
    with pytest.raises(InputError, match="cannot be saved") as error:
        deepworth.train(data, model=f"{file}:{name}", output=tmp_path / "model", params=few)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "model").exists()


def test_a_suite_names_files_beside_it_and_knows_what_it_did(file, tmp_path):
    suite = file.parent / "suite.yaml"
    suite.write_text(
        "defaults: {model: 'my.py:make_model,constant', folds: 2, costs: false}\ndatasets: [iris]\n",
        encoding="utf-8",
    )
    states: list[str] = []

    def benchmark():
        answer = deepworth.benchmark(
            suite,
            store=tmp_path / "runs",
            jobs=0,
            on_dataset=lambda number, item, state: states.append(state),
        )
        return answer.datasets[0]

    assert benchmark().best_classical == "make_model"
    benchmark()
    file.write_text(FILE + "\n# another line\n", encoding="utf-8")
    benchmark()
    assert states == ["new", "done", "new"], "another file is another comparison"


def test_learning_curves_and_grids_take_own_models(data):
    curve = deepworth.learning_curve(data, models=[LogisticRegression(), "naive-bayes"], sizes=4, repeats=2)
    assert set(curve.frame()["model"]) == {"LogisticRegression", "naive-bayes"}
    assert curve.exit_code == 0
    with pytest.raises(InputError, match="my_build has no list of hidden layers"):
        deepworth.capacity(data, model=my_build, folds=2)


@pytest.mark.parametrize("name", ["my.py", "a/b c.py:f", "/x/y.py:make_model", "C:\\x\\my.py:f"])
def test_files_are_told_from_names(name):
    assert is_file(name)
    assert not any(is_file(known) for known in ENTRIES)


@pytest.mark.xdist_group("own models")
def test_the_page_about_own_models_is_true(tmp_path, data, monkeypatch):
    text = (Path(deepworth.__file__).parent / "docs" / "own-models.md").read_text(encoding="utf-8")
    in_file, in_python = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "my.py").write_text(in_file, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    few = {"make_model": {"n_estimators": 5}, "my_net": {"epochs": 2, "width": 4}}
    rows = rows_of(deepworth.compare(data, models=["my.py:make_model", "my.py:my_net"], params=few, **FEW))
    assert {name: (row["family"], row["status"]) for name, row in rows.items()} == {
        "make_model": ("classical", "ok"),
        "my_net": ("deep", "ok"),
    }
    *_, last = in_python.strip().splitlines()
    found: dict[str, object] = {}
    exec(in_python, found)
    assert set(eval(last, found)["model"]) == {"ExtraTreesClassifier", "LogisticRegression", "naive-bayes"}


@pytest.mark.parametrize("modality", ["tabular", "image", "text"])
def test_a_network_that_names_no_modality_is_for_the_rows_it_gets(modality):
    _, own = name_models([my_build])
    with joined(own):
        assert registry.create("my_build", "binary", modality).modality_ == modality
        again = registry.create("my_build", "binary", modality)
    assert type(again).__name__.endswith("Classifier")


def test_groups_reach_a_search_of_the_user(data):
    """By scikit-learn's metadata routing, whatever pipeline stands around it."""
    from sklearn.model_selection import GroupKFold

    from deepworth.zoo.inner_splits import SplitFacts, fit_respecting

    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=GroupKFold(4))
    groups = np.repeat(np.arange(20), 8)
    for model in (search, make_pipeline("passthrough", search)):
        X = data.X if model is search else data.X[["x"]].fillna(0)
        fitted = fit_respecting(
            over_raw_rows(model, "binary", "tabular"), X, data.y, SplitFacts.of(160, groups=groups)
        )
        assert fitted.predict_proba(X).shape == (160, 2)
