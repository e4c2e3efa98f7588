"""Saved models: raw rows in, names out, the same answers after loading, and nothing hostile opened."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from deepworth import InputError
from deepworth.datasets import load_dataset
from deepworth.zoo import registry
from deepworth.zoo.artefact.loading import load
from deepworth.zoo.artefact.manifest import read_manifest
from deepworth.zoo.artefact.saving import save

pytestmark = pytest.mark.xdist_group("artefact")


def titanic(n=120):
    """A table with every kind of column."""
    rng = np.random.default_rng(0)
    words = ["Mr Owen Harris", "Mrs John Bradley", "Miss Laina", "Master Gosta Leonard"]
    X = pd.DataFrame(
        {
            "Age (years)": rng.normal(40, 12, n).round(1),
            "fare": rng.lognormal(2, 1, n),
            "class": rng.choice(["first", "second", "third"], n),
            "port": rng.choice([f"port {i}" for i in range(15)], n),
            "boarded": pd.Timestamp("1912-04-10") + pd.to_timedelta(rng.integers(0, 10**7, n), unit="s"),
            "note": [f"{w} travels with {i} others on deck" for i, w in enumerate(rng.choice(words, n))],
        }
    )
    X.loc[::9, "Age (years)"] = np.nan
    X.loc[::11, "class"] = None
    y = np.where((X["fare"] > 7) ^ (X["class"] == "third"), "survived", "lost")
    return load_dataset(X.assign(fate=y), target="fate")


def fitted(name, dataset, **params):
    model = registry.create(name, dataset.task, dataset.modality, random_state=0, **params)
    return model.fit(dataset.X, dataset.y)


@pytest.fixture(scope="module")
def dataset():
    return titanic()


@pytest.fixture(scope="module")
def saved(dataset, tmp_path_factory):
    """A network and a pipeline on the same table, by name."""
    folder = tmp_path_factory.mktemp("models")
    models = {
        "deep-mlp": fitted("deep-mlp", dataset, epochs=3),
        "logistic-regression": fitted("logistic-regression", dataset),
    }
    for name, model in models.items():
        save(model, folder / name, dataset=dataset, name=name, family=registry.family(name), seed=0)
    return {name: (model, folder / name) for name, model in models.items()}


@pytest.fixture(scope="module")
def loaded_models(saved):
    return {name: load(folder) for name, (_, folder) in saved.items()}


NAMES = ("deep-mlp", "logistic-regression")
SETTINGS = settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # shrinking takes minutes where an example takes a network
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

ROW = st.fixed_dictionaries(
    {
        "Age (years)": st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True)),
        "fare": st.floats(-1e12, 1e12),
        "class": st.one_of(st.none(), st.sampled_from(["first", "third", "steerage"]), st.text(max_size=5)),
        "port": st.one_of(st.none(), st.sampled_from(["port 1", "port 99", ""])),
        "boarded": st.one_of(st.none(), st.datetimes(pd.Timestamp("1905-01-01"), pd.Timestamp("2050-01-01"))),
        "note": st.one_of(st.none(), st.text(max_size=40)),
    }
)


@pytest.mark.parametrize("name", NAMES)
@SETTINGS
@given(rows=st.lists(ROW, min_size=1, max_size=4))
def test_edge_cases_are_predicted(name, loaded_models, dataset, rows):
    loaded = loaded_models[name]
    X = pd.DataFrame(rows, columns=list(dataset.X.columns))
    X = X.astype({"Age (years)": float, "fare": float}).assign(boarded=pd.to_datetime(X["boarded"]))
    X = X.assign(**{c: X[c].astype(object) for c in ("class", "port", "note")})
    found = loaded.predict_proba(X)
    assert np.isfinite(found).all()
    typed = X.assign(note=X["note"].astype("string"))
    np.testing.assert_allclose(found, loaded.predict_proba(typed), atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_predictions_do_not_depend_on_the_batch(name, saved, dataset):
    model, folder = saved[name]
    expected = model.predict_proba(dataset.X)
    loaded = load(folder)
    np.testing.assert_allclose(loaded.predict_proba(dataset.X), expected, atol=1e-5)
    for n in (1, 7):
        np.testing.assert_allclose(loaded.predict_proba(dataset.X[:n]), expected[:n], atol=1e-5)
    shuffled = dataset.X[dataset.X.columns[::-1]].assign(extra=1)
    np.testing.assert_allclose(loaded.predict_proba(shuffled), expected, atol=1e-5)
    assert loaded.predict(dataset.X[:5]).tolist() == model.predict(dataset.X[:5]).tolist()


@pytest.mark.parametrize("name", NAMES)
def test_predictions_do_not_depend_on_the_index(name, loaded_models, dataset):
    """Part of a table, shuffled or put together, has an index that does not count from 0."""
    loaded, order = loaded_models[name], np.random.default_rng(0).permutation(len(dataset))
    expected = loaded.predict_proba(dataset.X)[order]
    found = loaded.predict_proba(dataset.X.iloc[order])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    twice = pd.concat([dataset.X.iloc[order], dataset.X.iloc[order]])
    np.testing.assert_allclose(loaded.predict_proba(twice), np.tile(expected, (2, 1)), atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_manifest_says_what_the_model_is(name, saved, dataset):
    manifest = read_manifest(saved[name][1])
    assert manifest["classes"] == ["lost", "survived"]
    assert [c["name"] for c in manifest["inputs"]] == list(dataset.X.columns)
    assert {c["kind"] for c in manifest["inputs"]} == {"number", "category", "date", "text"}
    assert manifest["dataset"]["fingerprint"] == dataset.fingerprint()
    assert "How to load" in (saved[name][1] / "card.md").read_text()


def test_reading_a_manifest_imports_nothing_heavy(saved):
    code = (
        "import sys; from deepworth.zoo.artefact import read_manifest; read_manifest(sys.argv[1]);"
        "assert not {'tensorflow', 'sklearn', 'pandas', 'skops', 'keras'} & set(sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, saved["deep-mlp"][1]], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("name", NAMES)
def test_wrong_rows_are_named(name, saved, dataset):
    loaded = load(saved[name][1])
    with pytest.raises(InputError, match=r"'fare'.*is missing"):
        loaded.predict(dataset.X.drop(columns="fare"))
    with pytest.raises(InputError, match=r"'fare', row 1: expected a number, got \[1\]"):
        loaded.predict(dataset.X[:1].assign(fare=[[1]]))


@pytest.mark.parametrize("name", NAMES)
def test_cells_that_are_not_read_are_told(name, saved, dataset):
    loaded, n = load(saved[name][1]), len(dataset)
    with pytest.warns(
        UserWarning, match=r"'fare': 1 of \d+ cells could not .* numbers, first row 3: 'cheap'"
    ):
        loaded.predict(dataset.X.assign(fare=["1", "?", "cheap"] + ["2"] * (n - 3)))
    with pytest.warns(UserWarning, match="'boarded': the cell could not be read as a date: 'soon'"):
        loaded.predict(dataset.X[:1].assign(boarded="soon"))
    category = next(c["name"] for c in loaded.manifest["inputs"] if c["kind"] == "category")
    with pytest.warns(
        UserWarning, match=rf"'{category}': {n} of {n} cells hold a level that training never saw"
    ):
        loaded.predict(dataset.X.assign(**{category: "never seen"}))


@pytest.mark.parametrize(("name", "data"), [("cnn", "digits"), ("rnn", "triage-notes")])
def test_images_and_texts(name, data, tmp_path):
    dataset = load_dataset(data, rows=120)
    model = fitted(name, dataset, epochs=1)
    save(model, tmp_path / "model", dataset=dataset, name=name)
    loaded = load(tmp_path / "model")
    np.testing.assert_allclose(loaded.predict_proba(dataset.X), model.predict_proba(dataset.X), atol=1e-5)
    if name == "cnn":
        sizes = np.empty(2, dtype=object)
        sizes[:] = [np.zeros((30, 20, 3), np.uint8), np.full((5, 9, 1), 200, np.uint8)]
        np.testing.assert_allclose(loaded.predict_proba(sizes), model.predict_proba(sizes), atol=1e-5)
    else:
        odd = [None, "", "\U0001f600", "\ud83d half", "no no NO", "ein fremder Satz " * 300]
        odd = pd.Series(odd, dtype=object)
        np.testing.assert_allclose(loaded.predict_proba(odd), model.predict_proba(odd), atol=1e-5)


def test_regression(tmp_path):
    dataset = load_dataset("diabetes")
    model = fitted("shallow-mlp", dataset, epochs=2)
    save(model, tmp_path / "model", dataset=dataset, name="shallow-mlp")
    loaded = load(tmp_path / "model")
    np.testing.assert_allclose(loaded.predict(dataset.X), model.predict(dataset.X), rtol=1e-4)
    with pytest.raises(InputError, match="no probabilities"):
        loaded.predict_proba(dataset.X)


def test_save_replaces_only_saved_models_and_only_if_asked(saved, dataset, tmp_path):
    model, _ = saved["logistic-regression"]
    folder = save(model, tmp_path / "model", dataset=dataset, name="logistic-regression")
    with pytest.raises(InputError, match="--overwrite"):
        save(model, folder, dataset=dataset)
    assert save(model, folder, dataset=dataset, overwrite=True) == folder
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    with pytest.raises(InputError, match="not a saved model"):
        save(model, tmp_path / "thesis", dataset=dataset, overwrite=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model", "thesis"]


def test_a_failed_save_leaves_nothing(saved, dataset, tmp_path, monkeypatch):
    monkeypatch.setattr("deepworth.zoo.artefact.saving.card", lambda manifest: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save(saved["logistic-regression"][0], tmp_path / "model", dataset=dataset)
    assert not list(tmp_path.iterdir())


def edit(folder, change):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def swap_for_link(folder):
    shutil.move(folder / "model.skops", folder.parent / "elsewhere")
    (folder / "model.skops").symlink_to(folder.parent / "elsewhere")


HOSTILE = {
    "changed model": (lambda f: (f / "model.skops").open("ab").write(b"x"), "changed or damaged"),
    "truncated model": (lambda f: (f / "model.skops").write_bytes(b"PK"), "changed or damaged"),
    "no manifest": (lambda f: (f / "manifest.json").unlink(), "no manifest.json"),
    "broken manifest": (lambda f: (f / "manifest.json").write_text("{"), "cannot be read"),
    "manifest is a list": (lambda f: (f / "manifest.json").write_text("[]"), "expected an object"),
    "newer major format": (lambda f: edit(f, lambda m: m.update(format="2.0")), "update deepworth"),
    "format is no version": (lambda f: edit(f, lambda m: m.update(format="../1")), "not a version"),
    "unknown field": (lambda f: edit(f, lambda m: m.update(command="rm -rf")), "unknown field 'command'"),
    "missing field": (lambda f: edit(f, lambda m: m.pop("classes")), "classes"),
    "path traversal": (
        lambda f: edit(f, lambda m: m["files"].update({"../../passwd": "0"})),
        "unexpected file name",
    ),
    "two models": (lambda f: edit(f, lambda m: m["files"].update({"model.keras": "0"})), "one model file"),
    "pickle": (
        lambda f: edit(f, lambda m: m["files"].update({"model.pkl": m["files"].pop("model.skops")})),
        "unexpected file",
    ),
    "link": (swap_for_link, "not a plain file"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_folder_is_refused_in_one_line(name, saved, tmp_path):
    spoil, words = HOSTILE[name]
    folder = tmp_path / "model"
    shutil.copytree(saved["logistic-regression"][1], folder)
    spoil(folder)
    with pytest.raises(InputError, match=words) as caught:
        load(folder)
    assert "\n" not in str(caught.value)


def test_newer_minor_format_is_read_with_a_warning(saved, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(saved["logistic-regression"][1], folder)
    edit(folder, lambda m: m.update(format="1.9"))
    with pytest.warns(UserWarning, match="newer"):
        load(folder)


def test_a_type_that_is_not_of_the_zoo_is_never_built(saved, tmp_path):
    """A skops file may name any function; here one that would start a process."""
    import os
    from functools import partial

    import skops.io
    from sklearn.preprocessing import FunctionTransformer

    folder = tmp_path / "model"
    shutil.copytree(saved["logistic-regression"][1], folder)
    skops.io.dump(FunctionTransformer(partial(os.system, "touch owned")), folder / "model.skops")
    from deepworth.zoo.artefact.manifest import sha256

    edit(folder, lambda m: m["files"].update({"model.skops": sha256(folder / "model.skops")}))
    with pytest.raises(InputError, match="not trusted"):
        load(folder)
