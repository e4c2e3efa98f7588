"""One contract over every network of the catalogue, for each of its tasks."""

import copy
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from deepworth.zoo import registry

# Small instances, so that real code paths run in seconds; a model that is not named here runs as it is.
TINY = {
    "perceptron": {"epochs": 60, "learning_rate": 0.05},
    "shallow-mlp": {"hidden_units": 16, "epochs": 40, "learning_rate": 0.01},
    "plain-mlp": {"hidden_units": (16, 16), "epochs": 40, "learning_rate": 0.01},
    "deep-mlp": {"hidden_units": (16, 16), "batch_size": 32},
    "tabm": {"hidden_units": (16,), "members": 4, "epochs": 30, "learning_rate": 0.01},
    "embedding-bag": {"embedding_dim": 8, "epochs": 15, "learning_rate": 0.02},
    "text-cnn": {"embedding_dim": 8, "filters": 8, "dropout": 0.1, "epochs": 15, "learning_rate": 0.02},
    "wide-mlp": {"hidden_units": 16, "epochs": 15, "learning_rate": 0.02},
    "cnn": {"width": 8, "epochs": 15, "learning_rate": 0.02, "validation_fraction": 0.15},
    "plain-cnn": {"filters": (4, 8), "dense_units": 16, "dropout": 0.1, "epochs": 15, "learning_rate": 0.01},
    "rnn": {"embedding_dim": 8, "recurrent_units": 8, "dropout": 0.1, "epochs": 15, "learning_rate": 0.02},
}
CASES = [(name, task) for name, entry in registry.entries("deep").items() for task in entry.constant("TASKS")]
N_TRAIN = 160
CLASSES = {"binary": ["no", "yes"], "multiclass": ["bird", "cat", "dog"]}
WORDS = [["bad", "awful", "poor"], ["good", "fine", "great"], ["odd", "strange", "weird"]]

every_case = pytest.mark.parametrize(("name", "task"), CASES)
one_task_each = pytest.mark.parametrize(
    ("name", "task"), list({name: (name, task) for name, task in reversed(CASES)}.values())
)


def modality(name):
    return registry.entry(name).constant("MODALITIES")[0]


def levels_of(task):
    """How many groups the rows fall into; a regression's value grows with the group."""
    return 2 if task == "binary" else 3


def table(group, rng):
    n = len(group)
    return pd.DataFrame(
        {
            "signal": group + rng.normal(0, 0.15, n),
            "noise": np.where(rng.random(n) < 0.1, np.nan, rng.normal(0, 5, n)),
            "constant": 1.0,
            "colour": pd.Categorical(rng.choice(["red", "green", "blue"], n)),
            "street": [f"street {i}" for i in rng.integers(0, 15, n)],
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 700, n), "D"),
            "note": pd.array(rng.choice(["came alone today", "with a friend", "late again"], n), "string"),
        }
    )


def images(group, rng):
    found = rng.integers(0, 60, (len(group), 12, 12, 1))
    for image, g in zip(found, group, strict=True):
        image[4 * g : 4 * g + 4] += 150
    return found.astype(np.uint8)


def texts(group, rng):
    filler = ["the", "day", "was", "long", "and", "we", "went", "home"]
    rows = [[*rng.choice(filler, 5), *rng.choice(WORDS[g], 2)] for g in group]
    return pd.Series([" ".join(rng.permutation(row)) for row in rows])


MAKERS = {"tabular": table, "image": images, "text": texts}


@cache
def data(kind, task, seed, n=N_TRAIN):
    """Rows that can be told apart almost perfectly, and their target."""
    rng = np.random.default_rng(seed)
    group = rng.permutation(np.arange(n) % levels_of(task))
    X = MAKERS[kind](group, rng)
    if task == "regression":
        return X, 1000.0 + 50.0 * group + rng.normal(0, 5.0, n)
    return X, np.array(CLASSES[task])[group]


def new(name, task, **params):
    return registry.create(name, task, modality(name), **{"random_state": 0, **TINY.get(name, {}), **params})


@cache
def fitted(name, task, seed=0):
    return new(name, task, random_state=seed).fit(*data(modality(name), task, 1))


def unusual(kind):
    """Rows unlike those of training: nothing known, never seen, far away, empty, of another size."""
    if kind == "tabular":
        X, _ = data("tabular", "multiclass", 2)
        X = X.head(6).reset_index(drop=True).astype({"colour": object, "note": object, "street": object})
        X.loc[0] = None
        X.loc[1, ["signal", "noise"]] = [1e30, -1e30]
        X.loc[2, ["signal", "noise"]] = [np.inf, -np.inf]
        X.loc[3, ["colour", "street"]] = ["ultraviolet", "[UNK]"]
        X.loc[4, "note"] = ""
        X["constant"] = [1.0, 2.0, np.nan, 1.0, 1e9, 1.0]
        return X
    if kind == "image":
        X = np.empty(4, dtype=object)
        for i, shape in enumerate([(12, 12, 1), (40, 9, 1), (1, 1, 1), (200, 300, 3)]):
            X[i] = np.full(shape, 40 * i, np.uint8)
        return X
    return pd.Series(
        ["", "  ", "zyzzyva quux", "\u00e9t\u00e9 \u5929\u6c17 \U0001f600", "good " * 3000, None]
    )


def answers(estimator, X):
    return estimator.predict_proba(X) if hasattr(estimator, "predict_proba") else estimator.predict(X)


@pytest.mark.parametrize("entry", registry.entries("deep").values(), ids=lambda entry: entry.name)
def test_facts_are_known(entry):
    """A misspelt constant would be a fact that nobody reads."""
    stated = {name for name in vars(entry.module) if name.isupper() and not name.startswith("_")}
    assert stated <= registry.FACTS_OF["deep"]


@pytest.mark.parametrize("seed", range(3))
@every_case
def test_learns_what_can_be_learned(name, task, seed):
    X, y = data(modality(name), task, 2)
    score = fitted(name, task, seed).score(X, y)  # accuracy, or R2
    naive = 0.0 if task == "regression" else 1 / len(CLASSES[task])
    assert score > naive + 0.3


@every_case
def test_answers_have_the_shapes_and_types_of_scikit_learn(name, task):
    estimator, (X, _) = fitted(name, task), data(modality(name), task, 2)
    assert estimator.predict(X).shape == (len(X),)
    if task == "regression":
        assert estimator.predict(X).dtype == np.float64
        return
    probabilities = estimator.predict_proba(X)
    assert estimator.classes_.tolist() == CLASSES[task]
    assert probabilities.shape == (len(X), len(CLASSES[task]))
    assert probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-12)
    assert (estimator.predict(X) == estimator.classes_[probabilities.argmax(axis=1)]).all()


@every_case
def test_one_row_is_answered_as_among_many(name, task):
    estimator, (X, _) = fitted(name, task), data(modality(name), task, 2)
    one = X.iloc[3:4] if hasattr(X, "iloc") else X[3:4]
    np.testing.assert_allclose(answers(estimator, one)[0], answers(estimator, X)[3], rtol=1e-5, atol=1e-6)


@every_case
def test_history_tells_the_epochs_and_the_best_is_kept(name, task):
    estimator = fitted(name, task)
    losses = estimator.history_
    assert set(losses) == {"loss", "val_loss"}
    assert len(losses["loss"]) == len(losses["val_loss"]) == estimator.n_iter_ <= estimator.epochs
    assert estimator.best_epoch_ == int(np.argmin(losses["val_loss"]))
    assert estimator.n_parameters() == sum(int(np.prod(v.shape)) for v in estimator.model_.weights)
    assert estimator.fit_seconds_ > 0


@one_task_each
def test_parameters_are_those_of_build_and_of_training(name, task):
    estimator = new(name, task)
    own = set(registry.entry(name).parameters)
    training = {"epochs", "batch_size", "learning_rate", "patience", "validation_fraction", "random_state"}
    assert own | training <= set(estimator.get_params())
    assert set(estimator.get_params()) == set(registry.parameters(name)) - (
        {"class_weight", "label_smoothing"} if task == "regression" else set()
    )
    copy = clone(estimator)
    assert copy.get_params() == estimator.get_params()
    assert copy.set_params(epochs=3).epochs == 3
    assert not hasattr(clone(fitted(name, task)), "model_")


@every_case
def test_a_pickle_answers_the_same(name, task):
    estimator, X = fitted(name, task), unusual(modality(name))
    copy = pickle.loads(pickle.dumps(estimator))
    assert type(copy) is type(estimator)
    np.testing.assert_array_equal(answers(copy, X), answers(estimator, X))


@every_case
def test_unusual_rows_are_answered_with_numbers(name, task):
    found = answers(fitted(name, task), unusual(modality(name)))
    assert np.isfinite(found).all()
    assert len(np.unique(found.round(6), axis=0)) > 1, "every row got the same answer"


@every_case
def test_the_same_seed_gives_the_same_numbers(name, task):
    X, y = data(modality(name), task, 1)
    again = new(name, task).fit(X, y)
    np.testing.assert_array_equal(answers(again, X), answers(fitted(name, task), X))
    assert not np.array_equal(answers(fitted(name, task, 1), X), answers(again, X))


@every_case
def test_the_exported_model_takes_raw_rows_and_agrees(name, task, tmp_path):
    import keras
    import tensorflow as tf

    estimator = fitted(name, task)
    usual, odd = data(modality(name), task, 2)[0], unusual(modality(name))
    model = estimator.keras_model()
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    for X in (usual, odd):
        raw = {k: tf.constant(v) for k, v in estimator.preprocessor_.raw_arrays(X).items()}
        expected = answers(estimator, X).reshape(len(X), -1)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(model(raw), expected, atol=1e-5 * scale)
        np.testing.assert_array_equal(reloaded(raw), model(raw))


@one_task_each
def test_preprocessing_learns_from_training_rows_only(name, task):
    """The rows that watch for the best epoch are unseen: what is special in them leaves no trace."""
    estimator, (X, y) = new(name, task), data(modality(name), task, 1)
    estimator._plan(0, X, y, None, None)
    [(train, watching)] = estimator._inner_splits(np.unique(y, return_inverse=True)[1])
    assert len(watching) == round(estimator.validation_fraction * len(y))
    assert not set(train) & set(watching)
    rows = X.iloc[train] if hasattr(X, "iloc") else X[train]
    alone = estimator._new_preprocessor().fit(rows)
    for learned in ("columns", "words", "size"):
        assert getattr(alone, learned, None) == getattr(estimator.preprocessor_, learned, None)
    if hasattr(alone, "terms"):
        assert alone.terms.terms == estimator.preprocessor_.terms.terms
        np.testing.assert_array_equal(alone.idf, estimator.preprocessor_.idf)


@every_case
def test_an_ensemble_answers_with_the_mean_of_its_members_in_one_keras_model(name, task, tmp_path):
    import keras
    import tensorflow as tf

    X, y = data(modality(name), task, 1)
    estimator = new(name, task, ensemble=True, ensemble_size=2, epochs=2).fit(X, y)
    assert [set(member["history"]) for member in estimator.members_] == [{"loss", "val_loss"}] * 2
    assert estimator.n_parameters() == 2 * estimator._members[0].count_params()
    odd = unusual(modality(name))
    alone = []
    for member in estimator._members:
        single = copy.copy(estimator)
        single._members = [member]
        alone.append(answers(single, odd))
    expected = answers(estimator, odd)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(expected, np.mean(alone, axis=0), atol=1e-5 * scale)
    assert not np.allclose(*alone), "members differ"
    again = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(answers(again, odd), expected)
    estimator.keras_model().save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    raw = {k: tf.constant(v) for k, v in estimator.preprocessor_.raw_arrays(odd).items()}
    np.testing.assert_allclose(
        np.asarray(reloaded(raw)).reshape(len(odd), -1), expected.reshape(len(odd), -1), atol=1e-5 * scale
    )


@every_case
def test_estimators_fitted_together_are_those_fitted_alone(name, task):
    """Different rows of the same data, one fleet: bit for bit what ``fit`` on these rows gives."""
    X, y = data(modality(name), task, 1)
    halves = [np.arange(len(y))[::2], np.arange(len(y))[1::2], np.arange(len(y) // 2)]
    together = [new(name, task, random_state=i, epochs=2) for i in range(3)]
    ended = {}
    together[0].fit_many(together, X, y, halves, on_end=ended.__setitem__)
    assert ended == {0: None, 1: None, 2: None}
    for i, rows in enumerate(halves):
        own = X.iloc[rows] if hasattr(X, "iloc") else X[rows]
        alone = new(name, task, random_state=i, epochs=2).fit(own, y[rows])
        assert alone.history_ == together[i].history_
        np.testing.assert_array_equal(answers(alone, X), answers(together[i], X))


def test_a_spawned_process_answers_the_same():
    cases = [(name, task) for name, task in CASES if task != "multiclass"]
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        jobs = [pool.submit(fitted(*case).predict, unusual(modality(case[0]))) for case in cases]
        for case, job in zip(cases, jobs, strict=True):
            expected = fitted(*case).predict(unusual(modality(case[0])))
            np.testing.assert_array_equal(job.result(timeout=120), expected)
