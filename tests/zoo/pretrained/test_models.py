"""Networks on pretrained encoders: fitted, exported, saved, compared, and skipped without weights."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import deepworth
from deepworth.datasets import Dataset
from deepworth.zoo import registry
from deepworth.zoo.pretrained import kept
from deepworth.zoo.runs.sweep import make_curve_plan

TEXTS = ["static-vectors", "sentence-encoder"]
NAMES = [*TEXTS, "image-encoder"]


def rows(name, n=60):
    rng = np.random.default_rng(0)
    y = np.where(np.arange(n) % 2, "pos", "neg")
    if name == "image-encoder":
        X = np.where((y == "pos")[:, None, None, None], 170, 60) + rng.integers(0, 60, (n, 20, 24, 3))
        return X.astype(np.uint8), y
    words = {"pos": ["good", "fine", "great"], "neg": ["bad", "poor", "dull"]}
    return pd.Series([f"the film was {rng.choice(words[c])} and a book" for c in y]), y


def test_they_are_a_family_of_their_own():
    assert set(registry.entries("pretrained")) == set(NAMES)
    assert not set(NAMES) & {*registry.entries("deep"), *registry.entries("classical")}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("params", [{}, {"hidden_units": 8, "dropout": 0.1}], ids=["linear", "hidden"])
def test_they_learn_and_their_graph_is_the_same(name, params, weights):
    X, y = rows(name)
    model = registry.create(
        name, "binary", registry.entry(name).constant("MODALITIES")[0], random_state=0, **params
    )
    model.fit(X, y)
    predicted = model.predict_proba(X)
    assert model.history_["loss"][-1] < model.history_["loss"][0]
    if name == "static-vectors":  # random weights of the others mix words and colours up
        assert np.mean(model.predict(X) == y) > 0.7
    raw = model.preprocessor_.raw_arrays(X)
    import tensorflow as tf

    inputs = {n: tf.constant(v.tolist() if v.dtype == object else v) for n, v in raw.items()}
    np.testing.assert_allclose(model.keras_model()(inputs, training=False), predicted, atol=1e-5)
    assert model.n_parameters() > model.model_.count_params()


@pytest.mark.parametrize("name", TEXTS)
def test_terms_stand_beside_features_or_not(name, weights):
    """A word that the pieces of the encoder spell as unknown is known as a term."""
    y = np.where(np.arange(60) % 2, "pos", "neg")
    X = pd.Series([f"the book {'日本' if c == 'pos' else '中国'}" for c in y])
    beside, alone = (
        registry.create(name, "binary", "text", random_state=0, beside_terms=terms).fit(X, y)
        for terms in (True, False)
    )
    assert np.mean(beside.predict(X) == y) == 1.0
    assert np.ptp(alone.predict_proba(X)[:, 0]) < 0.01
    assert set(alone.preprocessor_.transform(X)) == {"features"}
    assert set(beside.preprocessor_.transform(X)) == {"features", "tokens", "weights"}


@pytest.mark.parametrize("name", ["sentence-encoder", "image-encoder"])
def test_the_last_layers_can_be_trained(name, weights):
    X, y = rows(name)
    modality = registry.entry(name).constant("MODALITIES")[0]
    tuned = {"fine_tune": True, "epochs": 3, "learning_rate": 1e-3}
    model = registry.create(name, "binary", modality, random_state=0, **tuned).fit(X, y)
    assert len(model.model_.trainable_variables) > 2
    raw = model.preprocessor_.raw_arrays(X)
    import tensorflow as tf

    inputs = {n: tf.constant(v.tolist() if v.dtype == object else v) for n, v in raw.items()}
    np.testing.assert_allclose(model.keras_model()(inputs, training=False), model.predict_proba(X), atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_single_answers_are_explained_by_occlusion(name, weights, tmp_path):
    X, y = rows(name, 40)
    modality = registry.entry(name).constant("MODALITIES")[0]
    model = registry.create(name, "binary", modality, random_state=0, epochs=5).fit(X, y)
    folder = deepworth.save(model, tmp_path / "model", X=X, y=y)
    data = Dataset("made", X, y, "binary", modality)
    found = deepworth.explain(folder, data, row=3)
    (row,) = found.occlusion.rows
    assert found.gradients is None
    assert ("pixels" in row) == (modality == "image")
    assert np.ptp(row["pixels"] if "pixels" in row else [p.attribution for p in row["parts"]]) > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_one_needs_no_weights(name, weights, tmp_path, monkeypatch):
    X, y = rows(name)
    model = registry.create(name, "binary", registry.entry(name).constant("MODALITIES")[0], random_state=0)
    folder = deepworth.save(model.fit(X, y), tmp_path / "model", X=X, y=y)
    expected = model.predict_proba(X)
    monkeypatch.delenv("DEEPWORTH_WEIGHTS")
    assert json.loads((folder / "manifest.json").read_text())["family"] == "pretrained"
    np.testing.assert_allclose(deepworth.load(folder).predict_proba(X), expected, atol=1e-5)


def test_features_are_computed_once_for_all_folds(weights, monkeypatch):
    from deepworth.zoo.preprocessing import frozen

    X, y = rows("sentence-encoder")
    X = pd.Series([f"{text} {i}" for i, text in enumerate(X)])
    computed = []
    true = frozen.FrozenTexts._computed
    monkeypatch.setattr(frozen.FrozenTexts, "_computed", lambda s, t: computed.extend(t) or true(s, t))
    models = ["sentence-encoder", "constant"]
    frame = pd.DataFrame({"text": X, "label": y})
    compared = deepworth.compare(
        frame, target="label", text="text", models=models, folds=3, costs=False, store=False
    )
    assert compared.exit_code == 0
    folds_only = computed[: len(set(X))]
    assert sorted(folds_only) == sorted(X), "every text once, before any is timed"


def test_kept_features_are_shared_by_files_and_never_where_costs_are_measured(tmp_path):
    calls = []

    def compute(places):
        calls.append(len(places))
        return {"features": np.array([[float(i)] for i in places], np.float32)}

    keys = [kept.key_of_text(t) for t in ("a", "b", "a")]
    for _ in range(2):  # another process begins with empty memory
        with kept.shared(tmp_path):
            found = kept.kept().of("encoder", keys, compute)["features"]
            assert found[:, 0].tolist() == [0.0, 1.0, 0.0]
    assert calls == [2]
    with kept.shared(tmp_path), kept.afresh():
        kept.kept().of("encoder", keys, compute)
    assert calls == [2, 2]
    with kept.unkept():
        assert kept.kept() is None


def test_a_damaged_file_of_features_is_computed_again(tmp_path):
    folder = tmp_path / "encoder"
    folder.mkdir()
    (folder / "x.npz").write_bytes(b"PK\x03\x04 nothing")
    with kept.shared(tmp_path):
        found = kept.kept().of("encoder", [b"0" * 16], lambda p: {"features": np.ones((len(p), 2), "f4")})
    assert found["features"].tolist() == [[1.0, 1.0]]


@pytest.fixture
def frame():
    X, y = rows("sentence-encoder", 40)
    return pd.DataFrame({"text": X, "label": y})


def compared(frame, **options):
    usual = {"target": "label", "text": "text", "folds": 2, "costs": False, "store": False}
    return deepworth.compare(frame, **{**usual, **options})


def test_without_weights_a_row_says_how_to_get_them(none, frame, monkeypatch):
    suited = registry.suited
    monkeypatch.setattr(
        registry,
        "suited",
        lambda *a: [n for n in suited(*a) if n in (*TEXTS, "constant", "tfidf-naive-bayes")],
    )
    answer = compared(frame).answer
    skipped = {row.model: row for row in answer.leaderboard if row.status == "skipped"}
    assert set(skipped) == set(TEXTS)
    assert all("deepworth weights" in row.reason for row in skipped.values())
    assert answer.exit_code == 0
    assert answer.pretraining is None
    assert not {"static-vectors", "sentence-encoder"} & set(
        compared(frame, pretrained=False).answer.plan.models
    )


def test_a_model_that_was_named_fails_without_weights(none, frame):
    assert compared(frame, models=["static-vectors", "constant"]).exit_code == 1


def test_what_pretraining_gains_is_a_line_of_its_own(weights, frame):
    answer = compared(
        frame, models=["static-vectors", "tfidf-naive-bayes", "constant"], weights=str(weights)
    ).answer
    gain = answer.pretraining
    assert (gain.champion, gain.rival) == ("static-vectors", "tfidf-naive-bayes")
    assert gain.gain_low <= gain.gain <= gain.gain_high
    assert answer.verdict.deep_champion is None, "never the champion of deep learning"
    from deepworth.zoo.report.words import verdict_lines

    assert any(line.startswith("Pretraining: static-vectors") for line in verdict_lines(answer))
    assert answer.plan.params["static-vectors"]["weights"] == str(weights)


def test_learning_curves_have_a_third_family_where_there_are_weights(weights, frame):
    options = {"sizes": 4, "smallest": 8, "repeats": 2, "seed": 0, "params": None}
    data = deepworth.load_dataset(frame, target="label", text="text")
    assert set(TEXTS) < set(make_curve_plan(data, models=None, **options).facts.models)
    assert not set(TEXTS) & set(make_curve_plan(data, models=None, pretrained=False, **options).facts.models)
    named = make_curve_plan(data, models=["static-vectors"], weights=str(weights), **options)
    assert named.facts.params == {"static-vectors": {"weights": str(weights)}}


def test_learning_curves_leave_out_what_has_no_weights(none, frame, tiny_folder):
    options = {"sizes": 4, "smallest": 8, "repeats": 2, "seed": 0, "params": None}
    data = deepworth.load_dataset(frame, target="label", text="text")
    assert not set(TEXTS) & set(make_curve_plan(data, models=None, **options).facts.models)
    plan = make_curve_plan(data, models=None, weights=str(tiny_folder), **options)
    assert set(TEXTS) < set(plan.facts.models)
    assert all(job.is_planned for job in plan.jobs)


def test_a_learning_curve_says_what_pretraining_gains(weights, frame):
    models = ["static-vectors", "tfidf-naive-bayes"]
    reading = {"target": "label", "text": "text", "metric": "accuracy"}
    result = deepworth.learning_curve(frame, models=models, sizes=4, smallest=8, repeats=2, **reading)
    gained = result.answer.pretraining
    assert [gain.size for gain in gained.gains] == list(result.answer.plan.sizes)
    assert "ahead" in gained.claim or "behind" in gained.claim or "Cannot tell" in gained.claim
    assert {row.family for row in result.answer.families} == {"classical", "pretrained"}


def test_a_path_without_weights_is_refused(frame, tmp_path):
    with pytest.raises(deepworth.InputError, match="holds no weights"):
        compared(frame, weights=str(tmp_path), models=["static-vectors", "constant"])


@pytest.mark.nightly
@pytest.mark.parametrize("name", NAMES)
def test_exports_hold_the_whole_network_or_say_why_not(name, weights, tmp_path):
    X, y = rows(name)
    model = registry.create(name, "binary", registry.entry(name).constant("MODALITIES")[0], random_state=0)
    folder = deepworth.save(model.fit(X, y), tmp_path / "model", X=X, y=y)
    report = deepworth.export(folder, output=tmp_path / "exports")
    found = dict(report.formats)
    for own in ("keras", "saved_model"):
        assert found[own].holds, found[own]
    assert found["litert"].status == "cannot"
    assert "pretrained encoder" in found["litert"].reason
