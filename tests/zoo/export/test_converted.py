"""Pipelines of estimators that no writer here knows: linear ones by what they predict, others by skl2onnx."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import AdaBoostClassifier, ExtraTreesClassifier, GradientBoostingRegressor
from sklearn.linear_model import Lasso, LogisticRegression, PoissonRegressor, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import RadiusNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.semi_supervised import LabelPropagation

from deepworth.zoo.artefact import save
from deepworth.zoo.baselines._estimators import Calibrated
from deepworth.zoo.export import _onnx_model, export, verify
from deepworth.zoo.export._formats import CannotHold
from deepworth.zoo.export._onnx_pipelines import linear_link
from deepworth.zoo.preprocessing.columns import TableEncoder

pytest.importorskip("skl2onnx")
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))
from _export_cell import every_kind

pytestmark = pytest.mark.filterwarnings("ignore")


def fitted(*steps, task="binary", kind="scaled"):
    dataset = every_kind(task, 100)
    return make_pipeline(TableEncoder(kind), *steps).fit(dataset.X, dataset.y), dataset


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_linear_models_of_any_class_need_no_converter(task, gap, monkeypatch):
    """skl2onnx 1.20 itself gives sigmoid(2 z) for LinearDiscriminantAnalysis of two classes."""
    monkeypatch.setattr(_onnx_model, "_by_skl2onnx", lambda step: pytest.fail("it was converted"))
    assert gap(*fitted(LinearDiscriminantAnalysis(), task=task), "lda") < 1e-6


@pytest.mark.parametrize(
    ("task", "model"),
    [
        ("binary", GaussianNB()),
        ("multiclass", ExtraTreesClassifier(n_estimators=5, random_state=0)),
        ("regression", GradientBoostingRegressor(n_estimators=5, random_state=0)),
        ("regression", PoissonRegressor()),
        ("regression", Lasso()),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value,
)
def test_estimators_that_nobody_listed(task, model, gap):
    assert gap(*fitted(model, task=task), "other") < 1e-6


def test_a_step_before_the_model_that_nobody_listed(gap):
    assert gap(*fitted(PCA(3), LogisticRegression()), "pca") < 1e-6


def test_linear_scores_of_any_class_can_be_calibrated(gap):
    assert gap(*fitted(Calibrated(RidgeClassifier(), folds=2)), "ridge") < 1e-6


def test_how_a_linear_model_predicts_is_known_by_its_predictions():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    y = (X[:, 0] > 0).astype(int)
    assert linear_link(LogisticRegression().fit(X, y), "predict_proba") == "sigmoid"
    assert linear_link(LogisticRegression().fit(X, y + (X[:, 1] > 1)), "predict_proba") == "softmax"
    assert linear_link(Lasso().fit(X, X[:, 0]), "predict") == ""
    assert linear_link(PoissonRegressor().fit(X, np.exp(X[:, 0])), "predict") is None
    assert linear_link(GaussianNB().fit(X, y), "predict_proba") is None


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (LabelPropagation(), "has no form in skl2onnx"),
        (RadiusNeighborsClassifier(radius=1e6), "loops or operators"),
    ],
    ids=["no converter", "loops"],
)
def test_what_cannot_be_converted_says_why(model, reason, gap):
    with pytest.raises(CannotHold, match=reason):
        gap(*fitted(model), "other")


def exported(model, dataset, folder):
    path = save(model, folder / "model", dataset=dataset, name="other", family="classical")
    return export(path, folder / "exports", only=["onnx"]).formats["onnx"]


def test_a_conversion_is_proved_like_any_export(tmp_path):
    result = exported(*fitted(GaussianNB()), tmp_path)
    assert result.status == "works", result
    assert result.largest_difference < 1e-6
    assert verify(tmp_path / "exports").holds


def test_a_wrong_conversion_is_no_export(tmp_path, monkeypatch):
    """The graph of skl2onnx for two classes, which is wrong by up to 0.15 here."""
    monkeypatch.setattr(_onnx_model._onnx_pipelines, "linear", lambda graph, step, value: None)
    result = exported(*fitted(LinearDiscriminantAnalysis()), tmp_path)
    assert result.status == "cannot"
    assert "skl2onnx's graph of LinearDiscriminantAnalysis: predictions differ by" in result.reason
    assert [p.name for p in (tmp_path / "exports").iterdir()] == ["proof.json"]
    assert (
        json.loads((tmp_path / "exports" / "proof.json").read_text())["formats"]["onnx"]["status"] == "cannot"
    )


def test_a_conversion_that_does_not_run_is_no_export(tmp_path):
    result = exported(*fitted(AdaBoostClassifier(n_estimators=3)), tmp_path)
    assert result.status == "cannot"
    assert "skl2onnx's graph of AdaBoostClassifier: onnx cannot be read" in result.reason


def test_a_missing_converter_is_named(monkeypatch, gap):
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(CannotHold, match=r"GaussianNB needs skl2onnx: pip install 'deepworth\[onnx\]'"):
        gap(*fitted(GaussianNB()), "other")
