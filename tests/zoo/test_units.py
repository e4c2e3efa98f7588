"""No unit of measurement changes what a model learns: every model of tables, columns and target rescaled.

A number in other units (mol/l, erg/s, seconds since 1970) is the same number. So each model has the same
score when all columns and the target are multiplied or shifted; that of ordinary units is the reference.
"""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeRegressor

import deepworth
from deepworth.zoo import registry
from deepworth.zoo.explanation import Answers, coefficients, surrogates
from deepworth.zoo.judging.intervals import correlated_t
from deepworth.zoo.metrics import METRICS, Truth, default_margin, evaluate, influence_values, weighted_scores
from deepworth.zoo.preprocessing.scales import (
    LARGEST,
    ColumnScaler,
    TargetScaler,
    centre_and_spread,
    column_scale,
    densest,
    mean_and_deviation,
    undo,
)
from deepworth.zoo.report.words import number, signed

pytestmark = pytest.mark.xdist_group("units")

N, TRAIN = 240, 160
SMALL = {"epochs": 3, "n_estimators": 20, "iterations": 30, "max_iter": 30}
# Factor and offset of the columns, and of the target.
UNITS = {
    "ordinary": ((1.0, 0.0), (1.0, 0.0)),
    "1e-9": ((1e-9, 0.0), (1e-9, 0.0)),
    "1e9": ((1e9, 0.0), (1e9, 0.0)),
    "1e9 more": ((1.0, 1e9), (1.0, 1e9)),
    "1e44": ((1e44, 0.0), (1e-44, 0.0)),
    "1e-200": ((1e-200, 0.0), (1e200, 0.0)),
    "1e300": ((1e300, 0.0), (1e-200, 0.0)),
}
CELLS = [
    (name, task)
    for name, entry in registry.entries().items()
    for task in ("regression", "binary")
    if "tabular" in entry.constant("MODALITIES") and task in entry.constant("TASKS")
]
TOLERANCE = 0.005


@cache
def table():
    """Ordinary, heavy-tailed and partly missing columns, and a curved answer."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(N, 3)), columns=["x", "z", "tail"])
    y = np.sin(2 * X["x"]) + 0.6 * X["z"] + 0.4 * X["tail"] + rng.normal(scale=0.3, size=N)
    X["tail"] = np.exp(1.5 * X["tail"])
    X.loc[rng.choice(N, 20, replace=False), "z"] = np.nan
    return X, y.to_numpy()


def in_units(units):
    X, y = table()
    (factor, offset), (of_target, start) = UNITS[units]
    return X * factor + offset, y * of_target + start


def learned(name, task, X, y):
    if lacking := registry.missing_requirement(name):
        pytest.skip(lacking)
    few = {key: n for key, n in SMALL.items() if key in registry.parameters(name)}
    model = registry.create(name, task, "tabular", random_state=0, **few)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y)


@cache
def score(name, task, units):
    X, y = in_units(units)
    if task == "regression":
        model = learned(name, task, X[:TRAIN], y[:TRAIN])
        return evaluate(METRICS["r2"], Truth(y[TRAIN:], task), model.predict(X[TRAIN:]))
    labels = np.where(table()[1] > 0, "high", "low")
    model = learned(name, task, X[:TRAIN], labels[:TRAIN])
    truth = Truth((labels[TRAIN:] == model.classes_[1]).astype(int), task, 2)
    return evaluate(METRICS["roc_auc"], truth, model.predict_proba(X[TRAIN:]))


@pytest.mark.parametrize("units", [name for name in UNITS if name != "ordinary"])
@pytest.mark.parametrize(("name", "task"), CELLS)
def test_every_model_scores_the_same_in_any_unit(name, task, units):
    usual = score(name, task, "ordinary")
    assert usual is not None
    assert score(name, task, units) == pytest.approx(usual, abs=TOLERANCE)


def test_the_answer_can_be_learned():
    """Otherwise equal scores would say nothing."""
    for name, task in (("random-forest", "regression"), ("logistic-regression", "binary")):
        assert score(name, task, "ordinary") > 0.5


# ---------------------------------------------------------------- scales


@pytest.mark.parametrize("units", UNITS)
def test_ordinary_numbers_lose_no_bit_and_others_their_unit(units):
    X, _ = in_units(units)
    scaled = ColumnScaler().fit(X).transform(X)
    usual = ColumnScaler().fit(table()[0]).transform(table()[0])
    assert np.array_equal(np.isnan(scaled), np.isnan(usual))
    ratio = scaled[:, 0] / table()[0]["x"] if units == "ordinary" else np.ones(1)
    assert np.unique(np.frexp(ratio)[0]).size == 1  # one power of two
    order = np.argsort(usual, axis=0, kind="stable")
    assert np.array_equal(np.argsort(scaled, axis=0, kind="stable"), order)


@pytest.mark.parametrize("x", [1e-310, 1e-200, 1.0, 1e200, 1.7e308])
def test_no_scale_overflows_or_vanishes(x):
    values = np.array([-x, -x / 2, 0.0, x / 4, x, np.nan, np.inf])
    scaled = ColumnScaler().fit(values[:, None]).transform(values[:-1, None])[:, 0]
    assert len(np.unique(scaled[:5].astype(np.float32))) == 5
    assert np.isnan(scaled[5])
    assert np.abs(scaled[:5]).max() <= LARGEST
    mean, deviation = mean_and_deviation(values[:5])
    assert deviation / x == pytest.approx(np.std(values[:5] / x))
    assert np.isfinite(mean)
    target = TargetScaler().fit(values[:5, None])
    back = target.inverse_transform(target.transform(values[:5, None]))[:, 0]
    assert back == pytest.approx(values[:5], rel=1e-12, abs=0)


def test_thresholds_come_back_in_units_of_the_column():
    values = 1e9 + np.arange(100) / 7
    scale = column_scale(values)
    assert scale.shift != 0
    assert undo((values - 1e9) * scale.factor, column_scale(values - 1e9)) == pytest.approx(values - 1e9)
    z = ColumnScaler().fit(values[:, None]).transform(values[:, None])[:, 0]
    assert np.abs(undo(z, scale) - values).max() <= 2 * np.spacing(1e9)


def test_the_densest_place_is_where_single_precision_must_be_fine():
    rng = np.random.default_rng(0)
    assert densest(1e9 + np.append(rng.normal(size=500) * 1e-3, rng.normal(size=400) * 100)) == pytest.approx(
        1e9, abs=1e-2
    )
    powers = 10.0 ** np.linspace(-12, -2, 200)  # concentrations over ten decades, all told apart
    scaled = ColumnScaler().fit(powers[:, None]).transform(powers[:, None])
    tree = DecisionTreeRegressor().fit(scaled, np.arange(200) % 2)
    assert tree.score(scaled, np.arange(200) % 2) == 1.0


@pytest.mark.parametrize("units", UNITS)
def test_zero_can_be_the_median_in_any_unit(units):
    X, _ = in_units(units)
    scaled = ColumnScaler(centred=True).fit(X).transform(X)
    assert np.abs(np.nanmedian(scaled, axis=0)).max() < 1e-6 * np.nanstd(scaled, axis=0).min()
    assert [len(np.unique(column)) for column in scaled.T] == [X[name].nunique(dropna=False) for name in X]


def test_a_median_that_would_make_numbers_equal_is_no_centre():
    values = np.append(1e20 + 1e5 * np.arange(11), 10.0 ** np.arange(-10, 0))
    assert column_scale(values, centred=True).shift == column_scale(values).shift


def test_a_constant_column_says_nothing_of_new_rows():
    scaler = ColumnScaler().fit(np.full((5, 1), 3.0))
    assert scaler.transform(np.array([[3.0], [1e300], [np.nan]]))[:2].tolist() == [[0.0], [0.0]]
    assert centre_and_spread(np.full(5, 3.0)) == (3.0, 0.0)


# ---------------------------------------------------------------- saved models and exports


@pytest.mark.parametrize("units", UNITS)
@pytest.mark.parametrize("name", ["perceptron", "random-forest"])
def test_a_saved_model_answers_as_the_measured_one(name, units, tmp_path):
    X, y = in_units(units)
    model = learned(name, "regression", X, y)
    saved = deepworth.load(deepworth.save(model, tmp_path / "model", X=X, y=y))
    expected = model.predict(X)
    assert np.abs(saved.predict(X) / np.ptp(y) - expected / np.ptp(y)).max() < 1e-5


@pytest.mark.parametrize(("units", "holds"), [("1e-9", True), ("1e9 more", False)])
def test_single_precision_holds_a_target_or_says_why_not(units, holds, tmp_path):
    X, y = in_units(units)
    model = learned("perceptron", "regression", X, y)
    deepworth.save(model, tmp_path / "model", X=X, y=y)
    formats = deepworth.export(tmp_path / "model", tmp_path / "out", format=("litert", "onnx")).formats
    assert formats["onnx"].holds
    assert formats["litert"].holds is (True if holds else None)
    assert holds or "single precision" in formats["litert"].reason


# ---------------------------------------------------------------- what is shown of models


def test_coefficients_are_in_raw_units():
    X, y = table()
    usual = {c.feature: c for c in coefficients(learned("linear-regression", "regression", X, y))}
    X, y = in_units("1e-9")
    for one in coefficients(learned("linear-regression", "regression", X, y)):
        unit = 1e-9 if one.feature.endswith("missing") else 1.0
        expected = usual[one.feature].coefficient["value"] * unit
        assert one.coefficient["value"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("units", UNITS)
def test_rules_of_surrogates_are_in_raw_units(units):
    (factor, offset), (of_target, start) = UNITS[units]
    X = pd.DataFrame({"x": np.linspace(-1, 1, 200) * factor + offset})
    y = np.where(np.linspace(-1, 1, 200) > 0.1, 2.0, 1.0) * of_target + start
    found = surrogates(X, "tabular", (), {"m": Answers(np.arange(200), y, np.arange(200) % 2)})["m"]
    assert found.fidelity_tree > 0.9
    assert sorted(rule.answer for rule in found.tree) == pytest.approx(sorted(set(y)), rel=1e-9)
    (edge,) = {float(rule.conditions[0].split()[-1]) for rule in found.tree}
    assert edge == pytest.approx(0.1 * factor + offset, rel=1e-12 if offset else 0.06, abs=0.02 * factor)


# ---------------------------------------------------------------- metrics


@pytest.mark.parametrize("unit", [1e-200, 1e-9, 1e9, 1e200])
def test_metrics_of_numbers_follow_the_unit(unit):
    _, y = table()
    prediction, weights = 0.8 * y + 0.1, np.random.default_rng(0).integers(0, 3, (5, N))
    for name in ("rmse", "mae", "r2"):
        metric, usual, other = METRICS[name], Truth(y, "regression"), Truth(y * unit, "regression")
        factor = unit if metric.relative else 1.0
        assert evaluate(metric, other, prediction * unit) == pytest.approx(
            evaluate(metric, usual, prediction) * factor
        )
        for function in (lambda m, t, p: weighted_scores(m, t, p, weights), influence_values):
            there, here = function(metric, other, prediction * unit), function(metric, usual, prediction)
            assert there / factor == pytest.approx(here)
        assert default_margin(metric, y * unit, None) == pytest.approx(
            default_margin(metric, y, None) * factor
        )


@pytest.mark.parametrize("unit", [1e-15, 1e-9, 1e9, 1e100])
@pytest.mark.parametrize("differences", [[0.3, 0.1, 0.2, 0.25, -0.1], [0.2] * 5, [0.0] * 5])
def test_a_verdict_does_not_depend_on_the_unit_of_errors(unit, differences):
    usual = correlated_t(np.array(differences), 0.25, 0.05, 0.95)
    other = correlated_t(np.array(differences) * unit, 0.25, 0.05 * unit, 0.95)
    assert other.p_above == pytest.approx(usual.p_above, rel=1e-6)
    assert other.p_inside == pytest.approx(usual.p_inside, rel=1e-6)
    assert other.high == pytest.approx(usual.high * unit)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.912, "0.912"),
        (0.0123, "0.012"),
        (0.0, "0.000"),
        (99.5, "99.500"),
        (1234.4, "1,234"),
        (3.2e-10, "3.2e-10"),
        (0.00034567, "0.000346"),
        (-4.5e-7, "-4.5e-07"),
        (4.2e44, "4.2e+44"),
        (None, "-"),
    ],
)
def test_scores_have_significant_digits(value, shown):
    assert number(value) == shown
    if value is not None:
        assert signed(value) == ("+" if value >= 0 else "") + shown


# ---------------------------------------------------------------- findings


@pytest.mark.parametrize("units", UNITS)
def test_findings_do_not_depend_on_the_unit(units):
    X, y = in_units(units)
    found = deepworth.check(X.assign(answer=y), target="answer")
    assert {"DW008", "DW028"}.isdisjoint(finding["code"] for finding in found["findings"])
