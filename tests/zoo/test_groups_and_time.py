"""One contract over all models: inner splits respect what outer splits respect.

Groups of nearly equal rows with a label of their own are planted. A model that stops or calibrates itself on
sisters of rows that it has learned by heart believes everything it has learned by heart.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupKFold, StratifiedKFold

import deepworth
from deepworth.datasets import Dataset, Split
from deepworth.zoo import Calibrated, ConformalRegressor, inner_splits, registry
from deepworth.zoo.inner_splits import (
    SplitFacts,
    class_folds,
    fit_respecting,
    member_splits,
    validation_split,
    value_folds,
)
from deepworth.zoo.runs.costs import Setting, measure_job
from deepworth.zoo.runs.fitting import run_fleet, run_job
from deepworth.zoo.runs.jobs import plan_job

N_GROUPS, SISTERS = 24, 5
N = N_GROUPS * SISTERS
GROUPS = np.repeat([f"patient {i}" for i in range(N_GROUPS)], SISTERS)[
    np.random.default_rng(0).permutation(N)
]
TIME = pd.date_range("2024-01-01", periods=N // 2, freq="D").repeat(2).to_numpy()
TIME = TIME[np.random.default_rng(1).permutation(N)]
FACTS = {"groups": {"groups": GROUPS}, "time": {"time": TIME}, "both": {"groups": GROUPS, "time": TIME}}
CASES = [
    (name, task, modality)
    for family in ("classical", "deep")
    for name, entry in registry.entries(family).items()
    for modality in entry.constant("MODALITIES")
    for task in entry.constant("TASKS")
]
SPLITTERS = ("validation_split", "member_splits", "value_folds", "class_folds")
USERS = ("estimators.base", "calibration.cross_fitting", "baselines._estimators", "explanation.units")
for user in USERS:  # they have the splitters' names before a test replaces them
    import_module(f"deepworth.zoo.{user}")
# Models that divide their training rows once more. Whoever adds another one states it here.
DIVIDING = {
    "hist-gradient-boosting",
    "hog-svm",
    "linear-regression",
    "linear-svm",
    "nb-svm",
    "pca-svm",
    "random-convolutions",
    "rbf-svm",
    "tfidf-linear-svm",
    *(n for n, e in registry.entries("deep").items() if e.constant("TRAINING").get("validation_fraction", 1)),
}


def planted(task: str, modality: str) -> tuple[object, np.ndarray]:
    """Nearly equal rows within a group, and a label of the group."""
    rng = np.random.default_rng(2)
    number = np.unique(GROUPS, return_inverse=True)[1]
    signals = rng.normal(size=(N_GROUPS, 3))[number] + rng.normal(0, 0.01, (N, 3))
    if task == "regression":
        y = rng.normal(size=N_GROUPS)[number]
    else:
        y = np.array(["a", "b", "c"])[rng.permutation(N_GROUPS) % (2 if task == "binary" else 3)][number]
    if modality == "tabular":
        return pd.DataFrame(signals, columns=["temperature", "weight", "pressure"]), y
    if modality == "image":
        shades = np.clip(120 + 40 * signals, 0, 255).astype(np.uint8)
        return np.repeat(np.repeat(shades[:, :, None, None], 4, axis=1), 12, axis=2), y
    words = [
        " ".join(f"{kind}{step}" for kind, step in zip("uvw", row, strict=True)) for row in signals.round(1)
    ]
    return pd.Series([f"day {text} was" for text in words]), y


@pytest.fixture
def recorded(monkeypatch):
    """Every inner split that is made, with the facts it was given."""
    made: list[tuple[SplitFacts, list]] = []

    def recording(kind):
        def split(*args, **kwargs):
            found = kind(*args, **kwargs)
            facts = next((a for a in (*args, *kwargs.values()) if isinstance(a, SplitFacts)), SplitFacts())
            made.append((facts, [found] if isinstance(found, tuple) else found))
            return found

        return split

    for name in SPLITTERS:
        original = getattr(inner_splits, name)
        for module in [m for key, m in sys.modules.items() if key.startswith("deepworth.")]:
            if vars(module).get(name) is original:
                monkeypatch.setattr(module, name, recording(original))
    return made


@pytest.fixture
def no_splitter_of_their_own(monkeypatch):
    """scikit-learn's splitters fail: a model that divides its rows by itself cannot know their groups."""

    def refuse(*args, **kwargs):
        raise AssertionError("a model divides its training rows by itself")

    from sklearn.model_selection import _split

    monkeypatch.setattr(_split._BaseKFold, "split", refuse)
    monkeypatch.setattr(_split.BaseShuffleSplit, "split", refuse)


def new(name: str, task: str, modality: str):
    own = {"epochs": 1} if registry.family(name) == "deep" else {}
    return registry.create(name, task, modality, random_state=0, **own)


def small_and_large(case: tuple[str, str, str]) -> list:
    """The model, and one that behaves as on many rows where that is another way."""
    model = new(*case)
    limits = [key for key in model.get_params() if key.endswith("__limit")]
    return [model, clone(model).set_params(**dict.fromkeys(limits, 10))] if limits else [model]


def assert_respected(made, known) -> None:
    for facts, splits in made:
        assert facts.given().keys() == known.keys(), "the model did not pass on what it was told"
        for train, left_out in splits:
            assert not set(train) & set(left_out)
            if facts.groups is not None:
                assert not set(facts.groups[train]) & set(facts.groups[left_out])
            if facts.time is not None and len(left_out):
                assert facts.time[train].max() < facts.time[left_out].min()


@pytest.mark.parametrize("kind", FACTS)
@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_no_inner_split_of_a_model_separates_a_group_or_sees_the_future(
    case, kind, recorded, no_splitter_of_their_own
):
    if lacking := registry.missing_requirement(case[0]):
        pytest.skip(lacking)
    name, task, modality = case
    X, y = planted(task, modality)
    for model in small_and_large(case):
        recorded.clear()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit_respecting(model, X, y, SplitFacts.of(N, **FACTS[kind]))
        assert_respected(recorded, FACTS[kind])
    divides = any(len(left_out) for _, splits in recorded for _, left_out in splits)
    assert divides == (name in DIVIDING and (name, task) not in WHOLE), recorded


VALUED = ("linear-svm", "random-convolutions", "rbf-svm")
WHOLE = {(name, "regression") for name in VALUED}  # values need no calibration


@pytest.mark.parametrize("kind", FACTS)
@pytest.mark.parametrize("options", [{}, {"ensemble": True, "ensemble_size": 3}], ids=["one", "ensemble"])
def test_networks_of_a_fleet_divide_their_own_rows_by_group_and_time(kind, options, recorded):
    X, y = planted("binary", "tabular")
    rng = np.random.default_rng(3)
    rows = [np.sort(rng.permutation(N)[:90]) for _ in range(3)]
    models = [
        registry.create("perceptron", "binary", "tabular", random_state=i, epochs=2, **options)
        for i in range(3)
    ]
    models[0].fit_many(models, X, y, rows, **FACTS[kind])
    assert len(recorded) >= len(models)
    assert_respected(recorded, FACTS[kind])


@pytest.mark.parametrize("kind", FACTS)
@pytest.mark.parametrize("name", ["linear-svm", "perceptron"])
def test_folds_of_calibration_and_those_of_the_model_inside_respect_the_same_facts(name, kind, recorded):
    X, y = planted("binary", "tabular")
    model = Calibrated(new(name, "binary", "tabular"), "platt")
    model.fit(X, y, **FACTS[kind])
    assert_respected(recorded, FACTS[kind])
    assert len(recorded) > 3, "one for the calibration, and one for each model inside"


def test_conformal_intervals_are_as_wide_as_new_groups_need(recorded):
    X, y = planted("regression", "tabular")
    forest = registry.create("random-forest", "regression", "tabular", random_state=0, n_estimators=20)
    apart = ConformalRegressor(forest).fit(X, y, groups=GROUPS)
    assert_respected(recorded, FACTS["groups"])
    assert apart.half_width_ > 3 * ConformalRegressor(forest).fit(X, y).half_width_


@pytest.mark.parametrize("cv", [GroupKFold(3), StratifiedKFold(3)], ids=["grouped", "not grouped"])
def test_a_splitter_of_the_user_gets_the_groups_if_it_takes_them(cv):
    X, y = planted("binary", "tabular")
    model = Calibrated(registry.create("naive-bayes", "binary", "tabular"), cv=cv)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # scikit-learn warns of groups that are ignored
        model.fit(X, y, groups=GROUPS)
    assert model.calibrator_ is not None


# Whoever fits a model tells it what the data say


def dataset(task: str = "binary", **known) -> Dataset:
    X, y = planted(task, "tabular")
    return Dataset("patients", X, y, task, "tabular", **known)


def by_a_job(data, name, folder):
    job = plan_job(name, Split(0, 0, np.arange(0, N, 2), np.arange(1, N, 2)))
    assert run_job(job, data, 0, {}).status == "ok"


def by_a_calibrated_job(data, name, folder):
    job = plan_job(name, Split(0, 0, np.arange(0, N, 2), np.arange(1, N, 2)), calibrate="platt")
    assert run_job(job, data, 0, {}).status == "ok"


def by_a_fleet(data, name, folder):
    jobs = [plan_job(name, Split(0, i, np.arange(i, N, 2), np.arange(1 - i, N, 2))) for i in range(2)]
    if not registry.offers_fleets(name, "binary"):
        pytest.skip(f"{name} is fitted alone")
    assert [result.status for result in run_fleet(jobs, data, 0, {})] == ["ok", "ok"]


def by_a_cost_sheet(data, name, folder):
    job = plan_job(name, Split(0, -1, np.arange(N), np.zeros(0, dtype=int)), kind="cost")
    assert measure_job(job, data, 0, {}, Setting()).costs is not None


def by_train(data, name, folder):
    deepworth.train(data, model=name, output=folder / "model")


def by_explaining_a_run(data, name, folder):
    from deepworth.zoo.workflows.explain import _fitted

    _fitted(name, data, np.arange(N), SimpleNamespace(params={}, calibrate=None), 0)


def by_saving_the_best(data, name, folder):
    from deepworth.zoo.workflows.save_best import _fitted

    plan = SimpleNamespace(params={}, calibrate=None, seed=0)
    _fitted(name, SimpleNamespace(plan=plan), data)


FITTERS = (
    by_a_job,
    by_a_calibrated_job,
    by_a_fleet,
    by_a_cost_sheet,
    by_train,
    by_explaining_a_run,
    by_saving_the_best,
)


@pytest.mark.parametrize("name", ["linear-svm", "perceptron"])
@pytest.mark.parametrize("fit", FITTERS, ids=lambda fit: fit.__name__)
def test_whoever_fits_a_model_passes_on_groups_and_time(fit, name, recorded, tmp_path):
    known = FACTS["both"]
    fit(dataset(**known), name, tmp_path)
    respected = [entry for entry in recorded if entry[0]]
    assert respected
    assert_respected(respected, known)
    strangers = [entry for entry in recorded if not entry[0]]
    assert not strangers or fit is by_a_cost_sheet, "its untimed first fit has a few rows and no score"


@pytest.mark.parametrize("name", ["linear-svm", "perceptron"])
def test_clusters_of_near_copies_are_groups(name, recorded, tmp_path):
    X, y = planted("binary", "tabular")
    frame = X.round(1).assign(y=y)
    deepworth.train(frame, target="y", group_duplicates=True, model=name, output=tmp_path / "model")
    assert recorded
    assert all(facts.groups is not None for facts, _ in recorded)
    assert_respected(recorded, {"groups": None})


class Asks(ClassifierMixin, BaseEstimator):
    """A user's model whose ``fit`` asks for groups."""

    __metadata_request__fit = {"groups": True}  # noqa: RUF012

    def fit(self, X, y, groups=None):
        self.groups_, self.classes_ = groups, np.unique(y)
        return self


def test_a_model_of_the_user_gets_what_it_asks_for_and_nothing_else():
    X, y = planted("binary", "tabular")
    asking = fit_respecting(Asks(), X, y, SplitFacts.of(N, **FACTS["both"]))
    np.testing.assert_array_equal(asking.groups_, pd.factorize(GROUPS)[0])
    fit_respecting(registry.create("naive-bayes", "binary", "tabular"), X, y, SplitFacts.of(N, GROUPS, TIME))


# Why it matters


def patients(n: int, rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Measurements of people, some rows of each, whether they are sick, and their numbers."""
    rng = np.random.default_rng(seed)
    people = rng.normal(size=(n, 10))
    sick = rng.random(n) < 1 / (1 + np.exp(-people[:, 0]))
    X = np.repeat(people, rows, axis=0) + 0.5 * rng.normal(size=(n * rows, 10))
    y = np.where(np.repeat(sick, rows), "sick", "well")
    return pd.DataFrame(X, columns=[f"x{i}" for i in range(10)]), y, np.repeat(np.arange(n), rows)


@pytest.mark.parametrize("name", ["shallow-mlp", "rbf-svm"])
def test_a_model_that_keeps_60_patients_apart_does_not_believe_what_it_learned_by_heart(name):
    (X, y, person), (new_X, new_y, _) = patients(60, 10, seed=0), patients(400, 1, seed=1)
    losses = {}
    for kind, facts in (("as rows", SplitFacts()), ("apart", SplitFacts.of(len(y), person))):
        model = fit_respecting(registry.create(name, "binary", "tabular", random_state=0), X, y, facts)
        losses[kind] = log_loss(new_y, model.predict_proba(new_X))
    assert losses["apart"] < 0.85 < losses["as rows"], losses


# The splits themselves

SKEWED = np.array(["common", "usual", "rare"])[
    (np.random.default_rng(4).random(300) > [[0.6], [0.95]]).sum(axis=0)
]
CODES = np.unique(SKEWED, return_inverse=True)[1]
CLUSTERS = np.random.default_rng(5).integers(0, 80, 300)
SPLITS = {
    "class_folds": lambda facts, seed=0: class_folds(SKEWED, 4, seed, facts),
    "value_folds": lambda facts, seed=0: value_folds(300, 4, seed, facts),
    "member_splits": lambda facts, seed=0: member_splits(300, 4, CODES, seed, facts),
    "validation_split": lambda facts, seed=0: [validation_split(300, 75, CODES, seed, facts)],
}


@pytest.mark.parametrize("kind", SPLITS)
def test_parts_of_whole_groups_have_their_share_of_rows_and_classes(kind):
    facts = SplitFacts.of(300, CLUSTERS)
    for train, left_out in SPLITS[kind](facts):
        assert sorted([*train, *left_out]) == list(range(300))
        assert not set(CLUSTERS[train]) & set(CLUSTERS[left_out])
        assert len(left_out) == pytest.approx(75, abs=8)
        if kind != "value_folds":
            assert np.bincount(CODES[left_out]) == pytest.approx(np.bincount(CODES) / 4, abs=5)
    again, other = SPLITS[kind](facts), SPLITS[kind](facts, 1)
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(SPLITS[kind](facts), again, strict=True))
    assert not all(np.array_equal(a[1], b[1]) for a, b in zip(other, again, strict=True))


@pytest.mark.parametrize("kind", SPLITS)
@pytest.mark.parametrize("groups", [None, np.arange(300) // 10], ids=["rows", "groups"])
def test_what_is_left_out_comes_after_what_is_trained_on(kind, groups):
    time = np.random.default_rng(6).permutation(np.repeat(np.arange(100.0), 3))
    if groups is not None:
        time = np.repeat(time[:30], 10)
    for train, left_out in SPLITS[kind](SplitFacts.of(300, groups, time)):
        assert time[train].max() < time[left_out].min()
        assert set(SKEWED[train]) == set(SKEWED)
        assert len(left_out) >= 30


@pytest.mark.parametrize("kind", SPLITS)
def test_one_group_or_one_moment_leaves_nothing_to_validate_on(kind):
    for facts in (SplitFacts.of(300, np.zeros(300)), SplitFacts.of(300, None, np.zeros(300))):
        assert all(len(left_out) == 0 and len(train) == 300 for train, left_out in SPLITS[kind](facts))


def test_the_only_group_of_a_class_is_always_trained_on():
    y = np.repeat(["a", "b", "c", "a", "b"], 10)
    groups = np.repeat(np.arange(5), 10)
    for train, left_out in class_folds(y, 3, 0, SplitFacts.of(50, groups)):
        assert set(y[train]) == {"a", "b", "c"}
        assert "c" not in y[left_out]


def test_a_class_that_comes_late_moves_the_last_rows_later():
    codes = np.zeros(100, dtype=int)
    codes[[90, 95]] = 1
    train, last = validation_split(100, 30, codes, 0, SplitFacts.of(100, None, np.arange(100)))
    assert (len(train), len(last)) == (91, 9)
    codes[90] = 0
    train, last = validation_split(100, 30, codes, 0, SplitFacts.of(100, None, np.arange(100)))
    assert (len(train), len(last)) == (96, 4)


def test_groups_that_go_on_are_left_out_of_one_side():
    time = np.arange(100)
    few, most = np.where(np.arange(100) % 10 == 0, 0, np.arange(100) + 1), np.arange(100) % 10
    train, last = validation_split(100, 20, None, 0, SplitFacts.of(100, few, time))
    assert (len(train), len(last)) == (72, 20), "the few that go on are not trained on"
    train, last = validation_split(100, 20, None, 0, SplitFacts.of(100, most, time))
    assert (len(train), len(last)) == (100, 0), "all go on: nobody new is left to validate on"


def test_a_hundred_thousand_small_groups_are_dealt_out_evenly():
    groups = np.arange(100_000)
    groups[:500] = groups[500:1000]
    y = np.random.default_rng(0).integers(0, 4, 100_000)
    for train, left_out in class_folds(y, 5, 0, SplitFacts.of(100_000, groups)):
        assert not np.isin(groups[left_out], groups[train]).any()
        assert np.bincount(y[left_out]) == pytest.approx(np.bincount(y) / 5, abs=60)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"groups": [1, 2]}, "groups must have a value for each of the 3 rows"),
        ({"time": [[1], [2], [3]]}, "time must have a value for each of the 3 rows"),
        ({"time": [1.0, np.nan, 2.0]}, "time is missing in some rows"),
    ],
)
def test_facts_that_do_not_suit_the_rows_are_refused(facts, message):
    with pytest.raises(ValueError, match=message):
        SplitFacts.of(3, **facts)
    with pytest.raises(ValueError, match=message):
        registry.create("perceptron", "binary", "tabular").fit(
            [[0.0], [1.0], [2.0]], ["a", "b", "a"], **facts
        )


def test_a_dataset_without_groups_and_time_has_no_facts():
    from deepworth.zoo.runs.fitting import facts_of

    assert not facts_of(dataset())
    assert facts_of(replace(dataset(), groups=GROUPS), np.arange(10)).groups.shape == (10,)


# What is measured on rows that no model trained on, but divided once more


def test_a_surrogate_of_grouped_rows_is_held_to_other_groups(monkeypatch):
    from deepworth.zoo.explanation import Answers, surrogate_models, surrogates

    seen = []
    fit = surrogate_models._fit_tree
    monkeypatch.setattr(
        surrogate_models, "_fit_tree", lambda values, z: seen.append(values) or fit(values, z)
    )
    X, y = planted("regression", "tabular")
    answers = {"model": Answers(np.arange(N), y, np.zeros(N, dtype=int))}
    surrogates(X, "tabular", (), answers, groups=GROUPS)
    parts = [set(GROUPS[X["weight"].isin(values[:, 1]).to_numpy()]) for values in seen]
    assert len(parts) == 6, "five folds, and all rows"
    assert sum(N_GROUPS - len(part) for part in parts) == N_GROUPS, "each group is left out once as a whole"


def test_probes_of_grouped_rows_score_on_other_groups(recorded):
    from deepworth.zoo.explanation import open_network, probes

    X, y = planted("binary", "tabular")
    network = open_network(new("perceptron", "binary", "tabular").fit(X, y))
    recorded.clear()
    assert probes(network, X, y, groups=GROUPS)
    assert_respected(recorded, FACTS["groups"])
    assert probes(network, X, y, groups=np.zeros(N)) == [], "one group has no other"
    X, y = planted("regression", "tabular")
    network = open_network(new("perceptron", "regression", "tabular").fit(X, y))
    recorded.clear()
    assert probes(network, X, y, groups=GROUPS)
    assert len(recorded) > 5, "ridge chooses its strength inside of each fold"
    assert_respected(recorded, FACTS["groups"])


def test_calibrators_of_an_official_test_part_are_judged_on_other_groups():
    from deepworth.zoo.judging.calibration import _kept

    codes = np.unique(GROUPS, return_inverse=True)[1]
    frame = pd.DataFrame(
        {"row": np.arange(N), "fold": 0, "truth": ["a", "b"] * (N // 2), "group": codes}
    ).assign(probability_a=0.5, probability_b=0.5)
    parts = _kept(frame, ["a", "b"], 0).parts
    assert len(np.unique(parts)) > 2
    assert all(len(np.unique(parts[codes == group])) == 1 for group in range(N_GROUPS))
