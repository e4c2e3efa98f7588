"""Calibrated and ConformalRegressor: scikit-learn's contract, fleets, rare classes, costs."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.utils.estimator_checks import estimator_checks_generator

from deepworth import InputError
from deepworth.zoo import (
    Calibrated,
    ConformalRegressor,
    PerceptronClassifier,
    PerceptronRegressor,
    RNNClassifier,
)

# The copies of a network watch their own inner rows, so a weight is not a copied row; see test_estimator.
SKIPPED = {"check_sample_weight_equivalence_on_dense_data", "check_array_api_input"}


def network(**params):
    return PerceptronClassifier(**{"epochs": 20, "learning_rate": 0.05, "random_state": 0, **params})


def rows(n=300, seed=0, n_classes=2):
    """Two copied columns, so that naive Bayes is too sure."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=n)
    y = np.digitize(a + rng.normal(size=n), np.linspace(-0.7, 0.7, n_classes + 1)[1:-1])
    return pd.DataFrame({"a": a, "b": a + 0.1 * rng.normal(size=n)}), np.array(["no", "so", "yes"])[y]


def _checks():
    estimators = (
        Calibrated(LogisticRegression()),
        Calibrated(GaussianNB(), "isotonic"),
        Calibrated(network(epochs=30), "temperature", cv=2),
        ConformalRegressor(LinearRegression()),
        ConformalRegressor(PerceptronRegressor(epochs=30, learning_rate=0.05, random_state=0), cv=2),
    )
    for estimator in estimators:
        inner = type(estimator.estimator).__name__
        for checked, check in estimator_checks_generator(estimator):
            name = getattr(check, "func", check).__name__
            if name not in SKIPPED:
                yield pytest.param(checked, check, id=f"{inner}-{name}")


@pytest.mark.parametrize(("estimator", "check"), list(_checks()))
@pytest.mark.filterwarnings("ignore")
def test_scikit_learn_finds_its_contract_kept(estimator, check):
    check(clone(estimator))


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("method", ["auto", "temperature", "platt", "matrix", "isotonic"])
def test_naive_bayes_that_is_too_sure_is_mended(method, n_classes):
    X, y = rows(1200, n_classes=n_classes)
    model = Calibrated(GaussianNB(), method).fit(X[:600], y[:600])
    plain = GaussianNB().fit(X[:600], y[:600])
    place = np.searchsorted(model.classes_, y[600:])
    losses = [
        -np.mean(np.log(np.maximum(m.predict_proba(X[600:])[np.arange(600), place], 1e-15)))
        for m in (model, plain)
    ]
    assert losses[0] < losses[1] - 0.02
    found = model.confidence_["out_of_fold"]
    assert found["after"]["log_loss"] < found["before"]["log_loss"]
    assert model.confidence_["calibrator"]["method"] != "none"


def test_nothing_asked_for_is_the_plain_estimator():
    X, y = rows()
    model = Calibrated(GaussianNB(), "none", confidence_level=None).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), GaussianNB().fit(X, y).predict_proba(X))
    assert model.confidence_["out_of_fold"] == {}
    with pytest.raises(InputError, match="set confidence_level"):
        model.predict_set(X)


def test_costs_move_the_answer_and_nothing_else():
    X, y = rows(800)
    usual = Calibrated(GaussianNB()).fit(X, y)
    careful = Calibrated(GaussianNB(), cost_false_negative=9, cost_false_positive=1).fit(X, y)
    np.testing.assert_array_equal(careful.predict_proba(X), usual.predict_proba(X))
    assert careful.threshold_ == pytest.approx(0.1)
    expected = np.where(careful.predict_proba(X)[:, 1] >= 0.1, "so", "no")
    assert careful.predict(X).tolist() == expected.tolist()
    other = Calibrated(GaussianNB(), cost_false_negative=9, cost_false_positive=1, positive="no").fit(X, y)
    assert (other.predict(X) == "no").mean() > (usual.predict(X) == "no").mean() + 0.1


def test_uncalibrated_probabilities_get_the_threshold_that_was_cheapest():
    """Too sure by far: the threshold of honest probabilities would be the wrong one."""
    X, y = rows(2000)
    model = Calibrated(GaussianNB(), "none", cost_false_negative=9, cost_false_positive=1).fit(X, y)
    assert 0 < model.threshold_ < 0.1
    assert model.confidence_["calibrator"] == {"method": "none"}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"method": "plat"}, "did you mean platt"),
        ({"confidence_level": 1.0}, "between 0 and 1"),
        ({"cost_false_negative": 1.0}, "add --cost-false-positive"),
        (
            {"positive": "maybe", "cost_false_negative": 1, "cost_false_positive": 1},
            "no positive class 'maybe'",
        ),
    ],
)
def test_bad_parameters_are_named(params, message):
    with pytest.raises(InputError, match=message):
        Calibrated(GaussianNB(), **params).fit(*rows())


def test_costs_are_for_two_classes():
    with pytest.raises(InputError, match="two classes, the target has 3"):
        Calibrated(GaussianNB(), cost_false_negative=1, cost_false_positive=1).fit(*rows(n_classes=3))


def test_a_class_with_one_row_is_kept_and_one_row_in_all_but_one_class_is_too_few():
    X, y = rows()
    y = y.astype(object)
    y[5] = "single"
    model = Calibrated(LogisticRegression(), "platt").fit(X, y)
    assert model.classes_.tolist() == ["no", "single", "so"]
    assert np.isfinite(model.predict_proba(X)).all()
    few = Calibrated(LogisticRegression(), "platt").fit(X[:4], ["a", "a", "a", "b"])
    assert few.confidence_["calibrator"] == {"method": "none"}
    assert few.predict_set(X[:4]).all(), "nothing is known, so everything is plausible"


def test_sets_of_a_fresh_sample_hold_the_truth_as_stated():
    held = []
    for seed in range(12):
        X, y = rows(1500, seed=seed)
        model = Calibrated(GaussianNB(), confidence_level=0.8).fit(X[:500], y[:500])
        place = np.searchsorted(model.classes_, y[500:])
        held.append(model.predict_set(X[500:])[np.arange(1000), place].mean())
    assert np.mean(held) == pytest.approx(0.8, abs=0.02)


def test_intervals_of_a_fresh_sample_hold_the_truth_as_stated():
    held = []
    for seed in range(12):
        X, _ = rows(1500, seed=seed)
        y = X["a"].to_numpy() + np.random.default_rng(seed).standard_t(4, 1500)
        model = ConformalRegressor(LinearRegression(), confidence_level=0.8).fit(X[:500], y[:500])
        low, high = model.predict_interval(X[500:]).T
        held.append(np.mean((low <= y[500:]) & (y[500:] <= high)))
    assert np.mean(held) == pytest.approx(0.8, abs=0.02)
    assert model.confidence_["out_of_fold"]["coverage"] == pytest.approx(0.8, abs=0.03)


def test_groups_stay_together_where_the_folds_are_given():
    X, y = rows()
    groups = np.repeat(np.arange(60), 5)
    splits = list(GroupKFold(5).split(X, y, groups))
    model = Calibrated(GaussianNB(), "platt", cv=splits).fit(X, y)
    assert model.confidence_["out_of_fold"]["folds"] == 5
    np.testing.assert_array_equal(clone(model).fit(X, y).predict_proba(X), model.predict_proba(X))


def test_a_fleet_gives_what_single_fits_give():
    X, y = rows(200)
    folds = [np.arange(200) % 2 == part for part in (0, 1)]
    fleet = [Calibrated(network(), "platt", cv=2) for _ in folds]
    ended = {}
    own = [np.flatnonzero(f) for f in folds]
    fleet[0].fit_many(fleet, X, y, own, on_end=ended.__setitem__, first_alone=True)
    assert ended == {0: None, 1: None}
    for model, part in zip(fleet, folds, strict=True):
        alone = Calibrated(network(), "platt", cv=2).fit(X[part], y[part])
        np.testing.assert_allclose(model.predict_proba(X), alone.predict_proba(X), atol=1e-4)
        assert model.fit_seconds_ > 0


def test_a_member_of_a_fleet_that_fails_ends_with_its_error_and_the_others_go_on():
    X, y = rows(120)
    y = np.where(np.arange(120) < 40, "no", y)
    fleet = [Calibrated(network(epochs=2), "platt", cv=2) for _ in range(2)]
    ended = {}
    fleet[0].fit_many(fleet, X, y, [np.arange(40), np.arange(120)], on_end=ended.__setitem__)
    assert "one class only" in str(ended[0])
    assert ended[1] is None
    assert fleet[1].predict(X).shape == (120,)


def test_capabilities_are_those_of_the_estimator():
    for capability in ("fit_many", "keras_model", "warm_up", "n_parameters"):
        assert hasattr(Calibrated(network()), capability)
        assert not hasattr(Calibrated(GaussianNB()), capability)
    assert is_classifier(Calibrated(network()))
    assert is_regressor(ConformalRegressor(LinearRegression()))


@pytest.mark.parametrize("method", ["none", "temperature", "platt", "matrix", "isotonic"])
def test_the_keras_model_holds_the_calibrator(method):
    X, y = rows()
    model = Calibrated(network(), method).fit(X, y)
    answer = model.keras_model()({"a": X[["a"]].to_numpy(), "b": X[["b"]].to_numpy()})
    np.testing.assert_allclose(np.asarray(answer), model.predict_proba(X), atol=1e-5)


def test_texts_and_images_are_rows_too():
    texts = pd.Series(["good film", "bad film", "fine plot", "dull plot"] * 10)
    y = np.tile(["yes", "no"], 20)
    model = Calibrated(RNNClassifier(epochs=1, random_state=0), "temperature", cv=2).fit(texts, y)
    assert model.predict_set(texts).shape == (40, 2)
    assert Calibrated(RNNClassifier(epochs=1, random_state=0), "platt", cv=2).fit(list(texts), y)


def test_it_travels_and_works_inside_a_search():
    X, y = rows()
    model = pickle.loads(pickle.dumps(Calibrated(network(), "platt").fit(X, y)))
    assert model.predict(X).shape == (300,)
    search = GridSearchCV(Calibrated(GaussianNB()), {"method": ["platt", "isotonic"]}, cv=2).fit(X, y)
    assert search.best_params_["method"] in ("platt", "isotonic")


def test_an_unfitted_one_says_so():
    X, _ = rows(10)
    for ask in (Calibrated(GaussianNB()).predict_proba, Calibrated(GaussianNB()).predict_set):
        with pytest.raises(NotFittedError):
            ask(X)
    with pytest.raises(NotFittedError):
        ConformalRegressor(LinearRegression()).predict_interval(X)
