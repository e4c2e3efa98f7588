"""What compiled code follows without looking is checked, or built again, before a saved pipeline predicts."""

from __future__ import annotations

import random
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.cluster import KMeans
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from deepworth import InputError, load_dataset, save
from deepworth.zoo import registry
from deepworth.zoo.artefact import load, load_skops, model_bytes
from deepworth.zoo.artefact.native import check_native, objects

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))
from _attributes import changed_attributes
from hostile import one_row

X = np.random.default_rng(0).normal(size=(60, 4))
Y = (X[:, 0] > 0).astype(int)
LETTERS = np.random.default_rng(0).choice(["a", "b", "c"], (60, 2)).astype(object)
TEXTS = ["one two three", "two three", "four one"] * 20
CATEGORIES = pd.DataFrame({"x": X[:, 0], "c": pd.Categorical(LETTERS[:, 0])})


def boosted():
    model = HistGradientBoostingClassifier(max_iter=3, categorical_features="from_dtype", min_samples_leaf=5)
    return model.fit(CATEGORIES, LETTERS[:, 0] == "a")


MADE = {
    "tree": lambda: DecisionTreeClassifier(max_depth=3).fit(X, Y),
    "forest": lambda: RandomForestClassifier(3, max_depth=3).fit(X, Y),
    "extra": lambda: ExtraTreesRegressor(3, max_depth=3).fit(X, Y),
    "stages": lambda: GradientBoostingClassifier(n_estimators=3).fit(X, Y),
    "boosted": boosted,
    "svc": lambda: SVC().fit(X, Y),
    "svr": lambda: SVR().fit(X, Y),
    "sparse svc": lambda: SVC().fit(sp.csr_matrix(X), Y),
    "brute": lambda: KNeighborsClassifier(3, algorithm="brute").fit(X, Y),
    "searched": lambda: KNeighborsRegressor(3, algorithm="kd_tree").fit(X, Y),
    "unsupervised": lambda: NearestNeighbors(n_neighbors=3, algorithm="ball_tree").fit(X),
    "one-hot": lambda: OneHotEncoder(min_frequency=2, drop="if_binary").fit(LETTERS),
    "numbers one-hot": lambda: OneHotEncoder(handle_unknown="ignore").fit(X.round()),
    "words": lambda: make_pipeline(TfidfVectorizer(), LinearSVC()).fit(TEXTS, Y),
}


def stored(model, path):
    import skops.io

    skops.io.dump(model, path / "model.skops")
    return load_skops(path / "model.skops")


@pytest.mark.parametrize("name", sorted(set(MADE) - {"sparse svc"}))  # a type that is not trusted
def test_what_was_trained_is_read(name, tmp_path):
    found = stored(MADE[name](), tmp_path)
    assert check_native(found) is None  # once more


# Every way in which an attribute that compiled code depends on can be gone: each fitted one, deleted.
NEEDED = {
    "forest": ["n_features_in_", "estimators_", "n_outputs_"],
    "extra": ["n_features_in_"],
    "stages": ["n_features_in_", "estimators_"],
    "boosted": ["n_features_in_", "_n_features", "_bin_mapper", "_predictors"],
    "svc": ["n_features_in_", "_n_support", "support_", "_dual_coef_", "shape_fit_", "classes_", "_probA"],
    "svr": ["n_features_in_", "_n_support", "support_vectors_"],
    "brute": ["_fit_X", "_y", "classes_", "n_features_in_", "_fit_method", "effective_metric_", "_tree"],
    "searched": ["_fit_X", "n_samples_fit_", "effective_metric_params_"],
    "unsupervised": ["_fit_X", "n_features_in_"],
    "one-hot": ["categories_", "_n_features_outs", "n_features_in_", "_infrequent_enabled"],
}


@pytest.mark.parametrize(("name", "attribute"), [(n, a) for n, names in NEEDED.items() for a in names])
def test_a_model_that_lacks_what_compiled_code_needs_is_refused(name, attribute, tmp_path):
    model = MADE[name]()
    del vars(model)[attribute]
    with pytest.raises(InputError, match=r"it lacks|is broken"):
        stored(model, tmp_path)


def change(target, **values):
    for name, value in values.items():
        setattr(target, name, value)


def at(array, place, value):
    found = np.array(array)
    found[place] = value
    return found


CHANGED = {
    "a tree of fewer columns": ("tree", lambda m: change(m, n_features_in_=2)),
    "a tree with other outputs": ("tree", lambda m: change(m, n_outputs_=2)),
    "a forest of narrow rows": ("forest", lambda m: change(m, n_features_in_=2)),
    "a narrow tree in a forest": ("forest", lambda m: change(m.estimators_[0], n_features_in_=2)),
    "a forest of no trees": ("forest", lambda m: change(m, estimators_=[SVR()])),
    "an empty forest": ("forest", lambda m: change(m, estimators_=[])),
    "stages of more trees than outputs": (
        "stages",
        lambda m: change(m, estimators_=np.repeat(m.estimators_, 3, axis=1)),
    ),
    "stages of no trees": ("stages", lambda m: m.estimators_.fill(SVR())),
    "a bin mapper that is empty": (
        "boosted",
        lambda m: change(m._bin_mapper, is_categorical_=np.zeros(0, np.uint8), bin_thresholds_=[]),
    ),
    "a bin mapper without categories": (
        "boosted",
        lambda m: change(m._bin_mapper, is_categorical_=np.zeros(2, np.uint8)),
    ),
    "categories beyond 256": (
        "boosted",
        lambda m: change(m._bin_mapper, bin_thresholds_=[np.array([1e9]) for _ in range(2)]),
    ),
    "rows that are binned already": ("boosted", lambda m: change(m, _in_fit=True)),
    "columns that are lost on the way": (
        "boosted",
        lambda m: change(m._preprocessor, transformers_=m._preprocessor.transformers_[:1]),
    ),
    "more vectors than there are": ("svc", lambda m: change(m, _n_support=at(m._n_support, 0, 10**6))),
    "vectors of fewer columns": ("svc", lambda m: change(m, support_vectors_=m.support_vectors_[:, :2])),
    "columns of another fit": ("svc", lambda m: change(m, n_features_in_=2, shape_fit_=(60, 2))),
    "a kernel of a function": ("svc", lambda m: change(m, kernel="precomputed")),
    "sparse vectors with columns outside": (
        "sparse svc",
        lambda m: change(m.support_vectors_, indices=at(m.support_vectors_.indices, 0, 10**6)),
    ),
    "neighbours of fewer columns": ("brute", lambda m: change(m, _fit_X=m._fit_X[:, :2].copy())),
    "neighbours of no rows": ("brute", lambda m: change(m, _fit_X=m._fit_X[:0])),
    "classes that are none": ("brute", lambda m: change(m, _y=at(m._y, 0, 10**6))),
    "negative classes": ("brute", lambda m: change(m, _y=at(m._y, 0, -1))),
    "neighbours that are no numbers": ("brute", lambda m: change(m, _fit_X=at(m._fit_X, 0, np.nan))),
    "a measure that is a name of something else": ("brute", lambda m: change(m, effective_metric_="pyfunc")),
    "a search tree of nobody": ("brute", lambda m: change(m, extra=MADE["searched"]()._tree)),
    "leaves of no rows": ("searched", lambda m: change(m, leaf_size=0)),
    "columns beyond the encoder's": ("one-hot", lambda m: change(m, _n_features_outs=[1, 1])),
    "a category that is dropped outside": (
        "one-hot",
        lambda m: change(m, _drop_idx_after_grouping=np.array([10**6, None], dtype=object)),
    ),
    "numbers that are not in order": (
        "numbers one-hot",
        lambda m: change(m, categories_=[c[::-1] for c in m.categories_]),
    ),
    "words beyond the columns": ("words", lambda m: m[0].vocabulary_.update(one=10**6)),
    "words below the columns": ("words", lambda m: m[0].vocabulary_.update(one=-1)),
    "files instead of texts": ("words", lambda m: change(m[0], input="filename")),
    "open files instead of texts": ("words", lambda m: change(m[0], input="file")),
    "a pattern without an end": ("words", lambda m: change(m[0], token_pattern="(a+)+$")),
    "words as a function finds them": ("words", lambda m: change(m[0], tokenizer=np.sum)),
    "endless runs of words": ("words", lambda m: change(m[0], ngram_range=(1, 10**9))),
}


@pytest.mark.parametrize("case", CHANGED)
def test_a_structure_that_leads_outside_is_refused(case, tmp_path):
    name, act = CHANGED[case]
    model = MADE[name]()
    act(model)
    with pytest.raises(InputError, match=r"it lacks|is broken|not trusted|do not match"):
        stored(model, tmp_path)


def test_vocabulary_without_a_width_is_still_refused(tmp_path):
    """The width of the classifier was what noticed it before."""
    model = MADE["words"]()
    model[0].vocabulary_["one"] = 10**6
    del vars(model[1])["n_features_in_"]
    with pytest.raises(InputError, match="is broken"):
        stored(model, tmp_path)


def test_a_search_tree_is_built_from_the_rows(tmp_path):
    model, other = MADE["searched"](), KNeighborsRegressor(3, algorithm="kd_tree").fit(X[:9], Y[:9])
    expected = model.predict(X)
    model._tree = other._tree
    np.testing.assert_array_equal(stored(model, tmp_path).predict(X), expected)


@pytest.mark.parametrize("position", [-1, 625, 2**31 - 1])
def test_a_generator_of_random_numbers_stays_within_its_block(position, tmp_path):
    rng = np.random.RandomState(0)
    state = rng.get_state(legacy=False)
    state["state"]["pos"] = position
    rng.set_state(state)
    with pytest.raises(InputError, match="generator"):
        stored(StandardScaler().set_params(copy=rng), tmp_path)


def test_a_tree_needs_a_class_for_each_output(tmp_path):
    import zipfile

    stored(MADE["tree"](), tmp_path)
    with zipfile.ZipFile(tmp_path / "model.skops") as archive:
        members = {n: archive.read(n) for n in archive.namelist()}
    before = members["schema.json"]
    start = before.index(b'"__reduce__"')
    members["schema.json"] = before[:start] + before[start:].replace(
        b'"content": "1"', b'"content": "90000"', 1
    )
    assert members["schema.json"] != before
    with zipfile.ZipFile(tmp_path / "model.skops", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(InputError, match="outputs do not match"):
        load_skops(tmp_path / "model.skops")


def test_nothing_of_a_model_starts_processes_or_prints(tmp_path):
    model = make_union(CountVectorizer(), HashingVectorizer(n_features=8), n_jobs=2, verbose=True).fit(TEXTS)
    found = stored(model, tmp_path)
    assert not [v for o in objects(found) for k, v in vars(o).items() if k in ("n_jobs", "verbose") and v]


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(KMeans(2, n_init=1), StandardScaler()).fit(X),
        make_pipeline(CountVectorizer(token_pattern="[a-z]+"), LinearSVC()).fit(TEXTS, Y),
    ],
)
def test_what_could_not_be_loaded_is_not_saved(model, tmp_path):
    assert model_bytes(model) is None
    with pytest.raises(InputError):
        stored(model, tmp_path)


QUICK = {"random-forest": {"n_estimators": 3}, "hist-gradient-boosting": {"max_iter": 3}}
FUZZED = [
    *("random-forest", "hist-gradient-boosting", "k-nearest-neighbours", "rbf-svm", "naive-bayes", "pca-svm"),
    *("hog-svm", "random-convolutions", "nb-svm", "tfidf-logistic-regression", "logistic-regression"),
]


@pytest.mark.parametrize("name", FUZZED)
def test_changed_attributes_end_in_one_line_or_an_answer(name, tmp_path):
    """A few of those that benchmarks/hostile.py tries by the thousand."""
    (modality, *_) = registry.entries()[name].constant("MODALITIES")
    data = load_dataset(
        {"tabular": "sick-healthy", "image": "digits", "text": "triage-notes"}[modality], rows=60
    )
    model = registry.create(name, data.task, modality, random_state=0, **QUICK.get(name, {}))
    sound = save(model.fit(data.X, data.y), tmp_path / "sound", dataset=data, name=name)
    rows, content = one_row(load(sound)), (sound / "model.skops").read_bytes()
    for number in range(6):
        (sound / "model.skops").write_bytes(content)
        rng = random.Random(f"{name} {number}")
        try:
            changed_attributes(sound, rng)
        except Exception:  # there was nothing to change, or skops cannot hold the change
            continue
        with suppress(InputError):
            load(sound).predict_rows(rows)
