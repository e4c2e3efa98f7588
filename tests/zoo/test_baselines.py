"""One contract for every registered baseline: it learns, it takes raw rows as they come, it can be saved."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import accuracy_score, r2_score

from deepworth.zoo import registry
from deepworth.zoo.artefact.formats import count_parameters, model_bytes
from deepworth.zoo.artefact.operations import operations

N = 150
CELLS = [
    (name, task, modality)
    for name, entry in registry.entries("classical").items()
    for modality in entry.constant("MODALITIES")
    for task in entry.constant("TASKS")
]
LEARNERS = [cell for cell in CELLS if not registry.is_reference(cell[0])]
SMALL = {"random-forest": {"n_estimators": 40}, "catboost": {"iterations": 60}}


def ids(cell):
    return "-".join(cell)


def make(cell, **params):
    name, task, modality = cell
    if lacking := registry.missing_requirement(name):
        pytest.skip(lacking)
    return registry.create(name, task, modality, **{"random_state": 0, **SMALL.get(name, {}), **params})


def table(seed=0, n=N):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "size": rng.normal(size=n),
            "weight": rng.normal(size=n) * 1e4,
            "kind": rng.choice(["red", "green", "blue"], n),
            "since": pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 10**8, n), unit="s"),
            "note": pd.Series(rng.choice(["arrived late again", "paid in full today"], n), dtype="string"),
        }
    )
    signal = 2 * X["size"] + (X["kind"] == "red") * 2.0
    return X, signal.to_numpy()


def images(seed=0, n=N):
    rng = np.random.default_rng(seed)
    light = rng.uniform(-1, 1, n)
    X = rng.integers(90, 160, (n, 12, 10, 3))
    X[:, :, 5:] = np.clip(X[:, :, 5:] + 80 * light[:, None, None, None], 0, 255)
    return X.astype(np.uint8), light


def texts(seed=0, n=N):
    rng = np.random.default_rng(seed)
    mood = rng.integers(0, 3, n)
    words = np.array(["dreadful boring waste", "plain ordinary story", "lovely brilliant joy"])
    filler = rng.choice(["the film", "a book", "this play", "my evening"], n)
    return pd.Series(
        [f"{f} was {words[m]}" for f, m in zip(filler, mood, strict=True)], dtype=object
    ), mood - 1.0


def data(cell, seed=0):
    _, task, modality = cell
    X, signal = {"tabular": table, "image": images, "text": texts}[modality](seed)
    if task == "regression":
        return X, signal
    if task == "binary":
        return X, np.where(signal > 0, "yes", "no")
    low, high = np.quantile(signal, [0.33, 0.66])
    edges = (signal > low).astype(int) + (signal > high) if modality != "text" else (signal + 1).astype(int)
    return X, np.array(["a", "b", "c"])[edges]


def fit(model, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y)


def answer(model, X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


@pytest.mark.parametrize("cell", LEARNERS, ids=ids)
def test_learns(cell):
    X, y = data(cell)
    model = fit(make(cell), X, y)
    X_new, y_new = data(cell, seed=1)
    if cell[1] == "regression":
        assert r2_score(y_new, answer(model, X_new)) > 0.3
    else:
        share = max(np.unique(y_new, return_counts=True)[1]) / len(y_new)
        predicted = model.classes_[answer(model, X_new).argmax(axis=1)]
        assert accuracy_score(y_new, predicted) > share + 0.35 * (1 - share)


@pytest.mark.parametrize("cell", CELLS, ids=ids)
def test_probabilities_and_repeatability(cell):
    X, y = data(cell)
    before = X.copy()
    first, again = (answer(fit(make(cell), X, y), X) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert np.isfinite(first).all()
    if cell[1] != "regression":
        assert first.shape == (N, len(np.unique(y)))
        np.testing.assert_allclose(first.sum(axis=1), 1, atol=1e-6)
        assert (first >= 0).all()
    same = X.equals(before) if hasattr(X, "equals") else np.array_equal(X, before)
    assert same, "the caller's rows stay as they were"


def plain(value):
    """An estimator as its class and parameters, all the way down: what two clones share."""
    if hasattr(value, "get_params") and not isinstance(value, type):
        return type(value), {k: plain(v) for k, v in value.get_params(deep=False).items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    return repr(value) if isinstance(value, float) else value  # NaN does not equal itself


@pytest.mark.parametrize("cell", CELLS, ids=ids)
def test_clone_keeps_parameters(cell):
    model = make(cell)
    assert plain(clone(model)) == plain(model)
    assert set(registry.entry(cell[0]).parameters) >= {"random_state"}


@pytest.mark.parametrize("cell", {(c[0], c[2]): c for c in CELLS}.values(), ids=ids)
def test_threads_can_be_set_unless_its_file_says_no(cell):
    model = make(cell)
    names = [n for n in model.get_params() if n.rpartition("__")[2] in ("n_jobs", "thread_count")]
    if not registry.takes_threads(cell[0]):
        assert names, "nothing to say no to"
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", FutureWarning)
        model.set_params(**dict.fromkeys(names, 2)).fit(*data(cell))


ODD = {
    "tabular": lambda X: X.assign(
        size=[np.nan, np.inf, 1e300, *X["size"][3:]],
        kind=[None, "never seen", *X["kind"][2:]],
        since=[pd.NaT, *X["since"][1:]],
        note=pd.Series([pd.NA, "", *X["note"][2:]], dtype="string"),
    )[X.columns[::-1]],
    "image": lambda X: np.array([X[0, :5, :3], X[1, :, :, :1], *X[2:6]], dtype=object),
    "text": lambda X: pd.Series([None, "", "?!", "unheard of \ud83d", "a " * 5000, *X[5:]], dtype=object),
}


@pytest.mark.parametrize("cell", CELLS, ids=ids)
def test_odd_rows_get_an_answer(cell):
    """Missing, unseen, extreme, empty, other sizes, other column order."""
    X, y = data(cell)
    odd = ODD[cell[2]](X)
    found = answer(fit(make(cell), X, y), odd)
    assert len(found) == len(odd)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("cell", [c for c in CELLS if c[2] == "tabular"], ids=ids)
def test_odd_training_rows(cell):
    """Missing, constant, all-missing and extreme columns; a class of two rows."""
    X, y = data(cell)
    X = X.assign(size=X["size"].where(X.index % 3 > 0), same=1.0, never=np.nan, huge=X["size"] * 1e30)
    y = y.copy()
    if cell[1] != "regression":
        y[:2] = "rare"
    found = answer(fit(make(cell), X, y), X)
    assert np.isfinite(found).all()
    if cell[1] != "regression":
        assert found.shape[1] == len(np.unique(y))


@pytest.mark.parametrize("cell", [c for c in CELLS if c[2] == "text"], ids=ids)
def test_texts_without_words(cell):
    y = data(cell)[1]
    assert np.isfinite(answer(fit(make(cell), pd.Series([""] * N), y), pd.Series(["", "word"]))).all()


@pytest.mark.parametrize("cell", [c for c in LEARNERS if c[2] == "tabular"], ids=ids)
def test_missing_column_is_named(cell):
    X, y = data(cell)
    model = fit(make(cell), X, y)
    with pytest.raises(ValueError, match="kind"):
        answer(model, X.drop(columns="kind"))


@pytest.mark.parametrize("cell", CELLS, ids=ids)
def test_saved_model_answers_the_same(cell, tmp_path):
    from deepworth.datasets import Dataset
    from deepworth.zoo.artefact.loading import load
    from deepworth.zoo.artefact.saving import save

    X, y = data(cell)
    model = fit(make(cell), X, y)
    folder = save(model, tmp_path / "model", dataset=Dataset("made", X, y, cell[1], cell[2]), name=cell[0])
    loaded = load(folder)
    predicted = loaded.predict_proba(X) if cell[1] != "regression" else loaded.predict(X)
    np.testing.assert_allclose(predicted, answer(model, X), atol=1e-12)
    assert model_bytes(model) == (folder / "model.skops").stat().st_size
    assert count_parameters(model) > 0
    counted = operations(loaded, X)
    if counted["flops"] is None:
        assert counted["flops_by"].startswith("not counted: ")
        assert not registry.entry(cell[0]).constant("OPERATIONS"), counted["flops_by"]
    else:
        assert counted["flops"] >= 0


@pytest.mark.parametrize("entry", registry.entries("classical").values(), ids=lambda entry: entry.name)
def test_facts_are_known(entry):
    """A misspelt constant would be a fact that nobody reads."""
    stated = {name for name in vars(entry.module) if name.isupper() and not name.startswith("_")}
    assert stated <= registry.FACTS_OF["classical"]


def test_parameter_counts_of_models_that_can_be_counted():
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(100, 4)), columns=list("abcd"))
    y = np.where(X["a"] > 0, "p", "q")
    linear = registry.create("logistic-regression", "binary", "tabular").fit(X, y)
    # 4 weights and an intercept; the scaler keeps mean, variance and scale; the imputer 4 medians
    assert count_parameters(linear[-1]) == 5 + len(linear[-1].n_iter_)
    assert count_parameters(linear) >= 5 + 3 * 4 + 4
    neighbours = registry.create("k-nearest-neighbours", "binary", "tabular").fit(X, y)
    assert count_parameters(neighbours) >= 100 * 4


def test_nb_svm_follows_its_paper():
    """Log-count ratios of an example worked by hand, alpha 1 (Wang and Manning 2012, section 2.3)."""
    from sklearn.svm import LinearSVC

    from deepworth.zoo.baselines._pipelines import NBSVM

    model = NBSVM(LinearSVC(), beta=1.0, ngrams=(1, 1)).fit(
        ["good good film", "good play", "bad film", "bad play"], ["+", "+", "-", "-"]
    )
    # present in documents: + {good 2, film 1, play 1}, - {bad 2, film 1, play 1}; smoothed by 1, sums 8
    # documents with each word: + {good 2, film 1, play 1}, - {bad 2, film 1, play 1}; smoothed p and q are
    # (1, 2, 3, 2) and (3, 2, 1, 2) in the order bad, film, good, play, each with sum 8
    assert model.words_.vectoriser_.get_feature_names_out().tolist() == ["bad", "film", "good", "play"]
    assert model.classes_.tolist() == ["+", "-"]  # "-" is the class that positive scores speak for
    ratio = np.log(np.array([3, 2, 1, 2]) / np.array([1, 2, 3, 2]))
    present = np.array([[0, 1, 1, 0], [0, 0, 1, 1], [1, 1, 0, 0], [1, 0, 0, 1]]) * ratio
    expected = LinearSVC().fit(present, [False, False, True, True]).coef_[0] * ratio
    np.testing.assert_allclose(model.coef_[0], expected, rtol=1e-3)
    assert model.predict(["good", "bad"]).tolist() == ["+", "-"]
