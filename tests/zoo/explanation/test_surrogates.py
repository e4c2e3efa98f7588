"""Surrogates: models that a small tree or a few terms can imitate, and those that they cannot."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import OrthogonalMatchingPursuit
from sklearn.metrics import r2_score

from deepworth import compare, load_dataset
from deepworth.zoo.explanation import surrogates
from deepworth.zoo.explanation.surrogate_models import Answers, _fit_linear, _fit_tree, fidelity, readable
from deepworth.zoo.runs.store import read_run
from deepworth.zoo.workflows.verdict import verdict

pytestmark = pytest.mark.xdist_group("surrogates")

RNG = np.random.default_rng(0)
N = 600
TABLE = pd.DataFrame(
    {
        "a": RNG.normal(size=N),
        "b": RNG.normal(size=N),
        "c": RNG.normal(size=N),
        "colour": RNG.choice(["red", "green", "blue"], N),
    }
)
FOLDS = np.arange(N) % 5


def said(values, folds=FOLDS):
    return {"model": Answers(np.arange(N), np.asarray(values, dtype=float), folds)}


def test_a_linear_model_is_imitated_perfectly_by_the_linear_surrogate():
    values = 3.0 * TABLE["a"] - 2.0 * TABLE["b"] + 5.0 * (TABLE["colour"] == "red")
    found = surrogates(TABLE, "tabular", (), said(values))["model"]
    assert found.fidelity_linear == pytest.approx(1.0, abs=1e-6)
    assert found.fidelity_tree < 0.9
    terms = {t.feature: t.coefficient["value"] for t in found.linear.terms}
    assert terms["a"] == pytest.approx(3.0, abs=1e-6)
    assert terms["b"] == pytest.approx(-2.0, abs=1e-6)
    assert found.agreement_tree is None


def test_the_sum_of_the_terms_is_the_answer():
    values = (3.0 * TABLE["a"] - 2.0 * TABLE["b"] + 1.5).to_numpy()
    linear = surrogates(TABLE, "tabular", (), said(values))["model"].linear
    total = linear.intercept["value"] + sum(
        t.coefficient["value"] * TABLE[t.feature] for t in linear.terms if t.feature in TABLE
    )
    assert np.allclose(total, values, atol=1e-6)


def test_a_few_rules_are_imitated_by_the_tree():
    yes = (TABLE["a"] > 0.3) & (TABLE["colour"] == "red")
    share = np.where(yes, 0.9, 0.2)
    found = surrogates(TABLE, "tabular", ("no", "yes"), said(np.stack([1 - share, share], axis=1)))["model"]
    assert found.fidelity_tree > 0.97
    assert found.agreement_tree > 0.98
    assert len(found.tree) <= 8
    sure = max(found.tree, key=lambda rule: rule.answer["yes"])
    assert sure.answer["yes"] == pytest.approx(0.9, abs=0.02)
    assert any(c.startswith("a > 0.") for c in sure.conditions)
    assert sum(rule.share for rule in found.tree) == pytest.approx(1.0)


def test_splits_on_one_column_are_one_condition():
    table = TABLE.assign(a=np.where(np.arange(N) % 10 == 0, np.nan, TABLE["a"]))
    values = np.where(
        table["a"].isna(), 9.0, np.where(table["a"] > 0.5, 5.0, np.where(table["a"] > -0.5, 1.0, 0.0))
    )
    rules = surrogates(table, "tabular", (), said(values))["model"].tree
    by_answer = {round(rule.answer): rule.conditions for rule in rules if len(rule.conditions) == 1}
    assert by_answer[9] == ("a missing",)
    assert re.fullmatch(r"-0\.\d+ < a <= 0\.\d+", by_answer[1][0])
    assert re.fullmatch(r"a > 0\.\d+", by_answer[5][0])


def test_noise_cannot_be_imitated_and_a_constant_can():
    noise = surrogates(TABLE, "tabular", (), said(np.random.default_rng(1).normal(size=N)))["model"]
    assert max(noise.fidelity_tree, noise.fidelity_linear) < 0.05
    by_fold = surrogates(TABLE, "tabular", (), said(FOLDS * 1.0))["model"]  # each fold's mean, as `constant`
    assert by_fold.fidelity_tree == by_fold.fidelity_linear == 1.0


def test_fidelity_is_r_squared_of_rows_that_the_surrogate_did_not_see():
    """Against scikit-learn's score, fold means left in: with one fold both are the same number."""
    target = RNG.normal(size=(200, 1))
    predicted = target + 0.3 * RNG.normal(size=(200, 1))
    assert fidelity(target, predicted, np.zeros(200)) == pytest.approx(r2_score(target, predicted))
    memorised = surrogates(TABLE, "tabular", (), said(RNG.normal(size=N), np.zeros(N)))["model"]
    assert memorised.fidelity_tree < 0.1  # a single test part is dealt out, not learned by heart


def test_greedy_terms_are_those_of_orthogonal_matching_pursuit():
    values = RNG.normal(size=(300, 30))
    target = values @ RNG.normal(size=(30, 1)) + RNG.normal(size=(300, 1))
    own = _fit_linear(values, target)
    scaled = (values - values.mean(axis=0)) / values.std(axis=0)
    theirs = OrthogonalMatchingPursuit(n_nonzero_coefs=8).fit(scaled, target[:, 0])
    assert sorted(own.chosen) == np.flatnonzero(theirs.coef_).tolist()
    assert np.allclose(own.predict(values)[:, 0], theirs.predict(scaled))


def test_sizes_are_bounded():
    values, target = RNG.normal(size=(500, 40)), RNG.normal(size=(500, 3))
    assert _fit_tree(values, target).model.get_n_leaves() <= 8
    assert len(_fit_linear(values, target).chosen) <= 8


def test_columns_of_every_kind_are_readable():
    table = pd.DataFrame(
        {
            "n": [1.0, np.nan, np.inf, 4.0] * 10,
            "day": pd.date_range("2020-01-01", periods=40),
            "size": ["s", "m"] * 20,
            "note": [
                "the pain is bad today and worse at night than it was",
                "all fine and quiet at home again",
            ]
            * 20,
        }
    ).astype({"note": "string"})
    found = readable(table, "tabular")
    labels = [f.label for f in found.features]
    assert labels[:3] == ["n", "day in days since 1970", "size = m"]
    assert np.isnan(found.values[1:3, 0]).all()
    assert {f.column for f in found.features} == {"n", "day", "size", "note"}


@pytest.mark.parametrize(
    "values", [pd.DataFrame({"x": [np.nan] * 40}), pd.DataFrame({"id": [f"k{i}" for i in range(40)]})]
)
def test_the_surrogate_of_an_uninformative_table_is_a_constant(values):
    answers = {"m": Answers(np.arange(40), RNG.normal(size=40), np.arange(40) % 4)}
    found = surrogates(values, "tabular", (), answers)["m"]
    assert len(found.tree) == 1
    assert found.linear.terms == ()
    assert found.fidelity_linear < 0.2


def test_images_of_any_size_and_texts_without_common_words():
    pictures = np.empty(3, dtype=object)
    pictures[:] = [np.full((h, w, 1), 51, np.uint8) for h, w in ((3, 50), (40, 4), (8, 8))]
    cells = readable(pictures, "image")
    assert cells.values.shape == (3, 36)
    assert np.allclose(cells.values, 0.2)
    assert readable(pd.Series(["one", "two", "three"]), "text").values.shape == (3, 0)


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    names = ["constant", "logistic-regression", "hist-gradient-boosting"]
    dataset = load_dataset("sick-healthy").take(np.arange(400))
    return compare(dataset, models=names, folds=3, store=tmp_path_factory.mktemp("runs"), jobs=0)


def test_a_comparison_reports_the_fidelity_of_surrogates(compared):
    rows = {row.model: row for row in compared.answer.leaderboard}
    assert rows["constant"].fidelity == 1.0
    logistic, boosted = rows["logistic-regression"], rows["hist-gradient-boosting"]
    assert logistic.fidelity_linear > 0.8 > boosted.fidelity_linear
    assert logistic.fidelity == max(logistic.fidelity_linear, logistic.fidelity_tree)
    assert {"fidelity", "fidelity_tree"} <= set(compared.leaderboard().columns)
    leaves = compared.to_dict()["explanations"]["surrogates"]["hist-gradient-boosting"]["tree"]
    assert 2 <= len(leaves) <= 8


def test_surrogates_are_kept_with_the_run(compared):
    kept = read_run(Path(compared.path)).answer
    assert kept.explanations == compared.answer.explanations
    again = verdict(compared.path, metric="brier").answer
    by_model = {row.model: row.fidelity for row in again.leaderboard}
    assert by_model == {row.model: row.fidelity for row in compared.answer.leaderboard}


def test_a_surrogate_that_imitates_nothing_is_not_shown(compared, monkeypatch):
    """As of every image model: "0 %" would look like a finding about the model."""
    boosted = next(row for row in compared.answer.leaderboard if row.model == "hist-gradient-boosting")
    monkeypatch.setattr("deepworth.zoo.judging.leaderboard.IMITATES", boosted.fidelity + 1e-6)
    rows = {row.model: row for row in verdict(compared.path).answer.leaderboard}
    unlike = rows["hist-gradient-boosting"]
    assert (unlike.fidelity, unlike.fidelity_tree, unlike.fidelity_linear) == (None, None, None)
    assert rows["logistic-regression"].fidelity is not None


def test_a_broken_surrogate_costs_no_comparison(monkeypatch):
    from deepworth.zoo.workflows import _comparison

    monkeypatch.setattr(_comparison, "surrogates", lambda *a, **k: 1 / 0)
    result = compare("iris", models=["constant"], folds=2, store=False, jobs=0)
    assert result.answer.leaderboard[0].fidelity is None
    assert result.answer.explanations.failed.startswith("ZeroDivisionError")
