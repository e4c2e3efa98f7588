"""Importance, groups, curves and coefficients against closed forms, other libraries and simulation."""

from __future__ import annotations

from inspect import signature

import numpy as np
import pandas as pd
import pytest
from scipy.stats import contingency, spearmanr
from sklearn.inspection import partial_dependence
from sklearn.inspection import permutation_importance as theirs
from sklearn.linear_model import LogisticRegression

from deepworth import InputError, load_dataset
from deepworth.zoo import registry
from deepworth.zoo.explanation import (
    associations,
    coefficients,
    column_groups,
    dependence,
    permutation_importance,
    rank_agreement,
)
from deepworth.zoo.explanation.importance import _derangement, correlated_words, cramers_v
from deepworth.zoo.results.explanation import Importance, ImportantPart

pytestmark = pytest.mark.xdist_group("networks")


class Known:
    """y = 2 a - b, whatever else is in the table."""

    def fit(self, X, y):
        return self

    def predict(self, X):
        return (2 * X["a"] - X["b"]).to_numpy()


def known_table(n, seed, extra=1):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({c: rng.normal(size=n) for c in ["a", "b", *(f"n{i}" for i in range(extra))]})
    return table, Known().predict(table) + rng.normal(size=n)


def by_part(found):
    return {part.part: part for part in found.parts}


def test_importance_of_a_linear_model_is_its_closed_form():
    """Twice the squared weight times the variance, over the target's: 8/6 and 2/6."""
    table, y = known_table(1000, 0)
    found = by_part(permutation_importance(Known(), table, y, "tabular"))
    for part, expected in (("a", 8 / 6), ("b", 2 / 6), ("n0", 0.0)):
        assert found[part].importance == pytest.approx(expected, rel=0.12, abs=1e-12)
    assert found["n0"].low == found["n0"].high == 0.0


def test_intervals_hold_the_true_importance():
    """In 200 samples of 100 rows: 95 of 100, less three standard errors."""
    held = []
    for seed in range(200):
        table, y = known_table(100, seed, extra=0)
        part = by_part(permutation_importance(Known(), table, y, "tabular", seed=seed))["a"]
        spread = np.mean((y - y.mean()) ** 2)
        held.append(part.low * spread <= 8.0 <= part.high * spread)
    assert 0.90 <= np.mean(held) <= 0.99


def test_importance_is_that_of_scikit_learn_with_its_loss():
    table, y = known_table(400, 1)

    def brier(model, X, truth):
        return -np.mean((model.predict(X) - truth) ** 2)

    other = theirs(Known(), table, y, scoring=brier, n_repeats=30, random_state=0).importances_mean
    own = by_part(permutation_importance(Known(), table, y, "tabular", repeats=30))
    spread = np.mean((y - y.mean()) ** 2)
    for column, value in zip(table.columns, other, strict=True):
        assert own[column].importance * spread == pytest.approx(value, rel=0.05, abs=1e-9)


def test_columns_that_go_together_are_shuffled_together():
    table, y = known_table(500, 2)
    table["copy"] = table["a"] + 0.01 * np.random.default_rng(0).normal(size=500)
    assert ["a", "copy"] in column_groups(table)
    found = by_part(permutation_importance(Known(), table, y, "tabular"))
    assert found["a + copy"].members == ("a", "copy")
    alone = by_part(permutation_importance(Known(), table, y, "tabular", grouped=False))
    assert alone["copy"].importance == 0.0


def test_associations_against_other_libraries():
    rng = np.random.default_rng(0)
    a, colour = rng.normal(size=300), rng.choice(list("rgb"), 300)
    table = pd.DataFrame(
        {
            "a": a,
            "b": a**3 + rng.normal(size=300),
            "c": colour,
            "d": np.where(rng.random(300) < 0.8, colour, "r"),
        }
    )
    found = associations(table)
    assert found[0, 1] == pytest.approx(abs(spearmanr(table["a"], table["b"]).statistic))
    plain = contingency.association(pd.crosstab(table["c"], table["d"]).to_numpy(), method="cramer")
    assert found[2, 3] == pytest.approx(plain, abs=0.02)
    assert np.allclose(found, found.T)
    assert found[0, 2] < 0.15
    by_rank = pd.DataFrame({"x": a, "half": np.where(a > 0, "up", "down")})
    assert associations(by_rank)[0, 1] > 0.8


def test_cramers_v_of_unrelated_codes_is_not_inflated():
    rng = np.random.default_rng(1)
    values = [cramers_v(rng.integers(0, 15, 200), rng.integers(0, 15, 200)) for _ in range(50)]
    assert np.mean(values) < 0.1


def test_no_row_is_its_own_donor():
    donors = _derangement(50, np.random.default_rng(0))
    assert not (donors == np.arange(50)).any()
    assert sorted(donors.tolist()) == list(range(50))


def test_images_and_texts_have_parts_too(digits_network, notes_network):
    data, model = digits_network
    found = permutation_importance(model, data.X[:200], data.y[:200], "image", data.classes, repeats=2)
    assert len(found.parts) == 16
    assert found.parts[0].part.startswith("row ")
    corner = by_part(found)["row 1, column 1 of 4 x 4"]
    assert corner.importance < found.parts[0].importance
    notes, reader = notes_network
    words = permutation_importance(reader, notes.X.iloc[:100], notes.y[:100], "text", notes.classes)
    assert 1 <= len(words.parts) <= 30
    sizes = np.empty(2, dtype=object)
    sizes[:] = [np.zeros((4, 4, 1), np.uint8), np.zeros((5, 4, 1), np.uint8)]
    odd = permutation_importance(model, sizes, data.y[:2], "image", data.classes)
    assert "different sizes" in odd.reason


def test_correlated_words_are_those_that_predict_the_target():
    texts = ["good film today", "bad film today", "good one", "bad one"] * 10
    truth = np.array([[1.0], [0.0], [1.0], [0.0]] * 10)
    assert set(correlated_words(texts, truth, most=2)) == {"good", "bad"}
    assert correlated_words(["a", "b"], np.ones((2, 1))) == []


@pytest.mark.skipif(
    "custom_values" not in signature(partial_dependence).parameters,
    reason="this scikit-learn takes no values to set a column to",
)
def test_partial_dependence_is_that_of_scikit_learn():
    data = load_dataset("iris")
    model = registry.create("logistic-regression", "multiclass", "tabular").fit(data.X, data.y)
    column = str(data.X.columns[2])
    own = dependence(model, data.X, data.classes, columns=[column])[0]
    grid = {column: np.array(own.grid)}
    other = partial_dependence(
        model, data.X, [column], custom_values=grid, method="brute", response_method="predict_proba"
    )
    for i, name in enumerate(data.classes):
        assert np.allclose(own.mean[name], other["average"][i])
    assert len(own.curves[0]) == len(own.grid)


def test_curves_of_categories_and_of_missing_numbers(mixed_table, answers_of):
    model = registry.create("random-forest", "binary", "tabular", n_estimators=20)
    model.fit(mixed_table, answers_of["binary"])
    found = {c.column: c for c in dependence(model, mixed_table, ("no", "yes"))}
    assert set(found) == {"a", "b", "c", "d"}  # dates have no curve
    assert found["c"].kind == "category"
    best = max(range(3), key=found["c"].mean["yes"].__getitem__)
    assert found["c"].grid[best] == "x"
    assert found["a"].range > 4 * found["b"].range
    with pytest.raises(InputError, match="no column 'e'"):
        dependence(model, mixed_table, ("no", "yes"), columns=["e"])


def test_coefficients_are_in_raw_units(mixed_table, answers_of):
    """The known slopes of a noise-free target: 30 a unit of a, 10 for c = x against the others."""
    model = registry.create("linear-regression", "regression", "tabular")
    model.fit(mixed_table, answers_of["regression"])
    found = {line.feature: line.coefficient["value"] for line in coefficients(model)}
    assert found["a"] == pytest.approx(30, abs=0.05)
    assert found["c = x"] - found["c = y"] == pytest.approx(10, abs=0.1)
    assert found["b missing"] == pytest.approx(0, abs=0.1)
    assert coefficients(model)[0].column == "a"


@pytest.mark.parametrize("name", ["logistic-regression", "linear-svm"])
def test_every_coefficient_belongs_to_a_raw_column(name, mixed_table, answers_of):
    model = registry.create(name, "multiclass", "tabular").fit(mixed_table, answers_of["multiclass"])
    found = coefficients(model, ("high", "low", "middle"))
    assert {line.column for line in found} == set(mixed_table.columns)
    assert set(found[0].coefficient) == {"high", "low", "middle"}


def test_words_have_coefficients_and_forests_none(mixed_table, answers_of):
    texts = pd.Series(["good film", "bad film", "good work", "bad work"] * 10)
    y = np.array(["+", "-", "+", "-"] * 10)
    model = registry.create("tfidf-logistic-regression", "binary", "text").fit(texts, y)
    found = {line.feature: line.coefficient["-"] for line in coefficients(model, ("+", "-"))}
    assert found["bad"] > 0 > found["good"]
    forest = registry.create("random-forest", "binary", "tabular", n_estimators=3)
    assert coefficients(forest.fit(mixed_table, answers_of["binary"]), ("no", "yes")) is None
    assert coefficients(LogisticRegression(), ("no", "yes")) is None


def test_rank_agreement():
    def found(**values):
        parts = tuple(ImportantPart(name, (name,), value, value, value) for name, value in values.items())
        return Importance(10, "unit", 1.0, 0.95, parts)

    one = found(a=3.0, b=2.0, c=1.0)
    assert rank_agreement(one, found(a=30.0, b=2.5, c=0.1)) == pytest.approx(1.0)
    assert rank_agreement(one, found(a=1.0, b=2.0, c=3.0)) == pytest.approx(-1.0)
    assert rank_agreement(one, found(a=1.0, b=2.0)) is None
    assert rank_agreement(one, found(a=1.0, b=1.0, c=1.0)) is None
