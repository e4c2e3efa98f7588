"""`deepworth compare --save-best`, and models that save themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import deepworth
from deepworth import InputError
from deepworth.zoo import Calibrated, registry
from deepworth.zoo.artefact.manifest import read_manifest
from deepworth.zoo.workflows.save_best import save_best

pytestmark = pytest.mark.xdist_group("save_best")

MODELS = ["constant", "logistic-regression", "naive-bayes"]


@pytest.fixture(scope="module")
def result():
    data = deepworth.load_dataset("sick-healthy", rows=150)
    return deepworth.compare(data, models=MODELS, folds=3, store=False, jobs=0)


def test_the_winner_is_saved_with_what_was_measured(result, tmp_path):
    folder = save_best(result, tmp_path / "best")
    manifest, row = read_manifest(folder), result.answer.leaderboard[0]
    assert manifest["model"] == row.model != "constant"
    assert manifest["scores"] == pytest.approx(row.metrics)
    assert manifest["evaluation"]["intervals"]["roc_auc"] == pytest.approx(row.intervals["roc_auc"])
    assert manifest["evaluation"]["by"] == "3-fold cross-validation"
    assert manifest["verdict"]["outcome"] == result.verdict.outcome
    assert {"fit_seconds", "final_fit_seconds", "model_bytes"} <= set(manifest["costs"])
    assert manifest["dataset"]["fingerprint"] == result.dataset.fingerprint()
    card = (folder / "card.md").read_text()
    assert "By 3-fold cross-validation." in card
    expected = registry.create(row.model, "binary", "tabular", random_state=0)
    expected.fit(result.dataset.X, result.dataset.y)
    np.testing.assert_allclose(
        deepworth.load(folder).predict_proba(result.dataset.X), expected.predict_proba(result.dataset.X)
    )
    with pytest.raises(InputError, match="--overwrite"):
        save_best(result, folder)


def test_a_pipeline_in_memory_is_saved_with_its_rows(result, tmp_path):
    X, y = result.dataset.X, result.dataset.y
    model = Calibrated(registry.create("naive-bayes", "binary", "tabular"), "platt", cv=3).fit(X, y)
    loaded = deepworth.load(model.save(tmp_path / "model", X, y))
    assert loaded.manifest["dataset"]["name"] == "data in memory"
    np.testing.assert_allclose(loaded.predict_proba(X), model.predict_proba(X))
    with pytest.raises(InputError, match="save it with X="):
        model.save(tmp_path / "other")
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def test_a_network_knows_its_columns_and_saves_itself(tmp_path):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=60), "b": rng.choice(["x", "y"], 60)})
    y = np.where(X["a"] > 0, 3, 7)
    model = deepworth.zoo.PerceptronClassifier(epochs=1, random_state=0).fit(X, y)
    loaded = deepworth.load(model.save(tmp_path / "model"))
    assert loaded.classes_.tolist() == ["3", "7"]
    assert [c["name"] for c in loaded.manifest["inputs"]] == ["a", "b"]
    assert loaded.manifest["dataset"]["fingerprint"] is None
    np.testing.assert_allclose(loaded.predict_proba(X), model.predict_proba(X), atol=1e-6)
