"""Metrics against hand values and scikit-learn; undefined ones are empty cells, never zeros."""

import numpy as np
import pytest
from sklearn import metrics as sk

from deepworth.datasets._errors import InputError
from deepworth.zoo.metrics import METRICS, Truth, default_margin, evaluate, of_task, primary, second

BINARY = Truth(np.array([0, 0, 1, 1]), "binary", 2)
P = np.array([0.1, 0.6, 0.4, 0.8])
BINARY_P = np.stack([1 - P, P], axis=1)


def value(name, truth, prediction):
    return evaluate(METRICS[name], truth, prediction)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("roc_auc", 3 / 4),  # of four pairs one (0.6, 0.4) stands in the wrong order
        ("log_loss", -np.log([0.9, 0.4, 0.4, 0.8]).mean()),
        ("brier", (0.01 + 0.36 + 0.36 + 0.04) / 4),
        ("average_precision", 0.5 * 1 + 0.5 * 2 / 3),
        ("accuracy", 0.5),
        ("balanced_accuracy", 0.5),
        ("f1", 0.5),
        ("matthews", 0.0),
    ],
)
def test_binary_by_hand(name, expected):
    assert value(name, BINARY, BINARY_P) == pytest.approx(expected)


@pytest.mark.parametrize(("name", "expected"), [("rmse", np.sqrt(5 / 3)), ("mae", 1.0), ("r2", 1 - 5 / 2)])
def test_regression_by_hand(name, expected):
    truth = Truth(np.array([1.0, 2.0, 3.0]), "regression")
    assert value(name, truth, np.array([3.0, 2.0, 2.0])) == pytest.approx(expected)


def test_multiclass_against_scikit_learn():
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 3, 200), rng.dirichlet(np.ones(3), 200)
    truth, said = Truth(y, "multiclass", 3), p.argmax(axis=1)
    expected = {
        "roc_auc": sk.roc_auc_score(y, p, multi_class="ovr", average="macro"),
        "log_loss": sk.log_loss(y, p),
        "brier": np.mean(np.sum((p - np.eye(3)[y]) ** 2, axis=1)),
        "accuracy": sk.accuracy_score(y, said),
        "balanced_accuracy": sk.balanced_accuracy_score(y, said),
        "f1": sk.f1_score(y, said, average="macro"),
        "matthews": sk.matthews_corrcoef(y, said),
    }
    assert {m.name for m in of_task("multiclass")} == set(expected)
    for name, number in expected.items():
        assert value(name, truth, p) == pytest.approx(number), name


def test_positive_class_turns_the_metrics_that_have_one():
    rng = np.random.default_rng(1)
    y, p = rng.integers(0, 2, 60), rng.random(60)
    both = np.stack([1 - p, p], axis=1)
    first = Truth(y, "binary", 2, positive=0)
    assert value("average_precision", first, both) == pytest.approx(sk.average_precision_score(1 - y, 1 - p))
    assert value("f1", first, both) == pytest.approx(sk.f1_score(1 - y, 1 - both.argmax(axis=1)))
    assert value("roc_auc", first, both) == pytest.approx(sk.roc_auc_score(y, p))


def test_certain_and_wrong_is_finite():
    wrong = np.array([[0.0, 1.0]] * 2 + [[1.0, 0.0]] * 2)
    assert value("log_loss", BINARY, wrong) == pytest.approx(-np.log(1e-15), rel=1e-6)


@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
def test_without_positives_ranking_is_undefined(name):
    assert value(name, Truth(np.zeros(4, int), "binary", 2), BINARY_P) is None


def test_f1_without_positives_anywhere_is_undefined_but_missing_all_is_zero():
    never = np.array([[0.9, 0.1]] * 4)
    assert value("f1", Truth(np.zeros(4, int), "binary", 2), never) is None
    assert value("f1", BINARY, never) == 0.0


def test_a_class_missing_from_the_rows_leaves_multiclass_auc_empty():
    p = np.random.default_rng(0).dirichlet(np.ones(3), 4)
    assert value("roc_auc", Truth(np.array([0, 0, 1, 1]), "multiclass", 3), p) is None
    assert value("log_loss", Truth(np.array([0, 0, 1, 1]), "multiclass", 3), p) is not None


def test_r2_of_a_constant_target_is_undefined():
    assert value("r2", Truth(np.ones(3), "regression"), np.array([1.0, 1.0, 1.0])) is None
    assert value("r2", Truth(np.ones(3), "regression"), np.array([1.0, 2.0, 1.0])) is None


def test_primary_and_second():
    assert [primary(t).name for t in ("binary", "multiclass", "regression")] == [
        "roc_auc",
        "log_loss",
        "rmse",
    ]
    assert second(primary("multiclass"), "multiclass").name == "accuracy"
    assert primary("binary", "Balanced-Accuracy").name == "balanced_accuracy"


def test_every_task_has_one_default_metric():
    for task in ("binary", "multiclass", "regression"):
        assert [m for m in METRICS.values() if task in m.primary_for] == [primary(task)]


def test_tables_show_metrics_in_the_order_of_their_files():
    assert [m.name for m in of_task("binary")][:4] == ["roc_auc", "log_loss", "brier", "average_precision"]
    assert [m.name for m in of_task("regression")] == ["rmse", "mae", "r2"]
    with pytest.raises(TypeError):
        METRICS["own"] = METRICS["f1"]


def test_unknown_or_unsuited_metric_is_one_line():
    with pytest.raises(InputError, match="did you mean accuracy"):
        primary("binary", "acuracy")
    with pytest.raises(InputError, match="rmse does not apply to binary"):
        primary("binary", "rmse")


def test_margins():
    y = np.array([0.0, 10.0])
    assert default_margin(METRICS["roc_auc"], y, None) == 0.01
    assert default_margin(METRICS["rmse"], y, None) == pytest.approx(0.05)  # a hundredth of the deviation
    assert default_margin(METRICS["rmse"], y, 0.3) == 0.3
    for wrong in (-0.1, np.nan, np.inf):
        with pytest.raises(InputError, match="margin"):
            default_margin(METRICS["rmse"], y, wrong)


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda m: m.name)
def test_values_stay_within_the_bounds(metric):
    rng = np.random.default_rng(0)
    for task in metric.tasks:
        classes = {"binary": 2, "multiclass": 4, "regression": 0}[task]
        for _ in range(20):
            if classes:
                truth, p = (
                    Truth(rng.integers(0, classes, 30), task, classes),
                    rng.dirichlet(np.ones(classes), 30),
                )
            else:
                truth, p = Truth(rng.normal(size=30), task), rng.normal(size=30)
            assert metric.bounds[0] <= metric(truth, p) <= metric.bounds[1]
